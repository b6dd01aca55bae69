//! `/healthz`: the process answers. `/readyz`: everything that it needs does too.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};

use crate::faults::chain;

/// Why a check failed; for the log alone.
pub type CheckError = Box<dyn std::error::Error + Send + Sync>;

/// A check that takes longer has failed: whoever asks does so every few seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something that a server needs in order to work, such as its database.
pub struct Check {
    name: &'static str,
    run: Box<dyn Fn() -> BoxFuture<'static, Result<(), CheckError>> + Send + Sync>,
}

impl Check {
    /// A check of that name, run each time that `/readyz` is asked.
    pub fn new<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), CheckError>> + Send + 'static,
    {
        Self { name, run: Box::new(move || run().boxed()) }
    }

    async fn holds(&self) -> bool {
        let outcome = tokio::time::timeout(PATIENCE, (self.run)()).await;
        match outcome {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => {
                tracing::warn!(check = self.name, error = %chain(&*error), "a readiness check failed");
            }
            Err(_) => tracing::warn!(check = self.name, "a readiness check took longer than {PATIENCE:?}"),
        }
        false
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Check").field(&self.name).finish()
    }
}

pub(crate) fn alive() -> Response {
    respond(StatusCode::OK, &json!({ "status": "alive" }))
}

/// Whether all checks hold, and so does what is known by itself.
pub(crate) async fn ready<const N: usize>(checks: &[Check], known: [(&'static str, bool); N]) -> Response {
    let outcomes = join_all(checks.iter().map(Check::holds)).await;
    let outcomes: Vec<_> = checks.iter().map(|check| check.name).zip(outcomes).chain(known).collect();
    let ready = outcomes.iter().all(|(_, holds)| *holds);
    let (status, word) = match ready {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let word_of = |holds: bool| Value::from(if holds { "ok" } else { "failed" });
    let outcomes: Map<String, Value> =
        outcomes.into_iter().map(|(name, holds)| (name.to_owned(), word_of(holds))).collect();
    respond(status, &json!({ "status": word, "checks": outcomes }))
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
