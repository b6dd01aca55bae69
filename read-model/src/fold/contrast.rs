//! Two readings of history held against each other: what differs of the state, and of what events are worth.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::claim::Claim;
use super::status::Folded;
use super::world::World;
use crate::event::{Event, EventId, ObjectId, Verdict};
use crate::hashed::{HashMap, HashSet};
use crate::resolve::Resolution;

/// A history as it is read before a change, and after it.
#[derive(Debug)]
pub struct Contrast<'c> {
    /// Before.
    pub before: Folded<'c>,
    /// After.
    pub after: Folded<'c>,
    /// The fields of objects whose line is not the same in both.
    changed: HashMap<ObjectId, HashSet<Arc<str>>>,
}

impl<'c> Contrast<'c> {
    /// Holds two readings against each other, folded for the same objects.
    #[must_use]
    pub fn of(before: Folded<'c>, after: Folded<'c>) -> Self {
        let changed = changed_fields(before.world(), after.world());
        Self { before, after, changed }
    }

    /// The fields of objects whose line is not the same in both.
    pub fn changed(&self) -> impl Iterator<Item = (ObjectId, &Arc<str>)> {
        self.changed.iter().flat_map(|(object, fields)| fields.iter().map(move |field| (*object, field)))
    }

    /// Whether the line of a field is not the same in both.
    #[must_use]
    pub fn is_changed(&self, object: ObjectId, field: &str) -> bool {
        self.changed.get(&object).is_some_and(|fields| fields.contains(field))
    }

    /// Whether a claim may keep its rules in the one and not in the other: it rests on other events, or a rule of it
    /// reads a field that changed.
    #[must_use]
    pub fn may_break(&self, claim: &Claim<'_>) -> bool {
        !claim.because.claim.references.is_empty()
            || claim.rules_read(|object, field| self.is_changed(object, field))
    }

    /// The objects whose state follows, through a claim that counts in either, from a field that changed.
    #[must_use]
    pub fn following(&self) -> BTreeSet<ObjectId> {
        let changed = |object, field: &str| self.is_changed(object, field);
        let reading = self.claims().filter(|claim| claim.event_type.has_reading_effects());
        let fields = reading.flat_map(|claim| claim.event_type.fields_that_follow(claim.data(), &changed));
        fields.map(|(object, _)| object).collect()
    }

    /// Every object to look at so that nothing which differs is missed, as far as these readings tell: those that follow
    /// from what changed, those that rules read which may now break, and those that events bear on which are not worth
    /// the same.
    #[must_use]
    pub fn reach(&self) -> BTreeSet<ObjectId> {
        let mut reach = self.following();
        for claim in self.claims().filter(|claim| self.may_break(claim)) {
            reach.extend(claim.objects_read_by_rules());
        }
        for event in self.differing() {
            reach.extend(&event.object_ids);
            for resolution in [self.before.resolution(), self.after.resolution()] {
                let amend = standing(resolution, event.id).and_then(|standing| standing.amended_by);
                reach.extend(amend.iter().flat_map(|amend| &amend.object_ids));
            }
        }
        reach
    }

    /// The events that are not worth the same in both, or that only one of them has, in position order.
    #[must_use]
    pub fn differing(&self) -> Vec<&Arc<Event>> {
        let (before, after) = (self.before.resolution(), self.after.resolution());
        let differs = |event: &&Arc<Event>| standing(before, event.id) != standing(after, event.id);
        let gone = before.events().iter().filter(|event| after.place(event.id).is_none());
        let mut differing: Vec<&Arc<Event>> = after.events().iter().filter(differs).chain(gone).collect();
        differing.sort_by_key(|event| event.position);
        differing
    }

    /// The claims that count in either; those that do in both twice.
    fn claims(&self) -> impl Iterator<Item = &Claim<'c>> {
        self.before.claims().iter().chain(self.after.claims())
    }

    /// The events whose status may differ, in position order.
    pub(crate) fn doubtful(&self) -> Vec<&Arc<Event>> {
        let breaking = self.claims().filter(|claim| self.may_break(claim)).map(|claim| &claim.because.claim);
        let mut doubtful: Vec<&Arc<Event>> = breaking.chain(self.differing()).collect();
        doubtful.sort_by_key(|event| event.position);
        doubtful.dedup_by_key(|event| event.id);
        doubtful
    }
}

/// What holds of an event in one reading, told by events and not by their places.
#[derive(PartialEq)]
struct Worth<'r> {
    annulled_by: Option<EventId>,
    verdict: Option<(Verdict, EventId)>,
    amended_by: Option<&'r Arc<Event>>,
    holds: bool,
    failing_basis: &'r [EventId],
}

fn standing(resolution: &Resolution, id: EventId) -> Option<Worth<'_>> {
    let standing = resolution.standing(resolution.place(id)?);
    let event = |place: usize| &resolution.events()[place];
    Some(Worth {
        annulled_by: standing.annulled_by.map(|place| event(place).id),
        verdict: standing.verdict.map(|(verdict, place)| (verdict, event(place).id)),
        amended_by: standing.amended_by.map(event),
        holds: standing.holds,
        failing_basis: &standing.failing_basis,
    })
}

/// The fields whose line is not the same in both worlds.
fn changed_fields(before: &World, after: &World) -> HashMap<ObjectId, HashSet<Arc<str>>> {
    let mut changed: HashMap<ObjectId, HashSet<Arc<str>>> = HashMap::default();
    let mut compare = |one: &World, other: &World| {
        for (id, state) in one.objects() {
            for (field, line) in state.lines() {
                let same = other
                    .object(id)
                    .and_then(|state| state.line(field))
                    .is_some_and(|other| other.says_the_same(line));
                if !same {
                    changed.entry(id).or_default().insert(Arc::clone(field));
                }
            }
        }
    };
    compare(before, after);
    compare(after, before);
    changed
}
