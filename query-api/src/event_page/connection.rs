//! A page as a Relay connection.

use std::sync::Arc;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, TypeRef};
use read_model::event::Event;

use super::cursor::Cursor;
use crate::event::EventAt;
use crate::reading::Point;
use crate::surface::Surface;
use crate::types::page_info::{self, PageInfo};
use crate::types::{Plain, basis_field, text, with_plain};

/// A page, and whether more follows.
pub(super) struct Page {
    pub(super) events: Vec<Arc<Event>>,
    pub(super) point: Point,
    pub(super) after: Cursor,
    pub(super) more: bool,
}

const EDGE: [Plain<EventAt>; 1] =
    [("cursor", "String!", "Pass it on as `after` to go on from here.", |at| {
        text(Cursor(at.event.position))
    })];

/// The GraphQL types.
pub(crate) fn objects() -> [Object; 2] {
    [connection(), edge()]
}

fn connection() -> Object {
    let edges = Field::new("edges", TypeRef::named_nn_list_nn("EventEdge"), |context| {
        FieldFuture::new(async move {
            let page = context.parent_value.try_downcast_ref::<Page>()?;
            EventAt::list(&context, page.events.iter().cloned(), page.point).map(Some)
        })
    });
    let basis = basis_field(|context| {
        let page = context.parent_value.try_downcast_ref::<Page>()?;
        Ok(page.point.basis(None, &Surface::of(context)?.catalogue.hash))
    });
    Object::new("EventConnection")
        .description("A page of events.")
        .field(edges.description("The events, each with its cursor."))
        .field(page_info::field(|context| {
            let page = context.parent_value.try_downcast_ref::<Page>()?;
            let cursor = |event: Option<&Arc<Event>>| event.map(|event| Cursor(event.position).to_string());
            Ok(PageInfo {
                more: page.more,
                after: page.after != Cursor::default(),
                start: cursor(page.events.first()),
                end: cursor(page.events.last()),
            })
        }))
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
