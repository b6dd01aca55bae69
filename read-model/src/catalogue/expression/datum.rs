//! A value as an expression meets it: where it stands, and not copied.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::catalogue::shape::{Property, Shape};
use crate::event::ObjectId;
use crate::time::{Day, PartialDate};

/// A value that an expression meets or makes. References and days are texts to the language, and kept as what they are.
#[derive(Clone, Debug)]
pub enum Datum<'a> {
    /// Nothing is known, or there is none.
    Null,
    /// True or false.
    Truth(bool),
    /// A number.
    Integer(i64),
    /// A number that is no integer, or beyond them.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A certain day.
    Day(Day),
    /// A reference to an object: its id.
    Reference(ObjectId),
    /// A list or a structure as it stands. What its shape knows and it lacks is null; items of lists have no shape.
    Part(&'a Value, Option<&'a Shape>),
    /// A list.
    List(Rc<Vec<Datum<'a>>>),
    /// A structure.
    Structure(Rc<Vec<(Cow<'a, str>, Datum<'a>)>>),
}

impl<'a> Datum<'a> {
    /// A value of this shape, where it has one that is known.
    #[must_use]
    pub fn of(value: &'a Value, shape: Option<&'a Shape>) -> Self {
        match value {
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Self::Part(value, shape),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::plain(value),
        }
    }

    /// The same of a value that nobody else keeps.
    #[must_use]
    pub fn owned(value: Value, shape: Option<&'a Shape>) -> Self {
        match (value, shape) {
            (Value::String(text), _) => Self::Text(Cow::Owned(text)),
            (Value::Array(items), _) => Self::list(items.into_iter().map(|item| Self::owned(item, None))),
            (Value::Object(mut fields), Some(Shape::Object(properties))) => {
                Self::structure(properties.iter().map(|property| {
                    let field = fields.remove(&*property.name).unwrap_or(Value::Null);
                    (Cow::Borrowed(&*property.name), Self::owned(field, Some(&property.shape)))
                }))
            }
            (Value::Object(fields), _) => Self::structure(
                fields.into_iter().map(|(name, field)| (Cow::Owned(name), Self::owned(field, None))),
            ),
            (value @ (Value::Null | Value::Bool(_) | Value::Number(_)), _) => Self::plain(&value),
        }
    }

    /// A value that is neither a text nor made of others.
    fn plain(value: &Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => Self::Null,
        }
    }

    /// A list of these.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(Rc::new(items.into_iter().collect()))
    }

    /// A structure with these entries, each of which has a name of its own.
    pub fn structure(entries: impl IntoIterator<Item = (Cow<'a, str>, Self)>) -> Self {
        Self::Structure(Rc::new(entries.into_iter().collect()))
    }

    /// An entry of a structure; none where it has none of this name, or is none.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        if let Self::Part(Value::Object(fields), shape) = self {
            let Some(shape @ Shape::Object(_)) = shape else {
                return fields.get(name).map(|field| Self::of(field, None));
            };
            return Some(Self::of_property(fields, shape.property(name)?));
        }
        let Self::Structure(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == name).map(|(_, entry)| entry.clone())
    }

    /// What a structure has of a property that its shape knows.
    fn of_property(fields: &'a Map<String, Value>, property: &'a Property) -> Self {
        fields.get(&*property.name).map_or(Self::Null, |field| Self::of(field, Some(&property.shape)))
    }

    /// How many items it has; none where it is no list.
    pub(super) fn len(&self) -> Option<usize> {
        if let Self::Part(Value::Array(items), _) = self {
            return Some(items.len());
        }
        if let Self::List(items) = self { Some(items.len()) } else { None }
    }

    /// An item of a list.
    pub(super) fn item(&self, index: usize) -> Option<Self> {
        if let Self::Part(Value::Array(items), _) = self {
            return items.get(index).map(|item| Self::of(item, None));
        }
        if let Self::List(items) = self { items.get(index).cloned() } else { None }
    }

    /// Whether it is true, where it is true or false.
    pub(super) const fn truth(&self) -> Option<bool> {
        if let Self::Truth(truth) = self { Some(*truth) } else { None }
    }

    /// The number that it is, where it is one.
    pub(super) const fn integer(&self) -> Option<i64> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }

    /// What it is to the language where that is a text.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Day(day) => Some(Cow::Owned(day.to_string())),
            Self::Reference(id) => Some(Cow::Owned(id.to_string())),
            Self::Null | Self::Truth(_) | Self::Integer(_) | Self::Float(_) => None,
            Self::Part(..) | Self::List(_) | Self::Structure(_) => None,
        }
    }

    /// The date that it is, where it is one.
    pub(super) fn date(&self) -> Option<PartialDate> {
        if let Self::Day(day) = self {
            return Some(PartialDate::from(*day));
        }
        if let Self::Text(text) = self { text.parse().ok() } else { None }
    }

    /// The object that it refers to, where it is the id of one.
    pub(super) fn reference(&self) -> Option<ObjectId> {
        if let Self::Reference(id) = self {
            return Some(*id);
        }
        if let Self::Text(text) = self { ObjectId::parse_str(text).ok() } else { None }
    }

    /// Whether both are the same to the language; none where only the language itself can tell.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(true),
            (Self::Truth(one), Self::Truth(other)) => Some(one == other),
            (Self::Integer(one), Self::Integer(other)) => Some(one == other),
            (Self::Reference(one), Self::Reference(other)) => Some(one == other),
            (Self::Float(_), _) | (_, Self::Float(_)) => None,
            (one, other) => match (one.text(), other.text(), one.len(), other.len()) {
                (Some(one), Some(other), _, _) => Some(one == other),
                (None, None, Some(_), Some(_)) => one.has_the_items_of(other),
                (None, None, None, None) if one.is_structure() && other.is_structure() => None,
                _ => Some(false),
            },
        }
    }

    fn has_the_items_of(&self, other: &Self) -> Option<bool> {
        if self.len() != other.len() {
            return Some(false);
        }
        for index in 0..self.len()? {
            if !self.item(index)?.equals(&other.item(index)?)? {
                return Some(false);
            }
        }
        Some(true)
    }

    fn is_structure(&self) -> bool {
        matches!(self, Self::Part(Value::Object(_), _) | Self::Structure(_))
    }

    /// Which comes first; none where only the language itself can tell.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => Some(one.cmp(other)),
            (Self::Day(one), Self::Day(other)) => Some(one.cmp(other)),
            (one, other) => Some(one.text()?.cmp(&other.text()?)),
        }
    }

    /// As the language sees it.
    pub(super) fn to_cel(&self) -> cel::Value {
        match self {
            Self::Null => cel::Value::Null,
            Self::Truth(truth) => cel::Value::Bool(*truth),
            Self::Integer(integer) => cel::Value::Int(*integer),
            Self::Float(float) => cel::Value::Float(*float),
            Self::Text(text) => cel::Value::String(Arc::new(text.as_ref().to_owned())),
            Self::Day(day) => cel::Value::String(Arc::new(day.to_string())),
            Self::Reference(id) => cel::Value::String(Arc::new(id.to_string())),
            Self::Part(Value::Array(items), _) => {
                cel::Value::List(Arc::new(items.iter().map(|item| Datum::of(item, None).to_cel()).collect()))
            }
            Self::List(items) => cel::Value::List(Arc::new(items.iter().map(Self::to_cel).collect())),
            Self::Part(..) | Self::Structure(_) => {
                cel_map(self.entries().iter().map(|(name, entry)| (&**name, entry.to_cel())))
            }
        }
    }

    /// As it is kept; none where it cannot be.
    pub(super) fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Truth(truth) => Value::Bool(*truth),
            Self::Integer(integer) => Value::from(*integer),
            Self::Float(float) => serde_json::Number::from_f64(*float)?.into(),
            Self::Text(_) | Self::Day(_) | Self::Reference(_) => Value::String(self.text()?.into_owned()),
            Self::Part(Value::Array(items), _) => {
                items.iter().map(|item| Datum::of(item, None).to_json()).collect::<Option<Vec<_>>>()?.into()
            }
            Self::List(items) => items.iter().map(Self::to_json).collect::<Option<Vec<_>>>()?.into(),
            Self::Part(..) | Self::Structure(_) => {
                let entries = self.entries().into_iter();
                let entries = entries.map(|(name, entry)| Some((name.into_owned(), entry.to_json()?)));
                kept(entries.collect::<Option<_>>()?)
            }
        })
    }

    /// The entries of a structure, in its own order.
    fn entries(&self) -> Vec<(Cow<'a, str>, Self)> {
        if let Self::Structure(entries) = self {
            return entries.to_vec();
        }
        let Self::Part(Value::Object(fields), shape) = self else { return Vec::new() };
        let Some(Shape::Object(properties)) = shape else {
            return fields
                .iter()
                .map(|(name, field)| (Cow::Borrowed(&**name), Self::of(field, None)))
                .collect();
        };
        let entry =
            |property: &'a Property| (Cow::Borrowed(&*property.name), Self::of_property(fields, property));
        properties.iter().map(entry).collect()
    }
}

/// A structure as it is kept: its entries in the order of their names, so that the same values give the same bytes; without
/// what is null.
pub(super) fn kept(mut entries: Vec<(String, Value)>) -> Value {
    entries.retain(|(_, value)| !value.is_null());
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(entries.into_iter().collect())
}

/// A map of the language.
pub(super) fn cel_map<'n>(entries: impl IntoIterator<Item = (&'n str, cel::Value)>) -> cel::Value {
    let entries: std::collections::HashMap<&str, cel::Value> = entries.into_iter().collect();
    entries.into()
}
