//! The line of one field of one object: what was said of it, and what it answers at any place.

use std::sync::Arc;

use serde_json::Value;

use super::claim::{Because, Place};
use crate::catalogue::Line;
use crate::event::Position;
use crate::time::{Beginning, Day, PartialDate};

/// What one claim says of one field.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The events that make it so.
    pub because: Arc<Because>,
    /// The date on which it takes effect, as known.
    pub date: PartialDate,
    /// Where it begins on this field, and the order of registration.
    pub begins: Place,
    /// What it says.
    pub change: Change,
}

/// What happens to a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It has this value, or none, from here on.
    Set(Option<Value>),
    /// This value is in the list from here on.
    Add(Value),
    /// This value is no longer in the list.
    Remove(Value),
}

/// Up to where on the material line one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// To the end of a day: what holds on it.
    EndOf(Day),
    /// To just before an event's effects.
    Before(Place),
}

impl Bound {
    /// Whether something at this place lies within the bound.
    #[must_use]
    pub fn includes(self, place: Place) -> bool {
        match self {
            Self::EndOf(day) => place.beginning.day <= day,
            Self::Before(bound) => place < bound,
        }
    }
}

/// Everything that counts of one field of one object, in order of registration.
#[derive(Clone, Debug)]
pub struct FieldLine {
    line: Line,
    assertions: Vec<Assertion>,
}

impl FieldLine {
    /// A line without assertions.
    #[must_use]
    pub(super) fn new(line: Line) -> Self {
        Self { line, assertions: Vec::new() }
    }

    /// Adds what the claim registered next says.
    ///
    /// An uncertain fact begins on its earliest day; except where the one registered directly before it has its
    /// earliest day inside this one's uncertain period: then on the day after that.
    pub(super) fn push(&mut self, because: Arc<Because>, date: PartialDate, place: Place, change: Change) {
        let displaced = match (&change, self.assertions.last()) {
            (Change::Set(_), Some(previous))
                if !date.is_certain() && previous.date != PartialDate::UNKNOWN =>
            {
                let earlier = previous.date.earliest();
                (date.earliest() <= earlier && earlier <= date.latest()).then(|| earlier.plus(1))
            }
            _ => None,
        };
        let beginning = displaced.map_or(place.beginning, Beginning::of);
        let begins = Place { beginning, position: place.position };
        self.assertions.push(Assertion { because, date, begins, change });
    }

    /// The assertion of the claim at this place, to give it the value that history yields.
    pub(super) fn of_claim_mut(&mut self, claim: Position) -> impl Iterator<Item = &mut Assertion> {
        self.assertions.iter_mut().filter(move |assertion| assertion.begins.position == claim)
    }

    /// What counts of the field, in order of registration.
    #[must_use]
    pub fn assertions(&self) -> &[Assertion] {
        &self.assertions
    }

    /// Whether another line says the same: by the same claims, from the same beginnings.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&Assertion, &Assertion)| {
            one.begins == other.begins && one.date == other.date && one.change == other.change
        };
        self.assertions.len() == other.assertions.len()
            && self.assertions.iter().zip(&other.assertions).all(same)
    }

    /// What gives the field its answer at a bound; none where nothing was said by then.
    #[must_use]
    pub fn holding(&self, bound: Bound) -> Option<&Assertion> {
        match self.line {
            Line::Effect => self
                .assertions
                .iter()
                .filter(|said| bound.includes(said.begins))
                .max_by_key(|said| said.begins),
            Line::Registration => self.holding_by_registration(bound),
        }
    }

    /// The answer of the field at a bound; a list has all that was added and not removed.
    #[must_use]
    pub fn answer(&self, bound: Bound) -> Option<Value> {
        if self.has_items() {
            let items = self.items(bound);
            return (!items.is_empty()).then(|| items.into_iter().map(|(value, _)| value.clone()).collect());
        }
        match &self.holding(bound)?.change {
            Change::Set(value) => value.clone(),
            Change::Add(_) | Change::Remove(_) => None,
        }
    }

    /// The items of a list at a bound, in the order in which they were added, each with what added it.
    #[must_use]
    pub fn items(&self, bound: Bound) -> Vec<(&Value, &Assertion)> {
        let mut said: Vec<&Assertion> =
            self.assertions.iter().filter(|said| bound.includes(said.begins)).collect();
        said.sort_by_key(|said| said.begins);
        let mut items: Vec<(&Value, &Assertion)> = Vec::new();
        for assertion in said {
            match &assertion.change {
                Change::Set(_) => items.clear(),
                Change::Remove(value) => items.retain(|(item, _)| *item != value),
                Change::Add(value) => {
                    if !items.iter().any(|(item, _)| *item == value) {
                        items.push((value, assertion));
                    }
                }
            }
        }
        items
    }

    /// What gave the field its answer at a bound: one assertion, or one for each item of a list.
    #[must_use]
    pub fn reasons(&self, bound: Bound) -> Vec<&Assertion> {
        if self.has_items() {
            self.items(bound).into_iter().map(|(_, assertion)| assertion).collect()
        } else {
            self.holding(bound).into_iter().collect()
        }
    }

    fn has_items(&self) -> bool {
        self.assertions.iter().any(|said| matches!(said.change, Change::Add(_) | Change::Remove(_)))
    }

    /// A value lasts until the earliest of the beginning of the one registered next and the beginnings of all
    /// registered later with a certain date; where several hold, the newest registered answers.
    fn holding_by_registration(&self, bound: Bound) -> Option<&Assertion> {
        let begun = |index: usize| bound.includes(self.assertions[index].begins);
        let mut superseded_by_certain = false;
        for index in (0..self.assertions.len()).rev() {
            let next_begun = index + 1 < self.assertions.len() && begun(index + 1);
            if begun(index) && !next_begun && !superseded_by_certain {
                return Some(&self.assertions[index]);
            }
            superseded_by_certain |= begun(index) && self.assertions[index].date.is_certain();
        }
        None
    }
}
