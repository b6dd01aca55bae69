//! The line of one field of one object: what was said of it, and what it answers at any place.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::claim::{Because, Place};
use crate::catalogue::Line;
use crate::event::{ObjectId, Position};
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
    /// Where an uncertain fact begins a day later than its earliest day: the claim that it begins after.
    pub after: Option<Position>,
    /// What it says.
    pub change: Arc<Change>,
    /// What its value was computed from, where that is more than the content of its claim.
    pub read: Arc<[Read]>,
}

impl Assertion {
    /// The value that it gives the field, or adds to it.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match &*self.change {
            Change::Set(value) => value.as_ref(),
            Change::Add(value) => Some(value),
            Change::Remove(_) => None,
        }
    }

    /// Whether a change of this date, registered directly after it, begins on the day after it instead of on its own
    /// earliest day.
    fn puts_off(&self, date: PartialDate, change: &Change) -> bool {
        let earlier = self.date.earliest();
        matches!(change, Change::Set(_))
            && !date.is_certain()
            && self.date != PartialDate::UNKNOWN
            && date.earliest() <= earlier
            && earlier <= date.latest()
    }
}

/// Something that a value was computed from: what one claim said of a field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The object.
    pub object: ObjectId,
    /// The field.
    pub field: Arc<str>,
    /// The claim.
    pub claim: Position,
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
///
/// Cheap to clone and to extend at its end: assertions are shared, and their order of effect is kept beside them.
#[derive(Clone, Debug)]
pub struct FieldLine {
    line: Line,
    assertions: Vec<Arc<Assertion>>,
    /// The places of the assertions in the order in which they take effect.
    by_effect: Vec<usize>,
    has_items: bool,
}

impl FieldLine {
    /// A line without assertions.
    #[must_use]
    pub(super) fn new(line: Line) -> Self {
        Self { line, assertions: Vec::new(), by_effect: Vec::new(), has_items: false }
    }

    /// Adds what the claim registered next says.
    ///
    /// An uncertain fact begins on its earliest day; except where the one registered directly before it has its
    /// earliest day inside this one's uncertain period: then on the day after that.
    pub(super) fn push(
        &mut self,
        because: Arc<Because>,
        date: PartialDate,
        place: Place,
        change: Arc<Change>,
    ) {
        let after = self.assertions.last().filter(|previous| previous.puts_off(date, &change));
        let day_after = |previous: &Arc<Assertion>| Beginning::of(previous.date.earliest().plus(1));
        let beginning = after.map_or(place.beginning, day_after);
        let after = after.map(|previous| previous.begins.position);
        let begins = Place { beginning, position: place.position };
        self.has_items |= matches!(*change, Change::Add(_) | Change::Remove(_));
        let place = self.by_effect.partition_point(|index| self.assertions[*index].begins <= begins);
        self.by_effect.insert(place, self.assertions.len());
        self.assertions.push(Arc::new(Assertion {
            because,
            date,
            begins,
            after,
            change,
            read: Arc::default(),
        }));
    }

    /// Gives the assertions of a claim the change that history yields; where they stand does not depend on it.
    pub(super) fn give(&mut self, claim: Position, change: &Arc<Change>, read: &Arc<[Read]>) {
        let first = self.first_of(claim);
        let of_claim = self.assertions[first..].iter_mut().take_while(|said| said.begins.position == claim);
        for assertion in of_claim {
            let assertion = Arc::make_mut(assertion);
            assertion.change = Arc::clone(change);
            assertion.read = Arc::clone(read);
        }
    }

    /// What a claim says of the field.
    pub fn of_claim(&self, claim: Position) -> impl Iterator<Item = &Arc<Assertion>> {
        let said = self.assertions[self.first_of(claim)..].iter();
        said.take_while(move |said| said.begins.position == claim)
    }

    /// The claim registered before an uncertain fact that settles where it begins: the one that it begins after; or the
    /// one directly before it, where without that it would begin after one still earlier.
    pub(super) fn settles(&self, said: &Assertion) -> Option<Position> {
        let (between, earlier) = self.assertions[..self.first_of(said.begins.position)].split_last()?;
        let put_off = || earlier.iter().any(|other| other.puts_off(said.date, &said.change));
        said.after.or_else(|| put_off().then_some(between.begins.position))
    }

    /// The place of the first assertion of a claim; assertions stand in order of registration.
    fn first_of(&self, claim: Position) -> usize {
        self.assertions.partition_point(|said| said.begins.position < claim)
    }

    /// The kind of line.
    pub(super) const fn kind(&self) -> Line {
        self.line
    }

    /// Whether values are added to it and removed.
    pub(super) const fn has_items(&self) -> bool {
        self.has_items
    }

    /// What counts of the field, in order of effect.
    pub(super) fn in_order_of_effect(&self) -> impl Iterator<Item = &Arc<Assertion>> {
        self.by_effect.iter().map(|index| &self.assertions[*index])
    }

    /// What counts of the field, in order of registration.
    #[must_use]
    pub fn assertions(&self) -> &[Arc<Assertion>] {
        &self.assertions
    }

    /// What takes effect within a bound, in that order.
    pub(super) fn within(&self, bound: Bound) -> impl DoubleEndedIterator<Item = &Arc<Assertion>> {
        let end = self.by_effect.partition_point(|index| bound.includes(self.assertions[*index].begins));
        self.by_effect[..end].iter().map(|index| &self.assertions[*index])
    }

    /// Whether all that counts takes effect before a place.
    pub(super) fn ends_before(&self, place: Place) -> bool {
        self.by_effect.last().is_none_or(|last| self.assertions[*last].begins < place)
    }

    /// Whether another line says the same: by the same claims, from the same beginnings.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&Arc<Assertion>, &Arc<Assertion>)| {
            Arc::ptr_eq(one, other)
                || one.begins == other.begins && one.date == other.date && one.change == other.change
        };
        self.assertions.len() == other.assertions.len()
            && self.assertions.iter().zip(&other.assertions).all(same)
    }

    /// Whether it is another's copy: of the very same assertions.
    pub(super) fn is_the_same(&self, other: &Self) -> bool {
        self.assertions.len() == other.assertions.len()
            && self.assertions.iter().zip(&other.assertions).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// What gives the field its answer at a bound; none where nothing was said by then.
    #[must_use]
    pub fn holding(&self, bound: Bound) -> Option<&Assertion> {
        match self.line {
            Line::Effect => self.within(bound).next_back().map(Arc::as_ref),
            Line::Registration => self.holding_by_registration(bound),
        }
    }

    /// The answer of the field at a bound; a list has all that was added and not removed.
    #[must_use]
    pub fn answer(&self, bound: Bound) -> Option<Value> {
        self.seen(bound).map(Cow::into_owned)
    }

    /// The same, borrowed where it was said as a whole.
    pub(super) fn seen(&self, bound: Bound) -> Option<Cow<'_, Value>> {
        if self.has_items {
            let items = self.items(bound);
            let list = || Cow::Owned(items.iter().map(|(value, _)| (*value).clone()).collect());
            return (!items.is_empty()).then(list);
        }
        match &*self.holding(bound)?.change {
            Change::Set(value) => value.as_ref().map(Cow::Borrowed),
            Change::Add(_) | Change::Remove(_) => None,
        }
    }

    /// The items of a list at a bound, in the order in which they were added, each with what added it.
    #[must_use]
    pub fn items(&self, bound: Bound) -> Vec<(&Value, &Assertion)> {
        let mut items: Vec<(&Value, &Assertion)> = Vec::new();
        for assertion in self.within(bound) {
            match &*assertion.change {
                Change::Set(_) => items.clear(),
                Change::Remove(value) => items.retain(|(item, _)| *item != value),
                // What follows from a state that does not hold adds nothing.
                Change::Add(Value::Null) => {}
                Change::Add(value) => {
                    if !items.iter().any(|(item, _)| *item == value) {
                        items.push((value, assertion));
                    }
                }
            }
        }
        items
    }

    /// The periods in which the field had a value, oldest first, up to a bound: the value, its first day, and the first
    /// day after it; none where it still holds. Of several values on one day, the last counts.
    #[must_use]
    pub fn periods(&self, bound: Bound) -> Vec<(Value, Day, Option<Day>)> {
        let mut days: Vec<Day> = self.within(bound).map(|said| said.begins.beginning.day).collect();
        days.dedup();
        let mut periods: Vec<(Value, Day, Option<Day>)> = Vec::new();
        for (index, day) in days.iter().enumerate() {
            let last = index + 1 == days.len();
            let answer = self.answer(if last { bound } else { Bound::EndOf(*day) });
            let open = periods.last_mut().filter(|(_, _, until)| until.is_none());
            if open.as_ref().is_some_and(|(value, _, _)| Some(value) == answer.as_ref()) {
                continue;
            }
            if let Some((_, _, until)) = open {
                *until = Some(*day);
            }
            periods.extend(answer.map(|value| (value, *day, None)));
        }
        periods
    }

    /// What gave the field its answer at a bound: one assertion, or one for each item of a list.
    #[must_use]
    pub fn reasons(&self, bound: Bound) -> Vec<&Assertion> {
        if self.has_items {
            self.items(bound).into_iter().map(|(_, assertion)| assertion).collect()
        } else {
            self.holding(bound).into_iter().collect()
        }
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
