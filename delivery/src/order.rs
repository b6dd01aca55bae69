//! In which order deliveries go: what bears on the same object, one after the other; all else at once. Pure.

use std::collections::HashSet;

use read_model::event::ObjectId;

/// Whether a delivery may go now, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Nothing but its turn keeps it.
    Ready,
    /// It is on its way, it waits to be tried again, or it was given up.
    Held,
}

/// Which of these deliveries go, at most so many: each is given by whom it bears on, in the order of registration.
///
/// A delivery that bears on an object that an earlier one waits for, waits for it as well.
pub fn next<'a>(deliveries: impl IntoIterator<Item = (&'a [ObjectId], Stand)>, room: usize) -> Vec<usize> {
    let mut waiting: HashSet<ObjectId> = HashSet::new();
    let mut going = Vec::new();
    for (index, (objects, stand)) in deliveries.into_iter().enumerate() {
        if going.len() == room {
            break;
        }
        match stand {
            Stand::Ready if objects.iter().all(|object| !waiting.contains(object)) => going.push(index),
            Stand::Ready | Stand::Held => waiting.extend(objects),
        }
    }
    going
}

/// Parts deliveries, in the order of registration, into those that have nobody in common: within each, the order stays.
pub fn chains<T>(deliveries: Vec<T>, objects: impl Fn(&T) -> &[ObjectId]) -> Vec<Vec<T>> {
    struct Chain {
        objects: HashSet<ObjectId>,
        members: Vec<usize>,
    }
    let mut chains: Vec<Chain> = Vec::new();
    for (index, delivery) in deliveries.iter().enumerate() {
        let mut joined = Chain { objects: objects(delivery).iter().copied().collect(), members: Vec::new() };
        let shares =
            |chain: &mut Chain| objects(delivery).iter().any(|object| chain.objects.contains(object));
        for chain in chains.extract_if(.., shares) {
            joined.objects.extend(chain.objects);
            joined.members.extend(chain.members);
        }
        joined.members.push(index);
        joined.members.sort_unstable();
        chains.push(joined);
    }
    let mut deliveries: Vec<Option<T>> = deliveries.into_iter().map(Some).collect();
    let mut member = |index: usize| deliveries.get_mut(index).and_then(Option::take);
    chains.into_iter().map(|chain| chain.members.into_iter().filter_map(&mut member).collect()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn objects() -> impl Strategy<Value = Vec<ObjectId>> {
        btree_set(0..6_u128, 1..3).prop_map(|ids| ids.into_iter().map(ObjectId::from_u128).collect())
    }

    fn stand() -> impl Strategy<Value = Stand> {
        prop_oneof![3 => Just(Stand::Ready), 1 => Just(Stand::Held)]
    }

    fn share(one: &[ObjectId], other: &[ObjectId]) -> bool {
        one.iter().any(|object| other.contains(object))
    }

    #[test]
    fn an_event_of_somebody_whose_earlier_event_waits_waits_as_well_and_so_does_whoever_shares_it() {
        let [a, b, c] = [1, 2, 3].map(ObjectId::from_u128);
        let deliveries: [(&[ObjectId], Stand); 4] =
            [(&[a], Stand::Held), (&[a, b], Stand::Ready), (&[b], Stand::Ready), (&[c], Stand::Ready)];
        assert_eq!(next(deliveries, 10), [3]);
    }

    proptest! {
        #[test]
        fn nothing_overtakes_an_earlier_event_of_the_same_object(
            deliveries in vec((objects(), stand()), 0..30), room in 0..12_usize,
        ) {
            let given = deliveries.iter().map(|(objects, stand)| (objects.as_slice(), *stand));
            let going = next(given, room);
            prop_assert!(going.len() <= room);
            for index in &going {
                let (objects, stand) = &deliveries[*index];
                prop_assert_eq!(*stand, Stand::Ready);
                for (earlier, (of, _)) in deliveries[..*index].iter().enumerate() {
                    prop_assert!(!share(of, objects) || going.contains(&earlier));
                }
            }
        }

        #[test]
        fn whatever_is_ready_and_first_of_its_objects_goes_where_there_is_room(
            deliveries in vec((objects(), stand()), 0..30),
        ) {
            let given = deliveries.iter().map(|(objects, stand)| (objects.as_slice(), *stand));
            let going = next(given, usize::MAX);
            for (index, (objects, stand)) in deliveries.iter().enumerate() {
                let first = deliveries[..index].iter().all(|(of, _)| !share(of, objects));
                prop_assert!(!(first && *stand == Stand::Ready) || going.contains(&index));
            }
        }

        #[test]
        fn chains_hold_each_once_in_order_and_have_nobody_in_common(deliveries in vec(objects(), 0..30)) {
            let numbered: Vec<_> = deliveries.iter().cloned().enumerate().collect();
            let chains = chains(numbered, |(_, objects)| objects);
            let mut all: Vec<usize> = chains.iter().flatten().map(|(index, _)| *index).collect();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..deliveries.len()));
            for (at, chain) in chains.iter().enumerate() {
                prop_assert!(chain.is_sorted_by_key(|(index, _)| *index));
                for other in &chains[at + 1..] {
                    for (_, objects) in chain {
                        prop_assert!(other.iter().all(|(_, of)| !share(of, objects)));
                    }
                }
            }
        }
    }
}
