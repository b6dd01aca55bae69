//! Appending: whatever a command was decided on is what it is appended to.
//!
//! One task takes all commands that wait, decides them one by one, each seeing those before it, and commits once.
//! The commit succeeds only where the log still ends where the decisions looked; see `docs/adr/0002-appending.md`.

mod engine;
mod insert;
mod mirror;
mod overlay;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use read_model::catalogue::Catalogue;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use engine::{Engine, Stamped};

use crate::command::Command;
use crate::outcome::Outcome;
use crate::rights::Forbidden;

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
    Forbidden(#[from] Forbidden),
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
    /// A defect of ours; the panic itself stands in the log.
    #[error("a decision panicked")]
    Panicked,
    /// More hangs together than one decision may take in.
    #[error("a decision needed more than {0} loads; the history hangs together without end")]
    TooLarge(usize),
}

/// A handle to the one task that appends; clones share it.
#[derive(Clone, Debug)]
pub struct Appender {
    queue: mpsc::Sender<Waiting>,
}

/// A request, and where its answer goes.
#[derive(Debug)]
struct Waiting {
    request: Request,
    answer: oneshot::Sender<Result<Outcome, AppendError>>,
}

/// The task that appends.
#[derive(Debug)]
pub struct AppenderTask(JoinHandle<()>);

/// Starts the appender on a pool of the write role.
///
/// # Errors
/// [`EngineError`] where the store cannot be read.
pub async fn start(
    pool: PgPool,
    catalogue: Arc<Catalogue>,
    options: AppendOptions,
) -> Result<(Appender, AppenderTask), EngineError> {
    let engine = Engine::connect(pool, catalogue, options.cache_objects).await?;
    let (queue, waiting) = mpsc::channel(options.max_waiting);
    let task = tokio::spawn(run(engine, waiting, options));
    Ok((Appender { queue }, AppenderTask(task)))
}

impl Appender {
    /// Queues a request; answers when its events are committed, or when it is refused.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn submit(&self, request: Request) -> Result<Outcome, AppendError> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { request, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => AppendError::Stopping,
        })?;
        answered.await.unwrap_or(Err(AppendError::Stopping))
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

async fn run(mut engine: Engine, mut waiting: mpsc::Receiver<Waiting>, options: AppendOptions) {
    let mut batch = Vec::with_capacity(options.max_batch);
    while waiting.recv_many(&mut batch, options.max_batch).await > 0 {
        let (requests, answers): (Vec<_>, Vec<_>) = batch.drain(..).map(|w| (w.request, w.answer)).unzip();
        let decided = AssertUnwindSafe(engine.process(&requests, options.inject_before_commit));
        let outcomes = decided.catch_unwind().await.unwrap_or_else(|_| engine.after_panic(requests.len()));
        if !options.inject_after_commit.is_zero() {
            tokio::time::sleep(options.inject_after_commit).await;
        }
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that went away has no use for its answer; its events stand.
            let _ = answer.send(outcome);
        }
    }
}
