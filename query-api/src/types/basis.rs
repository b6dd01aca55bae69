//! The basis of an answer.

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, ResolverContext, TypeRef};
use read_model::basis::Basis;

use super::{date_time, plain};

/// The field `basis`, of a type that knows what it was computed from.
pub(crate) fn field(
    read: impl Fn(&ResolverContext<'_>) -> async_graphql::Result<Basis> + Send + Sync + Copy + 'static,
) -> Field {
    Field::new("basis", TypeRef::named_nn("Basis"), move |context| {
        FieldFuture::new(async move { Ok(Some(FieldValue::owned_any(read(&context)?))) })
    })
    .description("Exactly what this was computed from.")
}

pub(super) fn object() -> Object {
    Object::new("Basis")
        .description("Exactly what an answer was computed from. The same question on the same basis gives the same answer for ever.")
        .field(plain("id", TypeRef::named_nn(TypeRef::ID), "Names this basis, for `ifUnchangedSince`; opaque.", |basis: &Basis| {
            Value::String(basis.id().to_string())
        }))
        .field(plain("position", TypeRef::named_nn("Position"), "The newest event taken into account.", |basis: &Basis| {
            basis.position.get().into()
        }))
        .field(plain("knownAt", TypeRef::named_nn("DateTime"), "When that event was registered.", |basis: &Basis| {
            date_time(basis.known_at)
        }))
        .field(plain("asOf", TypeRef::named_nn("Date"), "The day on the material line.", |basis: &Basis| {
            Value::String(basis.as_of.to_string())
        }))
        .field(plain("minTrust", TypeRef::named_nn("Trust"), "Which claims counted.", |basis: &Basis| {
            Value::String(basis.min_trust.name().to_owned())
        }))
        .field(plain("catalogue", TypeRef::named_nn(TypeRef::STRING), "The hash of the catalogue that it was read with.", |basis: &Basis| {
            Value::String(basis.catalogue.as_ref().to_owned())
        }))
}
