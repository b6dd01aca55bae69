//! A process that answers no GraphQL, and is watched over all the same: `/healthz`, `/readyz`, `/metrics`.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::connections::{ConnectionOptions, Listener};
use crate::health::{self, Check};
use crate::metrics::Metrics;
use crate::scrape;
use crate::serve::{ServeError, listen, published};

/// What a process tells of itself.
#[derive(Debug)]
pub struct Observed {
    /// What it is called in its log.
    pub name: &'static str,
    /// What must hold for it to be ready.
    pub checks: Vec<Check>,
    /// What it counts.
    pub metrics: Metrics,
    /// A file to write the address to, once it listens.
    pub address_file: Option<PathBuf>,
}

/// Serves what a process tells of itself, until told to stop.
///
/// # Errors
/// When it cannot listen, cannot tell where, or the network fails.
pub async fn serve_observed(
    bind: SocketAddr,
    observed: Observed,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listener = listen(bind, "--bind").await?;
    let address = published(&listener, observed.address_file.as_deref())?;
    tracing::info!(%address, "{} is watched over at http://{address}/metrics", observed.name);
    let listener = Listener::new(listener, &ConnectionOptions::aside(), None, &observed.metrics.connections);
    listener.serve(router(Arc::new(observed)), shutdown).await;
    Ok(())
}

fn router(observed: Arc<Observed>) -> Router {
    Router::new()
        .route("/healthz", get(async || health::alive()))
        .route(
            "/readyz",
            get(async |State(observed): State<Arc<Observed>>| health::ready(&observed.checks, []).await),
        )
        .route("/metrics", get(async |State(observed): State<Arc<Observed>>| scrape::text(&observed.metrics)))
        .with_state(observed)
}
