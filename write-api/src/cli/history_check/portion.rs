//! How the log is divided: each object is compared once, and each event judged once, with all that its rules read.

use std::collections::BTreeSet;
use std::sync::Arc;

use read_model::event::{Body, Event, EventId, ObjectId, Position};
use read_model::hashed::{HashMap, HashSet};
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
    let mut named: HashMap<EventId, Vec<ObjectId>> = HashMap::default();
    for event in history.events() {
        if let (Body::Amend { .. }, Some(claim)) = (&event.body, event.target()) {
            named.entry(claim).or_default().extend(&event.object_ids);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use read_model::event::{EventSource, Memo};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_event_belongs_to_the_first_object_that_it_names_with_all_that_amends_name() {
        let [anna, bram, dirk, emma] = [1, 2, 3, 4].map(Uuid::from_u128);
        let mut history = History::of([anna, bram]);
        let married = claim(1, &[anna, emma]);
        let amend = Event {
            body: Body::Amend { data: Arc::new(json!({})), reason: None },
            references: vec![married.id],
            ..claim(2, &[anna, dirk, emma])
        };
        history.add([anna, bram], [married, amend, claim(3, &[bram]), claim(4, &[dirk, emma])].map(Arc::new));
        let expected = Portion {
            compared: vec![anna, bram],
            judged: [1, 2, 3].map(Position::new).into(),
            neighbours: [dirk, emma].into(),
        };
        assert_eq!(portions(&history, &[anna, bram]), [expected]);
    }

    #[test]
    fn an_institution_is_divided_and_each_of_its_events_is_judged_once() {
        let home = Uuid::from_u128(1);
        let mut history = History::of([home]);
        let residents = 2 * NEIGHBOURS as u128;
        let moves = (2..residents + 2).zip(1..);
        history.add([home], moves.map(|(who, at)| Arc::new(claim(at, &[home, Uuid::from_u128(who)]))));
        let portions = portions(&history, &[home]);
        assert_eq!(portions.iter().map(|portion| portion.compared.len()).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(portions.iter().map(|portion| portion.judged.len()).sum::<usize>(), 2 * NEIGHBOURS);
        assert!(portions.iter().all(|portion| portion.neighbours.len() <= NEIGHBOURS + 2));
    }

    fn claim(position: i64, objects: &[ObjectId]) -> Event {
        Event {
            position: Position::new(position),
            id: Uuid::from_u128(0x1000 + u128::from(position.unsigned_abs())),
            created_at: DateTime::UNIX_EPOCH,
            occurred_at: DateTime::UNIX_EPOCH,
            object_ids: objects.to_vec(),
            event_type: "Huwelijk".into(),
            event_version: "1".into(),
            source: EventSource { id: Uuid::nil(), source_type: "ambtenaar".into() },
            references: Vec::new(),
            body: Body::Claim(Arc::new(json!({}))),
            memo: Memo::default(),
        }
    }
}
