//! Formats: JSON Schema 2020-12, checked on the way in.

mod mistake;

use serde_json::{Value, json};

use super::shape::Shape;
use crate::time::PartialDate;

/// The greatest depth of nesting that data may have.
const MAX_DEPTH: usize = 32;

/// The greatest size of an event's data, in bytes of JSON; a deed fits in a hundredth of it.
const MAX_BYTES: usize = 65_536;

/// The most things that are told of at once.
const MAX_ERRORS: usize = 20;

/// A compiled format.
pub struct Format {
    validator: jsonschema::Validator,
    shape: Shape,
    expanded: Shape,
}

/// One thing wrong with data, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The path within the data.
    pub path: Vec<String>,
    /// What is wrong: value, rule and remedy.
    pub message: String,
}

impl Format {
    /// Compiles a schema whose `$ref`s lead into `definitions`.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub(super) fn compile(
        schema: &Value,
        definitions: &Value,
        shape: Shape,
        expanded: Shape,
    ) -> Result<Self, String> {
        let mut document = schema.clone();
        if let Some(map) = document.as_object_mut() {
            map.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
            map.insert("$defs".into(), definitions.clone());
        }
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .with_format("partial-date", |text: &str| text.parse::<PartialDate>().is_ok())
            .build(&document)
            .map(|validator| Self { validator, shape, expanded })
            .map_err(|error| error.to_string())
    }

    /// The shape of data in this format.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The shape with every name followed: for expressions, which see what is absent as null.
    #[must_use]
    pub(crate) fn expanded(&self) -> &Shape {
        &self.expanded
    }

    /// What is wrong with the data, as far as it is worth telling at once; empty where they are right.
    #[must_use]
    pub fn errors(&self, data: &Value) -> Vec<DataError> {
        if let Some(error) = outside_bounds(data) {
            return vec![error];
        }
        self.validator
            .iter_errors(data)
            .take(MAX_ERRORS)
            .map(|error| mistake::describe(&error, data))
            .collect()
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Format").field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// What no schema needs to say: no NUL, no endless nesting, no megabytes.
fn outside_bounds(data: &Value) -> Option<DataError> {
    let here = |message: String| Some(DataError { path: Vec::new(), message });
    let mut pending = vec![(data, 1)];
    let mut bytes = 0;
    while let Some((value, depth)) = pending.pop() {
        if depth > MAX_DEPTH {
            return here(format!("the data are nested deeper than {MAX_DEPTH} levels; flatten them"));
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => bytes += 8,
            Value::String(text) if text.contains('\0') => {
                return here("a text holds a NUL character (U+0000), which no text may; remove it".into());
            }
            Value::String(text) => bytes += text.len(),
            Value::Array(items) => pending.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => {
                bytes += fields.keys().map(String::len).sum::<usize>();
                pending.extend(fields.values().map(|value| (value, depth + 1)));
            }
        }
        if bytes > MAX_BYTES {
            return here(format!(
                "the data take more than the {MAX_BYTES} bytes that are taken in; shorten them"
            ));
        }
    }
    None
}
