//! The same command again: recognised by its event's id, and answered as the first time.

use std::sync::Arc;

use read_model::event::{Event, Position};

use super::draft::{Draft, finding};
use super::view::event;
use super::{Desk, Stop};
use crate::outcome::FindingCode;

/// The events that this command became before; none where its id is new.
///
/// # Errors
/// Refused as `ID_REUSED` where the id belongs to an event with other content.
pub(super) fn stored(desk: Desk<'_>, draft: &Draft) -> Result<Option<Vec<Arc<Event>>>, Stop> {
    let Some(first) = draft.events.first() else { return Ok(None) };
    let at_hand = |event: &Event| -> Option<Arc<Event>> {
        let object = event.object_ids.first()?;
        desk.view.of_object(*object)?.into_iter().find(|stored| stored.id == event.id)
    };
    let elsewhere = || desk.view.event(first.id).flatten();
    let Some(found) = at_hand(first).or_else(elsewhere) else { return Ok(None) };
    let mut stored = vec![found];
    for follower in &draft.events[1..] {
        stored.extend(event(desk.view, follower.id, Position::new(i64::MAX))?);
    }
    let same = stored.len() == draft.events.len()
        && stored.iter().zip(&draft.events).all(|(stored, draft_event)| is_same(stored, draft_event, draft));
    if same {
        return Ok(Some(stored));
    }
    let message = format!("the id {} belongs to an event with other content; give this one an id of its own", first.id);
    Err(finding(FindingCode::IdReused, message, &["id"]).into())
}

/// Whether a stored event says what the draft says. Objects and moments that the store derived are not compared.
fn is_same(stored: &Event, draft_event: &Event, draft: &Draft) -> bool {
    stored.body == draft_event.body
        && stored.event_type == draft_event.event_type
        && stored.event_version == draft_event.event_version
        && stored.source == draft_event.source
        && stored.references == draft_event.references
        && (!draft.occurred_at_given || stored.occurred_at == draft_event.occurred_at)
}
