//! What no order of the transactions explains.

use std::fmt;

/// Something that cannot have happened one after the other, told as a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is called.
    pub kind: Kind,
    /// Which transactions it is about, and why it cannot be.
    pub story: String,
}

/// The names of anomalies, as Adya and others have given them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An event stands twice with one object.
    DoubledEvent,
    /// Somebody was told of an event that nobody wrote.
    UnknownEvent,
    /// Somebody was told of an event that was refused.
    AbortedRead,
    /// A write that was acknowledged is not there.
    LostWrite,
    /// Two read one object in orders that contradict each other.
    IncompatibleOrders,
    /// Writes of two transactions overtook each other.
    DirtyWrite,
    /// Each was told what the other wrote.
    CircularInformation,
    /// Decided on an object which another changed before the decision was written to it.
    LostUpdate,
    /// Saw one half of what another did, or of what two did that followed each other, and not the other half.
    ReadSkew,
    /// Each decided on what the other changed.
    WriteSkew,
    /// Did not see what had been acknowledged before it was sent.
    StaleRead,
    /// Came before what had been answered before it was sent.
    AgainstTheClock,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DoubledEvent => "doubled event",
            Self::UnknownEvent => "unknown event",
            Self::AbortedRead => "aborted read",
            Self::LostWrite => "lost write",
            Self::IncompatibleOrders => "incompatible orders",
            Self::DirtyWrite => "dirty write",
            Self::CircularInformation => "circular information",
            Self::LostUpdate => "lost update",
            Self::ReadSkew => "read skew",
            Self::WriteSkew => "write skew",
            Self::StaleRead => "stale read",
            Self::AgainstTheClock => "order against the clock",
        })
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.story)
    }
}
