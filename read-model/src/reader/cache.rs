//! What is kept of objects that were asked for lately: their events, complete up to a position, and their fold.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::catalogue::Catalogue;
use crate::event::{Event, ObjectId, Position};
use crate::fold::{Dossier, Extended, World};

/// Each object has a lock of its own, so that a long history is extended in place and nobody else waits for it.
#[derive(Debug)]
pub(super) struct Cache(Mutex<LruCache<ObjectId, Arc<Mutex<Kept>>>>);

/// Every event of one object up to a position, and what they fold to, where that was asked for.
#[derive(Debug, Default)]
struct Kept {
    events: Vec<Arc<Event>>,
    complete_to: Position,
    dossier: Option<Dossier>,
}

impl Kept {
    fn between(&self, after: Position, up_to: Position) -> &[Arc<Event>] {
        let place = |position| self.events.partition_point(|event| event.position <= position);
        &self.events[place(after)..place(up_to)]
    }
}

impl Cache {
    pub(super) fn new(objects: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(objects).unwrap_or(NonZeroUsize::MIN))))
    }

    /// Up to where the events of an object are here: the start, where it was not asked for lately.
    pub(super) fn complete_to(&self, object: ObjectId) -> Position {
        self.get(object).map_or(Position::START, |kept| locked(&kept).complete_to)
    }

    /// The events of an object up to a position; none where they are not all here.
    pub(super) fn up_to(&self, object: ObjectId, position: Position) -> Option<Vec<Arc<Event>>> {
        let kept = self.get(object)?;
        let kept = locked(&kept);
        (kept.complete_to >= position).then(|| kept.between(Position::START, position).to_vec())
    }

    /// Takes in every event of an object after one position and up to another.
    pub(super) fn extend(&self, object: ObjectId, after: Position, new: Vec<Arc<Event>>, up_to: Position) {
        let kept = Arc::clone(locked(&self.0).get_or_insert_mut(object, Arc::default));
        let mut kept = locked(&kept);
        // Another question may have brought it further in the meantime, or it may have made room for others.
        if kept.complete_to >= after && kept.complete_to < up_to {
            let known = kept.complete_to;
            kept.events.extend(new.into_iter().filter(|event| event.position > known));
            kept.complete_to = up_to;
        }
    }

    /// Keeps the fold of an object, unless a newer one is here.
    pub(super) fn keep(&self, dossier: Dossier) {
        if let Some(kept) = self.get(dossier.object()) {
            let mut kept = locked(&kept);
            if kept.dossier.as_ref().is_none_or(|here| here.known() < dossier.known()) {
                kept.dossier = Some(dossier);
            }
        }
    }

    /// Up to where the fold of an object is known, and the objects of which all events are needed to bring it up to a
    /// position; none where there is no fold, or a newer one.
    pub(super) fn rests_on(&self, object: ObjectId, up_to: Position) -> Option<(Position, Vec<ObjectId>)> {
        let kept = self.get(object)?;
        let kept = locked(&kept);
        let dossier = kept.dossier.as_ref().filter(|dossier| dossier.known() <= up_to)?;
        Some((dossier.known(), dossier.rests_on().to_vec()))
    }

    /// The fold of an object at a position, by extending what is kept with events that are here; none where it takes
    /// more than that, and then what was kept is dropped.
    pub(super) fn world(
        &self,
        catalogue: &Catalogue,
        object: ObjectId,
        up_to: Position,
    ) -> Option<Arc<World>> {
        let (known, rests_on) = self.rests_on(object, up_to)?;
        let quiet = rests_on.iter().all(|other| *other == object || self.is_quiet(*other, known, up_to));
        let entry = self.get(object)?;
        let mut kept = locked(&entry);
        let here = kept.complete_to >= up_to;
        let same = |dossier: &Dossier| dossier.known() == known;
        let mut dossier = kept.dossier.take_if(|dossier| same(dossier)).filter(|_| quiet && here)?;
        let extended = dossier.extend_all(catalogue, kept.between(known, up_to));
        if !matches!(extended, Ok(Extended::Yes)) {
            return None;
        }
        dossier.still_exact_at(up_to);
        let world = Arc::clone(dossier.world());
        kept.dossier = Some(dossier);
        Some(world)
    }

    /// Whether an object is known to have no event between two positions.
    fn is_quiet(&self, object: ObjectId, after: Position, up_to: Position) -> bool {
        self.get(object).is_some_and(|kept| {
            let kept = locked(&kept);
            kept.complete_to >= up_to && kept.between(after, up_to).is_empty()
        })
    }

    fn get(&self, object: ObjectId) -> Option<Arc<Mutex<Kept>>> {
        locked(&self.0).get(&object).cloned()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
