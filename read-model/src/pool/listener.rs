//! A connection that is told of what happens, and that is asked now and then whether it still is.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};
use sqlx::{Acquire, Connection};

use super::{ACQUIRE_TIMEOUT, PROBE, Pool, in_time};

/// How long nothing may be told before the connection is asked whether it is alive.
const QUIET: Duration = Duration::from_secs(5);

/// Listens to one channel, on a connection of its own: it waits for ever, and none of the pool could do without it.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Listens to a channel of the pool's database.
    ///
    /// # Errors
    /// Where no connection can be made, or it may not listen.
    pub async fn connect(pool: &Pool, channel: &str) -> Result<Self, sqlx::Error> {
        let options = pool.inner.connect_options();
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
        let mut listener = PgListener::connect_with(&own.connect_lazy_with((*options).clone())).await?;
        in_time(ACQUIRE_TIMEOUT, listener.listen(channel)).await?;
        Ok(Self(listener))
    }

    /// The next notification; none where the connection was lost, and others with it. It listens again then.
    ///
    /// # Errors
    /// Where the connection says nothing any more, or there is no other. The listener is of no use then.
    pub async fn next(&mut self) -> Result<Option<PgNotification>, sqlx::Error> {
        loop {
            if let Ok(told) = tokio::time::timeout(QUIET, self.0.try_recv()).await {
                return told;
            }
            in_time(PROBE, async { self.0.acquire().await?.ping().await }).await?;
        }
    }
}
