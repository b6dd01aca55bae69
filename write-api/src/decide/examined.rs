//! What a claim was held against when it was decided, for whoever validates it: where none of that has changed, nor has
//! what came of it, and nothing is folded again.

use read_model::event::{Event, ObjectId};

use super::Desk;
use super::view::event;
use crate::outcome::Finding;

/// Beyond so many others a claim is examined anew: what is kept with those that wait stays small.
const MAX_OTHERS: usize = 64;

/// An examination of a claim that nothing refused, by the events of its objects and of others.
#[derive(Debug)]
pub struct Examined {
    /// Whose events it rests on beside those of the objects of the claim.
    others: Box<[ObjectId]>,
    warnings: Vec<Finding>,
}

impl Examined {
    /// The examination of a claim by the events of these objects; none where they are too many.
    pub(super) fn of(claim: &Event, mut objects: Vec<ObjectId>, warnings: &[Finding]) -> Option<Self> {
        objects.retain(|object| !claim.object_ids.contains(object));
        objects.sort_unstable();
        objects.dedup();
        (objects.len() <= MAX_OTHERS).then(|| Self { others: objects.into(), warnings: warnings.to_vec() })
    }
}

/// What a claim that was examined before is warned of, where nothing is newer than it of all that this rests on.
pub(super) fn warnings(desk: Desk<'_>, claim: &Event) -> Option<Vec<Finding>> {
    let examined = desk.view.examined(claim.id).filter(|_| !desk.trusted)?;
    let is_unchanged = |object: &ObjectId| {
        let newest = desk.view.of_object(*object).map(|mut events| events.next_back());
        newest.is_some_and(|newest| newest.is_none_or(|newest| newest.position <= claim.position))
    };
    let mut objects = claim.object_ids.iter().chain(&examined.others);
    if !objects.all(is_unchanged) {
        return None;
    }
    examined.warnings.iter().map(|warning| as_stored(desk, warning)).collect()
}

/// The same finding with its events as they stand in the log: those that were not committed then had no moment yet.
fn as_stored(desk: Desk<'_>, finding: &Finding) -> Option<Finding> {
    let stored = |id| event(desk.view, id, desk.known).ok().flatten();
    let because = finding.because.iter().map(|because| stored(because.id)).collect::<Option<_>>()?;
    Some(Finding { because, ..finding.clone() })
}
