//! Decides a batch of requests, commits once, and answers each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use read_model::basis::{Basis, Trust};
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, ObjectId, Position};
use serde_json::Value;
use sqlx::{PgPool, Postgres, Transaction};

use super::insert::{Inserted, insert};
use super::mirror::{Head, Mirror};
use super::overlay::Overlay;
use super::{AppendError, EngineError, Request};
use crate::command::{Act, Command};
use crate::decide::{Decision, Desk, Missing, Stop, View, decide};
use crate::outcome::{Finding, Outcome};

/// How often one command may ask for more events before its history counts as endless.
const MAX_LOADS: usize = 256;

/// After so many conflicts with other writers the head is locked before deciding, so that everyone gets a turn.
const OPTIMISTIC_ATTEMPTS: usize = 2;

/// Decides and commits; one per process, used by one task.
#[derive(Debug)]
pub struct Engine {
    catalogue: Arc<Catalogue>,
    mirror: Mirror,
}

/// A request of an import, which states when its event was registered.
#[derive(Clone, Debug)]
pub struct Stamped {
    /// The request.
    pub request: Request,
    /// When its first event was registered; each next one a microsecond later.
    pub created_at: DateTime<Utc>,
}

/// A request, and when it is registered where an import states that.
#[derive(Clone, Copy)]
struct Job<'a> {
    request: &'a Request,
    stamp: Option<DateTime<Utc>>,
}

/// What was decided of a job, before anything is committed.
struct Decided {
    result: Result<Answer, AppendError>,
    /// The log that it was decided on.
    known: Position,
    dry_run: bool,
}

#[derive(Default)]
struct Answer {
    events: Vec<Arc<Event>>,
    refusals: Vec<Finding>,
    warnings: Vec<Finding>,
    /// Whether its events were there already.
    repeated: bool,
}

/// Why an attempt came to nothing.
enum Again {
    /// Others have committed since the decisions were made.
    Stale,
    /// Something is at fault.
    Fault(EngineError),
}

impl<E: Into<EngineError>> From<E> for Again {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl Engine {
    /// An engine on a pool of a role that may append; `cached_objects` bounds what it keeps in memory.
    ///
    /// It keeps the catalogue in the store: every basis names one by its hash, for as long as answers are kept.
    ///
    /// # Errors
    /// [`EngineError::Database`] where the store cannot be read.
    pub async fn connect(
        pool: PgPool,
        catalogue: Arc<Catalogue>,
        cached_objects: usize,
    ) -> Result<Self, EngineError> {
        sqlx::query("INSERT INTO catalogue (hash, source) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&*catalogue.hash)
            .bind(&*catalogue.source)
            .execute(&pool)
            .await?;
        let mirror = Mirror::connect(pool, Arc::clone(&catalogue), cached_objects).await?;
        Ok(Self { catalogue, mirror })
    }

    /// When the newest event was registered.
    #[must_use]
    pub fn last_created_at(&self) -> DateTime<Utc> {
        self.mirror.head().created_at
    }

    /// The database's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.mirror.now()
    }

    /// Decides requests in order, each seeing those before it, and commits once. Answers in the same order.
    pub async fn process(
        &mut self,
        requests: &[Request],
        delay: Duration,
    ) -> Vec<Result<Outcome, AppendError>> {
        let jobs: Vec<Job<'_>> = requests.iter().map(|request| Job { request, stamp: None }).collect();
        self.run(&jobs, delay).await
    }

    /// As [`process`](Self::process), for an import: sources and moments stand as given, and rights are not asked.
    pub async fn process_stamped(&mut self, requests: &[Stamped]) -> Vec<Result<Outcome, AppendError>> {
        let jobs: Vec<Job<'_>> = requests
            .iter()
            .map(|Stamped { request, created_at }| Job { request, stamp: Some(*created_at) })
            .collect();
        self.run(&jobs, Duration::ZERO).await
    }

    /// Answers for a batch whose decisions panicked: nobody knows how far they came, so everything is forgotten.
    pub(super) fn after_panic(&mut self, requests: usize) -> Vec<Result<Outcome, AppendError>> {
        self.mirror.forget();
        vec![Err(AppendError::Fault(Arc::new(EngineError::Panicked))); requests]
    }

    async fn run(&mut self, jobs: &[Job<'_>], delay: Duration) -> Vec<Result<Outcome, AppendError>> {
        let mut conflicts = 0;
        loop {
            match self.attempt(jobs, delay, conflicts >= OPTIMISTIC_ATTEMPTS).await {
                Ok(outcomes) => return outcomes,
                Err(Again::Stale) => conflicts += 1,
                Err(Again::Fault(error)) => {
                    self.mirror.forget();
                    let fault = AppendError::Fault(Arc::new(error));
                    return jobs.iter().map(|_| Err(fault.clone())).collect();
                }
            }
        }
    }

    async fn attempt(
        &mut self,
        jobs: &[Job<'_>],
        delay: Duration,
        locked: bool,
    ) -> Result<Vec<Result<Outcome, AppendError>>, Again> {
        let lock = if locked { Some(self.lock_head().await?) } else { None };
        let mut overlay = Overlay::default();
        let mut fresh = self.prefetch(jobs).await? || locked;
        let mut decided = Vec::with_capacity(jobs.len());
        for job in jobs {
            let first = decided.is_empty();
            decided.push(self.decide_job(*job, first, &mut overlay, &mut fresh).await?);
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let committed = self.commit(jobs, &overlay, lock, fresh).await?;
        self.answer(decided, &committed).await.map_err(Again::Fault)
    }

    /// Locks the end of the log, so that nobody else commits until this attempt does, and catches up with it.
    async fn lock_head(&mut self) -> Result<Transaction<'static, Postgres>, EngineError> {
        let mut transaction = self.mirror.pool().begin().await?;
        sqlx::query("SELECT FROM head FOR UPDATE").execute(&mut *transaction).await?;
        self.mirror.load(&Missing::default()).await?;
        Ok(transaction)
    }

    /// Loads in one go what the commands name; true where something was loaded, and so is as new as can be.
    async fn prefetch(&mut self, jobs: &[Job<'_>]) -> Result<bool, EngineError> {
        let mut missing = Missing::default();
        for command in jobs.iter().flat_map(|job| &job.request.commands) {
            self.note_named(command, &mut missing);
        }
        let none = missing.is_empty();
        if !none {
            self.mirror.load(&missing).await?;
        }
        Ok(!none)
    }

    fn note_named(&mut self, command: &Command, missing: &mut Missing) {
        let (objects, events) = named(&self.catalogue, command);
        self.mirror.touch(&objects);
        missing.objects.extend(objects.into_iter().filter(|object| self.mirror.of_object(*object).is_none()));
        missing.events.extend(events.into_iter().filter(|event| self.mirror.event(*event).is_none()));
    }

    /// Decides one job on top of those before it; what is missing is loaded and the decision made again.
    async fn decide_job(
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

    /// Commits what was decided; where there is nothing to commit, makes sure that the decisions looked at the newest log.
    async fn commit(
        &mut self,
        jobs: &[Job<'_>],
        overlay: &Overlay,
        lock: Option<Transaction<'static, Postgres>>,
        fresh: bool,
    ) -> Result<Committed, Again> {
        let before = self.mirror.head();
        if overlay.len() == 0 {
            if !fresh && !self.mirror.is_current().await? {
                self.mirror.load(&Missing::default()).await?;
                return Err(Again::Stale);
            }
            return Ok(Committed { before, events: Vec::new(), index: HashMap::new() });
        }
        let stamps: Option<Vec<DateTime<Utc>>> = jobs
            .first()
            .and_then(|job| job.stamp)
            .map(|_| overlay.events().iter().map(|event| event.created_at).collect());
        let inserted = match lock {
            None => insert(self.mirror.pool(), &self.catalogue, before, overlay, stamps.as_deref()).await?,
            Some(mut transaction) => {
                let inserted =
                    insert(&mut *transaction, &self.catalogue, before, overlay, stamps.as_deref()).await?;
                transaction.commit().await?;
                inserted
            }
        };
        match inserted {
            Inserted::Committed(first) => Ok(self.take_in(before, overlay, first, stamps.as_deref())),
            Inserted::Stale => {
                self.mirror.load(&Missing::default()).await?;
                Err(Again::Stale)
            }
            Inserted::IdTaken => {
                let events = overlay.events().iter().map(|event| event.id).collect();
                self.mirror.load(&Missing { events, ..Missing::default() }).await?;
                Err(Again::Stale)
            }
        }
    }

    /// Gives the committed events their moments, and the mirror the events.
    fn take_in(
        &mut self,
        before: Head,
        overlay: &Overlay,
        first: DateTime<Utc>,
        stamps: Option<&[DateTime<Utc>]>,
    ) -> Committed {
        let mut created_at = first;
        let mut events = Vec::with_capacity(overlay.len());
        for (index, draft) in overlay.events().iter().enumerate() {
            created_at = match stamps {
                Some(stamps) => stamps[index],
                None if index == 0 => first,
                None => created_at + TimeDelta::microseconds(1),
            };
            let occurred_at = if draft.body.content().is_some() { draft.occurred_at } else { created_at };
            events.push(Arc::new(Event { created_at, occurred_at, ..Event::clone(draft) }));
        }
        let position = before.position.plus(i64::try_from(events.len()).unwrap_or(i64::MAX));
        self.mirror.committed(&events, overlay.unique(), Head { position, created_at });
        let index = events.iter().enumerate().map(|(index, event)| (event.id, index)).collect();
        Committed { before, events, index }
    }

    /// Turns decisions into answers: with the events as they were committed, and the basis of each.
    async fn answer(
        &self,
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
        &self,
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

/// What a batch committed.
struct Committed {
    /// Where the log ended before.
    before: Head,
    /// The events, with the moments that the store gave them, in position order.
    events: Vec<Arc<Event>>,
    index: HashMap<EventId, usize>,
}

impl Committed {
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

struct BatchView<'a> {
    mirror: &'a Mirror,
    overlay: &'a Overlay,
}

impl View for BatchView<'_> {
    fn of_object(&self, object: ObjectId) -> Option<Vec<Arc<Event>>> {
        let mut events = self.mirror.of_object(object)?.to_vec();
        events.extend(self.overlay.of_object(object).cloned());
        Some(events)
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
}
