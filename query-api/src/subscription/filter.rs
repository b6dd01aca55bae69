//! Which events a subscription tells.

use async_graphql::Result;
use async_graphql::dynamic::{
    InputObject, InputValue, ObjectAccessor, ResolverContext, TypeRef, ValueAccessor,
};
use door::shown_text;
use read_model::catalogue::{Catalogue, one_of};
use read_model::event::EventKind;
use read_model::fold::Status;
use read_model::reader::{EventFilter, Wanted};

use crate::arguments::{self, given};
use crate::entitled::Entitled;
use crate::event_page::known_types;
use crate::refusal::Refusal;
use crate::surface::Surface;

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

/// Which events the argument `filter` asks for.
pub(super) fn read(context: &ResolverContext<'_>) -> Result<Wanted> {
    let Some(filter) = given(context, "filter") else { return Ok(Wanted::default()) };
    let filter = filter.object()?;
    let catalogue = &Surface::of(context)?.catalogue;
    let names = |field: &str| value(&filter, field).map(|value| arguments::names(&value));
    let event_types = names("eventTypes").map(|names| known_types(&names, catalogue)).transpose()?;
    Entitled::of(context)?.events_of(event_types.as_deref().unwrap_or_default())?;
    let events = EventFilter {
        object: value(&filter, "objectId").map(|id| arguments::parse_id("objectId", id)).transpose()?,
        event_types,
        kinds: names("eventKinds").map(|names| each(&names, EventKind::from_name)),
        source_types: names("sourceTypes").map(|names| known_sources(names, catalogue)).transpose()?,
    };
    Ok(Wanted { events, trust: names("trust").map(|names| each(&names, Status::from_name)) })
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
