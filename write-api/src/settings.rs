//! What is set by flags and `F6_*` variables, one struct per concern.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use door::{DocumentOptions, GuardOptions, HttpOptions, LogOptions, TokenOptions, at_least_one};
use policy::Policy;
use processing_log::ProcessingLogOptions;
use read_model::catalogue::{Catalogue, Problems};
use read_model::pool::Pool;
use read_model::reader::point_lookups;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection};

use crate::append::AppendOptions;

/// How long a connection may take before its absence is an error.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One task appends and a few readers check: more connections only take memory from the database.
const CONNECTIONS: u32 = 4;

/// The flag and the variable by which the database is named that is appended to.
const WRITE_DATABASE: (&str, &str) = ("write-database-url", "F6_WRITE_DATABASE_URL");

/// Where the catalogue stands.
#[derive(Args, Clone, Debug)]
pub struct ConfigOptions {
    /// What this F6 keeps, and who may say what
    #[arg(long, env = "F6_WRITE_CONFIG_PATH", value_name = "FILE", default_value = "write_config.yaml")]
    pub write_config_path: PathBuf,
}

/// The database, as the role that may append.
#[derive(Args, Clone, Debug)]
pub struct WriteDatabase {
    /// The event database for the role `f6_write`, such as `postgres://f6_write@localhost/f6`
    #[arg(
        long,
        env = "F6_WRITE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Database"
    )]
    pub write_database_url: Option<PgConnectOptions>,
}

/// The database, as the role that may import.
#[derive(Args, Clone, Debug)]
pub struct MigrationDatabase {
    /// The event database for the role `f6_migration`, such as `postgres://f6_migration@localhost/f6`
    #[arg(
        long,
        env = "F6_MIGRATION_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Database"
    )]
    pub migration_database_url: Option<PgConnectOptions>,
}

/// The database, as the role that may only read.
#[derive(Args, Clone, Debug)]
pub struct QueryDatabase {
    /// The event database for the role `f6_query`, such as `postgres://f6_query@localhost/f6`
    #[arg(
        long,
        env = "F6_QUERY_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Database"
    )]
    pub query_database_url: Option<PgConnectOptions>,
}

/// How commands are appended.
#[derive(Args, Clone, Debug)]
pub struct AppendingOptions {
    /// The most requests that one commit serves
    #[arg(long, env = "F6_MAX_BATCH", value_name = "COUNT", default_value_t = AppendOptions::default().max_batch,
          value_parser = at_least_one, help_heading = "Appending")]
    pub max_batch: usize,
    /// How many requests may wait before others are turned away
    #[arg(long, env = "F6_MAX_WAITING", value_name = "COUNT", default_value_t = AppendOptions::default().max_waiting,
          value_parser = at_least_one, help_heading = "Appending")]
    pub max_waiting: usize,
    /// How many objects' events are kept in memory
    #[arg(long, env = "F6_CACHE_OBJECTS", value_name = "COUNT", default_value_t = AppendOptions::default().cache_objects,
          value_parser = at_least_one, help_heading = "Appending")]
    pub cache_objects: usize,
    /// For tests, with --dev alone: wait so long between deciding and committing
    #[arg(
        long,
        env = "F6_INJECT_DELAY_BEFORE_COMMIT_MS",
        value_name = "MS",
        default_value_t = 0,
        hide = true
    )]
    pub inject_delay_before_commit_ms: u64,
    /// For tests, with --dev alone: wait so long between committing and answering
    #[arg(
        long,
        env = "F6_INJECT_DELAY_AFTER_COMMIT_MS",
        value_name = "MS",
        default_value_t = 0,
        hide = true
    )]
    pub inject_delay_after_commit_ms: u64,
}

/// Everything that a server is told.
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen
    #[arg(long, env = "F6_WRITE_BIND", value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub bind: SocketAddr,
    /// Where to serve /metrics apart, for Prometheus alone; without it, with --dev alone and where GraphQL is
    #[arg(long, env = "F6_WRITE_METRICS_BIND", value_name = "ADDRESS")]
    pub metrics_bind: Option<SocketAddr>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help of all that it flattens")]
    pub config: ConfigOptions,
    /// Who may see what of others: it bounds what an answer tells of them
    #[arg(long, env = "F6_QUERY_CONFIG_PATH", value_name = "FILE", default_value = "query_config.yaml")]
    pub query_config_path: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub database: WriteDatabase,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub appending: AppendingOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub processing_log: ProcessingLogOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub tokens: TokenOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub http: HttpOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub guard: GuardOptions,
    /// Which documents are trusted.
    #[command(flatten)]
    pub documents: DocumentOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub log: LogOptions,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The config cannot be read.
    #[error("cannot read the config `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The config is wrong.
    #[error(transparent)]
    Config(#[from] Problems),
    /// No database is named.
    #[error("no database is named; give --{flag} or {variable}")]
    NoDatabase {
        /// The flag.
        flag: &'static str,
        /// The variable.
        variable: &'static str,
    },
    /// The database does not answer.
    #[error("the database does not let us in; see whether it runs and whether {variable} is right")]
    Database {
        /// The variable.
        variable: &'static str,
        /// What the database or the system says.
        source: sqlx::Error,
    },
    /// Delays for tests on a server that is not for tests.
    #[error(
        "F6_INJECT_DELAY_BEFORE_COMMIT_MS and F6_INJECT_DELAY_AFTER_COMMIT_MS are for tests: they need --dev"
    )]
    InjectedDelay,
}

impl ConfigOptions {
    /// Reads and compiles the catalogue.
    ///
    /// # Errors
    /// Where the file cannot be read, or says something wrong.
    pub fn load(&self) -> Result<Arc<Catalogue>, SettingsError> {
        load_catalogue(&self.write_config_path)
    }
}

/// Reads and compiles the catalogue in this file.
///
/// # Errors
/// Where the file cannot be read, or says something wrong.
pub fn load_catalogue(path: &Path) -> Result<Arc<Catalogue>, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
    let source = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(Arc::new(Catalogue::compile(&path.display().to_string(), &source)?))
}

/// Reads and compiles the policy of this catalogue and of the query config in this file.
///
/// # Errors
/// Where the file cannot be read, or says something wrong of who may read.
pub fn load_policy(catalogue: &Arc<Catalogue>, path: &Path) -> Result<Arc<Policy>, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
    let source = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(Arc::new(Policy::compile(Arc::clone(catalogue), &path.display().to_string(), &source)?))
}

impl WriteDatabase {
    /// Connects, as the role that may append.
    ///
    /// # Errors
    /// Where no database is named, or it does not answer.
    pub async fn connect(&self) -> Result<Pool, SettingsError> {
        connect(self.write_database_url.as_ref(), WRITE_DATABASE).await
    }

    /// Its address.
    ///
    /// # Errors
    /// Where none is named.
    pub fn address(&self) -> Result<&PgConnectOptions, SettingsError> {
        let (flag, variable) = WRITE_DATABASE;
        self.write_database_url.as_ref().ok_or(SettingsError::NoDatabase { flag, variable })
    }

    /// As [`connect`](Self::connect), for a server whose callers wait no longer than this.
    ///
    /// # Errors
    /// As there.
    pub async fn serving(&self, limit: Duration) -> Result<Pool, SettingsError> {
        let url = reached(self.write_database_url.as_ref(), WRITE_DATABASE).await?;
        Ok(Pool::serving(url, CONNECTIONS, limit))
    }
}

impl MigrationDatabase {
    /// Connects, as the role that may import.
    ///
    /// # Errors
    /// Where no database is named, or it does not answer.
    pub async fn connect(&self) -> Result<Pool, SettingsError> {
        connect(self.migration_database_url.as_ref(), ("migration-database-url", "F6_MIGRATION_DATABASE_URL"))
            .await
    }
}

impl QueryDatabase {
    /// Connects, as the role that may only read; whichever role it is, no connection writes.
    ///
    /// # Errors
    /// Where no database is named, or it does not answer.
    pub async fn connect(&self) -> Result<Pool, SettingsError> {
        let read_only =
            self.query_database_url.clone().map(|url| url.options([("default_transaction_read_only", "on")]));
        connect(read_only.as_ref(), ("query-database-url", "F6_QUERY_DATABASE_URL")).await
    }
}

impl AppendingOptions {
    /// The options of the appender; delays are for development alone.
    ///
    /// # Errors
    /// Where delays are asked of a server that is not for development.
    pub fn checked(&self, development: bool) -> Result<AppendOptions, SettingsError> {
        let options = AppendOptions {
            max_batch: self.max_batch,
            max_waiting: self.max_waiting,
            cache_objects: self.cache_objects,
            inject_before_commit: Duration::from_millis(self.inject_delay_before_commit_ms),
            inject_after_commit: Duration::from_millis(self.inject_delay_after_commit_ms),
        };
        let delayed = !(options.inject_before_commit + options.inject_after_commit).is_zero();
        if delayed && !development { Err(SettingsError::InjectedDelay) } else { Ok(options) }
    }
}

async fn connect(
    url: Option<&PgConnectOptions>,
    named: (&'static str, &'static str),
) -> Result<Pool, SettingsError> {
    let url = reached(url, named).await?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .acquire_timeout(CONNECT_TIMEOUT);
    Ok(Pool::from(pool.connect_lazy_with(url)))
}

/// The options of a database that answers: a pool tries again until its time is over and then tells of that alone; one
/// connection says why at once.
async fn reached(
    url: Option<&PgConnectOptions>,
    (flag, variable): (&'static str, &'static str),
) -> Result<PgConnectOptions, SettingsError> {
    let url = url.ok_or(SettingsError::NoDatabase { flag, variable })?;
    let url = point_lookups(url.clone()).application_name("f6 write-api");
    let failed = |source| SettingsError::Database { variable, source };
    PgConnection::connect_with(&url).await.map_err(failed)?.close().await.map_err(failed)?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_for_development_alone() {
        let mut options = AppendingOptions {
            max_batch: 1,
            max_waiting: 1,
            cache_objects: 1,
            inject_delay_before_commit_ms: 0,
            inject_delay_after_commit_ms: 0,
        };
        assert!(options.checked(false).is_ok());
        options.inject_delay_after_commit_ms = 5;
        assert!(matches!(options.checked(false), Err(SettingsError::InjectedDelay)));
        let after = options.checked(true).map(|checked| checked.inject_after_commit);
        assert_eq!(after.ok(), Some(Duration::from_millis(5)));
    }

    #[tokio::test]
    async fn a_database_that_is_not_named_is_asked_for_by_flag_and_variable() {
        let error = WriteDatabase { write_database_url: None }.connect().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no database is named; give --write-database-url or F6_WRITE_DATABASE_URL"
        );
    }
}
