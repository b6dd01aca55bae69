//! What differs of an object between two points of the plane.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, SchemaBuilder, TypeRef,
    ValueAccessor,
};
use async_graphql::{Result, Value};
use door::faults;
use read_model::basis::Trust;
use read_model::event::ObjectId;
use read_model::fold::{FieldChange, Following, Side, difference};
use read_model::reader::{MAX_GENERATIONS, ReadError};

use crate::arguments::{self, Moments, given};
use crate::concerning::Concerning;
use crate::entitled::Entitled;
use crate::event::EventAt;
use crate::loader::Told;
use crate::reading::{Point, Reading};
use crate::surface::Surface;
use crate::types::{Plain, text, with_plain};

/// A field that differs, as seen from the second point.
struct ChangeAt {
    change: FieldChange,
    point: Point,
}

/// The root field.
pub(crate) fn root() -> Field {
    let field = Field::new("compare", TypeRef::named_nn_list_nn("FieldChange"), |context| {
        FieldFuture::new(async move { resolve(&context).await.map(Some) })
    });
    let point = |name| InputValue::new(name, TypeRef::named_nn("Point"));
    Moments::declare_trust(field.argument(InputValue::new("id", TypeRef::named_nn("UUID")).description("Which object.")))
        .argument(point("from").description("The one point."))
        .argument(point("to").description("The other."))
        .description("What differs of an object between two points, field by field, derived fields too, and through which events; for who may read objects of its type as such. Empty where nothing is known of it at either.")
}

/// The GraphQL types.
pub(crate) fn register(builder: SchemaBuilder) -> SchemaBuilder {
    let moment = |name| InputValue::new(name, TypeRef::named("Moment"));
    let point = InputObject::new("Point")
        .description("A point of the plane of both time lines.")
        .field(moment("asOf").description("As it was in reality at this moment; without it, now."))
        .field(moment("knownAt").description(
            "As the registry knew it at this moment; without it, with everything that it knows.",
        ));
    let events = Field::new("events", TypeRef::named_list("Event"), |context| {
        FieldFuture::new(async move {
            Entitled::of(&context)?.every_event()?;
            let ChangeAt { change, point } = context.parent_value.try_downcast_ref()?;
            EventAt::list(&context, change.events.iter().cloned(), *point).map(Some)
        })
    });
    let change = with_plain(Object::new("FieldChange"), &FIELDS)
        .description("A field that has another value at the second point.")
        .field(value("before", "Its value at the first point; null where it has none.", |change| {
            &change.before
        }))
        .field(value("after", "Its value at the second; null where it has none.", |change| &change.after))
        .field(events.description(
            "The events that make the difference, oldest first; none where nothing but the day differs.",
        ));
    builder.register(point).register(change)
}

const FIELDS: [Plain<ChangeAt>; 1] =
    [("field", "String!", "The field, by the name that it has in the object type.", |at| {
        text(&at.change.field)
    })];

fn value(name: &str, description: &str, read: fn(&FieldChange) -> &Option<serde_json::Value>) -> Field {
    Field::new(name, TypeRef::named("JSON"), move |context| {
        FieldFuture::new(async move {
            let change = &context.parent_value.try_downcast_ref::<ChangeAt>()?.change;
            let Some(value) = read(change).clone() else { return Ok(None) };
            let value = Value::from_json(value).map_err(|error| faults::internal(&error))?;
            Ok(Some(FieldValue::value(value)))
        })
    })
    .description(description)
}

async fn resolve<'a>(context: &ResolverContext<'a>) -> Result<FieldValue<'a>> {
    let entitled = Entitled::of(context)?;
    let (concerning, id) = (Concerning::of(context)?, arguments::id(context, "id"));
    let asked = id.as_ref().ok().copied().flatten();
    check_any(context, &entitled).or_else(|denied| concerning.somebody(asked, "compare", Err(denied)))?;
    let Some(id) = id? else {
        return Ok(FieldValue::list([] as [FieldValue<'_>; 0]));
    };
    let reading = Reading::of(context)?;
    let trust = Moments::trust(context);
    let from = reading.point(moments(context, "from", trust)?).await?;
    let to = reading.point(moments(context, "to", trust)?).await?;
    let (before, after) = (reading.told(id, from).await?, reading.told(id, to).await?);
    let object_type = |told: &Told| told.world.object(id).map(|state| Arc::clone(state.object_type()));
    let object_type = object_type(&after).or_else(|| object_type(&before));
    // Whether there is an object that the caller may not read must not show.
    let granted = object_type.filter(|name| entitled.object_type(name).is_ok());
    match &granted {
        Some(object_type) => concerning.of_type(object_type, id),
        None => concerning.perhaps(id, "compare"),
    }
    let mut differing = match &granted {
        Some(_) => changes(reading, id, (before, from), (after, to)).await?,
        None => Vec::new(),
    };
    // A field that the caller may not read has no place here at which to say so: that it is named would tell.
    differing.retain(|change| granted.as_ref().is_some_and(|of| entitled.reads(of, &change.field)));
    for change in &differing {
        let values = [&change.before, &change.after];
        granted.iter().for_each(|of| concerning.values(of, &change.field, values));
    }
    Ok(FieldValue::list(
        differing.into_iter().map(|change| FieldValue::owned_any(ChangeAt { change, point: to })),
    ))
}

/// What differs; whoever derived fields meet on their way is read, one batch a generation.
async fn changes(
    reading: &Reading,
    id: ObjectId,
    (mut before, from): (Arc<Told>, Point),
    (mut after, to): (Arc<Told>, Point),
) -> Result<Vec<FieldChange>> {
    let mut objects = BTreeSet::from([id]);
    for _ in 0..MAX_GENERATIONS {
        let changes = difference(reading.catalogue(), id, side(&before, from), side(&after, to));
        match changes.map_err(|error| faults::internal(&error))? {
            Following::Told(changes) => return Ok(changes),
            Following::Unmet(unmet) => objects.extend(unmet),
        }
        before = reading.told_with(&objects, from).await?;
        after = reading.told_with(&objects, to).await?;
    }
    Err(faults::internal(&ReadError::TooLarge))
}

fn side(told: &Told, point: Point) -> Side<'_> {
    Side { world: &told.world, resolution: &told.resolution, day: point.as_of }
}

/// Who may read no object type as such may compare nothing.
fn check_any(context: &ResolverContext<'_>, entitled: &Entitled<'_>) -> Result<()> {
    let mut own = Surface::of(context)?.catalogue.object_types.keys().map(|name| entitled.object_type(name));
    let first = own.next().unwrap_or(Ok(()));
    if first.is_ok() || own.any(|answer| answer.is_ok()) { Ok(()) } else { first }
}

fn moments(context: &ResolverContext<'_>, argument: &'static str, trust: Trust) -> Result<Moments> {
    let point = given(context, argument).map(|value| value.object()).transpose()?;
    let moment = |field: &'static str| -> Result<_> {
        let value = point.as_ref().and_then(|point| point.get(field)).filter(|value| !value.is_null());
        Ok(value.map(|value: ValueAccessor<'_>| arguments::parse_moment(field, value)).transpose()?)
    };
    Ok(Moments { as_of: moment("asOf")?, known_at: moment("knownAt")?, trust })
}
