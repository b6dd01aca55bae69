//! Batches: what the fields of one level ask for is read in one go.

use std::collections::{BTreeSet, HashMap, HashSet};
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

/// An object, as known at a position with this trust. The day does not matter: a fold holds the whole material line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectKey {
    pub(crate) id: ObjectId,
    pub(crate) position: Position,
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

/// An event that others name, as known at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EventKey {
    pub(crate) id: EventId,
    pub(crate) position: Position,
}

/// What an event is worth at a position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StandingKey {
    pub(crate) id: EventId,
    /// The objects that it bears on: their histories tell.
    pub(crate) objects: Vec<ObjectId>,
    pub(crate) position: Position,
}

/// Who may refer to an object, by an inverse of its type, as known at a position with this trust.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReferringKey {
    pub(crate) to: ObjectId,
    /// The type of the object, and the inverse.
    pub(crate) inverse: (Arc<str>, Arc<str>),
    pub(crate) position: Position,
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
pub(crate) struct Batches(pub(crate) Arc<EventReader>, pub(crate) Meters);

impl Batches {
    /// These objects, folded together.
    pub(crate) async fn world(
        &self,
        objects: &[ObjectId],
        position: Position,
        trust: Trust,
    ) -> Result<Arc<World>, LoadError> {
        Ok(self.0.world(objects, position, trust).await?)
    }

    pub(crate) async fn history(
        &self,
        objects: &[ObjectId],
        position: Position,
    ) -> Result<History, ReadError> {
        self.0.history(objects, position).await
    }

    async fn standings(
        &self,
        events: &[&StandingKey],
        position: Position,
    ) -> Result<Vec<(StandingKey, EventStanding)>, LoadError> {
        let history = self.history_of(events, position).await?;
        let (catalogue, trust) = (self.0.catalogue(), Trust::Validated);
        let _step = self.1.fold();
        let folded = Folded::at(catalogue, &history, position, trust, Assuming::default())?;
        let standing = |key: &&StandingKey| Some((StandingKey::clone(key), folded.status(key.id)?));
        Ok(events.iter().filter_map(standing).collect())
    }

    /// What each of these events is worth, and what it waits for where it does.
    pub(crate) async fn work(
        &self,
        events: &[Arc<Event>],
        position: Position,
    ) -> Result<Vec<(EventStanding, Option<WorkItem>)>, LoadError> {
        let history = self.0.history_about(events, position).await?;
        let _step = self.1.fold();
        let (catalogue, trust) = (self.0.catalogue(), Trust::Validated);
        let folded = Folded::at(catalogue, &history, position, trust, Assuming::default())?;
        let of = |event: &Arc<Event>| Some((folded.status(event.id)?, work::item(&folded, event)));
        Ok(events.iter().filter_map(of).collect())
    }

    /// The history of every object that these events bear on, also of those that only an amend of them names.
    async fn history_of(&self, events: &[&StandingKey], position: Position) -> Result<History, LoadError> {
        let objects: BTreeSet<ObjectId> = events.iter().flat_map(|key| &key.objects).copied().collect();
        let history = self.history(&Vec::from_iter(objects.iter().copied()), position).await?;
        let asked: HashSet<EventId> = events.iter().map(|key| key.id).collect();
        let about = |event: &&Arc<Event>| history.root(event).is_some_and(|root| asked.contains(&root.id));
        let named = history.events().iter().filter(about).flat_map(|event| &event.object_ids);
        let wider: BTreeSet<ObjectId> = named.copied().chain(objects.iter().copied()).collect();
        if wider == objects {
            return Ok(history);
        }
        Ok(self.history(&Vec::from_iter(wider), position).await?)
    }
}

impl Batches {
    /// Who may refer to each of these objects; all of them folded together.
    async fn referring(
        &self,
        keys: &[&ReferringKey],
        position: Position,
        trust: Trust,
    ) -> Result<Vec<(ReferringKey, Referring)>, LoadError> {
        let catalogue = self.0.catalogue();
        let objects: BTreeSet<ObjectId> = keys.iter().map(|key| key.to).collect();
        let history = self.history(&Vec::from_iter(objects), position).await?;
        let candidates = |key: &&ReferringKey| {
            let (object_type, name) = &key.inverse;
            let inverse = catalogue.object_types.get(object_type).and_then(|of| of.inverses.get(name));
            let found =
                inverse.map(|inverse| inverse::candidates(catalogue, inverse, key.to, &history, position));
            (ReferringKey::clone(key), found.unwrap_or_default())
        };
        let found: Vec<(ReferringKey, BTreeSet<ObjectId>)> = keys.iter().map(candidates).collect();
        let all: BTreeSet<ObjectId> = found.iter().flat_map(|(_, candidates)| candidates).copied().collect();
        let world = self.world(&Vec::from_iter(all), position, trust).await?;
        let with_world = |(key, candidates)| (key, Referring { candidates, world: Arc::clone(&world) });
        Ok(found.into_iter().map(with_world).collect())
    }
}

impl Loader<ReferringKey> for Batches {
    type Value = Referring;
    type Error = Arc<LoadError>;

    async fn load(&self, keys: &[ReferringKey]) -> Result<HashMap<ReferringKey, Referring>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for ((position, trust), keys) in grouped(keys, |key| (key.position, key.trust)) {
            loaded.extend(self.referring(&keys, position, trust).await?);
        }
        Ok(loaded)
    }
}

impl Loader<ObjectKey> for Batches {
    type Value = Arc<World>;
    type Error = Arc<LoadError>;

    async fn load(&self, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Arc<World>>, Arc<LoadError>> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for ((position, trust), keys) in grouped(keys, |key| (key.position, key.trust)) {
            let ids: Vec<ObjectId> = keys.iter().map(|key| key.id).collect();
            let world = self.world(&ids, position, trust).await?;
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
        for ((position, trust), keys) in grouped(keys, |ToldKey(key)| (key.position, key.trust)) {
            let ids: Vec<ObjectId> = keys.iter().map(|ToldKey(key)| key.id).collect();
            let history = self.history(&ids, position).await.map_err(LoadError::from)?;
            let folded = Folded::at(self.0.catalogue(), &history, position, trust, Assuming::default());
            let (world, resolution) = folded.map_err(LoadError::from)?.into_parts();
            let told = Arc::new(Told { world: Arc::new(world), resolution });
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
        for (position, keys) in grouped(keys, |key| key.position) {
            let ids: Vec<EventId> = keys.iter().map(|key| key.id).collect();
            let events = self.0.events_by_id(&ids, position).await.map_err(LoadError::from)?;
            loaded.extend(events.into_iter().map(|event| (EventKey { id: event.id, position }, event)));
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
        for (position, keys) in grouped(keys, |key| key.position) {
            loaded.extend(self.standings(&keys, position).await?);
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
