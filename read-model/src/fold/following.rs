//! Following references: what an expression meets on its way, and whom it cannot look at yet.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::line::Bound;
use super::scope::DayScope;
use super::world::World;
use crate::catalogue::{Catalogue, EvaluationError, Expression, FieldRead};
use crate::event::ObjectId;
use crate::hashed::HashMap;
use crate::time::Day;

/// What follows from objects that are found by following references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following<T> {
    /// It is known.
    Told(T),
    /// These objects must be folded first: whether they exist at all is not known here.
    Unmet(BTreeSet<ObjectId>),
}

impl<T> Following<T> {
    /// What is told; none where objects must be folded first.
    #[must_use]
    pub fn told(self) -> Option<T> {
        match self {
            Self::Told(told) => Some(told),
            Self::Unmet(_) => None,
        }
    }
}

/// A field of an object that events set, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FieldOf {
    pub(super) object: ObjectId,
    pub(super) field: Arc<str>,
    /// Whether its periods were read, and not only its value.
    pub(super) past: bool,
}

/// What one evaluation meets on its way, through however many derived fields.
#[derive(Debug, Default)]
pub(super) struct Trail(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    unmet: BTreeSet<ObjectId>,
    read: BTreeSet<FieldOf>,
    /// The derived fields that were computed, so that none is twice: by the object, its type and the field.
    derived: HashMap<(ObjectId, Arc<str>, Arc<str>), Value>,
}

impl Trail {
    /// Notes that an object cannot be looked at.
    pub(super) fn misses(&self, object: ObjectId) {
        self.met().unmet.insert(object);
    }

    /// Notes that a field that events set was read.
    pub(super) fn reads(&self, object: ObjectId, read: &FieldRead) {
        let field = Arc::clone(&read.field);
        self.met().read.insert(FieldOf { object, field, past: read.past });
    }

    /// The value of a derived field, computed where it was not yet.
    pub(super) fn derived(
        &self,
        object: ObjectId,
        read: &FieldRead,
        compute: impl FnOnce() -> Result<Value, EvaluationError>,
    ) -> Result<Value, EvaluationError> {
        let key = (object, Arc::clone(&read.object_type), Arc::clone(&read.field));
        if let Some(value) = self.met().derived.get(&key) {
            return Ok(value.clone());
        }
        let value = compute()?;
        self.met().derived.insert(key, value.clone());
        Ok(value)
    }

    fn met(&self) -> MutexGuard<'_, Met> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value, with the fields that it was computed from.
pub(super) struct Traced {
    pub(super) value: Following<Value>,
    pub(super) read: BTreeSet<FieldOf>,
}

impl World {
    /// The value of an expression over the fields of an object on a day, as a derived field has one: null where nothing
    /// that counts was said of the object.
    ///
    /// Where it follows references to objects that were not folded with this world, it tells which: fold these, [`join`]
    /// the two, and ask again. Each time it is asked it gets further by at least one reference, or is told.
    ///
    /// [`join`]: World::join
    ///
    /// # Errors
    /// [`EvaluationError`] where the expression cannot be computed on these values.
    pub fn derived(
        &self,
        catalogue: &Catalogue,
        id: ObjectId,
        value: &Expression,
        day: Day,
    ) -> Result<Following<Value>, EvaluationError> {
        Ok(self.traced(catalogue, id, value, (day, Bound::EndOf(day)))?.value)
    }

    /// The same at a bound that lies on a day, with what it was computed from.
    pub(super) fn traced(
        &self,
        catalogue: &Catalogue,
        id: ObjectId,
        value: &Expression,
        (day, bound): (Day, Bound),
    ) -> Result<Traced, EvaluationError> {
        let trail = Trail::default();
        let computed = match self.object(id) {
            Some(_) => {
                value.evaluate(&DayScope { catalogue, world: self, object: id, day, bound, trail: &trail })
            }
            None if self.knows(id) => Ok(Value::Null),
            None => {
                trail.misses(id);
                Ok(Value::Null)
            }
        };
        let Met { unmet, read, .. } = trail.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        // What was computed without them, or could not be, means nothing.
        let value = if unmet.is_empty() { Following::Told(computed?) } else { Following::Unmet(unmet) };
        Ok(Traced { value, read })
    }
}
