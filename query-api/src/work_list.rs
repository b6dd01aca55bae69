//! What waits for a clerk, oldest first: a Relay connection. Candidates of the index, folded to see which of them wait.

mod item;

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use chrono::TimeDelta;
use read_model::event::{Event, Position};
use read_model::reader::WorkFilter;
use read_model::time::Moment;
use read_model::work::WorkKind;

use self::item::ItemAt;
use crate::arguments::{self, given};
use crate::concerning::Concerning;
use crate::cursor;
use crate::entitled::Entitled;
use crate::event_page::{declare_page, event_types, first};
use crate::reading::{Point, Reading};
use crate::refusal::Refusal;
use crate::surface::Surface;
use crate::types::page_info::{self, PageInfo};
use crate::types::{Plain, basis_field, text, with_plain};

/// How many candidates one question looks at, at most; then its page ends, and the next goes on from there.
const LOOKED_AT: usize = 1_000;

/// What its cursors are of.
const KIND: &str = "work";

/// A page of what waits.
struct Found {
    point: Point,
    items: Vec<ItemAt>,
    /// Whether the page begins after a cursor.
    after: bool,
    /// The last event that was looked at, where there may be more behind it.
    more_after: Option<Position>,
}

/// The root field.
pub(crate) fn root() -> Field {
    let field = Field::new("workList", TypeRef::named_nn("WorkConnection"), |context| {
        FieldFuture::new(
            async move { resolve(&context).await.map(|found| Some(FieldValue::owned_any(found))) },
        )
    });
    let kinds = InputValue::new("kinds", TypeRef::named_nn_list("WorkKind"));
    let types = InputValue::new("eventTypes", TypeRef::named_nn_list(TypeRef::STRING));
    let object = InputValue::new("objectId", TypeRef::named("UUID"));
    let before = InputValue::new("registeredBefore", TypeRef::named("Moment"));
    let after = InputValue::new("registeredAfter", TypeRef::named("Moment"));
    let field = field
        .argument(kinds.description("Only what waits for one of these; without it, whatever waits."))
        .argument(types.description("Only events of these types."))
        .argument(object.description("Only events that bear on this object."))
        .argument(
            before.description("Only events registered before this moment; of a date, before that day."),
        )
        .argument(after.description("Only events registered after this moment; of a date, after that day."));
    arguments::declare_known_at(declare_page(field)).description(
        "What waits for a clerk: claims and corrections that nobody has judged, and claims that are contested or suspended. In the order of registration, page by page.",
    )
}

/// The GraphQL types.
pub(crate) fn objects() -> [Object; 4] {
    let [item, remedy] = item::objects();
    [connection(), edge(), item, remedy]
}

async fn resolve(context: &ResolverContext<'_>) -> Result<Found> {
    Entitled::of(context)?.every_event()?;
    let first = first(context)?;
    let after = after(context)?;
    let known_at = arguments::moment(context, "knownAt")?;
    let filter = filter(context, after).await?;
    let point = Reading::of(context)?.point_of_events(known_at).await?;
    let found = Found { point, items: Vec::new(), after: after.is_some(), more_after: None };
    let found = found.filled(Reading::of(context)?, filter, first).await?;
    let concerning = Concerning::of(context)?;
    found.items.iter().for_each(|item| concerning.event(&item.event));
    Ok(found)
}

impl Found {
    /// Looks at candidates, a page at a time, until the page is full.
    async fn filled(mut self, reading: &Reading, mut filter: WorkFilter, first: usize) -> Result<Self> {
        let at_once = first + 1;
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let candidates = reading.may_wait(&filter, self.point, at_once).await?;
            let mut events: Vec<Arc<Event>> =
                candidates.iter().map(|found| Arc::clone(&found.event)).collect();
            events.dedup_by_key(|event| event.position);
            let items = reading.work(&events, self.point).await?;
            for (event, item) in events.iter().zip(items) {
                let Some(item) = item.filter(|item| filter.kinds.contains(&item.kind)) else { continue };
                if self.items.len() == first {
                    // One more than the page holds: the next begins behind the last of this one.
                    self.more_after = self.items.last().map(|item| item.event.position);
                    return Ok(self);
                }
                let mut of_event = candidates.iter().filter(|found| found.event.position == event.position);
                let own = of_event.clone().find(|found| found.kind == item.kind).or_else(|| of_event.next());
                let since = own.map_or_else(|| Arc::clone(event), |found| Arc::clone(&found.since));
                self.items.push(ItemAt::new(event, item, since, self.point));
            }
            let Some(last) = events.last().filter(|_| candidates.len() == at_once) else { return Ok(self) };
            filter.after = last.position;
            looked_at += candidates.len();
        }
        self.more_after = Some(filter.after);
        Ok(self)
    }
}

async fn filter(context: &ResolverContext<'_>, after: Option<Position>) -> Result<WorkFilter> {
    let surface = Surface::of(context)?;
    let (reading, zone) = (Reading::of(context)?, surface.catalogue.zone);
    let event_types = event_types(context, &surface.catalogue)?;
    let object = arguments::id(context, "objectId")?;
    let [before, since] =
        ["registeredBefore", "registeredAfter"].map(|name| arguments::moment(context, name));
    let up_to = match before? {
        None => Position::new(i64::MAX),
        Some(moment) => {
            let begins = match moment {
                Moment::Instant(instant) => instant,
                Moment::Day(day) => zone.start_of(day),
            };
            reading.position_at(begins - TimeDelta::microseconds(1)).await?
        }
    };
    let since = match since? {
        None => Position::START,
        Some(moment) => reading.position_at(moment.last_instant(zone)).await?,
    };
    let after = after.unwrap_or_default().max(since);
    Ok(WorkFilter { kinds: kinds(context), event_types, object, after, up_to })
}

/// The kinds in `kinds`; all, where none are given. The schema has let nothing else pass.
fn kinds(context: &ResolverContext<'_>) -> Vec<WorkKind> {
    let Some(value) = given(context, "kinds") else { return WorkKind::ALL.to_vec() };
    match value.list() {
        Ok(list) => list.iter().filter_map(|kind| WorkKind::from_name(kind.enum_name().ok()?)).collect(),
        Err(_) => value.enum_name().ok().and_then(WorkKind::from_name).into_iter().collect(),
    }
}

const EDGE: [Plain<ItemAt>; 1] = [("cursor", "String!", "Pass it on as `after` to go on from here.", |at| {
    text(cursor::write(KIND, at.event.position))
})];

fn edge() -> Object {
    let node = Field::new("node", TypeRef::named_nn("WorkItem"), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::borrowed_any(context.parent_value.try_downcast_ref::<ItemAt>()?)))
        })
    });
    with_plain(Object::new("WorkEdge"), &EDGE)
        .field(node.description("What waits."))
        .description("Something that waits, in a page.")
}

fn connection() -> Object {
    let edges = Field::new("edges", TypeRef::named_nn_list_nn("WorkEdge"), |context| {
        FieldFuture::new(async move {
            let found = context.parent_value.try_downcast_ref::<Found>()?;
            Ok(Some(FieldValue::list(found.items.iter().cloned().map(FieldValue::owned_any))))
        })
    });
    let page_info = page_info::field(|context| {
        let found = context.parent_value.try_downcast_ref::<Found>()?;
        let position = |item: Option<&ItemAt>| item.map(|item| item.event.position);
        let last = found.more_after.or_else(|| position(found.items.last()));
        Ok(PageInfo {
            more: found.more_after.is_some(),
            after: found.after,
            start: position(found.items.first()).map(|position| cursor::write(KIND, position)),
            end: last.map(|position| cursor::write(KIND, position)),
        })
    });
    let basis = basis_field(|context| {
        let found = context.parent_value.try_downcast_ref::<Found>()?;
        Ok(found.point.basis(None, &Surface::of(context)?.catalogue.hash))
    });
    Object::new("WorkConnection")
        .description(
            "A page of what waits for a clerk. It may have fewer than were asked for, and more behind it.",
        )
        .field(edges.description("What waits, each with its cursor."))
        .field(page_info)
        .field(basis)
}

fn after(context: &ResolverContext<'_>) -> Result<Option<Position>, Refusal> {
    let Some(value) = given(context, "after") else { return Ok(None) };
    let text = value.string().map_err(|_| Refusal::After(door::shown(value.as_value())))?;
    let position = Position::new(cursor::read(KIND, text)?);
    // No event stands before the first.
    if position > Position::START { Ok(Some(position)) } else { Err(Refusal::After(door::shown_text(text))) }
}
