//! Which raw events somebody may see.

use std::sync::Arc;

use crate::event::{Event, EventKind, ObjectId};

/// The events that somebody may see: all that one of these scopes holds, and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(Vec<Scope>);

/// Some of the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only those of these types.
    pub event_types: Option<Vec<Arc<str>>>,
    /// Only those of these kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// Only those that bear on this object.
    pub object: Option<ObjectId>,
}

impl Scope {
    fn holds(&self, event: &Event) -> bool {
        self.event_types.as_ref().is_none_or(|types| types.contains(&event.event_type))
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind()))
            && self.object.is_none_or(|object| event.object_ids.contains(&object))
    }

    /// Its types and kinds as `type/kind`, with `*` for every one.
    pub(super) fn keys(&self) -> Vec<String> {
        let every = || vec!["*"];
        let types =
            self.event_types.as_ref().map_or_else(every, |types| types.iter().map(|name| &**name).collect());
        let kinds =
            self.kinds.as_ref().map_or_else(every, |kinds| kinds.iter().map(|kind| kind.name()).collect());
        types.iter().flat_map(|name| kinds.iter().map(move |kind| format!("{name}/{kind}"))).collect()
    }

    fn is_whole(&self) -> bool {
        *self == Self::default()
    }
}

impl Seen {
    /// What these scopes hold.
    #[must_use]
    pub const fn of(scopes: Vec<Scope>) -> Self {
        Self(scopes)
    }

    /// Every event.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Scope::default()])
    }

    /// Whether it is every event.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.iter().any(Scope::is_whole)
    }

    /// Whether an event is among them.
    #[must_use]
    pub fn shows(&self, event: &Event) -> bool {
        self.0.iter().any(|scope| scope.holds(event))
    }

    /// Whether any event of this type may be among them.
    #[must_use]
    pub fn may_show(&self, event_type: &str) -> bool {
        let named = |scope: &Scope| {
            scope.event_types.as_ref().is_none_or(|types| types.iter().any(|name| **name == *event_type))
        };
        self.0.iter().any(named)
    }

    /// What it is made of.
    pub(super) fn scopes(&self) -> &[Scope] {
        &self.0
    }
}
