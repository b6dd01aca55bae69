//! Which expressions follow references that stand in fields, so that whoever computes them may have to meet other objects.

use std::sync::Arc;

use indexmap::IndexMap;

use super::expression::{Expression, Origin};
use super::model::{Catalogue, ObjectType};

type ObjectTypes = IndexMap<Arc<str>, ObjectType>;

impl Catalogue {
    /// Whether an expression over the fields of an object follows references, itself or through derived fields.
    #[must_use]
    pub fn follows(&self, expression: &Expression) -> bool {
        follows(&self.object_types, expression)
    }
}

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
