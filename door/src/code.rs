//! The codes in `extensions.code` of the errors that the border itself answers with.

use std::fmt;

/// What went wrong between the network and a resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// There is no bearer token, or it is not accepted.
    Unauthenticated,
    /// The caller is known, and may not do or see this.
    Forbidden,
    /// A fault of ours; `extensions.id` finds its cause in the log.
    Internal,
    /// The answer took too long; whether a mutation was done is unknown, so it is to be sent again with the same id.
    Timeout,
    /// There is nothing at this address.
    NotFound,
    /// GraphQL is spoken over POST.
    MethodNotAllowed,
    /// The body is not `application/json` in UTF-8.
    UnsupportedMediaType,
    /// The client accepts neither `application/graphql-response+json` nor `application/json`.
    NotAcceptable,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body broke off.
    BodyBroken,
    /// The body is not JSON.
    InvalidJson,
    /// The body is JSON, but not a GraphQL request: a parameter is missing or of the wrong type.
    InvalidRequest,
    /// The body is a list of requests; they are to be sent one by one.
    BatchingRefused,
    /// A text holds U+0000, which cannot be stored.
    NulCharacter,
    /// No trusted document has the hash that the request names.
    PersistedQueryNotFound,
    /// The document is none of those that are trusted here, and no other is answered.
    DocumentNotTrusted,
    /// The document is not GraphQL.
    ParseFailed,
    /// The document asks for more than a limit allows.
    LimitExceeded,
    /// The schema may be asked for with `--dev` alone.
    IntrospectionDisabled,
    /// The document does not fit the schema, or the variables do not fit the document.
    ValidationFailed,
    /// A stream took its messages too slowly, and was ended; `extensions.after` tells where to take it up again.
    SlowConsumer,
    /// The server stops, and has ended a stream; `extensions.after` tells where to take it up again.
    GoingAway,
    /// One connection has as many subscriptions as it may.
    TooManySubscriptions,
    /// There are as many connections with streams as there may be.
    TooManyConnections,
    /// A browser connects for a web page that may not.
    OriginNotAllowed,
    /// The server has as much to do as it may at once; nothing of the request was done.
    ServerBusy,
    /// Whose data the answer holds could not be written down, so that it was withheld.
    ProcessingLogUnavailable,
    /// The caller names a processing activity that this F6 has none of.
    UnknownProcessingActivity,
}

impl Code {
    /// Every code, in the order of their declaration.
    pub const ALL: [Self; 29] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Internal,
        Self::Timeout,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::UnsupportedMediaType,
        Self::NotAcceptable,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyBroken,
        Self::InvalidJson,
        Self::InvalidRequest,
        Self::BatchingRefused,
        Self::NulCharacter,
        Self::PersistedQueryNotFound,
        Self::DocumentNotTrusted,
        Self::ParseFailed,
        Self::LimitExceeded,
        Self::IntrospectionDisabled,
        Self::ValidationFailed,
        Self::SlowConsumer,
        Self::GoingAway,
        Self::TooManySubscriptions,
        Self::TooManyConnections,
        Self::OriginNotAllowed,
        Self::ServerBusy,
        Self::ProcessingLogUnavailable,
        Self::UnknownProcessingActivity,
    ];

    /// The code as it stands in an answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Internal => "INTERNAL",
            Self::Timeout => "TIMEOUT",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::BodyTooLarge => "BODY_TOO_LARGE",
            Self::BodyTimeout => "BODY_TIMEOUT",
            Self::BodyBroken => "BODY_BROKEN",
            Self::InvalidJson => "INVALID_JSON",
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::BatchingRefused => "BATCHING_REFUSED",
            Self::NulCharacter => "NUL_CHARACTER",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::ParseFailed => "PARSE_FAILED",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::IntrospectionDisabled => "INTROSPECTION_DISABLED",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::GoingAway => "GOING_AWAY",
            Self::TooManySubscriptions => "TOO_MANY_SUBSCRIPTIONS",
            Self::TooManyConnections => "TOO_MANY_CONNECTIONS",
            Self::OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
            Self::ServerBusy => "SERVER_BUSY",
            Self::ProcessingLogUnavailable => "PROCESSING_LOG_UNAVAILABLE",
            Self::UnknownProcessingActivity => "UNKNOWN_PROCESSING_ACTIVITY",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_told_apart_from_every_other() {
        let codes: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
    }
}
