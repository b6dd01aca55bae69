//! The basis of an answer: exactly what it was computed from.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use crate::event::{ObjectId, Position};
use crate::shown::bounded;
use crate::time::Day;

/// Which claims count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trust {
    /// Those that were validated.
    #[default]
    Validated,
    /// Also those that nobody has judged yet.
    Claimed,
}

impl Trust {
    /// Its name in GraphQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validated => "VALIDATED",
            Self::Claimed => "CLAIMED",
        }
    }
}

/// What an answer was computed from. The same question on the same basis gives the same answer for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The object that the answer is about; none where it is about no single one.
    pub object: Option<ObjectId>,
    /// The newest event taken into account.
    pub position: Position,
    /// Its `created_at`.
    pub known_at: DateTime<Utc>,
    /// The local day on the material line.
    pub as_of: Day,
    /// Which claims counted.
    pub min_trust: Trust,
    /// The hash of the catalogue.
    pub catalogue: Arc<str>,
}

impl Basis {
    /// Its opaque id, for `ifUnchangedSince`.
    #[must_use]
    pub fn id(&self) -> BasisId {
        BasisId { object: self.object, position: self.position }
    }
}

/// Names what an answer rested on: an object, and the log up to a position. Opaque outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasisId {
    /// The object that the answer was about.
    pub object: Option<ObjectId>,
    /// The newest event that it took into account.
    pub position: Position,
}

/// A text that is no basis id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no basis id; pass on the `basis {{ id }}` of an answer as it came")]
pub struct BasisIdError(String);

impl fmt::Display for BasisId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.position.get().to_be_bytes().to_vec();
        bytes.extend(self.object.iter().flat_map(|object| object.as_bytes()));
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for BasisId {
    type Err = BasisIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || BasisIdError(bounded(text, 40));
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let (position, object) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let object = match object.len() {
            0 => None,
            _ => Some(ObjectId::from_slice(object).map_err(|_| wrong())?),
        };
        let position = Position::new(i64::from_be_bytes(*position));
        if position < Position::START { Err(wrong()) } else { Ok(Self { object, position }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_id_survives_a_round_trip_and_anything_else_is_refused() {
        let id = BasisId { object: Some(ObjectId::from_u128(7)), position: Position::new(42) };
        assert_eq!(id.to_string().parse(), Ok(id));
        let of_the_log = BasisId { object: None, position: Position::new(42) };
        assert_eq!(of_the_log.to_string().parse(), Ok(of_the_log));
        assert!("42".parse::<BasisId>().is_err());
        assert!("!".parse::<BasisId>().is_err());
        let negative = BasisId { object: None, position: Position::new(-1) };
        assert!(negative.to_string().parse::<BasisId>().is_err());
    }
}
