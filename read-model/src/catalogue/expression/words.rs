//! What an expression may name: its variables, and the fields of objects.

use std::sync::Arc;

use super::kind::Kind;
use crate::hashed::IndexMap;

/// The fields of every object type, with the kind of their values.
#[derive(Debug, Default)]
pub(crate) struct Members(pub(crate) IndexMap<Arc<str>, IndexMap<Arc<str>, Member>>);

/// A field of an object type.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) kind: Kind,
    /// Whether it is computed when asked.
    pub(crate) derived: bool,
    /// Whether it is who refers to the object.
    pub(crate) inverse: bool,
}

impl Members {
    pub(super) fn get(&self, object_type: &str, field: &str) -> Option<(&Arc<str>, &Member)> {
        self.0.get(object_type)?.get_key_value(field)
    }

    pub(super) fn names(&self, object_type: &str) -> impl Iterator<Item = &str> {
        self.0.get(object_type).into_iter().flat_map(|fields| fields.keys().map(|name| &**name))
    }
}

/// What an expression may name.
pub(crate) struct Words<'a> {
    pub(crate) members: &'a Members,
    pub(crate) variables: Vec<(Arc<str>, Kind)>,
    /// The object type whose fields, derived ones too, are variables: for derived fields.
    pub(crate) own: Option<Arc<str>>,
    /// Whether it may ask who refers to an object.
    pub(crate) follow_back: bool,
}

/// What a name stands for.
pub(super) enum Word<'a> {
    Variable(&'a Kind),
    OwnField(&'a Arc<str>),
}

impl<'a> Words<'a> {
    /// The words of a derived field of this type: its fields, `self` and `asOf`.
    pub(crate) fn of_object(members: &'a Members, object_type: &Arc<str>) -> Self {
        let variables = vec![
            (Arc::from("asOf"), Kind::Date),
            (Arc::from("self"), Kind::Reference(Arc::clone(object_type))),
        ];
        Self { members, variables, own: Some(Arc::clone(object_type)), follow_back: false }
    }

    pub(super) fn word(&self, name: &str) -> Option<Word<'_>> {
        let variable = self.variables.iter().find(|(variable, _)| **variable == *name);
        let own = || self.own.as_ref().filter(|own| self.members.get(own, name).is_some());
        variable.map(|(_, kind)| Word::Variable(kind)).or_else(|| own().map(Word::OwnField))
    }

    /// Every name, for messages.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.own.as_deref().into_iter().flat_map(|own| self.members.names(own));
        own.chain(self.variables.iter().map(|(name, _)| &**name))
    }
}
