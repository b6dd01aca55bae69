//! Taking the steps.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::{Constant, Function, Gather, Loop, Step, Test};
use crate::catalogue::expression::Scope;
use crate::catalogue::expression::datum::Datum;
use crate::time::PartialDate;

impl Step {
    /// The value in a scope; none where only the language itself can tell, or tell what is wrong.
    pub(in crate::catalogue::expression) fn run<'a>(&'a self, scope: &'a dyn Scope) -> Option<Datum<'a>> {
        self.within(&mut Frame { scope, locals: Vec::new() })
    }

    fn within<'a>(&'a self, frame: &mut Frame<'a>) -> Option<Datum<'a>> {
        Some(match self {
            Self::Constant(constant) => constant.datum(),
            Self::Variable(name) => frame.scope.variable(name)?,
            Self::Local(place) => frame.locals.get(*place)?.clone(),
            Self::Member(of, name) => of.within(frame)?.member(name)?,
            Self::Field(read, of) => match of.within(frame)?.reference() {
                Some(object) => frame.scope.answer(object, read).ok()?,
                None if read.past || read.back => Datum::list([]),
                None => Datum::Null,
            },
            Self::List(items) => Datum::list(all(items, frame)?),
            Self::Structure(entries) => {
                let entry =
                    |(name, step): &'a (Arc<str>, Self)| Some((Cow::Borrowed(&**name), step.within(frame)?));
                Datum::structure(entries.iter().map(entry).collect::<Option<Vec<_>>>()?)
            }
            Self::If(steps) => {
                let [when, then, otherwise] = &**steps;
                return if when.truth(frame)? { then.within(frame) } else { otherwise.within(frame) };
            }
            Self::Add(steps) => {
                let [one, other] = &**steps;
                add(&one.within(frame)?, &other.within(frame)?)?
            }
            Self::Call(function, arguments) => function.call(&all(arguments, frame)?)?,
            Self::Loop(repeated) => repeated.within(frame)?,
            Self::Test(test) => Datum::Truth(test.holds(frame)?),
        })
    }

    /// Whether it is true; none where it is neither true nor false.
    fn truth<'a>(&'a self, frame: &mut Frame<'a>) -> Option<bool> {
        if let Self::Test(test) = self { test.holds(frame) } else { self.within(frame)?.truth() }
    }
}

impl Test {
    /// Whether it is so.
    fn holds<'a>(&'a self, frame: &mut Frame<'a>) -> Option<bool> {
        Some(match self {
            Self::Not(step) => !step.truth(frame)?,
            Self::Either(steps) => steps[0].truth(frame)? || steps[1].truth(frame)?,
            Self::Both(steps) => steps[0].truth(frame)? && steps[1].truth(frame)?,
            Self::Same(wanted, steps) => {
                let [one, other] = &**steps;
                one.within(frame)?.equals(&other.within(frame)?)? == *wanted
            }
            Self::Compare(comparison, steps) => {
                let [one, other] = &**steps;
                comparison.holds(one.within(frame)?.compare(&other.within(frame)?)?)
            }
            Self::In(steps) => {
                let [item, list] = &**steps;
                contains(&list.within(frame)?, &item.within(frame)?)?
            }
            Self::NotFalse(step) => step.within(frame)?.truth() != Some(false),
        })
    }
}

/// Where steps are taken.
struct Frame<'a> {
    scope: &'a dyn Scope,
    /// The variables of the macros around, outermost first.
    locals: Vec<Datum<'a>>,
}

impl Loop {
    fn within<'a>(&'a self, frame: &mut Frame<'a>) -> Option<Datum<'a>> {
        let range = self.range.within(frame)?;
        let start = self.start.within(frame)?;
        let outside = frame.locals.len();
        frame.locals.push(start);
        let result = self.turns(&range, outside, frame);
        frame.locals.truncate(outside);
        result
    }

    /// Takes the turns; the gathered value stands at this place of the locals.
    fn turns<'a>(&'a self, range: &Datum<'a>, gathered: usize, frame: &mut Frame<'a>) -> Option<Datum<'a>> {
        for index in 0..range.len()? {
            frame.locals.truncate(gathered + 1);
            frame.locals.push(range.item(index)?);
            if !self.goes_on.truth(frame)? {
                break;
            }
            match &self.step {
                Gather::Become(step) => {
                    let next = step.within(frame)?;
                    *frame.locals.get_mut(gathered)? = next;
                }
                Gather::Append(when, item) => {
                    if when.as_ref().map_or(Some(true), |when| when.truth(frame))? {
                        let item = item.within(frame)?;
                        let Some(Datum::List(list)) = frame.locals.get_mut(gathered) else { return None };
                        Rc::make_mut(list).push(item);
                    }
                }
            }
        }
        self.result.within(frame)
    }
}

impl Constant {
    fn datum(&self) -> Datum<'_> {
        match self {
            Self::Null => Datum::Null,
            Self::Truth(truth) => Datum::Truth(*truth),
            Self::Integer(integer) => Datum::Integer(*integer),
            Self::Text(text) => Datum::Text(Cow::Borrowed(text)),
        }
    }
}

impl Function {
    fn call<'a>(self, arguments: &[Datum<'a>]) -> Option<Datum<'a>> {
        let date = |index: usize| arguments.get(index)?.date();
        let day = |index: usize| date(index).map(PartialDate::earliest);
        let integer = |index: usize| arguments.get(index)?.integer();
        let of_texts = |holds: fn(&str, &str) -> bool| {
            Some(Datum::Truth(holds(&arguments.first()?.text()?, &arguments.get(1)?.text()?)))
        };
        Some(match self {
            Self::Earliest => Datum::Day(day(0)?),
            Self::Latest => Datum::Day(date(0)?.latest()),
            Self::Unknown => Datum::Truth(date(0)? == PartialDate::UNKNOWN),
            Self::Years => Datum::Integer(day(0)?.years_until(day(1)?)),
            Self::Days => Datum::Integer(day(0)?.days_until(day(1)?)),
            Self::AddDays => Datum::Day(day(0)?.plus(integer(1)?)),
            Self::AddYears => Datum::Day(day(0)?.plus_years(integer(1)?)),
            Self::Size => Datum::Integer(i64::try_from(arguments.first()?.len()?).ok()?),
            Self::StartsWith => of_texts(|text, part| text.starts_with(part))?,
            Self::EndsWith => of_texts(|text, part| text.ends_with(part))?,
            Self::Contains => of_texts(|text, part| text.contains(part))?,
        })
    }
}

fn all<'a>(steps: &'a [Step], frame: &mut Frame<'a>) -> Option<Vec<Datum<'a>>> {
    steps.iter().map(|step| step.within(frame)).collect()
}

fn contains(list: &Datum<'_>, wanted: &Datum<'_>) -> Option<bool> {
    for index in 0..list.len()? {
        if list.item(index)?.equals(wanted)? {
            return Some(true);
        }
    }
    Some(false)
}

fn add<'a>(one: &Datum<'a>, other: &Datum<'a>) -> Option<Datum<'a>> {
    if let (Datum::Integer(one), Datum::Integer(other)) = (one, other) {
        return one.checked_add(*other).map(Datum::Integer);
    }
    if let (Some(one), Some(other)) = (one.text(), other.text()) {
        return Some(Datum::Text(Cow::Owned(one.into_owned() + &other)));
    }
    let items = (0..one.len()?).map(|index| one.item(index));
    let items = items.chain((0..other.len()?).map(|index| other.item(index)));
    items.collect::<Option<Vec<_>>>().map(Datum::list)
}
