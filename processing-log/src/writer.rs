//! One task that writes whatever waits, and commits once for all of it.

use std::sync::Arc;

use door::Entry;
use door::metrics::Timer;
use read_model::pool::{Kept, Pool};
use sqlx::AssertSqlSafe;
use tokio::sync::{mpsc, oneshot};

use crate::meters::Meters;
use crate::rows::{self, RecordError, Rows, Scribe};

/// How many answers one commit serves, at most.
const MAX_BATCH: usize = 256;

/// How many answers may wait; beyond it one is withheld rather than memory filled.
const MAX_WAITING: usize = 4_096;

/// Why records were not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The database does not take them.
    #[error("the processing log does not take records")]
    Database(#[from] sqlx::Error),
    /// More waits than memory should hold.
    #[error("more than {MAX_WAITING} answers wait for the processing log")]
    Overloaded,
    /// The server is shutting down.
    #[error("the processing log is closed")]
    Closed,
    /// None can be made.
    #[error(transparent)]
    Record(#[from] RecordError),
}

struct Waiting {
    entry: Entry,
    written: oneshot::Sender<Result<(), Arc<WriteError>>>,
}

/// A handle to the task that writes.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Waiting>,
    meters: Meters,
}

/// Starts the task; it ends when every handle is gone.
pub(crate) fn start(pool: Pool, scribe: Scribe) -> Writer {
    let (queue, waiting) = mpsc::channel(MAX_WAITING);
    let meters = scribe.meters.clone();
    let task = Task { connection: Kept::none(pool), scribe, insert: rows::insert(1, "") };
    tokio::spawn(task.run(waiting));
    Writer { queue, meters }
}

impl Writer {
    /// Returns when the records are durable.
    pub(crate) async fn write(&self, entry: Entry) -> Result<(), Arc<WriteError>> {
        let (written, answer) = oneshot::channel();
        let outcome = match self.queue.try_send(Waiting { entry, written }) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(Arc::new(WriteError::Closed))),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Arc::new(WriteError::Overloaded)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Arc::new(WriteError::Closed)),
        };
        if outcome.is_err() {
            self.meters.withheld.inc();
        }
        outcome
    }
}

struct Task {
    connection: Kept,
    scribe: Scribe,
    insert: String,
}

impl Task {
    async fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
            let (entries, written): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|waiting| (waiting.entry, waiting.written)).unzip();
            let outcome = self.insert(&entries).await.map_err(Arc::new);
            match outcome {
                Ok(()) => {
                    let noted = entries.iter().flat_map(|entry| &entry.noted);
                    noted.for_each(|noted| self.scribe.count(noted.ended, 1));
                }
                Err(_) => self.connection.give_back(),
            }
            for written in written {
                // Who went away waits for no answer.
                let _ = written.send(outcome.clone());
            }
        }
    }

    async fn insert(&mut self, entries: &[Entry]) -> Result<(), WriteError> {
        let mut rows = Rows::default();
        entries.iter().try_for_each(|entry| self.scribe.add(entry, &mut rows))?;
        let _commit = Timer::start(&self.scribe.meters.commit);
        self.scribe.meters.batch.observe(count(entries));
        // It returns no row.
        let insert = sqlx::query_scalar::<_, i64>(AssertSqlSafe(self.insert.clone()));
        let insert = self.scribe.bind(rows, insert);
        insert.fetch_optional(self.connection.connection().await?).await?;
        Ok(())
    }
}

fn count(entries: &[Entry]) -> f64 {
    u32::try_from(entries.len()).map_or(f64::INFINITY, f64::from)
}
