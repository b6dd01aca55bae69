//! The fold against an independent oracle: the rules of the design, written in the most naive way.
//!
//! For random histories of claims, validations, amends and annulments, some with partial dates and bases, every point
//! (`asOf`, `knownAt`, `minTrust`) of a grid must give the same answers, however it is asked for.
#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    reason = "an oracle is written to be compared with the design, sentence by sentence, and fails where it is surprised"
)]

mod naive;
mod steps;

use std::collections::HashSet;
use std::sync::Arc;

use naive::Naive;
use proptest::prelude::*;
use read_model::basis::Trust;
use read_model::catalogue::{Catalogue, Terms};
use read_model::event::{Event, EventId, Position};
use read_model::fold::{
    Assertion, Dossier, Extended, FieldLine, Folded, Period, Side, World, difference, rests_on, timeline,
};
use read_model::history::History;
use read_model::resolve::{Assuming, Resolution};
use read_model::time::Day;
use serde_json::Value;
use steps::{CONFIG, Step, history, step, thing};

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

const FIELDS: [&str; 4] = ["by_effect", "by_registration", "items", "copied"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

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
            for (day, field) in GRID.iter().flat_map(|day| FIELDS.map(|field| (day, field))) {
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
                for (day, field) in GRID.iter().flat_map(|day| FIELDS.map(|field| (day, field))) {
                    let day: Day = day.parse().unwrap();
                    let answer = |world: &World| world.object(thing()).and_then(|state| state.value(field, day));
                    prop_assert_eq!(answer(kept.world()), answer(anew), "{} on {} known at {}", field, day, event.position);
                }
            } else {
                kept = Some(anew);
            }
        }
    }

    #[test]
    fn what_held_on_a_day_is_what_the_naive_reading_gives(steps in proptest::collection::vec(step(), 1..40)) {
        let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
        let events = history(&steps);
        let whole = complete(&events);
        for (known, trust) in (0..=events.len()).flat_map(|known| [(known, Trust::Validated), (known, Trust::Claimed)]) {
            let position = Position::new(i64::try_from(known).unwrap());
            let world = World::fold(&catalogue, &whole, position, trust).unwrap();
            let naive = Naive { known: &events[..known], trust };
            for (day, field) in grid() {
                let line = world.object(thing()).and_then(|state| state.line(field));
                let answered = line.map(|line| line.answered()).unwrap_or_default();
                prop_assert_eq!(on(&answered, field, day), naive.answer(field, day), "{} on {:?}", field, day);
                if field == "by_registration" {
                    let mut held = line.map(|line| line.held()).unwrap_or_default();
                    held.retain(|period| period.includes(day));
                    held.sort_by_key(|period| std::cmp::Reverse(period.said.begins.position));
                    let held: Vec<Value> = held.iter().filter_map(Period::value).cloned().collect();
                    prop_assert_eq!(held, naive.all_registered(day), "on {:?} known at {} {:?}", day, position, trust);
                }
            }
        }
    }

    #[test]
    fn the_rectangles_cover_the_plane_without_overlap_and_equal_the_points(steps in proptest::collection::vec(step(), 1..40)) {
        let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
        let events = history(&steps);
        let (whole, last) = (complete(&events), Position::new(i64::try_from(events.len()).unwrap()));
        for trust in [Trust::Validated, Trust::Claimed] {
            let rectangles = timeline(&catalogue, &whole, thing(), last, trust).unwrap();
            for known in 0..=events.len() {
                let position = Position::new(i64::try_from(known).unwrap());
                let naive = Naive { known: &events[..known], trust };
                for (day, field) in grid() {
                    let known_then = rectangles.get(field).into_iter().flatten().filter(|rectangle| {
                        rectangle.known_from.position <= position
                            && rectangle.known_until.as_ref().is_none_or(|until| position < until.position)
                    });
                    let mut there: Vec<Period> = known_then.map(|rectangle| rectangle.period.clone()).collect();
                    there.retain(|period| period.includes(day));
                    prop_assert!(field == "items" || there.len() <= 1, "{} on {:?} known at {}", field, day, position);
                    prop_assert_eq!(on(&there, field, day), naive.answer(field, day), "{} on {:?} known at {} {:?}", field, day, position, trust);
                }
            }
        }
    }

    #[test]
    fn the_events_that_a_value_cites_are_enough_for_it(steps in proptest::collection::vec(step(), 1..40)) {
        cited_events_are_enough(&history(&steps))?;
    }

    #[test]
    fn what_differs_between_two_points_is_what_the_naive_answers_differ_in(
        steps in proptest::collection::vec(step(), 1..30), known in (0..30usize, 0..30usize),
    ) {
        let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
        let events = history(&steps);
        let whole = complete(&events);
        let known = [known.0, known.1].map(|known| known.min(events.len()));
        let folded = known.map(|known| {
            let position = Position::new(i64::try_from(known).unwrap());
            Folded::at(&catalogue, &whole, position, Trust::Validated, Assuming::default()).unwrap().into_parts()
        });
        for (from, to) in GRID.iter().flat_map(|from| GRID.map(|to| (from.parse().unwrap(), to.parse().unwrap()))) {
            let side = |index: usize, day: Day| Side { world: &folded[index].0, resolution: &folded[index].1, day };
            prop_assert!(difference(&catalogue, thing(), side(0, from), side(0, from)).unwrap().told().is_some_and(|changes| changes.is_empty()));
            let changes = difference(&catalogue, thing(), side(0, from), side(1, to)).unwrap().told().unwrap();
            for field in FIELDS {
                let naive = |known: usize, day: Day| {
                    Naive { known: &events[..known], trust: Trust::Validated }.answer(field, day)
                };
                let (before, after) = (naive(known[0], from), naive(known[1], to));
                let change = changes.iter().find(|change| *change.field == *field);
                let told = change.map_or((before.clone(), before.clone()), |change| (change.before.clone(), change.after.clone()));
                prop_assert_eq!(&told, &(before.clone(), after.clone()), "{} from {:?} to {:?}", field, from, to);
                // No derived field is there, so every difference comes through events, known at one of the two.
                let last = known.into_iter().max().unwrap();
                if let Some(change) = change {
                    prop_assert!(!change.events.is_empty(), "{} from {:?} to {:?}", field, from, to);
                    prop_assert!(change.events.iter().all(|event| event.position.get() <= i64::try_from(last).unwrap()));
                }
            }
        }
    }

    #[test]
    fn whoever_has_a_value_at_a_point_is_led_to_by_a_term_that_was_known_there(steps in proptest::collection::vec(step(), 1..40)) {
        let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
        let events = history(&steps);
        let searches = &catalogue.object_types["Thing"].searches;
        for known in 0..=events.len() {
            let known = &events[..known];
            let terms: Vec<_> = known.iter().flat_map(|event| catalogue.search_terms(event)).collect();
            for (trust, day) in [Trust::Validated, Trust::Claimed].into_iter().flat_map(|trust| GRID.map(|day| (trust, day))) {
                for search in searches.values() {
                    let Some(value) = (Naive { known, trust }).answer(search.path.field(), day.parse().unwrap()) else { continue };
                    for wanted in ["v0", "V3", "v5"] {
                        let sought = search.sought(wanted).unwrap();
                        let Terms { exact, between } = sought.terms();
                        let led = terms.iter().any(|found| {
                            found.search == search.index
                                && (exact.contains(&found.term) || (between.0 <= found.term && found.term < between.1))
                        });
                        prop_assert!(led || !search.finds(&value, &sought), "{} on {}", search.index, day);
                    }
                }
            }
        }
    }
}

/// An uncertain date would give way to the claim that it is based on, were it not for another between the two.
#[test]
fn what_keeps_an_uncertain_date_from_giving_way_is_cited() {
    let said = |date, based_on| Step::Say { date, fields: [true, false, false], value: 0, based_on };
    let accept = |target| Step::Validate { target, accepted: true };
    let (first, unknown, year) = (0, 9, 6);
    let between =
        [said(first, None), said(unknown, None), said(year, Some(0)), accept(0), accept(1), accept(2)];
    cited_events_are_enough(&history(&between)).unwrap();
    let amended = Step::Amend { target: 0, date: 11, fields: [true, false, false], value: 0 };
    let elsewhere = [said(first, None), amended, said(year, Some(0)), accept(0), accept(1), accept(2)];
    cited_events_are_enough(&history(&elsewhere)).unwrap();
}

/// What is based on another is there without it being said; then the other begins on its own.
#[test]
fn an_event_that_others_rested_on_makes_a_difference_where_it_says_something_itself() {
    let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
    let item = |date, value, based_on| Step::Say { date, fields: [false, false, true], value, based_on };
    let accept = |target| Step::Validate { target, accepted: true };
    let events = history(&[item(0, 0, None), item(9, 1, Some(0)), accept(20), accept(13)]);
    let last = Position::new(i64::try_from(events.len()).unwrap());
    let folded = Folded::at(&catalogue, &complete(&events), last, Trust::Validated, Assuming::default());
    let (world, resolution) = folded.unwrap().into_parts();
    let side = |day: &str| Side { world: &world, resolution: &resolution, day: day.parse().unwrap() };
    let changes =
        difference(&catalogue, thing(), side("0001-01-01"), side("2020-01-01")).unwrap().told().unwrap();
    let items = changes.iter().find(|change| *change.field == *"items").unwrap();
    assert!(items.events.iter().any(|event| event.id == events[0].id), "{:?}", items.events);
}

/// Every value of a history is there from the events alone that it cites, and is not without any of them, or not for the
/// same reasons.
fn cited_events_are_enough(events: &[Arc<Event>]) -> Result<(), TestCaseError> {
    let catalogue = Catalogue::compile("oracle.yaml", CONFIG).unwrap();
    let (whole, last) = (complete(events), Position::new(i64::try_from(events.len()).unwrap()));
    let (world, resolution) =
        Folded::at(&catalogue, &whole, last, Trust::Validated, Assuming::default()).unwrap().into_parts();
    for field in FIELDS {
        let Some(line) = world.object(thing()).and_then(|state| state.line(field)) else { continue };
        for period in line.answered() {
            let reasons = cited(&world, &resolution, line, &period.said);
            let alone: Vec<Arc<Event>> =
                events.iter().filter(|event| reasons.contains(&event.id)).cloned().collect();
            let folded = World::fold(&catalogue, &complete(&alone), last, Trust::Validated).unwrap();
            let line = folded.object(thing()).and_then(|state| state.line(field)).unwrap();
            let again = line.of_claim(period.said.begins.position).next().unwrap();
            prop_assert_eq!(&again.change, &period.said.change, "{} from {:?}", field, period.from);
            prop_assert_eq!(again.begins, period.said.begins, "{} from {:?}", field, period.from);
            // Without any one of them it is no longer said, or said for other reasons.
            for missing in &reasons {
                let rest: Vec<Arc<Event>> =
                    events.iter().filter(|event| event.id != *missing).cloned().collect();
                let (world, resolution) =
                    Folded::at(&catalogue, &complete(&rest), last, Trust::Validated, Assuming::default())
                        .unwrap()
                        .into_parts();
                let line = world.object(thing()).and_then(|state| state.line(field)).cloned();
                let still = line.as_ref().and_then(|line| line.of_claim(period.said.begins.position).next());
                let same = still.is_some_and(|still| {
                    reasons == cited(&world, &resolution, line.as_ref().unwrap(), still)
                });
                prop_assert!(!same, "{} from {:?} without {}", field, period.from, missing);
            }
        }
    }
    Ok(())
}

/// The events that make it so that something is said, and those that it rests on beside them.
fn cited(world: &World, resolution: &Resolution, line: &FieldLine, said: &Assertion) -> HashSet<EventId> {
    let rests_on = rests_on(world, resolution, line, said);
    said.because.events().chain(&rests_on).map(|event| event.id).collect()
}

fn grid() -> impl Iterator<Item = (Day, &'static str)> {
    GRID.iter().flat_map(|day| FIELDS.map(|field| (day.parse().unwrap(), field)))
}

fn complete(events: &[Arc<Event>]) -> History {
    let mut whole = History::of([thing()]);
    whole.add([thing()], events.iter().cloned());
    whole
}

/// What periods answer on a day: the value of the one, or of a list all, in the order in which they were added.
fn on(periods: &[Period], field: &str, day: Day) -> Option<Value> {
    let mut there: Vec<&Period> = periods.iter().filter(|period| period.includes(day)).collect();
    there.sort_by_key(|period| period.said.begins);
    let values: Vec<Value> = there.into_iter().filter_map(Period::value).cloned().collect();
    match (field, values.as_slice()) {
        (_, []) => None,
        ("items", _) => Some(values.into()),
        (_, [value]) => Some(value.clone()),
        (_, several) => panic!("{field} has {} values on {day}", several.len()),
    }
}
