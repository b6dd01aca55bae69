//! Where the log ends, as it moves: the database tells it, and is not asked while nothing happens.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::event::Position;
use crate::pool::{Listener, Pool};

/// Where each commit of events tells its last position.
const CHANNEL: &str = "f6_head";

/// How long to wait before listening anew; events that come meanwhile are as late as that.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the database is asked although nothing was told, and only where somebody waits: a connection may live and
/// tell nothing, as behind a pooler that lends it to others.
const DOUBT: Duration = Duration::from_secs(60);

/// Why a connection is listened to no longer.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("the connection that tells of new events was lost")]
    Connection,
    #[error("the connection that tells of new events missed some")]
    Silence,
    #[error("the database cannot be listened to")]
    Database(#[from] sqlx::Error),
}

/// Listens for as long as the process lives; a connection that is lost costs nobody an event, as whoever waits reads on
/// from where they were.
pub(super) async fn listen(pool: Pool, newest: Arc<watch::Sender<Position>>) {
    let listening = Listening { pool, newest };
    let mut refused = false;
    loop {
        let Err(lost) = listening.session().await;
        let error = &lost as &(dyn std::error::Error + Send + Sync);
        // Said once: a standby refuses for as long as it is one.
        if refused && lost.is_refusal() {
            tracing::debug!(
                error = error as &dyn std::error::Error,
                "the database cannot be listened to yet"
            );
        } else {
            tracing::warn!(error = error as &dyn std::error::Error, "new events are told later for a while");
        }
        refused = lost.is_refusal();
        tokio::time::sleep(PAUSE).await;
        listening.ask_for_others().await;
    }
}

impl Lost {
    const fn is_refusal(&self) -> bool {
        matches!(self, Self::Database(_))
    }
}

struct Listening {
    pool: Pool,
    newest: Arc<watch::Sender<Position>>,
}

impl Listening {
    /// Listens on one connection until it is lost.
    async fn session(&self) -> Result<std::convert::Infallible, Lost> {
        let mut listener = Listener::connect(&self.pool, CHANNEL).await?;
        // What was committed before is read, what is committed from here on is told: nothing falls between.
        self.ask().await?;
        loop {
            self.told(&mut listener).await?;
        }
    }

    /// Waits for one notification.
    async fn told(&self, listener: &mut Listener) -> Result<(), Lost> {
        let mut next = std::pin::pin!(listener.next());
        loop {
            tokio::select! {
                told = &mut next => {
                    let told = told?.ok_or(Lost::Connection)?;
                    return match told.payload().parse() {
                        Ok(position) => { self.advance(Position::new(position)); Ok(()) }
                        // Whoever else writes to the channel is no reason to miss anything.
                        Err(_) => Ok(self.ask().await.map(drop)?),
                    };
                }
                () = tokio::time::sleep(DOUBT), if self.newest.receiver_count() > 0 => {
                    if self.ask().await? {
                        return Err(Lost::Silence);
                    }
                }
            }
        }
    }

    /// The same where nobody can listen, as on a standby, and somebody waits.
    async fn ask_for_others(&self) {
        if self.newest.receiver_count() > 0
            && let Err(error) = self.ask().await
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "the end of the log cannot be read");
        }
    }

    /// Reads where the log ends; whether that was news.
    async fn ask(&self) -> Result<bool, sqlx::Error> {
        let position: Option<i64> = sqlx::query_scalar("SELECT position FROM head")
            .fetch_optional(&mut self.pool.lend().await?)
            .await?;
        Ok(self.advance(Position::new(position.unwrap_or_default())))
    }

    fn advance(&self, position: Position) -> bool {
        self.newest.send_if_modified(|newest| {
            let further = position > *newest;
            *newest = position.max(*newest);
            further
        })
    }
}
