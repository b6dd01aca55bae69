//! Whatever JSON comes as variables, both servers answer, and without a fault.

use proptest::collection::{hash_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tests::new_id;

use super::besieged::{Besieged, Told};
use super::command::spoil;

/// How many values are tried in each place: few, as each is a request; what they found once stands in the other files.
const CASES: usize = 12;

const COMMANDS: &[(&str, &str)] = &[
    ("ClaimGeboorteInput!", "claimGeboorte"),
    ("ClaimVerhuizingInput!", "claimVerhuizing"),
    ("ClaimGezagUitspraakInput!", "claimGezagUitspraak"),
    ("AmendHuwelijkInput!", "amendHuwelijk"),
    ("ValidateInput!", "validate"),
    ("AppendInput!", "append"),
];

const QUESTIONS: &[(&str, &str)] = &[
    ("UUID!", "persoon(id: $given) { bsn leeftijd }"),
    ("[UUID!]!", "personen(ids: $given) { bsn }"),
    ("Moment", "huishoudens(ids: [], asOf: $given) { id }"),
    ("Moment", "events(first: 1, knownAt: $given) { edges { cursor } }"),
    ("Int", "events(first: $given) { edges { cursor } }"),
    ("String", "events(first: 1, after: $given) { edges { cursor } }"),
    ("[String!]", "events(first: 1, eventTypes: $given) { edges { cursor } }"),
];

/// Places of a birth, in which anything may be put.
const PLACES: &[&str] =
    &["", "/data", "/data/kind", "/data/datum", "/data/naam", "/data/naam/geslachtsnaam", "/id"];

/// Any JSON, among which what means something somewhere.
fn anything() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
        Just(new_id().to_string()),
    ];
    let number = prop_oneof![any::<i64>().prop_map(Value::from), any::<f64>().prop_map(Value::from)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        text.prop_map(Value::from)
    ];
    let names = "data|commands|target|naam|kind|datum|personen|id|[a-z]{1,8}";
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            hash_map(names, inner, 0..5).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// So many values, the same ones in every run.
fn values() -> impl Iterator<Item = Value> {
    let mut runner = TestRunner::deterministic();
    let anything = anything();
    std::iter::from_fn(move || Some(anything.new_tree(&mut runner).expect("a value").current()))
}

#[tokio::test]
async fn whatever_is_sent_as_a_command_is_answered_without_a_fault() {
    let f6 = Besieged::start().await;
    let mut values = values();
    for (of, mutation) in COMMANDS {
        let document = format!(
            "mutation($given: {of}) {{ {mutation}(input: $given) {{ events {{ id }} refusals {{ code message }} }} }}"
        );
        for given in values.by_ref().take(CASES) {
            let answer = f6.clerk().mutate(&document, &json!({ "given": given })).await;
            let told = Told::new(&given.to_string(), &answer.expect("the write API answers"));
            told.refused_for_something();
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn whatever_stands_in_a_birth_is_answered_without_a_fault() {
    let f6 = Besieged::start().await;
    let mut values = values();
    let document = "mutation($given: ClaimGeboorteInput!) { claimGeboorte(input: $given) { refusals { code message } } }";
    for place in PLACES {
        for given in values.by_ref().take(CASES) {
            let birth =
                json!({ "dryRun": true, "data": { "kind": new_id(), "datum": "2026-01-01", "naam": {} } });
            let given = spoil(birth, place, given);
            let answer = f6.clerk().mutate(document, &json!({ "given": given })).await;
            Told::new(&given.to_string(), &answer.expect("the write API answers"));
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn whatever_is_asked_is_answered_without_a_fault() {
    let f6 = Besieged::start().await;
    let mut values = values();
    for (of, question) in QUESTIONS {
        let document = format!("query($given: {of}) {{ {question} }}");
        for given in values.by_ref().take(CASES) {
            let answer = f6.clerk().query(&document, &json!({ "given": given })).await;
            Told::new(&given.to_string(), &answer);
        }
    }
    f6.unharmed().await;
}
