//! What follows, or followed, from an event: of each object the fields that change, and the events that are not worth the
//! same.

use std::sync::Arc;

use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SchemaBuilder,
    TypeRef,
};
use async_graphql::{Name, Result, Value};
use read_model::event::Event;
use read_model::fold::{AffectedEvent, AffectedObject, Consequences, DerivedChange, StretchChange};
use read_model::log::Log;

use crate::arguments::{self, Moments, given};
use crate::broken_rule;
use crate::concerning::Concerning;
use crate::entitled::Entitled;
use crate::event::EventAt;
use crate::reading::{Point, Reading};
use crate::surface::Surface;
use crate::types::{Plain, basis_field, text, with_plain};

/// What follows from an event, and where the question stood.
struct Told {
    told: Arc<Consequences>,
    point: Point,
    /// What is known without the event, and with it.
    logs: [Log; 2],
}

/// A part of it.
struct Part<T> {
    part: T,
    point: Point,
}

/// The root field.
pub(crate) fn root() -> Field {
    let field = Field::new("consequences", TypeRef::named("Consequences"), |context| {
        FieldFuture::new(async move { resolve(&context).await })
    });
    let id = InputValue::new("eventId", TypeRef::named_nn("UUID"));
    let at = InputValue::new("at", TypeRef::named("ConsequencesAt"));
    let field = field
        .argument(id.description("Of which event."))
        .argument(at.description("Against what.").default_value(Value::Enum(Name::new("REGISTERED"))));
    arguments::declare_known_at(field)
        .description("What follows from an event: exactly what differs with it and without it, and nothing else. Null where there was no event with that id by then.")
}

async fn resolve<'a>(context: &ResolverContext<'a>) -> Result<Option<FieldValue<'a>>> {
    Entitled::of(context)?.every_event()?;
    let Some(id) = arguments::id(context, "eventId")? else { return Ok(None) };
    let reading = Reading::of(context)?;
    let now = reading.point_of_events(arguments::moment(context, "knownAt")?).await?;
    let Some(event) = reading.event(id, now).await? else { return Ok(None) };
    let registered = given(context, "at").is_none_or(|at| at.enum_name() != Ok("NOW"));
    let (point, before) = if registered {
        (reading.as_registered(&event), Log::up_to(event.position.plus(-1)))
    } else {
        (now, Log::up_to(now.snapshot.position).without([id]))
    };
    let after = Log::up_to(point.snapshot.position);
    let told = reading.consequences(&before, &after, event.object_ids.clone()).await?;
    Ok(Some(FieldValue::owned_any(Told { told: Arc::new(told), point, logs: [before, after] })))
}

/// The derived fields that differ on a day, for who may read objects of their types as such.
async fn resolve_derived<'a>(context: &ResolverContext<'a>) -> Result<FieldValue<'a>> {
    let Told { told, point, logs } = context.parent_value.try_downcast_ref()?;
    let reading = Reading::of(context)?;
    let as_of = arguments::moment(context, "asOf")?;
    let day = reading.at(point.snapshot, None, Moments { as_of, ..Moments::default() }).as_of;
    let changes = reading.derived_consequences(logs, told, day).await?;
    let entitled = Entitled::of(context)?;
    changes.iter().try_for_each(|change| entitled.object_type(&change.object_type))?;
    let readable = |change: &DerivedChange| entitled.reads(&change.object_type, &change.change.field);
    let readable: Vec<DerivedChange> = changes.into_iter().filter(readable).collect();
    let concerning = Concerning::of(context)?;
    for DerivedChange { id, object_type, change } in &readable {
        concerning.of_type(object_type, *id);
        concerning.values(object_type, &change.field, [&change.before, &change.after]);
    }
    Ok(parts(readable, *point))
}

/// The GraphQL types.
pub(crate) fn register(builder: SchemaBuilder) -> SchemaBuilder {
    [consequences(), affected_object(), stretch_change(), derived_change(), affected_event()]
        .into_iter()
        .fold(builder.register(at()), SchemaBuilder::register)
}

fn at() -> Enum {
    let item = |name: &str, description: &str| EnumItem::new(name).description(description);
    Enum::new("ConsequencesAt")
        .description("Against what the consequences of an event are told.")
        .item(item("REGISTERED", "The log just before the event, against the log with it."))
        .item(item("NOW", "What is known without the event, against what is known with it."))
}

fn consequences() -> Object {
    let objects = Field::new("objects", TypeRef::named_nn_list_nn("AffectedObject"), |context| {
        FieldFuture::new(async move {
            let Told { told, point, .. } = context.parent_value.try_downcast_ref()?;
            let concerning = Concerning::of(&context)?;
            told.objects.iter().for_each(|object| note(concerning, object));
            Ok(Some(parts(told.objects.clone(), *point)))
        })
    });
    let events = Field::new("events", TypeRef::named_nn_list_nn("AffectedEvent"), |context| {
        FieldFuture::new(async move {
            let Told { told, point, .. } = context.parent_value.try_downcast_ref()?;
            Ok(Some(parts(told.events.clone(), *point)))
        })
    });
    let revisit = event_list("revisit", |told: &Told| (told.told.revisit.clone(), told.point));
    let derived = Field::new("derived", TypeRef::named_list("DerivedChange"), |context| {
        FieldFuture::new(async move { resolve_derived(&context).await.map(Some) })
    });
    let as_of = InputValue::new("asOf", TypeRef::named("Moment"));
    let derived = derived.argument(as_of.description("On which day; without it, today."));
    Object::new("Consequences")
        .description("What differs without an event and with it, over the whole material line.")
        .field(objects.description("The objects of which a field changes, in the order of their ids."))
        .field(derived.description("The derived fields that differ on a day, such as an age or who has custody; also of objects of which nothing else changes."))
        .field(events.description("The events whose status changes, in the order of registration."))
        .field(revisit.description("The claims that are based on an event which is not worth, or does not say, the same: what was done because of it, by people or by automatic systems, is to be looked at again."))
        .field(basis_field(|context| {
            let told = context.parent_value.try_downcast_ref::<Told>()?;
            Ok(told.point.basis(None, &Surface::of(context)?.catalogue.hash))
        }))
}

fn note(concerning: Concerning<'_>, object: &AffectedObject) {
    concerning.of_type(&object.object_type, object.id);
    for change in &object.changes {
        concerning.values(&object.object_type, &change.field, [&change.before, &change.after]);
    }
}

const OBJECT: [Plain<Part<AffectedObject>>; 2] = [
    ("id", "UUID!", "Which.", |at| text(at.part.id)),
    ("objectType", "String!", "Its type.", |at| text(&at.part.object_type)),
];

fn affected_object() -> Object {
    let changes = Field::new("changes", TypeRef::named_list("StretchChange"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<Part<AffectedObject>>()?;
            let entitled = Entitled::of(&context)?;
            entitled.object_type(&at.part.object_type)?;
            let readable = |change: &&StretchChange| entitled.reads(&at.part.object_type, &change.field);
            Ok(Some(parts(at.part.changes.iter().filter(readable).cloned().collect(), at.point)))
        })
    });
    with_plain(Object::new("AffectedObject"), &OBJECT)
        .description("An object of which a field changes.")
        .field(changes.description(
            "What changes, field by field and then in time; for who may read objects of its type as such.",
        ))
}

const DERIVED: [Plain<Part<DerivedChange>>; 5] = [
    ("id", "UUID!", "The object.", |at| text(at.part.id)),
    ("objectType", "String!", "Its type.", |at| text(&at.part.object_type)),
    ("field", "String!", "The derived field.", |at| text(&at.part.change.field)),
    ("before", "JSON", "The value without the event; null where it has none.", |at| {
        json(&at.part.change.before)
    }),
    ("after", "JSON", "The value with it; null where it has none.", |at| json(&at.part.change.after)),
];

fn derived_change() -> Object {
    let through = event_list("through", |at: &Part<DerivedChange>| (at.part.change.events.clone(), at.point));
    with_plain(Object::new("DerivedChange"), &DERIVED)
        .description("A derived field that has another value on a day.")
        .field(through.description("The events that make the difference, oldest first."))
}

const STRETCH: [Plain<Part<StretchChange>>; 5] = [
    ("field", "String!", "The field, by the name that it has in the object type.", |at| text(&at.part.field)),
    ("from", "Date!", "The first day.", |at| text(at.part.from)),
    ("until", "Date", "The first day after it; null where it has no end.", |at| {
        at.part.until.map_or(Value::Null, text)
    }),
    ("before", "JSON", "The value without the event; null where it has none.", |at| json(&at.part.before)),
    ("after", "JSON", "The value with it; null where it has none.", |at| json(&at.part.after)),
];

fn stretch_change() -> Object {
    let through = event_list("through", |at: &Part<StretchChange>| (at.part.through.clone(), at.point));
    with_plain(Object::new("StretchChange"), &STRETCH)
        .description("A stretch of the material line on which a field has another value.")
        .field(through.description("The chain of events that makes the difference, oldest first."))
}

const EVENT: [Plain<Part<AffectedEvent>>; 2] = [
    ("before", "EventStatus!", "Its status without the event.", |at| text(at.part.before.status.name())),
    ("after", "EventStatus!", "Its status with it.", |at| text(at.part.after.status.name())),
];

fn affected_event() -> Object {
    let event = Field::new("event", TypeRef::named_nn("Event"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<Part<AffectedEvent>>()?;
            let event = EventAt::shown(&context, Arc::clone(&at.part.event), at.point)?;
            Ok(Some(FieldValue::owned_any(event)))
        })
    });
    let breaks = Field::new("breaks", TypeRef::named_nn_list_nn("BrokenRule"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<Part<AffectedEvent>>()?;
            Ok(Some(broken_rule::list(&at.part.breaks, at.point)))
        })
    });
    with_plain(Object::new("AffectedEvent"), &EVENT)
        .description("An event whose status changes.")
        .field(event.description("Which."))
        .field(
            breaks.description(
                "The rules that it does not keep with the event; none where it is not contested.",
            ),
        )
}

fn parts<'a, T: Send + Sync + 'static>(parts: Vec<T>, point: Point) -> FieldValue<'a> {
    FieldValue::list(parts.into_iter().map(|part| FieldValue::owned_any(Part { part, point })))
}

/// A field with events that its parent holds.
fn event_list<T: Send + Sync + 'static>(name: &str, read: fn(&T) -> (Vec<Arc<Event>>, Point)) -> Field {
    Field::new(name, TypeRef::named_nn_list_nn("Event"), move |context| {
        FieldFuture::new(async move {
            let (events, point) = read(context.parent_value.try_downcast_ref()?);
            EventAt::list(&context, events, point).map(Some)
        })
    })
}

/// Any value that a field has is one of GraphQL's.
fn json(value: &Option<serde_json::Value>) -> Value {
    value.clone().and_then(|value| Value::from_json(value).ok()).unwrap_or_default()
}
