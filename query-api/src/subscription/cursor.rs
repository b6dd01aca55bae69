//! Where a subscription to events begins, and can be taken up again.

use std::fmt;
use std::str::FromStr;

use door::shown_text;
use read_model::event::Position;

use crate::cursor;
use crate::event_page::Cursor as EventCursor;
use crate::refusal::Refusal;

/// What the cursors are of that stand among the messages of one position.
const KIND: &str = "turn";

/// Everything up to here was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// Every event up to this position. As text, the cursor that `events` gives that event.
    Event(Position),
    /// Of the events that came to be worth something else with the one at a position, those up to another.
    Turn(Within),
}

/// One of the messages of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Within {
    /// With which event.
    pub(super) through: Position,
    /// What came to be worth something else.
    pub(super) event: Position,
}

impl Cursor {
    /// The position up to which everything was told.
    pub(super) fn position(self) -> Position {
        match self {
            Self::Event(position) => position,
            Self::Turn(within) => within.through.plus(-1),
        }
    }

    /// Whether it was told that an event came to be worth something else through another.
    pub(super) fn told(self, through: Position, event: Position) -> bool {
        match self {
            Self::Event(_) => false,
            Self::Turn(within) => within.through == through && event <= within.event,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(position) => EventCursor(*position).fmt(f),
            Self::Turn(within) => f.write_str(&cursor::write(KIND, within)),
        }
    }
}

impl FromStr for Cursor {
    type Err = Refusal;

    /// A cursor of a message or of `events`, or a position in digits; 0 is before the first event.
    fn from_str(given: &str) -> Result<Self, Self::Err> {
        if !given.is_empty() && given.chars().all(|char| char.is_ascii_digit()) {
            let position = given.parse().map_err(|_| Refusal::After(shown_text(given)))?;
            return Ok(Self::Event(Position::new(position)));
        }
        match cursor::read::<Within>(KIND, given) {
            Ok(within) => Ok(Self::Turn(within)),
            Err(_) => given.parse().map(|EventCursor(position)| Self::Event(position)),
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.through, self.event)
    }
}

impl FromStr for Within {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (through, event) = text.split_once('.').ok_or(())?;
        let position =
            |text: &str| text.parse().ok().filter(|number| *number > 0).map(Position::new).ok_or(());
        Ok(Self { through: position(through)?, event: position(event)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_a_round_trip_and_a_position_may_be_written_in_digits() {
        let within = Within { through: Position::new(9), event: Position::new(4) };
        for cursor in [Cursor::Event(Position::new(7)), Cursor::Turn(within)] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        assert_eq!("0".parse(), Ok(Cursor::Event(Position::START)));
        assert_eq!("12".parse(), Ok(Cursor::Event(Position::new(12))));
        for wrong in ["", "-1", "1.5", "oeps", "99999999999999999999", &cursor::write("turn", "0.1")] {
            assert_eq!(wrong.parse::<Cursor>(), Err(Refusal::After(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn what_was_told_of_a_position_is_not_told_again() {
        let at = Position::new;
        let cursor = Cursor::Turn(Within { through: at(9), event: at(4) });
        assert_eq!(cursor.position(), at(8));
        assert!(cursor.told(at(9), at(3)) && cursor.told(at(9), at(4)));
        assert!(!cursor.told(at(9), at(5)) && !cursor.told(at(10), at(3)));
    }
}
