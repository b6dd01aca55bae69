//! What follows from a change of history: of each object the fields that change, and on which stretches; and the events
//! that are not worth the same.
//!
//! Derived, and never stored: it can be told of any event, past or hypothetical.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::contrast::Contrast;
use super::difference::{FieldChange, Side, difference, through};
use super::following::Following;
use super::line::{Bound, FieldLine};
use super::status::{Breach, BrokenRule, EventStanding, Folded, Status};
use crate::catalogue::{Catalogue, EvaluationError, Severity};
use crate::event::{Event, EventKind, ObjectId};
use crate::time::Day;

/// What differs between a history before a change and after it.
#[derive(Clone, Debug, Default)]
pub struct Consequences {
    /// The objects of which a field changes, in the order of their ids.
    pub objects: Vec<AffectedObject>,
    /// The events whose status changes, in position order; those that only one of the histories has are not among them.
    pub events: Vec<AffectedEvent>,
    /// The claims that are based on an event whose worth or content changes, in position order: what was done because of
    /// it, by hand or automatically, is to be looked at again.
    pub revisit: Vec<Arc<Event>>,
}

/// An object of which a field changes.
#[derive(Clone, Debug)]
pub struct AffectedObject {
    /// Which.
    pub id: ObjectId,
    /// Its type.
    pub object_type: Arc<str>,
    /// What changes, in the order in which its type names the fields, and then of time.
    pub changes: Vec<StretchChange>,
}

/// A stretch of the material line on which a field has another value than it had.
#[derive(Clone, Debug, PartialEq)]
pub struct StretchChange {
    /// The field.
    pub field: Arc<str>,
    /// The first day.
    pub from: Day,
    /// The first day after it; none where it has no end.
    pub until: Option<Day>,
    /// The value before the change; none where it had none.
    pub before: Option<Value>,
    /// The value after it.
    pub after: Option<Value>,
    /// The events that make the difference, oldest first.
    pub through: Vec<Arc<Event>>,
}

/// A derived field of an object that has another value on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct DerivedChange {
    /// The object.
    pub id: ObjectId,
    /// Its type.
    pub object_type: Arc<str>,
    /// What changes, and through which events.
    pub change: FieldChange,
}

/// An event whose status changes.
#[derive(Clone, Debug)]
pub struct AffectedEvent {
    /// Which.
    pub event: Arc<Event>,
    /// What it was worth.
    pub before: EventStanding,
    /// What it is worth after the change.
    pub after: EventStanding,
    /// The rules that it does not keep, where it is contested after the change.
    pub breaks: Vec<BrokenRule>,
}

impl Consequences {
    /// The fields that change, by object type and name.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<(Arc<str>, Arc<str>)> {
        let of = |object: &AffectedObject| {
            let object_type = Arc::clone(&object.object_type);
            let fields: Vec<Arc<str>> =
                object.changes.iter().map(|change| Arc::clone(&change.field)).collect();
            fields.into_iter().map(move |field| (Arc::clone(&object_type), field))
        };
        self.objects.iter().flat_map(of).collect()
    }

    /// What differs between two readings that reach everything which does; `based` are the claims that are based on events
    /// which are not worth the same.
    #[must_use]
    pub fn of(catalogue: &Catalogue, contrast: &Contrast<'_>, based: Vec<Arc<Event>>) -> Self {
        let mut fields: BTreeMap<ObjectId, BTreeSet<&str>> = BTreeMap::new();
        for (object, field) in contrast.changed() {
            fields.entry(object).or_default().insert(field);
        }
        let objects =
            fields.into_iter().filter_map(|(id, fields)| affected(catalogue, contrast, id, &fields));
        let doubtful = contrast.doubtful().into_iter();
        Self {
            objects: objects.collect(),
            events: doubtful.filter_map(|event| affected_event(contrast, event)).collect(),
            revisit: based,
        }
    }
}

fn affected(
    catalogue: &Catalogue,
    contrast: &Contrast<'_>,
    id: ObjectId,
    fields: &BTreeSet<&str>,
) -> Option<AffectedObject> {
    let of = |folded: &Folded<'_>| folded.world().object(id).map(|state| Arc::clone(state.object_type()));
    let object_type = of(&contrast.after).or_else(|| of(&contrast.before))?;
    let in_order = catalogue.object_types.get(&object_type)?.fields.keys();
    let changed = in_order.filter(|field| fields.contains(&***field));
    let changes: Vec<StretchChange> =
        changed.flat_map(|field| stretches(catalogue, contrast, id, field)).collect();
    (!changes.is_empty()).then_some(AffectedObject { id, object_type, changes })
}

/// The stretches on which a field does not have the same value; neighbours with the same difference are one.
fn stretches(
    catalogue: &Catalogue,
    contrast: &Contrast<'_>,
    id: ObjectId,
    field: &Arc<str>,
) -> Vec<StretchChange> {
    let [before, after] = [&contrast.before, &contrast.after]
        .map(|folded| folded.world().object(id).and_then(|state| state.line(field)));
    let days: BTreeSet<Day> = [before, after].into_iter().flatten().flat_map(begins).collect();
    let answer = |line: Option<&FieldLine>, day| line.and_then(|line| line.answer(Bound::EndOf(day)));
    let mut found: Vec<StretchChange> = Vec::new();
    for day in days {
        let (was, is) = (answer(before, day), answer(after, day));
        let open = found.last_mut().filter(|stretch| stretch.until.is_none());
        if let Some(stretch) = open {
            if stretch.before == was && stretch.after == is {
                continue;
            }
            stretch.until = Some(day);
        }
        if was != is {
            let side = |folded| Side::of(folded, day);
            let through = through(catalogue, id, field, side(&contrast.before), side(&contrast.after));
            let field = Arc::clone(field);
            found.push(StretchChange { field, from: day, until: None, before: was, after: is, through });
        }
    }
    found
}

/// The days on which what was said of a field begins.
fn begins(line: &FieldLine) -> impl Iterator<Item = Day> {
    line.assertions().iter().map(|said| said.begins.beginning.day)
}

/// The derived fields of an object that differ on a day; or the objects that must be folded first, in both readings.
///
/// # Errors
/// [`EvaluationError`] where one cannot be computed.
pub(crate) fn derived_changes(
    catalogue: &Catalogue,
    contrast: &Contrast<'_>,
    id: ObjectId,
    day: Day,
) -> Result<Following<Vec<DerivedChange>>, EvaluationError> {
    let [from, to] = [&contrast.before, &contrast.after].map(|folded| Side::of(folded, day));
    let object_type =
        [to, from].iter().find_map(|side| side.world.object(id)).map(|state| state.object_type());
    let Some(object_type) = object_type.and_then(|name| catalogue.object_types.get(name)) else {
        return Ok(Following::Told(Vec::new()));
    };
    let changes = match difference(catalogue, id, from, to)? {
        Following::Told(changes) => changes,
        Following::Unmet(objects) => return Ok(Following::Unmet(objects)),
    };
    let derived = changes.into_iter().filter(|change| object_type.derived.contains_key(&change.field));
    let of_object = |change| DerivedChange { id, object_type: Arc::clone(&object_type.name), change };
    Ok(Following::Told(derived.map(of_object).collect()))
}

fn affected_event(contrast: &Contrast<'_>, event: &Arc<Event>) -> Option<AffectedEvent> {
    let (before, after) = (contrast.before.status(event.id)?, contrast.after.status(event.id)?);
    // A Correction or Validation is suspended only where what it is about is left out of a log: it goes with that.
    let goes_along =
        event.kind() != EventKind::Claim && [before.status, after.status].contains(&Status::Suspended);
    if before.status == after.status || goes_along {
        return None;
    }
    let claim = contrast.after.claim(event.id);
    let breaches = claim.map(|claim| contrast.after.breaches(claim, Severity::Refuse)).unwrap_or_default();
    let breaks = breaches.iter().map(Breach::told).collect();
    Some(AffectedEvent { event: Arc::clone(event), before, after, breaks })
}
