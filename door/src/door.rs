//! What stands between a server and its network.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request as GraphQlRequest;
use async_graphql::dynamic::Schema;
use clap::Args;

use crate::clock::Clock;
use crate::connections::ConnectionOptions;
use crate::documents::Documents;
use crate::guard::GuardOptions;
use crate::health::Check;
use crate::load::{Load, LoadOptions};
use crate::metrics::Metrics;
use crate::principal::Principal;
use crate::processing::ProcessingLog;
use crate::subscriptions::Subscriptions;
use crate::tls::TlsOptions;
use crate::token::Tokens;

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
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help of all that it flattens")]
    pub connections: ConnectionOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub load: LoadOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub tls: TlsOptions,
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
            connections: ConnectionOptions::default(),
            load: LoadOptions::default(),
            tls: TlsOptions::default(),
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
    /// How much there may be to do at once.
    pub load: Load,
    /// How much a document may ask.
    pub guard: GuardOptions,
    /// Which documents callers may name by their hash, and whether there are to be no others.
    pub documents: Documents,
    /// Whether queries that are trusted documents are answered over GET as well.
    pub answers_get: bool,
    /// Whose tokens are accepted.
    pub tokens: Tokens,
    /// Where the present moment comes from.
    pub clock: Arc<dyn Clock>,
    /// What is served.
    pub schema: SchemaSource,
    /// What the server adds to each request.
    pub prepare: Option<Prepare>,
    /// How subscriptions are served, where there are any.
    pub subscriptions: Option<Subscriptions>,
    /// Where it is written down whose data an answer holds, before it leaves.
    pub processing: Option<Arc<dyn ProcessingLog>>,
    /// What must hold for the server to be ready.
    pub checks: Vec<Check>,
    /// The page to try queries on; served in development alone.
    pub graphiql: Option<Graphiql>,
    /// What the server counts.
    pub metrics: Metrics,
    /// Where `/metrics` is served, apart from all else; where none is named, it is served in development alone.
    pub metrics_bind: Option<SocketAddr>,
}

impl Door {
    /// Whether everyone who reaches the server may read its metrics.
    pub(crate) fn shows_metrics(&self) -> bool {
        self.metrics_bind.is_none() && self.tokens.development()
    }

    /// The page, where it may be shown.
    pub(crate) fn graphiql(&self) -> Option<&Graphiql> {
        self.graphiql.as_ref().filter(|_| self.tokens.development())
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Door").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the page to try queries on is to show.
#[derive(Clone, Default)]
pub struct Graphiql {
    /// Its title.
    pub title: String,
    /// The query that a first visitor finds there.
    pub query: Option<String>,
    /// Whose development token stands ready among the headers.
    pub principal: Option<Principal>,
}

impl fmt::Debug for Graphiql {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Graphiql").field("title", &self.title).finish_non_exhaustive()
    }
}
