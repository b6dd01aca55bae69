//! The same history read with two catalogues: what each can read, which events it contests, and what fields answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::claim::event_type_of;
use super::meaning::Meaning;
use super::state::ObjectState;
use super::status::{Breach, Folded};
use super::world::{FoldError, World};
use crate::catalogue::{Catalogue, EvaluationError, ObjectType, Origin, Severity};
use crate::event::{Event, EventId, ObjectId, Position};
use crate::hashed::{HashMap, HashSet};
use crate::history::History;
use crate::time::Day;

/// For how many years a field that counts with the day asked about is looked at: nobody was ever older than 122.
const YEARS: i64 = 130;

/// A history as one catalogue reads it, as far as it can: validated, and as known at a position.
#[derive(Debug)]
pub struct Reading<'c> {
    catalogue: &'c Catalogue,
    folded: Folded<'c>,
    failures: BTreeMap<Position, FoldError>,
    /// The events that give claims that count their content.
    read: HashSet<Position>,
}

impl<'c> Reading<'c> {
    /// Reads the history up to a position.
    #[must_use]
    pub fn of(catalogue: &'c Catalogue, history: &History, up_to: Position) -> Self {
        let (folded, found) = Folded::as_far_as_readable(catalogue, history, up_to);
        let mut failures = BTreeMap::new();
        for failure in found {
            failures.entry(failure.position()).or_insert(failure);
        }
        let content = folded.claims().iter().map(|claim| &claim.because);
        let read = content.map(|because| because.amend.as_ref().unwrap_or(&because.claim).position).collect();
        Self { catalogue, folded, failures, read }
    }

    /// Why an event cannot be read; none where it can. Whether it counts makes no difference.
    #[must_use]
    pub fn unreadable(&self, event: &Event) -> Option<FoldError> {
        if let Some(failure) = self.failures.get(&event.position) {
            return Some(failure.clone());
        }
        if event.body.content().is_none() || self.read.contains(&event.position) {
            return None;
        }
        let event_type = event_type_of(self.catalogue, event);
        event_type.and_then(|event_type| Meaning::of(self.catalogue, event_type, event)).err()
    }

    /// The rules that an event does not keep, so that it is contested; none where it is not, or does not count.
    #[must_use]
    pub fn breaches(&self, event: EventId) -> Vec<Breach<'c>> {
        let claim = self.folded.claim(event);
        claim.map(|claim| self.folded.breaches(claim, Severity::Refuse)).unwrap_or_default()
    }

    fn world(&self) -> &World {
        self.folded.world()
    }

    fn object_type(&self, object: ObjectId) -> Option<&'c ObjectType> {
        let state = self.world().object(object)?;
        self.catalogue.object_types.get(state.object_type())
    }
}

/// What a field answers on a day: its value, where it has one, or why it cannot be computed.
pub type Answer = Result<Option<Value>, EvaluationError>;

/// A field of an object that answers otherwise with another catalogue: the first stretch on which it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// The type of the object, as the catalogue names it that knows the field.
    pub object_type: Arc<str>,
    /// The field, or the derived field.
    pub field: Arc<str>,
    /// The first day.
    pub from: Day,
    /// The first day on which one of the two answers is another; none where none was found.
    pub until: Option<Day>,
    /// The answer with the one catalogue.
    pub before: Answer,
    /// The answer with the other.
    pub after: Answer,
}

/// A field, after the type of its object.
type FieldOf = (Arc<str>, Arc<str>);

/// Two catalogues for the same histories.
#[derive(Debug)]
pub struct Rereading {
    /// The fields from which a derived field follows, by object type and name, where both catalogues derive it in the
    /// same way from fields of the same shape: it differs only where they do.
    derived_alike: HashMap<FieldOf, BTreeSet<Arc<str>>>,
    /// The derived fields that follow references with either catalogue: what they answer rests on objects beyond a history
    /// that is read object by object. Where they are written otherwise, [`redefined`](crate::catalogue::redefined) tells.
    following: HashSet<FieldOf>,
}

impl Rereading {
    /// Compares what the catalogues derive.
    #[must_use]
    pub fn new(before: &Catalogue, after: &Catalogue) -> Self {
        let mut derived_alike = HashMap::default();
        for (name, one) in &before.object_types {
            let other = after.object_types.get(name);
            for (field, other) in one.derived.keys().filter_map(|field| Some((field, other?))) {
                let mut fields = BTreeSet::new();
                if is_derived_alike((one, other), field, &mut fields) {
                    derived_alike.insert((Arc::clone(name), Arc::clone(field)), fields);
                }
            }
        }
        let following = [before, after].into_iter().flat_map(following).collect();
        Self { derived_alike, following }
    }

    /// The fields of an object that answer otherwise somewhere on the material line.
    ///
    /// What is derived can change with the day alone. It is looked at on each day on which a field of the object
    /// changes, and on each anniversary of the first of them.
    #[must_use]
    pub fn shifts(&self, before: &Reading<'_>, after: &Reading<'_>, object: ObjectId) -> Vec<Shift> {
        let types = [before.object_type(object), after.object_type(object)];
        let sides = Sides { before, after, object };
        let fields = types.iter().flatten().flat_map(|of| of.fields.keys().map(|field| (&of.name, field)));
        let fields: BTreeSet<_> = fields.collect();
        let mut found: Vec<Shift> =
            fields.into_iter().filter_map(|(of, field)| sides.shift_of_field(of, field)).collect();
        let derived = types.iter().flatten().flat_map(|of| of.derived.keys().map(|field| (&of.name, field)));
        let alone = |(of, field): &(&Arc<str>, &Arc<str>)| {
            !self.following.contains(&(Arc::clone(of), Arc::clone(field)))
        };
        let derived: BTreeSet<_> = derived.filter(alone).collect();
        let changed: HashSet<Arc<str>> = found.iter().map(|shift| Arc::clone(&shift.field)).collect();
        let may_differ = |(of, field): &(&Arc<str>, &Arc<str>)| {
            let alike = self.derived_alike.get(&(Arc::clone(of), Arc::clone(field)));
            alike.is_none_or(|fields| fields.iter().any(|field| changed.contains(field)))
        };
        let wanted: Vec<_> = derived.into_iter().filter(may_differ).collect();
        if !wanted.is_empty() {
            let days = sides.days();
            let shifts =
                wanted.into_iter().filter_map(|(of, field)| sides.shift_of_derived(of, field, &days));
            found.extend(shifts);
        }
        found
    }
}

/// The derived fields that follow references.
fn following(catalogue: &Catalogue) -> impl Iterator<Item = FieldOf> {
    catalogue.object_types.values().flat_map(|of| {
        let follow = of.derived.values().filter(|derived| catalogue.follows(&derived.value));
        follow.map(|derived| (Arc::clone(&of.name), Arc::clone(&derived.name)))
    })
}

/// Whether a derived field follows in the same way, and from which fields of the object itself.
fn is_derived_alike(types: (&ObjectType, &ObjectType), field: &str, fields: &mut BTreeSet<Arc<str>>) -> bool {
    let (one, other) = types;
    match (one.derived.get(field), other.derived.get(field)) {
        (Some(before), Some(after)) => {
            let reads = before.value.reads();
            // What others answer may differ without any field of this object.
            let own = reads.objects().iter().all(|seen| seen.origin == Origin::This);
            own && before.value.source() == after.value.source()
                && reads == after.value.reads()
                && reads
                    .objects()
                    .iter()
                    .flat_map(|seen| &seen.fields)
                    .all(|read| is_derived_alike(types, read, fields))
        }
        (None, None) => match (one.fields.get_key_value(field), other.fields.get(field)) {
            (Some((name, before)), Some(after)) => {
                fields.insert(Arc::clone(name));
                before.expanded == after.expanded
            }
            _ => false,
        },
        _ => false,
    }
}

/// One object, read with both catalogues.
struct Sides<'a> {
    before: &'a Reading<'a>,
    after: &'a Reading<'a>,
    object: ObjectId,
}

impl<'a> Sides<'a> {
    fn states(&self) -> [Option<&'a ObjectState>; 2] {
        [self.before, self.after].map(|side| side.world().object(self.object))
    }

    fn shift_of_field(&self, object_type: &Arc<str>, field: &Arc<str>) -> Option<Shift> {
        // A line that another type's object has is not that of this type.
        let of_type = self.states().map(|state| state.filter(|state| state.object_type() == object_type));
        let lines = of_type.map(|state| state.and_then(|state| state.line(field)));
        let same = match lines {
            [None, None] => true,
            [Some(one), Some(other)] => one.kind() == other.kind() && one.says_the_same(other),
            [None, Some(_)] | [Some(_), None] => false,
        };
        if same {
            return None;
        }
        let said = lines.into_iter().flatten().flat_map(|line| line.in_order_of_effect());
        let days: BTreeSet<Day> = said.map(|said| said.begins.beginning.day).collect();
        let answers = |day| of_type.map(|state| Ok(state.and_then(|state| state.value(field, day))));
        first_shift((object_type, field), &days, answers)
    }

    fn shift_of_derived(
        &self,
        object_type: &Arc<str>,
        field: &Arc<str>,
        days: &BTreeSet<Day>,
    ) -> Option<Shift> {
        let answers = |day| [self.before, self.after].map(|side| self.derived(side, object_type, field, day));
        first_shift((object_type, field), days, answers)
    }

    fn derived(&self, side: &Reading<'_>, object_type: &Arc<str>, field: &str, day: Day) -> Answer {
        let state = side.world().object(self.object);
        let state = state.filter(|state| state.object_type() == object_type && state.exists_at(day));
        let known = state.and_then(|_| side.catalogue.object_types.get(object_type));
        let Some(derived) = known.and_then(|known| known.derived.get(field)) else { return Ok(None) };
        let value = side.world().derived(side.catalogue, self.object, &derived.value, day)?;
        // Nobody is met that is not here: what follows references is not asked.
        Ok(value.told().filter(|value| !value.is_null()))
    }

    /// The days on which a field changes with either catalogue, and the anniversaries of the first.
    fn days(&self) -> BTreeSet<Day> {
        let lines = self.states().into_iter().flatten().flat_map(|state| state.lines());
        let said = lines.flat_map(|(_, line)| line.in_order_of_effect());
        let mut days: BTreeSet<Day> = said.map(|said| said.begins.beginning.day).collect();
        if let Some(first) = days.first().copied() {
            days.extend((1..=YEARS).map(|years| first.plus_years(years)));
        }
        days
    }
}

/// The first stretch on which two answers differ, from one of these days until another.
fn first_shift(
    (object_type, field): (&Arc<str>, &Arc<str>),
    days: &BTreeSet<Day>,
    answers: impl Fn(Day) -> [Answer; 2],
) -> Option<Shift> {
    let mut days = days.iter().copied();
    let differs = |day| Some((day, answers(day))).filter(|(_, [before, after])| before != after);
    let (from, [before, after]) = days.find_map(differs)?;
    let until = days.find(|day| {
        let [one, other] = answers(*day);
        one != before || other != after
    });
    let (object_type, field) = (Arc::clone(object_type), Arc::clone(field));
    Some(Shift { object_type, field, from, until, before, after })
}
