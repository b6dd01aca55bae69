//! Real cases of the Dutch population register, and some of our own, answered as their authors expect.
//!
//! What they are and where they come from stands in `tests/cases/README.md`.

use tests::cases::{Comparison, compare, replay};
use tests::{F6, root};

#[tokio::test]
async fn residences_are_answered_as_the_population_register_answers_them() {
    let comparison = replayed("residence-history.json").await;
    assert_eq!(comparison.passed, 418);
    assert_eq!(comparison.otherwise.len() + comparison.all_the_same.len(), 8);
}

#[tokio::test]
async fn what_held_is_answered_on_both_lines_as_the_population_register_answers_it() {
    assert_eq!(replayed("two-axis.json").await.passed, 26);
}

#[tokio::test]
async fn residences_that_were_corrected_or_withheld_are_answered_by_the_same_rules() {
    assert!(replayed("own-residence-history.json").await.passed > 0);
}

#[tokio::test]
async fn what_was_superseded_appears_where_both_lines_are_asked_and_nowhere_else() {
    assert!(replayed("own-two-axis.json").await.passed > 0);
}

/// Replays a file of `tests/cases/`, of which no case may fail.
async fn replayed(name: &str) -> Comparison {
    let path = root().join("tests/cases").join(name);
    let file = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let answers = replay(&F6::start().await, &file).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let comparison = compare(&file, &answers).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(comparison.failed.is_empty(), "{name}:\n{comparison}");
    comparison
}
