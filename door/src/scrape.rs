//! `/metrics`: what a server counts, for whoever watches over it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text;

use crate::door::Door;
use crate::faults::fresh_id;
use crate::media::Media;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

/// The one route of a listener for metrics alone.
pub(crate) fn router(door: &Arc<Door>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(Arc::clone(door))
}

pub(crate) async fn metrics(State(door): State<Arc<Door>>) -> Response {
    text(&door.metrics)
}

pub(crate) fn text(metrics: &Metrics) -> Response {
    match metrics.text() {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, prometheus_text::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(error) => {
            let id = fresh_id();
            tracing::error!(%id, %error, "the metrics could not be written");
            Refusal::Internal { id }.respond(Media::Json)
        }
    }
}
