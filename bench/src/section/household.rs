//! The household of an address, in a small store and in a large one.

use crate::bench::Bench;
use crate::dice::Dice;
use crate::failure::Failure;
use crate::http::{Connection, Poster};
use crate::load::load;
use crate::population::Population;
use crate::questions::{self, A_HOUSEHOLD};
use crate::report::median;
use crate::server::{Server, token};

/// How many addresses are asked for, at random: all of the small store's.
const ADDRESSES: u32 = 200;

/// What the large store may cost, against the small one.
const GOAL: f64 = 2.0;

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let sizes = bench.pace.sizes();
    let mut servers = Vec::new();
    for events in sizes {
        let population = Population::of_events(events);
        let database = bench.filled(population).await?;
        servers.push((bench.serve("query-api", &database, &[]).await?, population));
    }
    // The first answers load what the next find in memory.
    for (server, population) in &servers {
        ask(bench, server, *population).await?;
    }
    let mut times = Vec::new();
    for round in 0..bench.pace.rounds {
        let mut both = [0.0; 2];
        for ((server, population), time) in servers.iter().zip(&mut both) {
            *time = ask(bench, server, *population).await?;
        }
        eprintln!(
            "household, round {round}: {:.3} ms in the small store, {:.3} ms in the large",
            both[0], both[1]
        );
        times.push(both);
    }
    let [small, large] = sizes;
    let report = &mut bench.report;
    let ratio = median(times.iter().map(|[small, large]| large / small));
    report.at_most(format!("a household with {large} events in the store, against {small}"), ratio, GOAL);
    for (index, events) in sizes.into_iter().enumerate() {
        let time = median(times.iter().map(|both| both[index]));
        report.figure(format!("a household with {events} events in the store, p50"), time, "ms");
    }
    Ok(())
}

async fn ask(bench: &Bench, server: &Server, population: Population) -> Result<f64, Failure> {
    let mut dice = Dice::new(4);
    let next = move || questions::household(population.address(dice.below(ADDRESSES)));
    let connection = Connection::open(server.address, &token("ambtenaar")).await?;
    let asked = load(vec![Poster { connection, next, expected: A_HOUSEHOLD }], bench.pace.time).await?;
    Ok(asked.median())
}
