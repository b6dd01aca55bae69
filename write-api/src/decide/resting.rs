//! What rests on the events that a draft bears on: claims that stand and fall with them, of whichever objects.

use std::collections::VecDeque;

use read_model::event::{EventId, ObjectId};
use read_model::fold::Folded;
use read_model::hashed::HashSet;

use super::draft::Draft;
use super::view::event;
use super::{Desk, Missing};

/// What the draft judges or corrects: its target, the target of that, and so on to the claim at the root.
pub(super) fn targets(desk: Desk<'_>, draft: &Draft) -> Result<Vec<EventId>, Missing> {
    let mut targets = Vec::new();
    let mut target = draft.events.first().and_then(|first| first.target());
    while let Some(id) = target {
        targets.push(id);
        target = event(desk.view, id, desk.known)?.and_then(|event| event.target());
    }
    Ok(targets)
}

/// The claims in both that do not begin on the same day: what is based on them is held against that.
pub(super) fn moved(before: &Folded<'_>, after: &Folded<'_>) -> Vec<EventId> {
    let claims = after.claims().iter().filter(|claim| {
        let earlier = before.claim(claim.because.claim.id);
        earlier.is_some_and(|earlier| earlier.place.beginning.day != claim.place.beginning.day)
    });
    claims.map(|claim| claim.because.claim.id).collect()
}

/// The objects of every claim that is based on these events, or on one that is, and so on.
pub(super) fn objects_resting_on(desk: Desk<'_>, events: Vec<EventId>) -> Result<HashSet<ObjectId>, Missing> {
    let mut seen: HashSet<EventId> = events.iter().copied().collect();
    let mut pending = VecDeque::from(events);
    let (mut objects, mut missing) = (HashSet::default(), Missing::default());
    while let Some(id) = pending.pop_front() {
        let Some(resting) = desk.view.based_on(id) else {
            missing.bases.insert(id);
            continue;
        };
        for claim in resting.into_iter().filter(|claim| claim.position <= desk.known) {
            objects.extend(claim.objects);
            if seen.insert(claim.id) {
                pending.push_back(claim.id);
            }
        }
    }
    if missing.is_empty() { Ok(objects) } else { Err(missing) }
}
