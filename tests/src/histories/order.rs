//! In which order the events of each object came, and who wrote which: inferred from the lists that were read.

use std::collections::{BTreeMap, BTreeSet};

use super::anomaly::{Anomaly, Kind};
use super::transaction::{Name, Read, Seen, Transaction};

/// The events of each object, in order, as the longest list that anybody read has them.
pub(super) struct Orders<'t, N> {
    lists: BTreeMap<N, Longest<'t, N>>,
    places: BTreeMap<(N, N), usize>,
    writers: BTreeMap<N, usize>,
}

/// The longest list of an object, and which transaction read it.
#[derive(Clone, Copy)]
struct Longest<'t, N> {
    events: &'t [N],
    reader: usize,
}

impl<'t, N: Name> Orders<'t, N> {
    /// The orders, and what is wrong with them by themselves.
    pub(super) fn inferred(transactions: &'t [Transaction<N>]) -> (Self, Vec<Anomaly>) {
        let lists = longest_lists(transactions);
        let mut orders = Self { lists, places: BTreeMap::new(), writers: writers(transactions) };
        let mut anomalies = orders.number();
        anomalies.extend(orders.strangers(transactions));
        anomalies.extend(lost(&orders, transactions));
        anomalies.extend(incompatible(&orders, transactions));
        (orders, anomalies)
    }

    /// Each object's events.
    pub(super) fn lists(&self) -> impl Iterator<Item = (N, &'t [N])> {
        self.lists.iter().map(|(object, longest)| (*object, longest.events))
    }

    /// The transaction that wrote an event.
    pub(super) fn writer(&self, event: N) -> Option<usize> {
        self.writers.get(&event).copied()
    }

    /// The events of an object that were seen, and those that were not; none where that is not known.
    pub(super) fn split(&self, Read { object, seen }: &Read<N>) -> Option<(&'t [N], &'t [N])> {
        let all = self.lists.get(object)?.events;
        match seen {
            Seen::All(events) => all.starts_with(events).then(|| all.split_at(events.len())),
            Seen::Newest(events) => {
                let places = events.iter().filter_map(|event| self.places.get(&(*object, *event)));
                let (seen, unseen) = all.split_at(places.max()? + 1);
                // Whatever its writer added to the object beside it was seen with it.
                let writer = self.writer(*seen.last()?);
                let beside = unseen.iter().take_while(|event| self.writer(**event) == writer).count();
                Some(all.split_at(seen.len() + beside))
            }
        }
    }

    /// Gives each event its place in its object's list; it has one alone.
    fn number(&mut self) -> Vec<Anomaly> {
        let mut doubled = Vec::new();
        for (object, Longest { events, .. }) in &self.lists {
            for (place, event) in events.iter().enumerate() {
                if let Some(before) = self.places.insert((*object, *event), place) {
                    let story = format!("{event} stands in {object} at {before} and again at {place}");
                    doubled.push(Anomaly { kind: Kind::DoubledEvent, story });
                }
            }
        }
        doubled
    }

    /// Events that somebody was told of though nobody wrote them, or though they were refused; each once.
    fn strangers(&self, transactions: &[Transaction<N>]) -> Vec<Anomaly> {
        let mut known: BTreeSet<N> = BTreeSet::new();
        let readers = transactions.iter().enumerate();
        let told =
            readers.flat_map(|(place, reader)| reader.reads.iter().map(move |read| (place, reader, read)));
        let told = told.flat_map(|(place, reader, Read { object, seen })| {
            let (Seen::All(events) | Seen::Newest(events)) = seen;
            // What it would have written itself is no stranger.
            let others = events.iter().filter(move |event| self.writer(**event) != Some(place));
            others.map(move |event| (reader, *object, *event))
        });
        let first = told.filter(|(.., event)| known.insert(*event));
        first
            .filter_map(|(reader, object, event)| {
                let writer = self.writer(event).map(|writer| &transactions[writer]);
                let (kind, by) = match writer {
                    None => (Kind::UnknownEvent, "nobody wrote it".to_owned()),
                    Some(writer) if writer.accepted => return None,
                    Some(writer) => (Kind::AbortedRead, format!("it was refused to {writer}")),
                };
                let story = format!("{reader} was told of {event} in {object}, but {by}");
                Some(Anomaly { kind, story })
            })
            .collect()
    }
}

fn longest_lists<N: Name>(transactions: &[Transaction<N>]) -> BTreeMap<N, Longest<'_, N>> {
    let mut lists: BTreeMap<N, Longest<'_, N>> = BTreeMap::new();
    for (reader, transaction) in transactions.iter().enumerate() {
        for Read { object, seen } in &transaction.reads {
            let Seen::All(events) = seen else { continue };
            let longest = lists.entry(*object).or_insert(Longest { events, reader });
            if longest.events.len() < events.len() {
                *longest = Longest { events, reader };
            }
        }
    }
    lists
}

/// Who wrote which event; whoever was accepted, where it was sent more than once.
fn writers<N: Name>(transactions: &[Transaction<N>]) -> BTreeMap<N, usize> {
    let mut writers = BTreeMap::new();
    for (writer, transaction) in transactions.iter().enumerate() {
        for write in &transaction.writes {
            if transaction.accepted {
                writers.insert(write.event, writer);
            } else {
                writers.entry(write.event).or_insert(writer);
            }
        }
    }
    writers
}

/// Acknowledged writes that stand nowhere.
fn lost<N: Name>(orders: &Orders<'_, N>, transactions: &[Transaction<N>]) -> Vec<Anomaly> {
    let accepted = transactions.iter().filter(|transaction| transaction.accepted);
    let writes = accepted.flat_map(|writer| writer.writes.iter().map(move |write| (writer, write)));
    let lost = writes.filter(|(_, write)| !orders.places.contains_key(&(write.object, write.event)));
    lost.map(|(writer, write)| {
        let story = format!("{} is not in {}, but was acknowledged to {writer}", write.event, write.object);
        Anomaly { kind: Kind::LostWrite, story }
    })
    .collect()
}

/// Lists that are not the beginning of the longest one of their object; one of each object.
fn incompatible<N: Name>(orders: &Orders<'_, N>, transactions: &[Transaction<N>]) -> Vec<Anomaly> {
    let mut of_object: BTreeMap<N, Anomaly> = BTreeMap::new();
    for reader in transactions {
        for Read { object, seen } in &reader.reads {
            let (Seen::All(events), Some(longest)) = (seen, orders.lists.get(object)) else { continue };
            let same = events.iter().zip(longest.events).take_while(|(one, other)| one == other).count();
            if same < events.len() {
                let story = format!(
                    "of {object} at {same}, {reader} was told of {}, and {} of {}",
                    events[same], transactions[longest.reader], longest.events[same]
                );
                of_object.entry(*object).or_insert(Anomaly { kind: Kind::IncompatibleOrders, story });
            }
        }
    }
    of_object.into_values().collect()
}
