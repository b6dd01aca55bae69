//! Whose data an answer holds.
//!
//! An object or an event leaves as an [`ObjectAt`](crate::value::ObjectAt) or an [`EventAt`](crate::event::EventAt), and
//! neither can be made without being noted here; so no resolver can forget it.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::ResolverContext;
use door::{Concerned, Ended};
use processing_log::{About, Verb};
use read_model::event::{Event, ObjectId};
use serde_json::Value;

use crate::surface::Surface;
use crate::views::View;

/// Notes whose data an answer holds; nothing where that is not logged.
#[derive(Clone, Copy)]
pub(crate) struct Concerning<'a>(Option<About<'a>>);

impl<'a> Concerning<'a> {
    /// The notes of the request that a resolver works for.
    pub(crate) fn of(context: &ResolverContext<'a>) -> Result<Self> {
        Ok(Self::by(Surface::of(context)?, context.ctx.data_opt::<Arc<Concerned>>()))
    }

    /// The same, where both are at hand.
    pub(crate) fn by(surface: &'a Surface, concerned: Option<&'a Arc<Concerned>>) -> Self {
        Self(concerned.and_then(|concerned| About::new(&surface.catalogue, concerned)))
    }

    /// An object that is seen, or was to be seen, through a view.
    pub(crate) fn object(self, view: &View, id: ObjectId, ended: Ended) {
        self.seen(&view.object_type, (&view.name, view.processing.as_ref()), id, ended);
    }

    /// An object of this type, of which no view tells.
    pub(crate) fn of_type(self, object_type: &Arc<str>, id: ObjectId) {
        self.seen(object_type, (object_type, None), id, Ended::Done);
    }

    fn seen(self, object_type: &Arc<str>, view: (&str, Option<&Arc<str>>), id: ObjectId, ended: Ended) {
        if let Self(Some(about)) = self {
            about.object(id, object_type, view, ended);
        }
    }

    /// Whoever these values of a field of an object refer to, which are told as they are.
    pub(crate) fn values(self, object_type: &str, field: &str, values: [&Option<Value>; 2]) {
        for value in values.into_iter().flatten() {
            if let Self(Some(about)) = self {
                about.value((object_type, field), value);
            }
        }
    }

    /// Whoever an event bears on, which is seen.
    pub(crate) fn event(self, event: &Event) {
        if let Self(Some(about)) = self {
            about.event(event, Verb::Read, Ended::Done);
        }
    }

    /// Somebody who is asked about by no more than an id.
    pub(crate) fn somebody<T>(self, id: Option<ObjectId>, what: &str, answer: Result<T>) -> Result<T> {
        if let (Self(Some(about)), Some(id)) = (self, id) {
            about.somebody(id, what, ended(&answer));
        }
        answer
    }

    /// Somebody of whom it does not show whether there was anything that the caller may not see.
    pub(crate) fn perhaps(self, id: ObjectId, what: &str) {
        if let Self(Some(about)) = self {
            about.somebody(id, what, Ended::Denied);
        }
    }

    /// Somebody whose records in the processing log are asked for.
    pub(crate) fn inspected<T>(self, id: ObjectId, answer: Result<T>) -> Result<T> {
        if let Self(Some(about)) = self {
            about.inspected(id, ended(&answer));
        }
        answer
    }
}

/// How it ends for who was let in, or was not.
fn ended<T>(answer: &Result<T>) -> Ended {
    if answer.is_ok() { Ended::Done } else { Ended::Denied }
}
