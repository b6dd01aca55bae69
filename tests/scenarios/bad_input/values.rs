//! Values that no command may have: texts, numbers, dates and moments that are none, too long, or too deep.

use serde_json::{Value, json};

use super::besieged::Besieged;
use super::command::{ID, both_ways, spoil};

const BIRTH: &str = "claimGeboorte(input: $input)";

/// A birth with another value at a place of its input.
fn born(place: &str, given: Value) -> Value {
    let data = json!({ "kind": ID, "datum": "2026-01-01", "naam": { "geslachtsnaam": "Jansen" } });
    spoil(json!({ "data": data }), place, given)
}

/// A document in which the place of a birth is written as it stands here.
fn placed(text: &str) -> String {
    format!(
        "mutation {{ claimGeboorte(input: {{ data: {{ kind: \"{ID}\", datum: \"2026-01-01\", plaats: {text} }} }}) {{ refusals {{ code }} }} }}"
    )
}

#[tokio::test]
async fn a_character_that_cannot_be_stored_is_refused() {
    let f6 = Besieged::start().await;
    for input in [born("/data/plaats", json!("a\0")), born("/data/a\0", json!(1)), json!({ "id": "\0" })] {
        for told in both_ways(&f6, BIRTH, &input).await {
            told.refused("NUL_CHARACTER", &["the character U+0000", "cannot be stored; leave it out"]);
        }
    }
    let block = f6.write(&placed("\"\"\"a\0\"\"\""), &json!({})).await;
    block.refused("NUL_CHARACTER", &["the character U+0000", "leave it out"]);
    f6.unharmed().await;
}

#[tokio::test]
async fn half_of_a_surrogate_pair_is_refused() {
    let f6 = Besieged::start().await;
    for escape in ["\\ud800", "\\udc00", "\\ud83d\\ud83d", "\\ud83dx", "\\u{d800}", "\\uZZZZ", "\\x"] {
        let told = f6.write(&placed(&format!("\"{escape}\"")), &json!({})).await;
        told.refused("PARSE_FAILED", &[escape, "is no character here; write the character itself"]);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_number_beyond_two_to_the_fifty_third_is_refused_as_it_was_sent() {
    let f6 = Besieged::start().await;
    for number in ["9007199254740993", "-9007199254740993", "1.5"] {
        let given: Value = serde_json::from_str(number).expect("a number");
        for (place, code, words) in [
            ("/data/plaats", "VALIDATION_FAILED", ["`input.data.plaats` is", "String: a text"]),
            ("/data/datum", "INVALID_DATA", ["is a number", "a text stands here"]),
            ("/data/kind", "INVALID_DATA", ["is a number", "a text stands here"]),
            (
                "/data/moederOnbekend",
                "VALIDATION_FAILED",
                ["`input.data.moederOnbekend` is", "true or false"],
            ),
            ("/data/naam", "VALIDATION_FAILED", ["`input.data.naam` is", "an object with fields"]),
            ("/data/geslacht", "VALIDATION_FAILED", ["`input.data.geslacht` is", "one of M, V, O"]),
            ("/id", "VALIDATION_FAILED", ["`input.id`:", "write a UUID, such as"]),
        ] {
            for told in both_ways(&f6, BIRTH, &born(place, given.clone())).await {
                told.refused(code, &[number, words[0], words[1]]);
            }
        }
    }
    for number in ["1e400", "01", "0x1", "1e", "1_000"] {
        let told = f6.write(&placed(number), &json!({})).await;
        told.refused("PARSE_FAILED", &["GraphQL cannot go on with", "correct it there"]);
    }
    f6.write(&placed(&"9".repeat(40)), &json!({}))
        .await
        .refused("VALIDATION_FAILED", &["`input.data.plaats` is", "a text"]);
    f6.unharmed().await;
}

#[tokio::test]
async fn what_is_nested_a_hundred_deep_is_refused() {
    let f6 = Besieged::start().await;
    let list = (0..100).fold(json!("x"), |inner, _| json!([inner]));
    let object = (0..100).fold(json!("x"), |inner, _| json!({ "a": inner }));
    for (place, given, code, words) in [
        ("/data/naam", &list, "VALIDATION_FAILED", ["`input.data.naam` is [[[", "an object with fields"]),
        ("/data/naam", &object, "VALIDATION_FAILED", ["has a field `a`", "leave it out"]),
        ("/data/bogus", &object, "VALIDATION_FAILED", ["has a field `bogus`", "leave it out"]),
        ("/data/kind", &list, "INVALID_DATA", ["deeper than 32 levels", "flatten them"]),
        ("/data/kind", &object, "INVALID_DATA", ["deeper than 32 levels", "flatten them"]),
        ("/basedOn", &list, "VALIDATION_FAILED", ["[[[", "write a UUID"]),
        ("/basedOn", &object, "VALIDATION_FAILED", ["{a: {a:", "write a UUID"]),
    ] {
        let [variable, inline] = both_ways(&f6, BIRTH, &born(place, given.clone())).await;
        variable.refused(code, &words);
        inline.refused("LIMIT_EXCEEDED", &["levels of brackets above the limit of 64", "ask for less"]);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_text_of_a_megabyte_is_refused_in_a_few_words() {
    let f6 = Besieged::start().await;
    let text = "é".repeat(500_000);
    let long = ("INVALID_DATA", ["more than the 65536 bytes", "shorten them"]);
    for (place, (code, words)) in [
        ("/data/plaats", long),
        ("/data/datum", long),
        ("/data/kind", long),
        ("/data/naam/voornamen", long),
        ("/data/geslacht", ("VALIDATION_FAILED", ["ééé…", "one of M, V, O"])),
        ("/id", ("VALIDATION_FAILED", ["éé…", "write a UUID"])),
        ("/basedOn", ("VALIDATION_FAILED", ["éé…", "write a UUID"])),
        ("/occurredAt", ("VALIDATION_FAILED", ["éé…", "write it as RFC 3339"])),
        ("/ifUnchangedSince", ("VALIDATION_FAILED", ["éé…", "longer than 2000 characters; shorten it"])),
    ] {
        let [variable, inline] = both_ways(&f6, BIRTH, &born(place, json!(text))).await;
        variable.refused(code, &words);
        inline.refused("LIMIT_EXCEEDED", &["bytes above the limit of 100000", "ask for less"]);
    }
    let named = born(&format!("/data/{text}"), json!(1));
    let [name, _] = both_ways(&f6, BIRTH, &named).await;
    name.refused("VALIDATION_FAILED", &["`input.data` has a field `éé", "…`", "leave it out"]);
    let [reason, _] = both_ways(&f6, "annul(input: $input)", &json!({ "target": ID, "reason": text })).await;
    reason.refused("VALIDATION_FAILED", &["`input.reason`: `éé", "longer than 2000 characters; shorten it"]);
    f6.unharmed().await;
}

#[tokio::test]
async fn a_date_that_does_not_exist_is_refused() {
    let f6 = Besieged::start().await;
    let (no_year, no_day) =
        ("an unknown year is written 0000-00-00", "which that month does not have; write 00");
    let no_date = "is not a date; write it as YYYY-MM-DD";
    for (date, words) in [
        ("0000-05-00", no_year),
        ("0000-00-05", no_year),
        ("0000-01-01", no_year),
        ("2010-13-00", "has month 13; months run from 01 to 12, or 00 where unknown"),
        ("2010-00-05", "has a day but no month; a day needs a month, write 00 for both"),
        ("2010-02-30", no_day),
        ("2010-04-31", no_day),
        ("2023-02-29", no_day),
        ("2010-01-32", no_day),
        ("10000-01-01", no_date),
        ("+10000-01-01", no_date),
        ("-0001-01-01", no_date),
        ("2010-1-1", no_date),
        ("20100101", no_date),
        ("2010-01-01T00:00:00Z", no_date),
        ("２０１０-01-01", no_date),
        ("gisteren", no_date),
        ("", no_date),
    ] {
        for told in both_ways(&f6, BIRTH, &born("/data/datum", json!(date))).await {
            told.refused("INVALID_DATA", &[&format!("`{date}`"), words]);
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_moment_that_does_not_exist_is_refused() {
    let f6 = Besieged::start().await;
    let (leap, no_moment) =
        ("has second 60; seconds run from 00 to 59", "is not a moment; write it as RFC 3339");
    for (moment, words) in [
        ("2016-12-31T23:59:60Z", leap),
        ("2016-12-31T23:59:60+00:00", leap),
        ("0000-01-01T00:00:00Z", "lies outside the years 0001 to 9999; write a moment within them"),
        ("10000-01-01T00:00:00Z", no_moment),
        ("2026-01-01T24:00:00Z", no_moment),
        ("2026-01-01T00:60:00Z", no_moment),
        ("2026-02-30T00:00:00Z", no_moment),
        ("2026-01-01T00:00:00", no_moment),
        ("2026-01-01", no_moment),
        ("2026-01-01T00:00:00+24:00", no_moment),
        ("nu", no_moment),
        ("", no_moment),
    ] {
        let input = json!({ "data": { "persoon": ID, "bsn": "999990019" }, "occurredAt": moment });
        for told in both_ways(&f6, "claimBsnToegekend(input: $input)", &input).await {
            told.refused("VALIDATION_FAILED", &["`input.occurredAt`", &format!("`{moment}`"), words]);
        }
    }
    f6.unharmed().await;
}
