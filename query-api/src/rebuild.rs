//! `query-api rebuild`: the indexes of searches and of work lists, built anew from the log while the servers run.
//!
//! It runs as the role that owns the tables, and writes nothing but these indexes, which are derived.
//! What is appended meanwhile is indexed as it is appended; a search says how far the index reaches.

mod work;

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use read_model::catalogue::{Catalogue, SearchTerm};
use read_model::event::{Event, Position};
use read_model::pool::Pool;
use read_model::reader::{EventFilter, EventReader, ReadError, Seen, point_lookups};
use sqlx::postgres::PgPoolOptions;

/// How many events are read and indexed in one go: as many as one statement takes in a moment.
const BATCH: usize = 2_000;

/// How long the command waits for the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many objects' events are kept: those of a page of the log and of whoever they have to do with.
const KEPT: usize = 10_000;

/// Why the index was not built.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no database to build it in.
    #[error("no database is given; set F6_MIGRATION_DATABASE_URL or --migration-database-url")]
    NoDatabase,
    /// The database does not do it.
    #[error("the index cannot be written")]
    Database(#[from] sqlx::Error),
    /// The events cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Builds it; gives how many events were read.
///
/// # Errors
/// [`RebuildError`].
pub async fn rebuild(url: Option<&str>, catalogue: Arc<Catalogue>) -> Result<i64, RebuildError> {
    let options =
        point_lookups(url.ok_or(RebuildError::NoDatabase)?.parse()?).application_name("query-api rebuild");
    let pool =
        PgPoolOptions::new().max_connections(2).acquire_timeout(PATIENCE).connect_with(options).await?;
    let pool = Pool::from(pool);
    let target = begin(&pool, &catalogue).await?;
    let progress = ProgressBar::new(target.unsigned_abs()).with_style(style());
    let reader = EventReader::new(pool.clone(), Arc::clone(&catalogue), KEPT);
    let mut built_to = Position::START;
    while built_to.get() < target {
        let events = reader
            .page((&EventFilter::default(), &Seen::everything()), built_to, Position::new(target), BATCH)
            .await?;
        let Some(last) = events.last() else { break };
        built_to = last.position;
        index(&pool, &catalogue, &events, built_to).await?;
        progress.set_position(built_to.get().unsigned_abs());
    }
    let shown = |built_to: Position| progress.set_position(built_to.get().unsigned_abs());
    work::rebuild(&pool, &reader, Position::new(target), shown).await?;
    progress.finish_and_clear();
    pool.close().await;
    Ok(target)
}

/// Empties the index, and notes what it is built for, and up to where it has to be: with the head locked, so that what is
/// appended from here on is indexed by whoever appends it.
async fn begin(pool: &Pool, catalogue: &Catalogue) -> Result<i64, sqlx::Error> {
    let mut lent = pool.lend().await?;
    let mut transaction = lent.begin().await?;
    // In the order in which an append takes the two.
    sqlx::query("LOCK TABLE search_term IN ACCESS EXCLUSIVE MODE").execute(&mut transaction).await?;
    let target: i64 =
        sqlx::query_scalar("SELECT position FROM head FOR UPDATE").fetch_one(&mut transaction).await?;
    sqlx::query("TRUNCATE search_term").execute(&mut transaction).await?;
    sqlx::query("UPDATE search_index SET definition = $1, built_to = 0, target = $2")
        .bind(catalogue.search_definition())
        .bind(target)
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(target)
}

async fn index(
    pool: &Pool,
    catalogue: &Catalogue,
    events: &[Arc<Event>],
    built_to: Position,
) -> Result<(), sqlx::Error> {
    let mut terms: Vec<SearchTerm> = events.iter().flat_map(|event| catalogue.search_terms(event)).collect();
    // The first event that gives an object a term is kept; one statement cannot meet a row twice.
    terms.sort();
    terms.dedup_by(|one, other| {
        (&one.search, &one.term, one.object) == (&other.search, &other.term, other.object)
    });
    let mut lent = pool.lend().await?;
    let mut transaction = lent.begin().await?;
    sqlx::query(
        "INSERT INTO search_term (search, term, object_id, position)
         SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[])
         ON CONFLICT (search, term, object_id) DO UPDATE SET position = least(search_term.position, excluded.position)",
    )
    .bind(terms.iter().map(|found| found.search.to_string()).collect::<Vec<_>>())
    .bind(terms.iter().map(|found| found.term.clone()).collect::<Vec<_>>())
    .bind(terms.iter().map(|found| found.object).collect::<Vec<_>>())
    .bind(terms.iter().map(|found| found.position.get()).collect::<Vec<_>>())
    .execute(&mut transaction)
    .await?;
    sqlx::query("UPDATE search_index SET built_to = $1")
        .bind(built_to.get())
        .execute(&mut transaction)
        .await?;
    transaction.commit().await
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} events, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
