//! The worker as a process: its store, its tasks, and what it tells of itself.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use door::{Check, Clock, LogError, Metrics, ProcessingLog, ServeError, SystemClock};
use policy::Policy;
use processing_log::OpenError;
use read_model::catalogue::{Catalogue, Problems};
use read_model::pool::Pool;
use read_model::reader::{EventReader, Feed};
use tokio::sync::watch;
use uuid::Uuid;

use crate::backoff::Patience;
use crate::courier::{Courier, Streams, StreamsError, Ways, Webhooks, WebhooksError};
use crate::meters::Meters;
use crate::settings::{DeliveringOptions, Settings};
use crate::store::Store;
use crate::supervisor::supervise;
use crate::worker::Shared;

/// What the worker is called in its log, its metrics and its traces.
pub const NAME: &str = "delivery";

/// Why the worker ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The config cannot be read.
    #[error("cannot read the config `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The config is wrong.
    #[error(transparent)]
    Config(#[from] Problems),
    /// There is no database to read.
    #[error("no event database is given; set F6_DELIVERY_DATABASE_URL or --database-url")]
    NoDatabase,
    /// Others would take over what is still on its way.
    #[error(
        "a lease of {lease:?} is no longer than twice the {timeout:?} that a sink has to answer; set a longer F6_DELIVERY_LEASE, or a shorter F6_DELIVERY_TIMEOUT"
    )]
    ShortLease {
        /// How long a worker has.
        lease: Duration,
        /// How long a sink has.
        timeout: Duration,
    },
    /// No signals can be caught.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// No webhooks can be called.
    #[error(transparent)]
    Webhooks(#[from] WebhooksError),
    /// No streams can be reached.
    #[error(transparent)]
    Streams(#[from] StreamsError),
    /// The processing log cannot be opened.
    #[error(transparent)]
    ProcessingLog(#[from] OpenError),
    /// Its health cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Delivers until told to stop; what is on its way then is settled first.
///
/// # Errors
/// [`Failure`].
pub async fn run(settings: Settings) -> Result<(), Failure> {
    let _traces = settings.log.start(NAME)?;
    let shutdown = door::shutdown_signal().map_err(Failure::Signals)?;
    check_lease(&settings.delivering)?;
    let catalogue = load(settings.write_config_path.clone())?;
    let policy = policy(&catalogue, settings.query_config_path.clone())?;
    let connection = settings.store.connection().ok_or(Failure::NoDatabase)?;
    // Whatever takes longer than the lease is another worker's by then.
    let connect = || Pool::serving(connection.clone(), settings.store.pool, settings.delivering.lease);
    // Whoever hands out reads events meanwhile: with one pool for both, all could wait for each other.
    let (pool, reads) = (connect(), connect());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut metrics = Metrics::new(NAME, env!("CARGO_PKG_VERSION"), clock.now());
    let keeper = (NAME, settings.dev);
    let log = settings.processing_log.open(&catalogue, &connection, keeper, &mut metrics)?;
    let log = log.map(|log| Arc::new(log) as Arc<dyn ProcessingLog>);
    let meters = Meters::new(&mut metrics, Arc::clone(&clock));
    let shared =
        shared(&settings, Known { catalogue: &catalogue, policy, log }, (&pool, &reads), meters, clock)?;
    tracing::info!(catalogue = %catalogue.hash, "delivering events of {} of {}", catalogue.zone_name, catalogue.organisation);
    let (stop, stopped) = watch::channel(false);
    let tending = tokio::spawn(supervise(shared, pool.clone(), stopped));
    let observed =
        door::Observed { name: NAME, checks: checks(&pool), metrics, address_file: settings.address_file };
    let served = door::serve_observed(settings.bind, observed, shutdown).await;
    // Nobody listens only where it has ended already.
    let _ = stop.send(true);
    let _ = tending.await;
    pool.close().await;
    reads.close().await;
    Ok(served?)
}

/// What deliveries are made by.
struct Known<'a> {
    catalogue: &'a Arc<Catalogue>,
    policy: Arc<Policy>,
    log: Option<Arc<dyn ProcessingLog>>,
}

fn shared(
    settings: &Settings,
    Known { catalogue, policy, log }: Known<'_>,
    (pool, reads): (&Pool, &Pool),
    meters: Meters,
    clock: Arc<dyn Clock>,
) -> Result<Shared, Failure> {
    let options = &settings.delivering;
    let reader = EventReader::new(reads.clone(), Arc::clone(catalogue), settings.store.cached_objects);
    let reader = Arc::new(reader);
    let patience = Patience { attempts: options.attempts, longest: options.longest_wait };
    let streams = Streams::open(&settings.streams)?;
    let ways = Ways { webhooks: Webhooks::new()?, streams, timeout: options.timeout };
    Ok(Shared {
        store: Store::new(
            pool.clone(),
            (Arc::clone(&reader), Arc::clone(&policy)),
            worker_id(),
            options.lease,
            patience,
        ),
        courier: Courier::new((Arc::clone(catalogue), policy), &options.query_url, clock, ways).logged(log),
        feed: Arc::new(Feed::new(reader)),
        meters,
        concurrency: options.concurrency,
        lease: options.lease,
    })
}

/// By this a worker knows what it was handed.
#[expect(clippy::disallowed_methods, reason = "here ids of workers come in")]
fn worker_id() -> Uuid {
    Uuid::now_v7()
}

fn check_lease(options: &DeliveringOptions) -> Result<(), Failure> {
    let DeliveringOptions { lease, timeout, .. } = *options;
    if lease > timeout * 2 { Ok(()) } else { Err(Failure::ShortLease { lease, timeout }) }
}

fn load(path: PathBuf) -> Result<Arc<Catalogue>, Failure> {
    let (name, source) = read(path)?;
    Ok(Arc::new(Catalogue::compile(&name, &source)?))
}

fn policy(catalogue: &Arc<Catalogue>, path: PathBuf) -> Result<Arc<Policy>, Failure> {
    let (name, source) = read(path)?;
    Ok(Arc::new(Policy::compile(Arc::clone(catalogue), &name, &source)?))
}

/// The name of a config, and its text.
fn read(path: PathBuf) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    let source = std::fs::read_to_string(&path).map_err(|source| Failure::Unreadable { path, source })?;
    Ok((name, source))
}

/// What must hold for the worker to be ready.
fn checks(pool: &Pool) -> Vec<Check> {
    let pool = pool.clone();
    vec![Check::new("database", move || {
        let pool = pool.clone();
        async move {
            let asked = sqlx::query("SELECT id FROM subscription LIMIT 1");
            Ok(asked.execute(&mut pool.lend().await?).await.map(drop)?)
        }
    })]
}
