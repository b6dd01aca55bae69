//! The durable subscriptions: whose they are, how far they are, and what could not be delivered.

use std::sync::Arc;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use async_graphql::{Result, Value};
use door::{Principal, faults};
use policy::Acts;
use read_model::event::EventId;
use read_model::reader::{Backlog, ParkedDelivery, Subscription};

use super::Live;
use crate::arguments::given;
use crate::entitled::Entitled;
use crate::event::EventAt;
use crate::reading::Reading;
use crate::surface::Surface;
use crate::types::{Plain, date_time, text, with_plain};

/// How many deliveries that were given up are shown, without a word about it, and at most.
const PARKED: i64 = 20;
const MOST_PARKED: i64 = 100;

/// The name of the type.
const NAME: &str = "DurableSubscription";

const FIELDS: [Plain<Arc<Subscription>>; 16] = [
    ("id", "UUID!", "Its id.", |of| text(of.id)),
    ("name", "String!", "The name by which it is managed.", |of| text(&of.name)),
    ("sourceId", "UUID!", "Whose it is.", |of| text(of.owner.id)),
    ("sourceType", "String!", "Their type of authority.", |of| text(&of.owner.source_type)),
    ("sink", "String!", "Where deliveries go.", |of| text(&of.sink)),
    ("withData", "Boolean!", "Whether deliveries hold what the events say.", |of| of.with_data.into()),
    ("objectId", "UUID", "Only events that bear on this object.", |of| optional(of.wanted.events.object)),
    ("eventTypes", "[String!]", "Only events of these types.", |of| {
        names(of.wanted.events.event_types.as_ref())
    }),
    ("sourceTypes", "[String!]", "Only events that were made with one of these authorities.", |of| {
        names(of.wanted.events.source_types.as_ref())
    }),
    ("createdAt", "DateTime!", "When it was made.", |of| date_time(of.created_at)),
    ("paused", "Boolean!", "Whether nothing is delivered for now.", |of| of.paused.into()),
    ("position", "Position!", "What was registered up to here is delivered, or is on its way.", |of| {
        of.position.get().into()
    }),
    ("failures", "Int!", "How many deliveries in a row have failed; 0 where the last one arrived.", |of| {
        of.failures.into()
    }),
    ("lastError", "String", "Why one failed last.", |of| optional(of.last_error.as_ref())),
    ("lastFailedAt", "DateTime", "When one failed last.", |of| {
        of.last_failed_at.map_or(Value::Null, date_time)
    }),
    ("lastDeliveredAt", "DateTime", "When one arrived last.", |of| {
        of.last_delivered_at.map_or(Value::Null, date_time)
    }),
];

const BACKLOG: [Plain<Backlog>; 3] = [
    ("behind", "Int!", "Events that were not looked at yet.", |of| of.behind.into()),
    ("pending", "Int!", "Deliveries that are on their way, wait for their turn, or are tried again.", |of| {
        of.pending.into()
    }),
    ("parked", "Int!", "Deliveries that were given up.", |of| of.parked.into()),
];

const PARKED_FIELDS: [Plain<ParkedDelivery>; 4] = [
    ("position", "Position!", "The place in the log with which it came to be told.", |of| of.through.into()),
    ("attempts", "Int!", "How often it was tried.", |of| of.attempts.into()),
    ("lastError", "String", "Why it failed last.", |of| optional(of.last_error.as_ref())),
    ("parkedAt", "DateTime!", "Since when it is no longer tried.", |of| date_time(of.parked_at)),
];

/// The root fields.
pub(crate) fn roots() -> [Field; 2] {
    let all = Field::new("subscriptions", TypeRef::named_nn_list_nn(NAME), |context| {
        FieldFuture::new(async move {
            let all = seen(&context).await?;
            Ok(Some(FieldValue::list(all.into_iter().map(FieldValue::owned_any))))
        })
    });
    let one = Field::new("subscription", TypeRef::named(NAME), |context| {
        FieldFuture::new(async move {
            let name = context.args.try_get("name")?.string()?.to_owned();
            let found = seen(&context).await?.into_iter().find(|subscription| subscription.name == name);
            Ok(found.map(FieldValue::owned_any))
        })
    });
    [
        all.description(
            "Your durable subscriptions, and everybody's where you may manage them; by their names.",
        ),
        one.argument(InputValue::new("name", TypeRef::named_nn(TypeRef::STRING))).description(
            "A durable subscription, by its name; null where there is none of that name that you may see.",
        ),
    ]
}

/// The GraphQL types.
pub(crate) fn objects() -> [Object; 3] {
    let event = Field::new("event", TypeRef::named("Event"), |context| {
        FieldFuture::new(async move {
            let parked = context.parent_value.try_downcast_ref::<ParkedDelivery>()?;
            Ok(event(&context, parked.event_id).await?.map(FieldValue::owned_any))
        })
    });
    [
        with_plain(Object::new(NAME), &FIELDS)
            .description("Events that are delivered to somebody, made and managed by the write API.")
            .field(trust())
            .field(backlog())
            .field(parked()),
        with_plain(Object::new("Backlog"), &BACKLOG).description("How much is still to be delivered."),
        with_plain(Object::new("ParkedDelivery"), &PARKED_FIELDS)
            .description(
                "A delivery that was given up, until `retryDeliveries` or `skipDeliveries` of the write API.",
            )
            .field(event.description("The event that it tells of, as known now.")),
    ]
}

fn trust() -> Field {
    let trust = Field::new("trust", TypeRef::named_nn_list("EventStatus"), |context| {
        FieldFuture::new(async move {
            let trust = &subscription(&context)?.wanted.trust;
            let names =
                trust.as_ref().map(|trust| trust.iter().map(|status| FieldValue::value(status.name())));
            Ok(names.map(FieldValue::list))
        })
    });
    trust.description("Told when events come to be worth one of these, and when they no longer are; null: as they are registered.")
}

fn backlog() -> Field {
    let backlog = Field::new("backlog", TypeRef::named_nn("Backlog"), |context| {
        FieldFuture::new(async move {
            let backlog = Live::of(&context)?.reader.backlog(subscription(&context)?).await;
            Ok(Some(FieldValue::owned_any(backlog.map_err(|error| faults::internal(&error))?)))
        })
    });
    backlog.description("How much is still to be delivered.")
}

fn parked() -> Field {
    let parked = Field::new("parked", TypeRef::named_nn_list_nn("ParkedDelivery"), |context| {
        FieldFuture::new(async move {
            let first = given(&context, "first").and_then(|first| first.i64().ok()).unwrap_or(PARKED);
            let parked =
                Live::of(&context)?.reader.parked(subscription(&context)?, first.clamp(0, MOST_PARKED)).await;
            let parked = parked.map_err(|error| faults::internal(&error))?;
            Ok(Some(FieldValue::list(parked.into_iter().map(FieldValue::owned_any))))
        })
    });
    let first = InputValue::new("first", TypeRef::named(TypeRef::INT));
    parked
        .argument(first.description("How many: 20 without it, and at most 100."))
        .description("What was given up, in the order of registration.")
}

fn subscription<'a>(context: &'a ResolverContext<'_>) -> Result<&'a Arc<Subscription>> {
    context.parent_value.try_downcast_ref()
}

async fn event(context: &ResolverContext<'_>, id: EventId) -> Result<Option<EventAt>> {
    let reading = Reading::of(context)?;
    let point = reading.point_of_events(None).await?;
    let event = reading.event(id, point).await?;
    // Who manages the subscriptions of others need not be able to read what is delivered to them.
    let seen = Entitled::of(context)?.events().unwrap_or_default();
    let shown = event.filter(|event| seen.shows(event));
    shown.map(|event| EventAt::shown(context, event, point)).transpose()
}

/// The subscriptions that the caller may see.
async fn seen(context: &ResolverContext<'_>) -> Result<Vec<Arc<Subscription>>> {
    let caller = Principal::of(context)?;
    let (acts, asking) = (Acts::of(&Surface::of(context)?.catalogue), caller.caller());
    acts.see_subscriptions(&asking).map_err(|denied| faults::forbidden(denied.to_string()))?;
    let manages = acts.manage_subscriptions(&asking).is_ok();
    let owner = (!manages).then_some(caller.source_id);
    Live::of(context)?.reader.subscriptions(owner).await.map_err(|error| faults::internal(&error))
}

fn optional(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| text(value.to_string()))
}

fn names(names: Option<&Vec<String>>) -> Value {
    names.map_or(Value::Null, |names| Value::List(names.iter().map(text).collect()))
}
