//! Records as the columns of an INSERT.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::{Ended, Entry, Noted};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryScalar;
use uuid::Uuid;

use crate::keys::{Keys, Sealed};
use crate::meters::Meters;

/// What differs from record to record, and the type of each, in the order in which [`Scribe::bind`] binds them.
const COLUMNS: [(&str, &str); 15] = [
    ("trace_id", "bytea"),
    ("span_id", "bytea"),
    ("parent_span_id", "bytea"),
    ("foreign_span_id", "bytea"),
    ("name", "text"),
    ("status", "text"),
    ("started_at", "timestamptz"),
    ("ended_at", "timestamptz"),
    ("processing_activity_id", "text"),
    ("data_subject_id", "bytea"),
    ("data_subject_id_type", "text"),
    ("key_id", "text"),
    ("source_id", "uuid"),
    ("source_type", "text"),
    ("organisation", "text"),
];

/// The INSERT of records: as many rows as there are persons, however many answers they are of.
///
/// Its parameters are numbered from `first` on. It inserts where `source` has a row: a list of tables with a comma behind
/// each, or nothing.
#[must_use]
pub fn insert(first: usize, source: &str) -> String {
    let names = COLUMNS.map(|(name, _)| name).join(", ");
    let lists: Vec<String> =
        (first + 1..).zip(COLUMNS).map(|(number, (_, of))| format!("${number}::{of}[]")).collect();
    let lists = lists.join(", ");
    format!(
        "INSERT INTO processing_record (resource, {names}) SELECT ${first}::text, r.* FROM {source}unnest({lists}) AS r({names})"
    )
}

/// Why no record can be made.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
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

/// Makes rows of what was done, for a statement of the log's own or one that also writes what the records tell of.
#[derive(Clone, Debug)]
pub struct Scribe {
    pub(crate) home: Home,
    pub(crate) keys: Keys,
    pub(crate) meters: Meters,
}

impl Scribe {
    /// Adds a row for each person of an entry.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn add(&self, entry: &Entry, rows: &mut Rows) -> Result<(), RecordError> {
        entry.noted.iter().try_for_each(|noted| self.add_one(entry, noted, rows))
    }

    fn add_one(&self, entry: &Entry, noted: &Noted, rows: &mut Rows) -> Result<(), RecordError> {
        let (doing, action) = (&entry.doing, &noted.action);
        let Sealed { key, bytes } =
            self.keys.seal(noted.subject, &action.subject_type).ok_or(RecordError::Unsealed)?;
        let mut span = [0; 8];
        getrandom::fill(&mut span)?;
        rows.traces.push(doing.trace.to_be_bytes());
        rows.spans.push(span);
        rows.parents.push(doing.span.to_be_bytes());
        rows.foreign.push(doing.caller_span.map(u64::to_be_bytes));
        rows.names.push(action.name.to_string());
        rows.statuses.push(noted.ended.name());
        rows.started.push(entry.started_at);
        rows.ended.push(entry.ended_at);
        rows.activities.push(doing.activity.as_ref().unwrap_or(&action.activity).to_string());
        rows.subjects.push(bytes);
        rows.subject_types.push(action.subject_type.to_string());
        rows.keys.push(key.to_string());
        rows.sources.push(doing.principal.source_id);
        rows.source_types.push(doing.principal.source_type.clone());
        let organisation = doing.principal.organisation.clone();
        rows.organisations.push(organisation.unwrap_or_else(|| self.home.oin.to_string()));
        Ok(())
    }

    /// The parameters of [`insert`], after those that a query has.
    pub fn bind<O>(&self, rows: Rows, query: Query<O>) -> Query<O> {
        query
            .bind(self.home.resource.to_string())
            .bind(rows.traces)
            .bind(rows.spans)
            .bind(rows.parents)
            .bind(rows.foreign)
            .bind(rows.names)
            .bind(rows.statuses)
            .bind(rows.started)
            .bind(rows.ended)
            .bind(rows.activities)
            .bind(rows.subjects)
            .bind(rows.subject_types)
            .bind(rows.keys)
            .bind(rows.sources)
            .bind(rows.source_types)
            .bind(rows.organisations)
    }

    /// So many records of something that ended so are durable.
    pub fn count(&self, ended: Ended, records: u64) {
        self.meters.count(ended, records);
    }
}

/// A query that records are bound to.
pub type Query<O> = QueryScalar<'static, Postgres, O, PgArguments>;

/// The columns of records.
#[derive(Debug, Default)]
pub struct Rows {
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
    sources: Vec<Uuid>,
    source_types: Vec<String>,
    organisations: Vec<String>,
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.traces.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }
}
