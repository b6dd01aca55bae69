//! What comes before and after a page of a Relay connection.

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, ResolverContext, TypeRef};

use super::{Plain, text, with_plain};

/// What comes before and after a page.
pub(crate) struct PageInfo {
    /// Whether more follows.
    pub(crate) more: bool,
    /// Whether the page begins after a cursor.
    pub(crate) after: bool,
    /// The first cursor of the page.
    pub(crate) start: Option<String>,
    /// The last.
    pub(crate) end: Option<String>,
}

const FIELDS: [Plain<PageInfo>; 4] = [
    ("hasNextPage", "Boolean!", "Whether more follows.", |page| page.more.into()),
    ("hasPreviousPage", "Boolean!", "Whether the page begins after a cursor.", |page| page.after.into()),
    ("startCursor", "String", "The cursor of the first on the page.", |page| cursor(page.start.as_ref())),
    ("endCursor", "String", "Where the next page begins: pass it on as `after`.", |page| {
        cursor(page.end.as_ref())
    }),
];

pub(super) fn object() -> Object {
    with_plain(Object::new("PageInfo"), &FIELDS).description("What comes before and after a page.")
}

/// The field `pageInfo`, of a type that knows its page.
pub(crate) fn field(
    read: impl Fn(&ResolverContext<'_>) -> async_graphql::Result<PageInfo> + Send + Sync + Copy + 'static,
) -> Field {
    Field::new("pageInfo", TypeRef::named_nn("PageInfo"), move |context| {
        FieldFuture::new(async move { Ok(Some(FieldValue::owned_any(read(&context)?))) })
    })
    .description("What comes before and after.")
}

fn cursor(cursor: Option<&String>) -> Value {
    cursor.map_or(Value::Null, text)
}
