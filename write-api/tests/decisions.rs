//! A decision by what is kept, folds of objects and what claims were held against, is the same as one by folding their whole
//! history.
//!
//! For random commands over a small registry of persons: claims of which some wait for a verdict, verdicts, amends and
//! annulments, in any order on both lines.
#![expect(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::cell::Cell;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use policy::Caller;
use proptest::prelude::*;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, EventKind, EventSource, ObjectId, Position, Verdict};
use read_model::fold::{Bound, Claim, Dossier, Place};
use read_model::hashed::HashMap;
use read_model::history::History;
use read_model::inverse::may_refer_again;
use serde_json::{Value, json};
use uuid::Uuid;
use write_api::command::{Act, Command};
use write_api::decide::{Accepted, Decision, Desk, Events, Examined, Resting, Stop, View, decide};

const CONFIG: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
object_types:
  Person:
    plural: persons
    fields:
      number: { type: String, unique: true }
      card: { type: String, unique: true }
      home: { type: String, line: registration }
      left: { type: String }
      follows: { type: String }
      house: { type: House, line: registration }
  House:
    plural: houses
    fields:
      street: { type: String }
    inverse:
      inhabitants: { of: Person, field: house, when: left == null }
event_types:
  Housed:
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "1"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [person, date, home]
          properties:
            person: { $ref: "#/$defs/Person" }
            other: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
            home: { type: string }
            house: { $ref: "#/$defs/House" }
            number: { type: string }
            card: { type: string }
    rules:
      - { name: not-after-leaving, check: person.left == null, message: the person has left }
      - { name: somewhere-else, severity: warn, check: person.home != data.home, message: the person lives there }
      - { name: empty, severity: warn, check: 'house.inhabitants.all(i, i == data.person)', message: others live there }
    effects:
      person:
        home: data.home
        house: data.house
        number: data.number
        card: data.card
        follows: 'other == null ? null : other.home'
  Left:
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "1"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [person, date]
          properties:
            person: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
    rules:
      - { name: lived-somewhere, check: person.home != null, message: the person lives nowhere }
      - { name: leaves-once, check: person.left == null, message: the person has left }
    effects:
      person: { left: data.date }
"##;

const DATES: [&str; 7] =
    ["2020-01-01", "2020-03-01", "2020-00-00", "2021-05-05", "2021-05-00", "2022-12-31", "2024-02-29"];

/// One command; indexes are taken modulo what exists.
#[derive(Clone, Debug)]
enum Asked {
    Housed {
        person: u8,
        other: Option<u8>,
        date: usize,
        home: u8,
        number: Option<u8>,
        based_on: Option<usize>,
    },
    Left {
        person: u8,
        date: usize,
    },
    Validate {
        target: usize,
        accepted: bool,
    },
    Amend {
        target: usize,
        date: usize,
        home: u8,
    },
    Annul {
        target: usize,
    },
}

fn asked() -> impl Strategy<Value = (Asked, bool)> {
    let (person, date, home) = (0..3u8, 0..DATES.len(), 0..3u8);
    let based_on = proptest::option::weighted(0.1, 0..30usize);
    let asked = prop_oneof![
        6 => (person.clone(), proptest::option::weighted(0.2, person.clone()), date.clone(), home.clone(), proptest::option::of(0..3u8), based_on)
            .prop_map(|(person, other, date, home, number, based_on)| Asked::Housed { person, other, date, home, number, based_on }),
        2 => (person, date.clone()).prop_map(|(person, date)| Asked::Left { person, date }),
        4 => (0..30usize, proptest::bool::weighted(0.9)).prop_map(|(target, accepted)| Asked::Validate { target, accepted }),
        1 => (0..30usize, date, home).prop_map(|(target, date, home)| Asked::Amend { target, date, home }),
        1 => (0..30usize).prop_map(|target| Asked::Annul { target }),
    ];
    (asked, proptest::bool::weighted(0.6))
}

/// Moves, and what takes them back.
fn moving() -> impl Strategy<Value = (Asked, bool)> {
    let (date, home) = (0..DATES.len(), 0..3u8);
    let asked = prop_oneof![
        4 => (0..2u8, date.clone(), home.clone()).prop_map(|(person, date, home)| Asked::Housed { person, other: None, date, home, number: None, based_on: None }),
        1 => (0..20usize, proptest::bool::weighted(0.7)).prop_map(|(target, accepted)| Asked::Validate { target, accepted }),
        1 => (0..20usize, date, home).prop_map(|(target, date, home)| Asked::Amend { target, date, home }),
        2 => (0..20usize).prop_map(|target| Asked::Annul { target }),
    ];
    (asked, proptest::bool::weighted(0.8))
}

fn person(number: u8) -> ObjectId {
    Uuid::from_u128(u128::from(number) + 1)
}

/// Of three homes two are houses.
fn house(number: u8) -> ObjectId {
    Uuid::from_u128(u128::from(number) + 101)
}

fn housed(person: &Value, date: usize, home: u8) -> Value {
    let mut data = json!({"person": person, "date": DATES[date], "home": format!("h{home}")});
    if home < 2 {
        data["house"] = json!(house(home));
    }
    data
}

fn amend(target: &Event, date: usize, home: u8) -> Option<Act> {
    let person = &target.body.content()?["person"];
    Some(Act::Amend {
        target: target.id,
        event_type: "Housed".into(),
        version: "1".into(),
        data: housed(person, date, home),
        occurred_at: None,
        reason: None,
    })
}

fn command(id: usize, asked: &Asked, validate: bool, log: &Log) -> Option<Command> {
    let claim = |event_type: &str, data, based_on: Vec<EventId>| Act::Claim {
        event_type: event_type.into(),
        version: "1".into(),
        data,
        occurred_at: None,
        based_on,
        object_ids: None,
    };
    let act = match *asked {
        Asked::Housed { person: whom, other, date, home, number, based_on } => {
            let mut data = housed(&json!(person(whom)), date, home);
            if let Some(other) = other.filter(|other| *other != whom) {
                data["other"] = json!(person(other));
            }
            if let Some(number) = number {
                data["number"] = json!(format!("n{number}"));
            }
            let basis = based_on.and_then(|index| log.any(index)).map(|event| event.id);
            claim("Housed", data, basis.into_iter().collect())
        }
        Asked::Left { person: whom, date } => {
            claim("Left", json!({"person": person(whom), "date": DATES[date]}), Vec::new())
        }
        Asked::Validate { target, accepted } => Act::Validate {
            target: log.any(target)?.id,
            verdict: if accepted { Verdict::Accepted } else { Verdict::Rejected },
            reason: None,
        },
        Asked::Amend { target, date, home } => {
            let target = log.any(target).filter(|event| &*event.event_type == "Housed")?;
            amend(target, date, home)?
        }
        Asked::Annul { target } => Act::Annul { target: log.any(target)?.id, reason: None },
    };
    let validate = validate && !matches!(act, Act::Validate { .. });
    let source = EventSource { id: Uuid::nil(), source_type: "clerk".into() };
    let id = Uuid::from_u128(0xC0_0000 + u128::try_from(id).ok()?);
    let caller = Caller::of(source);
    Some(Command { id, caller, act, validate, despite: Vec::new(), if_unchanged_since: None })
}

/// Every event, and what is kept with them.
#[derive(Default)]
struct Log {
    events: Vec<Arc<Event>>,
    /// What they fold to.
    dossiers: Option<Vec<Arc<Dossier>>>,
    /// What claims were held against.
    examined: HashMap<EventId, Arc<Examined>>,
    /// How often it was asked what an object folds to.
    folds: Cell<usize>,
}

impl Log {
    /// Takes in what a command became, and what is to be kept with it.
    fn take_in(&mut self, accepted: Accepted) {
        self.examined.extend(accepted.events.first().map(|event| event.id).zip(accepted.examined));
        self.events.extend(accepted.events);
    }

    fn any(&self, index: usize) -> Option<&Arc<Event>> {
        self.events.get(index.checked_rem(self.events.len())?)
    }
}

impl View for Log {
    fn of_object(&self, object: ObjectId) -> Option<Events<'_>> {
        Some(Box::new(self.events.iter().filter(move |event| event.object_ids.contains(&object))))
    }

    fn dossier(&self, object: ObjectId) -> Option<Arc<Dossier>> {
        self.folds.set(self.folds.get() + 1);
        self.dossiers.as_ref()?.iter().find(|dossier| dossier.object() == object).cloned()
    }

    fn event(&self, id: EventId) -> Option<Option<Arc<Event>>> {
        Some(self.events.iter().find(|event| event.id == id).cloned())
    }

    fn with_value(&self, _: &str, value: &str) -> Option<Vec<ObjectId>> {
        let says = |event: &&Arc<Event>| {
            let said = |field| event.body.content().and_then(|data| data.get(field)?.as_str());
            [said("number"), said("card")].contains(&Some(value))
        };
        Some(self.events.iter().filter(says).flat_map(|event| event.object_ids.clone()).collect())
    }

    fn based_on(&self, id: EventId) -> Option<Vec<Resting>> {
        let rests = |event: &&Arc<Event>| event.kind() == EventKind::Claim && event.references.contains(&id);
        Some(self.events.iter().filter(rests).map(|event| Resting::of(event)).collect())
    }

    fn examined(&self, claim: EventId) -> Option<Arc<Examined>> {
        self.examined.get(&claim).cloned()
    }
}

fn desk<'a>(catalogue: &'a Catalogue, log: &'a Log) -> Desk<'a> {
    let known = Position::new(i64::try_from(log.events.len()).unwrap());
    let start: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
    let registered_at = start + TimeDelta::minutes(known.get());
    Desk { catalogue, view: log, known, asked: known, registered_at, trusted: false }
}

/// What a caller is told: the kinds of events, or the findings.
fn told(decision: &Result<Decision, Stop>) -> String {
    match decision {
        Ok(Decision::Accepted(accepted) | Decision::Repeated(accepted)) => {
            format!("{:?} {:?} {:?}", accepted.events, accepted.warnings, accepted.unique)
        }
        Err(stop) => format!("{stop:?}"),
    }
}

fn kept(catalogue: &Catalogue, log: &Log) -> Vec<Arc<Dossier>> {
    let known = Position::new(i64::try_from(log.events.len()).unwrap());
    let objects = || (0..3).map(person).chain((0..2).map(house));
    let dossier = |object| {
        let mut history = History::of([object]);
        history.add(objects(), log.events.iter().cloned());
        let _ = history.needs(catalogue);
        Arc::new(Dossier::of(catalogue, object, &history, known).unwrap())
    };
    objects().map(dossier).collect()
}

/// The fold of an object, by no more than it takes.
fn folded(catalogue: &Catalogue, log: &Log, object: ObjectId, known: Position) -> Dossier {
    let mut history = History::of([object]);
    loop {
        let needs = history.needs(catalogue);
        if needs.is_empty() {
            return Dossier::of(catalogue, object, &history, known).unwrap();
        }
        for object in needs.objects {
            history.add([object], log.of_object(object).unwrap().cloned());
        }
        for id in needs.events {
            history.add_known([id], log.event(id).unwrap());
        }
    }
}

/// Where the claims of a log begin.
fn places(catalogue: &Catalogue, log: &Log) -> Vec<Place> {
    let claims = log.events.iter().filter(|event| event.kind() == EventKind::Claim);
    claims.map(|claim| Claim::plain(catalogue, claim, None).unwrap().place).collect()
}

#[test]
fn of_two_values_that_are_taken_the_first_by_name_is_told_however_it_is_decided() {
    // Given a person who has a number, and another who has a card
    let catalogue = Catalogue::compile("decisions.yaml", CONFIG).unwrap();
    let mut log = Log::default();
    let with = |id, whom, values: &[(&str, &str)]| {
        let asked =
            Asked::Housed { person: whom, other: None, date: 0, home: 2, number: None, based_on: None };
        let mut command = command(id, &asked, true, &Log::default()).unwrap();
        let Act::Claim { data, .. } = &mut command.act else { unreachable!("it claims") };
        values.iter().for_each(|(field, value)| data[*field] = json!(value));
        command
    };
    for (id, taken) in [("number", "n1"), ("card", "c1")].into_iter().enumerate() {
        let command = with(id, u8::try_from(id).unwrap(), &[taken]);
        let Ok(Decision::Accepted(accepted)) = decide(desk(&catalogue, &log), &command) else {
            unreachable!("nobody has them yet")
        };
        log.take_in(accepted);
    }
    // When a third claims both, time and again
    let command = with(2, 2, &[("number", "n1"), ("card", "c1")]);
    for dossiers in [false, true].repeat(10) {
        log.dossiers = dossiers.then(|| kept(&catalogue, &log));
        // Then it is the card that is told of
        let told = told(&decide(desk(&catalogue, &log), &command));
        assert!(told.contains("another object has this card"), "{told}");
    }
}

/// A move of a person to the first house.
fn moves(id: usize, whom: u8, date: usize, validate: bool) -> Command {
    let asked = Asked::Housed { person: whom, other: None, date, home: 0, number: None, based_on: None };
    command(id, &asked, validate, &Log::default()).unwrap()
}

/// Has a command decided, and takes in what it becomes; what it is warned of.
fn accepted(catalogue: &Catalogue, log: &mut Log, command: &Command) -> Vec<String> {
    log.dossiers = Some(kept(catalogue, log));
    let Ok(Decision::Accepted(accepted)) = decide(desk(catalogue, log), command) else {
        unreachable!("nothing refuses it")
    };
    let warnings = accepted.warnings.clone();
    log.take_in(accepted);
    warnings.into_iter().map(|warning| warning.message).collect()
}

#[test]
fn a_claim_of_which_nothing_has_changed_is_accepted_without_folding_anything() {
    // Given somebody who lives in a house, and the claim that another moves there too
    let catalogue = Catalogue::compile("decisions.yaml", CONFIG).unwrap();
    let mut log = Log::default();
    accepted(&catalogue, &mut log, &moves(0, 1, 0, true));
    let warned = accepted(&catalogue, &mut log, &moves(1, 0, 1, false));
    assert_eq!(warned, ["others live there"]);
    // When it is validated
    log.folds.set(0);
    let validation = command(2, &Asked::Validate { target: 2, accepted: true }, false, &log).unwrap();
    let warned = accepted(&catalogue, &mut log, &validation);
    // Then it is warned of the same, and nobody was looked at again
    assert_eq!((warned, log.folds.get()), (vec!["others live there".to_owned()], 0));
}

#[test]
fn a_claim_is_held_against_who_has_left_since() {
    // Given somebody who lives in a house, and the claim that another moves there too
    let catalogue = Catalogue::compile("decisions.yaml", CONFIG).unwrap();
    let mut log = Log::default();
    accepted(&catalogue, &mut log, &moves(0, 1, 0, true));
    accepted(&catalogue, &mut log, &moves(1, 0, 3, false));
    // When the one has left before the other's claim is validated
    let leaves = command(2, &Asked::Left { person: 1, date: 1 }, true, &log).unwrap();
    accepted(&catalogue, &mut log, &leaves);
    let validation = command(3, &Asked::Validate { target: 2, accepted: true }, false, &log).unwrap();
    let warned = accepted(&catalogue, &mut log, &validation);
    // Then nobody is in the way any more
    assert_eq!(warned, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_decides_as_the_whole_history_does(commands in proptest::collection::vec(asked(), 1..30)) {
        let catalogue = Catalogue::compile("decisions.yaml", CONFIG).unwrap();
        let mut log = Log::default();
        for (id, (asked, validate)) in commands.iter().enumerate() {
            let Some(command) = command(id, asked, *validate, &log) else { continue };
            let examined = std::mem::take(&mut log.examined);
            let by_history = decide(desk(&catalogue, &log), &command);
            log.dossiers = Some(kept(&catalogue, &log));
            let by_dossiers = decide(desk(&catalogue, &log), &command);
            prop_assert_eq!(told(&by_dossiers), told(&by_history), "{:?}", command);
            (log.dossiers, log.examined) = (None, examined);
            let by_examined = decide(desk(&catalogue, &log), &command);
            prop_assert_eq!(told(&by_examined), told(&by_history), "{:?}", command);
            if let Ok(Decision::Accepted(accepted)) = by_dossiers {
                log.take_in(accepted);
            }
        }
    }

    #[test]
    fn who_refers_no_more_does_not_again_but_by_an_event_that_may(commands in proptest::collection::vec(moving(), 1..15)) {
        let catalogue = Catalogue::compile("decisions.yaml", CONFIG).unwrap();
        let inverse = &catalogue.object_types["House"].inverses["inhabitants"];
        let mut log = Log::default();
        for (id, (asked, validate)) in commands.iter().enumerate() {
            let Some(command) = command(id, asked, *validate, &log) else { continue };
            if let Ok(Decision::Accepted(accepted)) = decide(desk(&catalogue, &log), &command) {
                log.take_in(accepted);
            }
        }
        let judged = |id| Some(log.event(id)??.kind());
        let (places, last) = (places(&catalogue, &log), Position::new(i64::try_from(log.events.len()).unwrap()));
        for whom in (0..2).map(person) {
            let at_last = folded(&catalogue, &log, whom, last);
            for known in (0..last.get()).map(Position::new) {
                let before = folded(&catalogue, &log, whom, known);
                for (to, place) in (0..2).flat_map(|number| places.iter().map(move |place| (house(number), *place))) {
                    let mut new = log.of_object(whom).unwrap().filter(|event| event.position > known);
                    if before.rests_on() == [whom]
                        && before.refers_no_more(inverse, to, place)
                        && !new.any(|event| may_refer_again(event, to, judged))
                    {
                        for later in places.iter().filter(|later| **later >= place) {
                            let bound = (later.beginning.day, Bound::Before(*later));
                            let refers = at_last.world().refers(&catalogue, inverse, (whom, to), bound).unwrap();
                            prop_assert!(!refers, "{whom} to {to} before {later:?}, and not before {place:?} as known at {known:?}");
                        }
                    }
                }
            }
        }
    }
}
