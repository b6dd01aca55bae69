//! What expressions see: the data of an event, objects as they are at a place on the material line, and where that is.

use std::borrow::Cow;

use serde_json::Value;

use super::claim::Claim;
use super::following::Trail;
use super::line::Bound;
use super::state::ObjectState;
use super::world::World;
use crate::catalogue::{
    CALLER, Catalogue, Datum, EvaluationError, EventType, Expression, FieldRead, Scope, Shape, role_variable,
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
    fn source(&self) -> Datum<'_> {
        let source = &self.claim.because.claim.source;
        let entries = [
            ("id", Datum::Text(source.id.to_string().into())),
            ("type", Datum::Text(Cow::Borrowed(&source.source_type))),
        ];
        Datum::structure(entries.map(|(name, entry)| (name.into(), entry)))
    }
}

impl Scope for ClaimScope<'_> {
    fn variable(&self, name: &str) -> Option<Datum<'_>> {
        let event_type = self.claim.event_type;
        match name {
            "data" => Some(Datum::of(self.claim.data(), Some(event_type.current().format.expanded()))),
            "beginning" => Some(Datum::Day(self.claim.place.beginning.day)),
            "registered" => Some(Datum::Day(self.claim.registered(self.catalogue))),
            "source" => Some(self.source()),
            "self" => self.this.map(Datum::Reference),
            role => {
                let (place, _, role) = event_type.roles.get_full(role)?;
                Some(role_variable(role, self.claim.meaning.roles.get(place).iter().copied()))
            }
        }
    }

    fn data(&self) -> Option<&Value> {
        Some(self.claim.data())
    }

    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
        if read.back {
            let ids = self.world.referring_before(self.catalogue, object, read, self.claim.place)?;
            return Ok(Datum::list(ids.into_iter().map(Datum::Reference)));
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
    fn variable(&self, name: &str) -> Option<Datum<'_>> {
        match name {
            "asOf" => Some(Datum::Day(self.day)),
            "self" => Some(Datum::Reference(self.object)),
            _ => None,
        }
    }

    fn data(&self) -> Option<&Value> {
        None
    }

    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
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
            return Ok(Datum::Null);
        }
        let there = DayScope { object, ..*self };
        let value = self.trail.derived(object, read, || derived.value.evaluate(&there))?;
        Ok(Datum::owned(value, Some(&derived.expanded)))
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
    fn variable(&self, name: &str) -> Option<Datum<'_>> {
        match name {
            "data" => Some(Datum::of(self.data, Some(self.event_type.current().format.expanded()))),
            CALLER => Some(Datum::Reference(self.caller)),
            _ => None,
        }
    }

    fn data(&self) -> Option<&Value> {
        Some(self.data)
    }

    fn answer(&self, object: ObjectId, read: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
        let state = self.world.object(object).filter(|_| object == self.caller);
        let value = answer(self.catalogue, state, read, Bound::EndOf(self.day));
        let fields = self.catalogue.object_types.get(&read.object_type).map(|of| &of.fields);
        let many = fields.and_then(|fields| fields.get(&read.field));
        // Of a list nobody is in an absent one: `data.kind in caller.kinderen` needs no question before it.
        let is_list = many.is_some_and(|field| matches!(field.shape, Shape::List(_)));
        Ok(if is_list && matches!(value, Datum::Null) { Datum::list([]) } else { value })
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

/// A field of an object, or its periods, up to a bound; what it has no value for is null.
fn answer<'a>(
    catalogue: &'a Catalogue,
    state: Option<&'a ObjectState>,
    read: &FieldRead,
    bound: Bound,
) -> Datum<'a> {
    let Some(line) = state.and_then(|state| state.line(&read.field)) else {
        return if read.past { Datum::list([]) } else { Datum::Null };
    };
    let object_type = catalogue.object_types.get(&read.object_type);
    let shape = object_type.and_then(|known| known.fields.get(&read.field)).map(|field| &field.expanded);
    if !read.past {
        return match line.seen(bound) {
            Some(Cow::Borrowed(value)) => Datum::of(value, shape),
            Some(Cow::Owned(value)) => Datum::owned(value, shape),
            None => Datum::Null,
        };
    }
    Datum::list(line.periods(bound).into_iter().map(|(value, from, until)| {
        let until = until.map_or(Datum::Null, Datum::Day);
        let entries = [("value", Datum::owned(value, shape)), ("from", Datum::Day(from)), ("until", until)];
        Datum::structure(entries.map(|(name, entry)| (name.into(), entry)))
    }))
}
