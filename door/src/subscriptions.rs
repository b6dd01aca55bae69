//! How subscriptions are served: how many, how long, and what was counted of them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_graphql::Data;
use clap::Args;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::execution::EachMessage;
use crate::metrics::{Counted, Metrics};

/// How many subscriptions there may be, and how long what is waited for.
#[derive(Args, Clone, Debug)]
pub struct SubscriptionOptions {
    /// Most connections with subscriptions at once, over either protocol
    #[arg(
        long,
        env = "F6_MAX_STREAMS",
        value_name = "COUNT",
        default_value_t = 1000,
        help_heading = "Subscriptions"
    )]
    pub max_streams: usize,
    /// Most subscriptions over one WebSocket
    #[arg(
        long,
        env = "F6_MAX_SUBSCRIPTIONS",
        value_name = "COUNT",
        default_value_t = 100,
        help_heading = "Subscriptions"
    )]
    pub max_subscriptions: usize,
    /// Origins such as `https://balie.example`, with commas between them, whose web pages may open a WebSocket, beside those of the server's own host; `*` for all
    #[arg(
        long,
        env = "F6_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ',',
        help_heading = "Subscriptions"
    )]
    pub allowed_origins: Vec<String>,
    /// How long a WebSocket may take to say who connects
    #[arg(long, env = "F6_CONNECTION_INIT_TIMEOUT", value_name = "SECONDS", default_value = "10",
          value_parser = crate::options::seconds, help_heading = "Subscriptions")]
    pub connection_init_timeout: Duration,
    /// How often a connection that says nothing is asked whether it is there; who is not after twice that is let go
    #[arg(long, env = "F6_KEEP_ALIVE", value_name = "SECONDS", default_value = "15",
          value_parser = crate::options::seconds, help_heading = "Subscriptions")]
    pub keep_alive: Duration,
    /// How long a message may wait for a consumer who does not take it, before its stream is ended
    #[arg(long, env = "F6_SLOW_CONSUMER_TIMEOUT", value_name = "SECONDS", default_value = "30",
          value_parser = crate::options::seconds, help_heading = "Subscriptions")]
    pub slow_consumer_timeout: Duration,
}

impl Default for SubscriptionOptions {
    fn default() -> Self {
        Self {
            max_streams: 1000,
            max_subscriptions: 100,
            allowed_origins: Vec::new(),
            connection_init_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            slow_consumer_timeout: Duration::from_secs(30),
        }
    }
}

/// How long whoever was too slow has at least to be told so.
pub(crate) const LAST_CHANCE: Duration = Duration::from_secs(10);

/// What a server gives its door to serve subscriptions.
pub struct Subscriptions {
    pub(crate) options: SubscriptionOptions,
    pub(crate) each: EachMessage,
    pub(crate) meters: Meters,
    room: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl Subscriptions {
    /// Serves them within these limits; `each` makes the data that one message is computed with.
    pub fn new(
        options: SubscriptionOptions,
        metrics: &mut Metrics,
        each: impl Fn() -> Data + Send + Sync + 'static,
    ) -> Self {
        let room = options.max_streams.min(Semaphore::MAX_PERMITS);
        Self {
            options: SubscriptionOptions { max_streams: room, ..options },
            each: EachMessage(Arc::new(each)),
            meters: Meters::new(metrics),
            room: Arc::new(Semaphore::new(room)),
            stop: watch::channel(false).0,
        }
    }

    /// A place for one connection, held until it ends; none where there is no more room.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }

    /// Ends every stream.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Completes once streams are to end.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // The sender is gone only with the door.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// How long a consumer may take to hear that it is too slow.
    pub(crate) fn slowest(&self) -> Duration {
        let slow = self.options.slow_consumer_timeout;
        slow.saturating_add(slow.max(LAST_CHANCE)).saturating_add(Duration::from_secs(1))
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subscriptions").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What is counted of subscriptions, by how they are spoken.
pub(crate) struct Meters {
    active: Family<[(&'static str, &'static str); 1], Gauge<u64, AtomicU64>>,
    messages: Family<[(&'static str, &'static str); 1], Counter>,
    ends: Family<[(&'static str, &'static str); 1], Counter>,
}

/// The ways in which a stream is spoken.
pub(crate) const WEBSOCKET: &str = "websocket";
pub(crate) const EVENTS: &str = "sse";

/// Why the server ends a stream by itself.
pub(crate) const REASONS: [&str; 4] = ["slow", "expired", "stopping", "lost"];

impl Meters {
    fn new(metrics: &mut Metrics) -> Self {
        let meters = Self { active: Family::default(), messages: Family::default(), ends: Family::default() };
        for transport in [WEBSOCKET, EVENTS] {
            drop(meters.active.get_or_create(&[("transport", transport)]));
            drop(meters.messages.get_or_create(&[("transport", transport)]));
        }
        REASONS.iter().for_each(|reason| drop(meters.ends.get_or_create(&[("reason", reason)])));
        let registry = metrics.registry();
        registry.register("f6_subscriptions", "Subscriptions that are being served", meters.active.clone());
        registry.register(
            "f6_subscription_messages",
            "Results of subscriptions that were handed to the network",
            meters.messages.clone(),
        );
        registry.register(
            "f6_subscription_ends",
            "Connections with subscriptions that the server ended by itself",
            meters.ends.clone(),
        );
        meters
    }

    /// A subscription is served until what this returns is dropped.
    pub(crate) fn serve(&self, transport: &'static str) -> Counted {
        Counted::by(self.active.get_or_create_owned(&[("transport", transport)]))
    }

    pub(crate) fn delivered(&self, transport: &'static str) {
        self.messages.get_or_create(&[("transport", transport)]).inc();
    }

    pub(crate) fn ended(&self, reason: &'static str) {
        self.ends.get_or_create(&[("reason", reason)]).inc();
    }
}
