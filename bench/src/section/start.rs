//! How long each server takes to start, and what memory it holds while nobody asks it anything.

use std::time::Duration;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::population::Population;
use crate::report::median;

/// How long a server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(1);

/// Seconds from the start of the process until it says that it is ready.
const START_UP: f64 = 1.0;

/// Megabytes that an idle server holds.
const MEMORY: f64 = 50.0;

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let [_, large] = bench.pace.sizes();
    let database = bench.filled(Population::of_events(large)).await?;
    for program in ["write-api", "query-api"] {
        let (mut seconds, mut memory) = (Vec::new(), Vec::new());
        for round in 0..bench.pace.rounds {
            let server = bench.serve(program, &database, &[]).await?;
            tokio::time::sleep(IDLE).await;
            seconds.push(server.ready_after);
            memory.push(server.resident()?);
            eprintln!("start, round {round}, {program}: {:.3} s, {:.1} MB", seconds[round], memory[round]);
        }
        let report = &mut bench.report;
        report.at_most(format!("start-up of {program}, seconds"), median(seconds), START_UP);
        report.at_most(format!("memory of an idle {program}, MB"), median(memory), MEMORY);
    }
    Ok(())
}
