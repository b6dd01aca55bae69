//! What can be wrong with the body of a GraphQL request.

use crate::code::Code;
use crate::documents::DocumentHash;
use crate::json::JsonError;
use crate::shown::shown_text;

/// Why a body is no GraphQL request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the body is not JSON as it is taken in here: {0}")]
    NotJson(JsonError),
    #[error("the body is a list; send one request at a time, an object with `query`")]
    Batch,
    #[error("the body is {found}; a GraphQL request is an object with `query`")]
    NotAnObject { found: &'static str },
    #[error("the body has no `query`; send the GraphQL document under that name, as a string")]
    NoQuery,
    #[error("`{name}` is {found}; it must be {expected}")]
    Parameter { name: &'static str, found: &'static str, expected: &'static str },
    #[error("`{name}` stands twice in the URL; write it once")]
    Twice { name: String },
    #[error("the query of the URL cannot be read; write it as `name=value`, percent-encoded")]
    Url,
    #[error("`{name}` is `{}`, which is no SHA-256 hash; write its 64 hexadecimal digits", shown_text(.given))]
    Hash { name: &'static str, given: String },
    #[error("`documentId` and `sha256Hash` are not the same; send one of them")]
    Hashes,
    #[error("the document is not that of the hash {hash}; send either alone, or both of the same")]
    HashDiffers { hash: DocumentHash },
}

impl RequestError {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::NotJson(JsonError::Nul { .. }) => Code::NulCharacter,
            Self::NotJson(_) => Code::InvalidJson,
            Self::Batch => Code::BatchingRefused,
            Self::NotAnObject { .. }
            | Self::NoQuery
            | Self::Parameter { .. }
            | Self::Twice { .. }
            | Self::Url
            | Self::Hash { .. }
            | Self::Hashes
            | Self::HashDiffers { .. } => Code::InvalidRequest,
        }
    }
}
