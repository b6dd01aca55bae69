//! The types of the schema that no config names: scalars, enums, and what they make up.

mod basis;
mod enums;
mod partial_date;
mod scalars;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, SchemaBuilder, TypeRef};
use chrono::{DateTime, SecondsFormat, Utc};

pub(crate) use basis::field as basis_field;
pub(crate) use enums::of_names;

/// Registers them all.
pub(crate) fn register(builder: SchemaBuilder) -> SchemaBuilder {
    let builder = scalars::all().into_iter().fold(builder, SchemaBuilder::register);
    let builder = enums::all().into_iter().fold(builder, SchemaBuilder::register);
    builder.register(basis::object()).register(partial_date::object())
}

/// A field that is read off the value that its type carries.
pub(crate) fn plain<T: Send + Sync + 'static>(
    name: &'static str,
    of: TypeRef,
    description: &str,
    read: impl Fn(&T) -> Value + Send + Sync + Copy + 'static,
) -> Field {
    Field::new(name, of, move |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::value(read(
                context.parent_value.try_downcast_ref::<T>()?,
            ))))
        })
    })
    .description(description)
}

/// A moment as every answer writes it: in UTC, to the microsecond, so that it can be asked again.
pub(crate) fn date_time(moment: DateTime<Utc>) -> Value {
    Value::String(moment.to_rfc3339_opts(SecondsFormat::Micros, true))
}
