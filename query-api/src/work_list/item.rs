//! An event that waits, why, and what would resolve it.

use std::sync::Arc;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, ResolverContext, TypeRef};
use async_graphql::{Result, Value};
use door::Principal;
use policy::Acts;
use read_model::event::{Event, EventKind};
use read_model::work::{Act, Remedy, WorkItem};

use crate::broken_rule;
use crate::event::EventAt;
use crate::reading::{Point, Reading};
use crate::surface::Surface;
use crate::types::{Plain, date_time, text, with_plain};

/// An event that waits, as known at a point.
#[derive(Clone)]
pub(super) struct ItemAt {
    pub(super) event: Arc<Event>,
    item: Arc<WorkItem>,
    /// The event with which it came to wait.
    since: Arc<Event>,
    point: Point,
}

/// What would resolve it.
struct RemedyAt(Remedy, Point);

impl ItemAt {
    pub(super) fn new(event: &Arc<Event>, item: WorkItem, since: Arc<Event>, point: Point) -> Self {
        Self { event: Arc::clone(event), item: Arc::new(item), since, point }
    }
}

const ITEM: [Plain<ItemAt>; 2] = [
    ("kind", "WorkKind!", "What it waits for.", |at| text(at.item.kind.name())),
    ("since", "DateTime!", "When it came to wait for that.", |at| date_time(at.since.created_at)),
];

const REMEDY: [Plain<RemedyAt>; 4] = [
    (
        "mutation",
        "String!",
        "The mutation of the write API: `validate`, `annul`, or an amend such as `amendGeboorte`.",
        |at| text(at.0.mutation()),
    ),
    ("message", "String!", "What it comes to, for a clerk.", |at| text(&at.0.message)),
    ("sourceTypes", "[String!]!", "The source types that may do it.", |at| {
        Value::List(at.0.source_types.iter().map(text).collect())
    }),
    ("fourEyes", "Boolean!", "Whether it takes another than who made the target.", |at| {
        at.0.four_eyes.into()
    }),
];

/// The GraphQL types.
pub(super) fn objects() -> [Object; 2] {
    [item(), remedy()]
}

fn item() -> Object {
    let event = Field::new("event", TypeRef::named_nn("Event"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<ItemAt>()?;
            shown(&context, &at.event, at.point).map(Some)
        })
    });
    let causes = Field::new("causes", TypeRef::named_nn_list_nn("Event"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<ItemAt>()?;
            let causes = causes(at, Reading::of(&context)?).await?;
            EventAt::list(&context, causes, at.point).map(Some)
        })
    });
    let broken = Field::new("brokenRules", TypeRef::named_nn_list_nn("BrokenRule"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<ItemAt>()?;
            Ok(Some(broken_rule::list(&at.item.broken, at.point)))
        })
    });
    let resolved_by = Field::new("resolvedBy", TypeRef::named_nn_list_nn("Remedy"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<ItemAt>()?;
            let remedies = at.item.resolved_by.iter().map(|remedy| RemedyAt(remedy.clone(), at.point));
            Ok(Some(FieldValue::list(remedies.map(FieldValue::owned_any))))
        })
    });
    with_plain(Object::new("WorkItem"), &ITEM)
        .description("An event that waits for a clerk.")
        .field(event.description("The event."))
        .field(causes.description("The events that make it so, oldest first: what suspends or contests it, with the corrections and rejections through which it does; none where it is only that nobody has judged it."))
        .field(broken.description("The rules that it breaks, where it is contested."))
        .field(resolved_by.description("What would resolve it: one of these, nearest first. What nobody may do is left out."))
}

fn remedy() -> Object {
    let target = Field::new("target", TypeRef::named_nn("Event"), |context| {
        FieldFuture::new(async move {
            let RemedyAt(remedy, point) = context.parent_value.try_downcast_ref::<RemedyAt>()?;
            shown(&context, &remedy.target, *point).map(Some)
        })
    });
    let allowed = Field::new("allowed", TypeRef::named_nn(TypeRef::BOOLEAN), |context| {
        FieldFuture::new(async move {
            let RemedyAt(remedy, _) = context.parent_value.try_downcast_ref::<RemedyAt>()?;
            let (caller, catalogue) = (Principal::of(&context)?.caller(), &Surface::of(&context)?.catalogue);
            let act = match remedy.act {
                Act::Validate => policy::Act::Validate,
                Act::Amend => policy::Act::Amend,
                Act::Annul => policy::Act::Annul,
            };
            let of = catalogue.event_types.get(&remedy.target.event_type);
            let may = of.is_some_and(|of| Acts::of(catalogue).act(&caller, act, of).is_ok());
            let other = !remedy.four_eyes || remedy.target.source.id != caller.source.id;
            Ok(Some(FieldValue::value(may && other)))
        })
    });
    with_plain(Object::new("Remedy"), &REMEDY)
        .description("A command that would resolve an item.")
        .field(target.description("The `target` of its input."))
        .field(allowed.description(
            "Whether you may do it, by your rights and four eyes. Rules are looked at when it is done.",
        ))
}

fn shown<'a>(context: &ResolverContext<'_>, event: &Arc<Event>, point: Point) -> Result<FieldValue<'a>> {
    EventAt::shown(context, Arc::clone(event), point).map(FieldValue::owned_any)
}

/// What makes it so; where that is nothing that stands, because something was taken away, what took it away.
async fn causes(at: &ItemAt, reading: &Reading) -> Result<Vec<Arc<Event>>> {
    if !at.item.causes.is_empty() || at.since.position == at.event.position {
        return Ok(at.item.causes.clone());
    }
    let judged = at.since.target().filter(|_| at.since.kind() == EventKind::Validation);
    let through = match judged {
        Some(target) => reading.event(target, at.point).await?,
        None => Some(Arc::clone(&at.since)),
    };
    Ok(through.into_iter().filter(|event| event.id != at.event.id).collect())
}
