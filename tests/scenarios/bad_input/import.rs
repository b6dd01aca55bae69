//! Bad lines in an import: each is refused in the report, and none is stored.

use serde_json::{Value, json};
use tests::{Complaint, F6, History, new_id};

use super::besieged::{Besieged, Told};
use super::command::{ID, Spoilt, spoil};
use crate::family::birth;

const LINES: &[Spoilt] = &[
    ("", "[]", "INVALID_DATA", &["`[]` is no event", "an object with the fields of one"]),
    ("/object_ids", "{}", "INVALID_DATA", &["`{}` is no list", "write the ids in a list"]),
    ("/event_reference", "{}", "INVALID_DATA", &["`{}` is no list", "write the ids in a list"]),
    ("/event_data", "[]", "INVALID_DATA", &["`[]` is a list", "an object stands here"]),
    ("/event_data/naam", "[]", "INVALID_DATA", &["`[]` is a list", "an object stands here"]),
    ("/event_data/datum", "{}", "INVALID_DATA", &["`{}` is an object", "a text stands here"]),
    ("/bogus", "1", "INVALID_DATA", &["no field `bogus`", "leave it out"]),
    ("/event_data/bogus", "1", "INVALID_DATA", &["no field `bogus`", "leave it out"]),
    (
        "/event_type",
        "\"Wedergeboorte\"",
        "UNKNOWN_EVENT_TYPE",
        &["no event type `Wedergeboorte`", "there are: Geboorte"],
    ),
    ("/event_version", "\"9\"", "UNKNOWN_EVENT_TYPE", &["Geboorte has no version `9`", "there are: 1, 2"]),
    ("/event_version", "2", "INVALID_DATA", &["`2` is no text", "write it as one"]),
    ("/event_kind", "\"Feit\"", "INVALID_DATA", &["`Feit` is no kind", "there are: Claim, Correction"]),
    (
        "/event_reference",
        "[\"0190163d-8694-739b-aea5-966c26f8ad90\"]",
        "UNKNOWN_EVENT",
        &["there is no event", "exists"],
    ),
    ("/object_ids", "[]", "OBJECT_IDS_DIFFER", &["is not sent along", "leave `objectIds` out"]),
    ("/event_data/plaats", "\"\\u0000\"", "INVALID_DATA", &["U+0000", "leave it out"]),
    (
        "/event_data/plaats",
        "9007199254740993",
        "INVALID_DATA",
        &["`9007199254740993` is a number", "a text stands here"],
    ),
    (
        "/event_data/datum",
        "\"0000-05-00\"",
        "INVALID_DATA",
        &["`0000-05-00`", "an unknown year is written 0000-00-00"],
    ),
    ("/event_data/datum", "\"10000-01-01\"", "INVALID_DATA", &["`10000-01-01`", "write it as YYYY-MM-DD"]),
    ("/event_data/datum", "\"2010-13-00\"", "INVALID_DATA", &["`2010-13-00`", "months run from 01 to 12"]),
    ("/event_data/datum", "\"2010-00-05\"", "INVALID_DATA", &["`2010-00-05`", "a day needs a month"]),
    (
        "/event_data/datum",
        "\"2010-02-30\"",
        "INVALID_DATA",
        &["`2010-02-30`", "which that month does not have"],
    ),
    (
        "/created_at",
        "\"2016-12-31T23:59:60Z\"",
        "INVALID_MOMENT",
        &["has second 60", "seconds run from 00 to 59"],
    ),
    (
        "/created_at",
        "\"0000-01-01T00:00:00Z\"",
        "INVALID_MOMENT",
        &["outside the years 0001 to 9999", "write a moment"],
    ),
    (
        "/created_at",
        "\"10000-01-01T00:00:00Z\"",
        "INVALID_MOMENT",
        &["`10000-01-01T00:00:00Z`", "write it as RFC 3339"],
    ),
    ("/created_at", "\"2999-01-01T00:00:00Z\"", "INVALID_MOMENT", &["2999-01-01", "lies in the future"]),
    (
        "/occurred_at",
        "\"2016-12-31T23:59:60Z\"",
        "INVALID_MOMENT",
        &["has second 60", "seconds run from 00 to 59"],
    ),
    ("/event_source_type", "\"\"", "INVALID_DATA", &["is no source type", "there are: burger"]),
    (
        "/event_source_type",
        "\"koning\"",
        "INVALID_DATA",
        &["`koning` is no source type", "there are: burger"],
    ),
    ("/event_source_id", "\"x\"", "INVALID_DATA", &["`x` is no id", "write a UUID"]),
];

/// A line that would be taken in.
fn line() -> Value {
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    history.claim("Geboorte", birth(ID.parse().expect("an id"), "2019-12-31", "Dirk"));
    history.lines()[0].clone()
}

/// What the report says of these lines, each of which is refused.
fn report(f6: &F6, lines: &[String]) -> Vec<Told> {
    let (file, report) = (f6.file(&new_id().to_string()), f6.file("report.ndjson"));
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let arguments = ["import".as_ref(), file.as_os_str(), "--report".as_ref(), report.as_os_str()];
    let output = f6.write_api(arguments).output().expect("the import runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    let report = std::fs::read_to_string(report).unwrap_or_else(|_| panic!("no report: {said}"));
    let report: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(report.len(), lines.len(), "{said}");
    let text = |line: &Value, field: &str| line[field].as_str().expect("a text").to_owned();
    let complaint = |line: &Value| Complaint { code: text(line, "code"), message: text(line, "message") };
    report.iter().zip(lines).map(|(told, line)| Told::of(line, vec![complaint(told)])).collect()
}

#[tokio::test]
async fn a_bad_line_is_refused() {
    let f6 = Besieged::start().await;
    let spoilt = |(place, given, _, _): &Spoilt| {
        spoil(line(), place, serde_json::from_str(given).expect("JSON")).to_string()
    };
    let lines: Vec<String> = LINES.iter().map(spoilt).collect();
    for (told, (_, _, code, words)) in report(&f6.f6, &lines).iter().zip(LINES) {
        told.refused(code, words);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_line_that_is_no_json_is_too_long_or_too_deep_is_refused() {
    let f6 = Besieged::start().await;
    let (text, deep) = ("é".repeat(400_000), (0..100).fold(json!("x"), |inner, _| json!([inner])));
    let born = |place: &str, given: Value| spoil(line(), place, given).to_string();
    let dirk = |instead: &str| line().to_string().replace("\"Dirk\"", instead);
    let cases = [
        ("{".to_owned(), "INVALID_DATA", ["column 1", "send all of it"]),
        (dirk("\"\\ud800\""), "INVALID_DATA", ["half of a surrogate pair", "write the character itself"]),
        (dirk("1e400"), "INVALID_DATA", ["a number is too large", "write a smaller one"]),
        (born("/event_data/naam", deep), "INVALID_DATA", ["deeper than 32 levels", "flatten them"]),
        (
            born("/event_data/plaats", json!(text)),
            "INVALID_DATA",
            ["more than the 65536 bytes", "shorten them"],
        ),
        (
            born("/event_type", json!(text)),
            "UNKNOWN_EVENT_TYPE",
            ["no event type `éé", "there are: Geboorte"],
        ),
        (born("/id", json!(text)), "INVALID_DATA", ["éé…", "write a UUID"]),
        (born("/created_at", json!(text)), "INVALID_MOMENT", ["éé…", "write it as RFC 3339"]),
        ("a".repeat(10_000_000), "INVALID_DATA", ["longer than 1000000 bytes", "one event stands on a line"]),
    ];
    let lines = cases.each_ref().map(|(line, _, _)| line.clone());
    for (told, (_, code, words)) in report(&f6.f6, &lines).iter().zip(cases) {
        told.refused(code, &words);
    }
    f6.unharmed().await;
}
