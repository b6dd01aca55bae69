//! Events page by page, in position order, as a Relay connection.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use async_graphql::{Result, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use door::Principal;
use read_model::catalogue::{Catalogue, one_of};
use read_model::event::{Event, ObjectId, Position};
use read_model::reader::EventFilter;

use crate::arguments::{self, given, shown};
use crate::event::EventAt;
use crate::reading::{Point, Reading};
use crate::refusal::Refusal;
use crate::surface::Surface;
use crate::types::{basis_field, plain};
use crate::value::text;

/// What a screen shows.
const DEFAULT_PAGE: usize = 20;

/// What an export asks for at once; more would hold up others.
const MAX_PAGE: usize = 500;

/// Where a page begins: after the event at this position. Opaque outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cursor(Position);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("event:{}", self.0)))
    }
}

impl FromStr for Cursor {
    type Err = Refusal;

    fn from_str(given: &str) -> Result<Self, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(given).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let number = text
            .as_deref()
            .and_then(|text| text.strip_prefix("event:")?.parse().ok());
        let cursor = number.map(|number| Self(Position::new(number)));
        // Written another way it would be another cursor.
        cursor
            .filter(|cursor| cursor.to_string() == given)
            .ok_or_else(|| Refusal::After(given.chars().take(40).collect()))
    }
}

/// What a page was asked for.
struct Asked {
    filter: EventFilter,
    after: Cursor,
    first: usize,
}

/// A page, and whether more follows.
struct Page {
    events: Vec<Arc<Event>>,
    point: Point,
    after: Cursor,
    more: bool,
}

/// The root field.
pub(crate) fn root() -> Field {
    let field = Field::new("events", TypeRef::named_nn("EventConnection"), |context| {
        FieldFuture::new(async move {
            Surface::of(&context)?
                .views
                .events
                .check(Principal::of(&context)?)?;
            let asked = Asked::read(&context, arguments::id(&context, "objectId")?)?;
            let known_at = arguments::moment(&context, "knownAt")?;
            let point = Reading::of(&context)?.point_of_events(known_at).await?;
            Ok(Some(asked.page(&context, point).await?))
        })
    });
    let object = InputValue::new("objectId", TypeRef::named("UUID"));
    let field = field.argument(object.description("Only those that bear on this object."));
    arguments::declare_known_at(declare(field))
        .description("Events in the order of registration, page by page.")
}

/// The field `events` of an object, as known at the object's own point.
pub(crate) fn of_object(
    object: impl Fn(&ResolverContext<'_>) -> Result<(ObjectId, Point)> + Send + Sync + Copy + 'static,
) -> Field {
    let field = Field::new("events", TypeRef::named("EventConnection"), move |context| {
        FieldFuture::new(async move {
            Surface::of(&context)?
                .views
                .events
                .check(Principal::of(&context)?)?;
            let (id, point) = object(&context)?;
            let asked = Asked::read(&context, Some(id))?;
            let point = Reading::of(&context)?.of_events(point.snapshot);
            Ok(Some(asked.page(&context, point).await?))
        })
    });
    declare(field).description("The events that bear on it, in the order of registration, page by page.")
}

/// The GraphQL types.
pub(crate) fn objects() -> [Object; 3] {
    let edges = Field::new("edges", TypeRef::named_nn_list_nn("EventEdge"), |context| {
        FieldFuture::new(async move {
            let page = context.parent_value.try_downcast_ref::<Page>()?;
            let edge = |event: &Arc<Event>| EventAt {
                event: Arc::clone(event),
                point: page.point,
            };
            Ok(Some(FieldValue::list(
                page.events.iter().map(edge).map(FieldValue::owned_any),
            )))
        })
    });
    let info = Field::new("pageInfo", TypeRef::named_nn("PageInfo"), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::borrowed_any(
                context.parent_value.try_downcast_ref::<Page>()?,
            )))
        })
    });
    let connection = Object::new("EventConnection")
        .description("A page of events.")
        .field(edges.description("The events, each with its cursor."))
        .field(info.description("What comes before and after."))
        .field(basis_field(|context| {
            let page = context.parent_value.try_downcast_ref::<Page>()?;
            Ok(page.point.basis(None, &Surface::of(context)?.catalogue.hash))
        }));
    [connection, edge(), page_info()]
}

fn edge() -> Object {
    let node = Field::new("node", TypeRef::named_nn("Event"), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::borrowed_any(
                context.parent_value.try_downcast_ref::<EventAt>()?,
            )))
        })
    });
    Object::new("EventEdge")
        .description("An event in a page.")
        .field(plain(
            "cursor",
            TypeRef::named_nn(TypeRef::STRING),
            "Pass it on as `after` to go on from here.",
            |at: &EventAt| text(Cursor(at.event.position)),
        ))
        .field(node.description("The event."))
}

fn page_info() -> Object {
    let (boolean, string) = (
        || TypeRef::named_nn(TypeRef::BOOLEAN),
        || TypeRef::named(TypeRef::STRING),
    );
    Object::new("PageInfo")
        .description("What comes before and after a page.")
        .field(plain(
            "hasNextPage",
            boolean(),
            "Whether more follows.",
            |page: &Page| page.more.into(),
        ))
        .field(plain(
            "hasPreviousPage",
            boolean(),
            "Whether the page begins after a cursor.",
            |page: &Page| (page.after != Cursor::default()).into(),
        ))
        .field(plain(
            "startCursor",
            string(),
            "The cursor of the first event.",
            |page: &Page| cursor(page.events.first()),
        ))
        .field(plain(
            "endCursor",
            string(),
            "The cursor of the last event: the next page begins after it.",
            |page: &Page| cursor(page.events.last()),
        ))
}

fn cursor(event: Option<&Arc<Event>>) -> Value {
    event.map_or(Value::Null, |event| text(Cursor(event.position)))
}

fn declare(field: Field) -> Field {
    let types = InputValue::new("eventTypes", TypeRef::named_nn_list(TypeRef::STRING));
    let first = InputValue::new("first", TypeRef::named(TypeRef::INT));
    let after = InputValue::new("after", TypeRef::named(TypeRef::STRING));
    field
        .argument(types.description("Only those of these types."))
        .argument(
            first
                .description(format!("How many, {MAX_PAGE} at most."))
                .default_value(Value::from(DEFAULT_PAGE)),
        )
        .argument(after.description("The cursor that the page begins after."))
}

impl Asked {
    fn read(context: &ResolverContext<'_>, object: Option<ObjectId>) -> Result<Self> {
        let event_types = event_types(context, &Surface::of(context)?.catalogue)?;
        let after = given(context, "after").and_then(|after| after.string().ok());
        Ok(Self {
            filter: EventFilter { object, event_types },
            after: after.map(str::parse).transpose()?.unwrap_or_default(),
            first: first(context)?,
        })
    }

    /// One more is read than shown, to know whether more follows.
    async fn page<'a>(self, context: &ResolverContext<'a>, point: Point) -> Result<FieldValue<'a>> {
        let Self { filter, after, first } = self;
        let mut events = Reading::of(context)?
            .page(&filter, after.0, point, first + 1)
            .await?;
        let more = events.len() > first;
        events.truncate(first);
        Ok(FieldValue::owned_any(Page {
            events,
            point,
            after,
            more,
        }))
    }
}

fn first(context: &ResolverContext<'_>) -> Result<usize, Refusal> {
    let Some(value) = given(context, "first") else {
        return Ok(DEFAULT_PAGE);
    };
    let number = value.u64().ok().and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| (1..=MAX_PAGE).contains(number))
        .ok_or_else(|| Refusal::First {
            given: shown(value.as_value()),
            limit: MAX_PAGE,
        })
}

fn event_types(context: &ResolverContext<'_>, catalogue: &Catalogue) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = given(context, "eventTypes") else {
        return Ok(None);
    };
    let names: Vec<String> = match value.list() {
        Ok(list) => list
            .iter()
            .filter_map(|name| name.string().ok().map(str::to_owned))
            .collect(),
        Err(_) => value.string().ok().map(str::to_owned).into_iter().collect(),
    };
    match names
        .iter()
        .find(|name| !catalogue.event_types.contains_key(name.as_str()))
    {
        None => Ok(Some(names)),
        Some(unknown) => Err(Refusal::EventType {
            given: unknown.chars().take(40).collect(),
            there: one_of(unknown, catalogue.event_types.keys().map(|name| &**name)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_a_round_trip_and_anything_else_is_refused() {
        let cursor = Cursor(Position::new(42));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in [
            "",
            "42",
            "event:42",
            &URL_SAFE_NO_PAD.encode("event:042"),
            &URL_SAFE_NO_PAD.encode("event:x"),
        ] {
            assert_eq!(
                wrong.parse::<Cursor>(),
                Err(Refusal::After(wrong.to_owned())),
                "{wrong}"
            );
        }
    }
}
