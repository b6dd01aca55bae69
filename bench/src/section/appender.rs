//! Validated appends through the appender in the process, against `pgbench` inserting one such row per commit.

use std::sync::Arc;

use crate::appending::Appending;
use crate::bench::{Bench, Pace};
use crate::commands::Moves;
use crate::failure::Failure;
use crate::load::Load;
use crate::pgbench::Pgbench;
use crate::population::{ADDRESSES, Population};
use crate::report::median;
use crate::server::resident;

/// How many are in flight; how many clients `pgbench` is given beside them; and the ratio that has to come out.
const LEVELS: [(usize, usize, f64); 4] = [(1, 1, 0.45), (32, 32, 1.0), (64, 64, 1.6), (256, 64, 1.7)];

/// The clients of which `pgbench` alone is asked, so that its whole curve can be seen.
const BESIDE: usize = 8;

/// Measures at every level, in rounds, each on a fresh copy so that histories stay at about 35 events.
pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let population = population(bench.pace);
    let mut measured: Vec<Vec<(f64, Load)>> = LEVELS.iter().map(|_| Vec::new()).collect();
    let mut beside = Vec::new();
    for round in 0..bench.pace.rounds {
        let database = bench.copy(population, "appender").await?;
        let pgbench = Pgbench::prepare(&database, "Verhuizing").await?;
        let moves = Arc::new(Moves::new(population, round as u64));
        let running = Appending::warm(bench, &database, &moves).await?;
        beside.push(pgbench.rate(BESIDE, bench.pace.time).await?);
        for (index, (in_flight, clients, _)) in LEVELS.into_iter().enumerate() {
            bench.cluster.settle().await?;
            let rows = pgbench.rate(clients, bench.pace.time).await?;
            bench.cluster.settle().await?;
            let appends = running.load(&moves, in_flight, bench.pace).await?;
            eprintln!(
                "appender, round {round}, {in_flight} in flight: {:.0} appends, {rows:.0} rows a second; {:.1} µs an append",
                appends.rate, appends.cost
            );
            measured[index].push((rows, appends));
        }
        running.finish().await;
        database.remove().await?;
    }
    tell(bench, &measured, &beside);
    bench.report.figure("memory of the bench after its appends", resident(std::process::id())?, "MB");
    Ok(())
}

fn tell(bench: &mut Bench, measured: &[Vec<(f64, Load)>], beside: &[f64]) {
    let report = &mut bench.report;
    report.figure(format!("pgbench rows, {BESIDE} clients"), median(beside.iter().copied()), "a second");
    for ((in_flight, clients, goal), rounds) in LEVELS.into_iter().zip(measured) {
        let ratio = median(rounds.iter().map(|(rows, appends)| appends.rate / rows));
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
        let of = |figure: fn(&Load) -> f64| median(rounds.iter().map(|(_, appends)| figure(appends)));
        report.figure(name(""), of(|appends| appends.rate), "a second");
        report.figure(name(", time of processors for each"), of(|appends| appends.cost), "µs");
        report.figure(name(", p50"), of(Load::median), "ms");
        report.figure(name(", p99"), of(|appends| appends.percentile(0.99)), "ms");
    }
}

/// Enough persons that those of one round have 30 to 40 events each.
fn population(pace: Pace) -> Population {
    match pace.quick {
        true => Population { persons: 3_000, addresses: 3_000 * ADDRESSES, moves: 13 },
        false => Population { persons: 4_500, addresses: 4_500 * ADDRESSES, moves: 13 },
    }
}
