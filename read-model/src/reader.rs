//! The event reader: the one place that loads events. SELECT only.

mod cache;
mod consequences;
mod feed;
mod listen;
mod row;
mod search;
mod seen;
mod subscriptions;
mod turn;
mod walk;
mod wall;
mod wanted;
mod watch;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnectOptions;

pub use feed::{Feed, Followed};
pub use row::{COLUMNS as EVENT_COLUMNS, EventRow, RowError, event_at};
pub use search::Reach;
pub use seen::{Scope, Seen};
pub use subscriptions::{Backlog, Mode, ParkedDelivery, SUBSCRIPTION_COLUMNS, Subscription, SubscriptionRow};
pub use turn::Turn;
pub use wanted::{Told, Wanted};
pub use watch::{Lookups, Step, Watch, Way};
pub use work::{Candidate, WorkFilter};

use crate::basis::Trust;
use crate::catalogue::{Catalogue, EvaluationError};
use crate::event::{Event, EventId, EventKind, ObjectId, Position};
use crate::fold::{Dossier, FoldError, World};
use crate::hashed::HashMap;
use crate::history::{History, Needs};
use crate::log::Log;
use crate::pool::Pool;
use crate::time::FIRST_INSTANT;
use cache::Cache;
use wall::Shown;
use watch::Unwatched;

/// How many generations of bases and of objects that others read are followed; a family's centuries fit in it.
pub const MAX_GENERATIONS: usize = 64;

/// How many objects one history may take in; beyond it the question is refused rather than the server starved.
pub const MAX_OBJECTS: usize = 20_000;

/// Loads events, and keeps those of objects that were asked for lately.
#[derive(Debug)]
pub struct EventReader {
    pool: Pool,
    catalogue: Arc<Catalogue>,
    search_definition: String,
    cache: Cache,
    watch: Arc<dyn Watch>,
}

/// A prefix of the log: everything committed up to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The newest event in it; 0 where it is empty.
    pub position: Position,
    /// The `created_at` of that event.
    pub known_at: DateTime<Utc>,
}

/// Which events a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those that bear on this object.
    pub object: Option<ObjectId>,
    /// Only those of these types.
    pub event_types: Option<Vec<String>>,
    /// Only those of these kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// Only those that were made with one of these authorities.
    pub source_types: Option<Vec<String>>,
}

impl EventFilter {
    /// Whether it shows an event.
    #[must_use]
    pub fn shows(&self, event: &Event) -> bool {
        let names = |wanted: &Option<Vec<String>>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == name))
        };
        self.object.is_none_or(|object| event.object_ids.contains(&object))
            && names(&self.event_types, &event.event_type)
            && names(&self.source_types, &event.source.source_type)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind()))
    }
}

/// Events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database does not answer as it should.
    #[error("the event store cannot be read")]
    Database(#[from] sqlx::Error),
    /// A row is not what the append promises.
    #[error("an event in the store cannot be understood")]
    Row(#[from] RowError),
    /// What was read cannot be folded.
    #[error("the history cannot be folded")]
    Fold(#[from] FoldError),
    /// A derived field cannot be computed.
    #[error("a derived field cannot be computed")]
    Derived(#[from] EvaluationError),
    /// More hangs together than one question may take in.
    #[error("this history takes in more than {MAX_OBJECTS} objects or {MAX_GENERATIONS} generations")]
    TooLarge,
}

/// Tells PostgreSQL that this connection looks up points: every statement has an index, and none is worth a scan.
///
/// Without it a plan that was made while the store was small is kept, and reads the whole of a large one.
#[must_use]
pub fn point_lookups(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_memoize", "off"),
        ("jit", "off"),
    ])
}

impl EventReader {
    /// A reader on this pool; `cached_objects` bounds how many objects' events it keeps.
    #[must_use]
    pub fn new(pool: Pool, catalogue: Arc<Catalogue>, cached_objects: usize) -> Self {
        let search_definition = catalogue.search_definition();
        Self {
            pool,
            catalogue,
            search_definition,
            cache: Cache::new(cached_objects),
            watch: Arc::new(Unwatched),
        }
    }

    /// The same, with somebody who wants to know what it does.
    #[must_use]
    pub fn watched(self, watch: Arc<dyn Watch>) -> Self {
        Self { watch, ..self }
    }

    /// The catalogue that it reads with.
    #[must_use]
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The newest committed event with `created_at <= known_at`; of all, where no moment is given.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn snapshot(&self, known_at: Option<DateTime<Utc>>) -> Result<Snapshot, ReadError> {
        const HEAD: &str = "SELECT position, created_at FROM head";
        const AT: &str =
            "SELECT position, created_at FROM event WHERE created_at <= $1 ORDER BY created_at DESC LIMIT 1";
        let found: Option<(i64, DateTime<Utc>)> = match known_at {
            None => sqlx::query_as(HEAD).fetch_optional(&mut self.pool.lend().await?).await?,
            Some(moment) => {
                sqlx::query_as(sqlx::AssertSqlSafe(wall::folding(AT)))
                    .bind(moment)
                    .fetch_optional(&mut self.pool.lend().await?)
                    .await?
            }
        };
        let (position, known_at) = found.unwrap_or((0, FIRST_INSTANT));
        Ok(Snapshot { position: Position::new(position), known_at })
    }

    /// Everything that bears on these objects up to a position: their events, those of the objects that their fold
    /// reads, and what they are based on. One query a generation, however many objects.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn history(&self, objects: &[ObjectId], up_to: Position) -> Result<History, ReadError> {
        self.history_in(&Log::up_to(up_to), objects).await
    }

    /// The same in a log that may not be the one that is.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn history_in(&self, log: &Log, objects: &[ObjectId]) -> Result<History, ReadError> {
        let mut history = History::in_log(log, objects.iter().copied());
        self.fill(log, &mut history).await?;
        Ok(history)
    }

    /// Loads what a history in a log still lacks to fold its objects: one query a generation.
    async fn fill(&self, log: &Log, history: &mut History) -> Result<(), ReadError> {
        for _ in 0..MAX_GENERATIONS {
            let needs = history.needs(&self.catalogue);
            if needs.is_empty() {
                return Ok(());
            }
            self.load(history, needs, log.position()).await?;
            if history.folded().len() > MAX_OBJECTS {
                break;
            }
        }
        Err(ReadError::TooLarge)
    }

    /// The state of these objects as known at a position: from what is kept where nothing else bears on it since, else
    /// from their history.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn world(
        &self,
        objects: &[ObjectId],
        up_to: Position,
        trust: Trust,
    ) -> Result<Arc<World>, ReadError> {
        if trust == Trust::Validated
            && let Some(world) = self.world_by_dossiers(objects, up_to).await?
        {
            self.watch.folded(Way::Kept);
            return Ok(world);
        }
        let history = self.history(objects, up_to).await?;
        let _step = self.watch.folding();
        self.watch.folded(Way::Anew);
        match objects {
            [object] if trust == Trust::Validated => {
                let dossier = Dossier::of(&self.catalogue, *object, &history, up_to)?;
                let world = Arc::clone(dossier.world());
                self.cache.keep(dossier);
                Ok(world)
            }
            _ => Ok(Arc::new(World::fold(&self.catalogue, &history, up_to, trust)?)),
        }
    }

    /// The same in a log that may not be the one that is.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn world_in(
        &self,
        log: &Log,
        objects: &[ObjectId],
        trust: Trust,
    ) -> Result<Arc<World>, ReadError> {
        if log.is_real() {
            return self.world(objects, log.position(), trust).await;
        }
        let history = self.history_in(log, objects).await?;
        let _step = self.watch.folding();
        self.watch.folded(Way::Anew);
        Ok(Arc::new(World::fold(&self.catalogue, &history, log.end(), trust)?))
    }

    /// Joins the kept folds of objects, brought up to a position; none where one is not kept, or cannot be extended.
    async fn world_by_dossiers(
        &self,
        objects: &[ObjectId],
        up_to: Position,
    ) -> Result<Option<Arc<World>>, ReadError> {
        let rests_on = |object: &ObjectId| self.cache.rests_on(*object, up_to).map(|(_, rests_on)| rests_on);
        let Some(needed) = objects.iter().map(rests_on).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let needed: BTreeSet<ObjectId> = needed.into_iter().flatten().collect();
        self.bring_up_to(&Vec::from_iter(needed), up_to).await?;
        let _step = self.watch.folding();
        let world = |object: &ObjectId| self.cache.world(&self.catalogue, *object, up_to);
        let Some(mut worlds) = objects.iter().map(world).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let Some(mut joined) = worlds.pop() else { return Ok(None) };
        worlds.iter().for_each(|world| Arc::make_mut(&mut joined).join(world));
        Ok(Some(joined))
    }

    /// The events with these ids that were committed up to a position, in position order.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn events_by_id(&self, ids: &[EventId], up_to: Position) -> Result<Vec<Arc<Event>>, ReadError> {
        let sql = wall::folding(&format!(
            "SELECT {} FROM event e WHERE e.id = ANY($1) AND e.position <= $2 ORDER BY e.position",
            row::COLUMNS
        ));
        let _step = self.watch.loading();
        let rows: Vec<EventRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(ids)
            .bind(up_to.get())
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        self.events(rows)
    }

    /// The event with this id that was committed up to a position, where it is among those that somebody may see.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn shown(
        &self,
        id: EventId,
        seen: &Seen,
        up_to: Position,
    ) -> Result<Option<Arc<Event>>, ReadError> {
        let sql = format!("SELECT {} FROM event e WHERE e.id = $1 AND e.position <= $2", row::COLUMNS);
        let Shown { seen: any, own, seen_own } = Shown::of(seen);
        let _step = self.watch.loading();
        let rows: Vec<EventRow> = sqlx::query_as(sqlx::AssertSqlSafe(wall::showing(&sql, 3)))
            .bind(id)
            .bind(up_to.get())
            .bind(any)
            .bind(own)
            .bind(seen_own)
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        Ok(self.events(rows)?.pop().filter(|event| seen.shows(event)))
    }

    /// The claims up to a position that are based on any of these events, in position order.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn based_on(&self, bases: &[EventId], up_to: Position) -> Result<Vec<Arc<Event>>, ReadError> {
        let sql = row::events_at(
            "SELECT DISTINCT b.position FROM event_basis b WHERE b.basis = ANY($1) AND b.position <= $2",
        );
        let _step = self.watch.loading();
        let rows: Vec<EventRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(bases)
            .bind(up_to.get())
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        self.events(rows)
    }

    /// The events at these positions.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn events_at(&self, positions: &[i64]) -> Result<HashMap<i64, Arc<Event>>, ReadError> {
        if positions.is_empty() {
            return Ok(HashMap::default());
        }
        let sql = row::events_at("SELECT position FROM unnest($1::bigint[]) AS asked(position)");
        let _step = self.watch.loading();
        let rows: Vec<EventRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(positions)
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        let events = self.events(rows)?.into_iter();
        Ok(events.map(|event| (event.position.get(), event)).collect())
    }

    /// A page of the events after a position that somebody may see, in position order.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn page(
        &self,
        (filter, seen): (&EventFilter, &Seen),
        after: Position,
        up_to: Position,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, ReadError> {
        let kinds =
            filter.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>());
        let Shown { seen: any, own, seen_own } = Shown::of(seen);
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(page(filter.object.is_some())))
            .bind(after.get())
            .bind(up_to.get())
            .bind(&filter.event_types)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(kinds)
            .bind(&filter.source_types)
            .bind(any)
            .bind(own)
            .bind(seen_own);
        if let Some(object) = filter.object {
            query = query.bind(object);
        }
        let _step = self.watch.loading();
        let rows: Vec<EventRow> = query.fetch_all(&mut self.pool.lend().await?).await?;
        // The database shows no others; should it ever, they end here.
        Ok(self.events(rows)?.into_iter().filter(|event| seen.shows(event)).collect())
    }

    /// Whether any event after a position, up to another, bears on any of these objects.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn touched(
        &self,
        objects: &[ObjectId],
        after: Position,
        up_to: Position,
    ) -> Result<bool, ReadError> {
        const SQL: &str = "SELECT EXISTS (SELECT FROM unnest($1::uuid[]) AS wanted(id) JOIN event_object o
            ON o.object_id = wanted.id AND o.position > $2 AND o.position <= $3)";
        let asked = sqlx::query_scalar(SQL).bind(objects).bind(after.get()).bind(up_to.get());
        Ok(asked.fetch_one(&mut self.pool.lend().await?).await?)
    }

    /// Loads what is missing: objects from the cache where it reaches far enough, the rest in one query.
    async fn load(&self, history: &mut History, needs: Needs, up_to: Position) -> Result<(), ReadError> {
        let missing: Vec<EventId> = needs.events.into_iter().collect();
        if !missing.is_empty() {
            let found = self.events_by_id(&missing, up_to).await?;
            history.add_known(missing, found);
        }
        let objects: Vec<ObjectId> = needs.objects.into_iter().collect();
        self.bring_up_to(&objects, up_to).await?;
        let mut lost = Vec::new();
        for object in objects {
            match self.cache.up_to(object, up_to) {
                Some(events) => history.add([object], events),
                None => lost.push((object, Position::START)),
            }
        }
        if !lost.is_empty() {
            // More was asked for at once than the cache holds.
            let events = self.events_since(&lost, up_to).await?;
            history.add(lost.into_iter().map(|(object, _)| object), events);
        }
        Ok(())
    }

    /// Loads what the cache lacks of these objects up to a position, in one query.
    async fn bring_up_to(&self, objects: &[ObjectId], up_to: Position) -> Result<(), ReadError> {
        let reach = objects.iter().map(|object| (*object, self.cache.complete_to(*object)));
        let stale: Vec<(ObjectId, Position)> = reach.filter(|(_, reach)| *reach < up_to).collect();
        self.watch.looked_up(Lookups::of(objects.len(), &stale));
        if stale.is_empty() {
            return Ok(());
        }
        let new = self.events_since(&stale, up_to).await?;
        for (object, after) in stale {
            let bears = |event: &&Arc<Event>| event.position > after && event.object_ids.contains(&object);
            let of_object: Vec<Arc<Event>> = new.iter().filter(bears).cloned().collect();
            self.cache.extend(object, after, of_object, up_to);
        }
        Ok(())
    }

    /// The events of these objects after a position of each, up to a position.
    async fn events_since(
        &self,
        objects: &[(ObjectId, Position)],
        up_to: Position,
    ) -> Result<Vec<Arc<Event>>, ReadError> {
        let sql = row::events_at(
            "SELECT DISTINCT o.position FROM unnest($1::uuid[], $2::bigint[]) AS wanted(object_id, after)
               JOIN event_object o ON o.object_id = wanted.object_id AND o.position > wanted.after AND o.position <= $3",
        );
        let (ids, after): (Vec<ObjectId>, Vec<i64>) =
            objects.iter().map(|(object, after)| (*object, after.get())).unzip();
        let _step = self.watch.loading();
        let rows: Vec<EventRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(ids)
            .bind(after)
            .bind(up_to.get())
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        self.events(rows)
    }

    fn events(&self, rows: Vec<EventRow>) -> Result<Vec<Arc<Event>>, ReadError> {
        rows.into_iter().map(|row| Ok(Arc::new(row.into_event(&self.catalogue)?))).collect()
    }
}

/// The statement of [`EventReader::page`].
fn page(of_object: bool) -> String {
    let (source, place) = match of_object {
        true => {
            ("event_object o JOIN event e ON e.position = o.position AND o.object_id = $10", "o.position")
        }
        false => ("event e", "e.position"),
    };
    let sql = format!(
        "SELECT {} FROM {source} WHERE {place} > $1 AND {place} <= $2 AND ($3::text[] IS NULL OR e.event_type = ANY($3))
           AND ($5::text[] IS NULL OR e.event_kind::text = ANY($5)) AND ($6::text[] IS NULL OR e.event_source_type = ANY($6))
         ORDER BY {place} LIMIT $4",
        row::COLUMNS
    );
    wall::showing(&sql, 7)
}
