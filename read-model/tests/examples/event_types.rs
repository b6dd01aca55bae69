//! Every event type of the shipped catalogue: a clerk's example, the state that follows, and what is refused.
//!
//! The examples stand in `event_types/*.yaml`; `people.yaml` says who lives in them.

use std::collections::{BTreeMap, BTreeSet};

use read_model::catalogue::Severity;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::register::{CATALOGUE, Register, Told, read};

const FILES: [(&str, &str); 3] = [
    ("event_types/family.yaml", include_str!("event_types/family.yaml")),
    ("event_types/person.yaml", include_str!("event_types/person.yaml")),
    ("event_types/residence.yaml", include_str!("event_types/residence.yaml")),
];

/// An event type by example.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// What it tells, in a sentence.
    example: String,
    /// What happens, in the order in which the register learns it.
    when: Vec<Told>,
    /// What the register then answers.
    then: Vec<Answer>,
    /// What it refuses thereafter; every event type that has a rule to refuse by shows one.
    refused: Option<Refused>,
}

/// What is known of someone or something on a day.
#[derive(Deserialize)]
struct Answer {
    of: String,
    on: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// An event of the type that a rule refuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    by: String,
    data: Map<String, Value>,
}

fn examples() -> BTreeMap<String, Example> {
    let mut all = BTreeMap::new();
    for (file, text) in FILES {
        for (event_type, example) in read::<BTreeMap<String, Example>>(file, text) {
            assert!(all.insert(event_type.clone(), example).is_none(), "{file}: {event_type} stands twice");
        }
    }
    all
}

#[test]
fn every_event_type_has_an_example() {
    let known: BTreeSet<String> = CATALOGUE.event_types.keys().map(|name| name.to_string()).collect();
    assert_eq!(known, examples().into_keys().collect());
}

#[test]
fn every_example_leads_to_the_state_that_it_says() {
    for (event_type, Example { example, when, then, .. }) in examples() {
        let mut register = Register::with_people();
        for told in &when {
            register.tell(told);
            assert_eq!(register.breaches(Severity::Refuse), [""; 0], "{event_type}: {example} {told:?}");
        }
        assert!(
            when.iter().any(|told| told.contains_key(&event_type)),
            "{event_type} does not happen: {example}"
        );
        for Answer { of, on, fields } in then {
            for (field, expected) in fields {
                let answer = register.answer(&of, &field, &on);
                assert_eq!(answer, expected, "{event_type}: {example} The {field} of {of} on {on}");
            }
        }
    }
}

#[test]
fn every_example_shows_what_is_refused() {
    for (event_type, Example { example, when, refused, .. }) in examples() {
        let refusing = |event_type: &str| {
            let rules = &CATALOGUE.event_types[event_type].rules;
            rules.iter().any(|rule| rule.severity == Severity::Refuse)
        };
        assert_eq!(refusing(&event_type), refused.is_some(), "{event_type}: {example}");
        if let Some(Refused { by, data }) = refused {
            let mut register = Register::with_people();
            when.iter().for_each(|told| register.tell(told));
            register.tell(&Told::from([(event_type.clone(), data)]));
            assert_eq!(register.breaches(Severity::Refuse), [by], "{event_type}: {example}");
        }
    }
}
