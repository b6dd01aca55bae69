//! A set of events that is complete for some objects: what a fold is computed from.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::event::{Event, EventId, ObjectId, Position};
use crate::hashed::{HashMap, HashSet};
use crate::log::Log;

/// Events in position order, with every event of each *complete* object among them.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Events that it does not take in: this is a history in which they were never registered.
    left_out: Arc<HashSet<EventId>>,
    events: Arc<Vec<Arc<Event>>>,
    index: Arc<Places>,
    absent: HashSet<EventId>,
    complete: HashSet<ObjectId>,
    folded: HashSet<ObjectId>,
}

/// The place of each event among those of a history.
pub(crate) type Places = HashMap<EventId, usize>;

/// What is still missing before a history can be folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Objects whose every event is needed.
    pub objects: BTreeSet<ObjectId>,
    /// Events of which it is not yet known which objects they are about.
    pub events: BTreeSet<EventId>,
}

impl Needs {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.events.is_empty()
    }
}

impl History {
    /// A history to fold these objects from, holding nothing yet.
    #[must_use]
    pub fn of(objects: impl IntoIterator<Item = ObjectId>) -> Self {
        Self { folded: objects.into_iter().collect(), ..Self::default() }
    }

    /// The same in a log that may not be the one that is: without what it leaves out, and with what it adds.
    #[must_use]
    pub fn in_log(log: &Log, objects: impl IntoIterator<Item = ObjectId>) -> Self {
        let mut history = Self { left_out: Arc::clone(log.left_out()), ..Self::of(objects) };
        history.add([], log.added().iter().cloned());
        history
    }

    /// Takes in events, and notes which objects are complete with them.
    pub fn add(
        &mut self,
        complete: impl IntoIterator<Item = ObjectId>,
        events: impl IntoIterator<Item = Arc<Event>>,
    ) {
        self.complete.extend(complete);
        let (all, index) = (Arc::make_mut(&mut self.events), Arc::make_mut(&mut self.index));
        let mut in_order = true;
        for event in events.into_iter().filter(|event| !self.left_out.contains(&event.id)) {
            if let Entry::Vacant(place) = index.entry(event.id) {
                in_order &= all.last().is_none_or(|last| last.position < event.position);
                place.insert(all.len());
                all.push(event);
            }
        }
        if !in_order {
            all.sort_unstable_by_key(|event| event.position);
            index.extend(all.iter().enumerate().map(|(place, event)| (event.id, place)));
        }
    }

    /// Takes in events that were looked for by id; the ids among them that no event has are not looked for again.
    pub fn add_known(
        &mut self,
        ids: impl IntoIterator<Item = EventId>,
        found: impl IntoIterator<Item = Arc<Event>>,
    ) {
        self.add([], found);
        self.absent.extend(ids.into_iter().filter(|id| !self.index.contains_key(id)));
    }

    /// Every event, in position order.
    #[must_use]
    pub fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    /// The events up to and including a position.
    #[must_use]
    pub fn up_to(&self, position: Position) -> &[Arc<Event>] {
        &self.events[..self.events.partition_point(|event| event.position <= position)]
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Arc<Event>> {
        self.events.get(*self.index.get(&id)?)
    }

    /// The events, and the place of each among them, to be shared.
    pub(crate) fn shared(&self) -> (Arc<Vec<Arc<Event>>>, Arc<Places>) {
        (Arc::clone(&self.events), Arc::clone(&self.index))
    }

    /// The events that it does not take in, to be shared.
    pub(crate) fn left_out(&self) -> &Arc<HashSet<EventId>> {
        &self.left_out
    }

    /// The events of one object, in position order.
    pub fn of_object(&self, object: ObjectId) -> impl Iterator<Item = &Arc<Event>> {
        self.events.iter().filter(move |event| event.object_ids.contains(&object))
    }

    /// Whether every event of the object is here.
    #[must_use]
    pub fn is_complete(&self, object: ObjectId) -> bool {
        self.complete.contains(&object)
    }

    /// The objects of which every event is here.
    pub fn complete(&self) -> impl Iterator<Item = ObjectId> {
        self.complete.iter().copied()
    }

    /// The objects whose state is to be folded.
    #[must_use]
    pub fn folded(&self) -> &HashSet<ObjectId> {
        &self.folded
    }

    /// Also fold these objects.
    pub fn fold_also(&mut self, objects: impl IntoIterator<Item = ObjectId>) {
        self.folded.extend(objects);
    }

    /// The claim at the root of an event: itself, or what its Corrections and Validations lead back to.
    #[must_use]
    pub fn root(&self, event: &Arc<Event>) -> Option<Arc<Event>> {
        let mut event = Arc::clone(event);
        while let Some(target) = event.target() {
            event = Arc::clone(self.event(target)?);
        }
        Some(event)
    }

    /// What is missing; objects that the fold of others reads are counted among the folded from here on.
    pub fn needs(&mut self, catalogue: &Catalogue) -> Needs {
        let read = self.read_objects(catalogue);
        self.folded.extend(read);
        let mut needs = Needs::default();
        needs.objects.extend(self.folded.difference(&self.complete));
        self.follow_references(&mut needs);
        needs
    }

    /// The objects whose state the effects on folded objects read.
    fn read_objects(&self, catalogue: &Catalogue) -> Vec<ObjectId> {
        let reading = |event: &&Arc<Event>| {
            catalogue
                .event_types
                .get(&event.event_type)
                .is_some_and(|event_type| event_type.has_reading_effects())
        };
        let mut found = Vec::new();
        for event in self.events.iter().filter(reading) {
            let Some(event_type) = catalogue.event_types.get(&event.event_type) else {
                continue;
            };
            let Some(data) =
                event.body.content().and_then(|data| event_type.upcast(&event.event_version, data).ok())
            else {
                continue;
            };
            for effect in event_type.effects.iter().filter(|effect| !effect.reads_roles.is_empty()) {
                let Some(role) = event_type.roles.get(&effect.role) else {
                    continue;
                };
                if event_type.in_role(role, &data).any(|object| self.folded.contains(&object)) {
                    let roles = effect.reads_roles.iter().filter_map(|name| event_type.roles.get(name));
                    found.extend(roles.flat_map(|role| event_type.in_role(role, &data)));
                }
            }
        }
        found
    }

    /// What the events that bear on the folded objects are based on or about, and so on: each with one object
    /// complete, so that everything that was said of it is here. A claim may come to bear on an object only through
    /// an amend, so the targets of Corrections and Validations are followed too.
    fn follow_references(&self, needs: &mut Needs) {
        let bears = |event: &&Arc<Event>| event.object_ids.iter().any(|object| self.folded.contains(object));
        let mut pending: Vec<&Arc<Event>> = self.events.iter().filter(bears).collect();
        let mut seen = HashSet::default();
        while let Some(event) = pending.pop() {
            for reference in event.references.iter().filter(|reference| seen.insert(**reference)) {
                match self.event(*reference) {
                    None if self.absent.contains(reference) || self.left_out.contains(reference) => {}
                    None => {
                        needs.events.insert(*reference);
                    }
                    Some(basis) => {
                        if !basis.object_ids.iter().any(|object| self.complete.contains(object)) {
                            needs.objects.extend(basis.object_ids.first());
                        }
                        pending.push(basis);
                    }
                }
            }
        }
    }
}
