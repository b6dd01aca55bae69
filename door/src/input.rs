//! Whether input values are of their types, told with the value, the rule and the remedy.
//!
//! The library's own check lets a text pass for an object and an `Int` have more than 32 bits, and repeats whatever it refuses at full length.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::VariableDefinition;
use async_graphql::registry::{MetaEnumValue, MetaInputValue, MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Variables};

use crate::given::{Given, Kind};
use crate::shown::{shown, shown_text};

/// How many words of an enumeration an error names.
const MAX_WORDS: usize = 12;

/// A value that is not of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct InputError {
    message: String,
}

/// What values are held against.
pub(crate) struct Inputs<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) declared: HashMap<&'a str, &'a VariableDefinition>,
    pub(crate) variables: &'a Variables,
}

/// Where a value stands.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Root(&'a str),
    Field(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}.{index}"),
        }
    }
}

type Checked = Result<(), InputError>;

impl Inputs<'_> {
    /// The value of an argument or of a field of an input object; none where it is left out.
    pub(crate) fn argument<T: Given>(
        &self,
        place: Place<'_>,
        meta: &MetaInputValue,
        given: Option<&T>,
    ) -> Checked {
        let required = MetaTypeName::create(&meta.ty).is_non_null() && meta.default_value.is_none();
        match given {
            None if required => wrong(place, "is missing", format_args!("its type is {}", meta.ty)),
            None => Ok(()),
            Some(given) if let Kind::Variable(name) = given.kind() => {
                self.variable(place, (&meta.ty, required), name)
            }
            Some(given) => self.value(place, &meta.ty, given),
        }
    }

    /// A variable: declared as a type that may stand here, and with a value of that type.
    fn variable(&self, place: Place<'_>, (expected, required): (&str, bool), name: &Name) -> Checked {
        // One that is not declared is refused by validation.
        let Some(declared) = self.declared.get(name.as_str()) else {
            return Ok(());
        };
        let of = declared.var_type.node.to_string();
        let default = declared.default_value.as_ref().map(|default| &default.node);
        // A variable that may be null may stand where a default steps in for it.
        let wanted = if required && default.is_none() { expected } else { expected.trim_end_matches('!') };
        if !takes(wanted, &of) {
            let rule = format!("declare it as {expected}");
            return wrong(place, &format!("is given by `${name}`, whose type is {of}"), rule);
        }
        match self.variables.get(name).or(default) {
            Some(value) => self.value(place, expected, value),
            None => Ok(()),
        }
    }

    fn value<T: Given>(&self, place: Place<'_>, expected: &str, given: &T) -> Checked {
        match (MetaTypeName::create(expected), given.kind()) {
            (MetaTypeName::NonNull(_), Kind::Null) => {
                wrong(place, "is null", format_args!("its type is {expected}, so it has a value"))
            }
            (_, Kind::Null) => Ok(()),
            (_, Kind::Variable(name)) => self.variable(place, (expected, expected.ends_with('!')), name),
            (MetaTypeName::NonNull(expected), _) => self.value(place, expected, given),
            (MetaTypeName::List(item), Kind::List(items)) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, given)| self.value(Place::Item(&place, index), item, given))
            }
            // One value is as good as a list of one.
            (MetaTypeName::List(item), _) => self.value(place, item, given),
            (MetaTypeName::Named(name), _) => match self.registry.types.get(name) {
                Some(of) => self.named(place, of, given),
                None => Ok(()),
            },
        }
    }

    fn named<T: Given>(&self, place: Place<'_>, of: &MetaType, given: &T) -> Checked {
        match of {
            MetaType::Scalar { name, .. } => scalar(place, name, given),
            MetaType::Enum { name, enum_values, .. } => word(place, name, enum_values, given),
            MetaType::InputObject { name, input_fields, oneof, .. } => {
                let Kind::Object(fields) = given.kind() else {
                    let rule = format!("its type is {name}, an object with fields, written as {{ … }}");
                    return wrong(place, &format!("is {}", shown(given)), rule);
                };
                self.object(place, (name, input_fields), fields)?;
                if *oneof { exactly_one(place, name, fields) } else { Ok(()) }
            }
            // None of these is the type of an input.
            MetaType::Object { .. } | MetaType::Interface { .. } | MetaType::Union { .. } => Ok(()),
        }
    }

    fn object<T: Given>(
        &self,
        place: Place<'_>,
        (name, known): (&str, &IndexMap<String, MetaInputValue>),
        given: &IndexMap<Name, T>,
    ) -> Checked {
        if let Some(unknown) = given.keys().find(|field| !known.contains_key(field.as_str())) {
            let field = shown_text(unknown);
            return wrong(
                place,
                &format!("has a field `{field}`"),
                format!("{name} has none of that name; leave it out"),
            );
        }
        let mut fields = known.values();
        fields.try_for_each(|field| {
            self.argument(Place::Field(&place, &field.name), field, given.get(field.name.as_str()))
        })
    }
}

/// Whether a value of one type may stand where the other is expected.
fn takes(expected: &str, of: &str) -> bool {
    match (MetaTypeName::create(expected), MetaTypeName::create(of)) {
        (MetaTypeName::NonNull(expected), MetaTypeName::NonNull(of)) => takes(expected, of),
        (MetaTypeName::NonNull(_), _) => false,
        (_, MetaTypeName::NonNull(of)) => takes(expected, of),
        (MetaTypeName::List(expected), MetaTypeName::List(of)) => takes(expected, of),
        (MetaTypeName::Named(expected), MetaTypeName::Named(of)) => expected == of,
        (MetaTypeName::List(_), MetaTypeName::Named(_)) | (MetaTypeName::Named(_), MetaTypeName::List(_)) => {
            false
        }
    }
}

fn exactly_one<T: Given>(place: Place<'_>, name: &str, fields: &IndexMap<Name, T>) -> Checked {
    let absent = fields.values().any(|value| matches!(value.kind(), Kind::Null));
    match (fields.len(), absent) {
        (1, false) => Ok(()),
        (1, true) => {
            wrong(place, "has a field that is null", format_args!("a {name} has exactly one, with a value"))
        }
        (count, _) => wrong(place, &format!("has {count} fields"), format_args!("a {name} has exactly one")),
    }
}

/// Scalars of the schema's own are parsed by resolvers, which can say more of them.
fn scalar<T: Given>(place: Place<'_>, name: &str, given: &T) -> Checked {
    let (right, rule) = match (name, given.kind()) {
        ("Int", Kind::Number(number)) => {
            let fits = number.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
            (fits, "a whole number from -2147483648 to 2147483647")
        }
        ("Int", _) => (false, "a whole number"),
        ("Float", kind) => (matches!(kind, Kind::Number(_)), "a number"),
        ("String", kind) => (matches!(kind, Kind::Text(_)), "a text"),
        ("Boolean", kind) => (matches!(kind, Kind::Truth), "true or false"),
        ("ID", Kind::Number(number)) => (number.is_i64() || number.is_u64(), "a text"),
        ("ID", kind) => (matches!(kind, Kind::Text(_)), "a text"),
        _ => (true, ""),
    };
    if right {
        Ok(())
    } else {
        wrong(place, &format!("is {}", shown(given)), format_args!("its type is {name}: {rule}"))
    }
}

fn word<T: Given>(
    place: Place<'_>,
    name: &str,
    known: &IndexMap<String, MetaEnumValue>,
    given: &T,
) -> Checked {
    let kind = given.kind();
    let right = match (&kind, T::WORDS_ARE_TEXTS) {
        (Kind::Word(word), _) => known.contains_key(word.as_str()),
        (Kind::Text(text), true) => known.contains_key(*text),
        (_, true | false) => false,
    };
    if right {
        return Ok(());
    }
    let more = if known.len() > MAX_WORDS { ", …" } else { "" };
    let words: Vec<_> = known.keys().take(MAX_WORDS).map(String::as_str).collect();
    wrong(
        place,
        &format!("is {}", shown(given)),
        format_args!("a {name} is one of {}{more}", words.join(", ")),
    )
}

fn wrong(place: Place<'_>, value: &str, rule: impl std::fmt::Display) -> Checked {
    Err(InputError { message: format!("`{place}` {value}; {rule}") })
}
