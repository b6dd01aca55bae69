//! A rule that an event does not keep in its place.

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, TypeRef};
use read_model::fold::BrokenRule;

use crate::event::EventAt;
use crate::reading::Point;
use crate::types::{Plain, text, with_plain};

/// A rule that is broken, as known at a point.
struct BrokenAt(BrokenRule, Point);

const BROKEN: [Plain<BrokenAt>; 2] = [
    ("name", "String", "Its name; none where the event takes effect before what it is based on.", |at| {
        at.0.rule.as_ref().map_or(Value::Null, text)
    }),
    ("message", "String!", "What is wrong, for a clerk.", |at| text(&at.0.message)),
];

/// The GraphQL type.
pub(crate) fn object() -> Object {
    let because = Field::new("because", TypeRef::named_nn_list_nn("Event"), |context| {
        FieldFuture::new(async move {
            let BrokenAt(broken, point) = context.parent_value.try_downcast_ref()?;
            EventAt::list(&context, broken.because.iter().cloned(), *point).map(Some)
        })
    });
    with_plain(Object::new("BrokenRule"), &BROKEN)
        .description("A rule that a contested event breaks in its place.")
        .field(because.description("The claims that it clashes with, oldest first."))
}

/// These rules as the value of a list of them.
pub(crate) fn list<'a>(broken: &[BrokenRule], point: Point) -> FieldValue<'a> {
    let at = broken.iter().map(|broken| BrokenAt(broken.clone(), point));
    FieldValue::list(at.map(FieldValue::owned_any))
}
