//! Lines of an import file as they may come, held against what an event is when it is read by hand.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use read_model::event::{EventKind, Verdict};
use serde_json::{Map, Value, json};

use super::line::{self, Line};
use super::*;
use crate::command::{Act, MAX_REASON};
use crate::testing::data::{IDS, slip, slipped, slips};
use crate::testing::formats::{Formats, is_id};

fn id() -> impl Strategy<Value = Value> {
    select(IDS.as_slice()).prop_map(Value::from)
}

fn reason() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), Just(json!("Omdat.")), Just(json!("é".repeat(2_001)))]
}

/// What an event of each kind says: the kind, and its data.
fn said() -> impl Strategy<Value = (&'static str, Value)> {
    let data = || slipped(Formats::shipped()).prop_map(|(_, _, data)| data);
    prop_oneof![
        data().prop_map(|data| ("Claim", data)),
        (data(), reason()).prop_map(|(data, reason)| (
            "Correction",
            json!({ "action": "amend", "data": data, "reason": reason })
        )),
        reason().prop_map(|reason| ("Correction", json!({ "action": "annul", "reason": reason }))),
        (select(vec!["accepted", "rejected"]), reason())
            .prop_map(|(verdict, reason)| ("Validation", json!({ "verdict": verdict, "reason": reason }))),
    ]
}

/// An event as an export writes it.
fn event() -> impl Strategy<Value = Value> {
    let moment = || {
        select(vec![
            "2026-01-04T09:30:00+01:00",
            "2016-12-31T23:59:60Z",
            "2026-01-04",
            "0001-01-01T00:00:00Z",
        ])
    };
    let moments = (moment(), prop::option::of(moment()));
    (said(), (id(), id(), id()), moments, prop::collection::vec(id(), 0..3)).prop_map(
        |((kind, data), (event, source, object), (created_at, occurred_at), references)| {
            json!({
                "position": 7, "id": event, "created_at": created_at, "occurred_at": occurred_at, "object_ids": [object],
                "event_type": "Geboorte", "event_version": "2", "event_kind": kind, "event_source_id": source,
                "event_source_type": "ambtenaar", "event_reference": references, "event_data": data,
            })
        },
    )
}

/// Whether it is an event, read by hand; `moment` reads a moment.
fn is_event(line: &Map<String, Value>) -> bool {
    let names = [
        "id",
        "position",
        "created_at",
        "occurred_at",
        "object_ids",
        "event_type",
        "event_version",
        "event_kind",
        "event_source_id",
        "event_source_type",
        "event_reference",
        "event_data",
    ];
    let text = |name: &str| line.get(name).is_some_and(Value::is_string);
    let an_id = |value: &Value| value.as_str().is_some_and(is_id);
    let one = |name: &str| line.get(name).is_some_and(an_id);
    let none = |name: &str| line.get(name).is_none_or(Value::is_null);
    let several =
        |name: &str| line.get(name).and_then(Value::as_array).is_some_and(|ids| ids.iter().all(an_id));
    let moment = |name: &str| {
        let text = line.get(name).and_then(Value::as_str);
        text.is_some_and(|text| read_model::time::parse_instant(text).is_ok())
    };
    line.keys().all(|name| names.contains(&name.as_str()))
        && one("id")
        && one("event_source_id")
        && ["event_type", "event_version", "event_source_type"].into_iter().all(text)
        && moment("created_at")
        && (none("occurred_at") || moment("occurred_at"))
        && several("object_ids")
        && (none("event_reference") || several("event_reference"))
        && says_something(line)
}

fn says_something(line: &Map<String, Value>) -> bool {
    let Some(data) = line.get("event_data") else { return false };
    let targets = line.get("event_reference").and_then(Value::as_array).map_or(0, Vec::len);
    let only = |names: &[&str]| {
        data.as_object().is_some_and(|data| data.keys().all(|name| names.contains(&name.as_str())))
    };
    let reason = data["reason"].is_null()
        || data["reason"].as_str().is_some_and(|text| text.chars().count() <= MAX_REASON);
    match line.get("event_kind").and_then(Value::as_str) {
        Some("Claim") => true,
        Some("Correction") => {
            let right = data["action"] == "annul" || data["action"] == "amend" && data.get("data").is_some();
            targets == 1 && reason && right && only(&["action", "data", "reason"])
        }
        Some("Validation") => {
            let right = data["verdict"] == "accepted" || data["verdict"] == "rejected";
            targets == 1 && reason && right && only(&["verdict", "reason"])
        }
        _ => false,
    }
}

/// The line that says the same, from what was read of it.
fn written(Line { command, created_at }: &Line) -> Value {
    let mut line = json!({
        "id": command.id, "created_at": created_at.to_rfc3339(), "object_ids": [], "event_type": "Geboorte", "event_version": "2",
        "event_source_id": command.caller.source.id, "event_source_type": &*command.caller.source.source_type,
    });
    let with = |mut data: Value, reason: &Option<String>| {
        if let Some(reason) = reason {
            data["reason"] = json!(reason);
        }
        data
    };
    let (kind, references, data) = match &command.act {
        Act::Claim { event_type, version, data, occurred_at, based_on, object_ids } => {
            line["event_type"] = json!(&**event_type);
            line["event_version"] = json!(&**version);
            line["object_ids"] = json!(object_ids);
            line["occurred_at"] = json!(occurred_at.map(|moment| moment.to_rfc3339()));
            (EventKind::Claim, based_on.clone(), data.clone())
        }
        Act::Amend { target, event_type, version, data, occurred_at, reason } => {
            line["event_type"] = json!(&**event_type);
            line["event_version"] = json!(&**version);
            line["occurred_at"] = json!(occurred_at.map(|moment| moment.to_rfc3339()));
            (EventKind::Correction, vec![*target], with(json!({ "action": "amend", "data": data }), reason))
        }
        Act::Annul { target, reason } => {
            (EventKind::Correction, vec![*target], with(json!({ "action": "annul" }), reason))
        }
        Act::Validate { target, verdict, reason } => {
            let verdict = match verdict {
                Verdict::Accepted => "accepted",
                Verdict::Rejected => "rejected",
            };
            (EventKind::Validation, vec![*target], with(json!({ "verdict": verdict }), reason))
        }
    };
    line["event_kind"] = json!(kind.name());
    line["event_reference"] = json!(references);
    line["event_data"] = data;
    line
}

fn refused_in_order(refused: &line::Refused) -> Result<(), TestCaseError> {
    let Finding { code, message, path, .. } = &refused.finding;
    prop_assert!([FindingCode::InvalidData, FindingCode::InvalidMoment].contains(code), "{code:?}");
    prop_assert!(
        !message.is_empty() && message.chars().count() < 300 && !message.contains('\n'),
        "{message}"
    );
    prop_assert!(path.len() < 2 && path.iter().all(|name| name.chars().count() <= 61), "{path:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_read_where_it_is_an_event_and_written_again_it_is_the_same(event in event(), slips in slips()) {
        let event = slip(event, slips);
        let text = event.to_string();
        // The reader of JSON refuses this anywhere.
        let nul = text.contains("\\u0000");
        match line::parse(text.as_bytes()) {
            Ok(read) => {
                prop_assert!(event.as_object().is_some_and(is_event) && !nul, "{event}");
                let again = written(&read);
                let Ok(twice) = line::parse(again.to_string().as_bytes()) else {
                    return Err(TestCaseError::fail(format!("{again} is refused")));
                };
                prop_assert_eq!(format!("{:?}", twice.command), format!("{:?}", read.command));
                prop_assert_eq!(twice.created_at, read.created_at);
            }
            Err(refused) => {
                prop_assert!(nul || !event.as_object().is_some_and(is_event), "{}: {event}", refused.finding.message);
                refused_in_order(&refused)?;
                let names_an_id = event.get("id").and_then(Value::as_str).is_some_and(is_id);
                prop_assert_eq!(refused.id.is_some(), names_an_id && !nul, "{}", event);
            }
        }
    }

    #[test]
    fn whatever_bytes_come_they_are_a_line_or_refused_in_few_words(
        event in event(), bytes in prop::collection::vec(any::<u8>(), 0..40), place in any::<Index>(), taken in 0..20usize,
    ) {
        let mut line = event.to_string().into_bytes();
        let begun = place.index(line.len());
        let ended = (begun + taken).min(line.len());
        for line in [bytes.clone(), { line.splice(begun..ended, bytes); line }] {
            if let Err(refused) = line::parse(&line) {
                refused_in_order(&refused)?;
            }
        }
    }
}
