//! Values as an error message may show them: never at length.

use std::fmt::Display;

/// How much of a value is repeated, in characters: enough to find it, too little to fill a log with.
const SHOWN: usize = 60;

/// A value as GraphQL or JSON writes it, cut where it is long.
pub fn shown(value: &impl Display) -> String {
    shown_text(&value.to_string())
}

/// A text on one line: cut where it is long, and a control character by its escape.
pub fn shown_text(text: &str) -> String {
    let cut = cut(text, SHOWN);
    if !cut.contains(char::is_control) {
        return cut;
    }
    let escaped = |one: char| if one.is_control() { one.escape_default().to_string() } else { one.into() };
    cut.chars().map(escaped).collect()
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

    #[test]
    fn what_is_shown_stays_on_its_line() {
        assert_eq!(shown_text("2010-05-17\n"), r"2010-05-17\n");
        assert_eq!(shown_text("a\u{7}é\u{85}"), r"a\u{7}é\u{85}");
    }
}
