//! What follows from a correction in a family of fifty, against the same correction of which nothing is asked.

use read_model::event::EventId;
use serde_json::{Value, json};

use crate::appending::Appending;
use crate::bench::Bench;
use crate::commands::registered;
use crate::failure::Failure;
use crate::http::{Connection, Poster};
use crate::load::load;
use crate::population::Population;
use crate::report::median;
use crate::server::{Server, token};

/// Two thousand events of fifty persons, and what makes them one family.
const POPULATION: Population = Population { persons: 50, addresses: 150, moves: 18 };

/// What the question may cost, against the plain command.
const GOAL: f64 = 5.0;

/// What stands in the answer to a command that is accepted.
const ACCEPTED: &str = r#""refusals":[]"#;

/// What is told of what follows.
const CONSEQUENCES: &str = "consequences {
    objects { id changes { field from until before after through { id } } }
    events { event { id } before after breaks { name } } revisit { id } }";

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let database = bench.copy(POPULATION, "correction").await?;
    let appending = Appending::start(bench, &database).await?;
    let first = family(&appending).await?;
    appending.finish().await;
    let server = bench.serve("write-api", &database, &[]).await?;
    let mut times = Vec::new();
    for round in 0..=bench.pace.rounds {
        bench.cluster.settle().await?;
        let plain = ask(bench, &server, first, "").await?;
        let told = ask(bench, &server, first, CONSEQUENCES).await?;
        eprintln!("correction, round {round}: {plain:.2} ms plain, {told:.2} ms with what follows");
        // The first loads what the others find in memory.
        times.extend((round > 0).then_some((plain, told)));
    }
    let report = &mut bench.report;
    report.at_most(
        "what follows from a correction in a family of 50 with 2,000 events, against the plain command",
        median(times.iter().map(|(plain, told)| told / plain)),
        GOAL,
    );
    report.figure("a correction, tried, p50", median(times.iter().map(|(plain, _)| *plain)), "ms");
    report.figure(
        "a correction, tried, with what follows, p50",
        median(times.iter().map(|(_, told)| *told)),
        "ms",
    );
    drop(server);
    database.remove().await
}

/// Has each person recognised by another, and pass a nationality on; gives the event from which all of it follows.
async fn family(appending: &Appending) -> Result<EventId, Failure> {
    for child in 1..POPULATION.persons {
        let data = json!({
            "kind": POPULATION.person(child), "erkenner": POPULATION.person(parent(child)), "datum": "2020-01-01"
        });
        appending.accepted(registered("Erkenning", data)).await?;
    }
    let acquired = json!({
        "persoon": POPULATION.person(0), "nationaliteit": "0001", "datum": "2020-02-01", "reden": "017"
    });
    let events = appending.accepted(registered("NationaliteitVerkregen", acquired)).await?;
    for child in 1..POPULATION.persons {
        let data = json!({
            "persoon": POPULATION.person(child), "nationaliteit": "0001", "datum": format!("2020-02-{:02}", 2 + generation(child)),
            "reden": "017", "ontleendAan": POPULATION.person(parent(child)),
        });
        appending.accepted(registered("NationaliteitVerkregen", data)).await?;
    }
    events.first().copied().ok_or_else(|| "an accepted command made no event".into())
}

/// Two children each.
const fn parent(child: u32) -> u32 {
    (child - 1) / 2
}

/// How many parents lead to the first.
const fn generation(person: u32) -> u32 {
    (person + 1).ilog2()
}

/// How long a correction takes that is only tried, in milliseconds.
async fn ask(bench: &Bench, server: &Server, target: EventId, told: &str) -> Result<f64, Failure> {
    let query = format!(
        "mutation($input: AnnulInput!) {{ annul(input: $input) {{ events {{ id }} refusals {{ code message }} warnings {{ code }} {told} }} }}"
    );
    let input = json!({ "target": target, "validate": true, "dryRun": true });
    let body: Value = json!({ "query": query, "variables": { "input": input } });
    let body = body.to_string();
    let next = move || body.clone();
    let connection = Connection::open(server.address, &token("ambtenaar")).await?;
    let asked = load(vec![Poster { connection, next, expected: ACCEPTED }], bench.pace.time).await?;
    Ok(asked.median())
}
