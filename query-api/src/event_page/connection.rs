//! A page as a Relay connection.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, TypeRef};
use read_model::event::Event;

use super::cursor::Cursor;
use crate::event::EventAt;
use crate::reading::Point;
use crate::surface::Surface;
use crate::types::{Plain, basis_field, text, with_plain};

/// A page, and whether more follows.
pub(super) struct Page {
    pub(super) events: Vec<Arc<Event>>,
    pub(super) point: Point,
    pub(super) after: Cursor,
    pub(super) more: bool,
}

const PAGE_INFO: [Plain<Page>; 4] = [
    ("hasNextPage", "Boolean!", "Whether more follows.", |page| page.more.into()),
    ("hasPreviousPage", "Boolean!", "Whether the page begins after a cursor.", |page| {
        (page.after != Cursor::default()).into()
    }),
    ("startCursor", "String", "The cursor of the first event.", |page| cursor(page.events.first())),
    ("endCursor", "String", "The cursor of the last event: the next page begins after it.", |page| {
        cursor(page.events.last())
    }),
];

const EDGE: [Plain<EventAt>; 1] =
    [("cursor", "String!", "Pass it on as `after` to go on from here.", |at| {
        text(Cursor(at.event.position))
    })];

/// The GraphQL types.
pub(crate) fn objects() -> [Object; 3] {
    let info =
        with_plain(Object::new("PageInfo"), &PAGE_INFO).description("What comes before and after a page.");
    [connection(), edge(), info]
}

fn connection() -> Object {
    let edges = Field::new("edges", TypeRef::named_nn_list_nn("EventEdge"), |context| {
        FieldFuture::new(async move {
            let page = context.parent_value.try_downcast_ref::<Page>()?;
            let edge = |event: &Arc<Event>| EventAt { event: Arc::clone(event), point: page.point };
            Ok(Some(FieldValue::list(page.events.iter().map(edge).map(FieldValue::owned_any))))
        })
    });
    let basis = basis_field(|context| {
        let page = context.parent_value.try_downcast_ref::<Page>()?;
        Ok(page.point.basis(None, &Surface::of(context)?.catalogue.hash))
    });
    Object::new("EventConnection")
        .description("A page of events.")
        .field(edges.description("The events, each with its cursor."))
        .field(itself::<Page>("pageInfo", "PageInfo").description("What comes before and after."))
        .field(basis)
}

fn edge() -> Object {
    with_plain(Object::new("EventEdge"), &EDGE)
        .description("An event in a page.")
        .field(itself::<EventAt>("node", "Event").description("The event."))
}

/// A field that leads to another type which carries the same value.
fn itself<T: Send + Sync + 'static>(name: &str, of: &str) -> Field {
    Field::new(name, TypeRef::named_nn(of), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::borrowed_any(context.parent_value.try_downcast_ref::<T>()?)))
        })
    })
}

fn cursor(event: Option<&Arc<Event>>) -> Value {
    event.map_or(Value::Null, |event| text(Cursor(event.position)))
}
