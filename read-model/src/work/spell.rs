//! From when until when an event waited: for an index of it, built from the log.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{WorkKind, kind};
use crate::basis::Trust;
use crate::catalogue::Catalogue;
use crate::event::{Event, EventId, EventKind, Position};
use crate::fold::{FoldError, Folded};
use crate::hashed::HashMap;
use crate::history::History;
use crate::resolve::Assuming;

/// A stretch of the formal line on which an event waited for the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Spell {
    /// The event that waited.
    pub event: Arc<Event>,
    /// What for.
    pub kind: WorkKind,
    /// The event with which that began.
    pub since: Position,
    /// The event with which it ended; none where it has not.
    pub until: Option<Position>,
}

/// The spells of these events, by a history that is complete for all that they bear on, in no particular order.
///
/// What is registered together, a microsecond after the event before it, is known together: a claim that is validated in
/// the same step never waited.
///
/// # Errors
/// [`FoldError`].
pub fn spells(
    catalogue: &Catalogue,
    history: &History,
    events: &[Arc<Event>],
) -> Result<Vec<Spell>, FoldError> {
    let known = history.events();
    let waiting: Vec<&Arc<Event>> =
        events.iter().filter(|event| event.kind() != EventKind::Validation).collect();
    let first = waiting.iter().map(|event| event.position).min();
    let mut open: HashMap<EventId, Spell> = HashMap::default();
    let mut spells = Vec::new();
    // Where what is registered together begins.
    let mut together = None;
    for (index, at) in known.iter().enumerate() {
        let begun = *together.get_or_insert(at.position);
        let followed = known.get(index + 1).is_some_and(|next| is_together(at, next));
        if followed || first.is_none_or(|first| at.position < first) {
            together = together.filter(|_| followed);
            continue;
        }
        together = None;
        let folded = Folded::at(catalogue, history, at.position, Trust::Validated, Assuming::default())?;
        for event in waiting.iter().filter(|event| event.position <= at.position) {
            let becomes = kind(&folded, event.id);
            if open.get(&event.id).map(|spell| spell.kind) == becomes {
                continue;
            }
            let ended = open.remove(&event.id);
            spells.extend(ended.map(|spell| Spell { until: Some(at.position), ..spell }));
            let Some(kind) = becomes else { continue };
            // What nobody judges waits from the beginning.
            let own = event.position >= begun && WorkKind::unjudged(event.kind()) == becomes;
            let since = if own { event.position } else { at.position };
            open.insert(event.id, Spell { event: Arc::clone(event), kind, since, until: None });
        }
    }
    spells.extend(open.into_values());
    Ok(spells)
}

/// Whether an event was registered together with the one before it.
fn is_together(event: &Event, next: &Event) -> bool {
    next.position == event.position.plus(1)
        && next.created_at - event.created_at <= TimeDelta::microseconds(1)
}
