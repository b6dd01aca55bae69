//! Cursors: where a page of a Relay connection begins. Opaque outside.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use door::shown_text;

use crate::refusal::Refusal;

/// The cursor of one of a kind, by what orders them.
pub(crate) fn write(kind: &str, place: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{place}"))
}

/// What stands in a cursor of this kind; what is written in another way is no cursor.
pub(crate) fn read<T: FromStr + Display>(kind: &str, given: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(given).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = text.as_deref().and_then(|text| text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok());
    place.filter(|place| write(kind, place) == given).ok_or_else(|| Refusal::After(shown_text(given)))
}
