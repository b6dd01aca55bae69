//! Bad input in questions, as variables and as literals in the document.

use serde_json::{Value, json};
use tests::new_id;

use super::besieged::{Besieged, Told};

/// A question with an argument that is spoilt, and the argument's type.
type Argument = (&'static str, &'static str);

const ID: Argument = ("persoon(id: ?) { bsn }", "UUID!");
const IDS: Argument = ("personen(ids: ?) { bsn }", "[UUID!]!");
const AS_OF: Argument =
    ("personen(ids: [\"0190163d-8694-739b-aea5-966c26f8ad90\"], asOf: ?) { bsn }", "Moment");
const KNOWN_AT: Argument =
    ("personen(ids: [\"0190163d-8694-739b-aea5-966c26f8ad90\"], knownAt: ?) { bsn }", "Moment");
const TRUST: Argument = ("personen(ids: [], minTrust: ?) { bsn }", "Trust");
const FIRST: Argument = ("events(first: ?) { edges { cursor } }", "Int");
const AFTER: Argument = ("events(first: 1, after: ?) { edges { cursor } }", "String");
const TYPES: Argument = ("events(first: 1, eventTypes: ?) { edges { cursor } }", "[String!]");
const EVENT: Argument = ("event(id: ?) { status }", "UUID!");

/// The argument, what is given (as JSON, and as GraphQL), the code, and words of the message.
type Spoilt = (Argument, &'static str, &'static str, &'static [&'static str]);

const WRONG: &[Spoilt] = &[
    (ID, "[]", "INVALID_ID", &["`id` holds `[]`", "write one such as"]),
    (ID, "{}", "INVALID_ID", &["`id` holds `{}`", "write one such as"]),
    (ID, "9007199254740993", "INVALID_ID", &["`id` holds `9007199254740993`", "write one such as"]),
    (ID, "\"x\"", "INVALID_ID", &["`id` holds `x`", "write one such as"]),
    (ID, "null", "VALIDATION_FAILED", &["null", "UUID!"]),
    (EVENT, "{}", "INVALID_ID", &["`id` holds `{}`", "write one such as"]),
    (IDS, "{}", "INVALID_ID", &["`ids` holds `{}`", "write one such as"]),
    (IDS, "[[]]", "INVALID_ID", &["`ids` holds `[]`", "write one such as"]),
    (IDS, "[null]", "VALIDATION_FAILED", &["null", "UUID!"]),
    (AS_OF, "{}", "INVALID_MOMENT", &["`asOf` is {}", "a date or an RFC 3339 timestamp"]),
    (AS_OF, "[]", "INVALID_MOMENT", &["`asOf` is []", "a date or an RFC 3339 timestamp"]),
    (
        AS_OF,
        "9007199254740993",
        "INVALID_MOMENT",
        &["`asOf` is 9007199254740993", "a date or an RFC 3339 timestamp"],
    ),
    (KNOWN_AT, "true", "INVALID_MOMENT", &["`knownAt` is true", "a date or an RFC 3339 timestamp"]),
    (TRUST, "[]", "VALIDATION_FAILED", &["`minTrust` is []", "one of VALIDATED, CLAIMED"]),
    (TRUST, "{}", "VALIDATION_FAILED", &["`minTrust` is {}", "one of VALIDATED, CLAIMED"]),
    (TRUST, "\"ALLES\"", "VALIDATION_FAILED", &["`minTrust` is \"ALLES\"", "one of VALIDATED, CLAIMED"]),
    (FIRST, "\"1\"", "VALIDATION_FAILED", &["`first` is \"1\"", "a whole number"]),
    (FIRST, "[1]", "VALIDATION_FAILED", &["`first` is [1]", "a whole number"]),
    (FIRST, "{}", "VALIDATION_FAILED", &["`first` is {}", "a whole number"]),
    (FIRST, "1.5", "VALIDATION_FAILED", &["`first` is 1.5", "a whole number"]),
    (FIRST, "9007199254740993", "VALIDATION_FAILED", &["`first` is 9007199254740993", "a whole number from"]),
    (FIRST, "-1", "INVALID_PAGE", &["`first` is -1", "from 1 to 500"]),
    (FIRST, "2147483647", "INVALID_PAGE", &["`first` is 2147483647", "from 1 to 500"]),
    (AFTER, "\"x\"", "INVALID_PAGE", &["`after` is `x`", "pass on a `cursor`"]),
    (AFTER, "{}", "VALIDATION_FAILED", &["`after` is {}", "a text"]),
    (TYPES, "{}", "VALIDATION_FAILED", &["`eventTypes` is {}", "a text"]),
    (TYPES, "[[]]", "VALIDATION_FAILED", &["`eventTypes.0` is []", "a text"]),
    (TYPES, "[\"Wedergeboorte\"]", "UNKNOWN_EVENT_TYPE", &["`Wedergeboorte`", "there are: Geboorte"]),
    (TYPES, "\"geboorte\"", "UNKNOWN_EVENT_TYPE", &["`geboorte`", "did you mean `Geboorte`?"]),
];

const MOMENTS: &[(&str, &str)] = &[
    ("2016-12-31T23:59:60Z", "has second 60; seconds run from 00 to 59"),
    ("2010-13-00", "is in no calendar; write a day that exists"),
    ("2010-00-05", "is in no calendar; write a day that exists"),
    ("2010-02-30", "is in no calendar; write a day that exists"),
    ("0000-01-01", "is in no calendar; write a day that exists"),
    ("0000-00-00", "is not one day; a moment is a full date"),
    ("2010-00-00", "is not one day; a moment is a full date"),
    ("0000-01-01T00:00:00Z", "lies outside the years 0001 to 9999; write a moment within them"),
    ("10000-01-01", "is not a moment; write a date such as"),
    ("+10000-01-01T00:00:00Z", "is not a moment; write a date such as"),
    ("2026-01-01T24:00:00Z", "is not a moment; write a date such as"),
    ("2026-01-01T00:00:00", "is not a moment; write a date such as"),
    ("nu", "is not a moment; write a date such as"),
    ("", "is not a moment; write a date such as"),
];

const UNKNOWN: &[(&str, &[&str])] = &[
    ("{ personen(ids: []) { bogus } }", &["\"bogus\"", "\"Persoon\""]),
    ("{ personen(ids: [], bogus: 1) { bsn } }", &["\"bogus\"", "\"personen\""]),
    ("{ wedergeboorten }", &["\"wedergeboorten\"", "\"Query\""]),
    ("{ personen(ids: []) }", &["\"personen\"", "subfields"]),
    ("{ personen(ids: []) { bsn { a } } }", &["\"a\"", "\"String\""]),
    ("{ personen(ids: []) { ... on Wedergeboorte { id } } }", &["\"Wedergeboorte\""]),
    ("{ personen(ids: []) { ...Onbekend } }", &["\"Onbekend\""]),
    ("{ personen(ids: []) @onbekend { bsn } }", &["\"onbekend\""]),
    ("{ personen(ids: $ids) { bsn } }", &["\"$ids\"", "not defined"]),
];

/// What is said to the argument as a variable, and as a literal in the document.
async fn both_ways(f6: &Besieged, (field, of): Argument, given: &str) -> [Told; 2] {
    let variable = format!("query($given: {of}) {{ {} }}", field.replace('?', "$given"));
    let value: Value = serde_json::from_str(given).expect("JSON");
    let inline = format!("{{ {} }}", field.replace('?', given));
    [f6.ask(&variable, &json!({ "given": value })).await, f6.ask(&inline, &json!({})).await]
}

#[tokio::test]
async fn a_value_of_another_type_is_refused() {
    let f6 = Besieged::start().await;
    for (argument, given, code, words) in WRONG {
        for told in both_ways(&f6, *argument, given).await {
            told.refused(code, words);
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_refused() {
    let f6 = Besieged::start().await;
    for (document, words) in UNKNOWN {
        let told = f6.ask(document, &json!({})).await;
        told.refused("VALIDATION_FAILED", words);
        told.refused("VALIDATION_FAILED", &["make the document fit the schema"]);
    }
    for (document, words) in [
        (
            "mutation { claimGeboorte(input: {}) { basis { id } } }",
            ["this is a mutation", "send it to the write API"],
        ),
        (
            "subscription { events { id } }",
            ["a subscription has no single answer", "accept `text/event-stream`"],
        ),
        ("query A { __typename } query B { __typename }", ["several operations", "say by `operationName`"]),
        (
            "query($ids: [Wedergeboorte!]!) { personen(ids: $ids) { bsn } }",
            ["`$ids` is missing", "[Wedergeboorte!]!"],
        ),
    ] {
        f6.ask(document, &json!({})).await.refused("VALIDATION_FAILED", &words);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn what_is_not_there_is_null_and_no_fault() {
    let f6 = Besieged::start().await;
    let document = "query($id: UUID!) { persoon(id: $id) { bsn } event(id: $id) { status } personen(ids: [$id]) { bsn } }";
    let answer = f6.clerk().query(document, &json!({ "id": new_id() })).await;
    assert_eq!(answer.data(), json!({ "persoon": null, "event": null, "personen": [null] }));
    f6.unharmed().await;
}

#[tokio::test]
async fn a_moment_that_does_not_exist_is_refused() {
    let f6 = Besieged::start().await;
    for (moment, words) in MOMENTS {
        for (argument, name) in [(AS_OF, "`asOf`"), (KNOWN_AT, "`knownAt`")] {
            for told in both_ways(&f6, argument, &json!(moment).to_string()).await {
                told.refused("INVALID_MOMENT", &[name, &format!("`{moment}`"), words]);
            }
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_text_of_a_megabyte_and_a_hundred_levels_are_refused_in_a_few_words() {
    let f6 = Besieged::start().await;
    let text = json!("é".repeat(500_000)).to_string();
    let deep = format!("{}7{}", "[".repeat(100), "]".repeat(100));
    for (argument, code) in [
        (ID, "INVALID_ID"),
        (IDS, "INVALID_ID"),
        (AS_OF, "INVALID_MOMENT"),
        (KNOWN_AT, "INVALID_MOMENT"),
        (FIRST, "VALIDATION_FAILED"),
        (TRUST, "VALIDATION_FAILED"),
    ] {
        for (given, part, limit) in [
            (&text, "éé", "bytes above the limit of 100000"),
            (&deep, "[[[", "levels of brackets above the limit of 64"),
        ] {
            let [variable, inline] = both_ways(&f6, argument, given).await;
            variable.refused(code, &[part, "…"]);
            inline.refused("LIMIT_EXCEEDED", &[limit, "ask for less"]);
        }
    }
    for (argument, code) in [(AFTER, "INVALID_PAGE"), (TYPES, "UNKNOWN_EVENT_TYPE")] {
        let [variable, _] = both_ways(&f6, argument, &text).await;
        variable.refused(code, &["éé…"]);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_question_for_too_much_is_refused() {
    let f6 = Besieged::start().await;
    let ids: Vec<_> = (0..1_000).map(|_| new_id()).collect();
    for told in both_ways(&f6, IDS, &json!(ids).to_string()).await {
        told.refused("TOO_MANY_IDS", &["1000 ids", "at most 100"]);
    }
    let deep = format!("{{ personen(ids: []) {}bsn{} }}", "{ moeder ".repeat(100), " }".repeat(100));
    f6.ask(&deep, &json!({})).await.refused("LIMIT_EXCEEDED", &["above the limit of", "ask for less"]);
    // Each fragment spreads the next one twelve times, and the last one that there is spreads one that there is not.
    let fragment = |level: usize| {
        format!("fragment F{level} on Query {{ {} }} ", format!("...F{} ", level + 1).repeat(12))
    };
    let bomb: String = (0..20).map(fragment).collect();
    let told = f6.ask(&format!("{{ ...F0 }} {bomb}"), &json!({})).await;
    told.refused("LIMIT_EXCEEDED", &["fields above the limit of 5000", "ask for less"]);
    f6.unharmed().await;
}
