//! What a client did and was told, and when.

use std::fmt::{self, Display};
use std::time::Duration;

/// What objects and events are named by.
pub trait Name: Copy + Ord + Display {}

impl<T: Copy + Ord + Display> Name for T {}

/// All that a client asked at once, and what became of it.
#[derive(Clone, Debug)]
pub struct Transaction<N> {
    /// Who did what, for whoever reads of it.
    pub what: String,
    /// When it was sent, since the recording began: it did nothing before.
    pub sent: Duration,
    /// When it was answered: it did nothing after.
    pub answered: Duration,
    /// What it is known to have read.
    pub reads: Vec<Read<N>>,
    /// What it wrote, or would have written, in order.
    pub writes: Vec<Write<N>>,
    /// Whether the client was told that it wrote anything.
    pub accepted: bool,
}

/// What a transaction saw of an object.
#[derive(Clone, Debug)]
pub struct Read<N> {
    /// Of which object.
    pub object: N,
    /// What it saw.
    pub seen: Seen<N>,
}

/// How much of an object was seen.
#[derive(Clone, Debug)]
pub enum Seen<N> {
    /// All of its events, in their order.
    All(Vec<N>),
    /// Its newest event, which is one of these; what is no event of this object says nothing.
    Newest(Vec<N>),
}

/// An event that was added to an object.
#[derive(Clone, Debug)]
pub struct Write<N> {
    /// To which object.
    pub object: N,
    /// Which event.
    pub event: N,
}

impl<N: Name> Transaction<N> {
    /// One that neither read nor wrote anything so far.
    pub fn new(what: impl Into<String>, sent: Duration, answered: Duration) -> Self {
        Self { what: what.into(), sent, answered, reads: Vec::new(), writes: Vec::new(), accepted: true }
    }

    /// It saw all events of an object, and these are they.
    #[must_use]
    pub fn saw(self, object: N, events: impl IntoIterator<Item = N>) -> Self {
        self.read(object, Seen::All(events.into_iter().collect()))
    }

    /// The newest event that it saw of an object is one of these.
    #[must_use]
    pub fn saw_newest(self, object: N, events: impl IntoIterator<Item = N>) -> Self {
        self.read(object, Seen::Newest(events.into_iter().collect()))
    }

    /// It added an event to these objects.
    #[must_use]
    pub fn wrote(mut self, event: N, objects: impl IntoIterator<Item = N>) -> Self {
        self.writes.extend(objects.into_iter().map(|object| Write { object, event }));
        self
    }

    /// It was refused, and wrote nothing of what it would have written.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { accepted: false, ..self }
    }

    fn read(mut self, object: N, seen: Seen<N>) -> Self {
        self.reads.push(Read { object, seen });
        self
    }
}

impl<N: Name> Display for Transaction<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [sent, answered] = [self.sent, self.answered].map(|moment| moment.as_secs_f64());
        write!(f, "{} ({sent:.4} to {answered:.4} s)", self.what)?;
        for Read { object, seen } in &self.reads {
            match seen {
                Seen::All(events) => match events.last() {
                    Some(last) => write!(f, ", saw {object} up to {last}")?,
                    None => write!(f, ", saw nothing of {object}")?,
                },
                Seen::Newest(events) => write!(f, ", saw of {object} {}", joined(events.iter()))?,
            }
        }
        let wrote = if self.accepted { "wrote" } else { "was refused to write" };
        self.writes.chunk_by(|one, other| one.event == other.event).try_for_each(|writes| {
            let objects = joined(writes.iter().map(|write| &write.object));
            write!(f, ", {wrote} {} to {objects}", writes[0].event)
        })
    }
}

fn joined<'n, N: Name + 'n>(names: impl Iterator<Item = &'n N>) -> String {
    names.map(N::to_string).collect::<Vec<_>>().join(" and ")
}
