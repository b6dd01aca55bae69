//! The delivery worker's command line.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use delivery::server;
use delivery::settings::Settings;

/// Judging events makes and drops many small values, for which the system's allocator takes more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match server::run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
            eprintln!("{}", causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}")));
            ExitCode::FAILURE
        }
    }
}
