//! A person of 10, 100, 1,000 and 10,000 events, with one event appended between reads.

use std::time::Instant;

use chrono::NaiveDate;

use crate::appending::Appending;
use crate::bench::Bench;
use crate::commands::{Moves, acceptance};
use crate::dice::Dice;
use crate::failure::Failure;
use crate::http::Connection;
use crate::population::{FIRST, Population, SPAN};
use crate::questions::{self, A_PERSON, A_TIMELINE, Asked};
use crate::report::median;
use crate::server::{Server, token};

/// How many events each person has; each begins with ten.
const LENGTHS: [usize; 4] = [10, 100, 1_000, 10_000];
const POPULATION: Population = Population { persons: 4, addresses: 64, moves: 3 };

/// What the longest may cost, against the shortest.
const GOAL: f64 = 3.0;

/// How many commands one request makes while the histories are written.
const BATCH: usize = 100;

/// How often each is read in a round.
const READS: usize = 20;

/// The views that are compared.
const VIEWS: [&str; 2] = ["current view", "view as of a day"];

/// How often each timeline is read in a round: the longest is some megabytes of answer.
const TIMELINES: usize = 1;

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let database = bench.copy(POPULATION, "length").await?;
    let appending = Appending::start(bench, &database).await?;
    let moves = Moves::new(POPULATION, 0);
    for (person, events) in (0..).zip(LENGTHS) {
        lengthen(&appending, &moves, person, (events - LENGTHS[0]) / 2).await?;
    }
    let server = bench.serve("query-api", &database, &[]).await?;
    let times = read(bench, &server, &appending, &moves).await?;
    tell(bench, &times);
    timelines(bench, &server).await?;
    drop(server);
    appending.finish().await;
    database.remove().await
}

async fn lengthen(appending: &Appending, moves: &Moves, person: u32, by: usize) -> Result<(), Failure> {
    let mut left = by;
    while left > 0 {
        let size = left.min(BATCH);
        appending.accepted(moves.validated(person, person, size)).await?;
        left -= size;
    }
    Ok(())
}

/// The times of every read, by view and by length.
type Times = [[Vec<f64>; LENGTHS.len()]; VIEWS.len()];

/// Each read follows an event: in turn the claim of a move, and its validation.
async fn read(
    bench: &Bench,
    server: &Server,
    appending: &Appending,
    moves: &Moves,
) -> Result<Times, Failure> {
    let mut connection = Connection::open(server.address, &token("ambtenaar")).await?;
    let mut dice = Dice::new(3);
    let mut times = Times::default();
    for _ in 0..READS * bench.pace.rounds {
        for (person, length) in (0..).zip(0..LENGTHS.len()) {
            let claim = appending.accepted(moves.claim_of(person, person)).await?;
            times[0][length].push(timed(&mut connection, person, None).await?);
            for claim in claim {
                appending.accepted(acceptance(claim)).await?;
            }
            let day = questions::between(&mut dice, FIRST, FIRST + SPAN).date_naive();
            times[1][length].push(timed(&mut connection, person, Some(day)).await?);
        }
    }
    Ok(times)
}

/// Everything that was ever believed of where a person lived; told without a goal, as it grows with what it tells.
async fn timelines(bench: &mut Bench, server: &Server) -> Result<(), Failure> {
    let mut connection = Connection::open(server.address, &token("ambtenaar")).await?;
    for (person, events) in (0..).zip(LENGTHS) {
        let body = questions::timeline(POPULATION.person(person));
        let mut times = Vec::new();
        for _ in 0..TIMELINES * bench.pace.rounds {
            times.push(post(&mut connection, &body, A_TIMELINE).await?);
        }
        bench.report.figure(format!("full timeline, {events} events, p50"), median(times), "ms");
    }
    Ok(())
}

/// How long the view of a person takes, in milliseconds.
async fn timed(connection: &mut Connection, person: u32, as_of: Option<NaiveDate>) -> Result<f64, Failure> {
    let body = questions::person(POPULATION.person(person), Asked { as_of, known_at: None });
    post(connection, &body, A_PERSON).await
}

/// How long an answer takes in which this stands, in milliseconds.
async fn post(connection: &mut Connection, body: &str, expected: &str) -> Result<f64, Failure> {
    let asked = Instant::now();
    let answer = connection.post(body).await?;
    let seconds = asked.elapsed().as_secs_f64();
    match answer.contains(expected) {
        true => Ok(seconds * 1_000.0),
        false => Err(format!("an answer without `{expected}`: {answer}").into()),
    }
}

fn tell(bench: &mut Bench, times: &Times) {
    let report = &mut bench.report;
    for (view, by_length) in VIEWS.into_iter().zip(times) {
        let medians: Vec<f64> = by_length.iter().map(|times| median(times.iter().copied())).collect();
        let ratio = medians[LENGTHS.len() - 1] / medians[0];
        report.at_most(format!("{view} of a person of 10,000 events, against one of 10"), ratio, GOAL);
        for (events, value) in LENGTHS.into_iter().zip(medians) {
            report.figure(format!("{view}, {events} events, p50"), value, "ms");
        }
    }
}
