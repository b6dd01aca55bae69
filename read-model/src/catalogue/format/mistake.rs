//! What is wrong with data, in the words of a registry: the value, the rule and the remedy.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::types::JsonType;
use serde_json::Value;

use super::DataError;
use crate::shown::bounded;
use crate::time::PartialDate;

/// How much of a value is repeated, in characters.
const SHOWN: usize = 40;

/// What the validator found, told with its path.
pub(super) fn describe(error: &ValidationError<'_>, data: &Value) -> DataError {
    let pointer = error.instance_path().to_string();
    let path = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let given = data.pointer(&pointer).unwrap_or(&Value::Null);
    let message = told(error.kind(), given).unwrap_or_else(|| {
        format!("`{}` is not what the event type's format lets stand here; correct it", shown(given))
    });
    DataError { path, message }
}

/// None where a format uses a keyword that none of the shipped ones does.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum grows")]
fn told(kind: &ValidationErrorKind, given: &Value) -> Option<String> {
    let shown = shown(given);
    Some(match kind {
        ValidationErrorKind::Format { format } if format == "partial-date" => {
            given.as_str()?.parse::<PartialDate>().err()?.to_string()
        }
        ValidationErrorKind::Format { .. } => {
            format!("`{shown}` is not an id; ids are UUIDs, such as 0190163d-8694-739b-aea5-966c26f8ad90")
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(wanted) } => {
            format!("`{shown}` is {}; {} stands here", sort(given), sort_of(*wanted))
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<_> = options.as_array()?.iter().map(self::shown).collect();
            format!("`{shown}` is none of the values that may stand here; there are {}", options.join(", "))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let names: Vec<_> =
                unexpected.iter().take(5).map(|name| format!("`{}`", bounded(name, SHOWN))).collect();
            format!("there is no field {}; leave it out", names.join(", "))
        }
        ValidationErrorKind::Required { property } => {
            format!("the field {property} is missing; it is required")
        }
        ValidationErrorKind::Pattern { pattern } => {
            format!("`{shown}` does not have the form {pattern}; write it so")
        }
        kind => return beyond(kind, given),
    })
}

/// What is more or less than a format allows.
#[expect(clippy::wildcard_enum_match_arm, reason = "as above")]
fn beyond(kind: &ValidationErrorKind, given: &Value) -> Option<String> {
    let shown = shown(given);
    Some(match kind {
        ValidationErrorKind::MaxLength { limit } => {
            format!("`{shown}` is longer than {limit} characters; shorten it")
        }
        ValidationErrorKind::MinLength { limit: 1 } => {
            "this text is empty; fill it in, or leave the field out".into()
        }
        ValidationErrorKind::MinLength { limit } => {
            format!("`{shown}` is shorter than {limit} characters; write more")
        }
        ValidationErrorKind::MinItems { limit } => {
            format!("there are {} of these; there are at least {limit}", given.as_array()?.len())
        }
        ValidationErrorKind::MaxItems { limit } => {
            format!("there are {} of these; there are at most {limit}", given.as_array()?.len())
        }
        ValidationErrorKind::UniqueItems => {
            format!("`{shown}` names something twice; name each once")
        }
        ValidationErrorKind::Minimum { limit } => format!("{shown} is less than {limit}; give more"),
        ValidationErrorKind::Maximum { limit } => format!("{shown} is more than {limit}; give less"),
        _ => return None,
    })
}

fn sort(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

const fn sort_of(wanted: JsonType) -> &'static str {
    match wanted {
        JsonType::Null => "nothing",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a text",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

/// A value as an error message shows it: never at length.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| bounded(&value.to_string(), SHOWN), |text| bounded(text, SHOWN))
}
