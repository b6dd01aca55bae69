//! What holds at a point of the formal line: which events are annulled, in force, and count.
//!
//! References point backwards, so one pass from the newest event to the oldest, and one back, settle everything
//! without a circle.

use std::sync::Arc;

use crate::basis::Trust;
use crate::event::{Body, Event, EventId, EventKind, Position, Verdict};
use crate::hashed::HashSet;
use crate::history::{History, Places};

/// What holds of each event of a prefix of the log.
#[derive(Debug)]
pub struct Resolution {
    events: Arc<Vec<Arc<Event>>>,
    index: Arc<Places>,
    left_out: Arc<HashSet<EventId>>,
    standings: Vec<Standing>,
}

/// What holds of one event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// The newest annul in force that targets it.
    pub(crate) annulled_by: Option<usize>,
    /// The newest Validation of it that is not annulled.
    pub(crate) verdict: Option<(Verdict, usize)>,
    /// On a Claim, the amend in force with the highest position.
    pub(crate) amended_by: Option<usize>,
    /// Whether a Claim counts, a Correction is in force, a Validation is not annulled.
    pub(crate) holds: bool,
    /// The events of its basis that do not hold; of a Correction or Validation in a log that might have been, its target
    /// where that is not there.
    pub(crate) failing_basis: Vec<EventId>,
}

/// Reads one event as accepted that nobody has judged yet: how a command is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assuming(pub Option<EventId>);

impl Resolution {
    /// Settles every event up to a position.
    #[must_use]
    pub fn at(history: &History, up_to: Position, trust: Trust, assuming: Assuming) -> Self {
        let known = history.up_to(up_to).len();
        let (events, index) = history.shared();
        let left_out = Arc::clone(history.left_out());
        let mut resolution = Self { events, index, left_out, standings: vec![Standing::default(); known] };
        for index in (0..known).rev() {
            resolution.settle_corrections(index, trust, assuming);
        }
        for index in 0..known {
            resolution.settle_basis(index);
        }
        resolution
    }

    /// The events that it settles, in position order.
    #[must_use]
    pub fn events(&self) -> &[Arc<Event>] {
        &self.events[..self.standings.len()]
    }

    pub(crate) fn standing(&self, index: usize) -> &Standing {
        &self.standings[index]
    }

    /// The place of an event, where it is known by then.
    pub(crate) fn place(&self, id: EventId) -> Option<usize> {
        self.index.get(&id).copied().filter(|place| *place < self.standings.len())
    }

    /// Newest to oldest: everything that bears on this event is newer, so it is settled already.
    fn settle_corrections(&mut self, index: usize, trust: Trust, assuming: Assuming) {
        let event = Arc::clone(&self.events[index]);
        let standing = &self.standings[index];
        let accepted = match standing.verdict {
            Some((verdict, _)) => verdict == Verdict::Accepted,
            None => trust == Trust::Claimed || assuming.0 == Some(event.id),
        };
        let annulled = standing.annulled_by.is_some();
        let holds = !annulled && (accepted || event.kind() == EventKind::Validation);
        self.standings[index].holds = holds;
        if !holds {
            return;
        }
        let Some(target) = event.target().and_then(|id| self.place(id)).filter(|target| *target < index)
        else {
            return;
        };
        let target = &mut self.standings[target];
        match &event.body {
            Body::Claim(_) => {}
            Body::Amend { .. } => target.amended_by = target.amended_by.or(Some(index)),
            Body::Annul { .. } => target.annulled_by = target.annulled_by.or(Some(index)),
            Body::Validation { verdict, .. } => target.verdict = target.verdict.or(Some((*verdict, index))),
        }
    }

    /// Oldest to newest: a basis is older, so it is settled already.
    fn settle_basis(&mut self, index: usize) {
        let event = &self.events[index];
        if event.references.is_empty() || (event.kind() != EventKind::Claim && self.left_out.is_empty()) {
            return;
        }
        let failing: Vec<EventId> = match event.kind() {
            EventKind::Claim => {
                event.references.iter().filter(|id| !self.holds(**id, index)).copied().collect()
            }
            EventKind::Correction | EventKind::Validation => {
                event.references.iter().filter(|id| self.is_left_out(**id, index)).copied().collect()
            }
        };
        let standing = &mut self.standings[index];
        standing.holds &= failing.is_empty();
        standing.failing_basis = failing;
    }

    fn holds(&self, id: EventId, before: usize) -> bool {
        self.place(id).is_some_and(|place| place < before && self.standings[place].holds)
    }

    /// Whether what is said of this event is said of one that a log which might have been leaves out: then it says nothing.
    fn is_left_out(&self, id: EventId, before: usize) -> bool {
        let lost = |place: usize| {
            let said_of_another = self.events[place].kind() != EventKind::Claim;
            said_of_another && !self.standings[place].failing_basis.is_empty()
        };
        self.left_out.contains(&id) || self.place(id).is_some_and(|place| place < before && lost(place))
    }
}
