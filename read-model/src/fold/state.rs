//! The folded state of one object.

use std::sync::Arc;

use serde_json::Value;

use super::claim::Place;
use super::line::{Bound, FieldLine};
use crate::catalogue::Line;
use crate::hashed::HashMap;
use crate::time::Day;

/// The state of one object on the whole material line, for one point of the formal line.
#[derive(Clone, Debug)]
pub struct ObjectState {
    object_type: Arc<str>,
    first: Place,
    last: Place,
    fields: HashMap<Arc<str>, FieldLine>,
}

impl ObjectState {
    /// The state of an object of which the first thing that counts takes effect here.
    pub(super) fn new(object_type: Arc<str>, place: Place) -> Self {
        Self { object_type, first: place, last: place, fields: HashMap::default() }
    }

    /// The type that the events about it give it.
    #[must_use]
    pub fn object_type(&self) -> &Arc<str> {
        &self.object_type
    }

    /// Whether anything that counts was said of it, to take effect on or before this day.
    #[must_use]
    pub fn exists_at(&self, day: Day) -> bool {
        self.first.beginning.day <= day
    }

    /// Where the last of the claims about it that count takes effect.
    #[must_use]
    pub fn last(&self) -> Place {
        self.last
    }

    /// The answer of a field on a day; none where it has no value.
    #[must_use]
    pub fn value(&self, field: &str, day: Day) -> Option<Value> {
        self.answer(field, Bound::EndOf(day))
    }

    /// The answer of a field at a bound.
    #[must_use]
    pub fn answer(&self, field: &str, bound: Bound) -> Option<Value> {
        self.fields.get(field)?.answer(bound)
    }

    /// The line of a field, where anything that counts was said of it.
    #[must_use]
    pub fn line(&self, field: &str) -> Option<&FieldLine> {
        self.fields.get(field)
    }

    /// The lines of all fields of which anything that counts was said.
    pub fn lines(&self) -> impl Iterator<Item = (&Arc<str>, &FieldLine)> {
        self.fields.iter()
    }

    pub(super) fn mention(&mut self, place: Place) {
        self.first = self.first.min(place);
        self.last = self.last.max(place);
    }

    pub(super) fn line_mut(&mut self, field: &Arc<str>, line: Line) -> &mut FieldLine {
        self.fields.entry(Arc::clone(field)).or_insert_with(|| FieldLine::new(line))
    }
}
