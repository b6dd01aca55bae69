//! The system itself: it follows, acts, remembers, and whatever fails begins again where it was.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use reqwest::Client;

use crate::api::Api;
use crate::backoff;
use crate::births::{Births, Turn, VALIDATED};
use crate::bsn::{NoNumbers, Stretch};
use crate::checkpoint::Checkpoint;
use crate::fault::Fault;
use crate::issue::{Done, issue};
use crate::settings::Settings;
use crate::token::TokenSource;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Issues a number for each birth that is validated.
#[derive(Debug)]
pub(crate) struct Issuer {
    query: Api,
    write: Api,
    checkpoint: Checkpoint,
    numbers: Stretch,
}

/// Why it cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// There is nothing to issue.
    #[error(transparent)]
    Numbers(#[from] NoNumbers),
    /// No client can be made.
    #[error("no HTTP client can be made")]
    Http(#[from] reqwest::Error),
}

impl Issuer {
    /// By these settings; it has asked nothing yet.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Unusable> {
        // A connection may be dead without either end being told.
        let http = Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(settings.max_silence);
        let (http, token) = (http.build()?, TokenSource::new(&settings.token));
        Ok(Self {
            query: Api::new(http.clone(), "query", settings.query_url.clone(), token.clone()),
            write: Api::new(http, "write", settings.write_url.clone(), token),
            checkpoint: Checkpoint::new(&settings.checkpoint_file),
            numbers: Stretch::try_new(settings.bsn_from, settings.bsn_to)?,
        })
    }

    /// Goes on for ever.
    pub(crate) async fn run(&self) -> Infallible {
        let mut failures = 0;
        loop {
            let Err(fault) = self.follow(&mut failures).await;
            failures += 1;
            let pause = backoff::pause(failures, getrandom::u64().unwrap_or_default());
            tell(&fault, pause);
            if fault.code() == Some("INVALID_PAGE") {
                self.begin_again();
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// From the checkpoint on, one birth after the other, until something fails.
    async fn follow(&self, failures: &mut u32) -> Result<Infallible, Fault> {
        let after = self.checkpoint.read().map_err(Fault::Checkpoint)?;
        let mut births = Births::after(&self.query, &after).await?;
        tracing::info!(after, "following the births that are validated");
        loop {
            let turn = births.next().await?;
            let done = self.act(&turn).await?;
            report(&turn, &done);
            // Only now: after a crash before this line the birth is met again, and found done by its id.
            self.checkpoint.write(&turn.cursor).map_err(Fault::Checkpoint)?;
            *failures = 0;
        }
    }

    async fn act(&self, turn: &Turn) -> Result<Done, Fault> {
        if turn.status != VALIDATED {
            return Ok(Done::Fell);
        }
        issue(&self.query, &self.write, self.numbers, &turn.event).await
    }

    /// The cursor is of another log, or of one that was restored to before it.
    fn begin_again(&self) {
        tracing::warn!(
            "the checkpoint is not of this log: beginning at its beginning, where all that is done is found done"
        );
        if let Err(error) = self.checkpoint.forget() {
            tracing::error!(error = &error as &dyn Error, "the checkpoint cannot be written");
        }
    }
}

fn tell(fault: &Fault, pause: Duration) {
    let (code, cause) = (fault.code(), fault.source().map(ToString::to_string));
    tracing::warn!(code, cause, pause = pause.as_secs_f64(), "{fault}; trying again after the pause");
}

/// Ids of events, codes and rules: nothing that says something of a person.
fn report(turn: &Turn, done: &Done) {
    let birth = turn.event.id;
    match done {
        Done::Issued(event) => tracing::info!(%birth, %event, "a BSN was issued"),
        Done::Before(event) => tracing::info!(%birth, %event, "a BSN had been issued"),
        Done::Fell => {
            tracing::info!(%birth, status = turn.status, "the birth counts no more; a BSN that rests on it is suspended with it");
        }
        Done::NoChild => {
            tracing::warn!(%birth, "nobody is known to be born by the id that the birth names; a clerk may issue a BSN");
        }
        Done::Refused(refusal) => {
            let (code, rule) = (&refusal.code, refusal.rule.as_deref());
            tracing::warn!(%birth, code, rule, "the registry refused a BSN; a clerk may look at it");
        }
    }
}
