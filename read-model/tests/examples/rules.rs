//! Every rule of the shipped catalogue, both ways: an example that keeps it and one that breaks it.
//!
//! The examples stand in `rules/*.yaml`, so that a clerk can read them and add one; `people.yaml` says who lives in them. What is `given` keeps every rule; an event that `keeps` the rule breaks none; one that `breaks` it breaks
//! it alone, whatever it would only be warned of.

use std::collections::{BTreeMap, BTreeSet};

use read_model::catalogue::Severity;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::register::{CATALOGUE, Register, Told, read};

const TABLES: [(&str, &str); 5] = [
    ("parents.yaml", include_str!("rules/parents.yaml")),
    ("bonds.yaml", include_str!("rules/bonds.yaml")),
    ("residence.yaml", include_str!("rules/residence.yaml")),
    ("person.yaml", include_str!("rules/person.yaml")),
    ("care.yaml", include_str!("rules/care.yaml")),
];

/// The examples of one rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    #[serde(default)]
    given: Vec<Told>,
    keeps: OneOrMore,
    breaks: OneOrMore,
}

/// One event's data, or those of several that stand beside each other.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Map<String, Value>),
    More(Vec<Map<String, Value>>),
}

impl OneOrMore {
    fn all(&self) -> &[Map<String, Value>] {
        match self {
            Self::One(data) => std::slice::from_ref(data),
            Self::More(all) => all,
        }
    }
}

/// Event type → rule → its examples.
type Table = BTreeMap<String, BTreeMap<String, Examples>>;

fn tables() -> impl Iterator<Item = (&'static str, Table)> {
    TABLES.iter().map(|(file, text)| (*file, read(file, text)))
}

#[test]
fn every_rule_has_examples_and_every_example_a_rule() {
    let of = |event_type: &str, rule: &str| format!("{event_type}: {rule}");
    let rules: BTreeSet<String> = CATALOGUE
        .event_types
        .values()
        .flat_map(|event_type| event_type.rules.iter().map(|rule| of(&event_type.name, &rule.name)))
        .collect();
    let mut shown = BTreeSet::new();
    for (file, table) in tables() {
        for (event_type, examples) in &table {
            for rule in examples.keys() {
                assert!(
                    shown.insert(of(event_type, rule)),
                    "rules/{file}: {event_type}: {rule} stands twice"
                );
            }
        }
    }
    let without: Vec<_> = rules.difference(&shown).collect();
    assert!(without.is_empty(), "rules without an example: {without:#?}");
    let unknown: Vec<_> = shown.difference(&rules).collect();
    assert!(unknown.is_empty(), "examples of no rule: {unknown:#?}");
}

#[test]
fn every_example_keeps_or_breaks_its_rule() {
    let mut wrong = Vec::new();
    for (file, table) in tables() {
        for (event_type, rules) in &table {
            for (rule, examples) in rules {
                let found = check(event_type, rule, examples);
                wrong.extend(
                    found.into_iter().map(|what| format!("rules/{file}: {event_type}: {rule}: {what}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the examples of one rule.
fn check(event_type: &str, name: &str, examples: &Examples) -> Vec<String> {
    let rules = &CATALOGUE.event_types[event_type].rules;
    let Some(rule) = rules.iter().find(|rule| *rule.name == *name) else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    let given = || {
        let mut register = Register::with_people();
        examples.given.iter().for_each(|told| register.tell(told));
        register
    };
    let mut expect = |what: &str, data: &Map<String, Value>, severity, expected: &[&str]| {
        let mut register = given();
        register.tell(&Told::from([(event_type.to_owned(), data.clone())]));
        let breaches = register.breaches(severity);
        let as_expected = match severity {
            Severity::Refuse => breaches == expected,
            // Of warnings there may be others: examples are terse.
            Severity::Warn => breaches.iter().any(|breach| breach == name) != expected.is_empty(),
        };
        if !as_expected {
            wrong.push(format!("{what} {} breaks {breaches:?}", Value::Object(data.clone())));
        }
    };
    let none: &[&str] = &[];
    for data in examples.keeps.all() {
        expect("what keeps it", data, Severity::Refuse, none);
        expect("what keeps it", data, rule.severity, none);
    }
    for data in examples.breaks.all() {
        expect("what breaks it", data, rule.severity, &[name]);
        if rule.severity == Severity::Warn {
            expect("what is only warned of", data, Severity::Refuse, none);
        }
    }
    wrong.extend(broken_beforehand(&examples.given));
    wrong
}

/// What is given is no example of a mistake.
fn broken_beforehand(given: &[Told]) -> Option<String> {
    let mut register = Register::with_people();
    given.iter().find_map(|told| {
        register.tell(told);
        let breaches = register.breaches(Severity::Refuse);
        (!breaches.is_empty()).then(|| format!("what is given breaks {breaches:?}"))
    })
}
