//! One pass over the text, before it is parsed: the parser calls itself for each bracket, and a stack that overflows ends the process.

use async_graphql::Pos;

/// The parser's own limit; more nested text it would refuse, were it to survive it.
pub(super) const MAX_NESTING: usize = 64;

/// What one pass can tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) tokens: usize,
    pub(super) nesting: usize,
}

/// Why a text is not even parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScanError {
    /// A string does not end; from there, text and string cannot be told apart.
    Unclosed(Pos),
    /// U+0000, as itself or as an escape.
    Nul,
}

impl Scan {
    pub(super) fn of(text: &str) -> Result<Self, ScanError> {
        if text.contains('\0') {
            return Err(ScanError::Nul);
        }
        let bytes = text.as_bytes();
        let (mut scan, mut depth, mut at) = (Self { tokens: 0, nesting: 0 }, 0_usize, 0);
        while let Some(&byte) = bytes.get(at) {
            scan.tokens += usize::from(!matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'#'));
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            scan.nesting = scan.nesting.max(depth);
            at += match byte {
                b'"' => string(&bytes[at..], || ScanError::Unclosed(position(text, at)))?,
                b'#' => run(&bytes[at..], |byte| !matches!(byte, b'\r' | b'\n')),
                b'.' => run(&bytes[at..], |byte| byte == b'.'),
                byte if word(byte) => run(&bytes[at..], word),
                _ => 1,
            };
        }
        Ok(scan)
    }
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}

/// The length of the string that the text begins with, quotes included.
fn string(text: &[u8], unclosed: impl Fn() -> ScanError) -> Result<usize, ScanError> {
    if text.starts_with(b"\"\"\"") {
        return block_string(text).ok_or_else(unclosed);
    }
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            None | Some(b'\r' | b'\n') => return Err(unclosed()),
            Some(b'\\') if text[at..].starts_with(b"\\u0000") => return Err(ScanError::Nul),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn block_string(text: &[u8]) -> Option<usize> {
    let mut at = 3;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        }
        at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    None
}

fn position(text: &str, at: usize) -> Pos {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Pos { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let text = "{ a(b: \"[[\\\"[[\", c: \"\"\"{{{ \\\"\"\" {\"\"\") # {{{{\n }";
        assert_eq!(Scan::of(text), Ok(Scan { tokens: 11, nesting: 2 }));
    }

    #[test]
    fn a_string_that_does_not_end_is_named_by_its_place() {
        for text in ["{ a(\n b: \"x) }", "{ a(\n b: \"\"\"x\" }", "{ a(\n b: \"x\\", "{ a(\n b: \"x\n\") }"] {
            let place = Pos { line: 2, column: 5 };
            assert_eq!(Scan::of(text), Err(ScanError::Unclosed(place)), "{text}");
        }
    }

    #[test]
    fn a_nul_is_found_as_itself_and_as_an_escape() {
        for text in ["{ a\0 }", "{ a(b: \"\0\") }", "{ a(b: \"\\u0000\") }", "{ a(b: \"\"\"\0\"\"\") }"] {
            assert_eq!(Scan::of(text), Err(ScanError::Nul), "{text}");
        }
        assert!(Scan::of("{ a(b: \"\\\\u0000\") }").is_ok());
        assert!(Scan::of("{ a(b: \"\"\"\\u0000\"\"\") }").is_ok());
    }
}
