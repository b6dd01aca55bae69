//! `serve`: from settings to a server, and to its end.

use std::io;
use std::sync::Arc;

use async_graphql::dynamic::Schema;
use door::{
    Check, Clock, Documents, DocumentsError, Door, Graphiql, Load, LogError, Metrics, Principal,
    ProcessingLog, ServeError, SystemClock, TokenOptionsError, Tokens,
};
use processing_log::{OpenError, Scribe};
use read_model::catalogue::Catalogue;
use read_model::pool::Pool;
use read_model::reader::EventReader;

use crate::append::{self, AppendOptions, Appender, AppenderTask, EngineError, Meters};
use crate::graphql::{self, Gate, SchemaError};
use crate::ids::{IdSource, SystemIds};
use crate::settings::{ServeOptions, SettingsError, load_policy};
use crate::subscribing::Subscriptions;

/// What the server is called in its log, its metrics and its traces.
const NAME: &str = "write-api";

/// What a first visitor of GraphiQL finds.
const FIRST_QUERY: &str = include_str!("first_query.graphql");

/// How many objects' events are kept for who asks what follows from a command; a few families at a time.
const CACHED_OBJECTS: usize = 2_000;

/// Why the server could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeFailure {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The tokens.
    #[error(transparent)]
    Tokens(#[from] TokenOptionsError),
    /// The trusted documents.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Signals cannot be caught.
    #[error("the system lets us catch no signal")]
    Signal(#[source] io::Error),
    /// The appender did not start.
    #[error("the appender cannot start")]
    Appender(#[source] EngineError),
    /// The processing log.
    #[error(transparent)]
    ProcessingLog(#[from] OpenError),
    /// The server failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Serves until told to stop; returns when all that was accepted is decided and answered.
pub(super) async fn serve(options: ServeOptions) -> Result<(), ServeFailure> {
    let _traces = options.log.start(NAME)?;
    let shutdown = door::shutdown_signal().map_err(ServeFailure::Signal)?;
    let tokens = Tokens::load(&options.tokens)?;
    let (development, catalogue) = (tokens.development(), options.config.load()?);
    let appending = options.appending.checked(development)?;
    let policy = load_policy(&catalogue, &options.query_config_path)?;
    let pool = options.database.serving(options.http.request_timeout).await?;
    let mut metrics = metrics(&catalogue, &pool);
    let database = options.database.address()?;
    let log = options.processing_log.open(&catalogue, database, (NAME, development), &mut metrics)?;
    let patience = options.http.shutdown_timeout;
    let scribe = log.as_ref().and_then(|log| log.scribe().cloned());
    let (appender, task) = appender(&pool, &catalogue, appending, (&mut metrics, scribe)).await?;
    let reader = EventReader::new(pool.clone(), Arc::clone(&catalogue), CACHED_OBJECTS);
    let subscriptions = Subscriptions::new(pool.clone(), Arc::clone(&catalogue), development);
    let gate = Gate { appender, policy, reader, subscriptions, ids: Box::new(SystemIds) };
    let schema = finished(&catalogue, gate, development)?;
    let door = Door {
        name: NAME,
        load: Load::new(&options.http.load, options.http.body_limit, &mut metrics),
        http: options.http,
        documents: Documents::load(&options.documents, &options.guard)?,
        answers_get: false,
        guard: options.guard,
        graphiql: Some(page(&catalogue)),
        tokens,
        clock: Arc::new(SystemClock),
        schema: Box::new(move || schema.clone()),
        prepare: None,
        subscriptions: None,
        processing: log.map(|log| Arc::new(log) as Arc<dyn ProcessingLog>),
        checks: checks(&pool),
        metrics,
        metrics_bind: options.metrics_bind,
    };
    let served = door::serve(options.bind, door, shutdown).await;
    drain(task, patience).await;
    Ok(served?)
}

async fn appender(
    pool: &Pool,
    catalogue: &Arc<Catalogue>,
    options: AppendOptions,
    (metrics, scribe): (&mut Metrics, Option<Scribe>),
) -> Result<(Appender, AppenderTask), ServeFailure> {
    let meters = Meters::new(catalogue, metrics.registry());
    let started = append::start_metered(pool.clone(), Arc::clone(catalogue), options, (meters, scribe)).await;
    started.map_err(ServeFailure::Appender)
}

/// The schema, which strangers learn nothing of.
fn finished(catalogue: &Arc<Catalogue>, gate: Gate, development: bool) -> Result<Schema, SchemaError> {
    graphql::finish(door::harden(graphql::builder(catalogue, gate)?, development))
}

/// What there is to tell before anything happens.
fn metrics(catalogue: &Catalogue, pool: &Pool) -> Metrics {
    let mut metrics = Metrics::new(NAME, env!("CARGO_PKG_VERSION"), SystemClock.now());
    let help = "The catalogue that commands are decided with";
    metrics.fact("f6_catalogue", help, "hash", catalogue.hash.to_string());
    let pool = pool.clone();
    let connections = move || pool.connections().into();
    let help = "Connections to the database";
    metrics.gauge("f6_database_connections", help, "state", Box::new(connections));
    metrics
}

/// What must hold for the server to be ready; the config has been right since it started.
fn checks(pool: &Pool) -> Vec<Check> {
    let (database, migrations) = (pool.clone(), pool.clone());
    vec![
        Check::new("config", async || Ok(())),
        Check::new("database", move || {
            let pool = database.clone();
            async move { Ok(sqlx::query("SELECT 1").execute(&mut pool.lend().await?).await.map(drop)?) }
        }),
        Check::new("migrations", move || {
            let pool = migrations.clone();
            async move {
                Ok(sqlx::query("SELECT position FROM head")
                    .fetch_one(&mut pool.lend().await?)
                    .await
                    .map(drop)?)
            }
        }),
    ]
}

fn page(catalogue: &Catalogue) -> Graphiql {
    // Who validates most is most likely the one whose screen is being tried.
    let clerk = catalogue
        .event_types
        .values()
        .find_map(|event_type| event_type.validate.first().map(|may| &may.authority.source_type));
    Graphiql {
        title: format!("F6 write API: {}, {}", catalogue.organisation, catalogue.zone_name),
        query: Some(FIRST_QUERY.to_owned()),
        principal: clerk.map(|source_type| Principal::new(SystemIds.next(), &**source_type)),
    }
}

/// Lets the appender finish what it took in.
async fn drain(task: AppenderTask, patience: std::time::Duration) {
    if tokio::time::timeout(patience, task.finish()).await.is_err() {
        tracing::warn!("the appender was left with requests that nobody waits for any more");
    }
}
