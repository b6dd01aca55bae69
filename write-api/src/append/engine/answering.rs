//! Answers: with the events as they were committed, and the basis of each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::basis::{Basis, Trust};
use read_model::event::{Event, EventId, Position};
use read_model::hashed::HashMap;

use super::{Answer, Decided, Engine};
use crate::append::mirror::Head;
use crate::append::{AppendError, EngineError};
use crate::outcome::{Finding, Outcome};

/// What a batch committed.
pub(super) struct Committed {
    /// Where the log ended before.
    before: Head,
    /// The events, with the moments that the store gave them, in position order.
    events: Vec<Arc<Event>>,
    index: HashMap<EventId, usize>,
}

impl Committed {
    /// A batch that ended the log here committed these.
    pub(super) fn new(before: Head, events: Vec<Arc<Event>>) -> Self {
        let index = events.iter().enumerate().map(|(index, event)| (event.id, index)).collect();
        Self { before, events, index }
    }

    /// The events as they stand in the log.
    fn finals(&self, events: Vec<Arc<Event>>) -> Vec<Arc<Event>> {
        let last = |event: Arc<Event>| {
            self.index.get(&event.id).map_or(event, |index| Arc::clone(&self.events[*index]))
        };
        events.into_iter().map(last).collect()
    }

    fn created_at(&self, position: Position) -> Option<DateTime<Utc>> {
        match usize::try_from(position.get() - self.before.position.get()).ok()? {
            0 => Some(self.before.created_at),
            steps => self.events.get(steps - 1).map(|event| event.created_at),
        }
    }
}

impl Engine {
    /// Turns decisions into answers: with the events as they were committed, and the basis of each.
    pub(super) async fn answer(
        &mut self,
        decided: Vec<Decided>,
        committed: &Committed,
    ) -> Result<Vec<Result<Outcome, AppendError>>, EngineError> {
        let mut outcomes = Vec::with_capacity(decided.len());
        for Decided { result, known, dry_run } in decided {
            let outcome = match result {
                Err(error) => Err(error),
                Ok(answer) => Ok(self.outcome(answer, known, dry_run, committed).await?),
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn outcome(
        &mut self,
        answer: Answer,
        known: Position,
        dry_run: bool,
        committed: &Committed,
    ) -> Result<Outcome, EngineError> {
        let events: Vec<Arc<Event>> =
            if dry_run && !answer.repeated { answer.events } else { committed.finals(answer.events) };
        let position = match events.first().filter(|_| answer.repeated) {
            Some(first) => first.position.plus(-1),
            None => known,
        };
        let known_at = match committed.created_at(position) {
            Some(created_at) => created_at,
            None => self.mirror.created_at(position).await?,
        };
        let registered =
            events.first().map_or_else(|| self.mirror.next_created_at(), |event| event.created_at);
        let finals = |finding: Finding| Finding { because: committed.finals(finding.because), ..finding };
        Ok(Outcome {
            refusals: answer.refusals.into_iter().map(finals).collect(),
            warnings: answer.warnings.into_iter().map(finals).collect(),
            repeated: answer.repeated,
            basis: Basis {
                object: None,
                position,
                known_at,
                as_of: self.catalogue.zone.day(registered),
                min_trust: Trust::Validated,
                catalogue: Arc::clone(&self.catalogue.hash),
            },
            events,
        })
    }
}
