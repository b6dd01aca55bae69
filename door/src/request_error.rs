//! What can be wrong with the body of a GraphQL request.

use crate::code::Code;

/// Why a body is no GraphQL request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the body is not JSON: {reason} at line {line}, column {column}")]
    NotJson { reason: &'static str, line: usize, column: usize },
    #[error("the body is a list; send one request at a time, an object with `query`")]
    Batch,
    #[error("the body is {found}; a GraphQL request is an object with `query`")]
    NotAnObject { found: &'static str },
    #[error("the body has no `query`, the GraphQL document as a string")]
    NoQuery,
    #[error("`{name}` is {found}; it must be {expected}")]
    Parameter { name: &'static str, found: &'static str, expected: &'static str },
    #[error("{place} holds the character U+0000, which cannot be stored; leave it out")]
    Nul { place: &'static str },
}

impl RequestError {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::NotJson { .. } => Code::InvalidJson,
            Self::Batch => Code::BatchingRefused,
            Self::NotAnObject { .. } | Self::NoQuery | Self::Parameter { .. } => Code::InvalidRequest,
            Self::Nul { .. } => Code::NulCharacter,
        }
    }
}
