//! One history, read with two catalogues.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use read_model::catalogue::{Catalogue, Redefined, redefined};
use read_model::event::{Body, Event, EventSource, Memo, ObjectId, Position, Verdict};
use read_model::fold::{FoldError, Reading, Rereading, Shift};
use read_model::history::History;
use serde_json::{Value, json};
use uuid::Uuid;

const CONFIG: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
object_types:
  Person:
    plural: persons
    fields:
      born: { type: PartialDate }
      children: { type: "[Person]" }
      town: { type: String, line: registration }
      lastTown: { type: String }
    derived:
      age: { type: Int, value: "born == null ? null : years(born, asOf)" }
      adult: { type: Boolean, value: "born != null && years(born, asOf) >= 18" }
      lives: { type: Boolean, value: "town != null" }
event_types:
  Born:
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
          required: [child, date]
          properties:
            child: { $ref: "#/$defs/Person" }
            parent: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
    rules:
      - { name: once, check: "child.born == null", message: born twice }
    effects:
      child: { born: data.date }
      parent: { children: { add: data.child } }
  Moved:
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "2"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [person, date, place]
          properties:
            person: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
            place: { type: string }
        upcast: '{"person": data.person, "date": data.date, "town": data.place}'
      "2":
        schema:
          type: object
          additionalProperties: false
          required: [person, date, town]
          properties:
            person: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
            town: { type: string }
    rules:
      - { name: moves-on, check: "person.town != data.town", message: lives there already }
    effects:
      person: { town: data.town, lastTown: "self.town" }
"##;

const ANNA: ObjectId = Uuid::from_u128(0xa);
const BRAM: ObjectId = Uuid::from_u128(0xb);

#[test]
fn the_same_catalogue_reads_the_same() {
    let history = a_life();
    let compared = compare(&history, CONFIG, &format!("# A comment.\n{CONFIG}"));
    assert_eq!((compared.unreadable, compared.contested, compared.settled), (vec![], vec![], vec![]));
    assert_eq!(compared.shifts, []);
    assert_eq!(compared.redefined, []);
}

#[test]
fn an_event_of_a_version_that_is_gone_cannot_be_read_whether_it_counts_or_not() {
    let first = CONFIG.find("      \"1\":\n        schema:\n          type: object\n          additionalProperties: false\n          required: [person").unwrap();
    let second = first + CONFIG[first..].find("      \"2\":").unwrap();
    let without = format!("{}{}", &CONFIG[..first], &CONFIG[second..]);
    let mut history = a_life();
    moved(&mut history, "1", json!({ "person": ANNA, "date": "2010-01-01", "place": "Delft" }));
    claim(&mut history, "Moved", "1", json!({ "person": ANNA, "date": "2012-01-01", "place": "Breda" }));
    let compared = compare(&complete(history), CONFIG, &without);
    assert_eq!(compared.unreadable, [7, 9]);
    // What is left is shown: the town of before
    let town = &compared.shifts[1];
    assert_eq!((&*town.field, town.from, town.until), ("town", day("2010-01-01"), None));
    assert_eq!(
        (town.before.clone(), town.after.clone()),
        (Ok(Some(json!("Delft"))), Ok(Some(json!("Leiden"))))
    );
}

#[test]
fn an_effect_that_cannot_be_computed_in_its_place_is_told_once_and_the_rest_is_read() {
    let failing = CONFIG.replace("lastTown: \"self.town\"", "lastTown: \"self.town.substring(0, 6)\"");
    let mut history = a_life();
    moved(&mut history, "2", json!({ "person": ANNA, "date": "2010-01-01", "town": "Oss" }));
    moved(&mut history, "2", json!({ "person": ANNA, "date": "2012-01-01", "town": "Breda" }));
    let compared = compare(&complete(history), CONFIG, &failing);
    // The first move has no town before it, and the third a shorter one
    assert_eq!(compared.unreadable, [5, 9]);
    assert!(matches!(&compared.failures[1], FoldError::Effect { field, .. } if &**field == "lastTown"));
    let fields: Vec<&str> = compared.shifts.iter().map(|shift| &*shift.field).collect();
    assert_eq!(fields, ["lastTown"]);
    assert_eq!(compared.shifts[0].from, day("2012-01-01"));
}

#[test]
fn a_rule_contests_events_and_contests_them_no_longer() {
    let stricter = CONFIG.replace("person.town != data.town", "person.town == null");
    let mut history = a_life();
    moved(&mut history, "2", json!({ "person": ANNA, "date": "2010-01-01", "town": "Oss" }));
    let history = complete(history);
    let compared = compare(&history, CONFIG, &stricter);
    assert_eq!((compared.contested, compared.settled), (vec![(7, "moves-on".to_owned())], vec![]));
    let back = compare(&history, &stricter, CONFIG);
    assert_eq!((back.contested, back.settled), (vec![], vec![(7, "moves-on".to_owned())]));
}

#[test]
fn a_derived_field_is_looked_at_on_every_birthday() {
    let other = CONFIG.replace(">= 18", ">= 21");
    let compared = compare(&a_life(), CONFIG, &other);
    // Both are 18 in one year and 21 in another
    let adult = &compared.shifts[0];
    assert_eq!(
        (&*adult.field, adult.from, adult.until),
        ("adult", day("2008-05-05"), Some(day("2011-05-05")))
    );
    assert_eq!((adult.before.clone(), adult.after.clone()), (Ok(Some(json!(true))), Ok(Some(json!(false)))));
}

#[test]
fn a_derived_field_that_follows_from_what_changed_is_shown_otherwise_and_one_that_cannot_be_computed() {
    let silent = CONFIG.replace("person: { town: data.town,", "person: { town: { clear: true },");
    let fields = |other: &str| {
        let shifts = compare(&a_life(), CONFIG, other).shifts;
        shifts.iter().map(|shift| shift.field.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(fields(&silent), ["town", "lives"]);
    let failing = CONFIG.replace("value: \"town != null\"", "value: \"town.size() > 0\"");
    let compared = compare(&a_life(), CONFIG, &failing);
    assert_eq!(&*compared.shifts[0].field, "lives");
    assert!(compared.shifts[0].after.is_err());
}

#[test]
fn what_appears_vanishes_or_is_of_another_type_is_named() {
    let other = CONFIG.replace("      adult: {", "      grownUp: {").replace(
        "age: { type: Int, value: \"born == null ? null : years(born, asOf)\" }",
        "age: { type: String, description: x, value: \"string(1)\" }",
    );
    let expected = [
        Redefined::Vanishes("Person.adult".into()),
        Redefined::OtherType("Person.age".into()),
        Redefined::Appears("Person.grownUp".into()),
    ];
    assert_eq!(compare(&a_life(), CONFIG, &other).redefined, expected);
    // A description is nothing that a view shows
    let described = CONFIG.replace("lives: { type: Boolean,", "lives: { type: Boolean, description: x,");
    assert_eq!(compare(&a_life(), CONFIG, &described).redefined, []);
}

struct Compared {
    unreadable: Vec<i64>,
    failures: Vec<FoldError>,
    contested: Vec<(i64, String)>,
    settled: Vec<(i64, String)>,
    /// Of Anna.
    shifts: Vec<Shift>,
    redefined: Vec<Redefined>,
}

fn compare(history: &History, before: &str, after: &str) -> Compared {
    let [before, after] =
        [before, after].map(|source| Catalogue::compile("config", source).expect("a config"));
    let newest = history.events().last().expect("an event").position;
    let [old, new] = [&before, &after].map(|catalogue| Reading::of(catalogue, history, newest));
    let events = || history.events().iter();
    let failures: Vec<FoldError> = events().filter_map(|event| new.unreadable(event)).collect();
    let broken = |one: &Reading<'_>, other: &Reading<'_>| {
        let of = |event: &Arc<Event>| {
            let breach = one.breaches(event.id).into_iter().next();
            let rule = breach.filter(|_| other.breaches(event.id).is_empty())?.rule?;
            Some((event.position.get(), rule.name.to_string()))
        };
        events().filter_map(of).collect::<Vec<_>>()
    };
    assert!(events().all(|event| old.unreadable(event).is_none()));
    Compared {
        unreadable: failures.iter().map(|failure| failure.position().get()).collect(),
        failures,
        contested: broken(&new, &old),
        settled: broken(&old, &new),
        shifts: Rereading::new(&before, &after).shifts(&old, &new, ANNA),
        redefined: redefined(&before, &after),
    }
}

/// Anna is born, has a child, and moves to Leiden.
fn a_life() -> History {
    let mut history = History::of([ANNA, BRAM]);
    fact(&mut history, "Born", "1", json!({ "child": ANNA, "date": "1990-05-05" }));
    fact(&mut history, "Born", "1", json!({ "child": BRAM, "parent": ANNA, "date": "2008-08-08" }));
    moved(&mut history, "2", json!({ "person": ANNA, "date": "2009-01-01", "town": "Leiden" }));
    complete(history)
}

fn complete(mut history: History) -> History {
    history.add([ANNA, BRAM], []);
    history
}

fn moved(history: &mut History, version: &str, data: Value) {
    fact(history, "Moved", version, data);
}

fn fact(history: &mut History, event_type: &str, version: &str, data: Value) {
    let claim = claim(history, event_type, version, data);
    let body = Body::Validation { verdict: Verdict::Accepted, reason: None };
    let validation = Event { body, references: vec![claim.id], ..next(history, &claim) };
    history.add([], [Arc::new(validation)]);
}

fn claim(history: &mut History, event_type: &str, version: &str, data: Value) -> Event {
    let object = |role: &str| data[role].as_str().map(|id| id.parse::<Uuid>().expect("an id"));
    let object_ids = ["child", "parent", "person"].into_iter().filter_map(object).collect();
    let claim = Event {
        position: Position::START,
        id: Uuid::nil(),
        created_at: DateTime::UNIX_EPOCH,
        occurred_at: DateTime::UNIX_EPOCH,
        object_ids,
        event_type: event_type.into(),
        event_version: version.into(),
        source: EventSource { id: Uuid::from_u128(1), source_type: "clerk".into() },
        references: Vec::new(),
        body: Body::Claim(Arc::new(data)),
        memo: Memo::default(),
    };
    let claim = next(history, &claim);
    history.add([], [Arc::new(claim.clone())]);
    claim
}

/// The same event, after those of the history.
fn next(history: &History, event: &Event) -> Event {
    let position = history.events().last().map_or(Position::START, |last| last.position).plus(1);
    let number = position.get().unsigned_abs();
    let created_at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(position.get());
    Event {
        position,
        id: Uuid::from_u128(0x1000 + u128::from(number)),
        created_at,
        memo: Memo::default(),
        ..event.clone()
    }
}

fn day(text: &str) -> read_model::time::Day {
    text.parse().expect("a day")
}
