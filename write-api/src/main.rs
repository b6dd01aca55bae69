//! `write-api`: see `write-api --help`.

use std::process::ExitCode;

use clap::Parser;
use write_api::cli::{self, Cli};

/// Deciding and folding make and drop many small values, for which the system's allocator takes more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let result = cli::run(Cli::parse()).await;
    result.unwrap_or_else(|error| {
        eprintln!("write-api: {}", cli::chain(&error));
        ExitCode::FAILURE
    })
}
