//! GraphQL over HTTP: one POST, one operation, one answer.

use std::collections::BTreeMap;

use async_graphql::{Response as Answer, ServerError, Value};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::body;
use crate::code::Code;
use crate::faults::{INTERNAL_MESSAGE, fresh_id};
use crate::guard;
use crate::media::{self, Media};
use crate::principal::Principal;
use crate::refusal::{Refusal, answer, request_error};
use crate::serve::Door;
use crate::token::TokenError;
use crate::trace::RequestId;

/// Answers a request at the GraphQL path.
pub(crate) async fn handle(door: &Door, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = Media::accepted(&parts.headers) else {
        return Refusal::NotAcceptable.respond(Media::Json);
    };
    if parts.method != Method::POST {
        let allow = if door.graphiql().is_some() {
            "GET, POST"
        } else {
            "POST"
        };
        return Refusal::Method {
            method: parts.method.to_string(),
            instead: "POST",
            allow,
        }
        .respond(media);
    }
    match execute(door, &parts, body).await {
        Ok(answer) => respond(media, answer),
        Err(refusal) => refusal.respond(media),
    }
}

/// The cheapest checks come first: who is asking before what is asked.
async fn execute(door: &Door, parts: &Parts, body: Body) -> Result<Answer, Refusal> {
    let principal = principal(door, parts)?;
    if !media::sends_json(&parts.headers) {
        return Err(Refusal::MediaType);
    }
    let bytes = body::read(&parts.headers, body, door.http.body_limit, door.http.body_timeout).await?;
    let mut request = body::parse(&bytes)?;
    let guarded = guard::check(&request.query, &door.guard)?;
    if guarded.introspects && !door.tokens.development() {
        return Err(Refusal::Introspection);
    }
    request.set_parsed_query(guarded.document);
    request = match principal {
        Some(principal) => request.data(principal),
        None if guarded.only_introspects => request.only_introspection(),
        None => return Err(TokenError::Missing.into()),
    };
    if let Some(id) = parts.extensions.get::<RequestId>() {
        request = request.data(id.clone());
    }
    if let Some(prepare) = &door.prepare {
        request = prepare(request);
    }
    let limit = door.http.request_timeout;
    let schema = (door.schema)();
    tokio::time::timeout(limit, schema.execute(request))
        .await
        .map_err(|_| Refusal::Timeout { limit })
}

/// Without a token nothing is accepted, save the schema in development, for which there may be none.
fn principal(door: &Door, parts: &Parts) -> Result<Option<Principal>, Refusal> {
    match door.tokens.authenticate(&parts.headers, door.clock.now()) {
        Ok(principal) => Ok(Some(principal)),
        Err(TokenError::Missing) if door.tokens.development() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Unlike the library's own, it tells `data` that is null from no data.
#[derive(Serialize)]
struct GraphQlResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

fn respond(media: Media, mut response: Answer) -> Response {
    // An error of the request as a whole has no path, and then there is no data either.
    let executed = response.errors.is_empty()
        || response.data != Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty());
    response.errors.iter_mut().for_each(settle);
    let status = if executed {
        StatusCode::OK
    } else {
        request_error(media)
    };
    let body = GraphQlResponse {
        data: executed.then_some(&response.data),
        errors: &response.errors,
        extensions: &response.extensions,
    };
    match serde_json::to_vec(&body) {
        Ok(bytes) => answer(media, status, bytes),
        Err(error) => {
            let id = fresh_id();
            tracing::error!(%id, %error, "an answer could not be written as JSON");
            Refusal::Internal { id }.respond(media)
        }
    }
}

/// What leaves the server says what the caller can do; what has no code was not meant for the outside.
fn settle(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_some() {
        return;
    }
    if error.path.is_empty() {
        extensions.set("code", Code::ValidationFailed.as_str());
        return;
    }
    let id = fresh_id();
    tracing::error!(%id, error = %error.message, "a resolver failed with an error that has no code");
    extensions.set("code", Code::Internal.as_str());
    extensions.set("id", id.to_string());
    INTERNAL_MESSAGE.clone_into(&mut error.message);
}
