//! The stretches of the material line on which what was said of a field holds.

use std::sync::Arc;

use serde_json::Value;

use super::line::{Assertion, Change, FieldLine};
use crate::catalogue::Line;
use crate::time::Day;

/// A stretch on which one assertion holds: from its first day, until the first day on which it no longer does.
#[derive(Clone, Debug)]
pub struct Period {
    /// What was said.
    pub said: Arc<Assertion>,
    /// The first day.
    pub from: Day,
    /// What made it begin on that day: the assertion itself, or what ended and left it to hold again.
    pub begun_by: Arc<Assertion>,
    /// The first day after it; none where it has no end.
    pub until: Option<Day>,
    /// What ended it.
    pub ended_by: Option<Arc<Assertion>>,
}

impl Period {
    /// The value that the field has in it.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.said.value()
    }

    /// Whether the day lies in it.
    #[must_use]
    pub fn includes(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// Whether it shares a day with the stretch from one day until, and without, another.
    #[must_use]
    pub fn meets(&self, from: Option<Day>, until: Option<Day>) -> bool {
        until.is_none_or(|until| self.from < until)
            && from.is_none_or(|from| self.until.is_none_or(|own| from < own))
    }

    /// The period from an assertion's own beginning until another's; none where that is not later.
    fn of(said: &Arc<Assertion>, ended_by: Option<&Arc<Assertion>>) -> Option<Self> {
        let from = said.begins.beginning.day;
        let until = ended_by.map(|end| end.begins.beginning.day);
        until.is_none_or(|until| from < until).then(|| Self {
            said: Arc::clone(said),
            from,
            begun_by: Arc::clone(said),
            until,
            ended_by: ended_by.cloned(),
        })
    }
}

impl FieldLine {
    /// Every stretch on which an assertion holds, without those on which the field has no value: by their first days,
    /// then in order of registration.
    ///
    /// Where uncertain beginnings let several values hold at once, all of them; of a list, each item by itself.
    #[must_use]
    pub fn held(&self) -> Vec<Period> {
        with_values(self.all_held())
    }

    /// The stretches on which each assertion gives the field its answer, without those on which it has no value; by
    /// their first days.
    ///
    /// They do not overlap, but for those of the items of a list.
    #[must_use]
    pub fn answered(&self) -> Vec<Period> {
        let held = self.all_held();
        with_values(if self.kind() == Line::Registration { newest_registered(held) } else { held })
    }

    fn all_held(&self) -> Vec<Period> {
        match (self.has_items(), self.kind()) {
            (true, _) => self.items_held(),
            (false, Line::Effect) => self.held_by_effect(),
            (false, Line::Registration) => self.held_by_registration(),
        }
    }

    /// A value lasts until the next begins; of several that begin on one day, the last counts.
    fn held_by_effect(&self) -> Vec<Period> {
        let in_order: Vec<&Arc<Assertion>> = self.in_order_of_effect().collect();
        let day = |said: &&Arc<Assertion>| said.begins.beginning.day;
        let last_of_day: Vec<&Arc<Assertion>> = in_order
            .chunk_by(|one, other| day(one) == day(other))
            .filter_map(|of_day| of_day.last().copied())
            .collect();
        let next = last_of_day.iter().skip(1).copied().map(Some).chain([None]);
        last_of_day.iter().zip(next).filter_map(|(said, next)| Period::of(said, next)).collect()
    }

    /// A value lasts until the earliest of the beginning of the one registered next and the beginnings of all
    /// registered later with a certain date.
    fn held_by_registration(&self) -> Vec<Period> {
        let mut held = Vec::new();
        let mut earliest_certain: Option<&Arc<Assertion>> = None;
        let mut next: Option<&Arc<Assertion>> = None;
        let day = |said: &&Arc<Assertion>| said.begins.beginning.day;
        for said in self.assertions().iter().rev() {
            let ended_by = next.into_iter().chain(earliest_certain).min_by_key(day);
            held.extend(Period::of(said, ended_by));
            next = Some(said);
            if said.date.is_certain() {
                earliest_certain = earliest_certain.into_iter().chain([said]).min_by_key(day);
            }
        }
        held.reverse();
        held
    }

    /// An item lasts from where it is added until it is removed, or the list is cleared.
    fn items_held(&self) -> Vec<Period> {
        let (mut held, mut open): (Vec<Period>, Vec<&Arc<Assertion>>) = (Vec::new(), Vec::new());
        for said in self.in_order_of_effect() {
            let ends = |item: &mut &Arc<Assertion>| match (&*said.change, &*item.change) {
                (Change::Set(_), _) => true,
                (Change::Remove(value), Change::Add(item)) => value == item,
                (Change::Remove(_) | Change::Add(_), _) => false,
            };
            held.extend(open.extract_if(.., ends).filter_map(|item| Period::of(item, Some(said))));
            let is_new = |value: &Value| {
                !open.iter().any(|item| matches!(&*item.change, Change::Add(item) if item == value))
            };
            if matches!(&*said.change, Change::Add(value) if !value.is_null() && is_new(value)) {
                open.push(said);
            }
        }
        held.extend(open.into_iter().filter_map(|item| Period::of(item, None)));
        held
    }
}

fn with_values(mut periods: Vec<Period>) -> Vec<Period> {
    periods.retain(|period| period.value().is_some());
    periods.sort_by_key(|period| (period.from, period.said.begins.position));
    periods
}

/// Where several hold at once, the newest registered answers: of the others what is left beside it.
fn newest_registered(held: Vec<Period>) -> Vec<Period> {
    // By their first days, the latest first: most periods begin before all that were registered after them.
    let mut answered: Vec<Period> = Vec::new();
    for period in held.into_iter().rev() {
        let later = answered.partition_point(|newer| period.until.is_some_and(|until| newer.from >= until));
        let ends_after = |newer: &Period| newer.until.is_none_or(|until| until > period.from);
        let earlier = later + answered[later..].partition_point(ends_after);
        let mut left = vec![period];
        for newer in &answered[later..earlier] {
            left = left.into_iter().flat_map(|period| without(period, newer)).collect();
        }
        for period in left {
            let place = answered.partition_point(|newer| newer.from > period.from);
            answered.insert(place, period);
        }
    }
    answered
}

/// What a period has left beside a newer one: nothing, a part before it, a part after it, or both.
fn without(period: Period, newer: &Period) -> Vec<Period> {
    if !period.meets(Some(newer.from), newer.until) {
        return vec![period];
    }
    let before = (period.from < newer.from).then(|| Period {
        until: Some(newer.from),
        ended_by: Some(Arc::clone(&newer.begun_by)),
        ..period.clone()
    });
    let after = newer.until.zip(newer.ended_by.clone()).filter(|(until, _)| period.includes(*until));
    let after = after.map(|(from, begun_by)| Period { from, begun_by, ..period });
    before.into_iter().chain(after).collect()
}
