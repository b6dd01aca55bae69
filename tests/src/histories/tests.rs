//! Anomalies planted in small histories of two objects, A and B: each is found, and called what it is.

use std::time::Duration;

use super::{Kind, Transaction, check};

/// A transaction that is sent and answered at these milliseconds.
fn at(what: &str, sent: u64, answered: u64) -> Transaction<&'static str> {
    Transaction::new(what, Duration::from_millis(sent), Duration::from_millis(answered))
}

/// The last look at everything.
fn finally(a: &[&'static str], b: &[&'static str]) -> Transaction<&'static str> {
    at("at last", 900, 910).saw("A", a.iter().copied()).saw("B", b.iter().copied())
}

fn found<const COUNT: usize>(history: [Transaction<&'static str>; COUNT]) -> Vec<Kind> {
    check(&history).anomalies.into_iter().map(|anomaly| anomaly.kind).collect()
}

#[test]
fn transactions_one_after_the_other_are_sound() {
    // Given writes, reads and a refusal, each sent after the one before was answered
    let history = [
        at("writes both", 0, 10).wrote("a1", ["A", "B"]),
        at("looks", 20, 30).saw("A", ["a1"]).saw("B", ["a1"]),
        at("adds to A", 40, 50).saw("A", ["a1"]).wrote("a2", ["A"]),
        at("is refused", 60, 70).saw_newest("A", ["a2"]).wrote("a3", ["A"]).refused(),
        finally(&["a1", "a2"], &["a1"]),
    ];
    // When it is checked
    let checked = check(&history);
    // Then nothing is wrong, and it was held against something
    assert_eq!(checked.anomalies, []);
    assert_eq!(checked.dependencies, 8);
}

#[test]
fn whatever_happens_at_once_may_come_in_any_order() {
    // Given a read that misses a write which is answered before it, but had not been when the read was sent
    let history = [
        at("looks", 0, 100).saw("A", []),
        at("writes", 10, 20).wrote("a1", ["A"]),
        at("looks too", 10, 90).saw("A", ["a1"]),
        finally(&["a1"], &[]),
    ];
    // Then it came before the write, which nothing contradicts
    assert_eq!(found(history), []);
}

#[test]
fn a_write_that_was_decided_on_an_outdated_read_is_a_lost_update() {
    // Given two who both decided on A as it was at first, and both wrote to it
    let history = [
        at("one", 0, 50).saw("A", []).wrote("a1", ["A"]),
        at("other", 0, 50).saw("A", []).wrote("a2", ["A"]),
        finally(&["a1", "a2"], &[]),
    ];
    assert_eq!(found(history), [Kind::LostUpdate]);
}

#[test]
fn half_of_what_another_did_is_read_skew() {
    // Given one who writes to both, and a reader who sees it in A and not in B
    let history = [
        at("writes both", 0, 50).wrote("a1", ["A", "B"]),
        at("looks", 0, 50).saw("A", ["a1"]).saw("B", []),
        finally(&["a1"], &["a1"]),
    ];
    assert_eq!(found(history), [Kind::ReadSkew]);
}

#[test]
fn the_first_of_two_events_that_belong_together_is_read_skew() {
    // Given one who adds two events at once, and a reader who sees the first alone
    let history = [
        at("adds two", 0, 50).wrote("a1", ["A"]).wrote("a2", ["A"]),
        at("looks", 0, 50).saw("A", ["a1"]),
        finally(&["a1", "a2"], &[]),
    ];
    assert_eq!(found(history), [Kind::ReadSkew]);
}

#[test]
fn two_who_each_decide_on_what_the_other_changes_are_write_skew() {
    // Given one who looks at A and writes to B, and another who looks at B and writes to A
    let history = [
        at("writes B", 0, 50).saw("A", []).wrote("b1", ["B"]),
        at("writes A", 0, 50).saw("B", []).wrote("a1", ["A"]),
        finally(&["a1"], &["b1"]),
    ];
    assert_eq!(found(history), [Kind::WriteSkew]);
}

#[test]
fn two_readers_who_see_two_writes_in_different_orders_are_write_skew() {
    // Given writes to A and to B, one reader who sees only the first, and another who sees only the second
    let history = [
        at("writes A", 0, 90).wrote("a1", ["A"]),
        at("writes B", 0, 90).wrote("b1", ["B"]),
        at("looks", 0, 90).saw("A", ["a1"]).saw("B", []),
        at("looks too", 0, 90).saw("A", []).saw("B", ["b1"]),
        finally(&["a1"], &["b1"]),
    ];
    assert_eq!(found(history), [Kind::WriteSkew]);
}

#[test]
fn a_read_that_misses_what_was_acknowledged_before_it_was_sent_is_stale() {
    // Given a read that is sent after the write was answered, and after other things were
    let history = [
        at("writes", 0, 10).wrote("a1", ["A"]),
        at("writes elsewhere", 20, 30).wrote("b1", ["B"]),
        at("looks", 40, 50).saw("A", []),
        finally(&["a1"], &["b1"]),
    ];
    assert_eq!(found(history), [Kind::StaleRead]);
}

#[test]
fn a_refusal_that_names_what_had_ended_before_it_was_sent_is_stale() {
    // Given a refusal for an event after which another was acknowledged
    let history = [
        at("writes", 0, 10).wrote("a1", ["A"]),
        at("writes again", 20, 30).wrote("a2", ["A"]),
        at("is refused", 40, 50).saw_newest("A", ["a1", "b1"]).wrote("a3", ["A"]).refused(),
        at("writes elsewhere", 60, 70).wrote("b1", ["B"]),
        finally(&["a1", "a2"], &["b1"]),
    ];
    assert_eq!(found(history), [Kind::StaleRead]);
}

#[test]
fn a_write_that_stands_before_one_that_was_acknowledged_earlier_is_against_the_clock() {
    let history = [
        at("writes first", 0, 10).wrote("a1", ["A"]),
        at("writes later", 20, 30).wrote("a2", ["A"]),
        finally(&["a2", "a1"], &[]),
    ];
    assert_eq!(found(history), [Kind::AgainstTheClock]);
}

#[test]
fn writes_that_overtake_each_other_are_dirty() {
    // Given two who write to both, in other orders
    let history = [
        at("one", 0, 50).wrote("x", ["A", "B"]),
        at("other", 0, 50).wrote("y", ["A", "B"]),
        finally(&["x", "y"], &["y", "x"]),
    ];
    assert_eq!(found(history), [Kind::DirtyWrite]);
}

#[test]
fn two_who_each_saw_what_the_other_wrote_are_circular() {
    let history = [
        at("one", 0, 50).saw("A", ["a1"]).wrote("b1", ["B"]),
        at("other", 0, 50).saw("B", ["b1"]).wrote("a1", ["A"]),
        finally(&["a1"], &["b1"]),
    ];
    assert_eq!(found(history), [Kind::CircularInformation]);
}

#[test]
fn two_lists_of_which_neither_begins_the_other_are_incompatible() {
    let history = [
        at("one", 0, 90).wrote("a1", ["A"]),
        at("other", 0, 90).wrote("a2", ["A"]),
        at("looks", 0, 90).saw("A", ["a2"]),
        finally(&["a1", "a2"], &[]),
    ];
    assert_eq!(found(history), [Kind::IncompatibleOrders]);
}

#[test]
fn a_refused_write_that_somebody_saw_is_an_aborted_read() {
    let history = [
        at("is refused", 0, 10).wrote("a1", ["A"]).refused(),
        at("looks", 20, 30).saw("A", ["a1"]),
        finally(&["a1"], &[]),
    ];
    assert_eq!(found(history), [Kind::AbortedRead]);
}

#[test]
fn a_refusal_that_names_a_refused_write_is_an_aborted_read() {
    let history = [
        at("is refused", 0, 10).wrote("a1", ["A"]).refused(),
        at("is refused for it", 20, 30).saw_newest("A", ["a1"]).wrote("a2", ["A"]).refused(),
        finally(&[], &[]),
    ];
    assert_eq!(found(history), [Kind::AbortedRead]);
}

#[test]
fn a_refusal_that_names_what_it_would_have_written_itself_is_sound() {
    let history =
        [at("is refused", 0, 10).saw_newest("A", ["a1"]).wrote("a1", ["A"]).refused(), finally(&[], &[])];
    assert_eq!(found(history), []);
}

#[test]
fn an_acknowledged_write_that_is_not_there_is_lost() {
    let history = [at("writes both", 0, 10).wrote("a1", ["A", "B"]), finally(&["a1"], &[])];
    assert_eq!(found(history), [Kind::LostWrite]);
}

#[test]
fn an_event_that_nobody_wrote_is_unknown() {
    assert_eq!(found([finally(&["a1"], &[])]), [Kind::UnknownEvent]);
}

#[test]
fn an_event_that_stands_twice_is_doubled() {
    let history = [at("writes", 0, 10).wrote("a1", ["A"]), finally(&["a1", "a1"], &[])];
    assert_eq!(found(history), [Kind::DoubledEvent]);
}

#[test]
fn of_many_that_depend_on_each_other_the_shortest_cycle_is_told_and_the_clock_comes_last() {
    // Given a lost update, and reads around it which are stale as well
    let history = [
        at("one", 0, 50).saw("A", []).wrote("a1", ["A"]),
        at("other", 0, 60).saw("A", []).wrote("a2", ["A"]),
        at("looks", 70, 80).saw("A", []),
        finally(&["a1", "a2"], &[]),
    ];
    // When it is checked
    let [anomaly] = &check(&history).anomalies[..] else { panic!("one anomaly") };
    // Then the story is of the two alone
    assert_eq!(
        anomaly.to_string(),
        "lost update: each of these came before the next, and the last before the first
  one (0.0000 to 0.0500 s), saw nothing of A, wrote a1 to A
    came before the next one, which wrote a2 to A after its a1
  other (0.0000 to 0.0600 s), saw nothing of A, wrote a2 to A
    came before the next one, whose a1 of A it did not see"
    );
}

#[test]
fn a_long_history_is_checked_as_a_short_one() {
    // Given 20,000 who each add to A, and one in the middle who did not see the one before
    let mut list: Vec<usize> = Vec::new();
    let mut history: Vec<Transaction<usize>> = Vec::new();
    for place in 1..=20_000 {
        let moment = |step: u64| Duration::from_micros(place as u64 * 10 + step);
        let seen = if place == 10_000 { place - 2 } else { place - 1 };
        let newest = (seen > 0).then_some(seen);
        history.push(Transaction::new("adds", moment(0), moment(5)).saw_newest(0, newest).wrote(place, [0]));
        list.push(place);
    }
    history.push(Transaction::new("at last", Duration::from_secs(1), Duration::from_secs(2)).saw(0, list));
    // When it is checked
    let checked = check(&history);
    // Then that one alone is found
    let kinds: Vec<Kind> = checked.anomalies.iter().map(|anomaly| anomaly.kind).collect();
    assert_eq!(kinds, [Kind::LostUpdate]);
}
