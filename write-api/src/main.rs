//! `write-api`: see `write-api --help`.

use std::process::ExitCode;

use clap::Parser;
use write_api::cli::{self, Cli};
use write_api::runtime;

/// Deciding and folding make and drop many small values, for which the system's allocator takes more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let runtime = match runtime::build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("write-api: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(cli::run(Cli::parse()));
    result.unwrap_or_else(|error| {
        eprintln!("write-api: {}", cli::chain(&error));
        ExitCode::FAILURE
    })
}
