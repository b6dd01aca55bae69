//! The feed: every event after a position, in commit order and without a gap, and then each new one.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{EventFilter, EventReader, ReadError, Seen, listen};
use crate::event::{Event, Position};
use crate::hashed::HashMap;

/// How many events are read at once: what one follower holds in memory, at most.
const PAGE: usize = 100;

/// How much of the log one statement looks through for events that a filter shows.
const WINDOW: i64 = 10_000;

/// How often a page is tried while the database does not answer, and how long to wait in between: as long as it takes to
/// restart one.
const ATTEMPTS: usize = 15;
const PAUSE: Duration = Duration::from_secs(2);

/// Tells where the log ends to all who follow it, over one connection for the whole process.
#[derive(Debug)]
pub struct Feed {
    reader: Arc<EventReader>,
    newest: Arc<watch::Sender<Position>>,
    listening: Once,
    followers: Arc<Followers>,
}

/// Somebody's way along the log: what they were given, they are never given again, and nothing is left out.
#[derive(Debug)]
pub struct Followed {
    reader: Arc<EventReader>,
    newest: watch::Receiver<Position>,
    filter: EventFilter,
    seen: Seen,
    at: Position,
    place: Place,
}

impl Feed {
    /// The feed of what this reader reads; it listens from the first follower on.
    #[must_use]
    pub fn new(reader: Arc<EventReader>) -> Self {
        let (newest, _) = watch::channel(Position::START);
        Self { reader, newest: Arc::new(newest), listening: Once::new(), followers: Arc::default() }
    }

    /// Follows those events of the log after a position that somebody may see; must be called within a runtime.
    #[must_use]
    pub fn follow(&self, filter: EventFilter, seen: Seen, after: Position) -> Followed {
        self.listening.call_once(|| {
            tokio::spawn(listen::listen(self.reader.pool.clone(), Arc::clone(&self.newest)));
        });
        Followed {
            reader: Arc::clone(&self.reader),
            newest: self.newest.subscribe(),
            filter,
            seen,
            at: after,
            place: self.followers.enter(after),
        }
    }

    /// How many follow.
    #[must_use]
    pub fn followers(&self) -> usize {
        self.followers.places().len()
    }

    /// How many events the one who is furthest behind has still to look at.
    #[must_use]
    pub fn lag(&self) -> u64 {
        let newest = self.newest.borrow().get();
        let places = self.followers.places();
        let behind = places.values().map(|at| newest - at.load(Ordering::Relaxed));
        behind.max().and_then(|behind| u64::try_from(behind).ok()).unwrap_or_default()
    }
}

impl Followed {
    /// The next events, in commit order; waits until there are any.
    ///
    /// # Errors
    /// [`ReadError`]; the database is given time to restart before.
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, ReadError> {
        loop {
            let newest = self.newest().await;
            let (events, reached) = self.stretch(newest).await?;
            self.reached(reached);
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    /// Waits until the log is longer than what was looked at, and says where it ends.
    pub async fn newest(&mut self) -> Position {
        loop {
            let newest = *self.newest.borrow_and_update();
            if newest > self.at {
                return newest;
            }
            if self.newest.changed().await.is_err() {
                // The feed is gone, and with it whoever could tell.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Everything up to here was looked at.
    pub fn reached(&mut self, position: Position) {
        self.at = position;
        self.place.at.store(position.get(), Ordering::Relaxed);
    }

    async fn stretch(&self, newest: Position) -> Result<(Vec<Arc<Event>>, Position), ReadError> {
        let mut attempts = 1;
        loop {
            match self.reader.stretch((&self.filter, &self.seen), self.at, newest, PAGE).await {
                Err(ReadError::Database(error)) if attempts < ATTEMPTS => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "events cannot be read on; trying again"
                    );
                    attempts += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                stretch => return stretch,
            }
        }
    }
}

impl EventReader {
    /// Some of the events after a position, at most so many, in commit order, and how far the log was looked through for
    /// them.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn stretch(
        &self,
        (filter, seen): (&EventFilter, &Seen),
        after: Position,
        newest: Position,
        at_most: usize,
    ) -> Result<(Vec<Arc<Event>>, Position), ReadError> {
        let up_to = match filter.object {
            Some(_) => newest,
            None => newest.min(after.plus(WINDOW)),
        };
        let events = self.page((filter, seen), after, up_to, at_most).await?;
        let reached = match events.last() {
            Some(last) if events.len() == at_most => last.position,
            Some(_) | None => up_to,
        };
        Ok((events, reached))
    }
}

/// Where each follower is.
#[derive(Debug, Default)]
struct Followers {
    next: AtomicU64,
    at: Mutex<HashMap<u64, Arc<AtomicI64>>>,
}

impl Followers {
    fn enter(self: &Arc<Self>, at: Position) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let at = Arc::new(AtomicI64::new(at.get()));
        self.places().insert(number, Arc::clone(&at));
        Place { number, at, among: Arc::clone(self) }
    }

    fn places(&self) -> MutexGuard<'_, HashMap<u64, Arc<AtomicI64>>> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A follower among the others, until it is dropped.
#[derive(Debug)]
struct Place {
    number: u64,
    at: Arc<AtomicI64>,
    among: Arc<Followers>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.among.places().remove(&self.number);
    }
}
