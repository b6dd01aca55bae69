//! Decides a batch of requests, commits once, and answers each.

mod answering;
mod deciding;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use door::metrics::Timer;
use processing_log::{Rows, Scribe};
use read_model::catalogue::Catalogue;
use read_model::event::Event;
use read_model::pool::{Lent, Pool, Transaction};
use tracing::Instrument;

pub(super) use self::answering::Committed;
use super::batch::{Batch, Job};
use super::insert::{Insert, Inserted, PARAMETERS, insert};
use super::meters::Meters;
use super::mirror::{Head, Mirror};
use super::overlay::Overlay;
use super::records::Recorder;
use super::{AppendError, EngineError, Request};
use crate::decide::Missing;
use crate::outcome::Outcome;

/// How often one command may ask for more events before its history counts as endless.
pub(super) const MAX_LOADS: usize = 256;

/// After so many conflicts with other writers the head is locked before deciding, so that everyone gets a turn.
const OPTIMISTIC_ATTEMPTS: usize = 2;

/// Decides and commits; one per process, used by one task.
#[derive(Debug)]
pub struct Engine {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) mirror: Mirror,
    pub(super) meters: Arc<Meters>,
    /// Makes the records that are committed with events.
    pub(super) recorder: Option<Recorder>,
}

/// A request of an import, which states when its event was registered.
#[derive(Clone, Debug)]
pub struct Stamped {
    /// The request.
    pub request: Arc<Request>,
    /// When its first event was registered; each next one a microsecond later.
    pub created_at: DateTime<Utc>,
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
        pool: Pool,
        catalogue: Arc<Catalogue>,
        cached_objects: usize,
    ) -> Result<Self, EngineError> {
        let meters = Meters::unread(&catalogue);
        Self::connect_metered(pool, catalogue, cached_objects, Arc::new(meters)).await
    }

    /// As [`connect`](Self::connect), measured by these meters.
    pub(super) async fn connect_metered(
        pool: Pool,
        catalogue: Arc<Catalogue>,
        cached_objects: usize,
        meters: Arc<Meters>,
    ) -> Result<Self, EngineError> {
        sqlx::query("INSERT INTO catalogue (hash, source) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&*catalogue.hash)
            .bind(&*catalogue.source)
            .execute(&mut pool.lend().await?)
            .await?;
        adopt_search_index(&pool, &catalogue).await?;
        let mirror =
            Mirror::connect(pool, Arc::clone(&catalogue), cached_objects, Arc::clone(&meters)).await?;
        meters.head.set(mirror.head().position.get());
        Ok(Self { catalogue, mirror, meters, recorder: None })
    }

    /// The same, committing with events the records that tell of them.
    pub(super) fn recording(mut self, scribe: Scribe) -> Self {
        self.recorder = Some(Recorder::new(scribe, PARAMETERS + 1));
        self
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

    /// Decides requests in order, each seeing those before it, and commits once; as an import, where sources and moments stand
    /// as given, and rights are not asked. Answers in the same order.
    pub async fn process_stamped(&mut self, requests: &[Stamped]) -> Vec<Result<Outcome, AppendError>> {
        let jobs = requests.iter().map(|Stamped { request, created_at }| Job {
            request: Arc::clone(request),
            stamp: Some(*created_at),
            concerned: None,
        });
        let batch = Batch { jobs: jobs.collect(), ..Batch::new(Arc::clone(&self.meters)) };
        self.run(batch, Duration::ZERO, 0).await
    }

    /// Decides the jobs of a batch anew, and commits; after so many conflicts with other writers.
    pub(super) async fn run(
        &mut self,
        mut batch: Batch,
        delay: Duration,
        mut conflicts: usize,
    ) -> Vec<Result<Outcome, AppendError>> {
        loop {
            match self.attempt(&mut batch, delay, conflicts >= OPTIMISTIC_ATTEMPTS).await {
                Ok(outcomes) => return outcomes,
                Err(Again::Stale) => {
                    conflicts += 1;
                    self.meters.conflicts.inc();
                }
                Err(Again::Fault(error)) => {
                    self.mirror.forget();
                    let fault = AppendError::from(error);
                    return batch.jobs.iter().map(|_| Err(fault.clone())).collect();
                }
            }
        }
    }

    async fn attempt(
        &mut self,
        batch: &mut Batch,
        delay: Duration,
        locked: bool,
    ) -> Result<Vec<Result<Outcome, AppendError>>, Again> {
        let mut lent;
        let lock = if locked {
            lent = self.mirror.pool().lend().await?;
            Some(self.lock_head(&mut lent).await?)
        } else {
            None
        };
        batch.decided.clear();
        (batch.overlay, batch.rows) = (Overlay::default(), Ok(Rows::default()));
        let missing = self.lacks(batch.jobs.iter().map(|job| &*job.request));
        batch.fresh = locked || !missing.is_empty();
        if !missing.is_empty() {
            self.load(&missing).await?;
        }
        while batch.decided.len() < batch.jobs.len() {
            self.decide_next(batch).await?;
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let step = batch.watch.committing(batch.overlay.len());
        let span = step.span.clone();
        let committed = self.commit(batch, lock).instrument(span).await?;
        drop(step);
        let decided = std::mem::take(&mut batch.decided);
        let answers = self.answers(decided, Arc::new(committed), None).await.map_err(Again::Fault)?;
        Ok(answers.outcomes())
    }

    /// Decides the next job; what is missing is loaded and the decision made again.
    async fn decide_next(&mut self, batch: &mut Batch) -> Result<(), Again> {
        for _ in 0..MAX_LOADS {
            let Err(missing) = self.decide(batch, None) else { return Ok(()) };
            batch.fresh = true;
            let moved = self.load(&missing).await?;
            if moved && !batch.decided.is_empty() {
                return Err(Again::Stale);
            }
        }
        Err(Again::Fault(EngineError::TooLarge(MAX_LOADS)))
    }

    /// Loads what is missing, and what others have committed since; true where they have.
    pub(super) async fn load(&mut self, missing: &Missing) -> Result<bool, EngineError> {
        let _loading = Timer::start(&self.meters.load);
        self.mirror.load(missing).await
    }

    /// Locks the end of the log, so that nobody else commits until this attempt does, and catches up with it.
    async fn lock_head<'l>(&mut self, lent: &'l mut Lent) -> Result<Transaction<'l>, EngineError> {
        let mut transaction = lent.begin().await?;
        sqlx::query("SELECT FROM head FOR UPDATE").execute(&mut transaction).await?;
        self.mirror.load(&Missing::default()).await?;
        Ok(transaction)
    }

    /// Commits what was decided.
    async fn commit(&mut self, batch: &mut Batch, lock: Option<Transaction<'_>>) -> Result<Committed, Again> {
        if batch.overlay.len() == 0 {
            return self.nothing_to_commit(batch.fresh).await?.ok_or(Again::Stale);
        }
        let insert = self.insert(batch, self.mirror.head())?;
        let inserted = match lock {
            None => insert.execute(self.mirror.connection().await?).await?,
            Some(mut transaction) => {
                let inserted = insert.execute(&mut transaction).await?;
                transaction.commit().await?;
                inserted
            }
        };
        let committed = self.take_in(batch, inserted).await?;
        committed.ok_or(Again::Stale)
    }

    /// Of a batch that has decided nothing: what it was decided on; none where that is no longer the newest log.
    pub(super) async fn nothing_to_commit(&mut self, fresh: bool) -> Result<Option<Committed>, EngineError> {
        if !fresh && !self.mirror.is_current().await? {
            self.load(&Missing::default()).await?;
            return Ok(None);
        }
        Ok(Some(Committed::new(self.mirror.head(), Vec::new())))
    }

    /// The statement that commits what was decided on top of a log that ends at `head`.
    pub(super) fn insert(&self, batch: &mut Batch, head: Head) -> Result<Insert, EngineError> {
        let rows = std::mem::replace(&mut batch.rows, Ok(Rows::default()))?;
        let recorded = self.recorder.as_ref().and_then(|recorder| recorder.recorded(rows));
        Ok(insert(&self.catalogue, head, &batch.overlay, batch.stamps().as_deref(), recorded))
    }

    /// Where the log ends once a batch is in it, of which the first event was registered then.
    pub(super) fn head_after(&self, batch: &Batch, first: DateTime<Utc>) -> Head {
        let count = batch.overlay.count();
        let last = batch.stamps().and_then(|stamps| stamps.last().copied());
        let created_at = last.unwrap_or(first + TimeDelta::microseconds((count - 1).max(0)));
        Head { position: self.mirror.head().position.plus(count), created_at }
    }

    /// Takes in how the insert of a batch ended; none where others came first, and then what they committed.
    pub(super) async fn take_in(
        &mut self,
        batch: &mut Batch,
        inserted: Inserted,
    ) -> Result<Option<Committed>, EngineError> {
        let missing = match inserted {
            Inserted::Committed(first) => return Ok(Some(self.committed(batch, first))),
            Inserted::Stale => Missing::default(),
            Inserted::IdTaken => {
                let events = batch.overlay.events().iter().map(|event| event.id).collect();
                Missing { events, ..Missing::default() }
            }
        };
        self.load(&missing).await?;
        Ok(None)
    }

    /// Gives the committed events their moments, and the mirror the events.
    fn committed(&mut self, batch: &Batch, first: DateTime<Utc>) -> Committed {
        let (before, stamps, overlay) = (self.mirror.head(), batch.stamps(), &batch.overlay);
        let mut created_at = first;
        let mut events = Vec::with_capacity(overlay.len());
        for (index, draft) in overlay.events().iter().enumerate() {
            created_at = match &stamps {
                Some(stamps) => stamps[index],
                None if index == 0 => first,
                None => created_at + TimeDelta::microseconds(1),
            };
            let occurred_at = if draft.body.content().is_some() { draft.occurred_at } else { created_at };
            events.push(Arc::new(Event { created_at, occurred_at, ..Event::clone(draft) }));
        }
        let head = self.head_after(batch, first);
        self.mirror.committed(&events, overlay, head);
        self.meters.head.set(head.position.get());
        self.recorder.iter().for_each(|recorder| recorder.count(batch));
        Committed::new(before, events)
    }
}

/// An empty log needs no rebuild: its search index is this catalogue's from the first event on.
async fn adopt_search_index(pool: &Pool, catalogue: &Catalogue) -> Result<(), EngineError> {
    let adopt = "UPDATE search_index SET definition = $1, built_to = 0, target = 0
                 WHERE definition IS DISTINCT FROM $1 AND (SELECT position FROM head) = 0";
    let own = catalogue.search_definition();
    sqlx::query(adopt).bind(&own).execute(&mut pool.lend().await?).await?;
    let known: Option<String> =
        sqlx::query_scalar("SELECT definition FROM search_index").fetch_one(&mut pool.lend().await?).await?;
    if known != Some(own) {
        tracing::warn!(
            "the search index was built for other searches; build it anew with `query-api rebuild`"
        );
    }
    Ok(())
}
