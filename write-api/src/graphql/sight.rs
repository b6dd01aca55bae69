//! What a caller may see of others in an answer: a command tells no more of them than a question would.

use std::sync::Arc;

use door::Ended;
use policy::{Caller, Denied, Policy, Way};
use processing_log::{About, Verb};
use read_model::event::{Event, ObjectId};
use read_model::reader::Seen;

/// Somebody who is answered.
pub(super) struct Sight<'a> {
    policy: &'a Policy,
    caller: Caller,
    seen: Seen,
    /// Whose data the answer holds; none where that is not logged.
    about: Option<About<'a>>,
}

impl<'a> Sight<'a> {
    pub(super) fn of(policy: &'a Policy, caller: Caller, about: Option<About<'a>>) -> Self {
        // Who may see no event sees none but their own.
        let seen = policy.reads().events(&caller).unwrap_or_default();
        Self { policy, caller, seen, about }
    }

    /// Whether they may see an event: by right, or for having made it.
    pub(super) fn shows(&self, event: &Event) -> bool {
        event.source.id == self.caller.source.id || self.seen.shows(event)
    }

    /// An event is told to them.
    pub(super) fn told(&self, event: &Event) {
        if let Some(about) = &self.about {
            about.event(event, Verb::Read, Ended::Done);
        }
    }

    /// What changes of an object is told to them.
    pub(super) fn told_of(&self, object_type: &Arc<str>, id: ObjectId) {
        if let Some(about) = &self.about {
            about.object(id, object_type, (object_type, None), Ended::Done);
        }
    }

    /// Whether they may see what follows from an event, whomever it touches.
    pub(super) fn what_follows(&self) -> Result<(), Denied> {
        self.policy.reads().every_event(&self.caller)
    }

    /// Whether they may read a field of an object type as such.
    pub(super) fn reads(&self, object_type: &str, field: &str) -> bool {
        let reads = self.policy.reads();
        reads.view(&self.caller, object_type, Way::Found).is_ok()
            && reads.field(&self.caller, object_type, field).is_ok()
    }
}
