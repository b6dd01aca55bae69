//! How much there may be to do at once; beyond it requests are turned away at once, before memory grows.
//!
//! A request counts from when all of it has come: until then it costs the bytes that have come, which count apart.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use clap::Args;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::metrics::Metrics;
use crate::refusal::Refusal;

/// How much there may be to do at once.
#[derive(Args, Clone, Debug)]
pub struct LoadOptions {
    /// Most requests that are worked on at once; more are told to come again
    #[arg(long, env = "F6_MAX_IN_FLIGHT", value_name = "COUNT", default_value_t = Self::DEFAULT.max_in_flight,
          value_parser = crate::options::at_least_one, help_heading = "Load")]
    pub max_in_flight: usize,
    /// Most bytes of bodies and answers that are held at once, of all requests together; one body always fits
    #[arg(long, env = "F6_MAX_HELD_BYTES", value_name = "BYTES", default_value_t = Self::DEFAULT.max_held_bytes,
          value_parser = crate::options::at_least_one, help_heading = "Load")]
    pub max_held_bytes: usize,
}

impl LoadOptions {
    /// Twice what one commit serves; and bodies of which, once read, the values still fit into half a gigabyte.
    const DEFAULT: Self = Self { max_in_flight: 1024, max_held_bytes: 128_000_000 };
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What there is to do at present, and how much it may be.
pub struct Load {
    room: Arc<Semaphore>,
    bytes: Arc<Bucket>,
    shed: Family<[(&'static str, &'static str); 1], Counter>,
    /// Whose turn it is to have a large document measured.
    turn: Semaphore,
}

/// From how many bytes on a document is large: those of front-ends have a kilobyte or two.
const LARGE: usize = 8 * 1024;

/// What requests are turned away for.
const REQUESTS: &str = "requests";
const BYTES: &str = "bytes";

impl Load {
    /// Nothing to do yet, and so much allowed; bodies of up to `body_limit` bytes always fit.
    pub fn new(options: &LoadOptions, body_limit: usize, metrics: &mut Metrics) -> Self {
        let limit = options.max_held_bytes.max(body_limit) as u64;
        let load = Self {
            room: Arc::new(Semaphore::new(options.max_in_flight.min(Semaphore::MAX_PERMITS))),
            bytes: Arc::new(Bucket { limit, held: Gauge::default() }),
            shed: Family::default(),
            turn: Semaphore::new(1),
        };
        [REQUESTS, BYTES].iter().for_each(|what| drop(load.shed.get_or_create(&[("what", what)])));
        let registry = metrics.registry();
        registry.register(
            "f6_requests_shed",
            "Requests that were turned away, by what there was too much of",
            load.shed.clone(),
        );
        registry.register(
            "f6_held_bytes",
            "Bytes of bodies and answers that are held",
            load.bytes.held.clone(),
        );
        load
    }

    /// A request is worked on until what this returns is dropped.
    ///
    /// # Errors
    /// [`Refusal::Busy`] where there are as many as there may be.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| self.busy(REQUESTS))
    }

    /// The turn to have a document of so many bytes measured, where it is large: one after the other, as to parse one keeps a
    /// processor for milliseconds, and small ones find another processor.
    pub(crate) async fn turn(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        match bytes > LARGE {
            // It is never closed.
            true => self.turn.acquire().await.ok(),
            false => None,
        }
    }

    /// Bytes that are held until what this returns is dropped: none at first.
    pub(crate) fn hold(&self) -> Held {
        Held { bytes: 0, bucket: Arc::clone(&self.bytes) }
    }

    /// Holds so many more.
    ///
    /// # Errors
    /// [`Refusal::Busy`] where it would be more than may be held.
    pub(crate) fn grow(&self, held: &mut Held, bytes: usize) -> Result<(), Refusal> {
        held.add(bytes);
        if self.bytes.held.get() <= self.bytes.limit { Ok(()) } else { Err(self.busy(BYTES)) }
    }

    /// An answer, held until the network has taken it; as the work is done, it is never refused.
    pub(crate) fn answer(&self, text: String) -> Bytes {
        let mut held = self.hold();
        held.add(text.len());
        Bytes::from_owner(Answer { text, _held: held })
    }

    fn busy(&self, what: &'static str) -> Refusal {
        self.shed.get_or_create(&[("what", what)]).inc();
        Refusal::Busy
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Load").field("room", &self.room.available_permits()).finish_non_exhaustive()
    }
}

/// All bytes that are held.
struct Bucket {
    limit: u64,
    held: Gauge<u64, AtomicU64>,
}

/// Bytes that are held.
pub(crate) struct Held {
    bytes: u64,
    bucket: Arc<Bucket>,
}

impl Held {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.bucket.held.inc_by(bytes as u64);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bucket.held.inner().fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Answer {
    text: String,
    _held: Held,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn load(max_in_flight: usize, max_held_bytes: usize, body_limit: usize) -> Load {
        let mut metrics = Metrics::new("test", "0", DateTime::UNIX_EPOCH);
        Load::new(&LoadOptions { max_in_flight, max_held_bytes }, body_limit, &mut metrics)
    }

    #[test]
    fn as_many_as_may_are_worked_on_and_more_once_one_is_done() {
        let load = load(2, 1, 1);
        let first = load.enter().unwrap();
        let _second = load.enter().unwrap();
        assert!(matches!(load.enter(), Err(Refusal::Busy)));
        drop(first);
        assert!(load.enter().is_ok());
    }

    #[test]
    fn bodies_of_all_requests_share_one_bucket() {
        let load = load(1, 10, 10);
        let (mut one, mut other) = (load.hold(), load.hold());
        assert!(load.grow(&mut one, 6).is_ok());
        assert!(load.grow(&mut other, 4).is_ok());
        assert!(matches!(load.grow(&mut other, 1), Err(Refusal::Busy)));
        drop(other);
        assert!(load.grow(&mut one, 4).is_ok());
    }

    #[test]
    fn one_body_always_fits() {
        let load = load(1, 1, 10);
        assert!(load.grow(&mut load.hold(), 10).is_ok());
    }

    #[test]
    fn an_answer_is_held_until_the_network_has_taken_it_and_bodies_find_no_room_meanwhile() {
        let load = load(1, 10, 10);
        let answer = load.answer("x".repeat(20));
        assert_eq!(answer.len(), 20);
        assert!(matches!(load.grow(&mut load.hold(), 1), Err(Refusal::Busy)));
        drop(answer);
        assert!(load.grow(&mut load.hold(), 1).is_ok());
    }
}
