//! Validated appends through the appender in the process, against `pgbench` inserting one such row per commit.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use write_api::append::{self, AppendOptions, Appender, AppenderTask, Request};

use crate::bench::{Bench, Pace};
use crate::cluster::{Database, Role};
use crate::commands::Moves;
use crate::failure::Failure;
use crate::load::{Load, load};
use crate::pgbench::Pgbench;
use crate::population::Population;
use crate::report::median;
use crate::store;

/// How many are in flight; how many clients `pgbench` is given beside them; and the ratio that has to come out.
const LEVELS: [(usize, usize, f64); 4] = [(1, 1, 0.45), (32, 32, 1.0), (64, 64, 1.6), (256, 64, 1.7)];

/// The clients of which `pgbench` alone is asked, so that its whole curve can be seen.
const BESIDE: usize = 8;

/// An appender on a database.
pub(crate) struct Running {
    appender: Appender,
    task: AppenderTask,
}

/// Measures at every level, in rounds, each on a fresh copy so that histories stay at about 35 events.
pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let population = population(bench.pace);
    let mut measured: Vec<Vec<(f64, Load)>> = LEVELS.iter().map(|_| Vec::new()).collect();
    let mut beside = Vec::new();
    for round in 0..bench.pace.rounds {
        let database = bench.copy(population, "appender").await?;
        let pgbench = Pgbench::prepare(&database, "Verhuizing").await?;
        let moves = Arc::new(Moves::new(population, round as u64));
        let running = Running::warm(bench, &database, &moves).await?;
        beside.push(pgbench.rate(BESIDE, bench.pace.time).await?);
        for (index, (in_flight, clients, _)) in LEVELS.into_iter().enumerate() {
            bench.cluster.settle().await?;
            let rows = pgbench.rate(clients, bench.pace.time).await?;
            bench.cluster.settle().await?;
            let appends = running.load(&moves, in_flight, bench.pace).await?;
            eprintln!(
                "appender, round {round}, {in_flight} in flight: {:.0} appends, {rows:.0} rows a second",
                appends.rate
            );
            measured[index].push((rows, appends));
        }
        running.finish().await;
        database.remove().await?;
    }
    tell(bench, &measured, &beside);
    Ok(())
}

fn tell(bench: &mut Bench, measured: &[Vec<(f64, Load)>], beside: &[f64]) {
    bench.report.figure(
        format!("pgbench rows, {BESIDE} clients"),
        median(beside.iter().copied()),
        "a second",
    );
    for ((in_flight, clients, goal), rounds) in LEVELS.into_iter().zip(measured) {
        let ratio = median(rounds.iter().map(|(rows, appends)| appends.rate / rows));
        let report = &mut bench.report;
        report.at_least(
            format!("appends in the process, {in_flight} in flight, against pgbench with {clients} clients"),
            ratio,
            goal,
        );
        if in_flight == clients {
            report.figure(
                format!("pgbench rows, {clients} clients"),
                median(rounds.iter().map(|(rows, _)| *rows)),
                "a second",
            );
        }
        let name = |what: &str| format!("appends in the process, {in_flight} in flight{what}");
        report.figure(name(""), median(rounds.iter().map(|(_, appends)| appends.rate)), "a second");
        report.figure(name(", p50"), median(rounds.iter().map(|(_, appends)| appends.percentile(0.5))), "ms");
        report.figure(
            name(", p99"),
            median(rounds.iter().map(|(_, appends)| appends.percentile(0.99))),
            "ms",
        );
    }
}

/// Enough persons that those of one round have 30 to 40 events each.
fn population(pace: Pace) -> Population {
    match pace.quick {
        true => Population { persons: 3_000, addresses: 2_400, moves: 13 },
        false => Population { persons: 8_000, addresses: 6_400, moves: 13 },
    }
}

impl Running {
    /// An appender with the options that a server has by default, which has all in memory that will be asked.
    pub(crate) async fn warm(bench: &Bench, database: &Database, moves: &Moves) -> Result<Self, Failure> {
        let pool = store::pool(database, Role::Write).await?;
        let (appender, task) =
            append::start(pool, Arc::clone(&bench.catalogue), AppendOptions::default()).await?;
        let running = Self { appender, task };
        let asked = stream::iter(moves.of_everybody().map(|request| running.accepted(request)));
        asked.buffer_unordered(256).try_collect::<Vec<()>>().await?;
        Ok(running)
    }

    pub(crate) async fn load(
        &self,
        moves: &Arc<Moves>,
        in_flight: usize,
        pace: Pace,
    ) -> Result<Load, Failure> {
        let caller = |_| {
            let (appender, moves) = (self.appender.clone(), Arc::clone(moves));
            move || accepted(appender.clone(), moves.request())
        };
        load((0..in_flight).map(caller).collect(), pace.time).await
    }

    async fn accepted(&self, request: Request) -> Result<(), Failure> {
        accepted(self.appender.clone(), request).await
    }

    pub(crate) async fn finish(self) {
        drop(self.appender);
        self.task.finish().await;
    }
}

/// Nothing is measured of commands that are refused.
async fn accepted(appender: Appender, request: Request) -> Result<(), Failure> {
    let outcome = appender.submit(request).await?;
    match outcome.refusals.first() {
        None if outcome.events.len() == 1 => Ok(()),
        None => Err(format!("{} events of one claim", outcome.events.len()).into()),
        Some(refusal) => Err(format!("a command of the measurement is refused: {}", refusal.message).into()),
    }
}
