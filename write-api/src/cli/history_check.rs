//! `check-config --against-history`: what a new config would do to the events that are there, before it is used.
//!
//! It reads, as the role that may do nothing else, and writes nothing: neither an event, nor the catalogue that it tries.

mod portion;
mod report;
mod tally;
mod walk;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use read_model::catalogue::{Catalogue, Problems};
use read_model::event::Position;
use read_model::pool::Pool;
use read_model::reader::{EventReader, ReadError, Snapshot};

use self::tally::Told;
use super::say;
use crate::settings::{QueryDatabase, SettingsError, load_catalogue};

/// What is to be compared, and how it is told.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    /// Hold the config against every event that is stored, and tell what would change; nothing is written
    #[arg(long)]
    against_history: bool,
    /// The config to compare with; without it, the last one that a write server began to use
    // No variable: that of the servers may well name the very file that is to be checked.
    #[arg(long, value_name = "FILE", requires = "against_history")]
    write_config_path: Option<PathBuf>,
    /// Tell the values before and after as well: personal data
    #[arg(long, requires = "against_history")]
    show_values: bool,
    /// How many examples of each finding are told
    #[arg(long, value_name = "COUNT", default_value_t = 3, requires = "against_history")]
    examples: usize,
    #[command(flatten)]
    database: QueryDatabase,
}

/// Why the history was not compared.
#[derive(Debug, thiserror::Error)]
pub enum HistoryCheckError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The catalogues that were in use.
    #[error("the configs that were in use cannot be read")]
    Catalogues(#[from] sqlx::Error),
    /// The last of them.
    #[error(
        "this program cannot read the config that is in use (hash {hash}); name one to compare with by --write-config-path"
    )]
    InUse {
        /// Its hash.
        hash: String,
        /// What is wrong with it.
        source: Problems,
    },
    /// Standard output.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
}

/// The config that a new one is compared with.
struct InUse {
    catalogue: Arc<Catalogue>,
    /// What it is, for who reads the report.
    name: String,
}

impl HistoryArgs {
    /// Whether the history is to be looked at.
    pub(super) fn is_asked(&self) -> bool {
        self.against_history
    }
}

/// Compares, and reports; what fails is a config with which stored events cannot be read.
pub(super) async fn check(
    path: &Path,
    catalogue: Arc<Catalogue>,
    args: HistoryArgs,
) -> Result<ExitCode, HistoryCheckError> {
    let pool = args.database.connect().await?;
    let in_use = match &args.write_config_path {
        Some(path) => Some(InUse { catalogue: load_catalogue(path)?, name: path.display().to_string() }),
        None => last_used(&pool).await?,
    };
    let reader = EventReader::new(pool.clone(), Arc::clone(&catalogue), 1);
    let snapshot = reader.snapshot(None).await?;
    say(&header(snapshot, in_use.as_ref()))?;
    let catalogues =
        walk::Catalogues { before: in_use.map(|in_use| in_use.catalogue), after: Arc::clone(&catalogue) };
    let progress = progress(snapshot.position);
    let told = Told { values: args.show_values, examples: args.examples };
    let tally = walk::walk(&reader, &catalogues, told, snapshot.position, &progress).await;
    progress.finish_and_clear();
    pool.close().await;
    let tally = tally?;
    say(&report::report(&path.display().to_string(), &catalogues, &tally))?;
    Ok(if tally.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The catalogue that a write server began to use last; none where none ever did.
async fn last_used(pool: &Pool) -> Result<Option<InUse>, HistoryCheckError> {
    const LAST: &str =
        "SELECT hash, source, first_used_at FROM catalogue ORDER BY first_used_at DESC, hash LIMIT 1";
    let found: Option<(String, String, DateTime<Utc>)> =
        sqlx::query_as(LAST).fetch_optional(&mut pool.lend().await?).await?;
    let Some((hash, source, since)) = found else { return Ok(None) };
    let name = format!("the config in use since {} (hash {hash})", since.format("%Y-%m-%d %H:%M:%S UTC"));
    match Catalogue::compile("the config in use", &source) {
        Ok(catalogue) => Ok(Some(InUse { catalogue: Arc::new(catalogue), name })),
        Err(source) => Err(HistoryCheckError::InUse { hash, source }),
    }
}

fn header(snapshot: Snapshot, in_use: Option<&InUse>) -> String {
    let events = match snapshot.position {
        Position::START => "an empty store".to_owned(),
        newest => format!("the events up to position {newest}"),
    };
    match in_use {
        Some(in_use) => format!("held against {events}, and compared with {}", in_use.name),
        None => {
            format!("held against {events}; no config was in use yet, so that there is none to compare with")
        }
    }
}

/// In events of the log; hidden where nobody watches.
fn progress(newest: Position) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} events, {eta} left");
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    ProgressBar::with_draw_target(Some(newest.get().unsigned_abs()), target)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
