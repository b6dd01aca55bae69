//! `migration up|down|fresh|status`: brings the database of an F6 to the tables that this version needs.

use std::error::Error as _;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use migration::Migrator;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectOptions, Database, DatabaseConnection};

/// Brings the database of an F6 to the tables that this version needs.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The database, as the role that owns the tables: `postgres://f6_migration:…@127.0.0.1/f6`
    #[arg(long, env = "F6_MIGRATION_DATABASE_URL", hide_env_values = true)]
    database_url: String,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Applies every migration that the database lacks
    Up,
    /// Undoes every migration, or the newest ones
    Down {
        /// How many of the newest migrations to undo
        #[arg(long)]
        steps: Option<u32>,
        /// Destroys the events that the store holds
        #[arg(long)]
        discard_events: bool,
    },
    /// Drops everything and applies every migration anew
    Fresh {
        /// Destroys the events that the store holds
        #[arg(long)]
        discard_events: bool,
    },
    /// Tells which migrations the database has
    Status,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the database cannot be reached")]
    Connect(#[source] DbErr),
    #[error("the database refused")]
    Run(#[from] DbErr),
    #[error("the store holds events, and they would be destroyed; to have that, say --discard-events")]
    HoldsEvents,
    #[error("the outcome cannot be written")]
    Report(#[from] std::io::Error),
}

/// A database that is up answers at once; one that is starting gets this long.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One step only: SeaORM's errors already say what caused them.
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("migration: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let mut options = ConnectOptions::new(arguments.database_url);
    options.max_connections(1).acquire_timeout(PATIENCE).sqlx_logging(false);
    let database = Database::connect(options).await.map_err(Error::Connect)?;
    match arguments.command {
        Command::Up => Migrator::up(&database, None).await?,
        Command::Down { steps, discard_events } => {
            keep_events(&database, discard_events).await?;
            Migrator::down(&database, steps).await?;
        }
        Command::Fresh { discard_events } => {
            keep_events(&database, discard_events).await?;
            Migrator::fresh(&database).await?;
        }
        Command::Status => {}
    }
    report(&database).await
}

/// Events are for ever: whoever would destroy them has to say so.
async fn keep_events(database: &DatabaseConnection, discard_events: bool) -> Result<(), Error> {
    if discard_events || !SchemaManager::new(database).has_table("event").await? {
        return Ok(());
    }
    let events = Query::select().expr(Expr::val(1)).from("event").limit(1).to_owned();
    match database.query_one(&events).await? {
        Some(_) => Err(Error::HoldsEvents),
        None => Ok(()),
    }
}

async fn report(database: &DatabaseConnection) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    for migration in Migrator::get_migration_with_status_read_only(database).await? {
        writeln!(output, "{:8} {}", migration.status(), migration.name())?;
    }
    Ok(())
}
