//! A stretch on which a field had a value: a period on the material line, or a rectangle on both.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, TypeRef};
use read_model::catalogue::Shape;
use read_model::event::Event;
use read_model::fold::Period;
use serde_json::Value as JsonValue;

use super::Shown;
use super::cause::{EdgeAt, ProvenanceAt};
use crate::entitled::Entitled;
use crate::types::{Plain, date_time, with_plain};
use crate::value::outgoing;

/// A stretch, and from which event until which it was believed, where that is told.
pub(super) struct StretchAt {
    shown: Arc<Shown>,
    index: usize,
    period: Period,
    known: Option<(Arc<Event>, Option<Arc<Event>>)>,
}

impl StretchAt {
    pub(super) fn new(
        shown: &Arc<Shown>,
        index: usize,
        period: Period,
        known: Option<(Arc<Event>, Option<Arc<Event>>)>,
    ) -> Self {
        Self { shown: Arc::clone(shown), index, period, known }
    }
}

const FIELDS: [Plain<StretchAt>; 1] =
    [("registered", "DateTime!", "When the registry learned of the claim that gives the value.", |at| {
        date_time(at.period.said.because.claim.created_at)
    })];

const KNOWN: [Plain<StretchAt>; 2] = [
    ("knownFrom", "DateTime!", "When the registry came to believe it.", |at| {
        at.known.as_ref().map_or(Value::Null, |(from, _)| date_time(from.created_at))
    }),
    ("knownUntil", "DateTime", "When the registry ceased to believe it; null where it still does.", |at| {
        let until = at.known.as_ref().and_then(|(_, until)| until.as_ref());
        until.map_or(Value::Null, |until| date_time(until.created_at))
    }),
];

/// The type of a period with values of this type.
pub(super) fn period(name: String, of_value: TypeRef) -> Object {
    stretch(name, of_value).description("A stretch of the material line on which a value holds, half-open: `from` is its first day, `until` the first day after it.")
}

/// The type of a rectangle with values of this type.
pub(super) fn rectangle(name: String, of_value: TypeRef) -> Object {
    with_plain(stretch(name, of_value), &KNOWN)
        .description("A stretch of the material line on which a value was believed to hold, from when until when; half-open on both lines.")
}

fn stretch(name: String, of_value: TypeRef) -> Object {
    let value = valued("value", of_value.clone(), Period::value);
    let followed_by = valued("followedBy", of_value, |period| period.ended_by.as_ref()?.value());
    let from = Field::new("from", TypeRef::named_nn("Edge"), |context| {
        FieldFuture::new(async move {
            let period = &context.parent_value.try_downcast_ref::<StretchAt>()?.period;
            Ok(Some(FieldValue::owned_any(EdgeAt { day: period.from, by: Arc::clone(&period.begun_by) })))
        })
    });
    let until = Field::new("until", TypeRef::named("Edge"), |context| {
        FieldFuture::new(async move {
            let period = &context.parent_value.try_downcast_ref::<StretchAt>()?.period;
            let edge = period.until.zip(period.ended_by.clone()).map(|(day, by)| EdgeAt { day, by });
            Ok(edge.map(FieldValue::owned_any))
        })
    });
    let why = Field::new("why", TypeRef::named("Provenance"), |context| {
        FieldFuture::new(async move {
            Entitled::of(&context)?.every_event()?;
            let StretchAt { shown, index, period, .. } = context.parent_value.try_downcast_ref()?;
            let why = ProvenanceAt { shown: Arc::clone(shown), index: *index, period: period.clone() };
            Ok(Some(FieldValue::owned_any(why)))
        })
    });
    with_plain(Object::new(name), &FIELDS)
        .field(value.description("The value; objects that it refers to are seen at the two moments asked."))
        .field(followed_by.description(
            "What the claim that ends it says instead, though it may never have held; null where it says that there is no value.",
        ))
        .field(from.description("Where it begins."))
        .field(until.description("Where it ends; null where it has no end."))
        .field(why.description("Which events make it so."))
}

/// A field with a value that is read off the stretch.
fn valued(name: &str, of_value: TypeRef, read: fn(&Period) -> Option<&JsonValue>) -> Field {
    Field::new(name, of_value, move |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<StretchAt>()?;
            let field = &at.shown.view.fields[at.index];
            let Some(value) = read(&at.period).cloned() else { return Ok(None) };
            let shape = if let Shape::List(item) = &field.shape { item } else { &field.shape };
            outgoing(&context, (shape, field.through.as_deref()), value, at.shown.at.point).await.map(Some)
        })
    })
}
