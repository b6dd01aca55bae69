//! One pass over the text, before it is parsed: the parser calls itself for each bracket, and a stack that overflows ends the process.

use std::collections::HashSet;
use std::ops::Range;

use async_graphql::Pos;

use crate::shown::{cut, shown_text};

/// The parser's own limit; more nested text it would refuse, were it to survive it.
pub(super) const MAX_NESTING: usize = 64;

/// How long a name or number may be: whatever no schema knows is compared with all that it knows, letter by letter.
const MAX_WORD: usize = 200;

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
    /// A string has an escape that is no character.
    Escape(Pos, String),
    /// A name or a number has no end in sight.
    Long(Pos, String),
    /// A name stands twice in one object, or twice among the arguments of one field; the parser would keep the last.
    Twice(Pos, String),
    /// U+0000, as itself or as an escape.
    Nul,
}

impl Scan {
    pub(super) fn of(text: &str) -> Result<Self, ScanError> {
        if text.contains('\0') {
            return Err(ScanError::Nul);
        }
        let bytes = text.as_bytes();
        let (mut scan, mut open, mut at) = (Self { tokens: 0, nesting: 0 }, Vec::new(), 0);
        while let Some(&byte) = bytes.get(at) {
            scan.tokens +=
                usize::from(byte.is_ascii() && !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'#'));
            let length = length(text, at)?;
            match byte {
                b'{' | b'[' | b'(' => open.push(Bracket::opened(byte, open.last())),
                b'}' | b']' | b')' => drop(open.pop()),
                _ if word(byte) && length > MAX_WORD => {
                    return Err(ScanError::Long(position(text, at), shown_text(&text[at..at + length])));
                }
                _ if word(byte) => check_name(text, at..at + length, open.last_mut())?,
                _ => {}
            }
            scan.nesting = scan.nesting.max(open.len());
            at += length;
        }
        Ok(scan)
    }
}

/// An open bracket.
enum Bracket<'a> {
    /// Of a selection set, in which a field may stand twice.
    Selection,
    /// Of a list.
    List,
    /// Of arguments, variables, or an object as a value, with the names in it so far.
    Named(HashSet<&'a str>),
}

impl Bracket<'_> {
    /// A brace within another bracket than that of a selection set opens an object.
    fn opened(byte: u8, within: Option<&Self>) -> Self {
        match (byte, within) {
            (b'[', _) => Self::List,
            (b'{', None | Some(Self::Selection)) => Self::Selection,
            _ => Self::Named(HashSet::new()),
        }
    }
}

/// What is followed by a colon is a name, which stands once between its brackets.
fn check_name<'a>(
    text: &'a str,
    place: Range<usize>,
    within: Option<&mut Bracket<'a>>,
) -> Result<(), ScanError> {
    let Some(Bracket::Named(names)) = within else {
        return Ok(());
    };
    let (start, end) = (place.start, place.end);
    if before_colon(&text[end..]) && !names.insert(&text[place]) {
        return Err(ScanError::Twice(position(text, start), shown_text(&text[start..end])));
    }
    Ok(())
}

/// Whether a colon follows, behind all that means nothing: white space, commas, byte order marks, comments.
fn before_colon(mut rest: &str) -> bool {
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
        match rest.strip_prefix('#') {
            Some(comment) => rest = comment.trim_start_matches(|c| !matches!(c, '\r' | '\n')),
            None => return rest.starts_with(':'),
        }
    }
}

/// The length of what begins at this place.
fn length(text: &str, at: usize) -> Result<usize, ScanError> {
    let rest = &text.as_bytes()[at..];
    Ok(match rest[0] {
        b'"' => string(text, at)?,
        b'#' => run(rest, |byte| !matches!(byte, b'\r' | b'\n')),
        b'.' => run(rest, |byte| byte == b'.'),
        b'-' | b'0'..=b'9' => run(rest, |byte| word(byte) || matches!(byte, b'.' | b'+')),
        byte if word(byte) => run(rest, word),
        _ => 1,
    })
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}

/// The length of the string that begins at this place, quotes included.
fn string(text: &str, start: usize) -> Result<usize, ScanError> {
    let rest = &text.as_bytes()[start..];
    let unclosed = || ScanError::Unclosed(position(text, start));
    if rest.starts_with(b"\"\"\"") {
        return block_string(rest).ok_or_else(unclosed);
    }
    let mut at = 1;
    loop {
        match rest.get(at) {
            Some(b'"') => return Ok(at + 1),
            None | Some(b'\r' | b'\n') => return Err(unclosed()),
            Some(b'\\') if rest[at..].starts_with(b"\\u0000") => return Err(ScanError::Nul),
            Some(b'\\') if at + 1 < rest.len() => {
                at += escape(&rest[at..]).ok_or_else(|| {
                    let given = text[start + at..].split(['"', ' ', '\n']).next().unwrap_or_default();
                    ScanError::Escape(position(text, start + at), cut(given, 12))
                })?;
            }
            Some(_) => at += 1,
        }
    }
}

/// The length of the escape that the text begins with; none where it is no character.
fn escape(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let code = str::from_utf8(text.get(2..6)?).ok()?;
            let code = u32::from_str_radix(code, 16).ok().filter(|_| !code.starts_with('+'))?;
            char::from_u32(code).map(|_| 6)
        }
        _ => None,
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
    fn an_escape_is_a_character() {
        assert!(Scan::of(r#"{ a(b: "\u00e9\n\"\\\/\uFFFF") }"#).is_ok());
        for escape in [r"\q", r"\ud800", r"\ud83d\ude00", r"\u{1F600}", r"\u12", r"\u+123", r"\uZZZZ"] {
            let wrong = Scan::of(&format!("{{ a(b: \"x{escape}\") }}"));
            let Err(ScanError::Escape(place, given)) = wrong else { panic!("{escape}: {wrong:?}") };
            assert_eq!((place.column, given.as_str()), (10, escape), "{escape}");
        }
    }

    #[test]
    fn a_name_stands_once_between_its_brackets() {
        for text in [
            "{ a(b: 1, b: 2) }",
            "{ a(b: { c: 1 c: 2 }) }",
            "{ a(b: [{ c: 1, d: { c: 1 }, c : 2 }]) }",
            "query($b: In = { c: 1, c: 2 }) { a }",
            "query($b: Int, $b: Int) { a }",
        ] {
            assert!(matches!(Scan::of(text), Err(ScanError::Twice(..))), "{text}");
        }
        for text in [
            "{ a: x a: y x x }",
            "{ a(b: 1) { a(b: 1) a: c } }",
            "{ a(b: [{ c: 1 }, { c: 1 }], c: { c: b, b: c }) @x(b: 1) }",
            "query($b: Int, $c: Int = $b) @x(c: $b) { a(b: $b) { b: c } }",
        ] {
            assert!(Scan::of(text).is_ok(), "{text}: {:?}", Scan::of(text));
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
