//! A field of an object, or a part of its value: `verblijfplaats.adres`.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::model::ObjectType;
use super::problem::{Report, one_of};
use super::shape::{Property, Shape};

/// A field of an object, or a part of its value. Of a list it is each item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    field: Arc<str>,
    within: Vec<Arc<str>>,
}

impl FieldPath {
    /// The path that a text names, and the shape of what it leads to; what is wrong goes to the report.
    pub(super) fn parse(text: &str, object_type: &ObjectType, report: &mut Report) -> Option<(Self, Shape)> {
        let mut names = text.split('.');
        let first = names.next().unwrap_or_default();
        let Some(field) = object_type.fields.get(first) else {
            let there = one_of(first, object_type.fields.keys().map(|name| &**name));
            report.say(format!("{} has no field `{first}`; {there}", object_type.name));
            return None;
        };
        let mut shape = item(&field.expanded);
        let mut within = Vec::new();
        for name in names {
            let Some(property) = shape.property(name) else {
                let known: &[Property] = if let Shape::Object(known) = shape { known } else { &[] };
                let there = one_of(name, known.iter().map(|property| &*property.name));
                report.say(format!("`{text}`: there is no `{name}` in it; {there}"));
                return None;
            };
            within.push(Arc::clone(&property.name));
            shape = item(&property.shape);
        }
        Some((Self { field: Arc::clone(&field.name), within }, shape.clone()))
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> &Arc<str> {
        &self.field
    }

    /// The part of its value.
    #[must_use]
    pub fn within(&self) -> &[Arc<str>] {
        &self.within
    }

    /// The name of what it leads to: its last step.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        self.within.last().unwrap_or(&self.field)
    }

    /// What it leads to in a value of the field: nothing, one value, or each item of a list.
    #[must_use]
    pub fn parts<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut parts = Vec::new();
        self.any(value, |part| {
            parts.push(part);
            false
        });
        parts
    }

    /// Whether something is true of any of its [`parts`](Self::parts).
    pub fn any<'v>(&self, value: &'v Value, mut is_true: impl FnMut(&'v Value) -> bool) -> bool {
        any_within(&self.within, value, &mut is_true)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        self.within.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

fn any_within<'v>(path: &[Arc<str>], value: &'v Value, is_true: &mut impl FnMut(&'v Value) -> bool) -> bool {
    let mut one = |item: &'v Value| match path {
        [] => is_true(item),
        [name, rest @ ..] => item.get(&**name).is_some_and(|value| any_within(rest, value, is_true)),
    };
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(one),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => one(value),
    }
}

/// What a list holds, or the shape itself.
pub(super) fn item(shape: &Shape) -> &Shape {
    if let Shape::List(inner) = shape { item(inner) } else { shape }
}
