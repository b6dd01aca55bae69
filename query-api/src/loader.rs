//! Batches: what the fields of one level ask for is read in one go.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use read_model::basis::Trust;
use read_model::catalogue::{Catalogue, EvaluationError, Inverse};
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::{EventStanding, FoldError, Folded, World};
use read_model::history::History;
use read_model::inverse;
use read_model::reader::{EventReader, ReadError};
use read_model::resolve::{Assuming, Resolution};
use read_model::time::Day;
use read_model::work::{self, WorkItem};

use crate::meters::Meters;
use crate::supposed::{Known, Supposed};

/// Why something cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The events cannot be loaded.
    #[error("cannot load events")]
    Read(#[from] ReadError),
    /// The events cannot be folded.
    #[error("cannot fold events")]
    Fold(#[from] FoldError),
}

/// An object, as known with this trust. The day does not matter: a fold holds the whole material line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectKey {
    pub(crate) id: ObjectId,
    pub(crate) known: Known,
    pub(crate) trust: Trust,
}

/// An object of which more than its state is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ToldKey(pub(crate) ObjectKey);

/// What the history of objects tells: their state, and what holds of each event.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) world: Arc<World>,
    pub(crate) resolution: Resolution,
}

/// An event that others name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EventKey {
    pub(crate) id: EventId,
    pub(crate) known: Known,
}

/// What an event is worth.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StandingKey {
    pub(crate) id: EventId,
    /// The objects that it bears on: their histories tell.
    pub(crate) objects: Vec<ObjectId>,
    pub(crate) known: Known,
}

/// Who may refer to an object, by an inverse of its type, as known with this trust.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReferringKey {
    pub(crate) to: ObjectId,
    /// The type of the object, and the inverse.
    pub(crate) inverse: (Arc<str>, Arc<str>),
    pub(crate) known: Known,
    pub(crate) trust: Trust,
}

/// The objects that may refer to another at some moment, folded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Referring {
    candidates: BTreeSet<ObjectId>,
    pub(crate) world: Arc<World>,
}

impl Referring {
    /// Those that do on a day, in the order of their ids.
    pub(crate) fn at(
        &self,
        catalogue: &Catalogue,
        inverse: &Inverse,
        to: ObjectId,
        day: Day,
    ) -> Result<Vec<ObjectId>, EvaluationError> {
        inverse::referring(catalogue, inverse, to, &self.candidates, &self.world, day)
    }
}

/// Reads batches from the event store.
pub(crate) struct Batches {
    pub(crate) reader: Arc<EventReader>,
    pub(crate) meters: Meters,
    pub(crate) supposed: Arc<Supposed>,
}

impl Batches {
    /// These objects, folded together.
    pub(crate) async fn world(
        &self,
        objects: &[ObjectId],
        known: Known,
        trust: Trust,
    ) -> Result<Arc<World>, LoadError> {
        Ok(self.reader.world_in(&self.supposed.log(known), objects, trust).await?)
    }

    pub(crate) async fn history(&self, objects: &[ObjectId], known: Known) -> Result<History, ReadError> {
        self.reader.history_in(&self.supposed.log(known), objects).await
    }

    /// Where what is known ends.
    pub(crate) fn end(&self, known: Known) -> Position {
        self.supposed.log(known).end()
    }

    /// The events with these ids.
    async fn events(&self, ids: &[EventId], known: Known) -> Result<Vec<Arc<Event>>, ReadError> {
        let log = self.supposed.log(known);
        let found = self.reader.events_by_id(ids, log.position()).await?;
        Ok(log.of(found, |event| ids.contains(&event.id)))
    }

    /// What the history of these objects tells.
    pub(crate) async fn told(
        &self,
        objects: &[ObjectId],
        known: Known,
        trust: Trust,
    ) -> Result<Arc<Told>, LoadError> {
        let history = self.history(objects, known).await?;
        let (catalogue, end) = (self.reader.catalogue(), self.end(known));
        let folded = Folded::at(catalogue, &history, end, trust, Assuming::default())?;
        let (world, resolution) = folded.into_parts();
        Ok(Arc::new(Told { world: Arc::new(world), resolution }))
    }

    async fn standings(
        &self,
        events: &[&StandingKey],
        known: Known,
    ) -> Result<Vec<(StandingKey, EventStanding)>, LoadError> {
        let log = self.supposed.log(known);
        let asked = events.iter().map(|key| (key.id, key.objects.as_slice()));
        let history = self.reader.history_about(asked, &log).await?;
        let (catalogue, trust) = (self.reader.catalogue(), Trust::Validated);
        let _step = self.meters.fold();
        let folded = Folded::at(catalogue, &history, log.end(), trust, Assuming::default())?;
        let standing = |key: &&StandingKey| Some((StandingKey::clone(key), folded.status(key.id)?));
        Ok(events.iter().filter_map(standing).collect())
    }

    /// What each of these events is worth, and what it waits for where it does.
    pub(crate) async fn work(
        &self,
        events: &[Arc<Event>],
        known: Known,
    ) -> Result<Vec<(EventStanding, Option<WorkItem>)>, LoadError> {
        let log = self.supposed.log(known);
        let asked = events.iter().map(|event| (event.id, event.object_ids.as_slice()));
        let history = self.reader.history_about(asked, &log).await?;
        let _step = self.meters.fold();
        let (catalogue, trust) = (self.reader.catalogue(), Trust::Validated);
        let folded = Folded::at(catalogue, &history, log.end(), trust, Assuming::default())?;
        let of = |event: &Arc<Event>| Some((folded.status(event.id)?, work::item(&folded, event)));
        Ok(events.iter().filter_map(of).collect())
    }
}

impl Batches {
    /// Who may refer to each of these objects; all of them folded together.
    async fn referring(
        &self,
        keys: &[&ReferringKey],
        known: Known,
        trust: Trust,
    ) -> Result<Vec<(ReferringKey, Referring)>, LoadError> {
        let (catalogue, end) = (self.reader.catalogue(), self.end(known));
        let objects: BTreeSet<ObjectId> = keys.iter().map(|key| key.to).collect();
        let history = self.history(&Vec::from_iter(objects), known).await?;
        let candidates = |key: &&ReferringKey| {
            let (object_type, name) = &key.inverse;
            let inverse = catalogue.object_types.get(object_type).and_then(|of| of.inverses.get(name));
            let found = inverse.map(|inverse| inverse::candidates(catalogue, inverse, key.to, &history, end));
            (ReferringKey::clone(key), found.unwrap_or_default())
        };
        let found: Vec<(ReferringKey, BTreeSet<ObjectId>)> = keys.iter().map(candidates).collect();
        let all: BTreeSet<ObjectId> = found.iter().flat_map(|(_, candidates)| candidates).copied().collect();
        let world = self.world(&Vec::from_iter(all), known, trust).await?;
        let with_world = |(key, candidates)| (key, Referring { candidates, world: Arc::clone(&world) });
        Ok(found.into_iter().map(with_world).collect())
    }
}

impl Loader<ReferringKey> for Batches {
    type Value = Referring;
    type Error = Arc<LoadError>;

    async fn load(&self, keys: &[ReferringKey]) -> Result<HashMap<ReferringKey, Referring>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for ((known, trust), keys) in grouped(keys, |key| (key.known, key.trust)) {
            loaded.extend(self.referring(&keys, known, trust).await?);
        }
        Ok(loaded)
    }
}

impl Loader<ObjectKey> for Batches {
    type Value = Arc<World>;
    type Error = Arc<LoadError>;

    async fn load(&self, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Arc<World>>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for ((known, trust), keys) in grouped(keys, |key| (key.known, key.trust)) {
            let ids: Vec<ObjectId> = keys.iter().map(|key| key.id).collect();
            let world = self.world(&ids, known, trust).await?;
            loaded.extend(keys.into_iter().map(|key| (*key, Arc::clone(&world))));
        }
        Ok(loaded)
    }
}

impl Loader<ToldKey> for Batches {
    type Value = Arc<Told>;
    type Error = Arc<LoadError>;

    async fn load(&self, keys: &[ToldKey]) -> Result<HashMap<ToldKey, Arc<Told>>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for ((known, trust), keys) in grouped(keys, |ToldKey(key)| (key.known, key.trust)) {
            let ids: Vec<ObjectId> = keys.iter().map(|ToldKey(key)| key.id).collect();
            let told = self.told(&ids, known, trust).await?;
            loaded.extend(keys.into_iter().map(|key| (*key, Arc::clone(&told))));
        }
        Ok(loaded)
    }
}

impl Loader<EventKey> for Batches {
    type Value = Arc<Event>;
    type Error = Arc<LoadError>;

    async fn load(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Arc<Event>>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (known, keys) in grouped(keys, |key| key.known) {
            let ids: Vec<EventId> = keys.iter().map(|key| key.id).collect();
            let events = self.events(&ids, known).await.map_err(LoadError::from)?;
            loaded.extend(events.into_iter().map(|event| (EventKey { id: event.id, known }, event)));
        }
        Ok(loaded)
    }
}

impl Loader<StandingKey> for Batches {
    type Value = EventStanding;
    type Error = Arc<LoadError>;

    async fn load(
        &self,
        keys: &[StandingKey],
    ) -> Result<HashMap<StandingKey, EventStanding>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (known, keys) in grouped(keys, |key| key.known) {
            loaded.extend(self.standings(&keys, known).await?);
        }
        Ok(loaded)
    }
}

/// Keys that can be read together: nearly always all of them.
fn grouped<K, G: Eq + Hash>(keys: &[K], group: impl Fn(&K) -> G) -> HashMap<G, Vec<&K>> {
    let mut groups: HashMap<G, Vec<&K>> = HashMap::new();
    for key in keys {
        groups.entry(group(key)).or_default().push(key);
    }
    groups
}
