//! The routes through the door.

use std::sync::Arc;

use async_graphql::dynamic::SchemaBuilder;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{any, get};

use crate::door::Door;
use crate::execution::Watch;
use crate::media::{self, Media};
use crate::refusal::Refusal;
use crate::{graphiql, graphql, health, scrape, socket, sse, trace};

/// Makes a schema fit for the door: its failing fields answer as GraphQL says, and it shows itself in development alone.
pub fn harden(schema: SchemaBuilder, development: bool) -> SchemaBuilder {
    let schema = schema.extension(Watch);
    if development { schema } else { schema.disable_introspection().disable_suggestions() }
}

/// The routes, without a network around them.
pub fn router(door: Door) -> Router {
    routes(&Arc::new(door))
}

pub(crate) fn routes(door: &Arc<Door>) -> Router {
    let mut router = Router::new()
        .route(&door.http.path, any(at_path))
        .route("/healthz", get(async || health::alive()).fallback(reading_only))
        .route("/readyz", get(at_ready).fallback(reading_only));
    if door.graphiql().is_some() {
        router = router
            .route("/", get(at_page).fallback(reading_only))
            .route("/graphiql/{file}", get(graphiql::asset).fallback(reading_only));
    }
    if door.shows_metrics() {
        router = router.route("/metrics", get(scrape::metrics).fallback(reading_only));
    }
    let watch = axum::middleware::from_fn_with_state(Arc::clone(door), trace::watch);
    router.fallback(nothing_here).layer(watch).with_state(Arc::clone(door))
}

async fn at_path(State(door): State<Arc<Door>>, request: Request) -> Response {
    if door.subscriptions.is_some() {
        if socket::asks(request.headers()) {
            return socket::handle(door, request).await;
        }
        if request.method() == Method::POST && media::wants_events(request.headers()) {
            return sse::handle(door, request).await;
        }
    }
    let browser = request.method() == Method::GET && media::wants_html(request.headers());
    match door.graphiql() {
        Some(page) if browser => graphiql::page(&door, page),
        _ => graphql::handle(&door, request).await,
    }
}

async fn at_page(State(door): State<Arc<Door>>, request: Request) -> Response {
    match door.graphiql() {
        Some(page) => graphiql::page(&door, page),
        None => nothing_here(State(door), request).await,
    }
}

async fn at_ready(State(door): State<Arc<Door>>) -> Response {
    health::ready(&door.checks, [("keys", door.tokens.has_keys())]).await
}

async fn nothing_here(State(door): State<Arc<Door>>, _: Request) -> Response {
    Refusal::NotFound { path: door.http.path.clone() }.respond(Media::Json)
}

async fn reading_only(method: Method) -> Response {
    Refusal::Method { method: method.to_string(), instead: "GET", allow: "GET, HEAD" }.respond(Media::Json)
}

#[cfg(test)]
pub(crate) mod tests;
