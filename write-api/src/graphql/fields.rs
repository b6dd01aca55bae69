//! The fields of an input object, taken out one by one: nothing is guessed, and nothing is left unread.
//!
//! The library checks inputs against the schema, save where it does not: an argument with a variable that the client left out, and a value that is no object.
//! So what is read here is checked here.

use async_graphql::{Name, Value};
use chrono::{DateTime, Utc};
use door::{shown, shown_text};
use indexmap::IndexMap;
use read_model::event::parse_id;
use read_model::time::parse_instant;
use uuid::Uuid;

use crate::command::MAX_REASON;

/// The most ids in one list.
const MAX_IDS: usize = 1_000;

/// What is wrong with an input, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {message}")]
pub(super) struct InputError {
    path: String,
    message: String,
}

impl InputError {
    pub(super) fn new(path: &[String], message: impl Into<String>) -> Self {
        Self { path: path.join("."), message: message.into() }
    }
}

/// The fields of one input object.
pub(super) struct Fields {
    path: Vec<String>,
    fields: IndexMap<Name, Value>,
}

impl Fields {
    /// Opens an input object that stands at this path.
    pub(super) fn open(value: Value, path: Vec<String>) -> Result<Self, InputError> {
        if let Value::Object(fields) = value {
            return Ok(Self { path, fields });
        }
        let wrong = format!("{} is no input object; write it as {{ … }}", shown(&value));
        Err(InputError::new(&path, wrong))
    }

    /// The path of a field.
    pub(super) fn path(&self, name: &str) -> Vec<String> {
        self.path.iter().cloned().chain([name.to_owned()]).collect()
    }

    /// The one field of an object that has exactly one.
    pub(super) fn only(mut self) -> Result<(String, Value, Vec<String>), InputError> {
        match (self.fields.pop(), self.fields.is_empty()) {
            (Some((name, value)), true) if value != Value::Null => {
                let path = self.path(&name);
                Ok((name.to_string(), value, path))
            }
            _ => Err(InputError::new(&self.path, "exactly one command stands here")),
        }
    }

    /// A field's value; null is the same as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.shift_remove(name).filter(|value| *value != Value::Null)
    }

    /// A field that must be there.
    pub(super) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, InputError> {
        value.ok_or_else(|| self.error(name, "this field is required"))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, InputError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(flag),
            Some(other) => Err(self.error(name, format!("{} is neither true nor false", shown(&other)))),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, InputError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= MAX_REASON => Ok(Some(text)),
            Some(Value::String(text)) => {
                let begins = shown_text(&text);
                let wrong = format!("`{begins}` is longer than {MAX_REASON} characters; shorten it");
                Err(self.error(name, wrong))
            }
            Some(other) => Err(self.error(name, format!("{} is no text; write it as one", shown(&other)))),
        }
    }

    /// A word of an enumeration, which JSON variables write as a text.
    pub(super) fn word(&mut self, name: &str) -> Result<Option<String>, InputError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Enum(word)) => Ok(Some(word.to_string())),
            Some(Value::String(word)) => Ok(Some(word)),
            Some(other) => Err(self.error(name, format!("{} is no word of an enumeration", shown(&other)))),
        }
    }

    pub(super) fn id(&mut self, name: &str) -> Result<Option<Uuid>, InputError> {
        let value = self.take(name);
        value.map(|value| uuid(&self.path(name), &value)).transpose()
    }

    /// A list; one value that stands alone is a list of one, as everywhere in GraphQL.
    pub(super) fn list(&mut self, name: &str, limit: usize) -> Result<Option<Vec<Value>>, InputError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let items = if let Value::List(items) = value { items } else { vec![value] };
        if items.len() > limit {
            let wrong = format!("there are {} of these; send at most {limit} together", items.len());
            return Err(self.error(name, wrong));
        }
        Ok(Some(items))
    }

    pub(super) fn ids(&mut self, name: &str) -> Result<Option<Vec<Uuid>>, InputError> {
        let path = self.path(name);
        let ids = self.list(name, MAX_IDS)?;
        let id = |(index, id): (usize, &Value)| {
            let path: Vec<_> = path.iter().cloned().chain([index.to_string()]).collect();
            uuid(&path, id)
        };
        ids.map(|ids| ids.iter().enumerate().map(id).collect()).transpose()
    }

    pub(super) fn instant(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, InputError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => {
                parse_instant(&text).map(Some).map_err(|error| self.error(name, error.to_string()))
            }
            Some(other) => {
                let wrong = format!(
                    "{} is no moment; write it as a text, such as 2026-01-31T12:00:00Z",
                    shown(&other)
                );
                Err(self.error(name, wrong))
            }
        }
    }

    /// Every field has been read.
    pub(super) fn finish(self) -> Result<(), InputError> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.error(&shown_text(name), "there is no such field; leave it out")),
        }
    }

    pub(super) fn error(&self, name: &str, message: impl Into<String>) -> InputError {
        InputError::new(&self.path(name), message)
    }
}

fn uuid(path: &[String], value: &Value) -> Result<Uuid, InputError> {
    let id = if let Value::String(text) = value { parse_id(text) } else { None };
    id.ok_or_else(|| {
        let wrong =
            format!("{} is no id; write a UUID, such as 0190163d-8694-739b-aea5-966c26f8ad90", shown(value));
        InputError::new(path, wrong)
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    fn fields(value: Value) -> Fields {
        Fields::open(value, vec!["input".into()]).unwrap()
    }

    #[test]
    fn what_is_no_object_is_no_input() {
        let error = Fields::open(value!("zzz"), vec!["input".into()]).err().unwrap();
        assert_eq!(error.to_string(), "`input`: \"zzz\" is no input object; write it as { … }");
    }

    #[test]
    fn a_field_that_nobody_read_is_refused() {
        let mut fields = fields(value!({ "validate": true, "bogus": 1 }));
        assert_eq!(fields.flag("validate"), Ok(true));
        assert_eq!(
            fields.finish().unwrap_err().to_string(),
            "`input.bogus`: there is no such field; leave it out"
        );
    }

    #[test]
    fn an_id_that_stands_alone_is_a_list_of_one() {
        let mut fields =
            fields(value!({ "despite": "00000000-0000-0000-0000-000000000001", "basedOn": [1] }));
        assert_eq!(fields.ids("despite"), Ok(Some(vec![Uuid::from_u128(1)])));
        assert_eq!(fields.ids("objectIds"), Ok(None));
        assert_eq!(
            fields.ids("basedOn").unwrap_err().to_string(),
            "`input.basedOn.0`: 1 is no id; write a UUID, such as 0190163d-8694-739b-aea5-966c26f8ad90"
        );
    }

    #[test]
    fn a_moment_is_truncated_and_a_second_of_sixty_is_refused() {
        let mut fields = fields(value!({ "a": "2026-01-01T00:00:00.1234569Z", "b": "2016-12-31T23:59:60Z" }));
        assert_eq!(fields.instant("a").unwrap().unwrap().timestamp_subsec_nanos(), 123_456_000);
        assert!(fields.instant("b").unwrap_err().to_string().contains("seconds run from 00 to 59"));
    }
}
