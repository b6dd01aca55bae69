//! Commands that are not what the schema says, name what it does not know, or refer to what is not there.

use serde_json::{Value, json};
use tests::new_id;

use super::besieged::{Besieged, Told};

/// An id that messages may repeat.
pub(super) const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad90";

const BIRTH: &str = "claimGeboorte(input: $input)";
const MOVE: &str = "claimVerhuizing(input: $input)";
const APPEND: &str = "append(input: $input)";

/// Where in the input, what stands there instead (as JSON), the code, and words of the message.
pub(super) type Spoilt = (&'static str, &'static str, &'static str, &'static [&'static str]);

const TYPES_IN_A_BIRTH: &[Spoilt] = &[
    (
        "",
        "[]",
        "VALIDATION_FAILED",
        &["`input` is []", "ClaimGeboorteInput, an object with fields, written as { … }"],
    ),
    ("", "\"Dirk\"", "VALIDATION_FAILED", &["`input` is \"Dirk\"", "an object"]),
    ("/data", "[{}]", "VALIDATION_FAILED", &["`input.data` is [{}]", "GeboorteData, an object"]),
    ("/data", "null", "VALIDATION_FAILED", &["`input.data` is null", "GeboorteData!, so it has a value"]),
    ("/data/naam", "[]", "VALIDATION_FAILED", &["`input.data.naam` is []", "an object"]),
    ("/data/naam", "\"Dirk\"", "VALIDATION_FAILED", &["`input.data.naam` is \"Dirk\"", "an object"]),
    ("/data/naam/geslachtsnaam", "[\"Jansen\"]", "VALIDATION_FAILED", &["is [\"Jansen\"]", "a text"]),
    (
        "/data/naam/geslachtsnaam",
        "{}",
        "VALIDATION_FAILED",
        &["`input.data.naam.geslachtsnaam` is {}", "a text"],
    ),
    ("/data/kind", "{}", "INVALID_DATA", &["`{}` is an object", "a text stands here"]),
    ("/data/kind", "[\"x\"]", "INVALID_DATA", &["`[\"x\"]` is a list", "a text stands here"]),
    (
        "/data/datum",
        "{\"jaar\": 2026}",
        "INVALID_DATA",
        &["`{\"jaar\":2026}` is an object", "a text stands here"],
    ),
    ("/data/datum", "[]", "INVALID_DATA", &["`[]` is a list", "a text stands here"]),
    ("/data/datum", "20260101", "INVALID_DATA", &["`20260101` is a number", "a text stands here"]),
    ("/data/datum", "null", "VALIDATION_FAILED", &["`input.data.datum` is null", "so it has a value"]),
    ("/data/moederOnbekend", "\"ja\"", "VALIDATION_FAILED", &["is \"ja\"", "Boolean: true or false"]),
    ("/data/geslacht", "[\"M\"]", "VALIDATION_FAILED", &["is [\"M\"]", "one of M, V, O"]),
    ("/data/geslacht", "{}", "VALIDATION_FAILED", &["`input.data.geslacht` is {}", "one of M, V, O"]),
    ("/basedOn", "{}", "VALIDATION_FAILED", &["`input.basedOn.0`: {} is no id", "write a UUID, such as"]),
    ("/basedOn", "[[]]", "VALIDATION_FAILED", &["`input.basedOn.0`: [] is no id", "write a UUID, such as"]),
    ("/validate", "\"true\"", "VALIDATION_FAILED", &["`input.validate` is \"true\"", "true or false"]),
    ("/occurredAt", "{}", "VALIDATION_FAILED", &["{} is no moment", "write it as a text, such as"]),
    ("/id", "1", "VALIDATION_FAILED", &["`input.id`: 1 is no id", "write a UUID, such as"]),
];

const TYPES_IN_A_MOVE: &[Spoilt] = &[
    ("/data/personen", "{}", "INVALID_DATA", &["`{}` is an object", "a text stands here"]),
    ("/data/personen", "[{}]", "INVALID_DATA", &["`{}` is an object", "a text stands here"]),
    ("/data/personen", "[[]]", "INVALID_DATA", &["`[]` is a list", "a text stands here"]),
    ("/data/personen", "[]", "INVALID_DATA", &["there are 0 of these", "at least 1"]),
    (
        "/data/personen",
        "[null]",
        "VALIDATION_FAILED",
        &["`input.data.personen.0` is null", "so it has a value"],
    ),
    ("/data/adres", "[]", "INVALID_DATA", &["`[]` is a list", "a text stands here"]),
];

const TYPES_IN_A_BATCH: &[Spoilt] = &[
    (
        "/commands",
        "{\"validate\": []}",
        "VALIDATION_FAILED",
        &["`input.commands.validate` is []", "an object"],
    ),
    ("/commands", "[[]]", "VALIDATION_FAILED", &["`input.commands.0` is []", "CommandInput, an object"]),
    ("/commands", "[{}]", "VALIDATION_FAILED", &["`input.commands.0` has 0 fields", "exactly one"]),
    ("/commands", "[]", "VALIDATION_FAILED", &["`input.commands`", "required"]),
    ("/commands", "\"alles\"", "VALIDATION_FAILED", &["`input.commands` is \"alles\"", "an object"]),
];

const UNKNOWN_IN_A_BIRTH: &[Spoilt] = &[
    ("/bogus", "1", "VALIDATION_FAILED", &["`input` has a field `bogus`", "none of that name; leave it out"]),
    ("/data/bogus", "1", "VALIDATION_FAILED", &["`input.data` has a field `bogus`", "leave it out"]),
    (
        "/data/naam/bijnaam",
        "\"D\"",
        "VALIDATION_FAILED",
        &["`input.data.naam` has a field `bijnaam`", "leave it out"],
    ),
    ("/data/geslacht", "\"X\"", "VALIDATION_FAILED", &["`input.data.geslacht` is \"X\"", "one of M, V, O"]),
    ("/despite", "[\"x\"]", "VALIDATION_FAILED", &["`input.despite.0`: \"x\" is no id", "write a UUID"]),
    (
        "/despite",
        "[\"{0190163d-8694-739b-aea5-966c26f8ad90}\"]",
        "VALIDATION_FAILED",
        &["is no id", "write a UUID"],
    ),
    (
        "/ifUnchangedSince",
        "\"x\"",
        "VALIDATION_FAILED",
        &["`x` is no basis id", "pass on the `basis { id }`"],
    ),
    ("/data/kind", "\"x\"", "INVALID_DATA", &["`x` is not an id", "ids are UUIDs, such as"]),
    (
        "/data/kind",
        "\"0190163d8694739baea5966c26f8ad90\"",
        "INVALID_DATA",
        &["is not an id", "ids are UUIDs"],
    ),
];

const UNKNOWN_IN_A_BATCH: &[Spoilt] = &[
    (
        "/commands/0/claimWedergeboorte",
        "{}",
        "VALIDATION_FAILED",
        &["has a field `claimWedergeboorte`", "leave it out"],
    ),
    ("/atomic", "true", "VALIDATION_FAILED", &["`input` has a field `atomic`", "leave it out"]),
];

/// Documents in which something is unknown, and what is said of it.
const UNKNOWN: [(&str, &[&str]); 8] = [
    (
        "mutation { claimWedergeboorte(input: {}) { refusals { code } } }",
        &["claimWedergeboorte", "Did you mean", "claimGeboorte"],
    ),
    (
        "mutation { claimGeboorteV9(input: {}) { refusals { code } } }",
        &["claimGeboorteV9", "Did you mean", "claimGeboorteV1"],
    ),
    ("mutation { annul(input: {}) { refusals { code } } }", &["`input.target` is missing", "UUID!"]),
    ("mutation { annul { refusals { code } } }", &["`input` is missing", "AnnulInput!"]),
    ("mutation { annul(input: {}, force: true) { refusals { code } } }", &["`input.target` is missing"]),
    (
        "mutation { annul(input: { target: \"x\" }) { bogus } }",
        &["\"bogus\"", "CommandPayload", "make the document fit the schema"],
    ),
    ("{ personen }", &["\"personen\"", "make the document fit the schema"]),
    ("subscription { events { id } }", &["this server has no subscriptions", "the query API does"]),
];

/// The inputs that these scenarios spoil; each would be accepted, or refused by a rule.
fn input(mutation: &str) -> Value {
    match mutation {
        BIRTH => {
            json!({ "data": { "kind": ID, "datum": "2026-01-01", "naam": { "geslachtsnaam": "Jansen" } } })
        }
        MOVE => json!({ "data": { "personen": [ID], "adres": new_id(), "datum": "2026-01-01" } }),
        _ => json!({ "commands": [{}] }),
    }
}

/// A mutation with its input as a variable, and as a literal in the document.
pub(super) async fn both_ways(f6: &Besieged, mutation: &str, input: &Value) -> [Told; 2] {
    let (name, initial) = (mutation.split('(').next().unwrap_or_default(), mutation[..1].to_uppercase());
    let selection = "{ refusals { code message } }";
    let variable = format!("mutation($input: {initial}{}Input!) {{ {mutation} {selection} }}", &name[1..]);
    let inline = format!("mutation {{ {} {selection} }}", mutation.replace("$input", &literal(input)));
    [f6.write(&variable, &json!({ "input": input })).await, f6.write(&inline, &json!({})).await]
}

/// JSON as GraphQL writes it in a document.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", literal(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// The same with another value at that place.
pub(super) fn spoil(mut input: Value, place: &str, given: Value) -> Value {
    let Some((parent, name)) = place.rsplit_once('/') else {
        return given;
    };
    input.pointer_mut(parent).unwrap_or_else(|| panic!("there is a {parent}"))[name] = given;
    input
}

/// Each of these is refused, both ways.
async fn refused(f6: &Besieged, mutation: &str, rows: &[Spoilt]) {
    for (place, given, code, words) in rows {
        let given = serde_json::from_str(given).unwrap_or_else(|error| panic!("{given}: {error}"));
        for told in both_ways(f6, mutation, &spoil(input(mutation), place, given)).await {
            told.refused(code, words);
        }
    }
}

#[tokio::test]
async fn an_object_for_a_list_and_a_list_for_an_object_are_refused() {
    let f6 = Besieged::start().await;
    refused(&f6, BIRTH, TYPES_IN_A_BIRTH).await;
    refused(&f6, MOVE, TYPES_IN_A_MOVE).await;
    refused(&f6, APPEND, TYPES_IN_A_BATCH).await;
    f6.unharmed().await;
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_refused() {
    let f6 = Besieged::start().await;
    refused(&f6, BIRTH, UNKNOWN_IN_A_BIRTH).await;
    refused(&f6, APPEND, UNKNOWN_IN_A_BATCH).await;
    for (document, words) in UNKNOWN {
        f6.write(document, &json!({})).await.refused("VALIDATION_FAILED", words);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn what_a_command_refers_to_must_exist() {
    let f6 = Besieged::start().await;
    let born = || input(BIRTH);
    for (mutation, input) in [
        ("validate(input: $input)", json!({ "target": ID, "verdict": "ACCEPTED" })),
        ("annul(input: $input)", json!({ "target": ID })),
        ("amendGeboorte(input: $input)", spoil(born(), "/target", json!(ID))),
        (BIRTH, spoil(born(), "/basedOn", json!([ID]))),
        (BIRTH, spoil(born(), "/despite", json!([ID]))),
        (APPEND, json!({ "commands": [{ "annul": { "target": ID } }] })),
    ] {
        // A word of an enumeration is no text in a document, so only the variable is sent where there is one.
        let [variable, inline] = both_ways(&f6, mutation, &input).await;
        let words = [&format!("there is no event {ID}"), "names an event that exists, or an earlier one"];
        variable.refused("UNKNOWN_EVENT", &words);
        if input.get("verdict").is_none() {
            inline.refused("UNKNOWN_EVENT", &words);
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_person_of_whom_nothing_is_known_gets_no_event_that_needs_one() {
    let f6 = Besieged::start().await;
    let choice =
        json!({ "data": { "kind": ID, "naam": { "geslachtsnaam": "Jansen" }, "datum": "2026-01-01" } });
    for told in both_ways(&f6, "claimNaamskeuze(input: $input)", &choice).await {
        told.refused("RULE", &["no birth of this child is known", "article 1:5 BW"]);
    }
    f6.unharmed().await;
}
