//! The types of the schema that no config names: scalars, enums, and what they make up.

mod basis;
mod enums;
pub(crate) mod page_info;
mod partial_date;
mod scalars;

use std::fmt::Display;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, SchemaBuilder, TypeRef};
use chrono::{DateTime, SecondsFormat, Utc};

pub(crate) use basis::field as basis_field;
pub(crate) use enums::of_names;

/// Registers them all.
pub(crate) fn register(builder: SchemaBuilder) -> SchemaBuilder {
    let builder = scalars::all().into_iter().fold(builder, SchemaBuilder::register);
    let builder = enums::all().into_iter().fold(builder, SchemaBuilder::register);
    builder.register(basis::object()).register(page_info::object()).register(partial_date::object())
}

/// A field that is read off the value that its type carries: its name, its type as in SDL, what it is, and how it is read.
pub(crate) type Plain<T> = (&'static str, &'static str, &'static str, fn(&T) -> Value);

/// The object type with these fields.
pub(crate) fn with_plain<T: Send + Sync + 'static>(object: Object, fields: &[Plain<T>]) -> Object {
    fields.iter().fold(object, |object, &(name, of, description, read)| {
        let field = Field::new(name, type_ref(of), move |context| {
            FieldFuture::new(async move {
                Ok(Some(FieldValue::value(read(context.parent_value.try_downcast_ref()?))))
            })
        });
        object.field(field.description(description))
    })
}

/// `[UUID!]!` and the like, as SDL has them.
fn type_ref(text: &'static str) -> TypeRef {
    if let Some(nullable) = text.strip_suffix('!') {
        return TypeRef::NonNull(Box::new(type_ref(nullable)));
    }
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(item) => TypeRef::List(Box::new(type_ref(item))),
        None => TypeRef::named(text),
    }
}

/// A value that GraphQL carries as text.
pub(crate) fn text(value: impl Display) -> Value {
    Value::String(value.to_string())
}

/// A moment as every answer writes it: in UTC, to the microsecond, so that it can be asked again.
pub(crate) fn date_time(moment: DateTime<Utc>) -> Value {
    Value::String(moment.to_rfc3339_opts(SecondsFormat::Micros, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_that_was_answered_can_be_asked_again() {
        let moment = read_model::time::parse_instant("2026-01-04T09:30:00.12+01:00").unwrap();
        let shown = date_time(moment);
        assert_eq!(shown, text("2026-01-04T08:30:00.120000Z"));
        assert_eq!(date_time(read_model::time::FIRST_INSTANT), text("0001-01-01T00:00:00.000000Z"));
    }

    #[test]
    fn types_read_as_they_are_printed() {
        for text in ["UUID", "UUID!", "[UUID!]", "[UUID!]!"] {
            assert_eq!(type_ref(text).to_string(), text);
        }
    }
}
