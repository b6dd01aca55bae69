//! Reading what follows from a change: generation by generation, and nothing of the rest of the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{EventReader, MAX_GENERATIONS, MAX_OBJECTS, ReadError};
use crate::basis::Trust;
use crate::catalogue::{Catalogue, EventType};
use crate::event::{Event, EventId, ObjectId, Position};
use crate::fold::{Consequences, Contrast, DerivedChange, Folded, Following, derived_changes};
use crate::hashed::HashSet;
use crate::history::History;
use crate::log::Log;
use crate::resolve::Assuming;
use crate::time::Day;

impl EventReader {
    /// What differs between two logs, given the objects of the events in which they differ: the state of every object that
    /// it reaches, and what events are worth.
    ///
    /// A generation reads what the one before it has changed: a query or two each, however large the store is.
    ///
    /// # Errors
    /// [`ReadError`]; [`ReadError::TooLarge`] where it reaches more than one question may take in.
    pub async fn consequences(
        &self,
        before: &Log,
        after: &Log,
        objects: impl IntoIterator<Item = ObjectId>,
    ) -> Result<Consequences, ReadError> {
        let mut both = Both::of(self, [before, after]);
        both.read(objects).await?;
        let mut based = Based::default();
        for _ in 0..MAX_GENERATIONS {
            let contrast = both.contrast()?;
            let mut reach = contrast.reach();
            reach.extend(based.follow(self, &contrast, both.logs).await?);
            let reached = both.read(reach).await?;
            if !both.spread(&contrast).await? && !reached {
                return Ok(Consequences::of(&self.catalogue, &contrast, based.into_claims()));
            }
        }
        Err(ReadError::TooLarge)
    }

    /// The derived fields that differ between two logs on a day, in the order of the ids of their objects, given what else
    /// differs: those of the objects that change, and of whoever follows references to them.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn derived_consequences(
        &self,
        [before, after]: [&Log; 2],
        told: &Consequences,
        day: Day,
    ) -> Result<Vec<DerivedChange>, ReadError> {
        let derived = self.catalogue.derived_from(&told.fields());
        let mut both = Both::of(self, [before, after]);
        let affected = both.who_may_refer(told, &derived).await?;
        for _ in 0..MAX_GENERATIONS {
            let contrast = both.contrast()?;
            let (mut changes, mut unmet) = (Vec::new(), BTreeSet::new());
            for id in &affected {
                match derived_changes(&self.catalogue, &contrast, *id, day)? {
                    Following::Told(told) => changes.extend(told),
                    Following::Unmet(objects) => unmet.extend(objects),
                }
            }
            if !both.read(unmet).await? {
                return Ok(changes);
            }
        }
        Err(ReadError::TooLarge)
    }

    /// These events and every event up to a position that could not be there without them: what corrects or validates
    /// them, what is based on them, and so on.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn with_dependents(
        &self,
        events: &[EventId],
        up_to: Position,
    ) -> Result<HashSet<EventId>, ReadError> {
        let mut all: HashSet<EventId> = events.iter().copied().collect();
        let mut new = events.to_vec();
        for _ in 0..MAX_GENERATIONS {
            if new.is_empty() {
                return Ok(all);
            }
            let known = self.events_by_id(&new, up_to).await?;
            // What is said of an event names all its objects.
            let objects: BTreeSet<ObjectId> =
                known.iter().filter_map(|event| event.object_ids.first().copied()).collect();
            let history = self.history(&Vec::from_iter(objects), up_to).await?;
            let based = self.based_on(&new, up_to).await?;
            let refers = |event: &&Arc<Event>| event.references.iter().any(|id| all.contains(id));
            let found = history.events().iter().filter(refers).chain(&based).map(|event| event.id);
            new = found.collect::<BTreeSet<_>>().into_iter().filter(|id| !all.contains(id)).collect();
            all.extend(&new);
        }
        Err(ReadError::TooLarge)
    }
}

/// Two logs, read for the same objects.
struct Both<'r> {
    reader: &'r EventReader,
    logs: [&'r Log; 2],
    histories: [History; 2],
    objects: BTreeSet<ObjectId>,
}

impl<'r> Both<'r> {
    fn of(reader: &'r EventReader, logs: [&'r Log; 2]) -> Self {
        let histories = logs.map(|log| History::in_log(log, []));
        Self { reader, logs, histories, objects: BTreeSet::new() }
    }

    /// Reads these objects as well; whether any of them is new.
    async fn read(&mut self, objects: impl IntoIterator<Item = ObjectId>) -> Result<bool, ReadError> {
        let new: Vec<ObjectId> = objects.into_iter().filter(|id| self.objects.insert(*id)).collect();
        if self.objects.len() > MAX_OBJECTS {
            return Err(ReadError::TooLarge);
        }
        if new.is_empty() {
            return Ok(false);
        }
        for (log, history) in self.logs.into_iter().zip(&mut self.histories) {
            history.fold_also(new.iter().copied());
            self.reader.fill(log, history).await?;
        }
        Ok(true)
    }

    /// Both, folded and held against each other.
    fn contrast(&self) -> Result<Contrast<'r>, ReadError> {
        let _step = self.reader.watch.folding();
        let folded = |place: usize| {
            let (history, end) = (&self.histories[place], self.logs[place].end());
            Folded::at(&self.reader.catalogue, history, end, Trust::Validated, Assuming::default())
        };
        Ok(Contrast::of(folded(0)?, folded(1)?))
    }

    /// Reads the objects that may follow from what changes, through effects, however many generations on: found by what
    /// events say alone, so that they are folded in one go and not generation by generation. Whether any of them is new.
    async fn spread(&mut self, contrast: &Contrast<'_>) -> Result<bool, ReadError> {
        let mut spread = Spread::default();
        for (object, field) in contrast.changed() {
            spread.add(object, field);
        }
        let mut any = false;
        for _ in 0..MAX_GENERATIONS {
            self.histories.iter().for_each(|history| spread.take(&self.reader.catalogue, history));
            if !self.read(spread.objects()).await? {
                return Ok(any);
            }
            any = true;
        }
        Err(ReadError::TooLarge)
    }

    /// Reads the objects that change, and those of these types that may come to them by following so many references:
    /// whatever made an object refer to another names both.
    async fn who_may_refer(
        &mut self,
        told: &Consequences,
        derived: &BTreeMap<Arc<str>, usize>,
    ) -> Result<BTreeSet<ObjectId>, ReadError> {
        let mut all: BTreeSet<ObjectId> = told.objects.iter().map(|object| object.id).collect();
        let mut new = all.clone();
        for _ in 0..derived.values().max().copied().unwrap_or_default() {
            self.read(new.iter().copied()).await?;
            let events = self.histories.iter().flat_map(History::events);
            let near = events.filter(|event| event.object_ids.iter().any(|id| new.contains(id)));
            let named = near.flat_map(|event| self.reader.catalogue.named_by(event));
            let wanted: BTreeSet<ObjectId> =
                named.filter(|(of, _)| derived.contains_key(of)).map(|(_, id)| id).collect();
            new = wanted.into_iter().filter(|id| all.insert(*id)).collect();
        }
        self.read(all.iter().copied()).await?;
        Ok(all)
    }
}

/// The fields of objects that may change, as far as what events say tells.
#[derive(Default)]
struct Spread(BTreeMap<ObjectId, BTreeSet<Arc<str>>>);

impl Spread {
    /// Whether it is new.
    fn add(&mut self, object: ObjectId, field: &Arc<str>) -> bool {
        self.0.entry(object).or_default().insert(Arc::clone(field))
    }

    fn objects(&self) -> impl Iterator<Item = ObjectId> {
        self.0.keys().copied()
    }

    /// Adds what may follow through the events of a history.
    fn take(&mut self, catalogue: &Catalogue, history: &History) {
        let reading: Vec<(&EventType, Arc<Value>)> =
            history.events().iter().filter_map(|event| catalogue.read_by_effects(event)).collect();
        loop {
            let changed = |object: ObjectId, field: &str| {
                self.0.get(&object).is_some_and(|fields| fields.contains(field))
            };
            let follow = |(event_type, data): &(&EventType, Arc<Value>)| {
                let fields = event_type.fields_that_follow(data, &changed).into_iter();
                fields.map(|(object, field)| (object, Arc::clone(field))).collect::<Vec<_>>()
            };
            let found: Vec<(ObjectId, Arc<str>)> = reading.iter().flat_map(follow).collect();
            let mut any = false;
            for (object, field) in found {
                any |= self.add(object, &field);
            }
            if !any {
                return;
            }
        }
    }
}

/// The claims that are based on events which are not worth the same.
#[derive(Default)]
struct Based {
    asked: HashSet<EventId>,
    claims: BTreeMap<Position, Arc<Event>>,
}

impl Based {
    /// Finds those of events that were not asked for before; gives the objects that they bear on.
    async fn follow(
        &mut self,
        reader: &EventReader,
        contrast: &Contrast<'_>,
        logs: [&Log; 2],
    ) -> Result<Vec<ObjectId>, ReadError> {
        let differing = contrast.differing();
        let new: Vec<EventId> =
            differing.iter().map(|event| event.id).filter(|id| self.asked.insert(*id)).collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let up_to = logs.map(Log::position).into_iter().max().unwrap_or_default();
        let in_both = |claim: &Arc<Event>| {
            logs.iter().all(|log| claim.position <= log.position() && !log.left_out().contains(&claim.id))
        };
        let mut found = reader.based_on(&new, up_to).await?;
        found.retain(in_both);
        let objects = found.iter().flat_map(|claim| &claim.object_ids).copied().collect();
        self.claims.extend(found.into_iter().map(|claim| (claim.position, claim)));
        Ok(objects)
    }

    fn into_claims(self) -> Vec<Arc<Event>> {
        self.claims.into_values().collect()
    }
}
