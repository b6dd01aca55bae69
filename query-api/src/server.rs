//! The server: its store, its checks, its door.

use std::sync::Arc;

use async_graphql::Data;
use async_graphql::dynamic::{SchemaBuilder, SchemaError};
use chrono::{DateTime, Utc};
use door::{
    Check, Clock, Documents, DocumentsError, Door, Graphiql, Load, Metrics, Principal, ProcessingLog,
    ServeError, SubscriptionOptions, Subscriptions, SystemClock, TokenOptionsError, Tokens, harden,
    shutdown_signal,
};
use processing_log::{Log, OpenError};
use read_model::catalogue::Catalogue;
use read_model::pool::Pool;
use read_model::reader::{EventReader, point_lookups};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::meters::Meters;
use crate::schema;
use crate::settings::ServeOptions;
use crate::subscription::Live;
use crate::views::Views;

/// What the server is called in its log, its metrics and its traces.
pub const NAME: &str = "query-api";

/// What deliveries refer to: an event, by its id.
const EVENT: &str = include_str!("../../schemas/event.graphql");

/// What a first visitor of GraphiQL finds there.
const EXAMPLE: &str = "# Ctrl-space completes; the documentation is behind the book.\n\
    {\n  events(first: 5) {\n    edges { node { id eventType eventKind status objectIds createdAt } }\n    \
    pageInfo { hasNextPage endCursor }\n  }\n}\n";

/// Why the server ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no database to read.
    #[error("no event database is given; set F6_QUERY_DATABASE_URL or --database-url")]
    NoDatabase,
    /// The database's address cannot be used.
    #[error(
        "cannot use the address of the event database; write one such as postgres://f6_query@127.0.0.1/f6"
    )]
    Database(#[source] sqlx::Error),
    /// The token options cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokenOptionsError),
    /// The trusted documents cannot be used.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The library refuses the schema.
    #[error("the configuration leads to no GraphQL schema")]
    Schema(#[from] SchemaError),
    /// No signals can be caught.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// The processing log cannot be opened.
    #[error(transparent)]
    ProcessingLog(#[from] OpenError),
    /// The door cannot serve.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Serves until told to stop.
///
/// # Errors
/// [`Failure`].
pub async fn serve(options: ServeOptions, catalogue: Arc<Catalogue>, views: Views) -> Result<(), Failure> {
    let shutdown = shutdown_signal().map_err(Failure::Signals)?;
    let pool = connect(&options)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tokens = Tokens::load(&options.tokens)?;
    let views = Arc::new(views);
    let (mut metrics, meters) = metrics(&catalogue, &pool, clock.now());
    let keeper = (NAME, tokens.development());
    let log = options.processing_log.open(&catalogue, &database(&options)?, keeper, &mut metrics)?;
    let schema = with_records(schema::build(&catalogue, &views), log.as_ref());
    let schema = harden(schema, tokens.development()).finish()?;
    let reader = EventReader::new(pool.clone(), Arc::clone(&catalogue), options.store.cached_objects);
    let live = Live::new(Arc::new(reader.watched(Arc::new(meters.clone()))), meters, Arc::clone(&clock));
    let subscriptions = subscriptions(&live, options.subscriptions, &mut metrics);
    tracing::info!(catalogue = %catalogue.hash, "reading {} of {}", catalogue.zone_name, catalogue.organisation);
    let door = Door {
        name: NAME,
        graphiql: Some(graphiql(&catalogue, &views)),
        prepare: Some(Box::new(move |request| schema::prepare(request, &live))),
        subscriptions: Some(subscriptions),
        schema: Box::new(move || schema.clone()),
        processing: log.map(|log| Arc::new(log) as Arc<dyn ProcessingLog>),
        checks: checks(&pool),
        load: Load::new(&options.http.load, options.http.body_limit, &mut metrics),
        http: options.http,
        documents: Documents::load(&options.documents, &options.guard)?.with(EVENT),
        answers_get: true,
        guard: options.guard,
        tokens,
        clock,
        metrics,
        metrics_bind: options.metrics_bind,
    };
    door::serve(options.bind, door, shutdown).await?;
    pool.close().await;
    Ok(())
}

/// With what reads the processing log, where there is one.
fn with_records(schema: SchemaBuilder, log: Option<&Log>) -> SchemaBuilder {
    match log {
        Some(log) => schema.data(log.records().clone()),
        None => schema,
    }
}

fn database(options: &ServeOptions) -> Result<PgConnectOptions, Failure> {
    let url = options.store.database_url.as_deref().ok_or(Failure::NoDatabase)?;
    url.parse().map_err(Failure::Database)
}

/// Connections are made when they are needed, so that the server outlives a database that restarts.
fn connect(options: &ServeOptions) -> Result<Pool, Failure> {
    let connection = point_lookups(database(options)?)
        .application_name("query-api")
        .options([("default_transaction_read_only", "on")]);
    Ok(Pool::serving(connection, options.store.pool, options.http.request_timeout))
}

/// Each message of a subscription has a reading of its own, as if it were a request.
fn subscriptions(live: &Live, options: SubscriptionOptions, metrics: &mut Metrics) -> Subscriptions {
    let feed = Arc::clone(live.feed());
    let behind = move || vec![("slowest", feed.lag())];
    let help = "Events that a subscriber has still to look at";
    metrics.gauge("f6_feed_lag_events", help, "of", Box::new(behind));
    let live = live.clone();
    Subscriptions::new(options, metrics, move || {
        let mut data = Data::default();
        data.insert(live.reading());
        data
    })
}

/// What the server counts, and what it measures of its reading.
fn metrics(catalogue: &Catalogue, pool: &Pool, now: DateTime<Utc>) -> (Metrics, Meters) {
    let mut metrics = Metrics::new(NAME, env!("CARGO_PKG_VERSION"), now);
    let help = "The catalogue that events are folded with";
    metrics.fact("f6_catalogue", help, "hash", catalogue.hash.to_string());
    let pool = pool.clone();
    let connections = move || pool.connections().into();
    metrics.gauge("f6_database_connections", "Connections to the database", "state", Box::new(connections));
    let meters = Meters::new(&mut metrics);
    (metrics, meters)
}

/// What must hold for the server to be ready; the config has been right since it started.
fn checks(pool: &Pool) -> Vec<Check> {
    let ask = |name, sql: &'static str| {
        let pool = pool.clone();
        Check::new(name, move || {
            let pool = pool.clone();
            async move {
                sqlx::query(sql).fetch_one(&mut pool.lend().await?).await?;
                Ok(())
            }
        })
    };
    vec![
        Check::new("config", async || Ok(())),
        ask("database", "SELECT 1"),
        ask("migrations", "SELECT position, created_at FROM head"),
    ]
}

/// The development token of the page is that of the first who may read anything.
fn graphiql(catalogue: &Catalogue, views: &Views) -> Graphiql {
    let reader = catalogue.source_types.iter().max_by_key(|name| views.reads.breadth(name));
    Graphiql {
        title: format!("F6 {} · query API", catalogue.zone_name),
        query: Some(EXAMPLE.to_owned()),
        principal: reader.map(|name| Principal::new(Uuid::nil(), &**name)),
    }
}
