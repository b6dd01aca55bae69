//! The events at hand when a command is decided, and what is missing of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use read_model::catalogue::{Catalogue, Inverse};
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::{Dossier, Place};
use read_model::history::History;
use read_model::inverse::candidates_by;

use super::Examined;

/// Some of the events at hand, where they are: a history has many, and most of whom looks at one needs the first.
pub type Events<'a> = Box<dyn DoubleEndedIterator<Item = &'a Arc<Event>> + 'a>;

/// The events at hand. `None` means not loaded, never absent.
pub trait View {
    /// Every event of an object, in position order.
    fn of_object(&self, object: ObjectId) -> Option<Events<'_>>;

    /// The fold of an object with every event of it that is at hand; none where it takes more than these.
    fn dossier(&self, object: ObjectId) -> Option<Arc<Dossier>>;

    /// The type that the first event about an object gave it, as known at a position; `Some(None)` where none did.
    fn type_of(&self, catalogue: &Catalogue, object: ObjectId, known: Position) -> Option<Option<Arc<str>>> {
        let mut events = self.of_object(object)?.take_while(|event| event.position <= known);
        Some(events.find_map(|event| type_told(catalogue, event, object)))
    }

    /// The event with this id; `Some(None)` where there is none.
    fn event(&self, id: EventId) -> Option<Option<Arc<Event>>>;

    /// The objects of which an event ever said this value of a unique field.
    fn with_value(&self, field: &str, value: &str) -> Option<Vec<ObjectId>>;

    /// The claims that are based on an event, in position order.
    fn based_on(&self, id: EventId) -> Option<Vec<Resting>>;

    /// What a claim was held against when it was decided, where that is kept.
    fn examined(&self, _claim: EventId) -> Option<Arc<Examined>> {
        None
    }

    /// The objects that may refer to this one so just before a place, by its events.
    fn referring(
        &self,
        catalogue: &Catalogue,
        (inverse, object): (&Inverse, ObjectId),
        _before: Place,
    ) -> Option<Referring> {
        let may = candidates_by(catalogue, inverse, self.of_object(object)?);
        Some(Referring { may, no_more: Vec::new() })
    }
}

/// Who may refer to an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referring {
    /// Those who may; more than do is no harm.
    pub may: BTreeSet<ObjectId>,
    /// Those who did, and by their events do not.
    pub no_more: Vec<ObjectId>,
}

/// The type of an object by the data of an event.
pub(crate) fn type_told(catalogue: &Catalogue, event: &Event, object: ObjectId) -> Option<Arc<str>> {
    let data = event.body.content()?;
    let version = catalogue.event_types.get(&event.event_type)?.versions.get(&event.event_version)?;
    let named = catalogue.references(version.format.shape(), data);
    named.into_iter().find(|(_, named)| *named == object).map(|(object_type, _)| object_type)
}

/// A claim that is based on an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its place in the log.
    pub position: Position,
    /// Its id.
    pub id: EventId,
    /// The objects that it bears on.
    pub objects: Vec<ObjectId>,
}

impl Resting {
    /// What is to be known of a claim that is based on an event.
    #[must_use]
    pub fn of(claim: &Event) -> Self {
        Self { position: claim.position, id: claim.id, objects: claim.object_ids.clone() }
    }
}

/// What must be loaded before a decision can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Objects whose every event is needed.
    pub objects: BTreeSet<ObjectId>,
    /// Events, with every event of their objects.
    pub events: BTreeSet<EventId>,
    /// Values of unique fields.
    pub values: BTreeSet<(Arc<str>, String)>,
    /// Events of which it is not known which claims are based on them.
    pub bases: BTreeSet<EventId>,
}

impl Missing {
    /// Takes in what another decision misses.
    pub fn extend(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.events.extend(other.events);
        self.values.extend(other.values);
        self.bases.extend(other.bases);
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.events.is_empty() && self.values.is_empty() && self.bases.is_empty()
    }
}

/// The event with this id that is known at a position; none where there is none.
pub(super) fn event(view: &dyn View, id: EventId, known: Position) -> Result<Option<Arc<Event>>, Missing> {
    match view.event(id) {
        Some(found) => Ok(found.filter(|event| event.position <= known)),
        None => Err(Missing { events: [id].into(), ..Missing::default() }),
    }
}

/// Completes a history from the events at hand: everything that bears on its folded objects, up to a position.
pub(crate) fn complete(
    view: &dyn View,
    catalogue: &Catalogue,
    history: &mut History,
    known: Position,
) -> Result<(), Missing> {
    loop {
        let needs = history.needs(catalogue);
        if needs.is_empty() {
            return Ok(());
        }
        let mut missing = Missing::default();
        for object in needs.objects {
            match view.of_object(object) {
                Some(events) => {
                    history.add([object], events.filter(|event| event.position <= known).cloned())
                }
                None => drop(missing.objects.insert(object)),
            }
        }
        for id in needs.events {
            match view.event(id) {
                Some(found) => history.add_known([id], found.filter(|event| event.position <= known)),
                None => drop(missing.events.insert(id)),
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
    }
}
