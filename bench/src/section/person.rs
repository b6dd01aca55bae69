//! A person of 20 events over HTTP, each time at another moment of both lines, against a plain row.

use std::sync::Arc;

use crate::appending::Appending;
use crate::bench::Bench;
use crate::cluster::Database;
use crate::commands::Moves;
use crate::dice::Dice;
use crate::failure::Failure;
use crate::http::{Connection, Poster};
use crate::load::{Load, load};
use crate::population::{FIRST, Population, SPAN};
use crate::questions::{self, A_PERSON, A_ROW, Asked, CURSORS};
use crate::report::median;
use crate::server::{Server, token};

/// Four events of a birth and a number, sixteen of moves.
const POPULATION: Population = Population { persons: 2_000, addresses: 6_000, moves: 8 };

/// What the events of a person may cost that are kept, and that are not.
const GOALS: [(&str, f64); 2] = [("cached", 1.5), ("not cached", 3.0)];

/// What is asked of one server in one round.
struct Round {
    row: Load,
    person: Load,
}

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let database = bench.copy(POPULATION, "person").await?;
    let appending = Appending::start(bench, &database).await?;
    let moves = Moves::new(POPULATION, 0);
    // One that keeps nothing but what was asked last: then another is asked for.
    let servers = [
        bench.serve("query-api", &database, &[]).await?,
        bench.serve("query-api", &database, &[("F6_QUERY_CACHED_OBJECTS", "1")]).await?,
    ];
    let cursors = cursors(&servers[0]).await?;
    let mut rounds: [Vec<Round>; 2] = [const { Vec::new() }; 2];
    for round in 0..bench.pace.rounds {
        let person = u32::try_from(round).unwrap_or_default();
        for (index, server) in servers.iter().enumerate() {
            let persons = if index == 0 { person..person + 1 } else { 0..POPULATION.persons };
            let row = rows(bench, server, &cursors).await?;
            let person_times = persons_at_random(bench, server, persons).await?;
            eprintln!(
                "person, round {round}, {}: {:.3} ms, a row {:.3} ms",
                GOALS[index].0,
                person_times.median(),
                row.median()
            );
            rounds[index].push(Round { row, person: person_times });
            appending.accepted(moves.validated(person, 0, 1)).await?;
        }
    }
    tell(bench, &rounds);
    bench.report.figure("memory of query-api after its answers", servers[0].resident()?, "MB");
    drop(servers);
    appending.finish().await;
    Database::remove(database).await
}

async fn cursors(server: &Server) -> Result<Arc<Vec<String>>, Failure> {
    let mut connection = Connection::open(server.address, &token("ambtenaar")).await?;
    let answer: serde_json::Value = serde_json::from_str(connection.post(CURSORS).await?)?;
    let edges = answer["data"]["events"]["edges"].as_array().ok_or("no events to page through")?;
    Ok(Arc::new(edges.iter().filter_map(|edge| Some(edge["cursor"].as_str()?.to_owned())).collect()))
}

async fn rows(bench: &Bench, server: &Server, cursors: &Arc<Vec<String>>) -> Result<Load, Failure> {
    let (mut dice, cursors) = (Dice::new(1), Arc::clone(cursors));
    let count = u32::try_from(cursors.len()).unwrap_or(u32::MAX);
    let next = move || questions::row(&cursors[dice.below(count) as usize]);
    let connection = Connection::open(server.address, &token("ambtenaar")).await?;
    load(vec![Poster { connection, next, expected: A_ROW }], bench.pace.time).await
}

async fn persons_at_random(
    bench: &Bench,
    server: &Server,
    persons: std::ops::Range<u32>,
) -> Result<Load, Failure> {
    let mut dice = Dice::new(2);
    let next = move || {
        let person = persons.start + dice.below(persons.end - persons.start);
        questions::person(POPULATION.person(person), at_random(&mut dice))
    };
    let connection = Connection::open(server.address, &token("ambtenaar")).await?;
    load(vec![Poster { connection, next, expected: A_PERSON }], bench.pace.time).await
}

/// Any two moments at which everybody was born, and known to be.
fn at_random(dice: &mut Dice) -> Asked {
    // Of this population, births and numbers are the first 2 of 5 parts.
    let births = SPAN * 2 / 5;
    let as_of = questions::between(dice, FIRST, FIRST + SPAN).date_naive();
    let known_at = questions::between(dice, FIRST + births, FIRST + SPAN);
    Asked { as_of: Some(as_of), known_at: Some(known_at) }
}

fn tell(bench: &mut Bench, rounds: &[Vec<Round>]) {
    let report = &mut bench.report;
    for ((kept, goal), rounds) in GOALS.into_iter().zip(rounds) {
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        report.at_most(
            format!("a person of 20 events at any two moments, {kept}, against a row"),
            of(|round| round.person.median() / round.row.median()),
            goal,
        );
        let name = format!("a person of 20 events, {kept}");
        report.figure(format!("{name}, p50"), of(|round| round.person.median()), "ms");
        report.figure(format!("{name}, p99"), of(|round| round.person.percentile(0.99)), "ms");
        report.figure(format!("a row beside a person {kept}, p50"), of(|round| round.row.median()), "ms");
    }
}
