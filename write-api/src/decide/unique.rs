//! Values that no two objects have at the same moments.

use std::sync::Arc;

use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, ObjectId, Position};
use read_model::fold::{Bound, FieldLine, World};
use read_model::time::Day;
use serde_json::Value;

use super::draft::{Draft, finding};
use super::view::complete;
use super::{Desk, Missing, Stop};
use crate::outcome::{Finding, FindingCode};

/// A value that an event says of a unique field: a row of the derived index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UniqueValue {
    /// The field: `Persoon.bsn`.
    pub field: Arc<str>,
    /// The value.
    pub value: String,
    /// The object.
    pub object: ObjectId,
    /// The event.
    pub position: Position,
}

/// The values of unique fields that a draft speaks of.
pub(super) fn values(catalogue: &Catalogue, draft: &Draft) -> Vec<UniqueValue> {
    draft.events.iter().flat_map(|event| values_of(catalogue, event)).collect()
}

fn values_of(catalogue: &Catalogue, event: &Event) -> Vec<UniqueValue> {
    catalogue
        .unique_values(event)
        .into_iter()
        .map(|(field, object, value)| UniqueValue { field, value, object, position: event.position })
        .collect()
}

/// Indexed texts are bounded: a longer one would fail its insert, and with it everyone else's.
const MAX_LENGTH: usize = 500;

/// Refuses where a unique field that changes would share its value with another object at the same moments; of several
/// such fields the first by name.
pub(super) fn check<'a>(
    desk: Desk<'_>,
    draft: &Draft,
    after: &World,
    changed: impl Iterator<Item = (ObjectId, &'a Arc<str>)>,
) -> Result<(), Stop> {
    // Whoever decides, and however, names the same clash of several.
    let mut changed: Vec<(&Arc<str>, ObjectId)> = changed.map(|(object, field)| (field, object)).collect();
    changed.sort_unstable();
    for (field, object) in changed {
        let Some(state) = after.object(object) else { continue };
        let Some(line) = state.line(field) else { continue };
        let object_type = desk.catalogue.object_types.get(state.object_type());
        let index = object_type.and_then(|object_type| object_type.fields.get(field)?.unique.as_ref());
        let Some(index) = index else { continue };
        for value in texts(line) {
            if value.len() > MAX_LENGTH {
                let message =
                    format!("a {field} is at most {MAX_LENGTH} bytes long, not {}; shorten it", value.len());
                return Err(finding(FindingCode::InvalidData, message, &["data"]).into());
            }
            if let Some(other) = holder(desk, index, field, object, line, value)? {
                let own = draft.events.iter().any(|event| event.id == other.id);
                if !own {
                    return Err(taken(field, &other).into());
                }
            }
        }
    }
    Ok(())
}

fn taken(field: &str, other: &Arc<Event>) -> Finding {
    let message = format!(
        "another object has this {field} at the same moments, by event {}; check the value, or correct that event first",
        other.id
    );
    Finding { because: vec![Arc::clone(other)], ..finding(FindingCode::Unique, message, &["data"]) }
}

/// The claim by which another object has this value at a moment when this line answers it too.
fn holder(
    desk: Desk<'_>,
    index: &Arc<str>,
    field: &str,
    object: ObjectId,
    line: &FieldLine,
    value: &str,
) -> Result<Option<Arc<Event>>, Stop> {
    let mut others = desk.view.with_value(index, value).ok_or_else(|| Missing {
        values: [(Arc::clone(index), value.to_owned())].into(),
        ..Missing::default()
    })?;
    others.sort_unstable();
    others.dedup();
    for other in others.into_iter().filter(|other| *other != object) {
        let mut history = read_model::history::History::of([other]);
        complete(desk.view, desk.catalogue, &mut history, desk.known)?;
        let world = World::fold(desk.catalogue, &history, desk.known, Trust::Validated)?;
        let Some(theirs) = world.object(other).and_then(|state| state.line(field)) else {
            continue;
        };
        if let Some(day) = shared_day(line, theirs, value) {
            let holding = theirs.holding(Bound::EndOf(day));
            return Ok(holding.map(|assertion| Arc::clone(&assertion.because.claim)));
        }
    }
    Ok(None)
}

/// A day on which both lines answer this value: lines change only where something begins.
fn shared_day(one: &FieldLine, other: &FieldLine, value: &str) -> Option<Day> {
    let days = one.assertions().iter().chain(other.assertions()).map(|said| said.begins.beginning.day);
    let answers =
        |line: &FieldLine, day| line.answer(Bound::EndOf(day)).is_some_and(|answer| answer == *value);
    days.into_iter().find(|day| answers(one, *day) && answers(other, *day))
}

/// The texts that a line ever gives its field.
fn texts(line: &FieldLine) -> impl Iterator<Item = &str> {
    line.assertions().iter().filter_map(|said| match &*said.change {
        read_model::fold::Change::Set(Some(Value::String(text))) => Some(text.as_str()),
        read_model::fold::Change::Set(_)
        | read_model::fold::Change::Add(_)
        | read_model::fold::Change::Remove(_) => None,
    })
}
