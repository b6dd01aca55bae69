//! What somebody wants to be told of: events as they are registered, or as they come to be worth something else.

use std::sync::Arc;

use super::{EventFilter, EventReader, ReadError, Seen, Turn};
use crate::event::{Event, EventKind};
use crate::fold::Status;

/// Which events are wanted, and at which turns of what they are worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which events.
    pub events: EventFilter,
    /// When they come to be worth one of these, and when they no longer are; none: as they are registered.
    pub trust: Option<Vec<Status>>,
}

/// Something that is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it tells of.
    pub event: Arc<Event>,
    /// The event with which it came to be told: itself, or a judgement.
    pub through: Arc<Event>,
    /// What it is worth now and was before, where that is what is wanted.
    pub turned: Option<(Status, Option<Status>)>,
}

impl Wanted {
    /// The events to read.
    #[must_use]
    pub fn to_read(&self) -> EventFilter {
        let Some(trust) = &self.trust else { return self.events.clone() };
        // Whatever is judged may turn what is of another type, and about others.
        let every_judgement =
            EventFilter { kinds: Some(vec![EventKind::Validation]), ..EventFilter::default() };
        match trust.contains(&Status::Claimed) {
            true => EventFilter::default(),
            false => every_judgement,
        }
    }

    /// Which events are read, of who may see these: of turns each judgement is read, whoever may see it, to find what turned.
    #[must_use]
    pub fn seen_in_log(&self, seen: &Seen) -> Seen {
        if self.trust.is_some() { Seen::everything() } else { seen.clone() }
    }

    fn wants(&self, turn: &Turn) -> bool {
        let Some(trust) = &self.trust else { return false };
        let counted = turn.before.is_some_and(|before| trust.contains(&before));
        let of_kind = self.events.kinds.is_some() || turn.event.kind() == EventKind::Claim;
        counted != trust.contains(&turn.after) && of_kind && self.events.shows(&turn.event)
    }
}

impl EventReader {
    /// What there is to tell with an event that [`Wanted::to_read`] shows, in position order.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn told(&self, wanted: &Wanted, through: &Arc<Event>) -> Result<Vec<Told>, ReadError> {
        let through = Arc::clone(through);
        if wanted.trust.is_none() {
            return Ok(vec![Told { event: Arc::clone(&through), through, turned: None }]);
        }
        let turns = self.turns(&through).await?.into_iter().filter(|turn| wanted.wants(turn));
        let told = |turn: Turn| Told {
            event: turn.event,
            through: Arc::clone(&through),
            turned: Some((turn.after, turn.before)),
        };
        Ok(turns.map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(trust: Option<Vec<Status>>) -> Wanted {
        Wanted {
            events: EventFilter { event_types: Some(vec!["Geboorte".to_owned()]), ..EventFilter::default() },
            trust,
        }
    }

    #[test]
    fn what_an_event_comes_to_be_worth_may_follow_from_any_judgement() {
        assert_eq!(wanted(None).to_read().event_types, Some(vec!["Geboorte".to_owned()]));
        let judgements = wanted(Some(vec![Status::Validated])).to_read();
        assert_eq!((judgements.event_types, judgements.kinds), (None, Some(vec![EventKind::Validation])));
        assert_eq!(wanted(Some(vec![Status::Claimed])).to_read().kinds, None);
    }
}
