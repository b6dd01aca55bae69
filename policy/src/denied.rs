//! What a caller may not do, and what would help.

use std::sync::Arc;

use read_model::event::EventId;

/// A right that the caller lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The catalogue knows no such type of authority.
    #[error("`{given}` is no source type of this F6; there are: {}", .known.join(", "))]
    UnknownSourceType {
        /// What the token says.
        given: Arc<str>,
        /// What the catalogue says.
        known: Vec<Arc<str>>,
    },
    /// Others may, this one may not.
    #[error("`{given}` may not {what}; {}", who(.may))]
    NotListed {
        /// What the token says.
        given: Arc<str>,
        /// What the caller wanted to do.
        what: String,
        /// Who may.
        may: Vec<Arc<str>>,
    },
    /// Those of another organisation or zone may not.
    #[error("`{given}` of {whence} may not {what} here; who may is of the zone {zone} of {organisation}")]
    Elsewhere {
        /// What the token says of their authority.
        given: Arc<str>,
        /// And of where they are.
        whence: String,
        /// What the caller wanted to do.
        what: String,
        /// The zone of this F6.
        zone: Arc<str>,
        /// Its organisation.
        organisation: Arc<str>,
    },
    /// Others may read it, this one may not.
    #[error("`{given}` may not {what}; query_config.yaml lets {}", only(.may))]
    NotRead {
        /// What the token says.
        given: Arc<str>,
        /// What the caller wanted to do.
        what: String,
        /// Who may.
        may: Vec<Arc<str>>,
    },
    /// Those of another organisation or zone may not read it.
    #[error("`{given}` of {whence} may not {what}; query_config.yaml lets others of that type of authority")]
    ReadElsewhere {
        /// What the token says of their authority.
        given: Arc<str>,
        /// And of where they are.
        whence: String,
        /// What the caller wanted to do.
        what: String,
    },
    /// The caller may read of themselves alone.
    #[error("`{given}` may {what} only of who they are themselves: the `person` of the token")]
    NotOwn {
        /// What the token says.
        given: Arc<str>,
        /// What the caller wanted to do.
        what: String,
    },
    /// The caller may for themselves or their own, and is nobody of whom anything is kept.
    #[error("`{given}` may {what} only where {condition}; the token names no `person`, get one that does")]
    Nobody {
        /// What the token says.
        given: Arc<str>,
        /// What the caller wanted to do.
        what: String,
        /// The condition.
        condition: String,
    },
    /// The caller may for themselves or their own, and this is neither.
    #[error("`{given}` may {what} only where {condition}; here it does not")]
    Condition {
        /// What the token says.
        given: Arc<str>,
        /// What the caller wanted to do.
        what: String,
        /// The condition.
        condition: String,
    },
    /// The target is of a type with which the caller may not do this, or is not there: which of the two is not told.
    #[error(
        "`{given}` may not {verb} event {target}: there is none, or it is of a type that `{given}` may not {verb}; it may: {}",
        .may.join(", ")
    )]
    Target {
        /// What the token says.
        given: Arc<str>,
        /// What the caller wanted to do.
        verb: &'static str,
        /// With which event.
        target: EventId,
        /// With events of which types the caller may.
        may: Vec<Arc<str>>,
    },
}

fn who(may: &[Arc<str>]) -> String {
    match may {
        [] => "nobody may".to_owned(),
        some => format!("who may: {}", some.join(", ")),
    }
}

fn only(may: &[Arc<str>]) -> String {
    if may.is_empty() { "nobody".to_owned() } else { format!("only: {}", may.join(", ")) }
}
