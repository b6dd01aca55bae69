//! What differs between two points of the plane, field by field, and through which events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::following::{FieldOf, Following, Traced};
use super::line::{Assertion, Bound};
use super::status::Folded;
use super::support::rests_on;
use super::world::World;
use crate::catalogue::{Catalogue, EvaluationError, Expression, ObjectType, Origin};
use crate::event::{Event, ObjectId, Position};
use crate::resolve::Resolution;
use crate::time::Day;

/// One of the two points: what was known there, and the day.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The state as known there.
    pub world: &'a World,
    /// What held of each event.
    pub resolution: &'a Resolution,
    /// The day.
    pub day: Day,
}

impl<'a> Side<'a> {
    /// A history read as a whole, on a day.
    pub(super) fn of(folded: &'a Folded<'_>, day: Day) -> Self {
        Self { world: folded.world(), resolution: folded.resolution(), day }
    }
}

/// A field of an object that has another value at the second point than at the first.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field, or the derived field.
    pub field: Arc<str>,
    /// Its value at the first point.
    pub before: Option<Value>,
    /// Its value at the second.
    pub after: Option<Value>,
    /// The events that make the difference, oldest first; none where nothing but the day differs.
    pub events: Vec<Arc<Event>>,
}

type Causes = BTreeMap<Position, Arc<Event>>;

/// What bears on a field at a point.
#[derive(Default)]
struct Bearing {
    /// Every event without which the value would not be there.
    all: Causes,
    /// Those among them that say something of it themselves.
    saying: Causes,
}

/// What differs of an object between two points, in the order in which its type names the fields; or the objects that
/// must be folded first, at both points.
///
/// # Errors
/// [`EvaluationError`] where a derived field cannot be computed.
pub fn difference(
    catalogue: &Catalogue,
    object: ObjectId,
    from: Side<'_>,
    to: Side<'_>,
) -> Result<Following<Vec<FieldChange>>, EvaluationError> {
    let object_type = |side: Side<'_>| side.world.object(object).map(|state| Arc::clone(state.object_type()));
    let known = object_type(to).or_else(|| object_type(from));
    let Some(object_type) = known.and_then(|name| catalogue.object_types.get(&name)) else {
        return Ok(Following::Told(Vec::new()));
    };
    let names = object_type.fields.keys().chain(object_type.derived.keys());
    let (mut changes, mut unmet) = (Vec::new(), BTreeSet::new());
    for field in names {
        let compared = Compared { catalogue, object_type, object, field };
        let mut read = BTreeSet::new();
        let before = compared.value(from, &mut read, &mut unmet)?;
        let after = compared.value(to, &mut read, &mut unmet)?;
        if before != after {
            // What was read at the one point bears on the difference at the other too.
            let known = |id: &ObjectId| from.world.knows(*id) && to.world.knows(*id);
            unmet.extend(read.iter().map(|read| read.object).filter(|id| !known(id)));
            let events = compared.through((from, to), &read);
            changes.push(FieldChange { field: Arc::clone(field), before, after, events });
        }
    }
    Ok(if unmet.is_empty() { Following::Told(changes) } else { Following::Unmet(unmet) })
}

/// The events that make the difference between the values of a field of an object at two points, oldest first.
pub(super) fn through(
    catalogue: &Catalogue,
    object: ObjectId,
    field: &str,
    from: Side<'_>,
    to: Side<'_>,
) -> Vec<Arc<Event>> {
    let state = to.world.object(object).or_else(|| from.world.object(object));
    let object_type = state.and_then(|state| catalogue.object_types.get(state.object_type()));
    let compared = object_type.map(|object_type| Compared { catalogue, object_type, object, field });
    compared.map(|compared| compared.through((from, to), &BTreeSet::new())).unwrap_or_default()
}

struct Compared<'a> {
    catalogue: &'a Catalogue,
    object_type: &'a ObjectType,
    object: ObjectId,
    field: &'a str,
}

impl Compared<'_> {
    /// Its value at a point; adds what it reads beyond its own object as it is, and the objects that are not known.
    fn value(
        &self,
        side: Side<'_>,
        others: &mut BTreeSet<FieldOf>,
        unmet: &mut BTreeSet<ObjectId>,
    ) -> Result<Option<Value>, EvaluationError> {
        let Some(state) = side.world.object(self.object).filter(|state| state.exists_at(side.day)) else {
            return Ok(None);
        };
        let Some(derived) = self.object_type.derived.get(self.field) else {
            return Ok(state.value(self.field, side.day));
        };
        let at = (side.day, Bound::EndOf(side.day));
        let Traced { value, read } = side.world.traced(self.catalogue, self.object, &derived.value, at)?;
        others.extend(read.into_iter().filter(|read| read.past || read.object != self.object));
        Ok(match value {
            Following::Told(value) => Some(value).filter(|value| !value.is_null()),
            Following::Unmet(objects) => {
                unmet.extend(objects);
                None
            }
        })
    }

    /// The events that bear on the field at one point alone, and those by which what counted at one came not to.
    fn through(&self, (from, to): (Side<'_>, Side<'_>), others: &BTreeSet<FieldOf>) -> Vec<Arc<Event>> {
        let mut fields = BTreeSet::new();
        self.follows_from(self.field, &mut fields);
        let own = |field| FieldOf { object: self.object, field, past: false };
        let (mut before, mut after) = (Bearing::default(), Bearing::default());
        for read in fields.into_iter().map(own).chain(others.iter().cloned()) {
            bears_on(from, &read, &mut before);
            bears_on(to, &read, &mut after);
        }
        let refuted = refuted(&before.all, to).into_iter().chain(refuted(&after.all, from));
        let mut through: Causes = refuted.map(|event| (event.position, event)).collect();
        let alone = |one: &Causes, other: &Causes| -> Vec<Arc<Event>> {
            one.iter()
                .filter(|(position, _)| !other.contains_key(position))
                .map(|(_, event)| Arc::clone(event))
                .collect()
        };
        // What others rest on at the one point may say something of its own at the other.
        for (one, other) in [(&before.all, &after.all), (&before.saying, &after.saying)] {
            let differing = alone(one, other).into_iter().chain(alone(other, one));
            through.extend(differing.map(|event| (event.position, event)));
        }
        through.into_values().collect()
    }

    /// The fields that events set from which a field follows.
    fn follows_from(&self, field: &str, found: &mut BTreeSet<Arc<str>>) {
        if let Some((name, _)) = self.object_type.fields.get_key_value(field) {
            found.insert(Arc::clone(name));
        }
        let derived = self.object_type.derived.get(field).map(|derived| &derived.value);
        for read in derived.into_iter().flat_map(own_fields) {
            if **read != *field {
                self.follows_from(read, found);
            }
        }
    }
}

/// What gives a field of an object its answer, or took away an item that it had; of its periods, all that was said.
fn bears_on(side: Side<'_>, read: &FieldOf, found: &mut Bearing) {
    let Some(line) = side.world.object(read.object).and_then(|state| state.line(&read.field)) else { return };
    let mut bears = |said: &Assertion| {
        let rests_on = rests_on(side.world, side.resolution, line, said);
        let saying = || said.because.events().map(|event| (event.position, Arc::clone(event)));
        found.saying.extend(saying());
        found.all.extend(saying().chain(rests_on.into_iter().map(|event| (event.position, event))));
    };
    if read.past {
        return line.within(Bound::EndOf(side.day)).for_each(|said| bears(said));
    }
    line.reasons(Bound::EndOf(side.day)).into_iter().for_each(&mut bears);
    if line.has_items() {
        let ended = line.held().into_iter().filter_map(|period| period.ended_by);
        ended.filter(|end| end.begins.beginning.day <= side.day).for_each(|end| bears(&end));
    }
}

/// The fields of the object itself that an expression reads.
fn own_fields(expression: &Expression) -> impl Iterator<Item = &Arc<str>> {
    let own = expression.reads().objects().iter().filter(|seen| seen.origin == Origin::This);
    own.flat_map(|seen| &seen.fields)
}

/// The events by which some that counted at one point do not at another.
fn refuted(causes: &Causes, at: Side<'_>) -> Vec<Arc<Event>> {
    let by = |event: &Arc<Event>| {
        let place = at.resolution.place(event.id)?;
        let standing = at.resolution.standing(place);
        let judged = standing.verdict.map(|(_, place)| place).filter(|_| !standing.holds);
        let corrections = [standing.annulled_by, standing.amended_by].into_iter().flatten();
        // What puts a correction in force is its validation.
        let in_force =
            |place: usize| [Some(place), at.resolution.standing(place).verdict.map(|(_, place)| place)];
        let by = corrections.flat_map(in_force).flatten().chain(judged);
        Some(by.map(|place| Arc::clone(&at.resolution.events()[place])).collect::<Vec<_>>())
    };
    // What bears on it at both makes no difference.
    causes.values().filter_map(by).flatten().filter(|event| !causes.contains_key(&event.position)).collect()
}
