//! Appending: whatever a command was decided on is what it is appended to.
//!
//! One task takes all commands that wait, decides them one by one, each seeing those before it, and commits many at once;
//! while the database does so, it decides the next.
//! A commit succeeds only where the log still ends where the decisions looked; see `docs/adr/0002-appending.md`.

mod batch;
mod engine;
mod insert;
mod layers;
mod meters;
mod mirror;
mod overlay;
mod pipeline;
mod records;
mod watch;
mod work;

use std::sync::Arc;
use std::time::Duration;

use door::Concerned;
use policy::Denied;
use processing_log::{RecordError, Scribe};
use read_model::catalogue::Catalogue;
use read_model::pool::Pool;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use engine::{Engine, Stamped};
pub use meters::Meters;
use pipeline::Pipeline;
use watch::Ticket;

use crate::command::Command;
use crate::outcome::Outcome;

/// Commands that are decided together: all of them become events, or none.
#[derive(Clone, Debug)]
pub struct Request {
    /// The commands, in order; later ones may name earlier ones.
    pub commands: Vec<Command>,
    /// Say what would happen, and write nothing.
    pub dry_run: bool,
}

/// How the appender works.
#[derive(Clone, Debug)]
pub struct AppendOptions {
    /// The greatest number of requests that one commit serves.
    pub max_batch: usize,
    /// How many requests may wait; beyond it a request is turned away rather than memory filled.
    pub max_waiting: usize,
    /// How many objects' events are kept in memory.
    pub cache_objects: usize,
    /// For tests: waits between deciding and committing.
    pub inject_before_commit: Duration,
    /// For tests: waits between committing and answering.
    pub inject_after_commit: Duration,
}

impl Default for AppendOptions {
    fn default() -> Self {
        Self {
            max_batch: 512,
            max_waiting: 8_192,
            cache_objects: 20_000,
            inject_before_commit: Duration::ZERO,
            inject_after_commit: Duration::ZERO,
        }
    }
}

/// A request got no decision.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The caller may not do this.
    #[error(transparent)]
    Forbidden(#[from] Denied),
    /// More waits than the server takes on.
    #[error("too many commands are waiting; try again in a moment")]
    Overloaded,
    /// The server is shutting down.
    #[error("the server is stopping; send the command again, its id makes that safe")]
    Stopping,
    /// The store or the history is at fault, not the command. It may have been committed all the same:
    /// sending it again with the same id is safe.
    #[error("the command could not be decided or stored")]
    Fault(#[source] Arc<EngineError>),
}

/// Why the engine could not decide or store.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database does not do what it should.
    #[error("the event store does not answer as it should")]
    Database(#[from] sqlx::Error),
    /// An event in the store cannot be understood.
    #[error("an event in the store cannot be understood")]
    Row(#[from] read_model::reader::RowError),
    /// The history cannot be folded.
    #[error("the history cannot be folded")]
    Fold(#[from] read_model::fold::FoldError),
    /// The processing log cannot tell of it.
    #[error("no record of the processing log can be made")]
    Record(#[from] RecordError),
    /// A defect of ours; the panic itself stands in the log.
    #[error("a decision panicked")]
    Panicked,
    /// More hangs together than one decision may take in.
    #[error("a decision needed more than {0} loads; the history hangs together without end")]
    TooLarge(usize),
}

impl From<EngineError> for AppendError {
    fn from(error: EngineError) -> Self {
        Self::Fault(Arc::new(error))
    }
}

/// A handle to the one task that appends; clones share it.
#[derive(Clone, Debug)]
pub struct Appender {
    queue: mpsc::Sender<Waiting>,
    meters: Arc<Meters>,
}

/// A request, and where its answer goes.
#[derive(Debug)]
struct Waiting {
    request: Arc<Request>,
    concerned: Option<Arc<Concerned>>,
    answer: Reply,
    ticket: Ticket,
}

/// Where an answer goes.
type Reply = oneshot::Sender<Result<Outcome, AppendError>>;

/// The task that appends.
#[derive(Debug)]
pub struct AppenderTask(JoinHandle<()>);

/// Starts the appender on a pool of the write role, with meters that nobody reads.
///
/// # Errors
/// [`EngineError`] where the store cannot be read.
pub async fn start(
    pool: Pool,
    catalogue: Arc<Catalogue>,
    options: AppendOptions,
) -> Result<(Appender, AppenderTask), EngineError> {
    let meters = Meters::unread(&catalogue);
    start_metered(pool, catalogue, options, (meters, None)).await
}

/// As [`start`], with these meters; and where a scribe makes rows of records, with the records of what is registered.
///
/// # Errors
/// [`EngineError`] where the store cannot be read.
pub async fn start_metered(
    pool: Pool,
    catalogue: Arc<Catalogue>,
    options: AppendOptions,
    (meters, scribe): (Meters, Option<Scribe>),
) -> Result<(Appender, AppenderTask), EngineError> {
    let meters = Arc::new(meters);
    let engine = Engine::connect_metered(pool, catalogue, options.cache_objects, Arc::clone(&meters)).await?;
    let engine = scribe.into_iter().fold(engine, Engine::recording);
    let (queue, waiting) = mpsc::channel(options.max_waiting);
    let task = tokio::spawn(Pipeline::new(engine, options).serve(waiting));
    Ok((Appender { queue, meters }, AppenderTask(task)))
}

impl Appender {
    /// Queues a request; answers when its events are committed, or when it is refused.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn submit(&self, request: impl Into<Arc<Request>>) -> Result<Outcome, AppendError> {
        self.submit_of(request, None).await
    }

    /// As [`submit`](Self::submit), for whoever has to account for it: where the appender makes records, those of its events
    /// are committed with them.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn submit_of(
        &self,
        request: impl Into<Arc<Request>>,
        concerned: Option<Arc<Concerned>>,
    ) -> Result<Outcome, AppendError> {
        let request = request.into();
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket::new(&self.meters);
        if let Err(refused) = self.queue.try_send(Waiting { request, concerned, answer, ticket }) {
            return Err(self.turn_away(refused));
        }
        answered.await.unwrap_or(Err(AppendError::Stopping))
    }

    fn turn_away(&self, refused: mpsc::error::TrySendError<Waiting>) -> AppendError {
        let (error, waiting) = match refused {
            mpsc::error::TrySendError::Full(waiting) => (AppendError::Overloaded, waiting),
            mpsc::error::TrySendError::Closed(waiting) => (AppendError::Stopping, waiting),
        };
        self.meters.waiting.dec();
        self.meters.count(&waiting.request, &Err(error.clone()));
        error
    }

    /// Counts commands that the caller may not give, and that are not submitted.
    pub fn forbidden(&self, commands: &[Command]) {
        self.meters.forbidden(commands);
    }
}

impl AppenderTask {
    /// Waits until everything that was accepted is answered; every [`Appender`] must have been dropped.
    pub async fn finish(self) {
        if let Err(error) = self.0.await {
            tracing::error!(%error, "the appender did not end as it should");
        }
    }
}
