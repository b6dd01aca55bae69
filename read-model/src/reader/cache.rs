//! The events of objects that were asked for lately, each list complete up to a position.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use crate::event::{Event, ObjectId, Position};

#[derive(Debug)]
pub(super) struct Cache(Mutex<LruCache<ObjectId, Kept>>);

/// Every event of one object up to a position.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    events: Arc<Vec<Arc<Event>>>,
    pub(super) complete_to: Position,
}

impl Kept {
    /// The events up to a position that it reaches.
    pub(super) fn up_to(&self, position: Position) -> impl Iterator<Item = Arc<Event>> {
        self.events[..self.events.partition_point(|event| event.position <= position)].iter().cloned()
    }

    /// The same with what came since, up to a position.
    pub(super) fn extended(mut self, new: impl Iterator<Item = Arc<Event>>, up_to: Position) -> Self {
        let mut new = new.peekable();
        if new.peek().is_some() {
            Arc::make_mut(&mut self.events).extend(new);
        }
        self.complete_to = up_to;
        self
    }
}

impl Cache {
    pub(super) fn new(objects: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(objects).unwrap_or(NonZeroUsize::MIN))))
    }

    /// What is here of an object: nothing, up to the start, where it was not asked for lately.
    pub(super) fn get(&self, object: ObjectId) -> Kept {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&object).cloned().unwrap_or_default()
    }

    /// Keeps what reaches further than what is here.
    pub(super) fn keep(&self, object: ObjectId, kept: Kept) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.peek(&object).is_none_or(|here| here.complete_to < kept.complete_to) {
            cache.put(object, kept);
        }
    }
}
