//! What expressions see: the data of an event, objects as they are at a place on the material line, and where that is.

use std::borrow::Cow;

use serde_json::Value;

use super::claim::Claim;
use super::following::Trail;
use super::line::Bound;
use super::state::ObjectState;
use super::world::World;
use crate::catalogue::{
    CALLER, Catalogue, EvaluationError, EventType, Expression, FieldRead, Reads, Scope, Shape, data_variable,
    map, role_variable, with_absent,
};
use crate::event::ObjectId;
use crate::time::Day;

/// The scope of one claim's expressions, in the state just before its effects.
pub(super) struct ClaimScope<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) world: &'a World,
    pub(super) claim: &'a Claim<'a>,
    /// The object that an effect is on.
    pub(super) this: Option<ObjectId>,
}

impl ClaimScope<'_> {
    fn source(&self) -> cel::Value {
        let source = &self.claim.because.claim.source;
        map([("id", source.id.to_string().into()), ("type", cel::Value::from(&*source.source_type))])
    }
}

impl Scope for ClaimScope<'_> {
    fn variable(&self, name: &str, reads: &Reads) -> Option<cel::Value> {
        let event_type = self.claim.event_type;
        match name {
            "data" => Some(data_variable(self.claim.data(), event_type.current().format.expanded(), reads)),
            "beginning" => Some(day(self.claim.place.beginning.day)),
            "registered" => Some(day(self.claim.registered(self.catalogue))),
            "source" => Some(self.source()),
            "self" => self.this.map(|id| id.to_string().into()),
            role => role_variable(event_type, role, self.claim.data()),
        }
    }

    fn data(&self) -> Option<&Value> {
        Some(self.claim.data())
    }

    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<cel::Value, EvaluationError> {
        if read.back {
            let ids = self.world.referring_before(self.catalogue, object, read, self.claim.place)?;
            let ids = ids.into_iter().map(|id| cel::Value::from(id.to_string()));
            return Ok(cel::Value::List(ids.collect::<Vec<_>>().into()));
        }
        Ok(answer(self.catalogue, self.world.object(object), read, Bound::Before(self.claim.place)))
    }
}

/// What a derived field sees: the fields of objects on a day, its own object's by their names alone, and `asOf`.
pub(super) struct DayScope<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) world: &'a World,
    pub(super) object: ObjectId,
    pub(super) day: Day,
    /// Up to where, on that day.
    pub(super) bound: Bound,
    /// What is met on the way.
    pub(super) trail: &'a Trail,
}

impl Scope for DayScope<'_> {
    fn variable(&self, name: &str, _: &Reads) -> Option<cel::Value> {
        match name {
            "asOf" => Some(day(self.day)),
            "self" => Some(self.object.to_string().into()),
            _ => None,
        }
    }

    fn data(&self) -> Option<&Value> {
        None
    }

    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<cel::Value, EvaluationError> {
        let state = self.world.object(object);
        if state.is_none() && !self.world.knows(object) {
            self.trail.misses(object);
        }
        let object_type = self.catalogue.object_types.get(&read.object_type);
        let Some(derived) = object_type.and_then(|object_type| object_type.derived.get(&read.field)) else {
            self.trail.reads(object, read);
            return Ok(answer(self.catalogue, state, read, self.bound));
        };
        if state.is_none() {
            return Ok(cel::Value::Null);
        }
        let there = DayScope { object, ..*self };
        let value = self.trail.derived(object, read, || derived.value.evaluate(&there))?;
        Ok(with_absent(&value, Some(&derived.expanded)))
    }
}

/// What a condition on who may claim sees: the data, and the caller's own object as it is on a day.
struct CallerScope<'a> {
    catalogue: &'a Catalogue,
    world: &'a World,
    caller: ObjectId,
    event_type: &'a EventType,
    data: &'a Value,
    day: Day,
}

impl Scope for CallerScope<'_> {
    fn variable(&self, name: &str, reads: &Reads) -> Option<cel::Value> {
        match name {
            "data" => Some(data_variable(self.data, self.event_type.current().format.expanded(), reads)),
            CALLER => Some(self.caller.to_string().into()),
            _ => None,
        }
    }

    fn data(&self) -> Option<&Value> {
        Some(self.data)
    }

    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<cel::Value, EvaluationError> {
        let state = self.world.object(object).filter(|_| object == self.caller);
        let value = answer(self.catalogue, state, read, Bound::EndOf(self.day));
        let fields = self.catalogue.object_types.get(&read.object_type).map(|of| &of.fields);
        let many = fields.and_then(|fields| fields.get(&read.field));
        // Of a list nobody is in an absent one: `data.kind in caller.kinderen` needs no question before it.
        match many.is_some_and(|field| matches!(field.shape, Shape::List(_))) && value == cel::Value::Null {
            true => Ok(cel::Value::List(Vec::new().into())),
            false => Ok(value),
        }
    }
}

/// Whether a condition on who may claim holds for a caller whose own object is this one, in a world in which it is folded.
///
/// `data` are those of the current version.
///
/// # Errors
/// [`EvaluationError`] where it cannot be computed on these data.
pub fn holds_for(
    catalogue: &Catalogue,
    condition: &Expression,
    (caller, world, day): (ObjectId, &World, Day),
    (event_type, data): (&EventType, &Value),
) -> Result<bool, EvaluationError> {
    condition.holds(&CallerScope { catalogue, world, caller, event_type, data, day })
}

fn day(day: Day) -> cel::Value {
    day.to_string().into()
}

/// A field of an object, or its periods, up to a bound; what it has no value for is null.
fn answer(catalogue: &Catalogue, state: Option<&ObjectState>, read: &FieldRead, bound: Bound) -> cel::Value {
    let object_type = catalogue.object_types.get(&read.object_type);
    let shape = object_type.and_then(|known| known.fields.get(&read.field)).map(|field| &field.expanded);
    let line = state.and_then(|state| state.line(&read.field));
    if !read.past {
        let value = line.and_then(|line| line.seen(bound)).unwrap_or(Cow::Owned(Value::Null));
        return with_absent(&value, shape);
    }
    let periods = line.map(|line| line.periods(bound)).unwrap_or_default();
    let period = |(value, from, until): &(Value, Day, Option<Day>)| {
        let until = until.map_or(cel::Value::Null, day);
        map([("value", with_absent(value, shape)), ("from", day(*from)), ("until", until)])
    };
    cel::Value::List(periods.iter().map(period).collect::<Vec<_>>().into())
}
