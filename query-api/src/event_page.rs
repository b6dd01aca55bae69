//! Events page by page, in position order, as a Relay connection.

mod connection;
mod cursor;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, ResolverContext, TypeRef};
use async_graphql::{Result, Value};
use door::{shown, shown_text};
use read_model::catalogue::{Catalogue, one_of};
use read_model::event::ObjectId;
use read_model::reader::{EventFilter, Seen};

use self::connection::Page;
pub(crate) use self::connection::objects;
pub(crate) use self::cursor::Cursor;
use crate::arguments::{self, given};
use crate::entitled::Entitled;
use crate::reading::{Point, Reading};
use crate::refusal::Refusal;
use crate::surface::Surface;

/// What a screen shows.
const DEFAULT_PAGE: usize = 20;

/// What an export asks for at once; more would hold up others.
const MAX_PAGE: usize = 500;

/// What a page was asked for.
struct Asked {
    filter: EventFilter,
    after: Cursor,
    first: usize,
}

/// The root field.
pub(crate) fn root() -> Field {
    let field = Field::new("events", TypeRef::named_nn("EventConnection"), |context| {
        FieldFuture::new(async move {
            let object = arguments::id(&context, "objectId");
            let seen = Entitled::of(&context)?.events_about(object.as_ref().ok().copied().flatten())?;
            let asked = Asked::read(&context, object?)?;
            let known_at = arguments::moment(&context, "knownAt")?;
            let point = Reading::of(&context)?.point_of_events(known_at).await?;
            Ok(Some(asked.page(&context, &seen, point).await?))
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
            let seen = Entitled::of(&context)?.events()?;
            let (id, point) = object(&context)?;
            let asked = Asked::read(&context, Some(id))?;
            let point = Reading::of(&context)?.of_events(point.snapshot, point.instead);
            Ok(Some(asked.page(&context, &seen, point).await?))
        })
    });
    declare(field).description("The events that bear on it, in the order of registration, page by page.")
}

fn declare(field: Field) -> Field {
    let types = InputValue::new("eventTypes", TypeRef::named_nn_list(TypeRef::STRING));
    declare_page(field.argument(types.description("Only those of these types.")))
}

/// Declares `first` and `after`.
pub(crate) fn declare_page(field: Field) -> Field {
    let first = InputValue::new("first", TypeRef::named(TypeRef::INT));
    let after = InputValue::new("after", TypeRef::named(TypeRef::STRING));
    field
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
        Entitled::of(context)?.events_of(event_types.as_deref().unwrap_or_default())?;
        let after = given(context, "after").and_then(|after| after.string().ok());
        Ok(Self {
            filter: EventFilter { object, event_types, ..EventFilter::default() },
            after: after.map(str::parse).transpose()?.unwrap_or_default(),
            first: first(context)?,
        })
    }

    /// One more is read than shown, to know whether more follows.
    async fn page<'a>(
        self,
        context: &ResolverContext<'a>,
        seen: &Seen,
        point: Point,
    ) -> Result<FieldValue<'a>> {
        let Self { filter, after, first } = self;
        let mut events = Reading::of(context)?.page((&filter, seen), after.0, point, first + 1).await?;
        let more = events.len() > first;
        events.truncate(first);
        Ok(FieldValue::owned_any(Page { events, point, after, more }))
    }
}

/// How many a page has.
pub(crate) fn first(context: &ResolverContext<'_>) -> Result<usize, Refusal> {
    let Some(value) = given(context, "first") else {
        return Ok(DEFAULT_PAGE);
    };
    let number = value.u64().ok().and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| (1..=MAX_PAGE).contains(number))
        .ok_or_else(|| Refusal::First { given: shown(value.as_value()), limit: MAX_PAGE })
}

/// The types in `eventTypes`, where given.
pub(crate) fn event_types(
    context: &ResolverContext<'_>,
    catalogue: &Catalogue,
) -> Result<Option<Vec<String>>, Refusal> {
    given(context, "eventTypes").map(|value| known_types(&arguments::names(&value), catalogue)).transpose()
}

/// These names, each of which must be of an event type.
pub(crate) fn known_types(names: &[String], catalogue: &Catalogue) -> Result<Vec<String>, Refusal> {
    match names.iter().find(|name| !catalogue.event_types.contains_key(name.as_str())) {
        None => Ok(names.to_vec()),
        Some(unknown) => Err(Refusal::EventType {
            given: shown_text(unknown),
            there: one_of(unknown, catalogue.event_types.keys().map(|name| &**name)),
        }),
    }
}
