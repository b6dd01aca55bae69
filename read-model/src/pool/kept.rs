//! A connection for somebody who needs one all the time.

use std::time::Instant;

use sqlx::Connection;

use super::{FRESH, Lent, PROBE, Pool, in_time};

/// A connection that is kept from one statement to the next: giving it back and borrowing it again would cost a round trip
/// each time, as whatever is given back is asked whether it is ready again.
#[derive(Debug)]
pub struct Kept {
    pool: Pool,
    lent: Option<(Lent, Instant)>,
}

impl Kept {
    /// None yet.
    #[must_use]
    pub const fn none(pool: Pool) -> Self {
        Self { pool, lent: None }
    }

    /// Where it is borrowed from.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The connection; another where it was not used lately and does not say that it is alive.
    ///
    /// # Errors
    /// Where none comes free, or none can be made.
    pub async fn connection(&mut self) -> Result<&mut Lent, sqlx::Error> {
        let kept = match self.lent.take() {
            Some((lent, used)) if used.elapsed() <= FRESH => Some(lent),
            Some((mut lent, _)) => in_time(PROBE, lent.connection.ping()).await.ok().map(|()| lent),
            None => None,
        };
        let lent = match kept {
            Some(lent) => lent,
            None => self.pool.lend().await?,
        };
        Ok(&mut self.lent.insert((lent, Instant::now())).0)
    }

    /// After a fault nobody knows what it would say next: it is not kept any longer.
    pub fn give_back(&mut self) {
        self.lent = None;
    }
}
