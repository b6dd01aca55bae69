//! `write-api`: see `write-api --help`.

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;
use write_api::cli::{self, Cli};

/// Deciding and folding make and drop many small values, for which the system's allocator takes more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// After so many steps of tasks a thread looks whether the database or a caller has said something. The default, 61, lets a
/// commit that has taken place wait for as many requests: its answers, and the next commit, some milliseconds.
const EVENT_INTERVAL: u32 = 8;

fn main() -> ExitCode {
    let runtime = Builder::new_multi_thread().enable_all().event_interval(EVENT_INTERVAL).build();
    let runtime = match runtime {
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
