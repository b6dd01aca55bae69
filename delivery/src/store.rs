//! What is still to be delivered, kept in PostgreSQL: one short transaction settles what became of deliveries, looks
//! further along the log, and hands out what goes next.

use std::sync::Arc;
use std::time::Duration;

use policy::{Caller, Policy};
use read_model::event::{ObjectId, Position};
use read_model::fold::Status;
use read_model::pool::{Pool, Transaction};
use read_model::reader::{
    EventReader, ReadError, SUBSCRIPTION_COLUMNS, Seen, Subscription, SubscriptionRow, Told,
};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::backoff::Patience;
use crate::order::{self, Stand};

/// How many deliveries of one subscription are kept at once; beyond that the log is not looked at further.
pub const BACKLOG: usize = 1_000;

/// How many stretches of the log one transaction looks through.
const STRETCHES: usize = 4;

/// How many events are looked at together where few of them may be told.
const PAGE: usize = 100;

/// After so many failures in a row only one delivery at a time finds out whether the sink is back.
const DOUBTFUL: u32 = 3;

/// The store, as one worker uses it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    reader: Arc<EventReader>,
    policy: Arc<Policy>,
    worker: Uuid,
    lease: Duration,
    patience: Patience,
}

/// A delivery that this worker is to make.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What is told.
    pub told: Told,
    /// How often it was tried before.
    pub attempts: u32,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The event with which it came to be told.
    pub through: Position,
    /// The event that it tells of.
    pub position: Position,
    /// How often it had been tried before.
    pub attempts: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It did not, and why.
    Failed(String),
    /// It was not tried.
    Untried,
}

/// What a worker is to do next for a subscription.
#[derive(Debug)]
pub struct Handed {
    /// The subscription, as it is now.
    pub subscription: Subscription,
    /// What its deliveries are signed with.
    pub secret: String,
    /// What goes now.
    pub deliveries: Vec<Delivery>,
    /// Whether there may be more to hand out at once.
    pub more: bool,
    /// When something that waits may go, where anything does.
    pub next: Option<Duration>,
    /// Where the log ended.
    pub newest: Position,
    /// How many deliveries are kept, and how many of them were given up.
    pub kept: (usize, usize),
}

/// A row of `subscription` that nobody else changes now.
#[derive(Debug, FromRow)]
struct Locked {
    #[sqlx(flatten)]
    subscription: SubscriptionRow,
    secret: String,
}

/// How deliveries went.
#[derive(Debug, Default)]
struct Noted {
    /// Whether one of them arrived.
    delivered: bool,
    /// Why the last that failed did.
    failure: Option<String>,
}

/// A row of `delivery`.
#[derive(Debug, FromRow)]
struct Row {
    through: i64,
    position: i64,
    object_ids: Vec<ObjectId>,
    status: Option<String>,
    previous_status: Option<String>,
    attempts: i32,
    parked: bool,
    /// Seconds until it may be tried, or its lease ends; none where it may go now.
    waits: Option<f64>,
}

impl Row {
    const fn stand(&self) -> Stand {
        if self.parked || self.waits.is_some() { Stand::Held } else { Stand::Ready }
    }

    fn turned(&self) -> Option<(Status, Option<Status>)> {
        let status = |name: &Option<String>| name.as_deref().and_then(Status::from_name);
        status(&self.status).map(|after| (after, status(&self.previous_status)))
    }
}

/// Rows that stand in the table already, and those that are to be added to it, with what they tell.
struct Backlog {
    kept: Vec<Row>,
    new: Vec<(Row, Told)>,
}

impl Store {
    /// The store, for a worker of this id.
    #[must_use]
    pub fn new(
        pool: Pool,
        (reader, policy): (Arc<EventReader>, Arc<Policy>),
        worker: Uuid,
        lease: Duration,
        patience: Patience,
    ) -> Self {
        Self { pool, reader, policy, worker, lease, patience }
    }

    /// The ids of all subscriptions.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscriptions(&self) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar("SELECT id FROM subscription ORDER BY id")
            .fetch_all(&mut self.pool.lend().await?)
            .await
    }

    /// Settles deliveries and hands out others, at most `room`; none where the subscription is gone.
    ///
    /// # Errors
    /// [`ReadError`]; then nothing was settled or handed out.
    pub async fn exchange(
        &self,
        id: Uuid,
        settled: &[Settled],
        room: usize,
    ) -> Result<Option<Handed>, ReadError> {
        let mut lent = self.pool.lend().await?;
        let mut transaction = lent.begin().await?;
        let sql = format!("SELECT {SUBSCRIPTION_COLUMNS}, secret FROM subscription WHERE id = $1 FOR UPDATE");
        let locked: Option<Locked> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(&mut transaction).await?;
        let Some(Locked { subscription, secret }) = locked else { return Ok(None) };
        let mut subscription = Subscription::from(subscription);
        // Only now, with the lock: where the log ended before, others may have gone further since.
        let newest: i64 = sqlx::query_scalar("SELECT position FROM head").fetch_one(&mut transaction).await?;
        let noted = self.settle(&mut transaction, &mut subscription, settled).await?;
        let newest = Position::new(newest);
        let room = if subscription.failures >= DOUBTFUL { room.min(1) } else { room };
        let room = if subscription.paused { 0 } else { room };
        let mut backlog = Backlog { kept: self.kept(&mut transaction, id).await?, new: Vec::new() };
        let from = subscription.position;
        if room > 0 {
            self.look_further(&mut subscription, &mut backlog, newest, room).await?;
        }
        let handed = self.hand_out(&mut transaction, &subscription, backlog, room).await?;
        if !settled.is_empty() || subscription.position != from {
            note(&mut transaction, &subscription, noted).await?;
        }
        transaction.commit().await?;
        let deliveries = self.with_events(handed.deliveries).await?;
        let looks_on = room > 0 && handed.rows < BACKLOG && subscription.position < newest;
        let more = looks_on && deliveries.is_empty();
        let kept = (handed.rows, handed.parked);
        Ok(Some(Handed { subscription, secret, deliveries, more, next: handed.next, newest, kept }))
    }

    /// Writes what became of deliveries; what another worker has taken over in the meantime is left to it.
    async fn settle(
        &self,
        transaction: &mut Transaction<'_>,
        subscription: &mut Subscription,
        settled: &[Settled],
    ) -> Result<Noted, ReadError> {
        if settled.is_empty() {
            return Ok(Noted::default());
        }
        let done: Vec<&Settled> =
            settled.iter().filter(|settled| settled.outcome == Outcome::Delivered).collect();
        let (through, position) = places(done.iter().copied());
        sqlx::query(DELIVERED)
            .bind(subscription.id)
            .bind(self.worker)
            .bind(through)
            .bind(position)
            .execute(&mut *transaction)
            .await?;
        self.put_back(transaction, subscription.id, settled).await?;
        let failure = settled.iter().rev().find_map(|settled| match &settled.outcome {
            Outcome::Failed(why) => Some(why.clone()),
            Outcome::Delivered | Outcome::Untried => None,
        });
        let failures = settled.iter().filter(|settled| matches!(settled.outcome, Outcome::Failed(_))).count();
        if !done.is_empty() {
            subscription.failures = 0;
        } else {
            subscription.failures += u32::try_from(failures).unwrap_or(u32::MAX);
        }
        Ok(Noted { delivered: !done.is_empty(), failure })
    }

    /// What failed is tried again later, or given up; what was not tried, by whoever comes.
    async fn put_back(
        &self,
        transaction: &mut Transaction<'_>,
        id: Uuid,
        settled: &[Settled],
    ) -> Result<(), ReadError> {
        let left: Vec<&Settled> =
            settled.iter().filter(|settled| settled.outcome != Outcome::Delivered).collect();
        if left.is_empty() {
            return Ok(());
        }
        let (through, position) = places(left.iter().copied());
        let errors: Vec<Option<&str>> = left
            .iter()
            .map(|settled| match &settled.outcome {
                Outcome::Failed(why) => Some(why.as_str()),
                Outcome::Delivered | Outcome::Untried => None,
            })
            .collect();
        let waits: Vec<f64> = left
            .iter()
            .map(|settled| match settled.outcome {
                Outcome::Failed(_) => self.patience.after(settled.attempts + 1).as_secs_f64(),
                Outcome::Delivered | Outcome::Untried => 0.0,
            })
            .collect();
        sqlx::query(PUT_BACK)
            .bind(id)
            .bind(self.worker)
            .bind(through)
            .bind(position)
            .bind(errors)
            .bind(waits)
            .bind(i32::try_from(self.patience.attempts).unwrap_or(i32::MAX))
            .execute(&mut *transaction)
            .await?;
        Ok(())
    }

    async fn kept(&self, transaction: &mut Transaction<'_>, id: Uuid) -> Result<Vec<Row>, ReadError> {
        Ok(sqlx::query_as(KEPT).bind(id).fetch_all(&mut *transaction).await?)
    }

    /// Looks along the log for more to deliver, until enough may go or the log ends.
    async fn look_further(
        &self,
        subscription: &mut Subscription,
        backlog: &mut Backlog,
        newest: Position,
        room: usize,
    ) -> Result<(), ReadError> {
        let wanted = &subscription.wanted;
        // Who may see no event any more is not served, and says so at each try, until the config is right again.
        let seen = self.policy.reads().events(&Caller::from(&*subscription));
        let seen = seen.unwrap_or_else(|_| Seen::everything());
        for _ in 0..STRETCHES {
            let enough = backlog.rows() >= BACKLOG || backlog.next(room).len() >= room;
            if enough || subscription.position >= newest {
                return Ok(());
            }
            // What goes now is written once; what is kept for later is written again when it goes.
            let at_most = if wanted.trust.is_none() { room } else { PAGE };
            let (filter, seen_in_log) = (wanted.to_read(), wanted.seen_in_log(&seen));
            let stretch =
                self.reader.stretch((&filter, &seen_in_log), subscription.position, newest, at_most);
            let (events, mut reached) = stretch.await?;
            for through in &events {
                if backlog.rows() >= BACKLOG {
                    reached = through.position.plus(-1);
                    break;
                }
                let told = self.reader.told(wanted, through).await?.into_iter();
                backlog.new.extend(told.filter(|told| seen.shows(&told.event)).map(new));
            }
            subscription.position = reached;
        }
        Ok(())
    }

    /// Takes what may go next, and writes down what is new.
    async fn hand_out(
        &self,
        transaction: &mut Transaction<'_>,
        subscription: &Subscription,
        backlog: Backlog,
        room: usize,
    ) -> Result<HandedRows, ReadError> {
        let going = backlog.next(room);
        let (taken, added): (Vec<usize>, Vec<usize>) =
            going.iter().partition(|index| **index < backlog.kept.len());
        let rows = || taken.iter().filter_map(|index| backlog.kept.get(*index));
        if !taken.is_empty() {
            sqlx::query(TAKEN)
                .bind(subscription.id)
                .bind(self.worker)
                .bind(rows().map(|row| row.through).collect::<Vec<_>>())
                .bind(rows().map(|row| row.position).collect::<Vec<_>>())
                .bind(self.lease.as_secs_f64())
                .execute(&mut *transaction)
                .await?;
        }
        let leased: Vec<bool> =
            (0..backlog.new.len()).map(|index| added.contains(&(index + backlog.kept.len()))).collect();
        self.add(transaction, subscription.id, &backlog.new, &leased).await?;
        Ok(HandedRows::of(backlog, &taken, &leased))
    }

    async fn add(
        &self,
        transaction: &mut Transaction<'_>,
        id: Uuid,
        new: &[(Row, Told)],
        leased: &[bool],
    ) -> Result<(), ReadError> {
        if new.is_empty() {
            return Ok(());
        }
        let rows = || new.iter().map(|(row, _)| row);
        let objects: Vec<String> = rows().map(|row| written(&row.object_ids)).collect();
        sqlx::query(ADDED)
            .bind(id)
            .bind(self.worker)
            .bind(rows().map(|row| row.through).collect::<Vec<_>>())
            .bind(rows().map(|row| row.position).collect::<Vec<_>>())
            .bind(objects)
            .bind(rows().map(|row| row.status.clone()).collect::<Vec<_>>())
            .bind(rows().map(|row| row.previous_status.clone()).collect::<Vec<_>>())
            .bind(leased)
            .bind(self.lease.as_secs_f64())
            .execute(&mut *transaction)
            .await?;
        Ok(())
    }

    /// Reads the events of deliveries that stood in the table already.
    async fn with_events(&self, handed: Vec<(Row, Option<Told>)>) -> Result<Vec<Delivery>, ReadError> {
        let lacking = handed.iter().filter(|(_, told)| told.is_none());
        let positions: Vec<i64> = lacking.flat_map(|(row, _)| [row.through, row.position]).collect();
        let events = self.reader.events_at(&positions).await?;
        let at = |position: i64| events.get(&position).cloned();
        let delivery = |(row, told): (Row, Option<Told>)| {
            let read =
                || Some(Told { event: at(row.position)?, through: at(row.through)?, turned: row.turned() });
            Some(Delivery { told: told.or_else(read)?, attempts: row.attempts.unsigned_abs() })
        };
        Ok(handed.into_iter().filter_map(delivery).collect())
    }
}

/// Writes how far the subscription is, and how it went.
async fn note(
    transaction: &mut Transaction<'_>,
    subscription: &Subscription,
    noted: Noted,
) -> Result<(), ReadError> {
    sqlx::query(NOTED)
        .bind(subscription.id)
        .bind(i32::try_from(subscription.failures).unwrap_or(i32::MAX))
        .bind(noted.delivered)
        .bind(noted.failure)
        .bind(subscription.position.get())
        .execute(&mut *transaction)
        .await?;
    Ok(())
}

/// What was handed out, and what is left.
struct HandedRows {
    deliveries: Vec<(Row, Option<Told>)>,
    rows: usize,
    parked: usize,
    next: Option<Duration>,
}

impl HandedRows {
    fn of(backlog: Backlog, taken: &[usize], leased: &[bool]) -> Self {
        let waits = backlog.kept.iter().filter(|row| !row.parked).filter_map(|row| row.waits);
        let next = waits.reduce(f64::min).map(|seconds| Duration::from_secs_f64(seconds.max(0.0)));
        let rows = backlog.rows();
        let parked = backlog.kept.iter().filter(|row| row.parked).count();
        let kept = backlog.kept.into_iter().enumerate().filter(|(index, _)| taken.contains(index));
        let new = backlog.new.into_iter().zip(leased).filter(|(_, leased)| **leased);
        let deliveries =
            kept.map(|(_, row)| (row, None)).chain(new.map(|((row, told), _)| (row, Some(told)))).collect();
        Self { deliveries, rows, parked, next }
    }
}

impl Backlog {
    fn rows(&self) -> usize {
        self.kept.len() + self.new.len()
    }

    fn next(&self, room: usize) -> Vec<usize> {
        let rows = self.kept.iter().chain(self.new.iter().map(|(row, _)| row));
        order::next(rows.map(|row| (row.object_ids.as_slice(), row.stand())), room)
    }
}

fn new(told: Told) -> (Row, Told) {
    let name = |status: Status| status.name().to_owned();
    let row = Row {
        through: told.through.position.get(),
        position: told.event.position.get(),
        object_ids: told.event.object_ids.clone(),
        status: told.turned.map(|(after, _)| name(after)),
        previous_status: told.turned.and_then(|(_, before)| before).map(name),
        attempts: 0,
        parked: false,
        waits: None,
    };
    (row, told)
}

fn places<'a>(settled: impl Iterator<Item = &'a Settled>) -> (Vec<i64>, Vec<i64>) {
    settled.map(|settled| (settled.through.get(), settled.position.get())).unzip()
}

/// A list of ids as PostgreSQL writes an array, as arrays of arrays are of one width.
fn written(ids: &[ObjectId]) -> String {
    let ids: Vec<String> = ids.iter().map(ObjectId::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

const DELIVERED: &str =
    "DELETE FROM delivery d USING unnest($3::bigint[], $4::bigint[]) AS s(through, position)
 WHERE d.subscription_id = $1 AND d.lease = $2 AND d.through = s.through AND d.position = s.position";

const PUT_BACK: &str = "UPDATE delivery d
 SET lease = NULL, leased_until = NULL,
     attempts = d.attempts + (s.error IS NOT NULL)::int,
     due_at = clock_timestamp() + s.wait * interval '1 second',
     last_error = coalesce(s.error, d.last_error),
     parked_at = CASE WHEN s.error IS NOT NULL AND d.attempts + 1 >= $7 THEN clock_timestamp() END
 FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::float8[]) AS s(through, position, error, wait)
 WHERE d.subscription_id = $1 AND d.lease = $2 AND d.through = s.through AND d.position = s.position";

const NOTED: &str = "UPDATE subscription
 SET failures = $2, position = $5, last_delivered_at = CASE WHEN $3 THEN clock_timestamp() ELSE last_delivered_at END,
     last_error = coalesce($4, last_error),
     last_failed_at = CASE WHEN $4::text IS NULL THEN last_failed_at ELSE clock_timestamp() END
 WHERE id = $1";

const KEPT: &str = "SELECT through, position, object_ids, status, previous_status, attempts, parked_at IS NOT NULL AS parked,
   nullif(greatest(extract(epoch FROM due_at - clock_timestamp()), extract(epoch FROM leased_until - clock_timestamp()), 0), 0)::float8 AS waits
 FROM delivery WHERE subscription_id = $1 ORDER BY through, position";

const TAKEN: &str =
    "UPDATE delivery d SET lease = $2, leased_until = clock_timestamp() + $5 * interval '1 second'
 FROM unnest($3::bigint[], $4::bigint[]) AS t(through, position)
 WHERE d.subscription_id = $1 AND d.through = t.through AND d.position = t.position";

const ADDED: &str = "INSERT INTO delivery (subscription_id, through, position, object_ids, status, previous_status, lease, leased_until)
 SELECT $1, n.through, n.position, n.object_ids::uuid[], n.status, n.previous_status,
        CASE WHEN n.leased THEN $2 END, CASE WHEN n.leased THEN clock_timestamp() + $9 * interval '1 second' END
 FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bool[]) AS n(through, position, object_ids, status, previous_status, leased)";
