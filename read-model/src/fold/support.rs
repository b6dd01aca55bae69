//! What a value rests on: every event without which it would not be there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claim::Because;
use super::line::{Assertion, FieldLine};
use super::world::World;
use crate::event::{Event, EventId, EventKind, Position};
use crate::hashed::HashSet;
use crate::resolve::Resolution;

/// The events that what was said rests on beside those that make its own claim count: its claim's basis, the claim
/// before it that settles where an uncertain fact begins, and what its value was computed from; each with all that these
/// rest on, oldest first.
#[must_use]
pub fn rests_on(
    world: &World,
    resolution: &Resolution,
    line: &FieldLine,
    said: &Assertion,
) -> Vec<Arc<Event>> {
    let mut support = Support { world, resolution, found: BTreeMap::new(), based: HashSet::default() };
    support.assertion(line, said);
    for own in said.because.events() {
        support.found.remove(&own.position);
    }
    support.found.into_values().collect()
}

struct Support<'a> {
    world: &'a World,
    resolution: &'a Resolution,
    found: BTreeMap<Position, Arc<Event>>,
    based: HashSet<EventId>,
}

impl<'a> Support<'a> {
    fn assertion(&mut self, line: &'a FieldLine, said: &'a Assertion) {
        let mut pending = vec![(line, said)];
        let mut seen = HashSet::default();
        while let Some((line, said)) = pending.pop() {
            if !seen.insert(std::ptr::from_ref(said)) {
                continue;
            }
            self.note(&said.because);
            self.basis(&said.because.claim);
            let before = line.settles(said).into_iter().flat_map(|claim| line.of_claim(claim));
            pending.extend(before.map(|said| (line, &**said)));
            for read in &*said.read {
                let line = self.world.object(read.object).and_then(|state| state.line(&read.field));
                let said = line
                    .into_iter()
                    .flat_map(|line| line.of_claim(read.claim).map(move |said| (line, &**said)));
                pending.extend(said);
            }
        }
    }

    fn note(&mut self, because: &Because) {
        self.found.extend(because.events().map(|event| (event.position, Arc::clone(event))));
    }

    /// What a claim is based on, as it stands, and so on.
    fn basis(&mut self, claim: &Event) {
        let mut pending: Vec<EventId> = claim.references.clone();
        while let Some(id) = pending.pop() {
            let Some(place) = self.resolution.place(id).filter(|_| self.based.insert(id)) else { continue };
            let because = Because::of(self.resolution, place);
            self.note(&because);
            let event = &because.claim;
            if event.kind() == EventKind::Claim {
                pending.extend(&event.references);
            }
        }
    }
}
