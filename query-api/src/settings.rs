//! What the server is told, by flags and by the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use door::{DocumentOptions, GuardOptions, HttpOptions, LogOptions, SubscriptionOptions, TokenOptions};
use processing_log::ProcessingLogOptions;

/// The query API of F6: views of what is known, and events, at any two moments.
#[derive(Debug, Parser)]
#[command(name = "query-api", version)]
pub struct Settings {
    /// What to do; without it, serve
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Print the schema that the configuration leads to, and stop
    #[arg(long, global = true)]
    pub print_schema: bool,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigOptions,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the query API
    Serve,
    /// Print the JSON Schema of `query_config.yaml`, for editors
    ConfigSchema,
    /// Build the search index anew from the log, while the servers run
    Rebuild(RebuildOptions),
}

/// Where the search index is.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RebuildOptions {
    /// The event database, as the role that owns the tables: `postgres://f6_migration:…@127.0.0.1/f6`
    #[arg(long, env = "F6_MIGRATION_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub migration_database_url: Option<String>,
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub struct ConfigOptions {
    /// What this F6 keeps
    #[arg(
        long,
        env = "F6_WRITE_CONFIG_PATH",
        value_name = "FILE",
        default_value = "write_config.yaml",
        global = true
    )]
    pub write_config_path: PathBuf,
    /// Who gets to see what of it
    #[arg(
        long,
        env = "F6_QUERY_CONFIG_PATH",
        value_name = "FILE",
        default_value = "query_config.yaml",
        global = true
    )]
    pub query_config_path: PathBuf,
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// The address to listen at
    #[arg(
        long,
        env = "F6_QUERY_BIND",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8082",
        help_heading = "HTTP"
    )]
    pub bind: SocketAddr,
    /// Where to serve /metrics apart, for Prometheus alone; without it, with --dev alone and where GraphQL is
    #[arg(long, env = "F6_QUERY_METRICS_BIND", value_name = "ADDRESS", help_heading = "HTTP")]
    pub metrics_bind: Option<SocketAddr>,
    /// Where events are read.
    #[command(flatten)]
    pub store: StoreOptions,
    /// Where it is written down whose data are read.
    #[command(flatten)]
    pub processing_log: ProcessingLogOptions,
    /// How HTTP is spoken.
    #[command(flatten)]
    pub http: HttpOptions,
    /// How much a document may ask.
    #[command(flatten)]
    pub guard: GuardOptions,
    /// Which documents are trusted.
    #[command(flatten)]
    pub documents: DocumentOptions,
    /// How subscriptions are served.
    #[command(flatten)]
    pub subscriptions: SubscriptionOptions,
    /// Whose tokens are accepted.
    #[command(flatten)]
    pub tokens: TokenOptions,
    /// What is logged.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Where events are read.
#[derive(Args, Clone, Debug)]
pub struct StoreOptions {
    /// The event database, as a role that may only read: `postgres://f6_query:…@127.0.0.1/f6`
    #[arg(
        long,
        env = "F6_QUERY_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Database"
    )]
    pub database_url: Option<String>,
    /// Most connections at once; more than a few per core of the database make it slower
    #[arg(long, env = "F6_QUERY_POOL", value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(1..), help_heading = "Database")]
    pub pool: u32,
    /// How many objects' events are kept in memory
    #[arg(
        long,
        env = "F6_QUERY_CACHED_OBJECTS",
        value_name = "COUNT",
        default_value_t = 10_000,
        help_heading = "Database"
    )]
    pub cached_objects: usize,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Settings::command().debug_assert();
    }
}
