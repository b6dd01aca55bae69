//! `bsn-issuer`: an automatic system as an outsider would write one, see `bsn-issuer --help`.
//!
//! It follows the births that come to be validated ([`births`]), answers each with a BSN ([`issue`]), and then remembers
//! how far it has come ([`checkpoint`]).
//! Whatever fails ([`fault`]), it begins again where it was ([`issuer`]).
//! `docs/subscriptions.md` tells why that is enough.

mod api;
mod backoff;
mod births;
mod bsn;
mod checkpoint;
mod fault;
mod issue;
mod issuer;
mod server_sent;
mod settings;
mod token;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::issuer::Issuer;
use crate::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bsn-issuer: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Issues until it is told to stop, which it may be at any moment.
async fn run(settings: &Settings) -> Result<(), Box<dyn Error>> {
    settings.log.start()?;
    let issuer = Issuer::new(settings)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        never = issuer.run() => match never {},
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("told to stop: it goes on from its checkpoint when it is started again");
    Ok(())
}
