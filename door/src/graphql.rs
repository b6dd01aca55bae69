//! GraphQL over HTTP: one POST, one operation, one answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Response as Answer, ServerError, Value};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::body;
use crate::code::Code;
use crate::door::Door;
use crate::execution::Execution;
use crate::faults::{INTERNAL_MESSAGE, fresh_id};
use crate::guard;
use crate::media::{self, Media};
use crate::principal::Principal;
use crate::refusal::{self, Refusal, request_error};
use crate::root::{self, Root};
use crate::token::TokenError;
use crate::trace::RequestId;
use crate::variables;

/// Answers a request at the GraphQL path.
pub(crate) async fn handle(door: &Door, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = Media::accepted(&parts.headers) else {
        return Refusal::NotAcceptable.respond(Media::Json);
    };
    if parts.method != Method::POST {
        let allow = if door.graphiql().is_some() { "GET, POST" } else { "POST" };
        return Refusal::Method { method: parts.method.to_string(), instead: "POST", allow }.respond(media);
    }
    match execute(door, &parts, body).await {
        Ok(executed) => respond(media, executed),
        Err(refusal) => refusal.respond(media),
    }
}

/// The cheapest checks come first: who is asking before what is asked.
async fn execute(door: &Door, parts: &Parts, body: Body) -> Result<Executed, Refusal> {
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
    let root = root(&guarded.document, &request)?;
    request.set_parsed_query(guarded.document);
    request = match principal {
        Some(principal) => request.data(principal),
        None if guarded.only_introspects => request.only_introspection(),
        None => return Err(TokenError::Missing.into()),
    };
    if let Some(id) = parts.extensions.get::<RequestId>() {
        request = request.data(id.clone());
    }
    run(door, request, root).await
}

/// What the operation asks for, if the library can be trusted with it; `None` where there is no such operation.
fn root(document: &ExecutableDocument, request: &Request) -> Result<Option<Root>, Refusal> {
    let Some(operation) = root::operation(document, request.operation_name.as_deref()) else {
        return Ok(None);
    };
    variables::check(operation, &request.variables)?;
    let root = Root::of(document, operation);
    match (root.kind, root.shared()) {
        (OperationType::Subscription, _) => Err(Refusal::Subscription),
        (OperationType::Mutation, Some(field)) => Err(Refusal::Twice { field: field.clone() }),
        (OperationType::Mutation, None) | (OperationType::Query, _) => Ok(Some(root)),
    }
}

async fn run(door: &Door, mut request: Request, root: Option<Root>) -> Result<Executed, Refusal> {
    if let Some(prepare) = &door.prepare {
        request = prepare(request);
    }
    let execution = Arc::new(Execution::default());
    let request = request.data(Arc::clone(&execution));
    let limit = door.http.request_timeout;
    let schema = (door.schema)();
    let answer = tokio::time::timeout(limit, schema.execute(request)).await;
    let mut answer = answer.map_err(|_| Refusal::Timeout { limit })?;
    execution.settle(&mut answer);
    if let Some(root) = root {
        root.sort(&mut answer.data);
    }
    Ok(Executed { answer, began: execution.began() })
}

/// Without a token nothing is accepted, save the schema in development, for which there may be none.
fn principal(door: &Door, parts: &Parts) -> Result<Option<Principal>, Refusal> {
    match door.tokens.authenticate(&parts.headers, door.clock.now()) {
        Ok(principal) => Ok(Some(principal)),
        Err(TokenError::Missing) if door.tokens.development() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// An answer, and whether it was executed for, rather than refused before.
struct Executed {
    answer: Answer,
    began: bool,
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

fn respond(media: Media, Executed { mut answer, began }: Executed) -> Response {
    answer.errors.iter_mut().for_each(|error| settle(error, began));
    let status = if began { StatusCode::OK } else { request_error(media) };
    let body = GraphQlResponse {
        data: began.then_some(&answer.data),
        errors: &answer.errors,
        extensions: &answer.extensions,
    };
    match serde_json::to_vec(&body) {
        Ok(bytes) => refusal::answer(media, status, bytes),
        Err(error) => {
            let id = fresh_id();
            tracing::error!(%id, %error, "an answer could not be written as JSON");
            Refusal::Internal { id }.respond(media)
        }
    }
}

/// What leaves the server says what the caller can do; what has no code was not meant for the outside.
fn settle(error: &mut ServerError, began: bool) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_some() {
        return;
    }
    if !began {
        extensions.set("code", Code::ValidationFailed.as_str());
        return;
    }
    let id = fresh_id();
    tracing::error!(%id, error = %error.message, "a resolver failed with an error that has no code");
    extensions.set("code", Code::Internal.as_str());
    extensions.set("id", id.to_string());
    INTERNAL_MESSAGE.clone_into(&mut error.message);
}
