//! What a command asks of the policy once its target, or the caller's own object, is known: within the decision, so that
//! nothing can change in between.

use std::sync::Arc;

use policy::Acts;
use read_model::basis::Trust;
use read_model::catalogue::EventType;
use read_model::event::{Event, EventId};
use read_model::fold::World;
use read_model::history::History;
use serde_json::Value;

use super::draft::{known, unknown_event};
use super::view::{complete, event};
use super::{Desk, Stop};
use crate::command::Command;

/// Whether the caller may claim this, on the validated history as it is known: `data` are those of the current version.
pub(super) fn may_claim(
    desk: Desk<'_>,
    command: &Command,
    event_type: &EventType,
    data: &Value,
) -> Result<(), Stop> {
    if desk.trusted {
        return Ok(());
    }
    let Some(conditional) = Acts::of(desk.catalogue).claim(&command.caller, event_type)? else {
        return Ok(());
    };
    let mut history = History::of([conditional.person]);
    complete(desk.view, desk.catalogue, &mut history, desk.known)?;
    let world = World::fold(desk.catalogue, &history, desk.known, Trust::Validated)?;
    conditional.check(&world, desk.catalogue.zone.day(desk.registered_at), data)?;
    Ok(())
}

/// The target of an act, and the claim at its root; whether it is there is told only to who may know.
pub(super) fn target_of(
    desk: Desk<'_>,
    command: &Command,
    (act, target): (policy::Act, EventId),
) -> Result<(Arc<Event>, Arc<Event>), Stop> {
    let found = event(desk.view, target, desk.known)?;
    let root = found.as_ref().map(|found| root(desk, found)).transpose()?;
    if !desk.trusted {
        let event_type = root.as_ref().and_then(|root| desk.catalogue.event_types.get(&root.event_type));
        Acts::of(desk.catalogue).act_on(&command.caller, act, (target, event_type))?;
    }
    found.zip(root).ok_or_else(|| unknown_event(target, &["target"]).into())
}

/// The claim at the root of an event.
pub(super) fn root(desk: Desk<'_>, found: &Arc<Event>) -> Result<Arc<Event>, Stop> {
    let mut root = Arc::clone(found);
    while let Some(target) = root.target() {
        root = known(desk, target, &["target"])?;
    }
    Ok(root)
}
