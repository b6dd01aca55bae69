//! Documents that ask too much: how soon each is refused, and who else waits for it meanwhile.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use futures::future::try_join;
use serde_json::json;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::http::{Connection, Poster};
use crate::load::{Caller, load};
use crate::population::Population;
use crate::server::{Server, token};

/// Nobody is asked for: any store will do.
const POPULATION: Population = Population { persons: 4, addresses: 64, moves: 3 };

/// Milliseconds in which a document is refused.
const REFUSED: f64 = 50.0;

/// How many are in flight while somebody asks for what costs nothing, and the milliseconds in which that is answered.
const IN_FLIGHT: usize = 50;
const ANSWERED: f64 = 100.0;

/// How many ask for it.
const ASKERS: usize = 2;

/// How often each document is sent in a round.
const TIMES: usize = 20;

pub(crate) async fn measure(bench: &mut Bench) -> Result<(), Failure> {
    let database = bench.filled(POPULATION).await?;
    let server = bench.serve("query-api", &database, &[]).await?;
    let bombs: Vec<(String, Arc<str>)> = bombs();
    for (name, body) in &bombs {
        let mut sender = Poster {
            connection: Connection::open(server.address, &token("ambtenaar")).await?,
            next: repeating(Arc::clone(body)),
            expected: "LIMIT_EXCEEDED",
        };
        let mut slowest = 0.0_f64;
        for _ in 0..bench.pace.rounds * TIMES {
            let sent = Instant::now();
            sender.ask().await?;
            slowest = slowest.max(sent.elapsed().as_secs_f64() * 1_000.0);
        }
        bench.report.at_most(format!("{name}: refused in, ms, the slowest"), slowest, REFUSED);
    }
    let answered = beside(bench, &server, &bombs).await?;
    let name = format!("`{{ __typename }}` with {IN_FLIGHT} such documents in flight, p99, ms");
    bench.report.at_most(name, answered, ANSWERED);
    Ok(())
}

/// Milliseconds below which 99 of 100 small questions are answered while all these documents are sent again and again.
async fn beside(bench: &Bench, server: &Server, bombs: &[(String, Arc<str>)]) -> Result<f64, Failure> {
    let token = token("ambtenaar");
    let mut senders = Vec::new();
    for (_, body) in bombs.iter().cycle().take(IN_FLIGHT) {
        let connection = Connection::open(server.address, &token).await?;
        senders.push(Poster { connection, next: repeating(Arc::clone(body)), expected: "LIMIT_EXCEEDED" });
    }
    let small: Arc<str> = json!({ "query": "{ __typename }" }).to_string().into();
    let mut askers = Vec::new();
    for _ in 0..ASKERS {
        let connection = Connection::open(server.address, &token).await?;
        askers.push(Poster { connection, next: repeating(Arc::clone(&small)), expected: "Query" });
    }
    let time = bench.pace.time;
    let (refused, answered) = try_join(load(senders, time), load(askers, time)).await?;
    eprintln!("guards: {:.0} refused and {:.0} answered a second", refused.rate, answered.rate);
    Ok(answered.percentile(0.99))
}

fn repeating(body: Arc<str>) -> impl FnMut() -> String + Send + 'static {
    move || body.to_string()
}

/// Documents that ask too much, each by its name and as the body of a request.
fn bombs() -> Vec<(String, Arc<str>)> {
    let fragments = [(7, 12), (20, 2), (20, 12), (300, 12)].map(|(levels, width)| {
        (format!("{levels} fragments that each spread the next {width} times"), spreading(levels, width))
    });
    let aliases: String = (0..20_000).map(|number| format!("a{number}: __typename ")).collect();
    let flat = [
        ("20,000 aliases", format!("{{ {aliases} }}")),
        ("20,000 times the same field", format!("{{ {} }}", "__typename ".repeat(20_000))),
        ("5,000 directives", format!("{{ {} }}", "__typename @skip(if: true) ".repeat(5_000))),
    ];
    let named = flat.map(|(name, document)| (name.to_owned(), document));
    let body = |document: String| json!({ "query": document }).to_string().into();
    fragments.into_iter().chain(named).map(|(name, document)| (name, body(document))).collect()
}

fn spreading(levels: usize, width: usize) -> String {
    let mut text = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let spreads = format!("...F{} ", level + 1).repeat(width);
        let _ = write!(text, " fragment F{level} on Query {{ {spreads} }}");
    }
    let _ = write!(text, " fragment F{levels} on Query {{ __typename }}");
    text
}
