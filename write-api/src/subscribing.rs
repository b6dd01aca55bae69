//! Durable subscriptions made and managed: who may, and the rows that the delivery workers go by.

use std::sync::Arc;

use door::Principal;
use policy::{Acts, Denied};
use read_model::catalogue::Catalogue;
use read_model::event::{EventId, Position};
use read_model::pool::Pool;
use read_model::reader::{Mode, Wanted};
use read_model::sink::Sink;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

/// The longest name.
const MAX_NAME: usize = 64;

/// Tells the workers that a subscription was made or managed.
const TELL: &str = "SELECT pg_notify('f6_subscription', '')";

/// A subscription as somebody asks for it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The name by which it is to be managed.
    pub name: String,
    /// Where deliveries are to go.
    pub sink: String,
    /// How a CloudEvent is to be written.
    pub mode: Mode,
    /// Whether deliveries are to hold what the events say.
    pub with_data: bool,
    /// What is to be delivered.
    pub wanted: Wanted,
    /// Everything after this position; without it, what is registered from now on.
    pub after: Option<Position>,
}

/// What is to become of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Deliver nothing for now.
    Pause,
    /// Deliver again.
    Resume,
    /// Deliver everything after this position again.
    Replay(Position),
    /// Try what was given up again: of these events, or all.
    Retry(Option<Vec<EventId>>),
    /// Leave out what was given up: of these events, or all.
    Skip(Option<Vec<EventId>>),
    /// Deliver nothing any more.
    Delete,
}

/// Where a subscription stands after it was managed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Managed {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether nothing is delivered for now.
    pub paused: bool,
    /// What was registered up to here is delivered, or on its way.
    pub position: i64,
    /// How many deliveries were tried again, left out, or given up for good.
    #[sqlx(default)]
    pub deliveries: i64,
}

/// A subscription cannot be made or managed.
#[derive(Debug, thiserror::Error)]
pub enum SubscribingError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Denied),
    /// There is none of that name, or it is not the caller's.
    #[error("there is no subscription `{0}` of yours; `subscriptions` of the query API lists them")]
    Unknown(String),
    /// There is one of that name.
    #[error("there is a subscription `{0}` already; choose another name, or delete that one first")]
    Exists(String),
    /// A value cannot be used.
    #[error("`{path}`: {message}")]
    Invalid {
        /// Where it stands.
        path: &'static str,
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// The database does not answer as it should.
    #[error("subscriptions cannot be kept")]
    Database(#[from] sqlx::Error),
}

/// Makes and manages subscriptions.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    pool: Pool,
    catalogue: Arc<Catalogue>,
    development: bool,
}

impl Subscriptions {
    /// On this database; in development a sink need not speak TLS.
    #[must_use]
    pub const fn new(pool: Pool, catalogue: Arc<Catalogue>, development: bool) -> Self {
        Self { pool, catalogue, development }
    }

    /// Makes a subscription of this id, whose deliveries are signed with this secret.
    ///
    /// # Errors
    /// [`SubscribingError`].
    pub async fn create(
        &self,
        owner: &Principal,
        id: Uuid,
        secret: &str,
        asked: &Asked,
    ) -> Result<Managed, SubscribingError> {
        let (acts, caller) = (Acts::of(&self.catalogue), owner.caller());
        acts.subscribe(&caller)?;
        if asked.with_data {
            acts.have_data_delivered(&caller)?;
        }
        check_name(&asked.name)?;
        check_sink(&asked.sink, self.development)?;
        let mut lent = self.pool.lend().await?;
        let mut transaction = lent.begin().await?;
        let end: i64 = sqlx::query_scalar("SELECT position FROM head").fetch_one(&mut transaction).await?;
        let after = within(asked.after.unwrap_or(Position::new(end)), end)?;
        let made = creation(owner, id, (secret, after), asked)
            .fetch_optional(&mut transaction)
            .await?
            .ok_or_else(|| SubscribingError::Exists(asked.name.clone()))?;
        sqlx::query(TELL).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Manages the caller's subscription of this name, or, for who may manage everybody's, any.
    ///
    /// # Errors
    /// [`SubscribingError`].
    pub async fn manage(
        &self,
        caller: &Principal,
        name: &str,
        act: &Act,
    ) -> Result<Managed, SubscribingError> {
        let acts = Acts::of(&self.catalogue);
        let manages = acts.manage_subscriptions(&caller.caller()).is_ok();
        if !manages {
            acts.subscribe(&caller.caller())?;
        }
        let mut lent = self.pool.lend().await?;
        let mut transaction = lent.begin().await?;
        let owner = (!manages).then_some(caller.source_id);
        let found: Option<(Uuid, i64)> =
            sqlx::query_as(FIND).bind(name).bind(owner).fetch_optional(&mut transaction).await?;
        let (id, end) = found.ok_or_else(|| SubscribingError::Unknown(name.to_owned()))?;
        let managed = match act {
            Act::Pause => sqlx::query_as(PAUSE).bind(id).bind(true),
            Act::Resume => sqlx::query_as(PAUSE).bind(id).bind(false),
            Act::Replay(after) => sqlx::query_as(REPLAY).bind(id).bind(within(*after, end)?),
            Act::Retry(events) => sqlx::query_as(RETRY).bind(id).bind(events),
            Act::Skip(events) => sqlx::query_as(SKIP).bind(id).bind(events),
            Act::Delete => sqlx::query_as(DELETE).bind(id),
        };
        let managed = managed.fetch_one(&mut transaction).await?;
        sqlx::query(TELL).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(managed)
    }
}

/// The statement that makes a subscription, with what it is made of.
fn creation<'q>(
    owner: &'q Principal,
    id: Uuid,
    (secret, after): (&'q str, i64),
    asked: &'q Asked,
) -> QueryAs<'q, Postgres, Managed, PgArguments> {
    let events = &asked.wanted.events;
    sqlx::query_as(CREATE)
        .bind(id)
        .bind(&asked.name)
        .bind(owner.source_id)
        .bind(&owner.source_type)
        .bind(&asked.sink)
        .bind(asked.mode.name())
        .bind(asked.with_data)
        .bind(secret)
        .bind(events.object)
        .bind(&events.event_types)
        .bind(events.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>()))
        .bind(&events.source_types)
        .bind(
            asked
                .wanted
                .trust
                .as_ref()
                .map(|trust| trust.iter().map(|status| status.name()).collect::<Vec<_>>()),
        )
        .bind(after)
        .bind(&owner.organisation)
        .bind(&owner.zones)
        .bind(owner.person)
}

fn within(after: Position, end: i64) -> Result<i64, SubscribingError> {
    let after = after.get();
    if (0..=end).contains(&after) {
        return Ok(after);
    }
    let message = format!("the log ends at {end}, before {after}; give a position from 0 to there");
    Err(SubscribingError::Invalid { path: "after", message })
}

fn check_name(name: &str) -> Result<(), SubscribingError> {
    let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(plain) {
        return Ok(());
    }
    let name = door::shown_text(name);
    let message = format!(
        "`{name}` is no name; write at most {MAX_NAME} lower-case letters, digits and `-`, such as bsn-issuer"
    );
    Err(SubscribingError::Invalid { path: "name", message })
}

/// What is delivered may be of persons, and is signed, not encrypted: the network must be.
fn check_sink(text: &str, development: bool) -> Result<(), SubscribingError> {
    let wrong = |message: String| SubscribingError::Invalid { path: "sink", message };
    let sink = Sink::parse(text).map_err(|error| wrong(error.to_string()))?;
    match development || sink.is_encrypted() {
        true => Ok(()),
        false => Err(wrong(format!(
            "`{}` does not begin with https://, or with tls:// for NATS; deliveries go over TLS alone",
            door::shown_text(text)
        ))),
    }
}

const CREATE: &str = "INSERT INTO subscription (id, name, source_id, source_type, sink, mode, with_data, secret, object_id, event_types,
   event_kinds, source_types, trust, position, organisation, zones, person)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (name) DO NOTHING
 RETURNING id, name, paused, position";

const FIND: &str = "SELECT id, (SELECT position FROM head) FROM subscription WHERE name = $1 AND ($2::uuid IS NULL OR source_id = $2) FOR UPDATE";

const PAUSE: &str = "UPDATE subscription SET paused = $2 WHERE id = $1 RETURNING id, name, paused, position";

/// What stood to be delivered after that position is found again.
const REPLAY: &str = "WITH gone AS (DELETE FROM delivery WHERE subscription_id = $1 AND through > $2)
 UPDATE subscription SET position = $2, failures = 0 WHERE id = $1 RETURNING id, name, paused, position";

const RETRY: &str = "WITH again AS (
   UPDATE delivery SET parked_at = NULL, attempts = 0, due_at = clock_timestamp()
   WHERE subscription_id = $1 AND parked_at IS NOT NULL
     AND ($2::uuid[] IS NULL OR position IN (SELECT position FROM event WHERE id = ANY($2)))
   RETURNING 1)
 UPDATE subscription SET failures = 0 WHERE id = $1
 RETURNING id, name, paused, position, (SELECT count(*) FROM again) AS deliveries";

const SKIP: &str = "WITH gone AS (
   DELETE FROM delivery WHERE subscription_id = $1 AND parked_at IS NOT NULL
     AND ($2::uuid[] IS NULL OR position IN (SELECT position FROM event WHERE id = ANY($2)))
   RETURNING 1)
 UPDATE subscription SET failures = 0 WHERE id = $1
 RETURNING id, name, paused, position, (SELECT count(*) FROM gone) AS deliveries";

const DELETE: &str = "DELETE FROM subscription WHERE id = $1
 RETURNING id, name, paused, position, (SELECT count(*) FROM delivery WHERE subscription_id = $1) AS deliveries";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_go_over_tls_but_in_development() {
        for right in ["https://consumer.example/events?of=f6", "tls://nats.example:4222/f6.events"] {
            assert!(check_sink(right, false).is_ok(), "{right}");
        }
        for only_in_development in ["http://127.0.0.1:9000/", "nats://127.0.0.1:4222/f6.events"] {
            assert!(check_sink(only_in_development, true).is_ok(), "{only_in_development}");
            let error = check_sink(only_in_development, false).unwrap_err().to_string();
            let told = format!(
                "`sink`: `{only_in_development}` does not begin with https://, or with tls:// for NATS; deliveries go over TLS alone"
            );
            assert_eq!(error, told);
        }
    }

    #[test]
    fn a_sink_that_is_none_is_refused_by_its_value() {
        let error = check_sink("consumer", true).unwrap_err().to_string();
        assert_eq!(
            error,
            "`sink`: `consumer` is no address; write one such as https://consumer.example/events"
        );
    }

    #[test]
    fn a_name_can_be_a_label_of_a_metric() {
        assert!(check_name("bsn-issuer-2").is_ok());
        for wrong in ["", "BSN", "de zaak", "a\n", &"a".repeat(65)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_replay_begins_within_the_log() {
        assert_eq!(within(Position::new(0), 7).unwrap(), 0);
        let error = within(Position::new(8), 7).unwrap_err().to_string();
        assert_eq!(error, "`after`: the log ends at 7, before 8; give a position from 0 to there");
    }
}
