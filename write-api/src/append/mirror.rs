//! The part of the log that the writer keeps in memory: every event of some objects, up to one position.

mod known;
mod reversals;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, EventKind, ObjectId, Position};
use read_model::fold::Dossier;
use read_model::hashed::{HashMap, HashSet};
use read_model::pool::{Kept, Lent, Pool};
use read_model::reader::{EVENT_COLUMNS, EventRow, event_at};
use sqlx::{FromRow, Row};

use self::known::Known;
use self::reversals::Reversals;
use super::EngineError;
use super::meters::Meters;
use super::overlay::Overlay;
use crate::decide::{Events, Examined, Missing, Resting, View};

/// Beyond so many events of others, forgetting everything is cheaper than catching up.
const MAX_CATCH_UP: i64 = 10_000;

/// How many values of unique fields are kept.
const KEPT_VALUES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);

/// Of how many events it is kept what is based on them.
const KEPT_BASES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);

/// Of how many claims that wait for a verdict it is kept what they were held against.
const KEPT_EXAMINED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// Every event of the objects in it, up to [`head`](Self::head): nothing newer, nothing missing.
#[derive(Debug)]
pub(super) struct Mirror {
    kept: Kept,
    catalogue: Arc<Catalogue>,
    meters: Arc<Meters>,
    head: Head,
    clock: DatabaseClock,
    objects: LruCache<ObjectId, Known>,
    by_id: HashMap<EventId, Arc<Event>>,
    absent: HashSet<EventId>,
    values: LruCache<(Arc<str>, String), BTreeSet<ObjectId>>,
    /// What is based on an event: nothing yet on one that was just seen, and every claim that came since is seen too.
    resting: LruCache<EventId, Vec<Resting>>,
    /// What claims were held against, until they are judged.
    examined: LruCache<EventId, Arc<Examined>>,
    reversals: Reversals,
}

/// Where the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) position: Position,
    pub(super) created_at: DateTime<Utc>,
}

/// The database's clock, carried forward by this machine's monotonic one.
#[derive(Clone, Copy, Debug)]
struct DatabaseClock {
    read: DateTime<Utc>,
    at: Instant,
}

impl DatabaseClock {
    fn now(&self) -> DateTime<Utc> {
        self.read + TimeDelta::from_std(self.at.elapsed()).unwrap_or_default()
    }
}

impl Mirror {
    pub(super) async fn connect(
        pool: Pool,
        catalogue: Arc<Catalogue>,
        objects: usize,
        meters: Arc<Meters>,
    ) -> Result<Self, EngineError> {
        let (position, created_at, now): (i64, DateTime<Utc>, DateTime<Utc>) =
            sqlx::query_as("SELECT position, created_at, clock_timestamp() FROM head")
                .fetch_one(&mut pool.lend().await?)
                .await?;
        Ok(Self {
            kept: Kept::none(pool),
            catalogue,
            meters,
            head: Head { position: Position::new(position), created_at },
            clock: DatabaseClock { read: now, at: Instant::now() },
            objects: LruCache::new(NonZeroUsize::new(objects).unwrap_or(NonZeroUsize::MIN)),
            by_id: HashMap::default(),
            absent: HashSet::default(),
            values: LruCache::new(KEPT_VALUES),
            resting: LruCache::new(KEPT_BASES),
            examined: LruCache::new(KEPT_EXAMINED),
            reversals: Reversals::default(),
        })
    }

    pub(super) fn pool(&self) -> &Pool {
        self.kept.pool()
    }

    /// Hands out what keeps the connection, until it is [given back](Self::give_back).
    pub(super) fn hand_out(&mut self) -> Kept {
        let none = Kept::none(self.pool().clone());
        std::mem::replace(&mut self.kept, none)
    }

    /// Takes back what was handed out.
    pub(super) fn give_back(&mut self, kept: Kept) {
        self.kept = kept;
    }

    /// The connection over which this writer reads and writes.
    pub(super) async fn connection(&mut self) -> Result<&mut Lent, sqlx::Error> {
        self.kept.connection().await
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The database's clock.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// When an event that is stored now would be registered: the database's clock, never before the last event.
    pub(super) fn next_created_at(&self) -> DateTime<Utc> {
        self.now().max(self.head.created_at + TimeDelta::microseconds(1))
    }

    pub(super) fn of_object(&self, object: ObjectId) -> Option<&[Arc<Event>]> {
        self.objects.peek(&object).map(|known| known.events.as_slice())
    }

    /// The event, `Some(None)` where the store has none by this id, `None` where that is not known.
    pub(super) fn event(&self, id: EventId) -> Option<Option<&Arc<Event>>> {
        match self.by_id.get(&id) {
            Some(event) => Some(Some(event)),
            None => self.absent.contains(&id).then_some(None),
        }
    }

    pub(super) fn with_value(&self, field: &str, value: &str) -> Option<&BTreeSet<ObjectId>> {
        self.values.peek(&(field.into(), value.to_owned()))
    }

    pub(super) fn based_on(&self, id: EventId) -> Option<&[Resting]> {
        self.resting.peek(&id).map(Vec::as_slice)
    }

    pub(super) fn examined(&self, claim: EventId) -> Option<&Arc<Examined>> {
        self.examined.peek(&claim)
    }

    /// Notes that these objects are in use, so that others make room first.
    pub(super) fn touch(&mut self, objects: &[ObjectId]) {
        for object in objects {
            self.objects.promote(object);
        }
    }

    /// Loads what is missing, and what others have committed since; true where they have.
    pub(super) async fn load(&mut self, missing: &Missing) -> Result<bool, EngineError> {
        let rows = self.fetch(missing).await?;
        let head = rows.head;
        let moved = head.position != self.head.position;
        self.keep_up(head.position, &rows.events);
        let requested: BTreeSet<ObjectId> = self.requested(missing, &rows.events);
        for event in &rows.events {
            let known_objects = event
                .object_ids
                .iter()
                .filter(|object| event.position > self.head.position && !requested.contains(object));
            for object in known_objects {
                if let Some(known) = self.objects.peek_mut(object) {
                    known.events.push(Arc::clone(event));
                    self.by_id.insert(event.id, Arc::clone(event));
                }
            }
        }
        for object in requested {
            let events: Vec<_> =
                rows.events.iter().filter(|event| event.object_ids.contains(&object)).cloned().collect();
            self.by_id.extend(events.iter().map(|event| (event.id, Arc::clone(event))));
            self.put(object, events);
        }
        if moved {
            self.absent.clear();
            self.values.clear();
        }
        self.absent.extend(missing.events.iter().filter(|id| !self.by_id.contains_key(id)));
        self.head = head;
        self.clock = rows.clock;
        self.load_values(missing).await?;
        self.load_resting(missing).await?;
        Ok(moved)
    }

    /// Takes note of what came since; where that is too much, everything is forgotten.
    fn keep_up(&mut self, position: Position, events: &[Arc<Event>]) {
        let known = self.head.position;
        if position.get() - known.get() > MAX_CATCH_UP || position < known {
            self.forget();
        } else {
            events.iter().filter(|event| event.position > known).for_each(|event| self.note(event));
        }
    }

    /// Takes in what this writer itself committed.
    pub(super) fn committed(&mut self, events: &[Arc<Event>], overlay: &Overlay, head: Head) {
        for (claim, examined) in overlay.examined() {
            self.examined.put(*claim, Arc::clone(examined));
        }
        for event in events {
            self.note(event);
            for object in &event.object_ids {
                match self.objects.peek_mut(object) {
                    Some(known) => known.events.push(Arc::clone(event)),
                    None => continue,
                }
                self.by_id.insert(event.id, Arc::clone(event));
            }
        }
        for known in overlay.unique() {
            if let Some(objects) = self.values.get_mut(&(Arc::clone(&known.field), known.value.clone())) {
                objects.insert(known.object);
            }
        }
        self.absent.clear();
        self.head = head;
        self.clock = DatabaseClock { read: head.created_at.max(self.clock.now()), at: Instant::now() };
    }

    /// Forgets everything: after a fault nobody knows what was committed, nor what the connection would say next.
    pub(super) fn forget(&mut self) {
        self.kept.give_back();
        self.objects.clear();
        self.by_id.clear();
        self.absent.clear();
        self.values.clear();
        self.resting.clear();
        self.examined.clear();
        self.reversals = Reversals::default();
    }

    /// Whether the log still ends where this mirror does.
    pub(super) async fn is_current(&mut self) -> Result<bool, EngineError> {
        let position: i64 =
            sqlx::query_scalar("SELECT position FROM head").fetch_one(self.kept.connection().await?).await?;
        Ok(position == self.head.position.get())
    }

    /// The `created_at` of the event at a position; of the start where there is none.
    pub(super) async fn created_at(&mut self, position: Position) -> Result<DateTime<Utc>, EngineError> {
        let found = sqlx::query_scalar("SELECT created_at FROM event WHERE position = $1")
            .bind(position.get())
            .fetch_optional(self.kept.connection().await?)
            .await?;
        Ok(found.unwrap_or(read_model::time::FIRST_INSTANT))
    }

    fn put(&mut self, object: ObjectId, events: Vec<Arc<Event>>) {
        let evicted = self.objects.push(object, Known::of(events)).filter(|(evicted, _)| *evicted != object);
        for event in evicted.iter().flat_map(|(_, known)| &known.events) {
            // It stays where another object that it bears on does: every event of those is found by its id.
            if !event.object_ids.iter().any(|object| self.objects.contains(object)) {
                self.by_id.remove(&event.id);
            }
        }
    }

    /// The objects asked for, and those of the events asked for by id.
    fn requested(&self, missing: &Missing, events: &[Arc<Event>]) -> BTreeSet<ObjectId> {
        let by_id = events
            .iter()
            .filter(|event| missing.events.contains(&event.id))
            .flat_map(|event| &event.object_ids);
        missing.objects.iter().chain(by_id).copied().collect()
    }

    async fn load_values(&mut self, missing: &Missing) -> Result<(), EngineError> {
        if missing.values.is_empty() {
            return Ok(());
        }
        let (fields, values): (Vec<String>, Vec<String>) =
            missing.values.iter().map(|(field, value)| (field.to_string(), value.clone())).unzip();
        let rows: Vec<(String, String, ObjectId)> = sqlx::query_as(
            "SELECT DISTINCT u.field, u.value, u.object_id FROM unique_value u
             JOIN unnest($1::text[], $2::text[]) AS wanted(field, value) ON u.field = wanted.field AND u.value = wanted.value",
        )
        .bind(fields)
        .bind(values)
        .fetch_all(self.kept.connection().await?)
        .await?;
        for (field, value) in &missing.values {
            let objects =
                rows.iter().filter(|(f, v, _)| **f == **field && v == value).map(|(_, _, object)| *object);
            self.values.put((Arc::clone(field), value.clone()), objects.collect());
        }
        Ok(())
    }

    /// Takes note of an event that follows all that were seen: what it is based on, that nothing is based on it yet, and what
    /// it may take back.
    fn note(&mut self, event: &Event) {
        // One that is not at hand may be a correction.
        self.reversals.note(event, |id| self.by_id.get(&id).map(|judged| judged.kind()));
        self.resting.put(event.id, Vec::new());
        if event.kind() != EventKind::Claim {
            event.target().and_then(|target| self.examined.pop(&target));
            return;
        }
        for basis in &event.references {
            let resting = self.resting.peek_mut(basis);
            // A query after the load of the head may have seen it before.
            if let Some(resting) =
                resting.filter(|of| of.last().is_none_or(|last| last.position < event.position))
            {
                resting.push(Resting::of(event));
            }
        }
    }

    async fn load_resting(&mut self, missing: &Missing) -> Result<(), EngineError> {
        if missing.bases.is_empty() {
            return Ok(());
        }
        let rows: Vec<(EventId, i64, EventId, Vec<ObjectId>)> = sqlx::query_as(
            "SELECT b.basis, e.position, e.id, e.object_ids FROM event_basis b JOIN event e ON e.position = b.position
             WHERE b.basis = ANY($1) ORDER BY e.position",
        )
        .bind(missing.bases.iter().copied().collect::<Vec<EventId>>())
        .fetch_all(self.kept.connection().await?)
        .await?;
        for basis in &missing.bases {
            let of_basis = rows.iter().filter(|(of, ..)| of == basis);
            let resting = of_basis.map(|(_, position, id, objects)| Resting {
                position: Position::new(*position),
                id: *id,
                objects: objects.clone(),
            });
            self.resting.put(*basis, resting.collect());
        }
        Ok(())
    }

    /// One statement, so one snapshot: where the log ends, what came since, and what is missing.
    async fn fetch(&mut self, missing: &Missing) -> Result<Fetched, EngineError> {
        let sql = format!(
            "WITH wanted AS (
               SELECT position FROM event WHERE position > $1 AND position > (SELECT position - $4 FROM head)
               UNION SELECT position FROM event_object WHERE object_id = ANY($2)
               UNION SELECT o.position FROM event asked
                 CROSS JOIN LATERAL unnest(asked.object_ids) AS of(object_id)
                 JOIN event_object o ON o.object_id = of.object_id WHERE asked.id = ANY($3))
             SELECT h.position AS head_position, h.created_at AS head_created_at, clock_timestamp() AS now, e.*
             FROM head h LEFT JOIN (SELECT {EVENT_COLUMNS} FROM wanted CROSS JOIN LATERAL {event}) AS e ON true
             ORDER BY e.position",
            event = event_at("wanted.position")
        );
        let objects: Vec<ObjectId> = missing.objects.iter().copied().collect();
        let events: Vec<EventId> = missing.events.iter().copied().collect();
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.head.position.get())
            .bind(objects)
            .bind(events)
            .bind(MAX_CATCH_UP)
            .fetch_all(self.kept.connection().await?)
            .await?;
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let head = Head {
            position: Position::new(first.try_get("head_position")?),
            created_at: first.try_get("head_created_at")?,
        };
        let clock = DatabaseClock { read: first.try_get("now")?, at: Instant::now() };
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<Option<i64>, _>("position")?.is_some() {
                events.push(Arc::new(EventRow::from_row(row)?.into_event(&self.catalogue)?));
            }
        }
        Ok(Fetched { head, clock, events })
    }
}

/// What one load brought.
struct Fetched {
    head: Head,
    clock: DatabaseClock,
    events: Vec<Arc<Event>>,
}

/// The log as it ends, without anything that is only decided.
impl View for Mirror {
    fn of_object(&self, object: ObjectId) -> Option<Events<'_>> {
        Some(Box::new(self.of_object(object)?.iter()))
    }

    fn dossier(&self, object: ObjectId) -> Option<Arc<Dossier>> {
        self.dossier(object)
    }

    fn event(&self, id: EventId) -> Option<Option<Arc<Event>>> {
        self.event(id).map(|known| known.cloned())
    }

    fn with_value(&self, field: &str, value: &str) -> Option<Vec<ObjectId>> {
        self.with_value(field, value).map(|objects| objects.iter().copied().collect())
    }

    fn based_on(&self, id: EventId) -> Option<Vec<Resting>> {
        self.based_on(id).map(<[_]>::to_vec)
    }
}
