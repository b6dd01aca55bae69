//! Which events came to be worth something else with one that was registered.

use std::sync::Arc;

use super::{EventReader, ReadError};
use crate::event::{Event, EventKind};
use crate::fold::Status;
use crate::log::Log;

/// An event that came to be worth something else.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Which.
    pub event: Arc<Event>,
    /// What it was worth before; none where it was not there.
    pub before: Option<Status>,
    /// What it is worth now.
    pub after: Status,
}

impl EventReader {
    /// What came to be worth something else with this event, itself included, in position order.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn turns(&self, event: &Arc<Event>) -> Result<Vec<Turn>, ReadError> {
        let itself = |after| Turn { event: Arc::clone(event), before: None, after };
        match event.kind() {
            // Nobody has judged it yet, so that it bears on nothing.
            EventKind::Claim | EventKind::Correction => Ok(vec![itself(Status::Claimed)]),
            EventKind::Validation => {
                let (before, after) = (Log::up_to(event.position.plus(-1)), Log::up_to(event.position));
                let told = self.consequences(&before, &after, event.object_ids.iter().copied()).await?;
                let turn = |affected: crate::fold::AffectedEvent| Turn {
                    event: affected.event,
                    before: Some(affected.before.status),
                    after: affected.after.status,
                };
                let turns = told.events.into_iter().map(turn);
                Ok(turns.chain([itself(Status::Validated)]).collect())
            }
        }
    }
}
