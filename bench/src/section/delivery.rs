//! From a commit to its subscribers: live ones over server-sent events, and durable ones by webhook.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::appending::Appending;
use crate::arrival::Arrivals;
use crate::bench::{Bench, Pace};
use crate::cluster::Database;
use crate::commands::Moves;
use crate::failure::{Failure, root};
use crate::http::Connection;
use crate::live::Live;
use crate::load::Latencies;
use crate::population::{ADDRESSES, Population};
use crate::report::median;
use crate::server::{Server, token};
use crate::sink::Sink;

/// How many events a second, and how many subscribers each of them is told to.
const LEVELS: [(u32, usize); 2] = [(100, 100), (1_000, 10)];

/// Milliseconds from the commit within which 99 of 100 have to arrive.
const GOAL: f64 = 250.0;

/// What has not arrived by then is lost.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many subscribers of each way there are while appends are measured, and how many of those are in flight.
const LISTENING: usize = 10;
const IN_FLIGHT: usize = 64;

const POPULATION: Population = Population { persons: 3_000, addresses: 3_000 * ADDRESSES, moves: 3 };

/// Everything that delivers, on a store of its own.
struct Registry {
    database: Database,
    write: Server,
    query: Server,
    /// Runs until the registry goes.
    _worker: Server,
    appending: Appending,
    moves: Arc<Moves>,
}

/// How a subscriber is told.
#[derive(Clone, Copy)]
enum Way {
    Live,
    Webhook,
}

const WAYS: [Way; 2] = [Way::Live, Way::Webhook];

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Live => "server-sent events",
            Self::Webhook => "webhooks",
        }
    }
}

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    for (rate, subscribers) in LEVELS {
        for way in WAYS {
            let mut rounds = Vec::new();
            for round in 0..bench.pace.rounds {
                let latencies = told(bench, round, way, (rate, subscribers)).await?;
                eprintln!(
                    "delivery, round {round}, {rate} events a second to {subscribers} by {}: p99 {:.1} ms",
                    way.name(),
                    latencies.percentile(0.99)
                );
                rounds.push(latencies);
            }
            tell(bench, way, (rate, subscribers), &rounds);
        }
    }
    appends(bench).await
}

/// How long each of the messages took.
async fn told(
    bench: &Bench,
    round: usize,
    way: Way,
    (rate, subscribers): (u32, usize),
) -> Result<Latencies, Failure> {
    let registry = Registry::open(bench, round).await?;
    let events = rate as usize * usize::try_from(bench.pace.time.as_secs())?;
    let arrivals = match way {
        Way::Live => registry.live(subscribers, rate, events, bench.pace).await?,
        Way::Webhook => registry.webhooks(subscribers, rate, events, bench.pace).await?,
    };
    registry.close().await?;
    Ok(arrivals.latencies())
}

impl Registry {
    async fn open(bench: &Bench, round: usize) -> Result<Self, Failure> {
        let database = bench.copy(POPULATION, "delivery").await?;
        let moves = Arc::new(Moves::new(POPULATION, round as u64));
        let config = all_events_for_systems(&bench.folder)?;
        let settings = [("F6_QUERY_CONFIG_PATH", config.as_str())];
        let write = bench.serve("write-api", &database, &settings).await?;
        let query = bench.serve("query-api", &database, &settings).await?;
        let worker = bench.serve("delivery", &database, &settings).await?;
        let appending = Appending::warm(bench, &database, &moves).await?;
        bench.cluster.settle().await?;
        Ok(Self { database, write, query, _worker: worker, appending, moves })
    }

    async fn live(
        &self,
        subscribers: usize,
        rate: u32,
        events: usize,
        pace: Pace,
    ) -> Result<Arrivals, Failure> {
        let listening = self.listen(subscribers, events).await?;
        self.appending.paced(&self.moves, rate, pace.time).await?;
        let all = tokio::time::timeout(PATIENCE, try_join_all(listening)).await??;
        all.into_iter().try_fold(Arrivals::default(), |all, one| Ok(all.with(one?)))
    }

    /// Live subscribers to so many events from now on.
    async fn listen(
        &self,
        subscribers: usize,
        events: usize,
    ) -> Result<Vec<JoinHandle<Result<Arrivals, Failure>>>, Failure> {
        let mut listening = Vec::with_capacity(subscribers);
        for _ in 0..subscribers {
            let position = self.database.position().await?;
            listening.push(Live::after(self.query.address, position).await?.hear(events));
        }
        Ok(listening)
    }

    async fn webhooks(
        &self,
        subscribers: usize,
        rate: u32,
        events: usize,
        pace: Pace,
    ) -> Result<Arrivals, Failure> {
        let sink = Sink::open().await?;
        self.subscribe(subscribers, &sink).await?;
        self.appending.paced(&self.moves, rate, pace.time).await?;
        let waiting = Instant::now();
        while sink.count() < subscribers * events {
            if waiting.elapsed() > PATIENCE {
                return Err(format!("{} of {} deliveries came", sink.count(), subscribers * events).into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(sink.close())
    }

    /// Durable subscriptions to everything from now on.
    async fn subscribe(&self, subscribers: usize, sink: &Sink) -> Result<(), Failure> {
        let mut connection = Connection::open(self.write.address, &token("systeem")).await?;
        for number in 0..subscribers {
            let input =
                json!({ "name": format!("bench-{number}"), "sink": format!("http://{}/", sink.address) });
            let query =
                "mutation($input: CreateSubscriptionInput!) { createSubscription(input: $input) { id } }";
            let body = json!({ "query": query, "variables": { "input": input } }).to_string();
            let answer = connection.post(&body).await?;
            if !answer.contains(r#""id":"#) {
                return Err(format!("a subscription is refused: {answer}").into());
            }
        }
        Ok(())
    }

    async fn close(self) -> Result<(), Failure> {
        let Self { database, write, query, _worker, appending, moves: _ } = self;
        drop((write, query, _worker));
        appending.finish().await;
        database.remove().await
    }
}

/// The shipped config, but that systems may read the moves that are appended here; answers where it is.
fn all_events_for_systems(folder: &Path) -> Result<String, Failure> {
    const NARROW: &str = "{ source_type: systeem, event_types: [Geboorte, BsnToegekend] }";
    let shipped = std::fs::read_to_string(root().join("query_config.yaml"))?;
    if shipped.matches(NARROW).count() != 1 {
        return Err(format!("query_config.yaml says `{NARROW}` no more").into());
    }
    let path = folder.join("query_config.yaml");
    std::fs::write(&path, shipped.replace(NARROW, "systeem"))?;
    Ok(path.display().to_string())
}

/// What subscribers cost those who append: the rate with some of each way, against that without any.
async fn appends(bench: &mut Bench) -> Result<(), Failure> {
    let mut ratios = Vec::new();
    for round in 0..bench.pace.rounds {
        let registry = Registry::open(bench, round).await?;
        let alone = registry.appending.load(&registry.moves, IN_FLIGHT, bench.pace).await?.rate;
        let sink = Sink::open().await?;
        registry.subscribe(LISTENING, &sink).await?;
        let listening = registry.listen(LISTENING, usize::MAX).await?;
        bench.cluster.settle().await?;
        let beside = registry.appending.load(&registry.moves, IN_FLIGHT, bench.pace).await?.rate;
        eprintln!(
            "delivery, round {round}: {beside:.0} appends a second beside subscribers, {alone:.0} without"
        );
        ratios.push(beside / alone);
        listening.iter().for_each(JoinHandle::abort);
        registry.close().await?;
    }
    let name = format!(
        "appends in the process, {IN_FLIGHT} in flight, beside {LISTENING} live and {LISTENING} durable subscribers, against none"
    );
    bench.report.figure(name, median(ratios), "");
    Ok(())
}

fn tell(bench: &mut Bench, way: Way, (rate, subscribers): (u32, usize), rounds: &[Latencies]) {
    let name = format!("from commit to {subscribers} subscribers by {}, {rate} events a second", way.name());
    let of = |part| median(rounds.iter().map(|latencies| latencies.percentile(part)));
    bench.report.at_most(format!("{name}, p99 in ms"), of(0.99), GOAL);
    bench.report.figure(format!("{name}, p50"), of(0.5), "ms");
}
