//! Texts as an error message may show them: never at length.

/// At most so many characters of a text, with a sign where something is left out.
pub(crate) fn bounded(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
