//! An appender in this process, and who gives it commands.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use read_model::event::EventId;
use write_api::append::{self, AppendOptions, Appender, AppenderTask, Request};

use crate::bench::{Bench, Pace};
use crate::cluster::{Database, Role};
use crate::commands::{Moves, acceptance};
use crate::failure::Failure;
use crate::load::{Caller, Load, load, paced};
use crate::store;

/// How many clerks share a pace: enough that none is late because another answer is.
const CLERKS: usize = 50;

/// An appender on a database, with the options that a server has by default.
pub(crate) struct Appending {
    appender: Appender,
    task: AppenderTask,
}

impl Appending {
    pub(crate) async fn start(bench: &Bench, database: &Database) -> Result<Self, Failure> {
        let pool = store::pool(database, Role::Write).await?;
        let (appender, task) =
            append::start(pool, Arc::clone(&bench.catalogue), AppendOptions::default()).await?;
        Ok(Self { appender, task })
    }

    /// The same, with all in memory that will be asked.
    pub(crate) async fn warm(bench: &Bench, database: &Database, moves: &Moves) -> Result<Self, Failure> {
        let running = Self::start(bench, database).await?;
        let asked = stream::iter(moves.of_everybody().map(|request| running.accepted(request)));
        asked.buffer_unordered(256).try_collect::<Vec<_>>().await?;
        Ok(running)
    }

    /// So many clerks, each of whom claims a move and has it validated, one event a request.
    pub(crate) async fn load(
        &self,
        moves: &Arc<Moves>,
        in_flight: usize,
        pace: Pace,
    ) -> Result<Load, Failure> {
        load(self.clerks(moves, in_flight), pace.time).await
    }

    /// As many clerks as are needed for so many events a second, for so long.
    pub(crate) async fn paced(&self, moves: &Arc<Moves>, rate: u32, time: Duration) -> Result<Load, Failure> {
        paced(self.clerks(moves, CLERKS), rate, time).await
    }

    fn clerks(&self, moves: &Arc<Moves>, count: usize) -> Vec<Clerk> {
        let clerk = |_| Clerk { appender: self.appender.clone(), moves: Arc::clone(moves), claimed: None };
        (0..count).map(clerk).collect()
    }

    /// Appends, and fails where that is refused.
    pub(crate) async fn accepted(&self, request: Request) -> Result<Vec<EventId>, Failure> {
        accepted(&self.appender, request).await
    }

    /// Lets it finish what it took in.
    pub(crate) async fn finish(self) {
        drop(self.appender);
        self.task.finish().await;
    }
}

/// Claims a move, then has it validated, and so on: one row a request.
struct Clerk {
    appender: Appender,
    moves: Arc<Moves>,
    /// What waits for its verdict.
    claimed: Option<EventId>,
}

impl Caller for Clerk {
    async fn ask(&mut self) -> Result<(), Failure> {
        let (request, claims) = match self.claimed.take() {
            Some(claim) => (acceptance(claim), false),
            None => (self.moves.claim(), true),
        };
        let events = accepted(&self.appender, request).await?;
        match events.as_slice() {
            [event] => self.claimed = claims.then_some(*event),
            more => return Err(format!("{} events of one command", more.len()).into()),
        }
        Ok(())
    }
}

/// Nothing is measured of commands that are refused.
async fn accepted(appender: &Appender, request: Request) -> Result<Vec<EventId>, Failure> {
    let outcome = appender.submit(request).await?;
    match outcome.refusals.first() {
        None => Ok(outcome.events.iter().map(|event| event.id).collect()),
        Some(refusal) => Err(format!("a command of the measurement is refused: {}", refusal.message).into()),
    }
}
