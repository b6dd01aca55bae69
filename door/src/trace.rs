//! Each request has an id, a step in a trace, a line in the log, and an answer even where the code panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use tracing::{Instrument, Span, field};
use uuid::Uuid;

use crate::code::Code;
use crate::door::Door;
use crate::faults::fresh_id;
use crate::media::Media;
use crate::metrics::{Asked, HttpMeters};
use crate::otlp::{self, PROBE};
use crate::refusal::Refusal;
use crate::trace_context::{Step, TRACEPARENT, TraceContext};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Long enough for a UUID with a prefix, too short to fill a log with.
const MAX_REQUEST_ID: usize = 64;

/// What a request is called in the log and in its answer: the client's own name for it, or a fresh one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(headers: &HeaderMap, fresh: Uuid) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| Self::sound(id));
        Self(given.map_or_else(|| fresh.to_string(), str::to_owned))
    }

    /// Nothing that could forge a line of the log or carry a message.
    fn sound(id: &str) -> bool {
        let allowed = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
        !id.is_empty() && id.len() <= MAX_REQUEST_ID && id.chars().all(allowed)
    }
}

/// Stands around every route.
pub(crate) async fn watch(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let fresh = fresh_id();
    let id = RequestId::of(request.headers(), fresh);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("an unknown path", MatchedPath::as_str);
    // Whoever asks every few seconds how the server is would drown what is asked of it.
    let probe = matches!(route, "/healthz" | "/readyz" | "/metrics");
    let span = span(&id, probe);
    let caller = TraceContext::given(request.headers());
    let step = otlp::join(&span, caller).unwrap_or_else(|| TraceContext::unrecorded(caller, fresh));
    span.record("trace_id", step.trace_id());
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(Step { ours: step, caller });
    let mut response = answer(&door.metrics.http, request, next, (route, probe)).instrument(span).await;
    let headers = [(X_REQUEST_ID, HeaderValue::try_from(id.0).ok()), (TRACEPARENT, step.header())];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
    response.headers_mut().extend(headers);
    response
}

/// As the level of a line decides whether it is logged, no line may be logged without its span: both are errors.
fn span(id: &RequestId, probe: bool) -> Span {
    if probe {
        return tracing::error_span!(target: PROBE, "request", request_id = id.as_str(), trace_id = field::Empty);
    }
    tracing::error_span!(
        "request",
        request_id = id.as_str(),
        trace_id = field::Empty,
        otel.kind = field::Empty
    )
}

async fn answer(
    meters: &HttpMeters,
    mut request: Request,
    next: Next,
    (route, probe): (&str, bool),
) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let asked = Asked::default();
    request.extensions_mut().insert(asked.clone());
    let in_flight = (!probe).then(|| meters.enter());
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    drop(in_flight);
    let response = outcome.unwrap_or_else(|_| panicked());
    let (status, elapsed, operation) = (response.status().as_u16(), start.elapsed(), asked.operation());
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    otlp::answered(&Span::current(), (method.as_str(), route), operation.as_str(), status);
    if let Some(code) = response.extensions().get::<Code>() {
        meters.told(code.as_str());
    }
    if probe {
        tracing::debug!(status, elapsed_us, "answered {method} {route}");
    } else {
        meters.answered(operation, status, elapsed);
        tracing::info!(status, elapsed_us, operation = operation.as_str(), "answered {method} {route}");
    }
    response
}

/// What panicked, and where, the panic hook has logged within the same span.
fn panicked() -> Response {
    let id = fresh_id();
    tracing::error!(%id, "the request ended in a panic");
    Refusal::Internal { id }.respond(Media::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn a_client_names_its_request_unless_the_name_could_harm_the_log() {
        let of = |given: &str| RequestId::of(&headers("x-request-id", given), Uuid::from_u128(7));
        assert_eq!(of("order-7.a_b").as_str(), "order-7.a_b");
        for harmful in ["", "a b", "a\"b", "{x}", &"a".repeat(65)] {
            let id = of(harmful);
            assert_eq!(id.as_str(), Uuid::from_u128(7).to_string(), "{harmful}");
        }
    }
}
