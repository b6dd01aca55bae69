//! Answers: with the events as they were committed, and the basis of each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::basis::{Basis, Trust};
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, Position};
use read_model::hashed::HashMap;
use read_model::time::FIRST_INSTANT;

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

/// Decisions that stand, and what their answers tell beside them.
#[derive(Debug)]
pub(in crate::append) struct Answers {
    decided: Vec<Decided>,
    /// What was committed with them.
    committed: Arc<Committed>,
    /// What was being committed while they were made.
    earlier: Option<Arc<Committed>>,
    /// The moments of the events before those that are repeated.
    moments: HashMap<Position, DateTime<Utc>>,
    /// When an event would be registered now.
    next_created_at: DateTime<Utc>,
    catalogue: Arc<Catalogue>,
}

impl Answers {
    /// The answers, in the order of the decisions: with the events as they were committed, and the basis of each.
    pub(in crate::append) fn outcomes(mut self) -> Vec<Result<Outcome, AppendError>> {
        let decided = std::mem::take(&mut self.decided);
        let outcome = |Decided { result, known, dry_run }| Ok(self.outcome(result?, known, dry_run));
        decided.into_iter().map(outcome).collect()
    }

    fn outcome(&self, answer: Answer, known: Position, dry_run: bool) -> Outcome {
        let batches: Vec<&Committed> =
            std::iter::once(&self.committed).chain(&self.earlier).map(Arc::as_ref).collect();
        let position = decided_at(&answer, known);
        let events: Vec<Arc<Event>> =
            if dry_run && !answer.repeated { answer.events } else { finals(answer.events, &batches) };
        let moment = self.committed.created_at(position).or_else(|| self.moments.get(&position).copied());
        let registered = events.first().map_or(self.next_created_at, |event| event.created_at);
        let told = |finding: Finding| Finding { because: finals(finding.because, &batches), ..finding };
        Outcome {
            refusals: answer.refusals.into_iter().map(told).collect(),
            warnings: answer.warnings.into_iter().map(told).collect(),
            repeated: answer.repeated,
            recorded: answer.records > 0,
            basis: Basis {
                object: None,
                position,
                known_at: moment.unwrap_or(FIRST_INSTANT),
                as_of: self.catalogue.zone.day(registered),
                min_trust: Trust::Validated,
                catalogue: Arc::clone(&self.catalogue.hash),
            },
            events,
        }
    }
}

/// The newest event that an answer was decided on: of what is repeated, the one before it.
fn decided_at(answer: &Answer, known: Position) -> Position {
    answer.events.first().filter(|_| answer.repeated).map_or(known, |first| first.position.plus(-1))
}

impl Engine {
    /// Turns decisions into answers. The batch that was being committed while these decisions were made is the `earlier` one.
    pub(in crate::append) async fn answers(
        &mut self,
        decided: Vec<Decided>,
        committed: Arc<Committed>,
        earlier: Option<Arc<Committed>>,
    ) -> Result<Answers, EngineError> {
        let mut moments = HashMap::default();
        for Decided { result, known, .. } in &decided {
            let Ok(answer) = result else { continue };
            let position = decided_at(answer, *known);
            if committed.created_at(position).is_none() {
                moments.insert(position, self.mirror.created_at(position).await?);
            }
        }
        let next_created_at = self.mirror.next_created_at();
        let catalogue = Arc::clone(&self.catalogue);
        Ok(Answers { decided, committed, earlier, moments, next_created_at, catalogue })
    }
}
