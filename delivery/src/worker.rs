//! One subscription, tended: what is to be delivered is delivered, in order for each object, for as long as it exists.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use read_model::event::Position;
use read_model::reader::{EventFilter, Feed, Followed, ReadError, Seen, Subscription};
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use uuid::Uuid;

use crate::courier::Courier;
use crate::meters::Meters;
use crate::order::chains;
use crate::store::{Delivery, Handed, Outcome, Settled, Store};

/// How long to wait while the database does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to be silent at most where something may have been missed: a worker that died, a notification that was lost.
const DOUBT: Duration = Duration::from_secs(60);

/// How many deliveries are handed out for each that goes at once: the next stand ready while those before are settled.
const AHEAD: usize = 4;

/// What all tasks of a process share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What is to be delivered.
    pub store: Store,
    /// Who delivers it.
    pub courier: Courier,
    /// Where the log ends.
    pub feed: Arc<Feed>,
    /// What is counted.
    pub meters: Meters,
    /// How many deliveries of one subscription go at once.
    pub concurrency: usize,
    /// How long a worker has for what it was handed.
    pub lease: Duration,
}

/// Tends a subscription until it is gone, or until told to stop; then what is on its way is settled first.
pub async fn tend(shared: Shared, id: Uuid, changed: watch::Receiver<u64>, stop: watch::Receiver<bool>) {
    let followed = shared.feed.follow(EventFilter::default(), Seen::everything(), Position::START);
    let places = Arc::new(Semaphore::new(shared.concurrency));
    let tending = Tending {
        shared,
        id,
        followed,
        changed,
        stop,
        tasks: JoinSet::new(),
        on_the_way: HashMap::new(),
        places,
        settled: Vec::new(),
        name: None,
    };
    tending.run().await;
}

struct Tending {
    shared: Shared,
    id: Uuid,
    followed: Followed,
    /// A subscription was made, or managed.
    changed: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    tasks: JoinSet<Vec<Settled>>,
    /// How many deliveries each task has.
    on_the_way: HashMap<Id, usize>,
    /// One for each delivery that may go at once.
    places: Arc<Semaphore>,
    settled: Vec<Settled>,
    name: Option<String>,
}

impl Tending {
    async fn run(mut self) {
        loop {
            let stopping = *self.stop.borrow();
            let room = if stopping { 0 } else { self.room() };
            match self.shared.store.exchange(self.id, &self.settled, room).await {
                Ok(Some(handed)) => {
                    self.settled.clear();
                    let (next, more) = (handed.next, handed.more);
                    self.send(handed);
                    if stopping && self.on_the_way.is_empty() {
                        return;
                    }
                    if !more {
                        self.wait(next.unwrap_or(DOUBT).min(DOUBT)).await;
                    }
                }
                Ok(None) => {
                    if let Some(name) = &self.name {
                        self.shared.meters.gone(name);
                    }
                    return;
                }
                Err(error) if stopping => {
                    self.warn(&error);
                    return;
                }
                Err(error) => {
                    self.warn(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn room(&self) -> usize {
        (AHEAD * self.shared.concurrency).saturating_sub(self.on_the_way.values().sum())
    }

    fn warn(&self, error: &ReadError) {
        let error: &dyn std::error::Error = error;
        tracing::warn!(subscription = %self.id, error, "deliveries cannot be handed out or settled; trying again");
    }

    fn send(&mut self, handed: Handed) {
        self.followed.reached(handed.newest);
        let Handed { subscription, secret, deliveries, newest, kept, .. } = handed;
        let behind = newest.get().saturating_sub(subscription.position.get());
        self.shared.meters.stands(&subscription.name, behind, kept);
        self.name = Some(subscription.name.clone());
        let (subscription, secret): (Arc<Subscription>, Arc<str>) = (subscription.into(), secret.into());
        for chain in chains(deliveries, |delivery| &delivery.told.event.object_ids) {
            let going = Going {
                shared: self.shared.clone(),
                subscription: Arc::clone(&subscription),
                secret: Arc::clone(&secret),
                places: Arc::clone(&self.places),
                stop: self.stop.clone(),
            };
            let deliveries = chain.len();
            let task = self.tasks.spawn(going.one_after_the_other(chain));
            self.on_the_way.insert(task.id(), deliveries);
        }
    }

    /// Waits for whatever comes first: an outcome, events, a change of the subscription, a delivery that is due.
    async fn wait(&mut self, patience: Duration) {
        let room = self.room() > 0;
        tokio::select! {
            Some(outcome) = self.tasks.join_next_with_id() => self.came_back(outcome),
            _ = self.followed.newest(), if room => {}
            _ = self.changed.changed() => {}
            _ = self.stop.changed() => {}
            () = tokio::time::sleep(patience), if room => {}
        }
        // What else is back by now is settled with it.
        while let Some(outcome) = self.tasks.try_join_next_with_id() {
            self.came_back(outcome);
        }
    }

    fn came_back(&mut self, outcome: Result<(Id, Vec<Settled>), JoinError>) {
        let task = match outcome {
            Ok((task, settled)) => {
                self.settled.extend(settled);
                task
            }
            // What it had is handed out again when its lease ends.
            Err(error) => {
                tracing::error!(subscription = %self.id, error = &error as &dyn std::error::Error, "a task failed");
                error.id()
            }
        };
        self.on_the_way.remove(&task);
    }
}

/// Some deliveries of a subscription on their way.
struct Going {
    shared: Shared,
    subscription: Arc<Subscription>,
    secret: Arc<str>,
    places: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Going {
    /// Makes deliveries in order; after one that fails, when told to stop, or when the lease would end meanwhile, none.
    async fn one_after_the_other(self, chain: Vec<Delivery>) -> Vec<Settled> {
        let began = Instant::now();
        let mut settled = Vec::with_capacity(chain.len());
        let mut stopped = false;
        for delivery in chain {
            // Nobody closes it.
            let _place = self.places.acquire().await;
            let too_late = began.elapsed() + self.shared.courier.timeout() > self.shared.lease;
            stopped = stopped || too_late || *self.stop.borrow();
            let outcome = if stopped { Outcome::Untried } else { self.one(&delivery).await };
            stopped = outcome != Outcome::Delivered;
            let Delivery { told, attempts } = delivery;
            let (through, position) = (told.through.position, told.event.position);
            settled.push(Settled { through, position, attempts, outcome });
        }
        settled
    }

    async fn one(&self, delivery: &Delivery) -> Outcome {
        let Shared { courier, meters, .. } = &self.shared;
        let timing = meters.delivering(&self.subscription.name);
        match courier.deliver(&self.subscription, &self.secret, &delivery.told).await {
            Ok(()) => {
                timing.delivered(delivery.told.through.created_at);
                Outcome::Delivered
            }
            Err(why) => {
                timing.failed();
                tracing::info!(subscription = %self.subscription.name, event = %delivery.told.event.id,
                    attempt = delivery.attempts + 1, why, "a delivery failed");
                Outcome::Failed(why)
            }
        }
    }
}
