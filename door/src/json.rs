//! JSON as it comes in, read more strictly than the library reads it: what is said twice, or cannot be stored, is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::shown::shown_text;

/// Why bytes are not the JSON that is taken in here. No message repeats more than a name of what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It begins with U+FEFF, which RFC 8259 (section 8.1) does not let JSON begin with.
    #[error("it begins with a byte order mark (U+FEFF); leave that out")]
    ByteOrderMark,
    /// The encoding is another one, or broken.
    #[error("it is not UTF-8 from byte {at} on; write it in UTF-8")]
    Encoding {
        /// The first wrong byte, from 1.
        at: usize,
    },
    /// It is not JSON.
    #[error("at line {line}, column {column} {reason}")]
    Syntax {
        /// What is wrong.
        reason: &'static str,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// An object says the same name twice, of which a reader would take one.
    #[error("at line {line}, column {column} the name `{name}` stands twice in one object; write it once")]
    Twice {
        /// The name.
        name: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A text holds U+0000.
    #[error(
        "at line {line}, column {column} a text holds the character U+0000, which cannot be stored; leave it out"
    )]
    Nul {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}

/// Reads one JSON value.
///
/// # Errors
/// [`JsonError`], also for what the library would let pass: a name that stands twice, and U+0000.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::ByteOrderMark);
    }
    let text = str::from_utf8(bytes).map_err(|error| JsonError::Encoding { at: error.valid_up_to() + 1 })?;
    if text.trim().is_empty() {
        return Err(JsonError::Empty);
    }
    let wrong = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict(&wrong).deserialize(&mut deserializer);
    value.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| told(&error, wrong.take()))
}

/// What the library's own reader does not mind.
enum Wrong {
    Twice(String),
    Nul,
}

fn told(error: &serde_json::Error, wrong: Option<Wrong>) -> JsonError {
    let (line, column) = (error.line(), error.column());
    match wrong {
        Some(Wrong::Twice(name)) => JsonError::Twice { name: shown_text(&name), line, column },
        Some(Wrong::Nul) => JsonError::Nul { line, column },
        None => JsonError::Syntax { reason: reason(error), line, column },
    }
}

/// The library's words for what clients get wrong, and ours.
const REASONS: [(&str, &str); 8] = [
    ("recursion limit exceeded", "it is nested deeper than 127 levels; flatten it"),
    ("number out of range", "a number is too large to be one; write a smaller one, or a text"),
    ("invalid number", "a number is not written as JSON writes numbers; correct it"),
    ("invalid escape", "an escape in a text is none that JSON has; correct it"),
    ("lone leading surrogate", "half of a surrogate pair stands alone; write the character itself"),
    ("unexpected end of hex escape", "half of a surrogate pair stands alone; write the character itself"),
    ("control character", "a text holds a control character or a line break; write it as an escape"),
    ("trailing characters", "something follows after the end of it; leave that out"),
];

/// The library's own text would repeat what was sent.
fn reason(error: &serde_json::Error) -> &'static str {
    if error.is_eof() {
        return "it ends too early; send all of it";
    }
    let text = error.to_string();
    let known = REASONS.iter().find(|(theirs, _)| text.starts_with(theirs));
    known.map_or("there is a mistake; correct it", |(_, ours)| *ours)
}

#[derive(Clone, Copy)]
struct Strict<'a>(&'a Cell<Option<Wrong>>);

impl Strict<'_> {
    fn stop<E: serde::de::Error>(self, wrong: Wrong) -> E {
        self.0.set(Some(wrong));
        E::custom("not taken in")
    }

    fn text<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        if text.contains('\0') { Err(self.stop(Wrong::Nul)) } else { Ok(text) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        self.text(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let name = self.text::<A::Error>(name)?;
            if object.contains_key(&name) {
                return Err(self.stop(Wrong::Twice(name)));
            }
            let value = fields.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(text: &str) -> String {
        parse(text.as_bytes()).expect_err(text).to_string()
    }

    #[test]
    fn what_is_json_is_read_as_it_stands() {
        let text = r#" {"b": [1, -2, 1.5, 9007199254740993, true, null, "é😀\ud83d\ude00"], "a": {}} "#;
        let wanted = json!({ "b": [1, -2, 1.5, 9_007_199_254_740_993_i64, true, null, "é😀😀"], "a": {} });
        assert_eq!(parse(text.as_bytes()), Ok(wanted));
        assert_eq!(
            parse(text.as_bytes()).unwrap().as_object().unwrap().keys().collect::<Vec<_>>(),
            ["b", "a"]
        );
    }

    #[test]
    fn what_is_no_json_is_told_in_our_own_words() {
        let cases = [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("\u{feff}{}", "it begins with a byte order mark (U+FEFF); leave that out"),
            ("{", "at line 1, column 1 it ends too early; send all of it"),
            ("{} x", "at line 1, column 4 something follows after the end of it; leave that out"),
            ("[oeps]", "at line 1, column 2 there is a mistake; correct it"),
            (
                "[1e400]",
                "at line 1, column 6 a number is too large to be one; write a smaller one, or a text",
            ),
            ("[01]", "at line 1, column 3 a number is not written as JSON writes numbers; correct it"),
            ("[\"\\q\"]", "at line 1, column 4 an escape in a text is none that JSON has; correct it"),
            (
                "[\"a\nb\"]",
                "at line 2, column 0 a text holds a control character or a line break; write it as an escape",
            ),
        ];
        for (text, told) in cases {
            assert_eq!(refused(text), told, "{text}");
        }
        assert_eq!(
            parse(b"[\"\xe9\"]").unwrap_err().to_string(),
            "it is not UTF-8 from byte 3 on; write it in UTF-8"
        );
    }

    #[test]
    fn half_of_a_surrogate_pair_is_no_character() {
        for text in [r#"["\ud800"]"#, r#"["\udc00x"]"#, r#"["\ud83d\ud83d"]"#, r#"["\ud83dx"]"#] {
            assert!(
                refused(text).contains("half of a surrogate pair stands alone"),
                "{text}: {}",
                refused(text)
            );
        }
    }

    #[test]
    fn what_is_said_twice_and_what_cannot_be_stored_is_refused() {
        let twice = "at line 1, column 12 the name `a` stands twice in one object; write it once";
        assert_eq!(refused(r#"{"a": 1, "a": 2}"#), twice);
        assert!(refused(r#"[{"b": {"a": 1, "a": 1}}]"#).contains("`a` stands twice"));
        for text in [r#"["\u0000"]"#, r#"{"\u0000": 1}"#, r#"{"a": [{"b": "x\u0000"}]}"#] {
            assert!(refused(text).contains("U+0000"), "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(parse(format!("{}{}", "[".repeat(127), "]".repeat(127)).as_bytes()).is_ok());
        assert!(refused(&"[".repeat(100_000)).contains("it is nested deeper than 127 levels"));
    }

    #[test]
    fn an_error_repeats_little_of_what_was_sent() {
        let name = "a".repeat(1_000_000);
        assert!(refused(&format!("{{\"{name}\": 1, \"{name}\": 2}}")).len() < 200);
    }
}
