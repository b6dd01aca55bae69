//! Which expressions follow references that stand in fields, so that whoever computes them may have to meet other objects;
//! and how far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::expression::{Expression, Origin, Seen};
use super::model::{Catalogue, Derived, ObjectType};
use super::problem::Report;
use super::yaml::Step;
use crate::hashed::{HashMap, IndexMap};

type ObjectTypes = IndexMap<Arc<str>, ObjectType>;

impl Catalogue {
    /// Whether an expression over the fields of an object follows references, itself or through derived fields.
    #[must_use]
    pub fn follows(&self, expression: &Expression) -> bool {
        follows(&self.object_types, expression)
    }

    /// The object types with derived fields that read one of these fields, each by its object type and name, itself or of
    /// objects met by following references; and how many references are followed at most until one is read.
    #[must_use]
    pub fn derived_from(&self, fields: &BTreeSet<(Arc<str>, Arc<str>)>) -> BTreeMap<Arc<str>, usize> {
        let (mut found, mut known) = (BTreeMap::new(), HashMap::default());
        for object_type in self.object_types.values() {
            let derived = object_type.derived.values();
            let seen: Vec<Seeing> =
                derived.map(|derived| see(&self.object_types, &derived.value, &mut known)).collect();
            let seen = seen.iter().flatten().filter(|(field, _)| fields.contains(field));
            let steps = seen.map(|(_, steps)| *steps);
            found.extend(steps.max().map(|steps| (Arc::clone(&object_type.name), steps)));
        }
        found
    }
}

/// The fields that events set which an expression reads, by object type and name, each with the number of references that
/// are followed until it is read.
type Seeing = BTreeMap<Field, usize>;

/// A field, by its object type and name.
type Field = (Arc<str>, Arc<str>);

/// What a value reads; `known` holds what the derived fields read that were looked at before, each of which is looked at once.
fn see(object_types: &ObjectTypes, value: &Expression, known: &mut HashMap<Field, Seeing>) -> Seeing {
    let reads = value.reads();
    for (field, derived) in reads.objects().iter().flat_map(|seen| derived_of(object_types, seen)) {
        if !known.contains_key(&field) {
            let seeing = see(object_types, &derived.value, known);
            known.insert(field, seeing);
        }
    }
    let steps_of = |object_type: &Arc<str>, field: &str| {
        let seeing = known.get(&(Arc::clone(object_type), Arc::from(field)));
        seeing.and_then(|seeing| seeing.values().copied().max()).unwrap_or_default()
    };
    let mut found = Seeing::default();
    let mut meet = |field: Field, steps: usize| {
        let most = found.entry(field).or_default();
        *most = steps.max(*most);
    };
    for (place, seen) in reads.objects().iter().enumerate() {
        let begun = reads.way_to(place, &steps_of);
        for field in &seen.fields {
            let field = (Arc::clone(&seen.object_type), Arc::clone(field));
            match known.get(&field) {
                Some(seeing) => seeing.iter().for_each(|(field, steps)| meet(field.clone(), begun + steps)),
                None => meet(field, begun),
            }
        }
    }
    found
}

/// The derived fields among those that are read of an object.
fn derived_of<'a>(
    object_types: &'a ObjectTypes,
    seen: &'a Seen,
) -> impl Iterator<Item = (Field, &'a Derived)> {
    let derived = |field: &'a Arc<str>| {
        let derived = derived(object_types, &seen.object_type, field)?;
        Some(((Arc::clone(&seen.object_type), Arc::clone(field)), derived))
    };
    seen.fields.iter().filter_map(derived)
}

fn derived<'a>(object_types: &'a ObjectTypes, object_type: &str, field: &str) -> Option<&'a Derived> {
    object_types.get(object_type)?.derived.get(field)
}

/// How many fields may be read one after the other before a value is there, through references and derived fields: each takes
/// a round of reading, and room on the stack.
const MAX_WAY: usize = 24;

/// Refuses derived fields, none of which follows from itself, with too long a way to their values.
pub(super) fn refuse_long_ways(object_types: &ObjectTypes, report: &mut Report) {
    let mut known = HashMap::default();
    for object_type in object_types.values() {
        for derived in object_type.derived.values() {
            let at = ["object_types", &object_type.name, "derived", &derived.name, "value"].map(Step::from);
            report
                .within(at, |report| refuse_long_way(way(object_types, &derived.value, &mut known), report));
        }
    }
}

/// Refuses an expression with too long a way to its value; none where it is well.
pub(super) fn refuse_long_expression(expression: &Expression, report: &mut Report) {
    let reads = expression.reads();
    let ways = (0..reads.objects().len()).map(|place| reads.way_to(place, &|_, _| 0) + 1);
    refuse_long_way(ways.max().unwrap_or_default(), report);
}

fn refuse_long_way(way: usize, report: &mut Report) {
    if way > MAX_WAY {
        report.say(format!(
            "it takes {way} fields that are read one after the other, and at most {MAX_WAY} may be; follow fewer references"
        ));
    }
}

/// How many fields are read one after the other.
fn way(object_types: &ObjectTypes, value: &Expression, known: &mut Known) -> usize {
    let reads = value.reads();
    let mut of_fields = HashMap::default();
    for seen in reads.objects() {
        for field in &seen.fields {
            let key = (Arc::clone(&seen.object_type), Arc::clone(field));
            let derived = object_types.get(&seen.object_type).and_then(|of| of.derived.get(field));
            let by_itself = match (known.get(&key), derived) {
                (Some(way), _) => *way,
                (None, None) => 0,
                (None, Some(derived)) => way(object_types, &derived.value, known),
            };
            known.insert(key.clone(), by_itself);
            of_fields.insert(key, by_itself);
        }
    }
    let of_field = |object_type: &Arc<str>, field: &str| {
        of_fields.get(&(Arc::clone(object_type), Arc::from(field))).copied().unwrap_or_default()
    };
    let place = |(place, seen): (usize, &Seen)| {
        let longest = seen.fields.iter().map(|field| of_field(&seen.object_type, field)).max();
        reads.way_to(place, &of_field) + longest.unwrap_or_default() + 1
    };
    reads.objects().iter().enumerate().map(place).max().unwrap_or_default()
}

/// By object type and field: how many fields are read one after the other to compute it.
type Known = HashMap<Field, usize>;

/// Notes which derived fields follow references: those that do so themselves, and those that read one of them.
pub(super) fn mark_following(object_types: &mut ObjectTypes) {
    loop {
        let unmarked = |of: &ObjectType| {
            let derived = of.derived.values().filter(|derived| !derived.follows);
            derived
                .filter(|derived| follows(object_types, &derived.value))
                .map(|derived| Arc::clone(&derived.name))
                .collect()
        };
        let found: Vec<(Arc<str>, Vec<Arc<str>>)> =
            object_types.values().map(|of| (Arc::clone(&of.name), unmarked(of))).collect();
        if found.iter().all(|(_, names)| names.is_empty()) {
            return;
        }
        for (object_type, name) in
            found.iter().flat_map(|(of, names)| names.iter().map(move |name| (of, name)))
        {
            if let Some(derived) = object_types.get_mut(object_type).and_then(|of| of.derived.get_mut(name)) {
                derived.follows = true;
            }
        }
    }
}

/// Whether an expression follows references, itself or through derived fields of the object.
pub(super) fn follows(object_types: &ObjectTypes, expression: &Expression) -> bool {
    let reads = expression.reads();
    let own = reads.objects().iter().filter(|seen| seen.origin == Origin::This);
    let mut derived = own.filter_map(|seen| {
        let derived = &object_types.get(&seen.object_type)?.derived;
        Some(seen.fields.iter().filter_map(|field| derived.get(field)))
    });
    reads.follows() || derived.any(|mut derived| derived.any(|derived| derived.follows))
}
