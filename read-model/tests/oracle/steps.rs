//! Random histories of one thing.

use std::sync::Arc;

use proptest::prelude::*;
use read_model::event::{Body, Event, EventSource, Memo, ObjectId, Position, Verdict};
use serde_json::json;
use uuid::Uuid;

pub(super) const CONFIG: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
object_types:
  Thing:
    plural: things
    fields:
      by_effect: { type: String }
      by_registration: { type: String, line: registration }
      items: { type: "[String]" }
      copied: { type: String }
    search:
      effect: { field: by_effect }
      registration: { field: by_registration, match: prefix }
      item: { field: items }
event_types:
  Said:
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
          required: [thing, date]
          properties:
            thing: { $ref: "#/$defs/Thing" }
            date: { type: string, format: partial-date }
            effect: { type: string }
            registration: { type: string }
            add: { type: string }
            remove: { type: string }
            clear: { type: boolean }
    effects:
      thing:
        by_effect: { set: data.effect }
        by_registration: { set: data.registration }
        items: { add: data.add }
  Taken:
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
          required: [thing, date, item]
          properties:
            thing: { $ref: "#/$defs/Thing" }
            date: { type: string, format: partial-date }
            item: { type: string }
    effects:
      thing:
        items: { remove: data.item }
        by_effect: { clear: true }
  Copied:
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
          required: [thing, date]
          properties:
            thing: { $ref: "#/$defs/Thing" }
            date: { type: string, format: partial-date }
    effects:
      thing:
        copied: thing.by_registration
"##;

const DATES: [&str; 12] = [
    "2020-01-01",
    "2020-01-15",
    "2020-02-01",
    "2020-02-10",
    "2020-02-11",
    "2020-03-31",
    "2020-00-00",
    "2020-02-00",
    "2020-03-00",
    "0000-00-00",
    "2019-00-00",
    "2021-01-01",
];
/// One step of a random history; indexes are taken modulo what exists.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Say { date: usize, fields: [bool; 3], value: u8, based_on: Option<usize> },
    Take { date: usize, item: u8 },
    Copy { date: usize },
    Amend { target: usize, date: usize, fields: [bool; 3], value: u8 },
    Annul { target: usize },
    Validate { target: usize, accepted: bool },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let date = 0..DATES.len();
    prop_oneof![
        4 => (date.clone(), any::<[bool; 3]>(), 0..6u8, proptest::option::weighted(0.15, 0..40usize))
            .prop_map(|(date, fields, value, based_on)| Step::Say { date, fields, value, based_on }),
        1 => (date.clone(), 0..6u8).prop_map(|(date, item)| Step::Take { date, item }),
        1 => date.clone().prop_map(|date| Step::Copy { date }),
        2 => (0..40usize, date, any::<[bool; 3]>(), 0..6u8)
            .prop_map(|(target, date, fields, value)| Step::Amend { target, date, fields, value }),
        1 => (0..40usize).prop_map(|target| Step::Annul { target }),
        5 => (0..40usize, proptest::bool::weighted(0.85)).prop_map(|(target, accepted)| Step::Validate { target, accepted }),
    ]
}

pub(super) fn thing() -> ObjectId {
    Uuid::from_u128(1)
}

/// The events that the steps make; steps that find no target make none.
pub(super) fn history(steps: &[Step]) -> Vec<Arc<Event>> {
    let mut events: Vec<Arc<Event>> = Vec::new();
    for step in steps {
        let says = |date: usize, fields: [bool; 3], value: u8| {
            let mut data = json!({"thing": thing(), "date": DATES[date]});
            for (name, _) in ["effect", "registration", "add"].iter().zip(fields).filter(|(_, said)| *said) {
                data[*name] = format!("v{value}").into();
            }
            Arc::new(data)
        };
        let pick = |index: usize, fits: fn(&Event) -> bool| {
            let fitting: Vec<&Arc<Event>> = events.iter().filter(|event| fits(event)).collect();
            (!fitting.is_empty()).then(|| Arc::clone(fitting[index % fitting.len()]))
        };
        let (event_type, references, body) = match step {
            Step::Say { date, fields, value, based_on } => {
                let basis = based_on.and_then(|index| pick(index, |_| true)).map(|event| event.id);
                ("Said", basis.into_iter().collect(), Body::Claim(says(*date, *fields, *value)))
            }
            Step::Take { date, item } => {
                let data = json!({"thing": thing(), "date": DATES[*date], "item": format!("v{item}")});
                ("Taken", Vec::new(), Body::Claim(Arc::new(data)))
            }
            Step::Copy { date } => {
                let data = json!({"thing": thing(), "date": DATES[*date]});
                ("Copied", Vec::new(), Body::Claim(Arc::new(data)))
            }
            Step::Amend { target, date, fields, value } => {
                let said =
                    |event: &Event| matches!(event.body, Body::Claim(_)) && &*event.event_type == "Said";
                let Some(target) = pick(*target, said) else {
                    continue;
                };
                ("Said", vec![target.id], Body::Amend { data: says(*date, *fields, *value), reason: None })
            }
            Step::Annul { target } => {
                let Some(target) = pick(*target, |_| true) else {
                    continue;
                };
                ("Said", vec![target.id], Body::Annul { reason: None })
            }
            Step::Validate { target, accepted } => {
                let judged = |event: &Event| !matches!(event.body, Body::Validation { .. });
                let Some(target) = pick(*target, judged) else {
                    continue;
                };
                let verdict = if *accepted { Verdict::Accepted } else { Verdict::Rejected };
                ("Said", vec![target.id], Body::Validation { verdict, reason: None })
            }
        };
        let number = i64::try_from(events.len()).unwrap() + 1;
        let at = chrono::DateTime::from_timestamp(1_600_000_000 + number, 0).unwrap();
        events.push(Arc::new(Event {
            position: Position::new(number),
            id: Uuid::from_u128(1000 + u128::try_from(number).unwrap()),
            created_at: at,
            occurred_at: at,
            object_ids: vec![thing()],
            event_type: event_type.into(),
            event_version: "1".into(),
            source: EventSource { id: Uuid::nil(), source_type: "clerk".into() },
            references,
            body,
            memo: Memo::default(),
        }));
    }
    events
}
