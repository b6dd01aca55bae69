//! All subscriptions, each tended by a task of its own, for as long as the process lives.

use std::collections::HashMap;
use std::time::Duration;

use read_model::pool::{Listener, Pool};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::worker::{self, Shared};

/// Where the write API tells that a subscription was made or managed.
const CHANNEL: &str = "f6_subscription";

/// How long to wait before listening anew.
const PAUSE: Duration = Duration::from_secs(1);

/// Tends all subscriptions until told to stop, and until what is on its way is settled.
pub async fn supervise(shared: Shared, pool: Pool, mut stop: watch::Receiver<bool>) {
    let (change, changed) = watch::channel(0_u64);
    let mut supervisor = Supervisor { shared, stop: stop.clone(), changed, tasks: HashMap::new() };
    loop {
        tokio::select! {
            result = supervisor.listen(&pool, &change) => {
                if let Err(error) = result {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "subscriptions cannot be listened to; trying again");
                }
            }
            _ = stop.changed() => break,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.changed() => break,
        }
    }
    for task in supervisor.tasks.into_values() {
        // A task that failed has said so.
        let _ = task.await;
    }
}

struct Supervisor {
    shared: Shared,
    stop: watch::Receiver<bool>,
    changed: watch::Receiver<u64>,
    tasks: HashMap<Uuid, JoinHandle<()>>,
}

impl Supervisor {
    /// Listens for changes until the connection is lost; whatever changed before is seen as well.
    async fn listen(&mut self, pool: &Pool, change: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
        let mut listener = Listener::connect(pool, CHANNEL).await?;
        loop {
            self.tend_all().await?;
            change.send_modify(|count| *count += 1);
            if listener.next().await?.is_none() {
                return Ok(());
            }
        }
    }

    async fn tend_all(&mut self) -> Result<(), sqlx::Error> {
        self.tasks.retain(|_, task| !task.is_finished());
        for id in self.shared.store.subscriptions().await? {
            self.tasks.entry(id).or_insert_with(|| {
                tokio::spawn(worker::tend(self.shared.clone(), id, self.changed.clone(), self.stop.clone()))
            });
        }
        Ok(())
    }
}
