//! `expire-processing-log`: takes away the records of the processing log that need not be kept any longer.

use chrono::{DateTime, Utc};
use clap::Args;
use read_model::pool::Pool;
use read_model::time::parse_instant;

use crate::settings::{MigrationDatabase, SettingsError};

/// What expires.
#[derive(Args, Clone, Debug)]
pub struct ExpireArgs {
    /// Records of what ended before this moment are taken away, such as `2024-01-01T00:00:00Z`
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub before: DateTime<Utc>,
    /// Where the log is.
    #[command(flatten)]
    pub database: MigrationDatabase,
}

/// Why nothing expired.
#[derive(Debug, thiserror::Error)]
pub enum ExpireError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database.
    #[error("the processing log cannot be changed")]
    Database(#[from] sqlx::Error),
}

/// Takes records away; what it says of that.
pub(super) async fn expire(args: &ExpireArgs) -> Result<String, ExpireError> {
    let pool = args.database.connect().await?;
    let gone = expired(&pool, args.before).await?;
    Ok(format!("{gone} records of the processing log have expired"))
}

/// The guard of the table lets this transaction pass, and no other.
async fn expired(pool: &Pool, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let mut connection = pool.lend().await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT set_config('f6.expiring', 'on', true)").execute(&mut transaction).await?;
    let gone = sqlx::query("DELETE FROM processing_record WHERE ended_at < $1").bind(before);
    let gone = gone.execute(&mut transaction).await?.rows_affected();
    transaction.commit().await?;
    Ok(gone)
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    parse_instant(text).map_err(|error| error.to_string())
}
