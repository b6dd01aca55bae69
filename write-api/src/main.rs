//! `write-api`: see `write-api --help`.

use std::process::ExitCode;

use clap::Parser;
use write_api::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    let result = cli::run(Cli::parse()).await;
    result.unwrap_or_else(|error| {
        eprintln!("write-api: {}", cli::chain(&error));
        ExitCode::FAILURE
    })
}
