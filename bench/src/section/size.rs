//! The same appends to a small store and to a large one.

use std::sync::Arc;

use crate::appending::Appending;
use crate::bench::{Bench, Pace};
use crate::cluster::Database;
use crate::commands::Moves;
use crate::failure::Failure;
use crate::population::Population;
use crate::report::median;

/// How many are in flight: few enough that two of them seldom speak of one of the small store's persons.
const IN_FLIGHT: usize = 8;

/// Each measurement takes this part of the usual time, so that the few persons of the small store do not grow old in it.
const PART: u32 = 3;

/// What the large store has to reach of the small one.
const GOAL: f64 = 0.8;

/// A store, the appender on it, and the commands that it is given: the same persons and addresses in both.
struct Side {
    database: Database,
    appending: Appending,
    moves: Arc<Moves>,
}

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let [small, large] = bench.pace.sizes();
    let persons = Population::of_events(small);
    let sides = [side(bench, small, persons).await?, side(bench, large, persons).await?];
    let mut rates = Vec::new();
    for round in 0..bench.pace.rounds {
        let mut both = [0.0; 2];
        for (side, rate) in sides.iter().zip(&mut both) {
            bench.cluster.settle().await?;
            let pace = Pace { time: bench.pace.time / PART, ..bench.pace };
            *rate = side.appending.load(&side.moves, IN_FLIGHT, pace).await?.rate;
        }
        eprintln!("size, round {round}: {:.0} in the small store, {:.0} in the large", both[0], both[1]);
        rates.push(both);
    }
    for side in sides {
        side.appending.finish().await;
        side.database.remove().await?;
    }
    let report = &mut bench.report;
    let ratio = median(rates.iter().map(|[small, large]| large / small));
    report.at_least(format!("appends with {large} events in the store, against {small}"), ratio, GOAL);
    for (index, events) in [small, large].into_iter().enumerate() {
        let rate = median(rates.iter().map(|both| both[index]));
        report.figure(format!("appends with {events} events, {IN_FLIGHT} in flight"), rate, "a second");
    }
    Ok(())
}

async fn side(bench: &Bench, events: u32, persons: Population) -> Result<Side, Failure> {
    let database = bench.copy(Population::of_events(events), &format!("size_{events}")).await?;
    let moves = Arc::new(Moves::new(persons, events.into()));
    let appending = Appending::warm(bench, &database, &moves).await?;
    Ok(Side { database, appending, moves })
}
