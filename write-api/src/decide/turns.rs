//! What comes to wait for a clerk through a command, and what no longer does: for the index of work lists.
//!
//! The index only finds events to fold, so a turn too many costs a fold; one that is missing would hide work.

use std::sync::Arc;

use read_model::event::{Body, Event, EventKind, Position};
use read_model::fold::Contrast;
use read_model::work::{WorkKind, open_or_suspended};

use super::draft::Draft;
use super::evidence::Evidence;
use super::view::event;
use super::{Desk, Stop};

/// From an event on, another waits for something else than before, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The event that waits.
    pub position: Position,
    /// Its type.
    pub event_type: Arc<str>,
    /// From which event on.
    pub since: Position,
    /// What it waits for; none where it no longer does.
    pub becomes: Option<WorkKind>,
}

impl Turn {
    fn of(event: &Event, since: Position, becomes: Option<WorkKind>) -> Self {
        Self { position: event.position, event_type: Arc::clone(&event.event_type), since, becomes }
    }
}

/// Those of a draft that nobody has judged: it waits, and nothing else changes.
fn of_unjudged(draft: &Draft) -> Option<Vec<Turn>> {
    let first = draft.events.first().filter(|_| draft.assumed.is_some())?;
    Some(vec![Turn::of(first, first.position, WorkKind::unjudged(first.kind()))])
}

/// Those of a claim that is registered after all that counts, or of its acceptance: nothing that stands changes.
pub(super) fn at_the_end(desk: Desk<'_>, draft: &Draft) -> Result<Vec<Turn>, Stop> {
    if let Some(turns) = of_unjudged(draft) {
        return Ok(turns);
    }
    let judging = draft.events.first().filter(|first| matches!(first.body, Body::Validation { .. }));
    let Some((judging, target)) = judging.and_then(|first| Some((first, first.target()?))) else {
        return Ok(Vec::new());
    };
    let judged = event(desk.view, target, desk.known)?;
    Ok(judged.map(|judged| Turn::of(&judged, judging.position, None)).into_iter().collect())
}

/// Those that the history before and with a draft differ by.
pub(super) fn between(draft: &Draft, evidence: &Evidence<'_>) -> Vec<Turn> {
    if let Some(turns) = of_unjudged(draft) {
        return turns;
    }
    let since = draft.events.last().map_or(Position::START, |last| last.position);
    let waits = evidence.history.events().iter().filter(|event| event.kind() != EventKind::Validation);
    waits.filter_map(|event| Some(Turn::of(event, since, turn(evidence, event)?))).collect()
}

/// What an event becomes, where that may be another thing than it was.
fn turn(evidence: &Evidence<'_>, event: &Event) -> Option<Option<WorkKind>> {
    let contrast = &evidence.contrast;
    let Contrast { before, after, .. } = contrast;
    let id = event.id;
    let (was, is) = (before.claim(id), after.claim(id));
    let waited = open_or_suspended(before.resolution(), id);
    let waits = open_or_suspended(after.resolution(), id);
    // Of who counts, only those whose rules may read what changed.
    let looked_at = is.filter(|claim| was.is_none() || contrast.may_break(claim));
    if looked_at.is_some_and(|claim| after.is_contested(claim)) {
        return Some(Some(WorkKind::Contested));
    }
    let stopped = was.is_some() && is.is_none();
    let relieved = looked_at.is_some() && was.is_some_and(|claim| before.is_contested(claim));
    (waited != waits || stopped || relieved).then_some(waits)
}
