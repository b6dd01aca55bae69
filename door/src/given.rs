//! Input values as a client gives them: as literals in the document, which may hold variables, or in the variables themselves.

use std::fmt::Display;

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Number, Value as Constant};
use async_graphql_value::Value as Literal;

/// What a value is, whichever way it is given.
pub(crate) enum Kind<'a, T> {
    Variable(&'a Name),
    Null,
    Number(&'a Number),
    Text(&'a str),
    Truth,
    Word(&'a Name),
    List(&'a [T]),
    Object(&'a IndexMap<Name, T>),
    Bytes,
}

/// A value, whichever way it is given.
pub(crate) trait Given: Display + Sized {
    /// Whether words of an enumeration are written as texts, for JSON has no other way.
    const WORDS_ARE_TEXTS: bool;

    /// What it is.
    fn kind(&self) -> Kind<'_, Self>;
}

impl Given for Literal {
    const WORDS_ARE_TEXTS: bool = false;

    fn kind(&self) -> Kind<'_, Self> {
        match self {
            Self::Variable(name) => Kind::Variable(name),
            Self::Null => Kind::Null,
            Self::Number(number) => Kind::Number(number),
            Self::String(text) => Kind::Text(text),
            Self::Boolean(_) => Kind::Truth,
            Self::Enum(word) => Kind::Word(word),
            Self::List(items) => Kind::List(items),
            Self::Object(fields) => Kind::Object(fields),
            Self::Binary(_) => Kind::Bytes,
        }
    }
}

impl Given for Constant {
    const WORDS_ARE_TEXTS: bool = true;

    fn kind(&self) -> Kind<'_, Self> {
        match self {
            Self::Null => Kind::Null,
            Self::Number(number) => Kind::Number(number),
            Self::String(text) => Kind::Text(text),
            Self::Boolean(_) => Kind::Truth,
            Self::Enum(word) => Kind::Word(word),
            Self::List(items) => Kind::List(items),
            Self::Object(fields) => Kind::Object(fields),
            Self::Binary(_) => Kind::Bytes,
        }
    }
}
