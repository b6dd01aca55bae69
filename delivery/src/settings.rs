//! What a worker is told, by flags and by the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use door::LogOptions;
use processing_log::ProcessingLogOptions;
use read_model::reader::point_lookups;
use sqlx::postgres::PgConnectOptions;

use crate::courier::StreamOptions;

/// The delivery worker of F6: sends the events of durable subscriptions to webhooks. Several may run at once.
#[derive(Debug, Parser)]
#[command(name = "delivery", version)]
pub struct Settings {
    /// Where to serve /healthz, /readyz and /metrics
    #[arg(long, env = "F6_DELIVERY_BIND", value_name = "ADDRESS", default_value = "127.0.0.1:8083")]
    pub bind: SocketAddr,
    /// A file to write the address to, once the worker listens
    #[arg(long, env = "F6_ADDRESS_FILE", value_name = "FILE")]
    pub address_file: Option<PathBuf>,
    /// What this F6 keeps, and who may subscribe
    #[arg(long, env = "F6_WRITE_CONFIG_PATH", value_name = "FILE", default_value = "write_config.yaml")]
    pub write_config_path: PathBuf,
    /// Who may read which events
    #[arg(long, env = "F6_QUERY_CONFIG_PATH", value_name = "FILE", default_value = "query_config.yaml")]
    pub query_config_path: PathBuf,
    /// Development: sinks need not speak TLS
    #[arg(long, env = "F6_DEV")]
    pub dev: bool,
    /// Where the events are.
    #[command(flatten)]
    pub store: StoreOptions,
    /// Where it is written down whose data are delivered.
    #[command(flatten)]
    pub processing_log: ProcessingLogOptions,
    /// How deliveries are made.
    #[command(flatten)]
    pub delivering: DeliveringOptions,
    /// How streams are reached.
    #[command(flatten)]
    pub streams: StreamOptions,
    /// What is logged.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Where the events are.
#[derive(Args, Clone, Debug)]
pub struct StoreOptions {
    /// The event database for the role `f6_delivery`, such as `postgres://f6_delivery@localhost/f6`
    #[arg(
        long,
        env = "F6_DELIVERY_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Database"
    )]
    pub database_url: Option<PgConnectOptions>,
    /// Most connections for reading events, and as many for handing them out; two that listen come beside
    #[arg(long, env = "F6_DELIVERY_POOL", value_name = "COUNT", default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..), help_heading = "Database")]
    pub pool: u32,
    /// How many objects' events are kept in memory
    #[arg(
        long,
        env = "F6_DELIVERY_CACHED_OBJECTS",
        value_name = "COUNT",
        default_value_t = 2_000,
        help_heading = "Database"
    )]
    pub cached_objects: usize,
}

/// How deliveries are made.
#[derive(Args, Clone, Debug)]
pub struct DeliveringOptions {
    /// Where the query API answers, as subscribers reach it; references to events lead there
    #[arg(
        long,
        env = "F6_DELIVERY_QUERY_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8082/graphql",
        help_heading = "Delivering"
    )]
    pub query_url: String,
    /// How many deliveries of one subscription go at once
    #[arg(long, env = "F6_DELIVERY_CONCURRENCY", value_name = "COUNT", default_value_t = 32,
          value_parser = door::at_least_one, help_heading = "Delivering")]
    pub concurrency: usize,
    /// How long a sink may take to answer, in seconds
    #[arg(long, env = "F6_DELIVERY_TIMEOUT", value_name = "SECONDS", default_value = "10", value_parser = door::seconds, help_heading = "Delivering")]
    pub timeout: Duration,
    /// How long a worker has for what it was handed, before others take it over; in seconds
    #[arg(long, env = "F6_DELIVERY_LEASE", value_name = "SECONDS", default_value = "30", value_parser = door::seconds, help_heading = "Delivering")]
    pub lease: Duration,
    /// How often a delivery is tried before it is given up
    #[arg(long, env = "F6_DELIVERY_ATTEMPTS", value_name = "COUNT", default_value_t = 12,
          value_parser = clap::value_parser!(u32).range(1..), help_heading = "Delivering")]
    pub attempts: u32,
    /// The longest wait between two tries, in seconds
    #[arg(long, env = "F6_DELIVERY_LONGEST_WAIT", value_name = "SECONDS", default_value = "3600", value_parser = door::seconds, help_heading = "Delivering")]
    pub longest_wait: Duration,
}

impl StoreOptions {
    /// How to connect: every statement looks up points.
    #[must_use]
    pub fn connection(&self) -> Option<PgConnectOptions> {
        let options = self.database_url.clone()?;
        Some(point_lookups(options).application_name("delivery"))
    }
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
