//! The threads that an appender works on.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// After so many steps of tasks a thread looks whether the database or a caller has said something. The default, 61, lets a
/// commit that has taken place wait for as many requests: its answers, and the next commit, some milliseconds.
const EVENT_INTERVAL: u32 = 8;

/// A thread for each processor.
///
/// # Errors
/// Where the system gives none.
pub fn build() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().event_interval(EVENT_INTERVAL).build()
}
