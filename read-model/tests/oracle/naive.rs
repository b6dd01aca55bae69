//! The rules of the design, written in the most naive way.

use std::sync::Arc;

use read_model::basis::Trust;
use read_model::event::{Body, Event, EventId, Verdict};
use read_model::time::{Day, PartialDate};
use serde_json::{Value, json};

/// The rules of the design, sentence by sentence, without any thought for speed.
pub(super) struct Naive<'a> {
    pub(super) known: &'a [Arc<Event>],
    pub(super) trust: Trust,
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

    pub(super) fn answer(&self, field: &str, day: Day) -> Option<Value> {
        let given = |data: &Value, key: &str| data.get(key).cloned().map(Some);
        match field {
            "by_effect" => {
                let said = self.said(|event_type, data| match event_type {
                    "Taken" => Some(None),
                    "Said" => given(data, "effect"),
                    _ => None,
                });
                let begun = (0..said.len()).filter(|index| begin(&said, *index) <= day);
                let last = begun.max_by_key(|index| (begin(&said, *index), said[*index].0))?;
                said[last].2.clone()
            }
            "by_registration" => {
                let said = self.residences();
                let holds = |index: &usize| {
                    begin(&said, *index) <= day && end(&said, *index).is_none_or(|end| day < end)
                };
                let newest = (0..said.len()).filter(holds).max()?;
                said[newest].2.clone()
            }
            "copied" => {
                let said = self.said(|event_type, _| (event_type == "Copied").then_some(None));
                let begun = (0..said.len()).filter(|index| begin(&said, *index) <= day);
                let last = begun.max_by_key(|index| (begin(&said, *index), said[*index].0))?;
                self.registered_just_before(said[last].1.earliest(), said[last].0)
            }
            _ => self.items(day),
        }
    }

    /// What is said of `by_registration`.
    fn residences(&self) -> Vec<Said> {
        self.said(|event_type, data| match event_type {
            "Said" => data.get("registration").cloned().map(Some),
            _ => None,
        })
    }

    /// The answer of `by_registration` just before the effects of a claim.
    fn registered_just_before(&self, day: Day, claim: i64) -> Option<Value> {
        let said = self.residences();
        let begun = |index: &usize| (begin(&said, *index), said[*index].0) < (day, claim);
        let holds = |index: &usize| {
            begun(index)
                && !(index + 1..said.len())
                    .any(|later| begun(&later) && (later == index + 1 || said[later].1.is_certain()))
        };
        said[(0..said.len()).filter(holds).max()?].2.clone()
    }

    /// Every value of `by_registration` that holds on a day, newest registered first.
    pub(super) fn all_registered(&self, day: Day) -> Vec<Value> {
        let said = self.residences();
        let holds =
            |index: &usize| begin(&said, *index) <= day && end(&said, *index).is_none_or(|end| day < end);
        (0..said.len()).rev().filter(holds).filter_map(|index| said[index].2.clone()).collect()
    }

    fn items(&self, day: Day) -> Option<Value> {
        let mut said = self.said(|event_type, data| match event_type {
            "Taken" => Some(Some(json!({"remove": data["item"]}))),
            "Copied" => None,
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
