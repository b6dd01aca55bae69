//! One task that writes whatever waits, and commits once for all of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::metrics::Timer;
use door::{Doing, Noted};
use read_model::pool::{Kept, Lent, Pool};
use tokio::sync::{mpsc, oneshot};

use crate::keys::{Keys, Sealed};
use crate::meters::Meters;

/// How many answers one commit serves, at most.
const MAX_BATCH: usize = 256;

/// How many answers may wait; beyond it one is withheld rather than memory filled.
const MAX_WAITING: usize = 4_096;

/// One row for each person, however many answers they are of.
const INSERT: &str = "INSERT INTO processing_record
  (trace_id, span_id, parent_span_id, foreign_span_id, name, status, started_at, ended_at, resource,
   processing_activity_id, data_subject_id, data_subject_id_type, key_id, source_id, source_type, organisation)
SELECT r.trace_id, r.span_id, r.parent_span_id, r.foreign_span_id, r.name, r.status, r.started_at, r.ended_at, $1,
   r.activity, r.subject, r.subject_type, r.key_id, r.source_id, r.source_type, r.organisation
FROM unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::text[], $7::text[], $8::timestamptz[],
   $9::timestamptz[], $10::text[], $11::bytea[], $12::text[], $13::text[], $14::uuid[], $15::text[], $16::text[])
  AS r(trace_id, span_id, parent_span_id, foreign_span_id, name, status, started_at, ended_at,
   activity, subject, subject_type, key_id, source_id, source_type, organisation)";

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
    /// The system gives no random numbers.
    #[error("no step of a trace can be named")]
    Chance(#[from] getrandom::Error),
    /// The id of a person cannot be encrypted.
    #[error("an id cannot be encrypted")]
    Unsealed,
}

/// Whose log it is.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    /// The server that keeps it.
    pub(crate) resource: Arc<str>,
    /// The organisation of whoever names no other.
    pub(crate) oin: Arc<str>,
}

/// What was done for one answer.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) doing: Arc<Doing>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) ended_at: DateTime<Utc>,
    pub(crate) noted: Vec<Noted>,
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
pub(crate) fn start(pool: Pool, (home, keys): (Home, Keys), meters: Meters) -> Writer {
    let (queue, waiting) = mpsc::channel(MAX_WAITING);
    let task = Task { connection: Kept::none(pool), home, keys, meters: meters.clone() };
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
    home: Home,
    keys: Keys,
    meters: Meters,
}

impl Task {
    async fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
            let (entries, written): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|waiting| (waiting.entry, waiting.written)).unzip();
            let outcome = self.insert(&entries).await.map_err(Arc::new);
            match outcome {
                Ok(()) => entries.iter().for_each(|entry| self.meters.count(&entry.noted)),
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
        for entry in entries {
            entry.noted.iter().try_for_each(|noted| rows.add(entry, noted, (&self.home, &self.keys)))?;
        }
        let _commit = Timer::start(&self.meters.commit);
        self.meters.batch.observe(count(entries));
        rows.insert(&self.home, self.connection.connection().await?).await?;
        Ok(())
    }
}

fn count(entries: &[Entry]) -> f64 {
    u32::try_from(entries.len()).map_or(f64::INFINITY, f64::from)
}

/// The columns of the records of a batch.
#[derive(Default)]
struct Rows {
    traces: Vec<[u8; 16]>,
    spans: Vec<[u8; 8]>,
    parents: Vec<[u8; 8]>,
    foreign: Vec<Option<[u8; 8]>>,
    names: Vec<String>,
    statuses: Vec<&'static str>,
    started: Vec<DateTime<Utc>>,
    ended: Vec<DateTime<Utc>>,
    activities: Vec<String>,
    subjects: Vec<Vec<u8>>,
    subject_types: Vec<String>,
    keys: Vec<String>,
    sources: Vec<uuid::Uuid>,
    source_types: Vec<String>,
    organisations: Vec<String>,
}

impl Rows {
    fn add(&mut self, entry: &Entry, noted: &Noted, (home, keys): (&Home, &Keys)) -> Result<(), WriteError> {
        let (doing, action) = (&entry.doing, &noted.action);
        let Sealed { key, bytes } =
            keys.seal(noted.subject, &action.subject_type).ok_or(WriteError::Unsealed)?;
        let mut span = [0; 8];
        getrandom::fill(&mut span)?;
        self.traces.push(doing.trace.to_be_bytes());
        self.spans.push(span);
        self.parents.push(doing.span.to_be_bytes());
        self.foreign.push(doing.caller_span.map(u64::to_be_bytes));
        self.names.push(action.name.to_string());
        self.statuses.push(noted.ended.name());
        self.started.push(entry.started_at);
        self.ended.push(entry.ended_at);
        self.activities.push(doing.activity.as_ref().unwrap_or(&action.activity).to_string());
        self.subjects.push(bytes);
        self.subject_types.push(action.subject_type.to_string());
        self.keys.push(key.to_string());
        self.sources.push(doing.principal.source_id);
        self.source_types.push(doing.principal.source_type.clone());
        let organisation = doing.principal.organisation.clone();
        self.organisations.push(organisation.unwrap_or_else(|| home.oin.to_string()));
        Ok(())
    }

    async fn insert(self, home: &Home, connection: &mut Lent) -> Result<(), sqlx::Error> {
        let insert = sqlx::query(INSERT)
            .bind(&*home.resource)
            .bind(self.traces.iter().map(|id| id.as_slice()).collect::<Vec<_>>())
            .bind(self.spans.iter().map(|id| id.as_slice()).collect::<Vec<_>>())
            .bind(self.parents.iter().map(|id| id.as_slice()).collect::<Vec<_>>())
            .bind(self.foreign.iter().map(|id| id.as_ref().map(|id| id.as_slice())).collect::<Vec<_>>())
            .bind(&self.names)
            .bind(&self.statuses)
            .bind(&self.started)
            .bind(&self.ended)
            .bind(&self.activities)
            .bind(&self.subjects)
            .bind(&self.subject_types)
            .bind(&self.keys)
            .bind(&self.sources)
            .bind(&self.source_types)
            .bind(&self.organisations);
        insert.execute(connection).await.map(drop)
    }
}
