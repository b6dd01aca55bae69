//! `bench`: measures F6 on a PostgreSQL cluster of its own; `make bench` builds it, starts the cluster and runs it.
//!
//! What is measured and why stands in `docs/performance.md`.

mod appending;
mod arrival;
mod bench;
mod cluster;
mod commands;
mod dice;
mod failure;
mod http;
mod live;
mod load;
mod pgbench;
mod population;
mod questions;
mod report;
mod section;
mod server;
mod sink;
mod store;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use write_api::runtime;
use write_api::settings::load_catalogue;

use crate::bench::{Bench, Pace};
use crate::cluster::Cluster;
use crate::failure::{Failure, chain, root};
use crate::report::Report;

/// Deciding and folding make and drop many small values, for which the system's allocator takes more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures F6, prints a table, and writes report.json.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Only the sections whose name contains one of these
    filter: Vec<String>,
    /// A trend in short rounds, for development
    #[arg(long)]
    quick: bool,
    /// A superuser's URL of a cluster with durable commits
    #[arg(long, env = "F6_BENCH_POSTGRES_URL", hide_env_values = true)]
    postgres_url: String,
    /// Where report.json and figures.json are written
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
}

/// The names of the sections, in the order in which they run.
const SECTIONS: [&str; 11] = [
    "start",
    "appender",
    "http",
    "size",
    "person",
    "length",
    "household",
    "correction",
    "delivery",
    "catch-up",
    "guards",
];

fn main() -> ExitCode {
    match measured(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {}", chain(&failure));
            ExitCode::FAILURE
        }
    }
}

/// On such threads as the appender has in the write server, since one is measured in this process too.
fn measured(arguments: Arguments) -> Result<(), Failure> {
    runtime::build()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let wanted =
        |name: &&str| arguments.filter.is_empty() || arguments.filter.iter().any(|part| name.contains(part));
    let sections: Vec<&str> = SECTIONS.into_iter().filter(wanted).collect();
    if sections.is_empty() {
        return Err(format!("no such section; there are: {}", SECTIONS.join(", ")).into());
    }
    let mut bench = Bench {
        cluster: Cluster::open(&arguments.postgres_url).await?,
        catalogue: load_catalogue(&root().join("write_config.yaml"))?,
        pace: if arguments.quick { Pace::QUICK } else { Pace::THOROUGH },
        report: Report::default(),
        folder: arguments.out,
    };
    for section in sections {
        measure(section, &mut bench).await?;
    }
    bench.report.write(&bench.folder)?;
    std::io::stdout().write_all(bench.report.table().as_bytes())?;
    Ok(())
}

async fn measure(section: &str, bench: &mut Bench) -> Result<(), Failure> {
    match section {
        "appender" => section::appender::measure(bench).await,
        "catch-up" => section::catch_up::measure(bench).await,
        "correction" => section::correction::measure(bench).await,
        "delivery" => section::delivery::measure(bench).await,
        "guards" => section::guards::measure(bench).await,
        "household" => section::household::measure(bench).await,
        "http" => section::http::measure(bench).await,
        "length" => section::length::measure(bench).await,
        "person" => section::person::measure(bench).await,
        "size" => section::size::measure(bench).await,
        "start" => section::start::measure(bench).await,
        other => Err(format!("no section is named {other}").into()),
    }
}
