//! The basis of an answer.

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, ResolverContext, TypeRef};
use read_model::basis::Basis;

use super::{Plain, date_time, text, with_plain};

const FIELDS: [Plain<Basis>; 6] = [
    ("id", "ID!", "Names this basis, for `ifUnchangedSince`; opaque.", |basis| text(basis.id())),
    ("position", "Position!", "The newest event taken into account.", |basis| basis.position.get().into()),
    ("knownAt", "DateTime!", "When that event was registered.", |basis| date_time(basis.known_at)),
    ("asOf", "Date!", "The day on the material line.", |basis| text(basis.as_of)),
    ("minTrust", "Trust!", "Which claims counted.", |basis| text(basis.min_trust.name())),
    ("catalogue", "String!", "The hash of the catalogue that it was read with.", |basis| {
        text(&basis.catalogue)
    }),
];

pub(super) fn object() -> Object {
    with_plain(Object::new("Basis"), &FIELDS).description(
        "Exactly what an answer was computed from. The same question on the same basis gives the same answer for ever.",
    )
}

/// The field `basis`, of a type that knows what it was computed from.
pub(crate) fn field(
    read: impl Fn(&ResolverContext<'_>) -> async_graphql::Result<Basis> + Send + Sync + Copy + 'static,
) -> Field {
    Field::new("basis", TypeRef::named_nn("Basis"), move |context| {
        FieldFuture::new(async move { Ok(Some(FieldValue::owned_any(read(&context)?))) })
    })
    .description("Exactly what this was computed from.")
}
