//! Appends over HTTP, against a mutation of the same server that only parses its input and answers.

use std::sync::Arc;

use crate::bench::Bench;
use crate::cluster::Database;
use crate::commands::Moves;
use crate::failure::Failure;
use crate::http::{Connection, Poster};
use crate::load::{Load, load};
use crate::pgbench::Pgbench;
use crate::population::{ADDRESSES, Population};
use crate::report::median;
use crate::server::{Server, token};

/// How many clients, and the ratio that has to come out.
const LEVELS: [(usize, f64); 2] = [(32, 0.6), (256, 0.6)];

/// How many commands one request makes, as many as it may; and how many clients do so.
const BATCH: usize = 100;
const BATCHING: usize = 32;

/// What stands in the answer to a command that became events.
const APPENDED: &str = r#""refusals":[]"#;

/// One round at one level.
struct Round {
    parsed: Load,
    appended: Load,
    at_once: Load,
}

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let population = Population { persons: 3_000, addresses: 3_000 * ADDRESSES, moves: 13 };
    let mut levels: [Vec<Round>; 2] = [const { Vec::new() }; 2];
    let (mut batches, mut memory) = (Vec::new(), Vec::new());
    for round in 0..bench.pace.rounds {
        let database = bench.copy(population, "http").await?;
        let pgbench = Pgbench::prepare(&database, "Verhuizing").await?;
        let moves = Arc::new(Moves::new(population, round as u64));
        let server = bench.serve("write-api", &database, &[]).await?;
        warm(&server, &moves).await?;
        for ((clients, _), rounds) in LEVELS.into_iter().zip(&mut levels) {
            bench.cluster.settle().await?;
            let parsed = post(bench, &server, &moves, ("systeem", clients), Body::Refused).await?;
            let appended = post(bench, &server, &moves, ("ambtenaar", clients), Body::InTurn).await?;
            let at_once = post(bench, &server, &moves, ("ambtenaar", clients), Body::AtOnce).await?;
            eprintln!(
                "http, round {round}, {clients} clients: {:.0} appends, {:.0} of two events, {:.0} parsed a second",
                appended.rate, at_once.rate, parsed.rate
            );
            rounds.push(Round { parsed, appended, at_once });
        }
        batches.push(batch(bench, (&server, &database), &pgbench, &moves).await?);
        memory.push(server.resident()?);
        drop(server);
        database.remove().await?;
    }
    tell(bench, &levels, &batches);
    bench.report.figure("memory of write-api after its appends", median(memory), "MB");
    Ok(())
}

/// Has the server decide a move of everybody and to everywhere, so that all it reads is in memory.
async fn warm(server: &Server, moves: &Moves) -> Result<(), Failure> {
    let mut connection = Connection::open(server.address, &token("ambtenaar")).await?;
    for body in moves.tried(BATCH) {
        let answer = connection.post(&body).await?;
        if !answer.contains(APPENDED) {
            return Err(format!("what is only tried is refused: {answer}").into());
        }
    }
    Ok(())
}

/// What is posted.
#[derive(Clone, Copy)]
enum Body {
    /// A move is claimed, and then validated: one event a request.
    InTurn,
    /// A move, claimed and validated in the same step: two events.
    AtOnce,
    /// The claim of a move by who may not: its input becomes a command, and nothing is asked of the appender.
    Refused,
    /// Many moves.
    Batch,
}

async fn post(
    bench: &Bench,
    server: &Server,
    moves: &Arc<Moves>,
    (source_type, clients): (&str, usize),
    body: Body,
) -> Result<Load, Failure> {
    let token = token(source_type);
    let mut posters = Vec::new();
    for _ in 0..clients {
        let moves = Arc::clone(moves);
        let (expected, next): (_, Box<dyn FnMut() -> String + Send>) = match body {
            Body::InTurn => (APPENDED, Box::new(moves.in_turn())),
            Body::AtOnce => (APPENDED, Box::new(move || moves.mutation(true))),
            Body::Refused => ("FORBIDDEN", Box::new(move || moves.mutation(false))),
            Body::Batch => (APPENDED, Box::new(move || moves.batch(BATCH))),
        };
        let connection = Connection::open(server.address, &token).await?;
        posters.push(Poster { connection, next, expected });
    }
    load(posters, bench.pace.time).await
}

/// Events a second by requests of many commands, and rows a second by `pgbench`.
async fn batch(
    bench: &Bench,
    (server, database): (&Server, &Database),
    pgbench: &Pgbench,
    moves: &Arc<Moves>,
) -> Result<(f64, f64), Failure> {
    bench.cluster.settle().await?;
    let rows = pgbench.rate(BATCHING, bench.pace.time).await?;
    bench.cluster.settle().await?;
    let before = database.position().await?;
    let started = std::time::Instant::now();
    post(bench, server, moves, ("ambtenaar", BATCHING), Body::Batch).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let events = f64::from(database.position().await? - before) / elapsed;
    eprintln!("http, batches: {events:.0} events, {rows:.0} rows a second");
    Ok((events, rows))
}

fn tell(bench: &mut Bench, levels: &[Vec<Round>], batches: &[(f64, f64)]) {
    let report = &mut bench.report;
    for ((clients, goal), rounds) in LEVELS.into_iter().zip(levels) {
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        report.at_least(
            format!("appends over HTTP, {clients} clients, against a mutation that only parses"),
            of(|round| round.appended.rate / round.parsed.rate),
            goal,
        );
        let name = format!("appends over HTTP, {clients} clients");
        report.figure(
            format!("mutations that only parse, {clients} clients"),
            of(|round| round.parsed.rate),
            "a second",
        );
        report.figure(name.clone(), of(|round| round.appended.rate), "a second");
        report.figure(format!("{name}, of two events each"), of(|round| round.at_once.rate), "a second");
        report.figure(format!("{name}, p50"), of(|round| round.appended.median()), "ms");
        report.figure(format!("{name}, p99"), of(|round| round.appended.percentile(0.99)), "ms");
    }
    report.at_least(
        format!("events by `append` of {BATCH} commands, {BATCHING} clients, against pgbench rows"),
        median(batches.iter().map(|(events, rows)| events / rows)),
        1.0,
    );
    report.figure(
        format!("events by `append` of {BATCH} commands, {BATCHING} clients"),
        median(batches.iter().map(|(events, _)| *events)),
        "a second",
    );
}
