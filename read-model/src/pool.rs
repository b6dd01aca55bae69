//! Connections to PostgreSQL of which none is waited for without end.
//!
//! A connection may stand and never say anything again: the machine at the other end is gone, a proxy in between hangs.
//! The pool of sqlx waits for such a connection for ever, in a statement and when it is given back, and has one less
//! from then on. This one gives it up, and makes a new one. While all is well it asks nothing more of the database than
//! that pool does.

mod executor;
mod kept;
mod listener;

use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Postgres};

pub use kept::Kept;
pub use listener::Listener;

/// How long a connection is waited for where all are in use, or where the database takes none.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was used this lately is taken to be alive; asking it would cost a round trip each time.
const FRESH: Duration = Duration::from_secs(1);

/// How long a connection that was not used lately has to say that it is alive; well within [`ACQUIRE_TIMEOUT`], so that
/// another is made for whoever waits.
const PROBE: Duration = Duration::from_secs(2);

/// How much longer than the database itself tries this side waits: the database ends what takes too long, and the
/// connection remains; only where it does not is it given up.
const GRACE: Duration = Duration::from_secs(1);

/// For who has all the time in the world.
const FOR_EVER: Duration = Duration::MAX;

/// Connections to one database, made when they are needed.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: PgPool,
    patience: Duration,
}

/// Whatever statements are executed on, which ends them where the database says nothing any more.
#[derive(Debug)]
pub struct Bounded<C> {
    connection: C,
    patience: Duration,
}

/// A connection of a [`Pool`]; given back when it is dropped.
pub type Lent = Bounded<OfPool>;

/// A transaction on a connection that was lent; rolled back where it is not committed.
pub type Transaction<'c> = Bounded<sqlx::Transaction<'c, Postgres>>;

/// The connection of a [`Lent`] one.
#[derive(Debug)]
pub struct OfPool {
    connection: PoolConnection<Postgres>,
    patience: Duration,
}

impl Pool {
    /// At most `size` connections for a server whose callers wait no longer than `limit`: whatever takes longer is
    /// ended, by the database where it still hears of it. So is a transaction of a server that is gone, with its locks.
    /// A limit of more than 24 days is one of 24 days to the database.
    ///
    /// Nothing is connected yet, so that a server outlives a database that restarts.
    #[must_use]
    pub fn serving(options: PgConnectOptions, size: u32, limit: Duration) -> Self {
        let milliseconds = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).to_string();
        let options = options.options([
            ("statement_timeout", &milliseconds),
            ("idle_in_transaction_session_timeout", &milliseconds),
        ]);
        let inner = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > FRESH {
                        in_time(PROBE, connection.ping()).await?;
                    }
                    Ok(true)
                })
            });
        Self { inner: inner.connect_lazy_with(options), patience: limit.saturating_add(GRACE) }
    }

    /// Borrows a connection.
    ///
    /// # Errors
    /// Where none comes free, or none can be made.
    pub async fn lend(&self) -> Result<Lent, sqlx::Error> {
        let Self { inner, patience } = self;
        let patience = *patience;
        // Making one takes 14 KB, which whoever may have to borrow one would else carry along.
        let connection = Box::pin(inner.acquire()).await?;
        Ok(Bounded { connection: OfPool { connection, patience }, patience })
    }

    /// How many connections there are: idle ones, and those in use.
    #[must_use]
    pub fn connections(&self) -> [(&'static str, u64); 2] {
        let idle = self.inner.num_idle() as u64;
        [("idle", idle), ("used", u64::from(self.inner.size()).saturating_sub(idle))]
    }

    /// Closes all connections, when they are given back.
    pub async fn close(&self) {
        self.inner.close().await;
    }
}

/// A pool for a command that somebody watches: its statements may take as long as they do.
impl From<PgPool> for Pool {
    fn from(inner: PgPool) -> Self {
        Self { inner, patience: FOR_EVER }
    }
}

impl Lent {
    /// Begins a transaction.
    ///
    /// # Errors
    /// Where the database does not begin it.
    pub async fn begin(&mut self) -> Result<Transaction<'_>, sqlx::Error> {
        let Self { connection, patience } = self;
        let patience = *patience;
        Ok(Bounded { connection: in_time(patience, connection.begin()).await?, patience })
    }
}

impl Transaction<'_> {
    /// Commits what was done.
    ///
    /// # Errors
    /// Where the database does not say that it was; whether it was is unknown then.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        in_time(self.patience, self.connection.commit()).await
    }
}

impl Deref for OfPool {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for OfPool {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for OfPool {
    fn drop(&mut self) {
        // It is asked whether it is ready again, as sqlx does by itself, but not for ever: when the time is over what
        // gives it back is dropped, and the connection with it. The pool then makes another.
        tokio::spawn(tokio::time::timeout(self.patience, self.connection.return_to_pool()));
    }
}

/// What a connection says, where it says it in time.
async fn in_time<T>(
    patience: Duration,
    saying: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(patience, saying).await.unwrap_or_else(|_| {
        let silent = format!("the database has said nothing for {patience:?}");
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, silent)))
    })
}
