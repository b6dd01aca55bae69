//! One request's reading of the event store: one clock, one prefix of the log, one set of batches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dataloader::{DataLoader, HashMapCache};
use async_graphql::dynamic::ResolverContext;
use chrono::{DateTime, Utc};
use door::faults;
use futures::lock::Mutex;
use read_model::basis::{Basis, Trust};
use read_model::catalogue::{Catalogue, Inverse, Search, Sought};
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::{Consequences, DerivedChange, EventStanding, Rectangle, World, timeline};
use read_model::hashed::HashSet;
use read_model::log::Log;
use read_model::reader::{Candidate, EventFilter, EventReader, Reach, Seen, Snapshot, WorkFilter};
use read_model::time::{Day, Moment};
use read_model::work::WorkItem;
use tracing::Instrument;

use crate::arguments::Moments;
use crate::loader::{
    Batches, EventKey, LoadError, ObjectKey, Referring, ReferringKey, StandingKey, Told, ToldKey,
};
use crate::meters::Meters;
use crate::supposed::{Instead, Known, Supposed};

/// What every field of one request shares, so that the answer is of one piece.
pub(crate) struct Reading {
    reader: Arc<EventReader>,
    meters: Meters,
    supposed: Arc<Supposed>,
    today: Day,
    snapshots: Mutex<HashMap<Option<DateTime<Utc>>, Snapshot>>,
    batches: DataLoader<Batches, HashMapCache>,
}

/// Where on the two lines, and with which trust, an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) snapshot: Snapshot,
    /// The log that might have been, where one is asked about.
    pub(crate) instead: Option<Instead>,
    pub(crate) as_of: Day,
    pub(crate) trust: Trust,
}

impl Point {
    fn known(self) -> Known {
        Known { position: self.snapshot.position, instead: self.instead }
    }

    /// What an answer about this object at this point is computed from.
    pub(crate) fn basis(self, object: Option<ObjectId>, catalogue: &Arc<str>) -> Basis {
        Basis {
            object,
            position: self.snapshot.position,
            known_at: self.snapshot.known_at,
            as_of: self.as_of,
            min_trust: self.trust,
            catalogue: Arc::clone(catalogue),
        }
    }
}

/// A question about a log that might have been, and what that departs from.
#[derive(Clone, Copy)]
pub(crate) struct SupposedAt {
    pub(crate) snapshot: Snapshot,
    pub(crate) instead: Instead,
}

impl SupposedAt {
    /// The question of which a field is a part; none for a root field, which asks about the log as it is.
    pub(crate) fn around<'a>(context: &'a ResolverContext<'_>) -> Option<&'a Self> {
        context.parent_value.try_downcast_ref().ok()
    }

    /// The point that these moments mean here; what is known is given.
    pub(crate) fn point(&self, reading: &Reading, moments: Moments) -> Point {
        reading.at(self.snapshot, Some(self.instead), moments)
    }

    /// The point of an answer about events alone.
    pub(crate) fn point_of_events(&self, reading: &Reading) -> Point {
        reading.of_events(self.snapshot, Some(self.instead))
    }
}

impl Reading {
    /// The reading of a request that came in now.
    pub(crate) fn new(reader: Arc<EventReader>, meters: Meters, now: DateTime<Utc>) -> Self {
        let supposed = Arc::new(Supposed::default());
        let (read, counted) = (Arc::clone(&reader), meters.clone());
        Self {
            today: reader.catalogue().zone.day(now),
            snapshots: Mutex::default(),
            batches: DataLoader::with_cache(
                Batches { reader: read, meters: counted, supposed: Arc::clone(&supposed) },
                // What is read for a request stands in its trace, whoever reads it.
                |work| tokio::spawn(work.in_current_span()),
                HashMapCache::default(),
            ),
            reader,
            meters,
            supposed,
        }
    }

    /// The reading of the request that a resolver works for.
    pub(crate) fn of<'a>(context: &ResolverContext<'a>) -> Result<&'a Self> {
        context.ctx.data()
    }

    /// The catalogue that it reads with.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        self.reader.catalogue()
    }

    /// The point that these moments mean.
    pub(crate) async fn point(&self, moments: Moments) -> Result<Point> {
        let snapshot = self.snapshot(moments.known_at).await?;
        Ok(self.at(snapshot, None, moments))
    }

    /// The same day and trust, with what is known given.
    pub(crate) fn at(&self, snapshot: Snapshot, instead: Option<Instead>, moments: Moments) -> Point {
        let zone = self.reader.catalogue().zone;
        let as_of = moments.as_of.map_or(self.today, |moment| moment.day(zone));
        Point { snapshot, instead, as_of, trust: moments.trust }
    }

    /// Notes a log that might have been, to be read from here on.
    pub(crate) fn suppose(&self, log: Log) -> Instead {
        self.supposed.note(log)
    }

    /// The point of an answer about events alone: it rests on no day but that of its knowledge.
    pub(crate) async fn point_of_events(&self, known_at: Option<Moment>) -> Result<Point> {
        let snapshot = self.snapshot(known_at).await?;
        Ok(self.of_events(snapshot, None))
    }

    /// As [`point_of_events`](Self::point_of_events), for what is known already.
    pub(crate) fn of_events(&self, snapshot: Snapshot, instead: Option<Instead>) -> Point {
        let as_of = self.reader.catalogue().zone.day(snapshot.known_at);
        Point { snapshot, instead, as_of, trust: Trust::Validated }
    }

    /// As things were known when an event had just been registered.
    pub(crate) fn as_registered(&self, event: &Event) -> Point {
        self.of_events(Snapshot { position: event.position, known_at: event.created_at }, None)
    }

    /// Read once for each moment: whoever asks next waits for whoever asked first.
    async fn snapshot(&self, known_at: Option<Moment>) -> Result<Snapshot> {
        let zone = self.reader.catalogue().zone;
        let instant = known_at.map(|moment| moment.last_instant(zone));
        let mut snapshots = self.snapshots.lock().await;
        if let Some(snapshot) = snapshots.get(&instant) {
            return Ok(*snapshot);
        }
        let step = self.meters.snapshot();
        let snapshot = self.reader.snapshot(instant).instrument(step.span.clone()).await;
        let snapshot = snapshot.map_err(|error| faults::internal(&error))?;
        self.meters.seen(snapshot.position);
        snapshots.insert(instant, snapshot);
        Ok(snapshot)
    }

    /// These objects at this point, folded together.
    pub(crate) async fn world(&self, objects: &[ObjectId], point: Point) -> Result<Arc<World>> {
        let world = self.batches.loader().world(objects, point.known(), point.trust).await;
        world.map_err(|error| faults::internal(&error))
    }

    /// These objects, folded together; none where they cannot be read.
    pub(crate) async fn ahead(&self, objects: &[ObjectId], point: Point) -> Option<Arc<World>> {
        self.batches.loader().world(objects, point.known(), point.trust).await.ok()
    }

    /// Keeps the world of these objects for [`referred`](Self::referred).
    pub(crate) async fn keep(&self, objects: &[ObjectId], world: &Arc<World>, point: Point) {
        let keys = objects.iter().map(|id| ObjectKey::new(*id, point));
        self.batches.feed_many(keys.map(|key| (key, Arc::clone(world)))).await;
    }

    /// Adds these objects to a world, read together with whatever else is needed at the same level.
    pub(crate) async fn take_in(
        &self,
        world: &mut Arc<World>,
        objects: BTreeSet<ObjectId>,
        point: Point,
    ) -> Result<(), Arc<LoadError>> {
        let keys = objects.into_iter().map(|id| ObjectKey::new(id, point));
        let read = self.batches.load_many(keys).await?;
        let mut joined: Vec<&Arc<World>> = Vec::new();
        for other in read.values() {
            if !joined.iter().any(|known| Arc::ptr_eq(known, other)) {
                Arc::make_mut(world).join(other);
                joined.push(other);
            }
        }
        Ok(())
    }

    /// An object that another refers to, read together with whatever else is referred to at the same level.
    pub(crate) async fn referred(&self, id: ObjectId, point: Point) -> Result<Arc<World>> {
        let key = ObjectKey::new(id, point);
        Ok(self.batches.load_one(key).await.map_err(internal)?.unwrap_or_default())
    }

    /// What the history of an object tells beyond its state, read together with whatever else is asked at the same level.
    pub(crate) async fn told(&self, id: ObjectId, point: Point) -> Result<Arc<Told>> {
        let told = self.batches.load_one(ToldKey(ObjectKey::new(id, point))).await.map_err(internal)?;
        told.ok_or_else(|| faults::internal(&Untold))
    }

    /// The same of an object together with others, which what follows from it needs.
    pub(crate) async fn told_with(&self, objects: &BTreeSet<ObjectId>, point: Point) -> Result<Arc<Told>> {
        let ids = Vec::from_iter(objects.iter().copied());
        let told = self.batches.loader().told(&ids, point.known(), point.trust).await;
        told.map_err(|error| faults::internal(&error))
    }

    /// The rectangles of each field of an object, up to a point.
    pub(crate) async fn timeline(
        &self,
        id: ObjectId,
        point: Point,
    ) -> Result<BTreeMap<Arc<str>, Vec<Rectangle>>> {
        let loader = self.batches.loader();
        let history = loader.history(&[id], point.known()).await;
        let history = history.map_err(|error| faults::internal(&error))?;
        let end = loader.end(point.known());
        let rectangles = timeline(self.reader.catalogue(), &history, id, end, point.trust);
        rectangles.map_err(|error| faults::internal(&error))
    }

    /// Who may refer to an object of this type by an inverse, read together with whatever else is asked at the same level.
    pub(crate) async fn referring(&self, to: ObjectId, inverse: &Inverse, point: Point) -> Result<Referring> {
        let key = ReferringKey::new(to, inverse, point);
        Ok(self.batches.load_one(key).await.map_err(internal)?.unwrap_or_default())
    }

    /// The same for several, in one go and kept for [`referring`](Self::referring); none of them where they cannot be read.
    pub(crate) async fn referring_ahead(&self, keys: Vec<ReferringKey>) -> HashMap<ReferringKey, Referring> {
        self.batches.load_many(keys).await.unwrap_or_default()
    }

    /// Keeps them for [`referring`](Self::referring).
    pub(crate) async fn keep_referring(&self, referring: &HashMap<ReferringKey, Referring>) {
        let kept = referring.iter().map(|(key, referring)| (key.clone(), referring.clone()));
        self.batches.feed_many(kept).await;
    }

    /// The objects after an id, so many at most, that may ever have had what is sought.
    pub(crate) async fn candidates(
        &self,
        sought: &[(&Search, Sought)],
        point: Point,
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Vec<ObjectId>> {
        let terms: Vec<_> = sought.iter().map(|(search, sought)| (*search, sought.terms())).collect();
        let found = self.reader.candidates(&terms, point.snapshot.position, after, limit).await;
        found.map_err(|error| faults::internal(&error))
    }

    /// How far the search index reaches.
    pub(crate) async fn search_reach(&self) -> Result<Reach> {
        self.reader.search_reach().await.map_err(|error| faults::internal(&error))
    }

    /// An event that others name.
    pub(crate) async fn event(&self, id: EventId, point: Point) -> Result<Option<Arc<Event>>> {
        self.batches.load_one(EventKey { id, known: point.known() }).await.map_err(internal)
    }

    /// An event that somebody asks for: where it is there, and among those that they may see.
    pub(crate) async fn shown(&self, id: EventId, seen: &Seen, point: Point) -> Result<Option<Arc<Event>>> {
        let log = self.supposed.log(point.known());
        let found = self.reader.shown(id, seen, log.position()).await;
        let found = found.map_err(|error| faults::internal(&error))?;
        let mut found = log.of(found.into_iter().collect(), |event| event.id == id && seen.shows(event));
        Ok(found.pop())
    }

    /// What an event is worth; none where it is not known by then.
    pub(crate) async fn standing(&self, event: &Arc<Event>, point: Point) -> Result<Option<EventStanding>> {
        let key = StandingKey { id: event.id, objects: event.object_ids.clone(), known: point.known() };
        self.batches.load_one(key).await.map_err(internal)
    }

    /// Every event of these objects, in position order.
    pub(crate) async fn events_of(&self, objects: &[ObjectId], point: Point) -> Result<Vec<Arc<Event>>> {
        let history = self.batches.loader().history(objects, point.known()).await;
        Ok(history.map_err(|error| faults::internal(&error))?.events().to_vec())
    }

    /// These events and all that could not be there without them.
    pub(crate) async fn with_dependents(&self, events: &[EventId], point: Point) -> Result<HashSet<EventId>> {
        let all = self.reader.with_dependents(events, point.snapshot.position).await;
        all.map_err(|error| faults::internal(&error))
    }

    /// What differs between two logs, which differ in events that bear on these objects.
    pub(crate) async fn consequences(
        &self,
        before: &Log,
        after: &Log,
        objects: Vec<ObjectId>,
    ) -> Result<Consequences> {
        let told = self.reader.consequences(before, after, objects).await;
        told.map_err(|error| faults::internal(&error))
    }

    /// The derived fields that differ between two logs on a day, given what else differs.
    pub(crate) async fn derived_consequences(
        &self,
        [before, after]: &[Log; 2],
        told: &Consequences,
        day: Day,
    ) -> Result<Vec<DerivedChange>> {
        let changes = self.reader.derived_consequences([before, after], told, day).await;
        changes.map_err(|error| faults::internal(&error))
    }

    /// The newest event registered by then.
    pub(crate) async fn position_at(&self, instant: DateTime<Utc>) -> Result<Position> {
        let snapshot = self.reader.snapshot(Some(instant)).await;
        Ok(snapshot.map_err(|error| faults::internal(&error))?.position)
    }

    /// The next events that may wait for a clerk, so many at most.
    pub(crate) async fn may_wait(
        &self,
        filter: &WorkFilter,
        point: Point,
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        let found = self.reader.may_wait(filter, point.snapshot.position, limit).await;
        found.map_err(|error| faults::internal(&error))
    }

    /// What each of these events waits for; what they are worth is kept for [`standing`](Self::standing).
    pub(crate) async fn work(&self, events: &[Arc<Event>], point: Point) -> Result<Vec<Option<WorkItem>>> {
        let known = point.known();
        let work = self.batches.loader().work(events, known).await;
        let work = work.map_err(|error| faults::internal(&error))?;
        let key = |event: &Event| StandingKey { id: event.id, objects: event.object_ids.clone(), known };
        let standings = events.iter().zip(&work).map(|(event, (standing, _))| (key(event), standing.clone()));
        self.batches.feed_many(standings).await;
        Ok(work.into_iter().map(|(_, item)| item).collect())
    }

    /// A page of events in position order.
    pub(crate) async fn page(
        &self,
        (filter, seen): (&EventFilter, &Seen),
        after: Position,
        point: Point,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>> {
        let log = self.supposed.log(point.known());
        let most = limit + log.left_out().len();
        let page = self.reader.page((filter, seen), after, log.position(), most).await;
        let page = page.map_err(|error| faults::internal(&error))?;
        let whole = page.len() < most;
        let mut page =
            log.of(page, |event| whole && event.position > after && filter.shows(event) && seen.shows(event));
        page.truncate(limit);
        Ok(page)
    }
}

/// The batches gave no answer for what was asked of them.
#[derive(Debug, thiserror::Error)]
#[error("an object was not told of")]
struct Untold;

/// What cannot be read is nothing that a caller can help.
pub(crate) fn internal(error: Arc<LoadError>) -> async_graphql::Error {
    faults::internal(&*error)
}

impl ReferringKey {
    /// Who refers to this object by an inverse, at a point; the day does not matter.
    pub(crate) fn new(to: ObjectId, inverse: &Inverse, point: Point) -> Self {
        let inverse = (Arc::clone(&inverse.to), Arc::clone(&inverse.name));
        Self { to, inverse, known: point.known(), trust: point.trust }
    }
}

impl ObjectKey {
    fn new(id: ObjectId, point: Point) -> Self {
        Self { id, known: point.known(), trust: point.trust }
    }
}
