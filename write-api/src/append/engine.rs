//! Decides a batch of requests, commits once, and answers each.

mod answering;
mod deciding;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use read_model::catalogue::Catalogue;
use read_model::event::{Event, Position};
use read_model::pool::{Lent, Pool, Transaction};
use tracing::Instrument;

use self::answering::Committed;
use super::insert::{Inserted, insert};
use super::meters::Meters;
use super::mirror::{Head, Mirror};
use super::overlay::Overlay;
use super::watch::{Ticket, Watch};
use super::{AppendError, EngineError, Request};
use crate::decide::Missing;
use crate::outcome::{Finding, Outcome};

/// After so many conflicts with other writers the head is locked before deciding, so that everyone gets a turn.
const OPTIMISTIC_ATTEMPTS: usize = 2;

/// Decides and commits; one per process, used by one task.
#[derive(Debug)]
pub struct Engine {
    catalogue: Arc<Catalogue>,
    mirror: Mirror,
    watch: Watch,
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
        let watch = Watch::new(Arc::clone(&meters));
        let mirror = Mirror::connect(pool, Arc::clone(&catalogue), cached_objects, meters).await?;
        watch.reached(mirror.head().position);
        Ok(Self { catalogue, mirror, watch })
    }

    /// The next batch serves the requests with these tickets, in this order; whatever it does stands in this step.
    pub(super) fn begin(&mut self, tickets: Vec<Ticket>) -> tracing::Span {
        self.watch.begin(tickets)
    }

    /// The batch is decided, and committed if anything is.
    pub(super) fn end(&mut self) {
        self.watch.end();
        self.watch.reached(self.mirror.head().position);
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
        requests: &[Arc<Request>],
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
                Err(Again::Stale) => {
                    conflicts += 1;
                    self.watch.meters.conflicts.inc();
                }
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
        let mut lent;
        let lock = if locked {
            lent = self.mirror.pool().lend().await?;
            Some(self.lock_head(&mut lent).await?)
        } else {
            None
        };
        let mut overlay = Overlay::default();
        let mut fresh = self.prefetch(jobs).await? || locked;
        let mut decided = Vec::with_capacity(jobs.len());
        for job in jobs {
            let first = decided.is_empty();
            let step = self.watch.deciding(decided.len());
            let span = step.span.clone();
            decided.push(self.decide_job(*job, first, &mut overlay, &mut fresh).instrument(span).await?);
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let step = self.watch.committing(overlay.len());
        let committed = self.commit(jobs, &overlay, lock, fresh).instrument(step.span.clone()).await?;
        drop(step);
        self.answer(decided, &committed).await.map_err(Again::Fault)
    }

    /// Locks the end of the log, so that nobody else commits until this attempt does, and catches up with it.
    async fn lock_head<'l>(&mut self, lent: &'l mut Lent) -> Result<Transaction<'l>, EngineError> {
        let mut transaction = lent.begin().await?;
        sqlx::query("SELECT FROM head FOR UPDATE").execute(&mut transaction).await?;
        self.mirror.load(&Missing::default()).await?;
        Ok(transaction)
    }

    /// Commits what was decided; where there is nothing to commit, makes sure that the decisions looked at the newest log.
    async fn commit(
        &mut self,
        jobs: &[Job<'_>],
        overlay: &Overlay,
        lock: Option<Transaction<'_>>,
        fresh: bool,
    ) -> Result<Committed, Again> {
        let before = self.mirror.head();
        if overlay.len() == 0 {
            if !fresh && !self.mirror.is_current().await? {
                self.mirror.load(&Missing::default()).await?;
                return Err(Again::Stale);
            }
            return Ok(Committed::new(before, Vec::new()));
        }
        let stamps: Option<Vec<DateTime<Utc>>> = jobs
            .first()
            .and_then(|job| job.stamp)
            .map(|_| overlay.events().iter().map(|event| event.created_at).collect());
        let inserted = match lock {
            None => {
                let connection = self.mirror.connection().await?;
                insert(connection, &self.catalogue, before, overlay, stamps.as_deref()).await?
            }
            Some(mut transaction) => {
                let inserted =
                    insert(&mut transaction, &self.catalogue, before, overlay, stamps.as_deref()).await?;
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
