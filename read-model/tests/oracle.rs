//! The fold against an independent oracle: the rules of the design, written in the most naive way.
//!
//! For random histories of claims, validations, amends and annulments, some with partial dates and bases, every point
//! (`asOf`, `knownAt`, `minTrust`) of a grid must give the same answers.
#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    reason = "an oracle is written to be compared with the design, sentence by sentence, and fails where it is surprised"
)]

use std::sync::Arc;

use proptest::prelude::*;
use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Body, Event, EventId, EventSource, Memo, ObjectId, Position, Verdict};
use read_model::fold::{Dossier, Extended, World};
use read_model::history::History;
use read_model::time::{Day, PartialDate};
use serde_json::{Value, json};
use uuid::Uuid;

const CONFIG: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
object_types:
  Thing:
    plural: things
    fields:
      by_effect: { type: String }
      by_registration: { type: String, line: registration }
      items: { type: "[String]" }
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
const GRID: [&str; 9] = [
    "0001-01-01",
    "2019-01-01",
    "2020-01-01",
    "2020-01-16",
    "2020-02-02",
    "2020-02-11",
    "2020-03-01",
    "2020-12-31",
    "2021-06-01",
];

/// One step of a random history; indexes are taken modulo what exists.
#[derive(Clone, Debug)]
enum Step {
    Say { date: usize, fields: [bool; 3], value: u8, based_on: Option<usize> },
    Take { date: usize, item: u8 },
    Amend { target: usize, date: usize, fields: [bool; 3], value: u8 },
    Annul { target: usize },
    Validate { target: usize, accepted: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let date = 0..DATES.len();
    prop_oneof![
        4 => (date.clone(), any::<[bool; 3]>(), 0..6u8, proptest::option::weighted(0.15, 0..40usize))
            .prop_map(|(date, fields, value, based_on)| Step::Say { date, fields, value, based_on }),
        1 => (date.clone(), 0..6u8).prop_map(|(date, item)| Step::Take { date, item }),
        2 => (0..40usize, date, any::<[bool; 3]>(), 0..6u8)
            .prop_map(|(target, date, fields, value)| Step::Amend { target, date, fields, value }),
        1 => (0..40usize).prop_map(|target| Step::Annul { target }),
        5 => (0..40usize, proptest::bool::weighted(0.85)).prop_map(|(target, accepted)| Step::Validate { target, accepted }),
    ]
}

fn thing() -> ObjectId {
    Uuid::from_u128(1)
}

/// The events that the steps make; steps that find no target make none.
fn history(steps: &[Step]) -> Vec<Arc<Event>> {
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

/// The rules of the design, sentence by sentence, without any thought for speed.
struct Naive<'a> {
    known: &'a [Arc<Event>],
    trust: Trust,
}

/// What one claim says of one field: its position, its date, what it says.
type Said = (i64, PartialDate, Option<Value>);

impl Naive<'_> {
    fn find(&self, id: EventId) -> Option<&Event> {
        self.known.iter().find(|event| event.id == id).map(|event| &**event)
    }

    fn annulled(&self, event: &Event) -> bool {
        self.known.iter().any(|other| {
            matches!(other.body, Body::Annul { .. }) && other.references == [event.id] && self.in_force(other)
        })
    }

    fn accepted(&self, event: &Event) -> bool {
        let verdict = self.known.iter().rev().find_map(|other| match other.body {
            Body::Validation { verdict, .. } if other.references == [event.id] && !self.annulled(other) => {
                Some(verdict)
            }
            _ => None,
        });
        verdict.map_or(self.trust == Trust::Claimed, |verdict| verdict == Verdict::Accepted)
    }

    fn in_force(&self, correction: &Event) -> bool {
        !self.annulled(correction) && self.accepted(correction)
    }

    fn counts(&self, claim: &Event) -> bool {
        !self.annulled(claim)
            && self.accepted(claim)
            && claim.references.iter().all(|basis| match self.find(*basis) {
                None => false,
                Some(basis) => match basis.body {
                    Body::Claim(_) => self.counts(basis),
                    Body::Amend { .. } | Body::Annul { .. } => self.in_force(basis),
                    Body::Validation { .. } => !self.annulled(basis),
                },
            })
    }

    fn content(&self, claim: &Event) -> Value {
        let amend = self.known.iter().rev().find_map(|other| match &other.body {
            Body::Amend { data, .. } if other.references == [claim.id] && self.in_force(other) => Some(data),
            _ => None,
        });
        let own = claim.body.content().unwrap();
        Value::clone(amend.unwrap_or(own))
    }

    /// What the claims that count say of a field, in order of registration.
    fn said(&self, of: impl Fn(&str, &Value) -> Option<Option<Value>>) -> Vec<Said> {
        let claims =
            self.known.iter().filter(|event| matches!(event.body, Body::Claim(_)) && self.counts(event));
        claims
            .filter_map(|claim| {
                let data = self.content(claim);
                let date = data["date"].as_str().unwrap().parse().unwrap();
                of(&claim.event_type, &data).map(|value| (claim.position.get(), date, value))
            })
            .collect()
    }

    fn answer(&self, field: &str, day: Day) -> Option<Value> {
        let given = |data: &Value, key: &str| data.get(key).cloned().map(Some);
        match field {
            "by_effect" => {
                let said = self.said(|event_type, data| match event_type {
                    "Taken" => Some(None),
                    _ => given(data, "effect"),
                });
                let begun = (0..said.len()).filter(|index| begin(&said, *index) <= day);
                let last = begun.max_by_key(|index| (begin(&said, *index), said[*index].0))?;
                said[last].2.clone()
            }
            "by_registration" => {
                let said = self.said(
                    |event_type, data| {
                        if event_type == "Said" { given(data, "registration") } else { None }
                    },
                );
                let holds = |index: &usize| {
                    begin(&said, *index) <= day && end(&said, *index).is_none_or(|end| day < end)
                };
                let newest = (0..said.len()).filter(holds).max()?;
                said[newest].2.clone()
            }
            _ => self.items(day),
        }
    }

    fn items(&self, day: Day) -> Option<Value> {
        let mut said = self.said(|event_type, data| match event_type {
            "Taken" => Some(Some(json!({"remove": data["item"]}))),
            _ => data.get("add").map(|item| Some(json!({"add": item}))),
        });
        said.retain(|(_, date, _)| date.earliest() <= day);
        said.sort_by_key(|(position, date, _)| (date.earliest(), *position));
        let mut items: Vec<Value> = Vec::new();
        for (_, _, change) in said {
            let change = change.unwrap();
            match change.get("add") {
                Some(item) if !items.contains(item) => items.push(item.clone()),
                Some(_) => {}
                None => items.retain(|item| *item != change["remove"]),
            }
        }
        (!items.is_empty()).then(|| items.into())
    }
}

/// On its earliest day; except where the claim registered directly before it on the same field has its earliest day
/// inside this one's uncertain period (and that day is known at all): then on the day after that earliest day.
fn begin(said: &[Said], index: usize) -> Day {
    let date = said[index].1;
    let before =
        index.checked_sub(1).map(|before| said[before].1).filter(|before| *before != PartialDate::UNKNOWN);
    match before {
        Some(before)
            if !date.is_certain()
                && date.earliest() <= before.earliest()
                && before.earliest() <= date.latest() =>
        {
            before.earliest().plus(1)
        }
        _ => date.earliest(),
    }
}

/// The earliest of the beginning of the one registered next and the beginnings of all registered later with a certain date.
fn end(said: &[Said], index: usize) -> Option<Day> {
    let next = (index + 1 < said.len()).then(|| begin(said, index + 1));
    let certain =
        (index + 1..said.len()).filter(|later| said[*later].1.is_certain()).map(|later| begin(said, later));
    next.into_iter().chain(certain).min()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_point_of_the_plane_answers_as_the_naive_reading_of_the_rules(steps in proptest::collection::vec(step(), 1..40)) {
        let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
        let events = history(&steps);
        let mut whole = History::of([thing()]);
        whole.add([thing()], events.iter().cloned());
        for (known, trust) in (0..=events.len()).flat_map(|known| [(known, Trust::Validated), (known, Trust::Claimed)]) {
            let position = Position::new(i64::try_from(known).unwrap());
            let world = World::fold(&catalogue, &whole, position, trust).unwrap();
            let naive = Naive { known: &events[..known], trust };
            for (day, field) in GRID.iter().flat_map(|day| ["by_effect", "by_registration", "items"].map(|field| (day, field))) {
                let day: Day = day.parse().unwrap();
                let answer = world.object(thing()).and_then(|state| state.value(field, day));
                prop_assert_eq!(answer, naive.answer(field, day), "{} on {} known at {} {:?}", field, day, position, trust);
            }
        }
    }

    #[test]
    fn a_dossier_that_is_extended_event_by_event_is_the_same_as_one_folded_anew(steps in proptest::collection::vec(step(), 1..40)) {
        let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
        let events = history(&steps);
        let mut whole = History::of([thing()]);
        whole.add([thing()], events.iter().cloned());
        let mut kept: Option<Dossier> = None;
        for event in &events {
            let extended = kept.as_mut().map(|dossier| dossier.extend(&catalogue, event).unwrap());
            let anew = Dossier::of(&catalogue, thing(), &whole, event.position).unwrap();
            if extended == Some(Extended::Yes) {
                let (kept, anew) = (kept.as_ref().unwrap(), anew.world());
                for (day, field) in GRID.iter().flat_map(|day| ["by_effect", "by_registration", "items"].map(|field| (day, field))) {
                    let day: Day = day.parse().unwrap();
                    let answer = |world: &World| world.object(thing()).and_then(|state| state.value(field, day));
                    prop_assert_eq!(answer(kept.world()), answer(anew), "{} on {} known at {}", field, day, event.position);
                }
            } else {
                kept = Some(anew);
            }
        }
    }
}
