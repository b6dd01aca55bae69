//! What the border answers instead of executing a request.

use std::time::Duration;

use async_graphql::{Name, Pos};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::code::Code;
use crate::documents::DocumentHash;
use crate::faults::INTERNAL_MESSAGE;
use crate::guard::GuardError;
use crate::input::InputError;
use crate::media::Media;
use crate::request_error::RequestError;
use crate::shown::shown_text;
use crate::token::TokenError;
use crate::variables::VariableError;

/// Why a request is not executed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Token(#[from] TokenError),
    #[error("there is nothing here; GraphQL is spoken at {path}")]
    NotFound { path: String },
    #[error("{method} is not supported here; use {instead}")]
    Method { method: String, instead: &'static str, allow: &'static str },
    #[error(
        "answers are application/graphql-response+json or application/json; the Accept header allows neither"
    )]
    NotAcceptable,
    #[error("the body must be uncompressed JSON: send `Content-Type: application/json`, in UTF-8")]
    MediaType,
    #[error("the body is longer than the limit of {limit} bytes; send less at once")]
    BodyTooLarge { limit: usize },
    #[error("the body did not arrive within {} seconds; send it in one go", .limit.as_secs_f64())]
    BodyTimeout { limit: Duration },
    #[error("the body broke off; send it again, with the same ids")]
    BodyBroken,
    #[error("{0}")]
    Request(#[from] RequestError),
    #[error("no trusted document has the hash {hash}; send the document itself, over POST")]
    UnknownDocument { hash: DocumentHash },
    #[error(
        "this document is none of those that are trusted here, and no other is answered; send one of them"
    )]
    NotTrusted,
    #[error("{0}")]
    Document(#[from] GuardError),
    #[error(
        "a subscription has no single answer; accept `text/event-stream` alone, or use a WebSocket with the \
         subprotocol graphql-transport-ws"
    )]
    Subscription,
    #[error("this server has no subscriptions; the query API does")]
    NoSubscriptions,
    #[error(
        "a subscription has one field at its root, written there and neither skipped nor included by a directive"
    )]
    SubscriptionRoot,
    #[error("messages were not taken within {} seconds; subscribe again, after `extensions.after`", .limit.as_secs_f64())]
    SlowConsumer { limit: Duration },
    #[error("the server stops; subscribe again, after `extensions.after`")]
    GoingAway,
    #[error(
        "this connection has {limit} subscriptions, and may have no more; complete one first, or open another connection"
    )]
    TooManySubscriptions { limit: usize },
    #[error("there are {limit} connections with streams, and may be no more; try again later")]
    TooManyConnections { limit: usize },
    #[error(
        "a web page of the origin {origin} may not connect here; whoever runs the server may name it in `F6_ALLOWED_ORIGINS`"
    )]
    Origin { origin: String },
    #[error(
        "the server has as much to do as it may at once, and has done nothing of this; send it again in a moment"
    )]
    Busy,
    #[error("this is a mutation, and this server only answers queries; send it to the write API")]
    Mutation,
    #[error("the document has no operation named `{}`; `operationName` is one of its names", shown_text(.0))]
    NoSuchOperation(String),
    #[error("the document has several operations; say by `operationName` which is meant")]
    WhichOperation,
    #[error("`{field}` stands twice at the root of this mutation; give each an alias of its own")]
    Twice { field: Name },
    #[error("{0}")]
    Variable(#[from] VariableError),
    #[error("{}", .0.iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>().join("; "))]
    Arguments(Vec<(Pos, InputError)>),
    #[error(
        "the schema can be asked for on a development server alone; elsewhere `--print-schema` prints it"
    )]
    Introspection,
    #[error(
        "there was no answer within {} seconds; a mutation may have been done: send it again with the same id",
        .limit.as_secs_f64()
    )]
    Timeout { limit: Duration },
    #[error(
        "it could not be written down whose data this is, so that there is no answer; a mutation may have been done: send it again with the same id"
    )]
    NotLogged { id: Uuid },
    #[error(
        "`dpl-core-processing-activity-id` is {0}, and this F6 has no such processing activity; name one of write_config.yaml, or none"
    )]
    UnknownActivity(String),
    #[error("{INTERNAL_MESSAGE}")]
    Internal { id: Uuid },
}

impl Refusal {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Token(_) => Code::Unauthenticated,
            Self::NotFound { .. } => Code::NotFound,
            Self::Method { .. } => Code::MethodNotAllowed,
            Self::NotAcceptable => Code::NotAcceptable,
            Self::MediaType => Code::UnsupportedMediaType,
            Self::BodyTooLarge { .. } => Code::BodyTooLarge,
            Self::BodyTimeout { .. } => Code::BodyTimeout,
            Self::BodyBroken => Code::BodyBroken,
            Self::Request(error) => error.code(),
            Self::UnknownDocument { .. } => Code::PersistedQueryNotFound,
            Self::NotTrusted => Code::DocumentNotTrusted,
            Self::Document(GuardError::Limit { .. }) => Code::LimitExceeded,
            Self::Document(GuardError::Cycle { .. }) => Code::ValidationFailed,
            Self::Document(GuardError::Syntax { .. }) => Code::ParseFailed,
            Self::Document(GuardError::Nul) => Code::NulCharacter,
            Self::Variable(_)
            | Self::Arguments(_)
            | Self::Subscription
            | Self::NoSubscriptions
            | Self::SubscriptionRoot
            | Self::Mutation
            | Self::NoSuchOperation(_)
            | Self::WhichOperation
            | Self::Twice { .. } => Code::ValidationFailed,
            Self::SlowConsumer { .. } => Code::SlowConsumer,
            Self::GoingAway => Code::GoingAway,
            Self::TooManySubscriptions { .. } => Code::TooManySubscriptions,
            Self::TooManyConnections { .. } => Code::TooManyConnections,
            Self::Origin { .. } => Code::OriginNotAllowed,
            Self::Busy => Code::ServerBusy,
            Self::Introspection => Code::IntrospectionDisabled,
            Self::Timeout { .. } => Code::Timeout,
            Self::NotLogged { .. } => Code::ProcessingLogUnavailable,
            Self::UnknownActivity(_) => Code::UnknownProcessingActivity,
            Self::Internal { .. } => Code::Internal,
        }
    }

    /// What is wrong with a document is 200 in the older media type, as its clients take any other status for a broken line.
    fn status(&self, media: Media) -> StatusCode {
        match self {
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken | Self::Request(_) | Self::UnknownActivity(_) => StatusCode::BAD_REQUEST,
            Self::UnknownDocument { .. }
            | Self::NotTrusted
            | Self::Document(_)
            | Self::Variable(_)
            | Self::Arguments(_)
            | Self::Subscription
            | Self::NoSubscriptions
            | Self::SubscriptionRoot
            | Self::Mutation
            | Self::NoSuchOperation(_)
            | Self::WhichOperation
            | Self::Twice { .. }
            | Self::TooManySubscriptions { .. }
            | Self::Introspection => request_error(media),
            Self::Origin { .. } => StatusCode::FORBIDDEN,
            Self::Timeout { .. }
            | Self::SlowConsumer { .. }
            | Self::GoingAway
            | Self::NotLogged { .. }
            | Self::Busy
            | Self::TooManyConnections { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = match self {
            // RFC 6750, section 3.1: no error code where there are no credentials at all.
            Self::Token(TokenError::Missing) => (WWW_AUTHENTICATE, "Bearer realm=\"F6\""),
            Self::Token(_) => (WWW_AUTHENTICATE, "Bearer realm=\"F6\", error=\"invalid_token\""),
            Self::Method { allow, .. } => (ALLOW, *allow),
            Self::BodyTooLarge { .. } | Self::BodyTimeout { .. } | Self::BodyBroken => (CONNECTION, "close"),
            Self::Timeout { .. }
            | Self::GoingAway
            | Self::Busy
            | Self::NotLogged { .. }
            | Self::TooManyConnections { .. } => (RETRY_AFTER, "1"),
            Self::NotFound { .. }
            | Self::NotAcceptable
            | Self::MediaType
            | Self::Request(_)
            | Self::UnknownDocument { .. }
            | Self::NotTrusted
            | Self::Document(_)
            | Self::Variable(_)
            | Self::Arguments(_)
            | Self::Subscription
            | Self::NoSubscriptions
            | Self::SubscriptionRoot
            | Self::Mutation
            | Self::NoSuchOperation(_)
            | Self::WhichOperation
            | Self::Twice { .. }
            | Self::SlowConsumer { .. }
            | Self::TooManySubscriptions { .. }
            | Self::Origin { .. }
            | Self::Introspection
            | Self::UnknownActivity(_)
            | Self::Internal { .. } => return None,
        };
        Some((name, HeaderValue::from_static(value)))
    }

    /// Each thing that is wrong, with where it stands in the document.
    fn errors(&self) -> Vec<(String, Vec<Pos>)> {
        if let Self::Arguments(errors) = self {
            return errors.iter().map(|(place, error)| (error.to_string(), vec![*place])).collect();
        }
        let places =
            if let Self::Document(GuardError::Syntax { places, .. }) = self { &**places } else { &[] };
        vec![(self.to_string(), places.to_vec())]
    }

    fn body(&self) -> Value {
        json!({ "errors": self.told(None) })
    }

    /// What is wrong, as the errors of an answer; of a stream that was ended, with where to take it up again.
    pub(crate) fn told(&self, after: Option<&str>) -> Vec<Value> {
        let mut extensions = json!({ "code": self.code().as_str() });
        if let Self::Internal { id } | Self::NotLogged { id } = self {
            extensions["id"] = json!(id);
        }
        if let Some(after) = after {
            extensions["after"] = json!(after);
        }
        let error = |(message, places): (String, Vec<Pos>)| {
            let mut error = json!({ "message": message, "extensions": extensions });
            if !places.is_empty() {
                error["locations"] = json!(places);
            }
            error
        };
        self.errors().into_iter().map(error).collect()
    }

    pub(crate) fn respond(&self, media: Media) -> Response {
        let mut response = answer(media, self.status(media), self.body().to_string());
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self.code());
        response
    }
}

/// The status of an answer without data: the document or its variables are wrong.
pub(crate) const fn request_error(media: Media) -> StatusCode {
    match media {
        Media::GraphQlResponse => StatusCode::BAD_REQUEST,
        Media::Json => StatusCode::OK,
    }
}

/// A GraphQL answer; it may hold personal data, so nothing on its way may keep it.
pub(crate) fn answer(media: Media, status: StatusCode, body: impl IntoResponse) -> Response {
    let headers = [(CONTENT_TYPE, media.content_type()), (CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}
