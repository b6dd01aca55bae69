//! Which events a subscription tells.

use async_graphql::Result;
use async_graphql::dynamic::{
    InputObject, InputValue, ObjectAccessor, ResolverContext, TypeRef, ValueAccessor,
};
use door::shown_text;
use read_model::catalogue::{Catalogue, one_of};
use read_model::event::EventKind;
use read_model::fold::Status;
use read_model::reader::{EventFilter, Turn};

use crate::arguments::{self, given};
use crate::event_page::known_types;
use crate::refusal::Refusal;
use crate::surface::Surface;

/// Which events are wanted, and at which turns of what they are worth.
pub(super) struct Wanted {
    events: EventFilter,
    /// None: as they are registered.
    trust: Option<Vec<Status>>,
}

/// The GraphQL type.
pub(super) fn input() -> InputObject {
    let list = |name: &str, of: &str| InputValue::new(name, TypeRef::named_nn_list(of));
    InputObject::new("EventFilterInput")
        .description("Which events are told; of several conditions all must hold.")
        .field(list("eventTypes", TypeRef::STRING).description("Only those of these types."))
        .field(list("eventKinds", "EventKind").description("Only those of these kinds. With `trust`, without this: claims."))
        .field(InputValue::new("objectId", TypeRef::named("UUID")).description("Only those that bear on this object."))
        .field(list("sourceTypes", TypeRef::STRING).description("Only those that were made with one of these authorities."))
        .field(list("trust", "EventStatus").description(
            "Not when an event is registered, but when it comes to be worth one of these, and when it no longer is: \
             `[VALIDATED]` tells when a claim is validated, and when it is annulled, rejected, suspended or contested.",
        ))
}

impl Wanted {
    pub(super) fn read(context: &ResolverContext<'_>) -> Result<Self> {
        let Some(filter) = given(context, "filter") else {
            return Ok(Self { events: EventFilter::default(), trust: None });
        };
        let filter = filter.object()?;
        let catalogue = &Surface::of(context)?.catalogue;
        let names = |field: &str| value(&filter, field).map(|value| arguments::names(&value));
        let events = EventFilter {
            object: value(&filter, "objectId").map(|id| arguments::parse_id("objectId", id)).transpose()?,
            event_types: names("eventTypes").map(|names| known_types(&names, catalogue)).transpose()?,
            kinds: names("eventKinds").map(|names| each(&names, EventKind::from_name)),
            source_types: names("sourceTypes").map(|names| known_sources(names, catalogue)).transpose()?,
        };
        let status = |name: &str| Status::ALL.into_iter().find(|status| status.name() == name);
        Ok(Self { events, trust: names("trust").map(|names| each(&names, status)) })
    }

    /// Whether it wants to know what events come to be worth.
    pub(super) fn of_turns(&self) -> bool {
        self.trust.is_some()
    }

    /// The events to read.
    pub(super) fn to_read(&self) -> EventFilter {
        let Some(trust) = &self.trust else { return self.events.clone() };
        // Whatever is judged may turn what is of another type, and about others.
        let every_judgement =
            EventFilter { kinds: Some(vec![EventKind::Validation]), ..EventFilter::default() };
        match trust.contains(&Status::Claimed) {
            true => EventFilter::default(),
            false => every_judgement,
        }
    }

    /// Whether it wants to know of a turn.
    pub(super) fn wants(&self, turn: &Turn) -> bool {
        let Some(trust) = &self.trust else { return false };
        let counted = turn.before.is_some_and(|before| trust.contains(&before));
        let of_kind = self.events.kinds.is_some() || turn.event.kind() == EventKind::Claim;
        counted != trust.contains(&turn.after) && of_kind && self.events.shows(&turn.event)
    }
}

fn value<'a>(filter: &'a ObjectAccessor<'_>, field: &str) -> Option<ValueAccessor<'a>> {
    filter.get(field).filter(|value| !value.is_null())
}

/// The schema has let no other names pass.
fn each<T>(names: &[String], of: impl Fn(&str) -> Option<T>) -> Vec<T> {
    names.iter().filter_map(|name| of(name)).collect()
}

fn known_sources(names: Vec<String>, catalogue: &Catalogue) -> Result<Vec<String>, Refusal> {
    match names.iter().find(|name| !catalogue.source_types.iter().any(|known| **known == ***name)) {
        None => Ok(names),
        Some(unknown) => Err(Refusal::SourceType {
            given: shown_text(unknown),
            there: one_of(unknown, catalogue.source_types.iter().map(|name| &**name)),
        }),
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
