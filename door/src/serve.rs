//! A server, from its address to its end.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request as GraphQlRequest;
use async_graphql::dynamic::{Schema, SchemaBuilder};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{any, get};
use axum::serve::ListenerExt;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::graphiql::{self, Graphiql};
use crate::guard::GuardOptions;
use crate::health::{self, Check};
use crate::media::{self, Media};
use crate::refusal::Refusal;
use crate::token::Tokens;
use crate::{graphql, trace};

/// How HTTP is spoken. Where, each server says itself, as each has its own address.
#[derive(Args, Clone, Debug)]
pub struct HttpOptions {
    /// Where GraphQL is served
    #[arg(long, env = "F6_PATH", value_name = "PATH", default_value = "/graphql",
          value_parser = crate::options::path, help_heading = "HTTP")]
    pub path: String,
    /// Longest request body, in bytes
    #[arg(
        long,
        env = "F6_BODY_LIMIT",
        value_name = "BYTES",
        default_value_t = 2_000_000,
        help_heading = "HTTP"
    )]
    pub body_limit: usize,
    /// How long a request body may take to arrive
    #[arg(long, env = "F6_BODY_TIMEOUT", value_name = "SECONDS", default_value = "10",
          value_parser = crate::options::seconds, help_heading = "HTTP")]
    pub body_timeout: Duration,
    /// How long an answer may take
    #[arg(long, env = "F6_REQUEST_TIMEOUT", value_name = "SECONDS", default_value = "30",
          value_parser = crate::options::seconds, help_heading = "HTTP")]
    pub request_timeout: Duration,
    /// How long requests that were accepted may take once the server is told to stop
    #[arg(long, env = "F6_SHUTDOWN_TIMEOUT", value_name = "SECONDS", default_value = "35",
          value_parser = crate::options::seconds, help_heading = "HTTP")]
    pub shutdown_timeout: Duration,
    /// A file to write the address to once the server listens, useful where it chooses its own port (port 0)
    #[arg(long, env = "F6_ADDRESS_FILE", value_name = "FILE", help_heading = "HTTP")]
    pub address_file: Option<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            path: "/graphql".to_owned(),
            body_limit: 2_000_000,
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(35),
            address_file: None,
        }
    }
}

/// Gives the schema that the next request is to be executed against.
pub type SchemaSource = Box<dyn Fn() -> Schema + Send + Sync>;

/// Adds a server's own data to a request, just before it is executed.
pub type Prepare = Box<dyn Fn(GraphQlRequest) -> GraphQlRequest + Send + Sync>;

/// What stands between a server and its network.
pub struct Door {
    /// What the server is called in its log.
    pub name: &'static str,
    /// How HTTP is spoken.
    pub http: HttpOptions,
    /// How much a document may ask.
    pub guard: GuardOptions,
    /// Whose tokens are accepted.
    pub tokens: Tokens,
    /// Where the present moment comes from.
    pub clock: Arc<dyn Clock>,
    /// What is served.
    pub schema: SchemaSource,
    /// What the server adds to each request.
    pub prepare: Option<Prepare>,
    /// What must hold for the server to be ready.
    pub checks: Vec<Check>,
    /// The page to try queries on; served in development alone.
    pub graphiql: Option<Graphiql>,
}

impl Door {
    /// The page, where it may be shown.
    pub(crate) fn graphiql(&self) -> Option<&Graphiql> {
        self.graphiql.as_ref().filter(|_| self.tokens.development())
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Door")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why a server ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen at its address.
    #[error("cannot listen at {address}: {remedy}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What to do about it.
        remedy: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot tell its address.
    #[error("cannot write the address to `{}`; name a file in a directory that exists", path.display())]
    AddressFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The network failed.
    #[error("the network failed")]
    Network(#[source] io::Error),
}

/// Sets what a schema shows of itself: suggestions and introspection are for development.
pub fn harden(schema: SchemaBuilder, development: bool) -> SchemaBuilder {
    if development {
        schema
    } else {
        schema.disable_introspection().disable_suggestions()
    }
}

/// Completes on SIGINT or SIGTERM; either is caught from this call on.
///
/// # Errors
/// When the system gives no handler.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Serves until told to stop; returns once all that was accepted is answered, or the time for that is over.
///
/// # Errors
/// When the server cannot listen, cannot tell where, or the network fails.
pub async fn serve(
    bind: SocketAddr,
    door: Door,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listener = TcpListener::bind(bind)
        .await
        .map_err(|source| cannot_bind(bind, source))?;
    let address = listener.local_addr().map_err(ServeError::Network)?;
    if let Some(path) = &door.http.address_file {
        publish(path, address).map_err(|source| ServeError::AddressFile {
            path: path.clone(),
            source,
        })?;
    }
    announce(&door, address);
    let (name, patience) = (door.name, door.http.shutdown_timeout);
    let (stop, stopped) = oneshot::channel();
    let until = async move {
        shutdown.await;
        tracing::info!("{name} accepts nothing new and finishes what it accepted");
        // The receiver is gone only when the server is.
        let _ = stop.send(());
    };
    // Small answers should not wait for larger packets.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = axum::serve(listener, router(door))
        .with_graceful_shutdown(until)
        .into_future();
    let out_of_time = async move {
        match stopped.await {
            Ok(()) => tokio::time::sleep(patience).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        result = server => result.map_err(ServeError::Network)?,
        () = out_of_time => tracing::warn!("{name} leaves requests unanswered after {patience:?}"),
    }
    tracing::info!("{name} has stopped serving");
    Ok(())
}

/// The routes, without a network around them.
pub fn router(door: Door) -> Router {
    let mut router = Router::new()
        .route(&door.http.path, any(at_path))
        .route("/healthz", get(async || health::alive()).fallback(reading_only))
        .route("/readyz", get(at_ready).fallback(reading_only));
    if door.graphiql().is_some() {
        router = router
            .route("/", get(at_page).fallback(reading_only))
            .route("/graphiql/{file}", get(graphiql::asset).fallback(reading_only));
    }
    router
        .fallback(nothing_here)
        .layer(axum::middleware::from_fn(trace::watch))
        .with_state(Arc::new(door))
}

async fn at_path(State(door): State<Arc<Door>>, request: Request) -> Response {
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
    health::ready(&door.checks).await
}

async fn nothing_here(State(door): State<Arc<Door>>, _: Request) -> Response {
    Refusal::NotFound {
        path: door.http.path.clone(),
    }
    .respond(Media::Json)
}

async fn reading_only(method: Method) -> Response {
    Refusal::Method {
        method: method.to_string(),
        instead: "GET",
        allow: "GET, HEAD",
    }
    .respond(Media::Json)
}

fn announce(door: &Door, address: SocketAddr) {
    tracing::info!(%address, "{} listens at http://{address}{}", door.name, door.http.path);
    if door.tokens.development() {
        tracing::warn!("development: anyone can make a token that is accepted here");
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "development, and not on a loopback address: others may reach this server");
        }
    }
    if door.graphiql().is_some() {
        tracing::info!("GraphiQL is at http://{address}/");
    }
}

fn cannot_bind(address: SocketAddr, source: io::Error) -> ServeError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system has many more")]
    let remedy = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "something listens there already; stop it, or choose another port with --bind"
        }
        io::ErrorKind::PermissionDenied => "this user may not; choose a port above 1023 with --bind",
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; choose one that it has with --bind"
        }
        _ => "choose another address with --bind",
    };
    ServeError::Bind {
        address,
        remedy,
        source,
    }
}

/// Whoever waits for the file finds it complete or not at all.
fn publish(path: &Path, address: SocketAddr) -> io::Result<()> {
    let draft = path.with_added_extension("draft");
    std::fs::write(&draft, address.to_string())?;
    std::fs::rename(draft, path)
}
