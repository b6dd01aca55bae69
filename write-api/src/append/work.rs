//! The rows of the index of work lists that a batch makes: from its turns, from and until which event each event waits.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use read_model::event::Position;
use read_model::work::WorkKind;

use super::mirror::Head;
use crate::decide::Turn;

/// A row; or, without a kind, that the event waits no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkRow {
    pub(super) position: Position,
    pub(super) event_type: String,
    pub(super) becomes: Option<WorkKind>,
    pub(super) since: Position,
    pub(super) until: Option<Position>,
    /// Whether it is the first of its event in this batch: it ends what the index has of that event.
    pub(super) first: bool,
}

/// The rows of these turns, which follow a log that ends at `head`.
///
/// What is registered together, a microsecond after the event before it, is known together: an event of the batch does
/// not wait for the next one. `stamps` says when the events of the batch were registered; where it does not, that is
/// together.
pub(super) fn rows(turns: &[Turn], head: Head, stamps: Option<&[DateTime<Utc>]>) -> Vec<WorkRow> {
    let mut of_event: BTreeMap<Position, Vec<&Turn>> = BTreeMap::new();
    for turn in turns {
        let turns = of_event.entry(turn.position).or_default();
        // Within one command a later turn cannot follow, and what does not differ is none.
        if turns.last().is_none_or(|last| last.becomes != turn.becomes) {
            turns.push(turn);
        }
    }
    let mut rows = Vec::new();
    for (position, turns) in of_event {
        for (index, turn) in turns.iter().enumerate() {
            let until = turns.get(index + 1).map(|next| next.since);
            let is_new = position > head.position;
            let passing = until.is_some_and(|until| are_together(head, stamps, turn.since, until));
            if is_new && (passing || turn.becomes.is_none()) {
                continue;
            }
            rows.push(WorkRow {
                position,
                event_type: turn.event_type.to_string(),
                becomes: turn.becomes,
                since: turn.since,
                until,
                first: index == 0 && !is_new,
            });
        }
    }
    rows
}

/// Whether these two events of the batch follow each other at once.
fn are_together(head: Head, stamps: Option<&[DateTime<Utc>]>, since: Position, until: Position) -> bool {
    let index = |position: Position| usize::try_from(position.get() - head.position.get() - 1).ok();
    let stamp = |position| stamps.and_then(|stamps| stamps.get(index(position)?));
    let apart = stamp(since).zip(stamp(until)).map(|(since, until)| *until - *since);
    until == since.plus(1) && apart.is_none_or(|apart| apart <= TimeDelta::microseconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(position: i64, since: i64, becomes: Option<WorkKind>) -> Turn {
        let [position, since] = [position, since].map(Position::new);
        Turn { position, event_type: "Geboorte".into(), since, becomes }
    }

    /// Position, kind, since, until, and whether it is the first of its event.
    type Row = (i64, Option<WorkKind>, i64, Option<i64>, bool);

    fn of(turns: &[Turn], stamps: Option<&[DateTime<Utc>]>) -> Vec<Row> {
        let head = Head { position: Position::new(10), created_at: DateTime::UNIX_EPOCH };
        let row = |row: WorkRow| {
            (row.position.get(), row.becomes, row.since.get(), row.until.map(Position::get), row.first)
        };
        rows(turns, head, stamps).into_iter().map(row).collect()
    }

    const OPEN: Option<WorkKind> = Some(WorkKind::OpenClaim);

    #[test]
    fn what_comes_to_wait_has_a_row_and_what_waited_is_ended() {
        assert_eq!(of(&[turn(11, 11, OPEN)], None), [(11, OPEN, 11, None, false)]);
        assert_eq!(of(&[turn(4, 11, None)], None), [(4, None, 11, None, true)]);
    }

    #[test]
    fn what_waits_and_is_judged_in_one_batch_has_waited_for_that_long() {
        let contested = Some(WorkKind::Contested);
        let turns = [turn(4, 11, contested), turn(11, 11, OPEN), turn(11, 13, None), turn(4, 14, None)];
        let expected =
            [(4, contested, 11, Some(14), true), (4, None, 14, None, false), (11, OPEN, 11, Some(13), false)];
        assert_eq!(of(&turns, None), expected);
    }

    #[test]
    fn what_is_registered_together_never_waited() {
        let turns = [turn(11, 11, OPEN), turn(11, 12, None)];
        assert_eq!(of(&turns, None), []);
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(of(&turns, Some(&[at(1), at(1) + TimeDelta::microseconds(1)])), []);
        assert_eq!(of(&turns, Some(&[at(1), at(2)])), [(11, OPEN, 11, Some(12), false)]);
    }
}
