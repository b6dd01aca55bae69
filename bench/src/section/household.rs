//! The household of an address, and searches, in a small store and in a large one.

use crate::bench::Bench;
use crate::dice::Dice;
use crate::failure::Failure;
use crate::http::{Connection, Poster};
use crate::load::load;
use crate::population::{Population, sought};
use crate::questions::{self, A_HOUSEHOLD, FOUND};
use crate::report::median;
use crate::server::{Server, token};

/// How many addresses and persons are asked for, at random: all of the small store's.
const ASKED: u32 = 200;

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
    for what in ["household"].into_iter().chain(sought(0).map(|(name, _)| name)) {
        compare(bench, what, &servers).await?;
    }
    Ok(())
}

/// What one kind of question costs in both stores.
async fn compare(
    bench: &mut Bench,
    what: &'static str,
    servers: &[(Server, Population)],
) -> Result<(), Failure> {
    let sizes = bench.pace.sizes();
    // The first answers load what the next find in memory.
    for (server, population) in servers {
        ask(bench, what, server, *population).await?;
    }
    let mut times = Vec::new();
    for round in 0..bench.pace.rounds {
        let mut both = [0.0; 2];
        for ((server, population), time) in servers.iter().zip(&mut both) {
            *time = ask(bench, what, server, *population).await?;
        }
        eprintln!(
            "{what}, round {round}: {:.3} ms in the small store, {:.3} ms in the large",
            both[0], both[1]
        );
        times.push(both);
    }
    let what = if what == "household" { "a household".to_owned() } else { format!("a search by {what}") };
    let [small, large] = sizes;
    let report = &mut bench.report;
    let ratio = median(times.iter().map(|[small, large]| large / small));
    report.at_most(format!("{what} with {large} events in the store, against {small}"), ratio, GOAL);
    for (index, events) in sizes.into_iter().enumerate() {
        let time = median(times.iter().map(|both| both[index]));
        report.figure(format!("{what} with {events} events in the store, p50"), time, "ms");
    }
    Ok(())
}

async fn ask(
    bench: &Bench,
    what: &'static str,
    server: &Server,
    population: Population,
) -> Result<f64, Failure> {
    let mut dice = Dice::new(4);
    let next = move || {
        let number = dice.below(ASKED);
        let search = sought(number).into_iter().find(|(name, _)| *name == what);
        search.map_or_else(
            || questions::household(population.address(number)),
            |(_, sought)| questions::search(&sought),
        )
    };
    let expected = if what == "household" { A_HOUSEHOLD } else { FOUND };
    let connection = Connection::open(server.address, &token("ambtenaar")).await?;
    let asked = load(vec![Poster { connection, next, expected }], bench.pace.time).await?;
    Ok(asked.median())
}
