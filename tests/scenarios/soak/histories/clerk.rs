//! One of the clerks: what to do next, by chance and by what was seen before, which may not be so any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::diary::{Deed, Diary};
use super::office::Office;
use super::told::Known;
use crate::soak::Chance;

/// After how many events a person steps back for another: to read ever longer lists would take the time of all else.
const WORN: usize = 30;

/// Looks at some, and then registers what may become of them, until there is nothing more to do.
pub(super) async fn work(office: Arc<Office>, number: usize, mut chance: Chance) -> Diary {
    let mut diary = Diary::of(&office, number);
    while office.one_more() {
        let known = diary.look(&office.some::<3>(&mut chance)).await;
        for (person, _) in known.iter().filter(|(_, known)| known.events.len() > WORN) {
            office.step_back(*person);
        }
        // With each time it is known less well what has become of them.
        for _ in 0..=chance.below(3) {
            if office.one_more() {
                let deeds = deeds(&known, &mut chance);
                // Now and then only if one of them is as they were, who may be another than those whom it is about.
                let relied = (chance.below(3) == 0).then(|| chance.index(known.len()));
                let relied = relied.and_then(|place| known.iter().nth(place));
                diary.register(&deeds, relied).await;
            }
        }
    }
    diary
}

/// What to register, all or nothing: one deed, two about different persons, or that somebody leaves one for another.
fn deeds(known: &BTreeMap<Uuid, Known>, chance: &mut Chance) -> Vec<Deed> {
    let mut left: Vec<(Uuid, Option<Uuid>)> =
        known.iter().map(|(person, known)| (*person, known.partner)).collect();
    for place in (1..left.len()).rev() {
        left.swap(place, chance.index(place + 1));
    }
    let first = next(&mut left);
    let second = match chance.below(6) {
        0 => next(&mut left),
        1 => first
            .filter(|first| !first.is_marriage())
            .zip(left.pop())
            .map(|(divorce, (person, _))| Deed::marriage(divorce.partners[0], person)),
        _ => None,
    };
    first.into_iter().chain(second).collect()
}

/// A divorce of whoever has a partner, or a marriage to somebody who has none either, where there is one; of those who are
/// left, whom it takes away.
fn next(left: &mut Vec<(Uuid, Option<Uuid>)>) -> Option<Deed> {
    let (person, partner) = left.pop()?;
    if let Some(partner) = partner {
        left.retain(|(other, _)| *other != partner);
        return Some(Deed::divorce(person, partner));
    }
    let free = left.iter().position(|(_, partner)| partner.is_none()).unwrap_or(0);
    (!left.is_empty()).then(|| Deed::marriage(person, left.remove(free).0))
}
