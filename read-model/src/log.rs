//! A log as it is up to a position, or as it might be: without some of its events, and with others after them.

use std::sync::Arc;

use crate::event::{Event, EventId, Position};
use crate::hashed::HashSet;

/// Which events there are: those up to a position, without some, and with others that come after.
#[derive(Clone, Debug, Default)]
pub struct Log {
    up_to: Position,
    without: Arc<HashSet<EventId>>,
    with: Arc<[Arc<Event>]>,
}

impl Log {
    /// The log as it is, up to and including a position.
    #[must_use]
    pub fn up_to(position: Position) -> Self {
        Self { up_to: position, ..Self::default() }
    }

    /// The same, had these events never been registered. What refers to them stays, and refers to nothing.
    #[must_use]
    pub fn without(self, events: impl IntoIterator<Item = EventId>) -> Self {
        let without = self.without.iter().copied().chain(events).collect();
        Self { without: Arc::new(without), ..self }
    }

    /// The same, with these events after it: their positions are beyond its end, in this order.
    #[must_use]
    pub fn with(self, events: impl IntoIterator<Item = Arc<Event>>) -> Self {
        Self { with: self.with.iter().cloned().chain(events).collect(), ..self }
    }

    /// Whether it is the log as it is.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.without.is_empty() && self.with.is_empty()
    }

    /// Up to where it holds events of the log as it is.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.up_to
    }

    /// Where it ends, the events after it included.
    #[must_use]
    pub fn end(&self) -> Position {
        self.with.last().map_or(self.up_to, |last| last.position)
    }

    /// The ids of events that it does not have.
    #[must_use]
    pub const fn left_out(&self) -> &Arc<HashSet<EventId>> {
        &self.without
    }

    /// The events that come after it.
    #[must_use]
    pub fn added(&self) -> &[Arc<Event>] {
        &self.with
    }

    /// Those of these events that it has, and those that come after it for which `wanted` is true, in position order.
    #[must_use]
    pub fn of(&self, known: Vec<Arc<Event>>, wanted: impl Fn(&Event) -> bool) -> Vec<Arc<Event>> {
        let known = known.into_iter().filter(|event| !self.without.contains(&event.id));
        known.chain(self.with.iter().filter(|event| wanted(event)).cloned()).collect()
    }
}
