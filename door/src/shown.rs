//! Values as an error message may show them: never at length.

use std::fmt::Display;

/// How much of a value is repeated, in characters: enough to find it, too little to fill a log with.
const SHOWN: usize = 60;

/// A value as GraphQL or JSON writes it, cut where it is long.
pub fn shown(value: &impl Display) -> String {
    shown_text(&value.to_string())
}

/// A text, cut where it is long.
pub fn shown_text(text: &str) -> String {
    cut(text, SHOWN)
}

/// At most so many characters of a text, with a sign where something is left out.
pub(crate) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_says_so() {
        assert_eq!(shown_text("kort"), "kort");
        assert_eq!(shown_text(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(shown_text(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        assert_eq!(shown(&1.5), "1.5");
    }
}
