//! Where a page begins.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use door::shown_text;
use read_model::event::Position;

use crate::refusal::Refusal;

/// Where a page begins: after the event at this position. Opaque outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor(pub(super) Position);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("event:{}", self.0)))
    }
}

impl FromStr for Cursor {
    type Err = Refusal;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(given).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let number = text.as_deref().and_then(|text| text.strip_prefix("event:")?.parse().ok());
        let cursor = number.map(|number| Self(Position::new(number)));
        // Written another way it would be another cursor, and no event stands before the first.
        cursor
            .filter(|cursor| cursor.to_string() == given && cursor.0 > Position::START)
            .ok_or_else(|| Refusal::After(shown_text(given)))
    }
}

#[cfg(test)]
mod tests {
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
