//! The shape of data: what of a JSON Schema typed APIs and the fold need to know.

use std::cell::Cell;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::problem::{Report, one_of};
use super::yaml::Step;
use crate::event::parse_id;

/// The shape of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// One of these texts, each of which is a name in GraphQL's sense.
    Choice(Vec<Arc<str>>),
    /// A 32-bit integer.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A date of which parts may be unknown.
    PartialDate,
    /// The id of an object of this type.
    Reference(Arc<str>),
    /// A type of the catalogue, by name.
    Named(Arc<str>),
    /// A structure that has no name of its own.
    Object(Vec<Property>),
    /// A list.
    List(Box<Shape>),
}

/// A property of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// The shape of its value.
    pub shape: Shape,
}

/// The keywords that the formats of a config may use; a misspelt one would otherwise be ignored in silence.
const KEYWORDS: [&str; 27] = [
    "$ref",
    "$comment",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "description",
    "else",
    "enum",
    "examples",
    "format",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "not",
    "pattern",
    "properties",
    "required",
    "then",
    "type",
    "uniqueItems",
];

/// The formats that texts may have.
const FORMATS: [&str; 2] = ["partial-date", "uuid"];

/// The names that a `$ref` may lead to.
pub(super) struct Names<'a> {
    pub(super) types: Vec<&'a str>,
    pub(super) object_types: Vec<&'a str>,
}

impl Shape {
    /// The shape that a JSON Schema describes; mistakes go to the report.
    pub(super) fn of(schema: &Value, names: &Names<'_>, report: &mut Report) -> Self {
        let Some(schema) = schema.as_object() else {
            report.say("a schema is a mapping, for example { type: string }");
            return Self::Text;
        };
        for keyword in schema.keys().filter(|key| !KEYWORDS.contains(&key.as_str())) {
            report.say(format!("unknown JSON Schema keyword `{keyword}`; {}", one_of(keyword, KEYWORDS)));
        }
        if let Some(reference) = schema.get("$ref") {
            return referred(reference, names, report);
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => text(schema, report),
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            Some("array") => Self::List(Box::new(items(schema, names, report))),
            Some("object") => Self::Object(properties(schema, names, report)),
            Some(other) => {
                let there = one_of(other, ["string", "integer", "number", "boolean", "array", "object"]);
                report.say(format!("unknown type `{other}`; {there}"));
                Self::Text
            }
            None => {
                report.say("a schema states its `type`, or a `$ref`");
                Self::Text
            }
        }
    }

    /// The shape with every name followed; `None` where names lead back to themselves, or there is no room left for its parts.
    pub(super) fn expand<'n>(
        &self,
        named: &impl Fn(&str) -> Option<&'n Self>,
        depth: usize,
        room: &Cell<usize>,
    ) -> Option<Self> {
        let deeper = depth.checked_sub(1)?;
        room.set(room.get().checked_sub(1)?);
        Some(match self {
            Self::Named(name) => named(name)?.expand(named, deeper, room)?,
            Self::List(item) => Self::List(Box::new(item.expand(named, deeper, room)?)),
            Self::Object(properties) => Self::Object(
                properties
                    .iter()
                    .map(|property| {
                        let shape = property.shape.expand(named, deeper, room)?;
                        Some(Property { shape, ..property.clone() })
                    })
                    .collect::<Option<_>>()?,
            ),
            Self::Text
            | Self::Choice(_)
            | Self::Integer
            | Self::Number
            | Self::Boolean
            | Self::PartialDate
            | Self::Reference(_) => self.clone(),
        })
    }

    /// The property of a structure with this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        match self {
            Self::Object(properties) => properties.iter().find(|property| &*property.name == name),
            Self::Text
            | Self::Choice(_)
            | Self::Integer
            | Self::Number
            | Self::Boolean
            | Self::PartialDate
            | Self::Reference(_)
            | Self::Named(_)
            | Self::List(_) => None,
        }
    }
}

/// Calls `found` for every object reference in the value, with the object type's name.
pub(super) fn visit_references<'s, 'v>(
    shape: &'s Shape,
    named: &impl Fn(&str) -> Option<&'s Shape>,
    value: &'v Value,
    found: &mut impl FnMut(&Arc<str>, &'v str),
) {
    match (shape, value) {
        (Shape::Reference(object_type), Value::String(id)) => found(object_type, id),
        (Shape::Named(name), _) => {
            if let Some(shape) = named(name) {
                visit_references(shape, named, value, found);
            }
        }
        (Shape::Object(properties), Value::Object(fields)) => {
            for property in properties {
                if let Some(value) = fields.get(&*property.name) {
                    visit_references(&property.shape, named, value, found);
                }
            }
        }
        (Shape::List(item), Value::Array(values)) => {
            values.iter().for_each(|value| visit_references(item, named, value, found));
        }
        _ => {}
    }
}

/// Rewrites every object reference to the one way in which ids are written: lower case, with hyphens.
pub(super) fn canonicalise_references<'s>(
    shape: &'s Shape,
    named: &impl Fn(&str) -> Option<&'s Shape>,
    value: &mut Value,
) {
    match (shape, value) {
        (Shape::Reference(_), Value::String(id)) => {
            if let Some(parsed) = parse_id(id) {
                *id = parsed.to_string();
            }
        }
        (Shape::Named(name), value) => {
            if let Some(shape) = named(name) {
                canonicalise_references(shape, named, value);
            }
        }
        (Shape::Object(properties), Value::Object(fields)) => {
            for property in properties {
                if let Some(value) = fields.get_mut(&*property.name) {
                    canonicalise_references(&property.shape, named, value);
                }
            }
        }
        (Shape::List(item), Value::Array(values)) => {
            values.iter_mut().for_each(|value| canonicalise_references(item, named, value));
        }
        _ => {}
    }
}

fn referred(reference: &Value, names: &Names<'_>, report: &mut Report) -> Shape {
    let name = reference.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
    match name {
        Some(name) if names.object_types.contains(&name) => Shape::Reference(name.into()),
        Some(name) if names.types.contains(&name) => Shape::Named(name.into()),
        Some(name) => {
            let there = one_of(name, names.object_types.iter().chain(&names.types).copied());
            report
                .within(["$ref".into()], |report| report.say(format!("no type is named `{name}`; {there}")));
            Shape::Text
        }
        None => {
            let wrong = format!(
                "`{reference}` leads nowhere; write \"#/$defs/Name\" with the name of a type or object type"
            );
            report.within(["$ref".into()], |report| report.say(wrong));
            Shape::Text
        }
    }
}

fn text(schema: &Map<String, Value>, report: &mut Report) -> Shape {
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        return match format {
            "partial-date" => Shape::PartialDate,
            "uuid" => Shape::Text,
            other => {
                report.within(["format".into()], |report| {
                    report.say(format!("unknown format `{other}`; {}", one_of(other, FORMATS)));
                });
                Shape::Text
            }
        };
    }
    let choices: Option<Vec<Arc<str>>> = schema.get("enum").and_then(Value::as_array).and_then(|values| {
        values.iter().map(|value| value.as_str().filter(|text| is_name(text)).map(Arc::from)).collect()
    });
    choices.map_or(Shape::Text, Shape::Choice)
}

fn items(schema: &Map<String, Value>, names: &Names<'_>, report: &mut Report) -> Shape {
    match schema.get("items") {
        Some(items) => report.within(["items".into()], |report| Shape::of(items, names, report)),
        None => {
            report.say("an array states its `items`");
            Shape::Text
        }
    }
}

fn properties(schema: &Map<String, Value>, names: &Names<'_>, report: &mut Report) -> Vec<Property> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        report.say("an object states its `properties`");
        return Vec::new();
    };
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        report.say("an object states `additionalProperties: false`: what no one described cannot be typed");
    }
    for name in required.iter().filter(|name| !properties.contains_key(**name)) {
        let there = one_of(name, properties.keys().map(String::as_str));
        report.say(format!("`required` names `{name}`, which is no property; {there}"));
    }
    let property = |(name, schema): (&String, &Value)| {
        report.within([Step::from("properties"), Step::from(name.as_str())], |report| {
            if !is_name(name) {
                report.say(format!("`{name}` cannot be a field in GraphQL; use letters, digits and _"));
            }
            Property {
                name: name.as_str().into(),
                required: required.contains(&name.as_str()),
                description: schema.get("description").and_then(Value::as_str).map(Arc::from),
                shape: Shape::of(schema, names, report),
            }
        })
    };
    properties.iter().map(property).collect()
}

/// Whether the text is a name in GraphQL's sense, and not one that GraphQL keeps for itself.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !text.starts_with("__")
        && !matches!(text, "true" | "false" | "null")
}
