//! GraphQL over HTTP: one request, one operation, one answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Response as Answer, ServerError, Value};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use crate::arguments;
use crate::body::{self, Incoming, Parameters};
use crate::code::Code;
use crate::documents::Trust;
use crate::door::Door;
use crate::execution::Execution;
use crate::faults::{INTERNAL_MESSAGE, fresh_id};
use crate::guard::{self, GuardError};
use crate::media::{self, Media};
use crate::metrics::Asked;
use crate::origin::Origin;
use crate::peer::Peer;
use crate::principal::Principal;
use crate::processing::{self, Concerned, Settled};
use crate::refusal::{self, Refusal, request_error};
use crate::root::{self, Root};
use crate::shown::cut;
use crate::token::TokenError;
use crate::variables;

/// How many mistakes in a document are told at once.
const MAX_MISTAKES: usize = 20;

/// How long the text of one may be, in characters.
const MAX_MISTAKE: usize = 300;

/// Answers a request at the GraphQL path.
pub(crate) async fn handle(door: &Door, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut incoming = Incoming::new(&parts.headers, body, &door.load);
    let response = answer(door, &parts, &mut incoming).await;
    incoming.discard().await;
    response
}

async fn answer(door: &Door, parts: &Parts, incoming: &mut Incoming<'_>) -> Response {
    let Some(media) = Media::accepted(&parts.headers) else {
        return Refusal::NotAcceptable.respond(Media::Json);
    };
    if parts.method != Method::POST && !(parts.method == Method::GET && door.answers_get) {
        return not_over(door, &parts.method).respond(media);
    }
    match execute(door, parts, incoming).await {
        Ok(executed) => respond(door, media, executed),
        Err(refusal) => refusal.respond(media),
    }
}

fn not_over(door: &Door, method: &Method) -> Refusal {
    let allow = if door.answers_get || door.graphiql().is_some() { "GET, POST" } else { "POST" };
    let instead = match *method == Method::GET && door.answers_get {
        true => "POST, as only queries that are trusted documents are answered over GET",
        false => "POST",
    };
    Refusal::Method { method: method.to_string(), instead, allow }
}

async fn execute(door: &Door, parts: &Parts, incoming: &mut Incoming<'_>) -> Result<Executed, Refusal> {
    let (checked, _place) = read(door, parts, incoming).instrument(tracing::debug_span!("parse")).await?;
    if let Some(asked) = parts.extensions.get::<Asked>() {
        asked.note(checked.root.kind.into());
    }
    run(door, checked).instrument(tracing::debug_span!("resolve")).await
}

/// What is asked; the cheapest checks come first: who is asking before what is asked.
async fn read(
    door: &Door,
    parts: &Parts,
    incoming: &mut Incoming<'_>,
) -> Result<(Checked, OwnedSemaphorePermit), Refusal> {
    let principal = principal(door, parts).await?;
    let origin = Origin::of(&parts.headers, &parts.extensions);
    if parts.method == Method::GET {
        let place = door.load.enter()?;
        let asking = Asking { principal, origin, way: Way::Get };
        return Ok((checked(door, body::of_url(&parts.uri)?, asking)?, place));
    }
    if !media::sends_json(&parts.headers) {
        return Err(Refusal::MediaType);
    }
    let bytes = incoming.read(door.http.body_limit, door.http.body_timeout).await?;
    // Who takes long to send it takes nobody's place meanwhile.
    let place = door.load.enter()?;
    let parameters = body::parse(&bytes)?;
    let _turn = door.load.turn(parameters.document.length()).await;
    Ok((checked(door, parameters, Asking { principal, origin, way: Way::Post })?, place))
}

/// How a request came, and with it how it may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// One answer.
    Post,
    /// One answer, to a query that is a trusted document: whoever sends this may send it again, or keep it.
    Get,
    /// As many answers as there are.
    Stream,
}

/// Who asks, and how an answer may come.
pub(crate) struct Asking {
    pub(crate) principal: Option<Principal>,
    pub(crate) origin: Origin,
    pub(crate) way: Way,
}

/// A request that may be executed: within the limits, and with arguments that fit the schema.
pub(crate) struct Checked {
    pub(crate) request: Request,
    pub(crate) root: Root,
    /// Whose data it has to do with; none where that is not logged.
    pub(crate) concerned: Option<Arc<Concerned>>,
}

pub(crate) fn checked(
    door: &Door,
    parameters: Parameters,
    Asking { principal, origin, way }: Asking,
) -> Result<Checked, Refusal> {
    let mut request = looked_up(door, parameters, way)?;
    let guarded = guard::check(&request.query, &door.guard).inspect_err(|error| limited(door, error))?;
    if guarded.introspects && !door.tokens.development() {
        return Err(Refusal::Introspection);
    }
    if principal.is_none() && !guarded.only_introspects {
        return Err(TokenError::Missing.into());
    }
    let mut root = root(door, &guarded.document, &request, way)?;
    if let Some(mutations) = root.mutations.take() {
        request = request.data(mutations);
    }
    request.set_parsed_query(guarded.document);
    let concerned = match (&door.processing, &principal) {
        (Some(log), Some(principal)) => {
            let came = (origin.step, origin.activity.as_deref());
            Some(Arc::new(Concerned::begin(log, principal, came, door.clock.now())?))
        }
        _ => None,
    };
    request = match principal {
        Some(principal) => request.data(principal),
        None => request.only_introspection(),
    };
    if let Some(id) = origin.id {
        request = request.data(id);
    }
    if let Some(concerned) = &concerned {
        request = request.data(Arc::clone(concerned));
    }
    Ok(Checked { request, root, concerned })
}

/// Counts a document that asks too much.
fn limited(door: &Door, error: &GuardError) {
    if let GuardError::Limit { what, .. } = error {
        door.metrics.http.limited(what);
    }
}

/// The request with its document, which may be named by its hash.
fn looked_up(door: &Door, parameters: Parameters, way: Way) -> Result<Request, Refusal> {
    let Parameters { document, operation_name, variables } = parameters;
    let trust = if way == Way::Get { Trust::Required } else { Trust::AsConfigured };
    let found = door.documents.look_up(document, trust);
    if way == Way::Get && matches!(found, Err(Refusal::NotTrusted)) {
        return Err(not_over(door, &Method::GET));
    }
    let mut request = Request::new(found?).variables(variables);
    request.operation_name = operation_name;
    Ok(request)
}

/// What the operation asks for, if the library can be trusted with it.
fn root(door: &Door, document: &ExecutableDocument, request: &Request, way: Way) -> Result<Root, Refusal> {
    let name = request.operation_name.as_deref();
    let operation = root::operation(document, name).ok_or_else(|| match name {
        Some(name) => Refusal::NoSuchOperation(name.to_owned()),
        None => Refusal::WhichOperation,
    })?;
    if way == Way::Get && operation.ty != OperationType::Query {
        return Err(not_over(door, &Method::GET));
    }
    let schema = (door.schema)();
    variables::check(operation, &request.variables)?;
    arguments::check(schema.registry(), document, operation, &request.variables)
        .map_err(Refusal::Arguments)?;
    guard::check_cost(schema.registry(), document, operation, &request.variables, &door.guard)
        .inspect_err(|error| limited(door, error))?;
    let root = Root::of(document, operation, &request.variables);
    match (root.kind, root.shared()) {
        (OperationType::Subscription, _) if schema.registry().subscription_type.is_none() => {
            Err(Refusal::NoSubscriptions)
        }
        (OperationType::Subscription, _) if way != Way::Stream => Err(Refusal::Subscription),
        (OperationType::Subscription, _) if !root::single_field(operation) => Err(Refusal::SubscriptionRoot),
        (OperationType::Subscription, _) => Ok(root),
        (OperationType::Mutation, _) if schema.registry().mutation_type.is_none() => Err(Refusal::Mutation),
        (OperationType::Mutation, Some(field)) => Err(Refusal::Twice { field: field.clone() }),
        (OperationType::Mutation, None) | (OperationType::Query, _) => Ok(root),
    }
}

pub(crate) async fn run(door: &Door, checked: Checked) -> Result<Executed, Refusal> {
    let Checked { mut request, root, concerned } = checked;
    if let Some(prepare) = &door.prepare {
        request = prepare(request);
    }
    let execution = Arc::new(Execution::default());
    let request = request.data(Arc::clone(&execution));
    let limit = door.http.request_timeout;
    let schema = (door.schema)();
    let answer = tokio::time::timeout(limit, schema.execute(request)).await;
    if let Some(concerned) = concerned {
        processing::settle(&*door.clock, &concerned, concerned.take(), Settled::Request).await?;
    }
    let mut answer = answer.map_err(|_| Refusal::Timeout { limit })?;
    execution.settle(&mut answer);
    root.sort(&mut answer.data);
    Ok(Executed { answer, began: execution.began() })
}

/// Without a token nothing is accepted, save the schema in development, for which there may be none.
async fn principal(door: &Door, parts: &Parts) -> Result<Option<Principal>, Refusal> {
    match door.tokens.session(&parts.headers, Peer::of(&parts.extensions), door.clock.now()).await {
        Ok(session) => Ok(Some(session.principal)),
        Err(TokenError::Missing) if door.tokens.development() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// An answer, and whether it was executed for, rather than refused before.
pub(crate) struct Executed {
    pub(crate) answer: Answer,
    pub(crate) began: bool,
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

fn respond(door: &Door, media: Media, executed: Executed) -> Response {
    let status = if executed.began { StatusCode::OK } else { request_error(media) };
    match written(door, executed) {
        Ok(text) => refusal::answer(media, status, Body::from(door.load.answer(text))),
        Err(refusal) => refusal.respond(media),
    }
}

/// An answer as JSON.
pub(crate) fn written(door: &Door, Executed { mut answer, began }: Executed) -> Result<String, Refusal> {
    tell(door, &mut answer, began);
    let body = GraphQlResponse {
        data: began.then_some(&answer.data),
        errors: &answer.errors,
        extensions: &answer.extensions,
    };
    serde_json::to_string(&body).map_err(|error| {
        let id = fresh_id();
        tracing::error!(%id, %error, "an answer could not be written as JSON");
        Refusal::Internal { id }
    })
}

/// Makes errors fit for the outside, and counts them.
pub(crate) fn tell(door: &Door, answer: &mut Answer, began: bool) {
    if !began {
        answer.errors.truncate(MAX_MISTAKES);
    }
    for error in &mut answer.errors {
        settle(error, began);
        door.metrics.http.told(code(error));
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
        error.message = remedied(&error.message);
        return;
    }
    let id = fresh_id();
    tracing::error!(%id, error = %error.message, "a resolver failed with an error that has no code");
    extensions.set("code", Code::Internal.as_str());
    extensions.set("id", id.to_string());
    INTERNAL_MESSAGE.clone_into(&mut error.message);
}

/// The library's words name what the document asks for, however long its name is, and not always what to do.
fn remedied(message: &str) -> String {
    let message = cut(message, MAX_MISTAKE);
    match message.ends_with('?') {
        true => message,
        false => format!("{}; make the document fit the schema", message.trim_end_matches('.')),
    }
}

/// Its code, for those who count.
fn code(error: &ServerError) -> String {
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => code.clone(),
        // `settle` gave each error one, as a text.
        _ => Code::Internal.to_string(),
    }
}
