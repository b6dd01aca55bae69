//! Events as they stand in the log, with what they are worth.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use door::faults;
use futures::future::try_join_all;
use read_model::event::{Event, EventId, Verdict};
use read_model::fold::EventStanding;

use crate::arguments;
use crate::concerning::Concerning;
use crate::entitled::Entitled;
use crate::reading::{Point, Reading, SupposedAt};
use crate::surface::Surface;
use crate::types::{Plain, basis_field, date_time, text, with_plain};

/// An event, as known at a point, on its way out.
pub(crate) struct EventAt {
    pub(crate) event: Arc<Event>,
    pub(crate) point: Point,
    /// It is made by [`shown`](Self::shown) alone.
    _noted: (),
}

impl EventAt {
    /// An event that is seen; on whom it bears is noted.
    pub(crate) fn shown(context: &ResolverContext<'_>, event: Arc<Event>, point: Point) -> Result<Self> {
        Concerning::of(context)?.event(&event);
        Ok(Self { event, point, _noted: () })
    }

    /// Several, as the value of a list of them.
    pub(crate) fn list<'a>(
        context: &ResolverContext<'_>,
        events: impl IntoIterator<Item = Arc<Event>>,
        point: Point,
    ) -> Result<FieldValue<'a>> {
        let shown = events.into_iter().map(|event| Self::shown(context, event, point));
        Ok(FieldValue::list(shown.collect::<Result<Vec<_>>>()?.into_iter().map(FieldValue::owned_any)))
    }
}

/// An event names another that is not there.
#[derive(Debug, thiserror::Error)]
#[error("event {0} is not there, and others say that it is")]
struct Missing(EventId);

/// The root field for one event.
pub(crate) fn one() -> Field {
    arguments::declare_known_at(supposed())
}

/// The field for one event where what is known is given.
pub(crate) fn supposed() -> Field {
    let field = Field::new("event", TypeRef::named("Event"), |context| {
        FieldFuture::new(async move { resolve_one(&context).await })
    });
    let id = InputValue::new("id", TypeRef::named_nn("UUID")).description("Which one.");
    field.argument(id).description("One event; null where there was none with that id by then.")
}

async fn resolve_one<'a>(context: &ResolverContext<'a>) -> Result<Option<FieldValue<'a>>> {
    let seen = Entitled::of(context)?.events()?;
    let Some(id) = arguments::id(context, "id")? else {
        return Ok(None);
    };
    let reading = Reading::of(context)?;
    let point = match SupposedAt::around(context) {
        Some(supposed) => supposed.point_of_events(reading),
        None => reading.point_of_events(arguments::moment(context, "knownAt")?).await?,
    };
    let event = reading.shown(id, &seen, point).await?;
    let shown = event.map(|event| EventAt::shown(context, event, point)).transpose()?;
    Ok(shown.map(FieldValue::owned_any))
}

const FIELDS: [Plain<EventAt>; 11] = [
    ("id", "UUID!", "Its id.", |at| text(at.event.id)),
    ("position", "Position!", "Its place in the log.", |at| at.event.position.get().into()),
    ("createdAt", "DateTime!", "When the registry learned it.", |at| date_time(at.event.created_at)),
    ("occurredAt", "DateTime!", "When it took effect in reality, as first stated.", |at| {
        date_time(at.event.occurred_at)
    }),
    ("objectIds", "[UUID!]!", "Every object that it bears on.", |at| ids(&at.event.object_ids)),
    ("eventType", "String!", "What happened; of a correction or validation, what it is about.", |at| {
        text(&at.event.event_type)
    }),
    ("eventVersion", "String!", "The version of the format of its data.", |at| text(&at.event.event_version)),
    ("eventKind", "EventKind!", "What it does.", |at| text(at.event.kind().name())),
    ("eventSourceId", "UUID!", "Who made it.", |at| text(at.event.source.id)),
    ("eventSourceType", "String!", "With which authority.", |at| text(&at.event.source.source_type)),
    (
        "eventReference",
        "[UUID!]!",
        "The events that a claim is based on; of the others, their one target.",
        |at| ids(&at.event.references),
    ),
];

/// The GraphQL type.
pub(crate) fn object() -> Object {
    let data = Field::new("eventData", TypeRef::named_nn("JSON"), |context| {
        FieldFuture::new(async move { resolve_data(&context).map(Some) })
    });
    let object = with_plain(Object::new("Event"), &FIELDS).field(data.description("What it says."));
    standing(object).description("An immutable record of what was claimed, corrected or validated.").field(
        basis_field(|context| {
            let at = context.parent_value.try_downcast_ref::<EventAt>()?;
            Ok(at.point.basis(None, &Surface::of(context)?.catalogue.hash))
        }),
    )
}

fn ids(ids: &[EventId]) -> Value {
    Value::List(ids.iter().map(text).collect())
}

fn standing(object: Object) -> Object {
    let status = Field::new("status", TypeRef::named_nn("EventStatus"), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::value(text(resolve_standing(&context).await?.status.name()))))
        })
    });
    let verdict = Field::new("verdict", TypeRef::named("Verdict"), |context| {
        FieldFuture::new(async move {
            Ok(resolve_standing(&context)
                .await?
                .verdict
                .map(|verdict| FieldValue::value(verdict_name(verdict))))
        })
    });
    let causes = Field::new("causes", TypeRef::named_nn_list_nn("Event"), |context| {
        FieldFuture::new(async move { resolve_causes(&context).await.map(Some) })
    });
    object
        .field(status.description("What it is worth, always read at VALIDATED."))
        .field(verdict.description("That of its newest validation which is not annulled."))
        .field(causes.description("The events that give it its status, oldest first."))
}

fn resolve_data<'a>(context: &ResolverContext<'a>) -> Result<FieldValue<'a>> {
    let at = context.parent_value.try_downcast_ref::<EventAt>()?;
    let data = Value::from_json(at.event.body.to_event_data()).map_err(|error| faults::internal(&error))?;
    Ok(FieldValue::value(data))
}

async fn resolve_standing(context: &ResolverContext<'_>) -> Result<EventStanding> {
    let at = context.parent_value.try_downcast_ref::<EventAt>()?;
    let standing = Reading::of(context)?.standing(&at.event, at.point).await?;
    standing.ok_or_else(|| faults::internal(&Missing(at.event.id)))
}

async fn resolve_causes<'a>(context: &ResolverContext<'a>) -> Result<FieldValue<'a>> {
    let at = context.parent_value.try_downcast_ref::<EventAt>()?;
    let (reading, point) = (Reading::of(context)?, at.point);
    let (causes, seen) = (resolve_standing(context).await?.causes, Entitled::of(context)?.events()?);
    let events = try_join_all(causes.into_iter().map(async |id| match reading.event(id, point).await? {
        // Of the causes those are told that the caller may see.
        Some(event) => Ok(Some(event).filter(|event| seen.shows(event))),
        // What a log that might have been leaves out suspends others, and cannot be shown.
        None if point.instead.is_some() => Ok(None),
        None => Err::<_, async_graphql::Error>(faults::internal(&Missing(id))),
    }));
    EventAt::list(context, events.await?.into_iter().flatten(), point)
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "ACCEPTED",
        Verdict::Rejected => "REJECTED",
    }
}
