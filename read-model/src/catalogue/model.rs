//! The catalogue as compiled: what the servers work with.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

pub use super::config::{LineConfig as Line, Severity};
use super::element::Element;
use super::expression::{Datum, EvaluationError, Expression, FieldRead, Members};
use super::format::Format;
use super::inverse::Inverse;
use super::processing::Processing;
use super::search::Search;
use super::shape::{self, Shape};
use crate::event::{ObjectId, parse_id};
use crate::hashed::IndexMap;
use crate::time::{PartialDate, Zone};

/// A compiled `write_config.yaml`.
#[derive(Debug)]
pub struct Catalogue {
    /// SHA-256 of the source, in hexadecimal: the name of this catalogue in every basis.
    pub hash: Arc<str>,
    /// The source text.
    pub source: Arc<str>,
    /// The organisation.
    pub organisation: Arc<str>,
    /// The zone of authority.
    pub zone_name: Arc<str>,
    /// The Organisatie-identificatienummer.
    pub oin: Arc<str>,
    /// The time zone in which days are counted.
    pub zone: Zone,
    /// The types of authority.
    pub source_types: Vec<Arc<str>>,
    /// The object type that a caller's own object is of, where callers have one.
    pub caller: Option<Arc<str>>,
    /// Who may have events delivered.
    pub subscriptions: Subscriptions,
    /// Whose data are processed, as the processing log has it; none where there is no such log.
    pub processing: Option<Processing>,
    /// Values with a structure of their own, by name.
    pub types: IndexMap<Arc<str>, NamedType>,
    /// What events are about, by name.
    pub object_types: IndexMap<Arc<str>, ObjectType>,
    /// What can happen, by name.
    pub event_types: IndexMap<Arc<str>, EventType>,
    /// The fields of every object type, as expressions know them.
    pub(super) members: Members,
}

/// Who may have events delivered, and what those are called outside.
#[derive(Debug, Default)]
pub struct Subscriptions {
    /// What this F6 is called outside.
    pub system: Arc<str>,
    /// What the type of every event begins with outside.
    pub type_prefix: Arc<str>,
    /// Who may make subscriptions, and manage their own.
    pub subscribe: Vec<May>,
    /// Who may manage everybody's.
    pub manage: Vec<May>,
    /// To whom deliveries may carry data.
    pub data: Vec<May>,
}

/// A type from `types`.
#[derive(Debug)]
pub struct NamedType {
    /// What it is.
    pub description: Option<Arc<str>>,
    /// Its shape.
    pub shape: Shape,
}

/// A type of object.
#[derive(Debug)]
pub struct ObjectType {
    /// Its name.
    pub name: Arc<str>,
    /// The name of several.
    pub plural: Arc<str>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// What events set, by name.
    pub fields: IndexMap<Arc<str>, Field>,
    /// What follows from the fields, by name.
    pub derived: IndexMap<Arc<str>, Derived>,
    /// Who refers to it, by name.
    pub inverses: IndexMap<Arc<str>, Inverse>,
    /// By what it is searched, by name.
    pub searches: IndexMap<Arc<str>, Search>,
    /// Over the fields and `asOf`: the elements that are being investigated.
    pub investigated: Option<Expression>,
}

/// A field of an object type.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// The shape of its value; a [`Shape::List`] where values are added and removed.
    pub shape: Shape,
    /// The shape with every name followed.
    pub(crate) expanded: Shape,
    /// How its values follow each other.
    pub line: Line,
    /// Where no two objects may share a value: the name of its index, `Persoon.bsn`.
    pub unique: Option<Arc<str>>,
    /// What an investigation calls it.
    pub elements: Vec<Element>,
}

/// A field that is computed when asked.
#[derive(Debug)]
pub struct Derived {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// The shape of its value.
    pub shape: Shape,
    /// The shape with every name followed.
    pub(crate) expanded: Shape,
    /// Over the fields and `asOf`.
    pub value: Expression,
    /// Whether it follows references, itself or through other derived fields.
    pub(super) follows: bool,
}

/// A type of event.
#[derive(Debug)]
pub struct EventType {
    /// Its name.
    pub name: Arc<str>,
    /// What happens.
    pub description: Option<Arc<str>>,
    /// Who may claim it.
    pub claim: Vec<May>,
    /// Who may validate claims and corrections of it.
    pub validate: Vec<May>,
    /// Who may give it other data.
    pub amend: Vec<May>,
    /// Who may say that it did not happen.
    pub annul: Vec<May>,
    /// Whether the validator must be another than the claimer.
    pub four_eyes: bool,
    /// The URI of the processing activity that registering it is part of, where that is one of its own.
    pub processing: Option<Arc<str>>,
    /// The path in the data to the date on which it takes effect.
    pub effective_date: Option<Vec<String>>,
    /// Whether it may lie in the future.
    pub future: Future,
    /// The versions of its format, oldest first; the last is current.
    pub versions: IndexMap<Arc<str>, Version>,
    /// The objects that it is about: top-level fields of the data.
    pub roles: IndexMap<Arc<str>, Role>,
    /// What must hold just before its effects.
    pub rules: Vec<Rule>,
    /// What the rules read: roles, by their place, and fields of the objects in them.
    pub(crate) rule_reads: Vec<(usize, Vec<Arc<str>>)>,
    /// The inverses that the rules read of the objects in roles: the role by its place, the type of its objects, the inverse.
    pub(crate) rules_follow_back: Vec<(usize, Arc<str>, Arc<str>)>,
    /// What it changes.
    pub effects: Vec<Effect>,
    /// The event types whose claims may come to be refused for one of this type, or one of this type for them.
    pub(crate) clashing: BTreeSet<Arc<str>>,
}

/// Somebody who may do something; of several, any will do.
#[derive(Debug)]
pub struct May {
    /// Who.
    pub authority: Authority,
    /// Over the data and the caller's own object: only where this is true.
    pub when: Option<Expression>,
}

/// With which authority somebody acts or asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its type.
    pub source_type: Arc<str>,
    /// Of which organisations, by their OIN.
    pub organisations: Where,
    /// Of which zones, by their name.
    pub zones: Where,
}

/// Of which organisations, or zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// Of this one.
    Own,
    /// Of whichever.
    Any,
    /// Of one of these.
    Named(Vec<Arc<str>>),
}

/// The source types that these name, each once.
#[must_use]
pub fn source_types_of(may: &[May]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for May { authority, .. } in may {
        if !names.contains(&authority.source_type) {
            names.push(Arc::clone(&authority.source_type));
        }
    }
    names
}

/// Whether an event may lie in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Future {
    /// Not after the day of registration.
    Refuse,
    /// At most so many days after it.
    Within(i64),
    /// Without bound.
    Allow,
}

/// A version of a format.
#[derive(Debug)]
pub struct Version {
    /// Its name.
    pub name: Arc<str>,
    /// What was different in it.
    pub description: Option<Arc<str>>,
    /// The format.
    pub format: Format,
    /// To data of the next version.
    pub upcast: Option<Expression>,
    /// Whether new events of it are refused.
    pub retired: bool,
}

/// An object, or several, in an event.
#[derive(Debug)]
pub struct Role {
    /// The field of the data.
    pub name: Arc<str>,
    /// The type of the object.
    pub object_type: Arc<str>,
    /// Whether the field is a list.
    pub many: bool,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: Arc<str>,
    /// What a breach means.
    pub severity: Severity,
    /// True where it is kept.
    pub check: Expression,
    /// What a clerk is told when it is not.
    pub message: Arc<str>,
}

/// What an event does to one field of the objects in one role.
#[derive(Debug)]
pub struct Effect {
    /// The role.
    pub role: Arc<str>,
    /// The field.
    pub field: Arc<str>,
    /// What happens to it.
    pub action: Action,
    /// Over the data alone: it happens only where this is true.
    pub when: Option<Expression>,
    /// Whether its value depends on more than the content, and so on its place in history.
    pub(crate) reads_state: bool,
    /// The roles whose objects it reads.
    pub(crate) reads_roles: Vec<Arc<str>>,
}

/// What happens to a field.
#[derive(Debug)]
pub enum Action {
    /// It gets this value.
    Set(Expression),
    /// It has no value from here on.
    Clear,
    /// This value is added to the list.
    Add(Expression),
    /// This value is taken out of the list.
    Remove(Expression),
}

impl Action {
    /// The expression of its value, where it has one.
    #[must_use]
    pub const fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Set(value) | Self::Add(value) | Self::Remove(value) => Some(value),
            Self::Clear => None,
        }
    }
}

impl Action {
    /// The expression of a value that it gives the field; none where it takes one away.
    #[must_use]
    pub const fn given(&self) -> Option<&Expression> {
        match self {
            Self::Set(value) | Self::Add(value) => Some(value),
            Self::Clear | Self::Remove(_) => None,
        }
    }
}

impl Catalogue {
    /// The shape, with names followed to what they stand for.
    #[must_use]
    pub fn structure<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        match shape {
            Shape::Named(name) => self.types.get(name).map_or(shape, |named| self.structure(&named.shape)),
            Shape::Text
            | Shape::Choice(_)
            | Shape::Integer
            | Shape::Number
            | Shape::Boolean
            | Shape::PartialDate
            | Shape::Reference(_)
            | Shape::Object(_)
            | Shape::List(_) => shape,
        }
    }

    /// Every object that the data name, with its type; in the order in which the format names them.
    #[must_use]
    pub fn references(&self, shape: &Shape, data: &Value) -> Vec<(Arc<str>, ObjectId)> {
        let mut found = Vec::new();
        shape::visit_references(shape, &|name| self.named(name), data, &mut |object_type, id| {
            if let Some(id) = parse_id(id) {
                found.push((Arc::clone(object_type), id));
            }
        });
        found
    }

    /// Writes every object reference in the data in the one canonical way.
    pub fn canonicalise(&self, shape: &Shape, data: &mut Value) {
        shape::canonicalise_references(shape, &|name| self.named(name), data);
    }

    fn named(&self, name: &str) -> Option<&Shape> {
        self.types.get(name).map(|named| &named.shape)
    }
}

impl EventType {
    /// The version that is written today.
    ///
    /// # Panics
    /// Never: the compiler of the catalogue refuses an event type without versions.
    #[must_use]
    pub fn current(&self) -> &Version {
        self.versions
            .last()
            .map(|(_, version)| version)
            .unwrap_or_else(|| unreachable!("an event type has versions"))
    }

    /// Data of an older version as data of the current one.
    ///
    /// # Errors
    /// [`UpcastError`] where the version is unknown or an upcast cannot be computed on these data.
    pub fn upcast(&self, version: &str, data: &Arc<Value>) -> Result<Arc<Value>, UpcastError> {
        let index = self.versions.get_index_of(version).ok_or_else(|| UpcastError::UnknownVersion {
            event_type: Arc::clone(&self.name),
            version: version.into(),
        })?;
        let mut data = Arc::clone(data);
        for (_, version) in &self.versions[index..] {
            if let Some(upcast) = &version.upcast {
                data =
                    Arc::new(upcast.evaluate(&DataScope { data: &data, shape: version.format.expanded() })?);
            }
        }
        Ok(data)
    }

    /// Whether a value that it gives depends on more than its content, and so on its place in history.
    pub(crate) fn reads_state(&self) -> bool {
        self.effects.iter().any(|effect| effect.reads_state)
    }

    /// Whether of two claims, one of this type and one of the other, one may come to be refused for what the other says.
    pub(crate) fn may_clash_with(&self, other: &Self) -> bool {
        self.clashing.contains(&other.name)
    }

    /// Whether a rule asks who refers to an object.
    #[must_use]
    pub fn follows_back(&self) -> bool {
        !self.rules_follow_back.is_empty()
    }

    /// The objects of which a rule asks who refers to them, each with the inverse; for data of the current version.
    pub fn followed_back<'a>(
        &'a self,
        catalogue: &'a Catalogue,
        data: &'a Value,
    ) -> impl Iterator<Item = (&'a Inverse, ObjectId)> {
        self.rules_follow_back.iter().flat_map(move |(role, object_type, inverse)| {
            let role = self.roles.get_index(*role).map(|(_, role)| role);
            let inverse = catalogue.object_types.get(object_type).and_then(|of| of.inverses.get(inverse));
            let both = role.zip(inverse).into_iter();
            both.flat_map(move |(role, inverse)| self.in_role(role, data).map(move |id| (inverse, id)))
        })
    }

    /// Whether folding an object may need the state of others.
    #[must_use]
    pub fn has_reading_effects(&self) -> bool {
        self.effects.iter().any(|effect| !effect.reads_roles.is_empty())
    }

    /// The date on which data of the current version take effect; none where the event type names no such field.
    #[must_use]
    pub fn effective_date(&self, data: &Value) -> Option<PartialDate> {
        let path = self.effective_date.as_ref()?;
        path.iter().try_fold(data, |value, key| value.get(key))?.as_str()?.parse().ok()
    }

    /// The ids of the objects in a role, in the order of the data.
    pub fn in_role<'a>(&self, role: &Role, data: &'a Value) -> impl Iterator<Item = ObjectId> + use<'a> {
        let value = data.get(&*role.name);
        let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        value
            .filter(|value| value.is_string())
            .into_iter()
            .chain(list)
            .filter_map(|id| ObjectId::parse_str(id.as_str()?).ok())
    }
}

/// Why data of an older version cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpcastError {
    /// The catalogue has no such version.
    #[error("event type {event_type} has no version `{version}`")]
    UnknownVersion {
        /// The event type.
        event_type: Arc<str>,
        /// The version.
        version: Arc<str>,
    },
    /// The upcast failed on these data.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

/// A scope that holds nothing but data; what the format knows and the data lack is null.
pub(crate) struct DataScope<'a> {
    pub(crate) data: &'a Value,
    pub(crate) shape: &'a Shape,
}

impl super::Scope for DataScope<'_> {
    fn variable(&self, name: &str) -> Option<Datum<'_>> {
        (name == "data").then(|| Datum::of(self.data, Some(self.shape)))
    }

    fn data(&self) -> Option<&Value> {
        Some(self.data)
    }

    /// Nothing is known of objects here.
    fn answer(&self, _: ObjectId, _: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
        Ok(Datum::Null)
    }
}

/// The objects in a role, as expressions see them: null where there is none, a list where there may be several.
pub(crate) fn role_variable<'a>(role: &Role, ids: impl IntoIterator<Item = ObjectId>) -> Datum<'a> {
    let mut ids = ids.into_iter().map(Datum::Reference);
    if role.many { Datum::list(ids) } else { ids.next().unwrap_or(Datum::Null) }
}
