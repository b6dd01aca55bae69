//! What a reader tells of its work; it counts and measures nothing itself.

use std::fmt;

use crate::event::{ObjectId, Position};

/// Whoever wants to know what a reader does.
pub trait Watch: fmt::Debug + Send + Sync {
    /// Events are read from the database, until what this returns is dropped.
    fn loading(&self) -> Step;

    /// Events are folded, or a fold that was kept is brought up to date, until what this returns is dropped.
    fn folding(&self) -> Step;

    /// Objects were folded in this way.
    fn folded(&self, way: Way);

    /// Objects were looked for in memory.
    fn looked_up(&self, lookups: Lookups);
}

/// How objects were folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the folds that are kept of them, extended by what came since.
    Kept,
    /// From all their events.
    Anew,
}

/// A step that is being taken, until it is dropped.
pub type Step = Box<dyn Send>;

/// How many objects were found in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookups {
    /// With all that was asked of them.
    pub hits: u64,
    /// Without what came after they were asked for last, so that only that is loaded.
    pub stale: u64,
    /// Not at all.
    pub misses: u64,
}

impl Lookups {
    /// Of so many objects these lack something, each after a position: the start, where it is not in memory.
    pub(super) fn of(objects: usize, lacking: &[(ObjectId, Position)]) -> Self {
        let misses = lacking.iter().filter(|(_, after)| *after == Position::START).count();
        Self {
            hits: objects.saturating_sub(lacking.len()) as u64,
            stale: lacking.len().saturating_sub(misses) as u64,
            misses: misses as u64,
        }
    }
}

/// Nobody.
#[derive(Debug)]
pub(super) struct Unwatched;

impl Watch for Unwatched {
    fn loading(&self) -> Step {
        Box::new(())
    }

    fn folding(&self) -> Step {
        Box::new(())
    }

    fn folded(&self, _: Way) {}

    fn looked_up(&self, _: Lookups) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_in_part_is_told_from_what_is_not_here() {
        let object = |number| ObjectId::from_u128(number);
        let lacking = [(object(1), Position::START), (object(2), Position::new(7))];
        assert_eq!(Lookups::of(5, &lacking), Lookups { hits: 3, stale: 1, misses: 1 });
    }
}
