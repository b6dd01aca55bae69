//! How the log is divided: each object is compared once, and each event judged once, with all that its rules read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use read_model::event::{Body, Event, EventId, ObjectId, Position};
use read_model::history::History;

/// How many objects beside its own a portion takes in: those that share events with an institution are thousands.
const NEIGHBOURS: usize = 5_000;

/// What is looked at in one go.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Portion {
    /// The objects whose fields are compared.
    pub(super) compared: Vec<ObjectId>,
    /// The events that are read and judged.
    pub(super) judged: BTreeSet<Position>,
    /// The other objects that these events are about.
    pub(super) neighbours: BTreeSet<ObjectId>,
}

/// Divides what belongs to some objects: an event belongs to the first of those that it names.
///
/// The history is complete for the objects.
pub(super) fn portions(history: &History, objects: &[ObjectId]) -> Vec<Portion> {
    let batch: HashSet<ObjectId> = objects.iter().copied().collect();
    let own = |event: &&Arc<Event>| {
        event.body.content().is_some() && event.object_ids.first().is_some_and(|first| batch.contains(first))
    };
    let amended = named_by_amends(history);
    let mut portions = Vec::new();
    let mut portion = Portion { compared: objects.to_vec(), ..Portion::default() };
    for event in history.events().iter().filter(own) {
        if portion.neighbours.len() > NEIGHBOURS {
            portions.push(std::mem::take(&mut portion));
        }
        portion.judged.insert(event.position);
        let named = event.object_ids.iter().chain(amended.get(&event.id).into_iter().flatten());
        portion.neighbours.extend(named.filter(|object| !batch.contains(*object)));
    }
    portions.push(portion);
    portions
}

/// The objects that the amends of each claim name: one of them may be in force.
fn named_by_amends(history: &History) -> HashMap<EventId, Vec<ObjectId>> {
    let mut named: HashMap<EventId, Vec<ObjectId>> = HashMap::new();
    for event in history.events() {
        if let (Body::Amend { .. }, Some(claim)) = (&event.body, event.target()) {
            named.entry(claim).or_default().extend(&event.object_ids);
        }
    }
    named
}
