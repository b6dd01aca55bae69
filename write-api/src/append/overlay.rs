//! What a batch has decided and not yet committed.

use std::cell::{RefCell, RefMut};
use std::sync::Arc;

use read_model::event::{Event, EventId, EventKind, ObjectId};
use read_model::fold::Dossier;
use read_model::hashed::HashMap;

use crate::decide::{Accepted, Examined, Resting, Turn, UniqueValue};

/// Events and values of the commands accepted so far, in order.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    events: Vec<Arc<Event>>,
    unique: Vec<UniqueValue>,
    turns: Vec<Turn>,
    by_object: HashMap<ObjectId, Vec<usize>>,
    by_id: HashMap<EventId, usize>,
    by_basis: HashMap<EventId, Vec<usize>>,
    /// What its claims were held against, of those that wait for a verdict.
    examined: HashMap<EventId, Arc<Examined>>,
    /// The folds of its objects with its events, as far as they were asked for.
    dossiers: RefCell<HashMap<ObjectId, Arc<Dossier>>>,
}

/// How far an overlay had come; what was added since can be taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    events: usize,
    unique: usize,
    turns: usize,
}

impl Overlay {
    pub(super) fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    pub(super) fn unique(&self) -> &[UniqueValue] {
        &self.unique
    }

    pub(super) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// How many events it holds, as positions are counted.
    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.events.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { events: self.events.len(), unique: self.unique.len(), turns: self.turns.len() }
    }

    pub(super) fn add(&mut self, accepted: &Accepted) {
        for event in &accepted.events {
            let index = self.events.len();
            self.by_id.insert(event.id, index);
            for object in &event.object_ids {
                self.by_object.entry(*object).or_default().push(index);
            }
            if event.kind() == EventKind::Claim {
                for basis in &event.references {
                    self.by_basis.entry(*basis).or_default().push(index);
                }
            }
            self.events.push(Arc::clone(event));
        }
        let claim = accepted.events.first().map(|event| event.id);
        self.examined.extend(claim.zip(accepted.examined.clone()));
        self.turns.extend(accepted.turns.iter().cloned());
        self.unique.extend(accepted.unique.iter().cloned());
    }

    /// Takes back what was added since the mark.
    pub(super) fn back_to(&mut self, mark: Mark) {
        let taken_back = |indexes: &mut Vec<usize>| indexes.retain(|index| *index < mark.events);
        for event in self.events.drain(mark.events..) {
            self.by_id.remove(&event.id);
            self.examined.remove(&event.id);
            for object in &event.object_ids {
                self.dossiers.get_mut().remove(object);
                self.by_object.get_mut(object).map(taken_back);
            }
            for basis in &event.references {
                self.by_basis.get_mut(basis).map(taken_back);
            }
        }
        self.unique.truncate(mark.unique);
        self.turns.truncate(mark.turns);
    }

    /// The folds of objects with what was decided of them; each knows how far.
    pub(super) fn dossiers(&self) -> RefMut<'_, HashMap<ObjectId, Arc<Dossier>>> {
        self.dossiers.borrow_mut()
    }

    pub(super) fn of_object(&self, object: ObjectId) -> impl DoubleEndedIterator<Item = &Arc<Event>> {
        self.by_object.get(&object).into_iter().flatten().map(|index| &self.events[*index])
    }

    pub(super) fn event(&self, id: EventId) -> Option<&Arc<Event>> {
        self.by_id.get(&id).map(|index| &self.events[*index])
    }

    pub(super) fn examined(&self) -> &HashMap<EventId, Arc<Examined>> {
        &self.examined
    }

    pub(super) fn based_on(&self, id: EventId) -> impl Iterator<Item = Resting> {
        self.by_basis.get(&id).into_iter().flatten().map(|index| Resting::of(&self.events[*index]))
    }

    pub(super) fn with_value<'a>(
        &'a self,
        field: &'a str,
        value: &'a str,
    ) -> impl Iterator<Item = ObjectId> + 'a {
        self.unique
            .iter()
            .filter(move |known| &*known.field == field && known.value == value)
            .map(|known| known.object)
    }
}
