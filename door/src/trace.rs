//! Each request has an id, a line in the log, and an answer even where the code panics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use tracing::{Instrument, field};

use crate::faults::fresh_id;
use crate::media::Media;
use crate::refusal::Refusal;

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

    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| Self::sound(id));
        Self(given.map_or_else(|| fresh_id().to_string(), str::to_owned))
    }

    /// Nothing that could forge a line of the log or carry a message.
    fn sound(id: &str) -> bool {
        let allowed = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
        !id.is_empty() && id.len() <= MAX_REQUEST_ID && id.chars().all(allowed)
    }
}

/// The trace that a request is part of, from its W3C `traceparent` header.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let sound = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    // Later versions may say more after the flags; version ff is none.
    let known = (version == "00" && parts.next().is_none()) || (version != "00" && version != "ff");
    (sound && known && some(trace) && some(parent)).then_some(trace)
}

/// Stands around every route.
pub(crate) async fn watch(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let span = tracing::info_span!("request", request_id = id.as_str(), trace_id = field::Empty);
    if let Some(trace) = trace_id(request.headers()) {
        span.record("trace_id", trace);
    }
    request.extensions_mut().insert(id.clone());
    let mut response = answer(request, next).instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

async fn answer(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("an unknown path", MatchedPath::as_str);
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = outcome.unwrap_or_else(|_| panicked());
    let (status, elapsed) =
        (response.status().as_u16(), u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
    if matches!(route, "/healthz" | "/readyz") {
        tracing::debug!(status, elapsed_us = elapsed, "answered {method} {route}");
    } else {
        tracing::info!(status, elapsed_us = elapsed, "answered {method} {route}");
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
        assert_eq!(RequestId::of(&headers("x-request-id", "order-7.a_b")).as_str(), "order-7.a_b");
        for harmful in ["", "a b", "a\"b", "{x}", &"a".repeat(65)] {
            let id = RequestId::of(&headers("x-request-id", harmful));
            assert!(uuid::Uuid::try_parse(id.as_str()).is_ok(), "{harmful}");
        }
    }

    #[test]
    fn a_trace_is_followed_when_its_header_is_sound() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let of = |value: &str| trace_id(&headers("traceparent", value)).map(str::to_owned);
        assert_eq!(of(&format!("00-{trace}-00f067aa0ba902b7-01")).as_deref(), Some(trace));
        assert_eq!(of(&format!("cc-{trace}-00f067aa0ba902b7-01-later")).as_deref(), Some(trace));
        for wrong in [
            "",
            "00-4bf9-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
