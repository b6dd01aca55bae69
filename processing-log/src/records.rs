//! What was written of somebody, read back.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::pool::Pool;
use sqlx::Row;
use uuid::Uuid;

use crate::keys::Keys;

/// The records of the person whom the statement itself names: of nobody else can this role see any.
const PAGE: &str = "SELECT walled.* FROM (SELECT set_config('f6.subject', $1, true) AS said OFFSET 0) AS wall CROSS JOIN LATERAL (
  SELECT * FROM processing_record
  WHERE data_subject_id = ANY ($2) AND wall.said IS NOT NULL AND number < $3
    AND ended_at >= $4 AND ended_at < $5
  ORDER BY number DESC LIMIT $6
) AS walled";

/// Which records of somebody are asked for: newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The person.
    pub subject: Uuid,
    /// Only those that ended at this moment or later.
    pub from: DateTime<Utc>,
    /// Only those that ended before this moment.
    pub until: DateTime<Utc>,
    /// Only those that were written before the one with this number.
    pub before: i64,
}

/// What was done with somebody's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log.
    pub number: i64,
    /// The trace, in hexadecimal.
    pub trace_id: String,
    /// The record's own step in it.
    pub span_id: String,
    /// The step of the request.
    pub parent_span_id: String,
    /// The step of whoever made the request.
    pub foreign_span_id: Option<String>,
    /// What was done.
    pub name: String,
    /// How it ended: `OK`, `REFUSED`, `DENIED` or `ERROR`.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// The server that did it.
    pub resource: String,
    /// The processing activity that it was part of, as a URI.
    pub processing_activity_id: String,
    /// What the id of the person is an id of.
    pub data_subject_id_type: String,
    /// Who did it.
    pub source_id: Uuid,
    /// With which authority.
    pub source_type: String,
    /// Of which organisation, by its OIN.
    pub organisation: String,
}

/// What was written, to be read back person by person.
#[derive(Clone)]
pub struct Records {
    pool: Pool,
    keys: Keys,
    subject_types: Vec<Arc<str>>,
}

impl fmt::Debug for Records {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Records").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Records {
    pub(crate) const fn new(pool: Pool, keys: Keys, subject_types: Vec<Arc<str>>) -> Self {
        Self { pool, keys, subject_types }
    }

    /// The newest records that are asked for, so many at most.
    ///
    /// # Errors
    /// Where the database does not answer as it should.
    pub async fn page(&self, asked: Asked, limit: usize) -> Result<Vec<Record>, sqlx::Error> {
        let types = self.subject_types.iter();
        let sealed: Vec<Vec<u8>> = types.flat_map(|of| self.keys.sealed(asked.subject, of)).collect();
        let named: Vec<String> = sealed.iter().map(|bytes| format!("\\x{}", hex(bytes))).collect();
        let rows = sqlx::query(PAGE)
            .bind(named.join(" "))
            .bind(&sealed)
            .bind(asked.before)
            .bind(asked.from)
            .bind(asked.until)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        rows.iter().map(record).collect()
    }
}

fn record(row: &sqlx::postgres::PgRow) -> Result<Record, sqlx::Error> {
    let id = |column: &str| row.try_get::<Vec<u8>, _>(column).map(|bytes| hex(&bytes));
    let foreign: Option<Vec<u8>> = row.try_get("foreign_span_id")?;
    Ok(Record {
        number: row.try_get("number")?,
        trace_id: id("trace_id")?,
        span_id: id("span_id")?,
        parent_span_id: id("parent_span_id")?,
        foreign_span_id: foreign.as_deref().map(hex),
        name: row.try_get("name")?,
        status: row.try_get("status")?,
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
        resource: row.try_get("resource")?,
        processing_activity_id: row.try_get("processing_activity_id")?,
        data_subject_id_type: row.try_get("data_subject_id_type")?,
        source_id: row.try_get("source_id")?,
        source_type: row.try_get("source_type")?,
        organisation: row.try_get("organisation")?,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
