//! What the clerks share: the servers, of which now and then one is killed, and the persons.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tests::{F6, History, Setup};
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::family::adult;
use crate::soak::Chance;

/// How many persons are worked on at a time: so few that the clerks are in each other's way.
const AT_PLAY: usize = 12;

/// For how many transactions there is a person: more than step back.
const OF_ONE: usize = 8;

/// After how many transactions a write server is killed.
const OF_A_KILL: usize = 400;

pub(super) struct Office {
    /// Whoever starts a server again has it alone.
    pub(super) f6: RwLock<F6>,
    began: Instant,
    /// How many transactions are still to be begun.
    left: AtomicUsize,
    persons: Mutex<Persons>,
}

/// Those at play, and those who wait to take somebody's place.
struct Persons {
    at_play: Vec<Uuid>,
    stepped_back: Vec<Uuid>,
    waiting: Vec<Uuid>,
}

impl Office {
    /// Opens for so many transactions.
    pub(super) async fn open(transactions: usize) -> Self {
        let setup = Setup::default().write_servers(2);
        let f6 = setup.write_env("F6_INJECT_DELAY_BEFORE_COMMIT_MS", "10").start().await;
        let mut history = History::beginning("2000-01-01T09:00:00Z");
        let mut persons = || adult(&mut history);
        let at_play = (0..AT_PLAY).map(|_| persons()).collect();
        let waiting = (0..transactions / OF_ONE).map(|_| persons()).collect();
        f6.import(&history);
        let persons = Mutex::new(Persons { at_play, stepped_back: Vec::new(), waiting });
        let (f6, left) = (RwLock::new(f6), AtomicUsize::new(transactions));
        Self { f6, began: Instant::now(), left, persons }
    }

    /// How long it has been open: the clock of all clerks.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Kills one of the write servers every so many transactions, and starts it again, while it is in use; tells how often.
    pub(super) async fn kill(&self, mut chance: Chance, in_use: impl Fn() -> bool) -> usize {
        let left = || self.left.load(Ordering::Relaxed);
        let (mut kills, mut next) = (0, left().saturating_sub(OF_A_KILL));
        while next > 0 && in_use() {
            tokio::time::sleep(chance.milliseconds(50)).await;
            if left() <= next {
                let one = chance.index(2);
                self.f6.read().await.write[one].kill_in_use();
                self.f6.write().await.write[one].restart(&[]).await;
                kills += 1;
                next = next.saturating_sub(OF_A_KILL);
            }
        }
        kills
    }

    /// Whether there is one more transaction to begin, which the caller does.
    pub(super) fn one_more(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Some of those at play.
    pub(super) fn some<const COUNT: usize>(&self, chance: &mut Chance) -> [Uuid; COUNT] {
        let mut at_play = self.persons().at_play.clone();
        std::array::from_fn(|_| at_play.swap_remove(chance.index(at_play.len())))
    }

    /// Another takes the place of a person, where none did already.
    pub(super) fn step_back(&self, person: Uuid) {
        let Persons { at_play, stepped_back, waiting } = &mut *self.persons();
        if let Some(place) = at_play.iter().position(|at_play| *at_play == person) {
            at_play[place] = waiting.pop().expect("more persons than step back");
            stepped_back.push(person);
        }
    }

    /// All who were ever at play.
    pub(super) fn everybody(&self) -> Vec<Uuid> {
        let persons = self.persons();
        persons.stepped_back.iter().chain(&persons.at_play).copied().collect()
    }

    fn persons(&self) -> MutexGuard<'_, Persons> {
        self.persons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
