//! Answers: with the events as they were committed, and the basis of each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::basis::{Basis, Trust};
use read_model::event::{Event, EventId, Position};
use read_model::hashed::HashMap;

use super::Engine;
use crate::append::batch::{Answer, Decided};
use crate::append::mirror::Head;
use crate::append::{AppendError, EngineError};
use crate::outcome::{Finding, Outcome};

/// What a batch committed.
#[derive(Debug)]
pub(in crate::append) struct Committed {
    /// Where the log ended before.
    before: Head,
    /// The events, with the moments that the store gave them, in position order.
    events: Vec<Arc<Event>>,
    index: HashMap<EventId, usize>,
}

impl Committed {
    /// A batch that ended the log here committed these.
    pub(in crate::append) fn new(before: Head, events: Vec<Arc<Event>>) -> Self {
        let index = events.iter().enumerate().map(|(index, event)| (event.id, index)).collect();
        Self { before, events, index }
    }

    /// An event as it stands in the log, where it is of this batch.
    fn of_batch(&self, id: EventId) -> Option<&Arc<Event>> {
        self.index.get(&id).map(|index| &self.events[*index])
    }

    fn created_at(&self, position: Position) -> Option<DateTime<Utc>> {
        match usize::try_from(position.get() - self.before.position.get()).ok()? {
            0 => Some(self.before.created_at),
            steps => self.events.get(steps - 1).map(|event| event.created_at),
        }
    }
}

/// The events as they stand in the log, by the batches of which they may be.
fn finals(events: Vec<Arc<Event>>, batches: &[&Committed]) -> Vec<Arc<Event>> {
    let last = |event: Arc<Event>| {
        let last = batches.iter().find_map(|batch| batch.of_batch(event.id)).cloned();
        last.unwrap_or(event)
    };
    events.into_iter().map(last).collect()
}

impl Engine {
    /// Turns decisions into answers: with the events as they were committed, and the basis of each. The batch that was being
    /// committed while these decisions were made is the `earlier` one.
    pub(in crate::append) async fn answer(
        &mut self,
        decided: Vec<Decided>,
        committed: &Committed,
        earlier: Option<&Committed>,
    ) -> Result<Vec<Result<Outcome, AppendError>>, EngineError> {
        let mut outcomes = Vec::with_capacity(decided.len());
        for Decided { result, known, dry_run } in decided {
            let outcome = match result {
                Err(error) => Err(error),
                Ok(answer) => Ok(self.outcome(answer, (known, dry_run), committed, earlier).await?),
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn outcome(
        &mut self,
        answer: Answer,
        (known, dry_run): (Position, bool),
        committed: &Committed,
        earlier: Option<&Committed>,
    ) -> Result<Outcome, EngineError> {
        let batches: Vec<&Committed> = std::iter::once(committed).chain(earlier).collect();
        let events: Vec<Arc<Event>> =
            if dry_run && !answer.repeated { answer.events } else { finals(answer.events, &batches) };
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
        let told = |finding: Finding| Finding { because: finals(finding.because, &batches), ..finding };
        Ok(Outcome {
            refusals: answer.refusals.into_iter().map(told).collect(),
            warnings: answer.warnings.into_iter().map(told).collect(),
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
