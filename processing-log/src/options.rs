//! What the log is told, by flags and by the environment.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use door::Metrics;
use read_model::catalogue::Catalogue;
use read_model::pool::Pool;
use sqlx::postgres::PgConnectOptions;

use crate::keys::{Keys, KeysError};
use crate::log::Log;
use crate::meters::Meters;
use crate::records::Records;
use crate::rows::{Home, Scribe};
use crate::writer;

/// How long an answer waits for a connection, and for its records; then it is withheld.
const PATIENCE: Duration = Duration::from_secs(5);

/// One writes while another is made, should the first be lost.
const CONNECTIONS: u32 = 2;

/// Where the processing log is, and what hides whose records are whose.
#[derive(Args, Clone, Debug)]
pub struct ProcessingLogOptions {
    /// A file with the keys that ids of persons are encrypted with in the processing log: `<id>:<64 bytes in hexadecimal>` a line, that in use first
    #[arg(long, env = "F6_PROCESSING_LOG_KEY", value_name = "FILE", help_heading = "Processing log")]
    pub processing_log_key: Option<PathBuf>,
    /// Where the processing log stands; without it, in the event database
    #[arg(
        long,
        env = "F6_PROCESSING_LOG_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Processing log"
    )]
    pub processing_log_database_url: Option<PgConnectOptions>,
}

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody could tell whose records are whose, or everybody.
    #[error(
        "write_config.yaml has `processing`, and no key is given; set F6_PROCESSING_LOG_KEY or --processing-log-key, or --dev for development"
    )]
    NoKey,
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl ProcessingLogOptions {
    /// The log of this catalogue, kept by a server; none where the catalogue has none. `database` is where it stands unless
    /// the options say otherwise.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        &self,
        catalogue: &Catalogue,
        database: &PgConnectOptions,
        (service, development): (&str, bool),
        metrics: &mut Metrics,
    ) -> Result<Option<Log>, OpenError> {
        let Some(processing) = &catalogue.processing else {
            tracing::warn!(
                "write_config.yaml has no `processing`: it is not logged whose data are processed"
            );
            return Ok(None);
        };
        let keys = match &self.processing_log_key {
            Some(path) => Keys::load(path)?,
            None if development => Keys::development()?,
            None => return Err(OpenError::NoKey),
        };
        let elsewhere = self.processing_log_database_url.as_ref();
        let database = elsewhere.unwrap_or(database);
        let resource = format!("{service} {}", env!("CARGO_PKG_VERSION"));
        let home = Home { resource: resource.into(), oin: catalogue.oin.clone() };
        let scribe = Scribe { home, keys: keys.clone(), meters: Meters::new(metrics) };
        let writer = writer::start(pool(database, false), scribe.clone());
        let activities = processing.activities.clone();
        let records = Records::new(pool(database, true), keys, processing.subjects.clone());
        Ok(Some(Log::new(writer, activities, records, elsewhere.is_none().then_some(scribe))))
    }
}

fn pool(database: &PgConnectOptions, read_only: bool) -> Pool {
    let read_only = if read_only { "on" } else { "off" };
    let connection = database.clone().application_name("processing-log").options([
        ("default_transaction_read_only", read_only),
        // A record that a crash takes away again was never written.
        ("synchronous_commit", "on"),
    ]);
    Pool::serving(connection, CONNECTIONS, PATIENCE)
}
