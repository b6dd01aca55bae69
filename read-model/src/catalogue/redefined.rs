//! What a catalogue shows of objects that another does not, or shows otherwise: before any history is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::model::{Catalogue, Derived};
use super::shape::{Property, Shape};

/// An object type, or a field of one, that one of two catalogues has and the other has not, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redefined {
    /// Only the second has it.
    Appears(String),
    /// Only the first has it.
    Vanishes(String),
    /// Its values are of another type.
    OtherType(String),
    /// It follows references back in another way.
    OtherInverse(String),
    /// It is derived in another way, by following references: its values rest on those of others.
    OtherDerivation(String),
}

/// What the second catalogue shows of objects that the first does not, or otherwise, by name: `Persoon.naam`.
#[must_use]
pub fn redefined(before: &Catalogue, after: &Catalogue) -> Vec<Redefined> {
    let (one, other) = (shown(before), shown(after));
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let of = |name: &String| {
        let name = name.clone();
        match (one.get(&name)?, other.get(&name)?) {
            (before, after) if before == after => None,
            (Shown::Inverse(_), Shown::Inverse(_)) => Some(Redefined::OtherInverse(name)),
            (Shown::Following(one, _), Shown::Following(other, _)) if one == other => {
                Some(Redefined::OtherDerivation(name))
            }
            _ => Some(Redefined::OtherType(name)),
        }
    };
    let found = |name: &String| match (one.contains_key(name), other.contains_key(name)) {
        (true, false) => Some(Redefined::Vanishes(name.clone())),
        (false, true) => Some(Redefined::Appears(name.clone())),
        (true, true) | (false, false) => of(name),
    };
    names.into_iter().filter_map(found).collect()
}

/// What a name stands for, as far as whoever asks for it can tell.
#[derive(PartialEq)]
enum Shown {
    ObjectType,
    Value(Shape),
    /// A value that follows references, as it is written.
    Following(Shape, Arc<str>),
    Inverse(String),
}

fn shown(catalogue: &Catalogue) -> BTreeMap<String, Shown> {
    let mut all = BTreeMap::new();
    for object_type in catalogue.object_types.values() {
        all.insert(object_type.name.to_string(), Shown::ObjectType);
        let name = |field: &Arc<str>| format!("{}.{field}", object_type.name);
        let fields = object_type.fields.values();
        all.extend(fields.map(|field| (name(&field.name), Shown::Value(structure(catalogue, &field.shape)))));
        all.extend(
            object_type.derived.values().map(|derived| (name(&derived.name), shown_of(catalogue, derived))),
        );
        all.extend(object_type.inverses.values().map(|inverse| {
            let when = inverse.when.as_ref().map(|when| Arc::clone(when.source())).unwrap_or_default();
            (name(&inverse.name), Shown::Inverse(format!("{} {} {when}", inverse.of, inverse.path)))
        }));
    }
    all
}

fn shown_of(catalogue: &Catalogue, derived: &Derived) -> Shown {
    let shape = structure(catalogue, &derived.shape);
    match catalogue.follows(&derived.value) {
        true => Shown::Following(shape, Arc::clone(derived.value.source())),
        false => Shown::Value(shape),
    }
}

/// The shape with every name followed, and without descriptions: a type may keep its name, and not its structure.
fn structure(catalogue: &Catalogue, shape: &Shape) -> Shape {
    match shape {
        Shape::Named(name) => match catalogue.types.get(name) {
            Some(named) => structure(catalogue, &named.shape),
            None => shape.clone(),
        },
        Shape::List(item) => Shape::List(Box::new(structure(catalogue, item))),
        Shape::Object(properties) => Shape::Object(
            properties
                .iter()
                .map(|property| Property {
                    name: Arc::clone(&property.name),
                    required: property.required,
                    description: None,
                    shape: structure(catalogue, &property.shape),
                })
                .collect(),
        ),
        Shape::Text
        | Shape::Choice(_)
        | Shape::Integer
        | Shape::Number
        | Shape::Boolean
        | Shape::PartialDate
        | Shape::Reference(_) => shape.clone(),
    }
}
