//! Events as they are registered, or as they come to be worth something else: from a position on, without a gap, and then live.

use std::collections::VecDeque;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SubscriptionField,
    SubscriptionFieldFuture, TypeRef,
};
use door::{faults, resumes_after};
use futures::{Stream, TryStreamExt};
use read_model::event::{Event, Position};
use read_model::fold::Status;
use read_model::reader::{Followed, Seen, Told, Wanted};

use super::Live;
use super::cursor::{Cursor, Within};
use super::filter;
use crate::arguments::given;
use crate::entitled::Entitled;
use crate::event::EventAt;
use crate::reading::{Point, Reading};
use crate::refusal::Refusal;
use crate::types::{Plain, text, with_plain};

/// A message.
struct Added {
    told: Told,
    /// As things were known just then.
    point: Point,
    cursor: Cursor,
}

/// The root field.
pub(super) fn root() -> SubscriptionField {
    let field = SubscriptionField::new("eventAdded", TypeRef::named_nn("EventAdded"), |context| {
        SubscriptionFieldFuture::new(follow(context))
    });
    let after = InputValue::new("after", TypeRef::named(TypeRef::STRING)).description(
        "Everything after this: the `cursor` of a message, a cursor of `events`, or a position in digits, `0` for all \
         that there is. Without it, what is registered from now on.",
    );
    let filter = InputValue::new("filter", TypeRef::named("EventFilterInput"));
    field.argument(after).argument(filter.description("Which events.")).description(
        "Each event after a point of the log, in the order of registration, without a gap and each once; and then each \
         as it is registered.",
    )
}

const FIELDS: [Plain<Added>; 2] = [
    ("position", "Position!", "The place in the log with which this came to be told.", |added| {
        added.told.through.position.get().into()
    }),
    ("cursor", "String!", "Subscribe after this to go on from here.", |added| text(added.cursor)),
];

/// The GraphQL type.
pub(super) fn object() -> Object {
    let event = |name: &str, of: fn(&Added) -> &Arc<Event>| {
        Field::new(name, TypeRef::named_nn("Event"), move |context| {
            FieldFuture::new(async move {
                let added = context.parent_value.try_downcast_ref::<Added>()?;
                let event = of(added);
                if !Entitled::of(&context)?.events()?.shows(event) {
                    return Err(faults::forbidden(
                        "you may not read the event with which this came to be told",
                    ));
                }
                let event = EventAt::shown(&context, Arc::clone(event), added.point)?;
                Ok(Some(FieldValue::owned_any(event)))
            })
        })
    };
    let status = Field::new("status", TypeRef::named_nn("EventStatus"), |context| {
        FieldFuture::new(async move { Ok(Some(FieldValue::value(text(status(&context).await?.name())))) })
    });
    let before = Field::new("previousStatus", TypeRef::named("EventStatus"), |context| {
        FieldFuture::new(async move {
            let turned = context.parent_value.try_downcast_ref::<Added>()?.told.turned;
            let before = turned.and_then(|(_, before)| before);
            Ok(before.map(|status| FieldValue::value(text(status.name()))))
        })
    });
    with_plain(Object::new("EventAdded"), &FIELDS)
        .description(
            "An event that was registered, or that came to be worth something else, as known just then.",
        )
        .field(event("event", |added| &added.told.event).description("The event."))
        .field(status.description("What the event is worth with it."))
        .field(before.description(
            "What the event was worth before; null where that is not what is told, or it was not there.",
        ))
        .field(event("through", |added| &added.told.through).description(
            "The event with which it came to be told: itself, or the judgement that turned what it is worth.",
        ))
}

async fn status(context: &ResolverContext<'_>) -> Result<Status> {
    let added = context.parent_value.try_downcast_ref::<Added>()?;
    match added.told.turned {
        Some((status, _)) => Ok(status),
        None => {
            let standing = Reading::of(context)?.standing(&added.told.event, added.point).await?;
            standing
                .map(|standing| standing.status)
                .ok_or_else(|| faults::internal(&Unknown(added.told.event.position)))
        }
    }
}

/// An event is not known where it was registered.
#[derive(Debug, thiserror::Error)]
#[error("the event at position {0} is not known there")]
struct Unknown(Position);

async fn follow<'a>(
    context: ResolverContext<'a>,
) -> Result<impl Stream<Item = Result<FieldValue<'a>>> + Send + 'a> {
    let seen = Entitled::of(&context)?.events()?;
    let wanted = filter::read(&context)?;
    let live = Live::of(&context)?.clone();
    let end = live.reading().point_of_events(None).await?.snapshot.position;
    let after = match given(&context, "after").and_then(|after| after.string().ok()) {
        Some(after) => after.parse::<Cursor>()?,
        None => Cursor::Event(end),
    };
    if after.position() > end {
        return Err(Refusal::Beyond { after: after.position(), end }.into());
    }
    let followed = live.feed.follow(wanted.to_read(), wanted.seen_in_log(&seen), after.position());
    let source =
        Source { live, wanted, seen, after, followed, read: VecDeque::new(), ready: VecDeque::new() };
    let messages = futures::stream::try_unfold(source, async |mut source| {
        let message = source.next().await?;
        Ok::<_, async_graphql::Error>(Some((message, source)))
    });
    Ok(messages.and_then(move |message| {
        let told = told(&context, message);
        std::future::ready(told)
    }))
}

/// Each message is looked at anew: whether the caller may see it, and from where on the next follow.
fn told<'a>(context: &ResolverContext<'a>, message: Added) -> Result<FieldValue<'a>> {
    Entitled::of(context)?.events()?;
    resumes_after(context, message.cursor.to_string());
    Ok(FieldValue::owned_any(message))
}

/// Where messages come from: what was read and not looked at, and what was found and not told, a page at most.
struct Source {
    live: Live,
    wanted: Wanted,
    seen: Seen,
    after: Cursor,
    followed: Followed,
    read: VecDeque<Arc<Event>>,
    ready: VecDeque<Added>,
}

impl Source {
    async fn next(&mut self) -> Result<Added> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(message);
            }
            match self.read.pop_front() {
                Some(event) => self.look_at(event).await?,
                None => {
                    self.read = self.followed.next().await.map_err(|error| faults::internal(&error))?.into()
                }
            }
        }
    }

    async fn look_at(&mut self, through: Arc<Event>) -> Result<()> {
        let point = self.live.reading().as_registered(&through);
        let told = self.live.reader.told(&self.wanted, &through).await;
        let mut told = told.map_err(|error| faults::internal(&error))?;
        told.retain(|told| self.seen.shows(&told.event));
        told.retain(|told| !self.after.told(through.position, told.event.position));
        let last = told.len().saturating_sub(1);
        self.ready.extend(told.into_iter().enumerate().map(|(index, told)| {
            let within = Within { through: through.position, event: told.event.position };
            let cursor = if index == last { Cursor::Event(through.position) } else { Cursor::Turn(within) };
            Added { told, point, cursor }
        }));
        Ok(())
    }
}
