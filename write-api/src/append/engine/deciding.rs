//! Deciding the requests of a batch, each on top of those before it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use read_model::catalogue::{Catalogue, Inverse};
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::{Dossier, Extended, Place};
use read_model::inverse::candidates_by;
use serde_json::Value;

use super::{Again, Answer, Decided, Engine, Job};
use crate::append::mirror::Mirror;
use crate::append::overlay::Overlay;
use crate::append::{AppendError, EngineError};
use crate::command::{Act, Command};
use crate::decide::{Decision, Desk, Events, Missing, Resting, Stop, View, decide};
use crate::outcome::Finding;
use crate::rights;

/// How often one command may ask for more events before its history counts as endless.
const MAX_LOADS: usize = 256;

impl Engine {
    /// Loads in one go what the commands name; true where something was loaded, and so is as new as can be.
    pub(super) async fn prefetch(&mut self, jobs: &[Job<'_>]) -> Result<bool, EngineError> {
        let mut missing = Missing::default();
        for command in jobs.iter().flat_map(|job| &job.request.commands) {
            self.note_named(command, &mut missing);
        }
        let none = missing.is_empty();
        if !none {
            let _loading = self.watch.loading();
            self.mirror.load(&missing).await?;
        }
        Ok(!none)
    }

    fn note_named(&mut self, command: &Command, missing: &mut Missing) {
        let (objects, events) = needed(&self.catalogue, command);
        self.mirror.touch(&objects);
        let named = objects.len();
        let absent: Vec<ObjectId> =
            objects.into_iter().filter(|object| self.mirror.of_object(*object).is_none()).collect();
        self.watch.looked_up(named, absent.len());
        missing.objects.extend(absent);
        // What a claim is based on does not change through it; what is judged or corrected may.
        let judges = !matches!(command.act, Act::Claim { .. });
        let resting = |event: &&EventId| judges && self.mirror.based_on(**event).is_none();
        // What is at hand shows in what is asked of the database, and whether there is such an event must not show.
        let anew = rights::hides_target(&self.catalogue, command);
        missing.bases.extend(events.iter().filter(|event| anew && judges || resting(event)));
        missing.events.extend(events.into_iter().filter(|event| anew || self.mirror.event(*event).is_none()));
    }

    /// Decides one job on top of those before it; what is missing is loaded and the decision made again.
    pub(super) async fn decide_job(
        &mut self,
        job: Job<'_>,
        first: bool,
        overlay: &mut Overlay,
        fresh: &mut bool,
    ) -> Result<Decided, Again> {
        let mark = overlay.mark();
        for _ in 0..MAX_LOADS {
            let known = self.mirror.head().position.plus(overlay.count());
            let result = self.try_job(job, known, overlay);
            if result.is_err()
                || job.request.dry_run
                || matches!(&result, Ok(answer) if !answer.refusals.is_empty())
            {
                overlay.back_to(mark);
            }
            let result = match result {
                Ok(answer) => Ok(answer),
                Err(Stop::Forbidden(forbidden)) => Err(AppendError::Forbidden(forbidden)),
                Err(Stop::Fault(error)) => Err(AppendError::Fault(Arc::new(error.into()))),
                Err(Stop::Refused(refusals)) => Ok(Answer { refusals, ..Answer::default() }),
                Err(Stop::Missing(missing)) => {
                    *fresh = true;
                    let moved = self.mirror.load(&missing).await?;
                    if moved && !first {
                        return Err(Again::Stale);
                    }
                    continue;
                }
            };
            return Ok(Decided { result, known, dry_run: job.request.dry_run });
        }
        Err(Again::Fault(EngineError::TooLarge(MAX_LOADS)))
    }

    /// Decides the commands of one job in order; those accepted are added to the overlay.
    fn try_job(&self, job: Job<'_>, asked: Position, overlay: &mut Overlay) -> Result<Answer, Stop> {
        let mut answer = Answer::default();
        let (mut accepted_any, mut repeated_any) = (false, false);
        let several = job.request.commands.len() > 1;
        for (index, command) in job.request.commands.iter().enumerate() {
            let decision = self.decide_one(job, asked, command, overlay);
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
        job: Job<'_>,
        asked: Position,
        command: &Command,
        overlay: &Overlay,
    ) -> Result<Decision, Stop> {
        let head = self.mirror.head();
        let taken = overlay.count();
        let registered_at = match job.stamp {
            Some(stamp) => {
                let last = overlay.events().last().map_or(head.created_at, |event| event.created_at);
                stamp.max(last + TimeDelta::microseconds(1))
            }
            None => self.mirror.next_created_at() + TimeDelta::microseconds(taken),
        };
        let desk = Desk {
            catalogue: &self.catalogue,
            view: &BatchView { mirror: &self.mirror, overlay },
            known: head.position.plus(taken),
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

/// The events at hand: those committed, and those of the batch.
struct BatchView<'a> {
    mirror: &'a Mirror,
    overlay: &'a Overlay,
}

impl View for BatchView<'_> {
    fn of_object(&self, object: ObjectId) -> Option<Events<'_>> {
        Some(Box::new(self.mirror.of_object(object)?.iter().chain(self.overlay.of_object(object))))
    }

    fn dossier(&self, object: ObjectId) -> Option<Arc<Dossier>> {
        let dossier = self.mirror.dossier(object)?;
        let decided = |object: &ObjectId| self.overlay.of_object(*object).next().is_some();
        if !dossier.rests_on().iter().any(decided) {
            return Some(dossier);
        }
        if dossier.rests_on().iter().any(|other| *other != object && decided(other)) {
            return None;
        }
        let mut dossier = Dossier::clone(&dossier);
        let new: Vec<_> = self.overlay.of_object(object).cloned().collect();
        let extended = dossier.extend_all(self.mirror.catalogue(), &new).ok()?;
        (extended == Extended::Yes).then(|| Arc::new(dossier))
    }

    fn event(&self, id: EventId) -> Option<Option<Arc<Event>>> {
        match self.overlay.event(id) {
            Some(event) => Some(Some(Arc::clone(event))),
            None => self.mirror.event(id).map(|known| known.cloned()),
        }
    }

    fn with_value(&self, field: &str, value: &str) -> Option<Vec<ObjectId>> {
        let mut objects: Vec<ObjectId> = self.mirror.with_value(field, value)?.iter().copied().collect();
        objects.extend(self.overlay.with_value(field, value));
        Some(objects)
    }

    fn based_on(&self, id: EventId) -> Option<Vec<Resting>> {
        // Nothing before the batch is based on an event of the batch.
        let mut resting = match self.overlay.event(id) {
            Some(_) => Vec::new(),
            None => self.mirror.based_on(id)?.to_vec(),
        };
        resting.extend(self.overlay.based_on(id));
        Some(resting)
    }

    fn candidates(
        &self,
        catalogue: &Catalogue,
        (inverse, object): (&Inverse, ObjectId),
        before: Place,
    ) -> Option<BTreeSet<ObjectId>> {
        let decided = |object| self.overlay.of_object(object).next().is_some();
        let mut found = self.mirror.candidates((inverse, object), before, decided)?;
        found.append(&mut candidates_by(catalogue, inverse, self.overlay.of_object(object)));
        Some(found)
    }
}
