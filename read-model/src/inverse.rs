//! Inverse references: which objects refer to an object, as known at a position, on a day.
//!
//! Whatever ever made an object refer to another is among the other's own events. So its events tell whom to look at,
//! and folding those tells which of them do refer to it: late registrations and corrections included.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalogue::{Catalogue, EvaluationError, Inverse};
use crate::event::{Body, Event, EventId, EventKind, ObjectId, Position, Verdict};
use crate::fold::{Bound, Meaning, World};
use crate::history::History;
use crate::time::Day;

/// The objects that may refer to one, by its events up to a position; a history that is complete for it has them all.
#[must_use]
pub fn candidates(
    catalogue: &Catalogue,
    inverse: &Inverse,
    to: ObjectId,
    history: &History,
    up_to: Position,
) -> BTreeSet<ObjectId> {
    let events = history.of_object(to).take_while(|event| event.position <= up_to);
    candidates_by(catalogue, inverse, events)
}

/// The same by the events of that object, wherever they come from.
pub fn candidates_by<'a>(
    catalogue: &Catalogue,
    inverse: &Inverse,
    events: impl IntoIterator<Item = &'a Arc<Event>>,
) -> BTreeSet<ObjectId> {
    events.into_iter().flat_map(|event| referring_by(catalogue, inverse, event)).collect()
}

/// The objects that may come to refer by an event.
fn referring_by(catalogue: &Catalogue, inverse: &Inverse, event: &Event) -> Vec<ObjectId> {
    let Some(content) = event.body.content() else { return Vec::new() };
    let mut roles = inverse.roles_in(&event.event_type).peekable();
    if roles.peek().is_none() {
        return Vec::new();
    }
    let Some(event_type) = catalogue.event_types.get(&event.event_type) else { return Vec::new() };
    if let Ok(meaning) = Meaning::of(catalogue, event_type, event) {
        return roles.flat_map(|place| meaning.in_role(place)).copied().collect();
    }
    // What cannot be read, or has no effects that can be computed, fails and is reported where it is folded.
    let Ok(data) = event_type.upcast(&event.event_version, content) else { return Vec::new() };
    let roles = roles.filter_map(|place| event_type.roles.get_index(place));
    roles.flat_map(|(_, role)| event_type.in_role(role, &data)).collect()
}

/// Whether an object that refers to another neither at a place nor after it may come to do so by an event of it: by one that
/// bears on the other too, as whatever makes it refer does, or by one that may take back what displaced the reference.
/// `judged` finds what a Validation is of.
pub fn may_refer_again(event: &Event, to: ObjectId, judged: impl Fn(EventId) -> Option<EventKind>) -> bool {
    event.object_ids.contains(&to) || may_take_back(event, judged)
}

/// Whether something that counted may no longer count through an event. `judged` finds what a Validation is of.
pub fn may_take_back(event: &Event, judged: impl Fn(EventId) -> Option<EventKind>) -> bool {
    match event.body {
        Body::Claim(_) => !event.references.is_empty(),
        Body::Validation { verdict: Verdict::Accepted, .. } => {
            event.target().and_then(judged) != Some(EventKind::Claim)
        }
        Body::Validation { .. } | Body::Amend { .. } | Body::Annul { .. } => true,
    }
}

/// The candidates that refer to the object on a day, in the order of their ids.
///
/// # Errors
/// [`EvaluationError`] where the condition of the inverse cannot be computed on an object.
pub fn referring(
    catalogue: &Catalogue,
    inverse: &Inverse,
    to: ObjectId,
    candidates: &BTreeSet<ObjectId>,
    world: &World,
    day: Day,
) -> Result<Vec<ObjectId>, EvaluationError> {
    let mut found = Vec::new();
    for id in candidates {
        if world.refers(catalogue, inverse, (*id, to), (day, Bound::EndOf(day)))? {
            found.push(*id);
        }
    }
    Ok(found)
}
