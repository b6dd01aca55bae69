//! Deciding the requests of a batch, each on top of those before it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;
use processing_log::{RecordError, Rows};
use read_model::catalogue::Catalogue;
use read_model::event::{EventId, ObjectId, Position};
use serde_json::Value;

use super::Engine;
use crate::append::batch::{Answer, Batch, Decided, Job};
use crate::append::layers::Layers;
use crate::append::overlay::Overlay;
use crate::append::{AppendError, EngineError, Request};
use crate::command::{Act, Command};
use crate::decide::{Decision, Desk, Missing, Stop, decide};
use crate::outcome::Finding;
use crate::rights;

impl Engine {
    /// What the commands of these requests name and memory lacks.
    pub(in crate::append) fn lacks<'r>(
        &mut self,
        requests: impl IntoIterator<Item = &'r Request>,
    ) -> Missing {
        let mut missing = Missing::default();
        for command in requests.into_iter().flat_map(|request| &request.commands) {
            self.note_named(command, &mut missing);
        }
        missing
    }

    fn note_named(&mut self, command: &Command, missing: &mut Missing) {
        let (objects, events) = needed(&self.catalogue, command);
        self.mirror.touch(&objects);
        let named = objects.len();
        let absent: Vec<ObjectId> =
            objects.into_iter().filter(|object| self.mirror.of_object(*object).is_none()).collect();
        self.meters.looked_up(named, absent.len());
        missing.objects.extend(absent);
        // What a claim is based on does not change through it; what is judged or corrected may.
        let judges = !matches!(command.act, Act::Claim { .. });
        let resting = |event: &&EventId| judges && self.mirror.based_on(**event).is_none();
        // What is at hand shows in what is asked of the database, and whether there is such an event must not show.
        let anew = rights::hides_target(&self.catalogue, command);
        missing.bases.extend(events.iter().filter(|event| anew && judges || resting(event)));
        missing.events.extend(events.into_iter().filter(|event| anew || self.mirror.event(*event).is_none()));
    }

    /// Decides the next job of a batch, on top of those before it and of what is being committed meanwhile.
    ///
    /// # Errors
    /// What is missing: nothing was decided then.
    pub(in crate::append) fn decide(
        &self,
        batch: &mut Batch,
        under_way: Option<&Overlay>,
    ) -> Result<(), Missing> {
        let place = batch.decided.len();
        let Some(job) = batch.jobs.get(place).cloned() else { return Ok(()) };
        let step = batch.watch.deciding(place);
        let mark = batch.overlay.mark();
        let known = Layers { mirror: &self.mirror, under_way, next: &batch.overlay }.known();
        let decision = AssertUnwindSafe(|| self.try_job(&job, known, (under_way, &mut batch.overlay)));
        let result = step.span.in_scope(|| catch_unwind(decision));
        let dry_run = job.request.dry_run;
        if dry_run || !matches!(&result, Ok(Ok(answer)) if answer.refusals.is_empty()) {
            batch.overlay.back_to(mark);
        }
        let result = match result {
            Ok(Ok(mut answer)) => {
                answer.records = self.record(&job, &answer, &mut batch.rows);
                Ok(answer)
            }
            Ok(Err(Stop::Forbidden(forbidden))) => Err(AppendError::Forbidden(forbidden)),
            Ok(Err(Stop::Fault(error))) => Err(AppendError::from(EngineError::from(error))),
            Ok(Err(Stop::Refused(refusals))) => Ok(Answer { refusals, ..Answer::default() }),
            Ok(Err(Stop::Missing(missing))) => return Err(missing),
            // Nothing but what was taken back has changed.
            Err(_) => Err(AppendError::from(EngineError::Panicked)),
        };
        batch.decided.push(Decided { result, known, dry_run });
        Ok(())
    }

    /// Adds the records of what a job registers; how many they are.
    fn record(&self, job: &Job, answer: &Answer, rows: &mut Result<Rows, RecordError>) -> usize {
        match (&self.recorder, &job.concerned) {
            (Some(recorder), Some(concerned)) if !job.request.dry_run && !answer.repeated => {
                recorder.add(&self.catalogue, (concerned, answer), rows)
            }
            _ => 0,
        }
    }

    /// Decides the commands of one job in order; those accepted are added to the overlay.
    fn try_job(
        &self,
        job: &Job,
        asked: Position,
        (under_way, overlay): (Option<&Overlay>, &mut Overlay),
    ) -> Result<Answer, Stop> {
        let mut answer = Answer::default();
        let (mut accepted_any, mut repeated_any) = (false, false);
        let several = job.request.commands.len() > 1;
        for (index, command) in job.request.commands.iter().enumerate() {
            let layers = Layers { mirror: &self.mirror, under_way, next: overlay };
            let decision = self.decide_one(job, asked, command, layers);
            let placed = |finding: Finding| if several { finding.within(index) } else { finding };
            let accepted = match decision {
                Ok(Decision::Accepted(accepted)) => {
                    overlay.add(&accepted);
                    accepted_any = true;
                    accepted
                }
                Ok(Decision::Repeated(accepted)) => {
                    repeated_any = true;
                    accepted
                }
                Err(Stop::Refused(refusals)) => {
                    return Err(Stop::Refused(refusals.into_iter().map(placed).collect()));
                }
                Err(stop) => return Err(stop),
            };
            answer.events.extend(accepted.events);
            answer.warnings.extend(accepted.warnings.into_iter().map(placed));
        }
        if accepted_any && repeated_any {
            return Err(Finding::partly_repeated().into());
        }
        answer.repeated = repeated_any;
        Ok(answer)
    }

    fn decide_one(
        &self,
        job: &Job,
        asked: Position,
        command: &Command,
        layers: Layers<'_>,
    ) -> Result<Decision, Stop> {
        let registered_at = match job.stamp {
            Some(stamp) => {
                let last = layers.next.events().last().map(|event| event.created_at);
                let last = last.unwrap_or(self.mirror.head().created_at);
                stamp.max(last + TimeDelta::microseconds(1))
            }
            None => self.mirror.next_created_at() + TimeDelta::microseconds(layers.count()),
        };
        let desk = Desk {
            catalogue: &self.catalogue,
            view: &layers,
            known: layers.known(),
            asked,
            registered_at,
            trusted: job.stamp.is_some(),
        };
        decide(desk, command)
    }
}

/// The objects and events that a decision looks at first: the caller's own object where the right to claim depends on it,
/// and otherwise what the command names.
fn needed(catalogue: &Catalogue, command: &Command) -> (Vec<ObjectId>, Vec<EventId>) {
    match rights::depends_on(catalogue, command) {
        Some(person) => (vec![person], Vec::new()),
        None => named(catalogue, command),
    }
}

/// The objects and events that a command names, as far as can be told without checking it.
fn named(catalogue: &Catalogue, command: &Command) -> (Vec<ObjectId>, Vec<EventId>) {
    let objects = |event_type: &str, version: &str, data: &Value| {
        let version = catalogue.event_types.get(event_type).and_then(|of| of.versions.get(version));
        let found = version.map(|version| catalogue.references(version.format.shape(), data));
        found.into_iter().flatten().map(|(_, id)| id).collect::<Vec<_>>()
    };
    match &command.act {
        Act::Claim { event_type, version, data, based_on, .. } => {
            (objects(event_type, version, data), based_on.clone())
        }
        Act::Amend { target, event_type, version, data, .. } => {
            (objects(event_type, version, data), vec![*target])
        }
        Act::Annul { target, .. } | Act::Validate { target, .. } => (Vec::new(), vec![*target]),
    }
}
