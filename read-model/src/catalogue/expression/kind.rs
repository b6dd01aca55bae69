//! What kind of value an expression gives, known before it ever runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reads::Origin;
use crate::catalogue::shape::Shape;

/// A kind of value. Any of them may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Not known.
    Any,
    /// Null, or the item of an empty list.
    Nothing,
    /// Of several kinds that have nothing in common.
    Mixed,
    Boolean,
    Number,
    Text,
    Date,
    /// The id of an object of this type.
    Reference(Arc<str>),
    /// A structure.
    Object(Vec<(Arc<str>, Kind)>),
    List(Box<Kind>),
}

impl Kind {
    /// The kind of values of a shape whose names were followed.
    pub(crate) fn of(shape: &Shape) -> Self {
        match shape {
            Shape::Text | Shape::Choice(_) => Self::Text,
            Shape::Integer | Shape::Number => Self::Number,
            Shape::Boolean => Self::Boolean,
            Shape::PartialDate => Self::Date,
            Shape::Reference(object_type) => Self::Reference(Arc::clone(object_type)),
            Shape::Object(properties) => Self::Object(
                properties
                    .iter()
                    .map(|property| (Arc::clone(&property.name), Self::of(&property.shape)))
                    .collect(),
            ),
            Shape::List(item) => Self::List(Box::new(Self::of(item))),
            Shape::Named(_) => Self::Any,
        }
    }

    /// The periods of values of this kind: what `history` gives of a field.
    pub(super) fn periods(self) -> Self {
        let entry = |name: &str, kind| (Arc::from(name), kind);
        let period = vec![entry("value", self), entry("from", Self::Date), entry("until", Self::Date)];
        Self::List(Box::new(Self::Object(period)))
    }

    /// The kind of what is of the one or of the other.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Text, Self::Date) | (Self::Date, Self::Text) => Self::Text,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.or(*other))),
            (Self::Object(one), Self::Object(other)) => Self::Object(united(one, other)),
            _ => Self::Mixed,
        }
    }

    /// Whether it may hold the id of an object.
    pub(super) fn holds_references(&self) -> bool {
        match self {
            Self::Any | Self::Mixed | Self::Reference(_) => true,
            Self::Nothing | Self::Boolean | Self::Number | Self::Text | Self::Date => false,
            Self::Object(entries) => entries.iter().any(|(_, kind)| kind.holds_references()),
            Self::List(item) => item.holds_references(),
        }
    }

    /// Whether comparing the two can ever be meant: a reference is compared with references to the same type.
    pub(super) fn compares_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any | Self::Nothing | Self::Mixed, _) | (_, Self::Any | Self::Nothing | Self::Mixed) => {
                true
            }
            (Self::Reference(one), Self::Reference(other)) => one == other,
            (Self::Reference(_), _) | (_, Self::Reference(_)) => false,
            (Self::List(one), Self::List(other)) => one.compares_with(other),
            _ => true,
        }
    }

    /// For messages: `a reference to Persoon`.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Any | Self::Mixed => "a value of several kinds".to_owned(),
            Self::Nothing => "null".to_owned(),
            Self::Boolean => "a truth".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Date => "a date".to_owned(),
            Self::Reference(object_type) => format!("a reference to {object_type}"),
            Self::Object(_) => "a structure".to_owned(),
            Self::List(_) => "a list".to_owned(),
        }
    }
}

fn united(mut one: Vec<(Arc<str>, Kind)>, other: Vec<(Arc<str>, Kind)>) -> Vec<(Arc<str>, Kind)> {
    for (name, kind) in other {
        match one.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = std::mem::replace(known, Kind::Nothing).or(kind),
            None => one.push((name, kind)),
        }
    }
    one
}

/// A kind of value, and where the references in it come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) kind: Kind,
    pub(crate) origins: BTreeSet<Origin>,
}

impl Type {
    pub(super) fn plain(kind: Kind) -> Self {
        Self { kind, origins: BTreeSet::new() }
    }

    /// A kind with these origins, where it can hold a reference at all.
    pub(super) fn from(kind: Kind, origins: BTreeSet<Origin>) -> Self {
        let origins = if kind.holds_references() { origins } else { BTreeSet::new() };
        Self { kind, origins }
    }

    pub(super) fn or(mut self, other: Self) -> Self {
        self.origins.extend(other.origins);
        Self::from(self.kind.or(other.kind), self.origins)
    }
}
