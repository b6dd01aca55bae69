//! Where a page begins.

use std::fmt;
use std::str::FromStr;

use door::shown_text;
use read_model::event::Position;

use crate::cursor;
use crate::refusal::Refusal;

/// What its cursors are of.
const KIND: &str = "event";

/// Where a page begins: after the event at this position. Opaque outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) Position);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&cursor::write(KIND, self.0))
    }
}

impl FromStr for Cursor {
    type Err = Refusal;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let position = Position::new(cursor::read(KIND, given)?);
        // No event stands before the first.
        if position > Position::START { Ok(Self(position)) } else { Err(Refusal::After(shown_text(given))) }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_cursor_survives_a_round_trip_and_anything_else_is_refused() {
        let cursor = Cursor(Position::new(42));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "42", "event:42"].map(str::to_owned).into_iter().chain(
            ["042", "x", "-1", "0", "99999999999999999999"]
                .map(|number| URL_SAFE_NO_PAD.encode(format!("event:{number}"))),
        ) {
            assert_eq!(wrong.parse::<Cursor>(), Err(Refusal::After(wrong.to_owned())), "{wrong}");
        }
    }
}
