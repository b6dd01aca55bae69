//! The laws of correcting, over random histories of families, held against folds of everything that there is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Body, Event, EventId, EventKind, Memo, ObjectId, Position, Verdict};
use read_model::fold::{Consequences, Folded, Status};
use read_model::hashed::HashSet;
use read_model::history::History as Known;
use read_model::log::Log;
use read_model::reader::{EventFilter, EventReader, Seen, point_lookups};
use read_model::resolve::Assuming;
use read_model::time::Day;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tests::{F6, History, Role, new_id};
use uuid::Uuid;

/// Beyond every event that exists.
const END: Position = Position::new(i64::MAX);

/// So many random histories.
const CASES: u8 = 5;

/// One thing that happens, by four numbers that choose it, whom it is about, when, and what else.
type Step = (u8, u8, u8, u8);

/// A registry that holds a random history, and all of it at hand.
struct Registry {
    _f6: F6,
    reader: EventReader,
    catalogue: Arc<Catalogue>,
    events: Vec<Arc<Event>>,
    objects: BTreeSet<ObjectId>,
}

impl Registry {
    async fn of_case(case: u8) -> Self {
        let f6 = F6::start().await;
        take_in(&f6, &history(&steps(case)));
        let catalogue = include_str!("../../write_config.yaml");
        let catalogue =
            Arc::new(Catalogue::compile("write_config.yaml", catalogue).expect("the shipped config"));
        let options: PgConnectOptions = f6.database.url(Role::Query).parse().expect("a URL");
        let pool = PgPool::connect_with(point_lookups(options)).await.expect("the query role connects");
        let reader = EventReader::new(pool.into(), Arc::clone(&catalogue), 1_000);
        let all =
            reader.page((&EventFilter::default(), &Seen::everything()), Position::START, END, 10_000).await;
        let events = all.expect("the log can be read");
        let objects = events.iter().flat_map(|event| &event.object_ids).copied().collect();
        Self { _f6: f6, reader, catalogue, events, objects }
    }

    /// Everything, folded from these events alone.
    fn fold(&self, events: impl IntoIterator<Item = Arc<Event>>) -> Folded<'_> {
        self.fold_without(events, None)
    }

    /// The same where one of them never was, and others are about it all the same.
    fn fold_without(
        &self,
        events: impl IntoIterator<Item = Arc<Event>>,
        event: Option<EventId>,
    ) -> Folded<'_> {
        let mut known = Known::in_log(&Log::default().without(event), self.objects.iter().copied());
        known.add(self.objects.iter().copied(), events);
        let folded = Folded::at(&self.catalogue, &known, END, Trust::Validated, Assuming::default());
        folded.expect("a history that was taken in can be folded")
    }

    fn up_to(&self, position: Position) -> impl Iterator<Item = Arc<Event>> {
        self.events.iter().filter(move |event| event.position <= position).cloned()
    }

    fn last(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position)
    }

    /// Every fourth event or so, of each kind.
    fn some(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.events
            .iter()
            .filter(|event| event.position.get() % 4 == 1 || event.kind() == EventKind::Correction)
    }
}

/// Takes in what the rules let pass.
fn take_in(f6: &F6, history: &History) {
    let (file, report) = (f6.file("random.ndjson"), f6.file("refused.ndjson"));
    history.write(&file);
    let arguments = [Path::new("import"), &file, Path::new("--report"), &report];
    f6.write_api(arguments).output().expect("write-api runs");
}

fn steps(case: u8) -> Vec<Step> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[case; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let any = || 0..=u8::MAX;
    let strategy = vec((0..14_u8, any(), any(), any()), 80..130);
    strategy.new_tree(&mut runner).expect("a random history").current()
}

/// What is random of a history: who there are, and what was said that can be said something of.
struct Random {
    history: History,
    persons: Vec<Uuid>,
    claims: Vec<(Uuid, &'static str, Value)>,
    others: Vec<Uuid>,
}

fn history(steps: &[Step]) -> History {
    let mut random = Random {
        history: History::beginning("2020-01-01T09:00:00Z"),
        persons: (0..9).map(|_| new_id()).collect(),
        claims: Vec::new(),
        others: Vec::new(),
    };
    for place in 0..random.persons.len() {
        random.born(place, 0, 0);
    }
    steps.iter().for_each(|step| random.step(*step));
    random.history
}

impl Random {
    /// Later persons are children of earlier ones.
    fn born(&mut self, place: usize, one: u8, other: u8) {
        let year = 1950 + 20 * (place / 3) + usize::from(one % 5);
        let mut data = json!({ "kind": self.persons[place], "datum": date(year, other) });
        if place >= 3 {
            data["moeder"] = json!(self.persons[place - 3]);
        }
        self.fact("Geboorte", data);
    }

    fn step(&mut self, (what, who, when, other): Step) {
        let (one, two) = (self.person(who), self.person(other));
        let datum = date(1970 + usize::from(when % 45), other);
        match what {
            0 => self.fact("Huwelijk", json!({ "partner1": one, "partner2": two, "datum": datum })),
            1 => self.fact(
                "Ontbinding",
                json!({ "partner1": one, "partner2": two, "datum": datum, "reden": "S" }),
            ),
            2 => self.fact("Erkenning", json!({ "kind": one, "erkenner": two, "datum": datum })),
            3 if other % 4 == 0 => self.fact("Overlijden", json!({ "overledene": one, "datum": datum })),
            3 => self.fact(
                "NationaliteitVerkregen",
                dutch(self.persons[usize::from(who % 3)], "1960-01-01", None),
            ),
            4 => self.fact("NationaliteitVerkregen", dutch(one, &datum, None)),
            5 => {
                let child = 3 + usize::from(who) % (self.persons.len() - 3);
                let parent = if other % 5 == 0 { two } else { self.persons[child - 3] };
                self.fact("NationaliteitVerkregen", dutch(self.persons[child], "2016-06-01", Some(parent)));
            }
            6 | 7 => {
                let naam = json!({ "voornamen": "Kim", "geslachtsnaam": format!("Naam{other}") });
                self.claim("Naamskeuze", json!({ "kind": one, "naam": naam, "datum": datum }));
                let basis = self.said(when);
                self.history.based_on(&basis.into_iter().collect::<Vec<_>>());
                self.judge_last(other);
            }
            8 => self.claim("Huwelijk", json!({ "partner1": one, "partner2": two, "datum": datum })),
            9 | 10 => self.amend(who, when, other),
            11 | 12 => {
                if let Some(target) = self.said(who) {
                    let annul = self.history.annul(target);
                    self.others.push(annul);
                }
            }
            _ => self.reject(who),
        }
    }

    fn reject(&mut self, who: u8) {
        if let Some((claim, ..)) = self.claims.get(usize::from(who) % self.claims.len().max(1)) {
            let verdict = self.history.reject(*claim);
            self.others.push(verdict);
        }
    }

    fn amend(&mut self, who: u8, when: u8, other: u8) {
        let Some((claim, _, data)) = self.claims.get(usize::from(who) % self.claims.len().max(1)).cloned()
        else {
            return;
        };
        let mut data = data;
        data["datum"] = json!(date(1960 + usize::from(when % 50), other));
        let amend = self.history.amend(claim, data);
        self.others.push(amend);
    }

    fn fact(&mut self, event_type: &'static str, data: Value) {
        self.claim(event_type, data);
        self.judge_last(0);
    }

    fn claim(&mut self, event_type: &'static str, data: Value) {
        let claim = self.history.claim(event_type, data.clone());
        self.claims.push((claim, event_type, data));
    }

    fn judge_last(&mut self, how: u8) {
        if let Some((claim, ..)) = self.claims.last().filter(|_| how % 5 != 4) {
            let verdict = self.history.validate(*claim);
            self.others.push(verdict);
        }
    }

    fn person(&self, which: u8) -> Uuid {
        self.persons[usize::from(which) % self.persons.len()]
    }

    /// Anything that was said before.
    fn said(&self, which: u8) -> Option<Uuid> {
        let which = usize::from(which);
        let claims: Vec<Uuid> = self.claims.iter().rev().skip(1).map(|(claim, ..)| *claim).collect();
        let from = if which % 3 == 0 && !self.others.is_empty() { &self.others } else { &claims };
        (!from.is_empty()).then(|| from[which % from.len()])
    }
}

fn dutch(persoon: Uuid, datum: &str, parent: Option<Uuid>) -> Value {
    let mut data = json!({ "persoon": persoon, "nationaliteit": "0001", "datum": datum, "reden": "017" });
    if let Some(parent) = parent {
        data["ontleendAan"] = json!(parent);
    }
    data
}

/// A date in that year, now and then known to the year or the month alone.
fn date(year: usize, random: u8) -> String {
    let (month, day) = (1 + random % 12, 1 + random % 28);
    match random % 7 {
        0 => format!("{year:04}-00-00"),
        1 => format!("{year:04}-{month:02}-00"),
        _ => format!("{year:04}-{month:02}-{day:02}"),
    }
}

/// A field of an object, and the stretch on which it differs: from when until when, what it was, what it is.
type Differences = BTreeSet<(ObjectId, String, String, Option<String>, Option<String>, Option<String>)>;

/// What differs between two folds of everything, day by day.
fn differences(registry: &Registry, before: &Folded<'_>, after: &Folded<'_>) -> Differences {
    let mut found = Differences::new();
    for (object, field) in fields(registry) {
        let line = |folded: &Folded<'_>| {
            let state = folded.world().object(object);
            state
                .and_then(|state| state.line(&field))
                .into_iter()
                .flat_map(|line| line.assertions().to_vec())
                .collect::<Vec<_>>()
        };
        let days: BTreeSet<Day> =
            line(before).iter().chain(&line(after)).map(|said| said.begins.beginning.day).collect();
        let value = |folded: &Folded<'_>, day| {
            folded.world().object(object).and_then(|state| state.value(&field, day))
        };
        let mut open: Option<(Day, Option<Value>, Option<Value>)> = None;
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        for day in days.into_iter().map(Some).chain([None]) {
            let now = day.map(|day| (value(before, day), value(after, day)));
            if let (Some((_, was, is)), Some(now)) = (&open, &now)
                && (was, is) == (&now.0, &now.1)
            {
                continue;
            }
            if let Some((from, was, is)) = open.take() {
                let until = day.map(|day| day.to_string());
                found.insert((object, field.clone(), from.to_string(), until, text(&was), text(&is)));
            }
            open = day.zip(now).filter(|(_, (was, is))| was != is).map(|(day, (was, is))| (day, was, is));
        }
    }
    found
}

fn fields(registry: &Registry) -> impl Iterator<Item = (ObjectId, String)> {
    let names: Vec<String> = registry
        .catalogue
        .object_types
        .values()
        .flat_map(|of| of.fields.keys().map(ToString::to_string))
        .collect();
    let names: BTreeSet<String> = names.into_iter().collect();
    registry
        .objects
        .iter()
        .flat_map(move |object| names.clone().into_iter().map(|name| (*object, name)).collect::<Vec<_>>())
}

/// The same as consequences tell it.
fn told(consequences: &Consequences) -> Differences {
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let objects = consequences.objects.iter();
    objects
        .flat_map(|object| {
            object.changes.iter().map(move |change| {
                let until = change.until.map(|day| day.to_string());
                let (field, from) = (change.field.to_string(), change.from.to_string());
                (object.id, field, from, until, text(&change.before), text(&change.after))
            })
        })
        .collect()
}

/// The events that both folds have and that have another status in each.
fn statuses(
    registry: &Registry,
    before: &Folded<'_>,
    after: &Folded<'_>,
) -> BTreeMap<Position, (&'static str, &'static str)> {
    let of = |event: &Arc<Event>| {
        let (before, after) = (before.status(event.id)?.status, after.status(event.id)?.status);
        // What corrects or validates an event that is left out goes with it.
        let goes_along = event.kind() != EventKind::Claim && [before, after].contains(&Status::Suspended);
        (before != after && !goes_along).then(|| (event.position, (before.name(), after.name())))
    };
    registry.events.iter().filter_map(of).collect()
}

fn told_statuses(consequences: &Consequences) -> BTreeMap<Position, (&'static str, &'static str)> {
    let of = |affected: &read_model::fold::AffectedEvent| {
        (affected.event.position, (affected.before.status.name(), affected.after.status.name()))
    };
    consequences.events.iter().map(of).collect()
}

#[tokio::test]
async fn consequences_are_the_difference_of_two_folds_of_everything() {
    let (mut differing, mut contested) = (0, 0);
    for case in 0..CASES {
        // Given a random history
        let registry = Registry::of_case(case).await;
        for event in registry.some() {
            // When it is asked what followed from an event when it was registered, and what follows from it now
            let (position, last) = (event.position, registry.last());
            let just_before = position.plus(-1);
            let without = Log::up_to(last).without([event.id]);
            let asked = [
                (
                    Log::up_to(just_before),
                    Log::up_to(position),
                    registry.fold(registry.up_to(just_before)),
                    registry.fold(registry.up_to(position)),
                ),
                (
                    without,
                    Log::up_to(last),
                    registry.fold_without(registry.up_to(last), Some(event.id)),
                    registry.fold(registry.up_to(last)),
                ),
            ];
            for (before, after, folded_before, folded_after) in asked {
                let told_of = registry.reader.consequences(&before, &after, event.object_ids.clone()).await;
                let told_of = told_of.expect("consequences are told");
                // Then it is what differs between folds of everything there is, of each object and each event
                let expected = differences(&registry, &folded_before, &folded_after);
                assert_eq!(told(&told_of), expected, "case {case}, event {event:?}");
                let expected = statuses(&registry, &folded_before, &folded_after);
                assert_eq!(told_statuses(&told_of), expected, "case {case}, event {event:?}");
                differing += told_of.objects.len();
                contested +=
                    told_of.events.iter().filter(|event| event.after.status.name() == "CONTESTED").count();
            }
        }
    }
    // The histories are such that something follows
    assert!(differing > 200 && contested > 3, "{differing} objects differ, {contested} events are contested");
}

#[tokio::test]
async fn what_would_hold_is_what_a_registry_of_that_log_answers() {
    for case in 0..CASES {
        let registry = Registry::of_case(case).await;
        for event in registry.some() {
            // Given a log without an event, and so without all that cannot be without it
            let mut gone: HashSet<EventId> = [event.id].into_iter().collect();
            for other in &registry.events {
                if other.references.iter().any(|reference| gone.contains(reference)) {
                    gone.insert(other.id);
                }
            }
            let fresh =
                registry.fold(registry.up_to(registry.last()).filter(|other| !gone.contains(&other.id)));
            // When each object is read as if the event had never been
            let all = registry.reader.with_dependents(&[event.id], registry.last()).await;
            let all = all.expect("dependents are found");
            assert_eq!(all, gone, "case {case}, {event:?}");
            let log = Log::up_to(registry.last()).without(all);
            for object in &registry.objects {
                let world =
                    registry.reader.world_in(&log, &[*object], Trust::Validated).await.expect("a world");
                // Then it is what a registry answers that holds that log
                let (supposed, real) = (world.object(*object), fresh.world().object(*object));
                for field in fields(&registry).filter(|(id, _)| id == object).map(|(_, field)| field) {
                    let line = |state: Option<&read_model::fold::ObjectState>| {
                        state.and_then(|state| state.line(&field)).map(|line| {
                            format!("{:?}", line.periods(read_model::fold::Bound::EndOf(Day::LAST)))
                        })
                    };
                    assert_eq!(
                        line(supposed),
                        line(real),
                        "case {case}, {field} of {object} without {event:?}"
                    );
                }
            }
        }
    }
}

/// An event after all that there is.
fn next(registry: &Registry, after: &[Arc<Event>], target: &Event, body: Body) -> Arc<Event> {
    let last = after.last().or(registry.events.last()).expect("a log");
    let created_at = last.created_at + TimeDelta::microseconds(1);
    Arc::new(Event {
        position: last.position.plus(1),
        id: new_id(),
        created_at,
        occurred_at: created_at,
        references: vec![target.id],
        body,
        memo: Memo::default(),
        ..target.clone()
    })
}

/// An annulment of an event, accepted.
fn annulled(registry: &Registry, after: &mut Vec<Arc<Event>>, target: &Event) -> Arc<Event> {
    let annul = next(registry, after, target, Body::Annul { reason: None });
    after.push(Arc::clone(&annul));
    let accepted = Body::Validation { verdict: Verdict::Accepted, reason: None };
    after.push(next(registry, after, &annul, accepted));
    annul
}

#[tokio::test]
async fn annulling_an_annulment_restores_every_answer() {
    for case in 0..CASES {
        let registry = Registry::of_case(case).await;
        let before = registry.fold(registry.events.clone());
        for event in registry.some() {
            // Given an event that is annulled
            let mut after = Vec::new();
            let annul = annulled(&registry, &mut after, event);
            // When the annulment is annulled
            annulled(&registry, &mut after, &annul);
            // Then everything is as it was: each field of each object, and each event's status
            let restored = registry.fold(registry.events.iter().cloned().chain(after));
            assert_eq!(
                differences(&registry, &before, &restored),
                Differences::new(),
                "case {case}, {event:?}"
            );
            assert_eq!(statuses(&registry, &before, &restored), BTreeMap::new(), "case {case}, {event:?}");
        }
    }
}

#[tokio::test]
async fn the_order_in_which_unrelated_events_were_registered_does_not_matter() {
    let mut swapped = 0;
    for case in 0..CASES {
        let registry = Registry::of_case(case).await;
        let before = registry.fold(registry.events.clone());
        // Given two claims registered one after the other, with their verdicts, that name no object in common
        for place in 0..registry.events.len().saturating_sub(1) {
            let [one, other] = [&registry.events[place], &registry.events[place + 1]];
            let related =
                one.object_ids.iter().any(|object| other.object_ids.contains(object)) || depend(one, other);
            if related {
                continue;
            }
            // When they were registered the other way round
            let exchanged = [exchanged(other, one), exchanged(one, other)];
            let rest = registry
                .events
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != place && *index != place + 1);
            let events = rest.map(|(_, event)| Arc::clone(event)).chain(exchanged);
            let after = registry.fold(events);
            // Then every answer is the same
            assert_eq!(
                differences(&registry, &before, &after),
                Differences::new(),
                "case {case}, at {place}"
            );
            assert_eq!(statuses(&registry, &before, &after), BTreeMap::new(), "case {case}, at {place}");
            swapped += 1;
        }
    }
    assert!(swapped > 50, "{swapped} pairs were unrelated");
}

/// Whether one of two neighbours in the log refers to the other.
fn depend(one: &Event, other: &Event) -> bool {
    let refers = |from: &Event, to: EventId| from.references.contains(&to);
    refers(one, other.id) || refers(other, one.id)
}

/// An event in the place of another.
fn exchanged(event: &Event, place: &Event) -> Arc<Event> {
    Arc::new(Event {
        position: place.position,
        created_at: place.created_at,
        memo: Memo::default(),
        ..event.clone()
    })
}
