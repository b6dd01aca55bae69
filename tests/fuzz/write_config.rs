//! `write_config.yaml` as somebody edits it.

use std::sync::{Arc, LazyLock};

use policy::Caller;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, EventSource, ObjectId, Position};
use read_model::fold::{Dossier, World};
use read_model::history::History;
use serde_json::json;
use uuid::Uuid;
use write_api::command::{Act, Command};
use write_api::decide::{Decision, Desk, Events, Resting, View, decide};

use crate::slips::{Slip, slipped, slips};
use crate::told;

const SHIPPED: &str = include_str!("../../write_config.yaml");

/// The shipped config in two: all that stands before its event types, and each of these.
static PARTS: LazyLock<(String, Vec<String>)> = LazyLock::new(|| {
    let (before, types) = SHIPPED.split_once("\nevent_types:\n").unwrap();
    let mut each: Vec<String> = Vec::new();
    for line in types.lines() {
        let begins =
            line.starts_with("  ") && !line.starts_with("   ") && !line.trim_start().starts_with('#');
        match each.last_mut() {
            Some(last) if !begins => last.push_str(&format!("\n{line}")),
            _ => each.push(line.to_owned()),
        }
    }
    (format!("{before}\nevent_types:\n"), each)
});

/// The shipped config with the birth and one other event type, which is a tenth of the work of all.
fn excerpt() -> impl Strategy<Value = String> {
    let others = PARTS.1.len() - 1;
    subsequence((1..=others).collect::<Vec<_>>(), 1).prop_map(|chosen| {
        let chosen: Vec<&str> =
            std::iter::once(0).chain(chosen).map(|place| PARTS.1[place].as_str()).collect();
        format!("{}{}", PARTS.0, chosen.join("\n"))
    })
}

/// A log with nothing in it but what was decided here.
struct Log(Vec<Arc<Event>>);

impl View for Log {
    fn of_object(&self, object: ObjectId) -> Option<Events<'_>> {
        Some(Box::new(self.0.iter().filter(move |event| event.object_ids.contains(&object))))
    }

    fn dossier(&self, _: ObjectId) -> Option<Arc<Dossier>> {
        None
    }

    fn event(&self, id: EventId) -> Option<Option<Arc<Event>>> {
        Some(self.0.iter().find(|event| event.id == id).cloned())
    }

    fn with_value(&self, _: &str, _: &str) -> Option<Vec<ObjectId>> {
        Some(Vec::new())
    }

    fn based_on(&self, _: EventId) -> Option<Vec<Resting>> {
        Some(Vec::new())
    }
}

fn child() -> ObjectId {
    Uuid::from_u128(1)
}

fn birth() -> Command {
    let source = EventSource { id: Uuid::from_u128(7), source_type: "ambtenaar".into() };
    let data = json!({
        "kind": child(), "datum": "2026-01-01", "plaats": "Zonnendaal",
        "naam": { "voornamen": "Dirk", "geslachtsnaam": "Jansen" }, "moeder": Uuid::from_u128(2),
    });
    let act = Act::Claim {
        event_type: "Geboorte".into(),
        version: "2".into(),
        data,
        occurred_at: None,
        based_on: Vec::new(),
        object_ids: None,
    };
    Command {
        id: Uuid::from_u128(42),
        caller: Caller::of(source),
        act,
        validate: true,
        despite: Vec::new(),
        if_unchanged_since: None,
    }
}

/// What a birth comes to: its events, where it is accepted.
fn births(catalogue: &Catalogue) -> Vec<Arc<Event>> {
    let registered_at = "2026-01-02T12:00:00Z".parse().unwrap();
    let (known, view) = (Position::START, &Log(Vec::new()));
    let desk = Desk { catalogue, view, known, asked: known, registered_at, trusted: true };
    match decide(desk, &birth()) {
        Ok(Decision::Accepted(accepted) | Decision::Repeated(accepted)) => accepted.events,
        Err(_) => Vec::new(),
    }
}

/// Whoever was born can be asked for, whatever becomes of the answer.
fn folds(catalogue: &Catalogue, events: &[Arc<Event>]) {
    let mut history = History::of([child()]);
    loop {
        let needs = history.needs(catalogue);
        if needs.is_empty() {
            break;
        }
        for object in needs.objects {
            history.add([object], events.iter().filter(|event| event.object_ids.contains(&object)).cloned());
        }
        for id in needs.events {
            history.add_known([id], events.iter().find(|event| event.id == id).cloned());
        }
    }
    let last = Position::new(events.len() as i64);
    if let Ok(world) = World::fold(catalogue, &history, last, Trust::Validated)
        && let Some(object_type) = catalogue.object_types.get("Persoon")
    {
        for derived in object_type.derived.values() {
            let _ = world.derived(catalogue, child(), &derived.value, "2026-01-03".parse().unwrap());
        }
    }
}

fn works(catalogue: Catalogue) {
    let catalogue = Arc::new(catalogue);
    let events = births(&catalogue);
    folds(&catalogue, &events);
    // Names that clash are told of here; nothing else may be wrong.
    let _ = write_api::graphql::print(&catalogue);
}

fn judged(text: &str) -> Result<(), TestCaseError> {
    match Catalogue::compile("write_config.yaml", text) {
        Ok(catalogue) => works(catalogue),
        Err(problems) => told(&problems, text)?,
    }
    Ok(())
}

#[test]
fn the_birth_of_these_tests_is_accepted_by_the_shipped_config() {
    let catalogue = Catalogue::compile("write_config.yaml", SHIPPED).unwrap();
    assert_eq!(births(&catalogue).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_write_config_with_slips_of_the_pen_is_right_and_works_or_is_wrong_somewhere(text in excerpt(), slips in slips()) {
        judged(&slipped(&text, &slips))?;
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_in_brackets_without_end_is_wrong_like_any_other(
        text in excerpt(), levels in prop_oneof![1..40usize, Just(200), Just(2_000), Just(20_000)], place in any::<Index>(), shape in 0..5u8,
    ) {
        let (open, close) = [("[", "]"), ("{ a: ", " }"), ("- ", ""), ("? ", ""), ("!x ", "")][usize::from(shape)];
        let nested = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        judged(&slipped(&text, &[Slip::Junk(place, nested)]))?;
    }

    #[test]
    fn aliases_that_name_each_other_until_there_are_billions_are_no_config(levels in 1..60usize, width in 1..9usize) {
        let laugh = |level: usize| format!("l{level}: &l{level} [{}]", vec![format!("*l{}", level - 1); width].join(", "));
        let laughs: Vec<String> = (1..levels).map(laugh).collect();
        let text = format!("l0: &l0 [x]\n{}", laughs.join("\n"));
        let problems = Catalogue::compile("write_config.yaml", &text).expect_err("it is no config");
        told(&problems, &text)?;
    }

    #[test]
    fn whatever_text_comes_it_is_no_config(text in prop_oneof![any::<String>(), "[a-z&*!|>{}\\[\\],:?'\"%@` \n#-]{0,200}"]) {
        let problems = Catalogue::compile("write_config.yaml", &text).expect_err("it is no config");
        told(&problems, &text)?;
    }
}
