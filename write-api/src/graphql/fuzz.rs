//! Commands as they may come: any JSON and nearly right JSON, for every event type and version of the shipped config.
//!
//! What the formats say is read once more by hand; whatever is accepted must stay the same when it is taken in again.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use async_graphql::Value as Given;
use door::Principal;
use proptest::prelude::*;
use proptest::sample::select;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::Dossier;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::operation::{self, Operation};
use super::read::Reader;
use crate::command::{Act, Command};
use crate::decide::{Accepted, Decision, Desk, Events, Resting, Stop, View, decide};
use crate::ids::IdSource;
use crate::outcome::{Finding, FindingCode};
use crate::testing::data::{IDS, Slip, junk, places, right, slip, slipped, slips};
use crate::testing::formats::{Formats, is_id};
use crate::testing::shipped;

/// A registry in which nothing was ever said.
struct Empty;

impl View for Empty {
    fn of_object(&self, _: ObjectId) -> Option<Events<'_>> {
        Some(Box::new(std::iter::empty()))
    }

    fn dossier(&self, _: ObjectId) -> Option<Arc<Dossier>> {
        None
    }

    fn event(&self, _: EventId) -> Option<Option<Arc<Event>>> {
        Some(None)
    }

    fn with_value(&self, _: &str, _: &str) -> Option<Vec<ObjectId>> {
        Some(Vec::new())
    }

    fn based_on(&self, _: EventId) -> Option<Vec<Resting>> {
        Some(Vec::new())
    }
}

struct Always;

impl IdSource for Always {
    fn next(&self) -> EventId {
        Uuid::from_u128(42)
    }
}

fn decided(catalogue: &Catalogue, command: &Command) -> Result<Accepted, Stop> {
    let registered_at = "2026-01-31T12:00:00Z".parse().unwrap();
    let (known, view) = (Position::START, &Empty);
    let desk = Desk { catalogue, view, known, asked: known, registered_at, trusted: false };
    match decide(desk, command)? {
        Decision::Accepted(accepted) => Ok(accepted),
        Decision::Repeated(_) => panic!("nothing was said before"),
    }
}

fn reading<T>(catalogue: &Catalogue, read: impl FnOnce(&Reader<'_>) -> T) -> T {
    let principal = Principal::new(Uuid::from_u128(7), "ambtenaar");
    read(&Reader { catalogue, principal: &principal, ids: &Always })
}

/// A claim of these data, with what may stand around them.
fn claim(data: &Value, (occurred_at, around): (bool, Map<String, Value>)) -> Value {
    let mut input = json!({ "data": data });
    if occurred_at {
        input["occurredAt"] = json!("2026-01-30T10:00:00+01:00");
    }
    input.as_object_mut().unwrap().extend(around);
    input
}

fn around() -> impl Strategy<Value = (bool, Map<String, Value>)> {
    let id = || select(IDS.as_slice()).prop_map(Value::from);
    let ids =
        || prop_oneof![id(), proptest::collection::vec(id(), 0..3).prop_map(Value::from), Just(Value::Null)];
    let entry = prop_oneof![
        (Just("id"), id()),
        (Just("objectIds"), ids()),
        (Just("validate"), any::<bool>().prop_map(Value::from)),
        (Just("dryRun"), Just(Value::Null)),
        (Just("despite"), Just(json!([]))),
    ];
    let entries = proptest::collection::vec(entry, 0..2)
        .prop_map(|entries| entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    (any::<bool>(), entries)
}

/// What a message may not say: words of libraries and of our own code.
const INTERNAL: [&str; 13] = [
    "Some(",
    "None",
    "Ok(",
    "Err(",
    "Error",
    "serde",
    "jsonschema",
    "panicked",
    "unwrap",
    "invalid type",
    "Value(",
    "null value",
    "\n",
];

/// Whether a message is for a clerk: short, and in no language but ours.
fn for_a_clerk(message: &str) -> bool {
    let said = message.split('`').step_by(2).collect::<String>();
    !message.is_empty() && message.chars().count() < 1_000 && !INTERNAL.iter().any(|word| said.contains(word))
}

/// Whether something stands at a path, or the object stands there that lacks it.
fn leads_somewhere(path: &[String], input: &Value) -> bool {
    let optional = ["occurredAt", "objectIds", "basedOn", "despite", "target"];
    let pointer: String =
        path.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
    input.pointer(&pointer).is_some() || matches!(path, [field] if optional.contains(&field.as_str()))
}

fn refused_in_order(findings: &[Finding], input: &Value) -> Result<(), TestCaseError> {
    prop_assert!(!findings.is_empty());
    for finding in findings {
        prop_assert!(for_a_clerk(&finding.message), "{finding:?}");
        prop_assert!(leads_somewhere(&finding.path, input), "{finding:?} in {input}");
        prop_assert_eq!(finding.rule.is_some(), finding.code == FindingCode::Rule, "{:?}", finding);
    }
    Ok(())
}

/// Every id in the data at a place where the format has an object, as they are stored.
fn ids_in(catalogue: &Catalogue, command: &Command, data: &Value) -> BTreeSet<ObjectId> {
    let (Act::Claim { event_type, version, .. } | Act::Amend { event_type, version, .. }) = &command.act
    else {
        return BTreeSet::new();
    };
    let format = &catalogue.event_types[event_type].versions[version].format;
    catalogue.references(format.shape(), data).into_iter().map(|(_, id)| id).collect()
}

/// What is stored is what came in, with ids written in one way; and it comes in again as it is.
fn stays_the_same(
    catalogue: &Catalogue,
    command: &Command,
    accepted: &Accepted,
) -> Result<(), TestCaseError> {
    let (Act::Claim { event_type, version, data, .. } | Act::Amend { event_type, version, data, .. }) =
        &command.act
    else {
        return Ok(());
    };
    prop_assert!(Formats::shipped().accept(event_type, version, data), "{data}");
    let event = &accepted.events[0];
    let stored = event.body.content().expect("a claim has data");
    prop_assert_eq!(stored.to_string().to_lowercase(), data.to_string().to_lowercase());
    for place in places(stored) {
        let (given, stored) = (data.pointer(&place), stored.pointer(&place));
        let an_id = given.and_then(Value::as_str).is_some_and(is_id);
        prop_assert!(an_id || given == stored || given.is_some_and(|given| !given.is_string()), "{place}");
    }
    prop_assert_eq!(ids_in(catalogue, command, stored), event.object_ids.iter().copied().collect());
    let mut again = command.clone();
    if let Act::Claim { data, .. } | Act::Amend { data, .. } = &mut again.act {
        *data = Value::clone(stored);
    }
    match decided(catalogue, &again) {
        Ok(second) => prop_assert_eq!(second.events, accepted.events.clone()),
        Err(stop) => prop_assert!(false, "what was stored is refused: {stop:?}"),
    }
    Ok(())
}

fn taken_in(catalogue: &Catalogue, command: &Command, input: &Value) -> Result<(), TestCaseError> {
    match decided(catalogue, command) {
        Ok(accepted) => {
            for warning in &accepted.warnings {
                prop_assert!(for_a_clerk(&warning.message), "{warning:?}");
            }
            stays_the_same(catalogue, command, &accepted)
        }
        Err(Stop::Refused(findings)) => refused_in_order(&findings, input),
        Err(Stop::Forbidden(denied)) => {
            prop_assert!(for_a_clerk(&denied.to_string()), "{denied}");
            Ok(())
        }
        Err(stop @ (Stop::Missing(_) | Stop::Fault(_))) => {
            prop_assert!(false, "{stop:?}: {input}");
            Ok(())
        }
    }
}

/// The input as a command sees it: what the schema settles is settled.
fn settled(command: &Command, input: &Value) -> Value {
    let mut input = input.clone();
    if let Act::Claim { data, .. } | Act::Amend { data, .. } = &command.act {
        input["data"] = data.clone();
    }
    input
}

fn one_command(operation: &Operation, input: &Value) -> Result<(), TestCaseError> {
    let catalogue = shipped_once();
    let Ok(given) = Given::from_json(input.clone()) else { return Ok(()) };
    match reading(catalogue, |reader| reader.one(operation, given)) {
        Ok(asked) => {
            prop_assert_eq!(asked.commands.len(), 1);
            taken_in(catalogue, &asked.commands[0], &settled(&asked.commands[0], input))
        }
        Err(error) => {
            let told = error.to_string();
            prop_assert!(told.starts_with("`input") && for_a_clerk(&told), "{told}");
            Ok(())
        }
    }
}

fn shipped_once() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(shipped);
    &CATALOGUE
}

fn operations() -> impl Strategy<Value = Operation> {
    select(operation::all(shipped_once()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_format_accepts_what_its_schema_says_when_it_is_read_by_hand(
        (event_type, version, data) in slipped(Formats::shipped()),
    ) {
        let format = &shipped_once().event_types[event_type.as_str()].versions[version.as_str()].format;
        let errors = format.errors(&data);
        prop_assert_eq!(errors.is_empty(), Formats::shipped().accept(&event_type, &version, &data), "{} {}: {:?}", event_type, data, errors);
        for error in errors {
            prop_assert!(for_a_clerk(&error.message) && leads_somewhere(&error.path, &data), "{error:?}: {data}");
        }
    }

    #[test]
    fn a_claim_that_is_right_is_stored_in_one_form_that_stays_the_same_when_it_comes_again(
        (event_type, version, data) in right(Formats::shipped()), around in around(),
    ) {
        let operation = Operation::Claim { event_type: event_type.into(), version: version.into() };
        one_command(&operation, &claim(&data, around))?;
    }

    #[test]
    fn a_claim_that_is_nearly_right_is_stored_or_refused_where_it_is_wrong(
        (event_type, version, data) in slipped(Formats::shipped()), around in around(), slips in slips(),
    ) {
        let operation = Operation::Claim { event_type: event_type.into(), version: version.into() };
        one_command(&operation, &slip(claim(&data, around), slips))?;
    }

    #[test]
    fn any_json_is_a_command_or_refused_by_its_path(operation in operations(), input in junk(), fields in around(), slips in slips()) {
        one_command(&operation, &input)?;
        let mut command = json!({ "target": IDS[0], "verdict": "ACCEPTED", "reason": "Omdat.", "data": input });
        command.as_object_mut().unwrap().extend(fields.1);
        one_command(&operation, &slip(command, slips))?;
    }

    #[test]
    fn a_batch_is_as_many_commands_as_it_says_or_refused(
        claims in proptest::collection::vec((right(Formats::shipped()), around()), 0..4), slips in proptest::option::of(slips()),
    ) {
        let catalogue = shipped_once();
        let commands: Vec<Value> = claims.iter().map(|((event_type, version, data), around)| {
            let operation = Operation::Claim { event_type: event_type.as_str().into(), version: version.as_str().into() };
            let mut claim = claim(data, around.clone());
            claim.as_object_mut().unwrap().remove("dryRun");
            json!({ operation.name(catalogue): claim })
        }).collect();
        let right = slips.is_none() && !commands.is_empty();
        let slips: Vec<Slip> = slips.unwrap_or_default();
        let Ok(given) = Given::from_json(slip(json!({ "commands": commands }), slips)) else { return Ok(()) };
        match reading(catalogue, |reader| reader.batch(given)) {
            Ok(asked) => prop_assert!(!asked.commands.is_empty() && (!right || asked.commands.len() == claims.len())),
            Err(error) => prop_assert!(!right && for_a_clerk(&error.to_string()), "{error}"),
        }
    }
}

#[test]
fn an_object_that_is_named_twice_is_found_however_its_id_is_written() {
    // Given a move of two persons, who are one, with an id in capitals and in small letters
    let data = json!({ "personen": [IDS[2], IDS[3]], "adres": IDS[0], "datum": "2026-01-01" });
    let given = Given::from_json(json!({ "data": data })).unwrap();
    let operation = Operation::Claim { event_type: "Verhuizing".into(), version: "1".into() };
    let asked = reading(shipped_once(), |reader| reader.one(&operation, given)).unwrap();
    // When it is decided, then it is refused as it would be with both written alike
    let Err(Stop::Refused(findings)) = decided(shipped_once(), &asked.commands[0]) else {
        panic!("it is refused")
    };
    assert!(findings[0].message.ends_with("names something twice; name each once"), "{findings:?}");
}
