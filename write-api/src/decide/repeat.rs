//! The same command again: recognised by its event's id, and answered as the first time.

use std::sync::Arc;

use read_model::event::{Event, EventId};

use super::draft::{Draft, acceptance_id, finding};
use super::{Desk, Stop};
use crate::outcome::FindingCode;

/// The events that this command became before; none where its id is new.
///
/// # Errors
/// Refused as `ID_REUSED` where the id belongs to an event with other content.
pub(super) fn stored(desk: Desk<'_>, draft: &Draft) -> Result<Option<Vec<Arc<Event>>>, Stop> {
    let Some(first) = draft.events.first() else {
        return Ok(None);
    };
    let find = |id: EventId| desk.view.event(id).flatten();
    let Some(found) = find(first.id) else {
        return Ok(None);
    };
    let followed = find(acceptance_id(first.id));
    let expected = draft.events.get(1);
    let same = is_same(&found, first)
        && match (&followed, expected) {
            (Some(stored), Some(expected)) => is_same(stored, expected),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
    if same {
        return Ok(Some(std::iter::once(found).chain(followed).collect()));
    }
    let message =
        format!("the id {} belongs to an event with other content; give this one an id of its own", first.id);
    Err(finding(FindingCode::IdReused, message, &["id"]).into())
}

/// Whether a stored event says what the draft says. What the store derived, objects and moments, is not compared.
fn is_same(stored: &Event, draft: &Event) -> bool {
    stored.body == draft.body
        && stored.event_type == draft.event_type
        && stored.event_version == draft.event_version
        && stored.source == draft.source
        && stored.references == draft.references
        && (draft.body.content().is_none() || stored.occurred_at == draft.occurred_at)
}
