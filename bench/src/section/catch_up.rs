//! A new subscriber that begins at the beginning, against PostgreSQL's own `COPY … TO STDOUT` of the same rows.

use std::time::Instant;

use futures::TryStreamExt;

use crate::bench::Bench;
use crate::cluster::{Database, Role};
use crate::failure::Failure;
use crate::live::Live;
use crate::population::Population;
use crate::report::median;
use crate::server::Server;

/// Every row as the subscriber is told it.
const COPY: &str = "COPY (SELECT * FROM event ORDER BY position) TO STDOUT";

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let [_, large] = bench.pace.sizes();
    let population = Population::of_events(large);
    let database = bench.filled(population).await?;
    let server = bench.serve("query-api", &database, &[]).await?;
    let (mut told, mut copied) = (Vec::new(), Vec::new());
    for round in 0..bench.pace.rounds {
        copied.push(copy(&database, population.events()).await?);
        told.push(catch_up(&server, population.events()).await?);
        eprintln!("catch-up, round {round}: {:.0} events, {:.0} rows a second", told[round], copied[round]);
    }
    let ratios = told.iter().zip(&copied).map(|(told, copied)| told / copied);
    let report = &mut bench.report;
    report.figure(
        format!("catching up with {} events, against COPY of their rows", population.events()),
        median(ratios),
        "",
    );
    report.figure("events told to a new subscriber", median(told), "a second");
    report.figure("rows by COPY", median(copied), "a second");
    report.figure("memory of query-api after that", server.resident()?, "MB");
    Ok(())
}

/// Rows a second.
async fn copy(database: &Database, events: u32) -> Result<f64, Failure> {
    // The query role would have to say what it reads for, and COPY has no place for that.
    let mut connection = database.connect(Role::Superuser).await?;
    let started = Instant::now();
    let rows = connection.copy_out_raw(COPY).await?.try_fold(0, async |rows, _| Ok(rows + 1)).await?;
    match rows == events {
        true => Ok(f64::from(events) / started.elapsed().as_secs_f64()),
        false => Err(format!("COPY tells {rows} of {events} rows").into()),
    }
}

/// Events a second.
async fn catch_up(server: &Server, events: u32) -> Result<f64, Failure> {
    let started = Instant::now();
    let arrivals = Live::after(server.address, 0).await?.hear(events as usize).await??;
    match arrivals.count() == events as usize {
        true => Ok(f64::from(events) / started.elapsed().as_secs_f64()),
        false => Err(format!("a subscriber is told {} of {events} events", arrivals.count()).into()),
    }
}
