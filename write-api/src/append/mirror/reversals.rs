//! Of which objects something may have been taken back, and by which event last.

use read_model::event::{Event, EventId, EventKind, ObjectId, Position};
use read_model::hashed::HashMap;
use read_model::inverse::may_take_back;

/// Of how many objects it is kept: far more than are corrected while a server runs.
const KEPT: usize = 100_000;

/// The newest event of each object that may take something back, among all events that were seen since the start.
#[derive(Debug, Default)]
pub(super) struct Reversals {
    newest: HashMap<ObjectId, Position>,
    /// Up to here they were forgotten: any object may have one.
    forgotten: Position,
}

impl Reversals {
    /// Takes note of an event that follows all that were seen; `judged` finds what a Validation is of.
    pub(super) fn note(&mut self, event: &Event, judged: impl Fn(EventId) -> Option<EventKind>) {
        if !may_take_back(event, judged) {
            return;
        }
        if self.newest.len() >= KEPT {
            self.newest.clear();
            self.forgotten = event.position;
        }
        self.newest.extend(event.object_ids.iter().map(|object| (*object, event.position)));
    }

    /// Whether nothing of an object was taken back after this position.
    pub(super) fn none_since(&self, object: ObjectId, position: Position) -> bool {
        self.forgotten <= position && self.newest.get(&object).is_none_or(|newest| *newest <= position)
    }
}
