//! Texts as an error message may show them: never at length, and on one line.

/// At most so many characters of a text, with a sign where something is left out; a control character by its escape.
pub(crate) fn bounded(text: &str, limit: usize) -> String {
    let cut = cut(text, limit);
    if !cut.contains(char::is_control) {
        return cut;
    }
    let escaped = |one: char| if one.is_control() { one.escape_default().to_string() } else { one.into() };
    cut.chars().map(escaped).collect()
}

/// At most so many characters of a text, with a sign where something is left out.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_bounded_and_stays_on_its_line() {
        assert_eq!(bounded("2010-05-17\n", 40), r"2010-05-17\n");
        assert_eq!(bounded("a\u{7}é\u{85}b", 3), r"a\u{7}é…");
        assert_eq!(cut("a\nb", 40), "a\nb");
    }
}
