//! Durable subscriptions: who has events delivered, how far they are, and what could not be delivered.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{EventFilter, EventReader, ReadError, Wanted, wall};
use crate::event::{EventKind, EventSource, ObjectId, Position};
use crate::fold::Status;

/// The columns that make a [`Subscription`]; what deliveries are signed with is not among them.
pub const SUBSCRIPTION_COLUMNS: &str = "id, name, source_id, source_type, organisation, zones, person, sink, mode, with_data, object_id, event_types, \
     event_kinds, source_types, trust, created_at, paused, position, failures, last_error, last_failed_at, last_delivered_at";

/// Somebody who has events delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: Uuid,
    /// The name by which it is managed.
    pub name: String,
    /// Whose it is.
    pub owner: EventSource,
    /// The organisation of the owner, by its OIN, where their token said so.
    pub organisation: Option<String>,
    /// The zones in whose domain the owner works, where their token said so.
    pub zones: Option<Vec<String>>,
    /// The object that the owner is themselves, where their token said so.
    pub person: Option<ObjectId>,
    /// Where deliveries go.
    pub sink: String,
    /// How a CloudEvent is written into a request.
    pub mode: Mode,
    /// Whether deliveries hold what the events say.
    pub with_data: bool,
    /// What is delivered.
    pub wanted: Wanted,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Whether nothing is delivered for now.
    pub paused: bool,
    /// What was registered up to here is delivered, or is on its way.
    pub position: Position,
    /// How many deliveries in a row have failed.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When one failed last.
    pub last_failed_at: Option<DateTime<Utc>>,
    /// When one succeeded last.
    pub last_delivered_at: Option<DateTime<Utc>>,
}

/// How a CloudEvent is written into a request (CloudEvents HTTP binding, 3.1 and 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The whole event in the body.
    Structured,
    /// Its attributes in headers, its data in the body.
    Binary,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Structured, Self::Binary];

    /// Its name in GraphQL and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Structured => "STRUCTURED",
            Self::Binary => "BINARY",
        }
    }

    /// The mode with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// How much of a subscription is still to be delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Backlog {
    /// Deliveries that are on their way, wait for their turn, or are tried again.
    pub pending: i64,
    /// Deliveries that were given up.
    pub parked: i64,
    /// Events that nobody has looked at yet.
    pub behind: i64,
}

/// A delivery that was given up.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ParkedDelivery {
    /// The event with which it came to be told.
    pub through: i64,
    /// The event that it tells of.
    pub position: i64,
    /// That event's id.
    pub event_id: Uuid,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// Since when it is no longer tried.
    pub parked_at: DateTime<Utc>,
}

/// A row of `subscription`.
#[derive(Debug, FromRow)]
pub struct SubscriptionRow {
    id: Uuid,
    name: String,
    source_id: Uuid,
    source_type: String,
    organisation: Option<String>,
    zones: Option<Vec<String>>,
    person: Option<ObjectId>,
    sink: String,
    mode: String,
    with_data: bool,
    object_id: Option<ObjectId>,
    event_types: Option<Vec<String>>,
    event_kinds: Option<Vec<String>>,
    source_types: Option<Vec<String>>,
    trust: Option<Vec<String>>,
    created_at: DateTime<Utc>,
    paused: bool,
    position: i64,
    failures: i32,
    last_error: Option<String>,
    last_failed_at: Option<DateTime<Utc>>,
    last_delivered_at: Option<DateTime<Utc>>,
}

impl From<SubscriptionRow> for Subscription {
    fn from(row: SubscriptionRow) -> Self {
        let events = EventFilter {
            object: row.object_id,
            event_types: row.event_types,
            kinds: row.event_kinds.map(|kinds| each(&kinds, EventKind::from_name)),
            source_types: row.source_types,
        };
        Self {
            id: row.id,
            name: row.name,
            owner: EventSource { id: row.source_id, source_type: row.source_type.into() },
            organisation: row.organisation,
            zones: row.zones,
            person: row.person,
            sink: row.sink,
            mode: Mode::from_name(&row.mode).unwrap_or(Mode::Structured),
            with_data: row.with_data,
            wanted: Wanted { events, trust: row.trust.map(|trust| each(&trust, Status::from_name)) },
            created_at: row.created_at,
            paused: row.paused,
            position: Position::new(row.position),
            failures: row.failures.unsigned_abs(),
            last_error: row.last_error,
            last_failed_at: row.last_failed_at,
            last_delivered_at: row.last_delivered_at,
        }
    }
}

/// Only names that the code knows were written.
fn each<T>(names: &[String], of: impl Fn(&str) -> Option<T>) -> Vec<T> {
    names.iter().filter_map(|name| of(name)).collect()
}

impl EventReader {
    /// The subscriptions of an owner, or everybody's; in the order of their names.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn subscriptions(&self, owner: Option<Uuid>) -> Result<Vec<Arc<Subscription>>, ReadError> {
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscription WHERE $1::uuid IS NULL OR source_id = $1 ORDER BY name"
        );
        let rows = sqlx::query_as::<_, SubscriptionRow>(sqlx::AssertSqlSafe(sql)).bind(owner);
        let rows = rows.fetch_all(&mut self.pool.lend().await?).await?;
        Ok(rows.into_iter().map(|row| Arc::new(Subscription::from(row))).collect())
    }

    /// How much of a subscription is still to be delivered.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn backlog(&self, subscription: &Subscription) -> Result<Backlog, ReadError> {
        const SQL: &str =
            "SELECT count(*) FILTER (WHERE parked_at IS NULL) AS pending, count(parked_at) AS parked,
               greatest((SELECT position FROM head) - $2, 0) AS behind
             FROM delivery WHERE subscription_id = $1";
        let asked = sqlx::query_as(SQL).bind(subscription.id).bind(subscription.position.get());
        Ok(asked.fetch_one(&mut self.pool.lend().await?).await?)
    }

    /// The first deliveries of a subscription that were given up, in the order of registration.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn parked(
        &self,
        subscription: &Subscription,
        limit: i64,
    ) -> Result<Vec<ParkedDelivery>, ReadError> {
        const SQL: &str =
            "SELECT d.through, d.position, e.id AS event_id, d.attempts, d.last_error, d.parked_at
             FROM delivery d JOIN event e ON e.position = d.position
             WHERE d.subscription_id = $1 AND d.parked_at IS NOT NULL ORDER BY d.through, d.position LIMIT $2";
        let sql = sqlx::AssertSqlSafe(wall::folding(SQL));
        let query = sqlx::query_as(sql).bind(subscription.id).bind(limit);
        Ok(query.fetch_all(&mut self.pool.lend().await?).await?)
    }
}
