//! What a worker measures: deliveries, and how far behind each subscription is.
//!
//! Subscriptions are told apart by their names, which whoever manages them chose for that; one that is deleted is told no more.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::metrics::{Timer, seconds};
use door::{Clock, Metrics};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

type Of = [(&'static str, String); 1];
type OfOutcome = [(&'static str, String); 2];

/// What a worker measures; clones share it.
#[derive(Clone)]
pub struct Meters(Arc<Inner>);

struct Inner {
    deliveries: Family<OfOutcome, Counter>,
    request: Histogram,
    latency: Histogram,
    behind: Family<Of, Gauge>,
    pending: Family<Of, Gauge>,
    parked: Family<Of, Gauge>,
    clock: Arc<dyn Clock>,
}

impl Meters {
    /// Meters that are read with the rest.
    pub fn new(metrics: &mut Metrics, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            deliveries: Family::default(),
            request: seconds(),
            latency: seconds(),
            behind: Family::default(),
            pending: Family::default(),
            parked: Family::default(),
            clock,
        };
        let registry = metrics.registry();
        registry.register("f6_deliveries", "Deliveries, by what became of them", inner.deliveries.clone());
        let help = "One delivery, from its request to its answer";
        registry.register("f6_delivery_duration_seconds", help, inner.request.clone());
        let help = "From the commit of an event to the answer that it arrived";
        registry.register("f6_delivery_latency_seconds", help, inner.latency.clone());
        let gauges = [
            ("f6_subscription_behind_events", "Events that were not looked at yet", &inner.behind),
            (
                "f6_subscription_pending_deliveries",
                "Deliveries that are kept and not given up",
                &inner.pending,
            ),
            ("f6_subscription_parked_deliveries", "Deliveries that were given up", &inner.parked),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        Self(Arc::new(inner))
    }

    /// How a subscription stands: events behind, and deliveries that are kept, and of these given up.
    pub fn stands(&self, subscription: &str, behind: i64, (kept, parked): (usize, usize)) {
        let of = || [("subscription", subscription.to_owned())];
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.0.behind.get_or_create_owned(&of()).set(behind);
        self.0.pending.get_or_create_owned(&of()).set(count(kept - parked));
        self.0.parked.get_or_create_owned(&of()).set(count(parked));
    }

    /// A subscription was deleted.
    pub fn gone(&self, subscription: &str) {
        let of = [("subscription", subscription.to_owned())];
        for gauge in [&self.0.behind, &self.0.pending, &self.0.parked] {
            gauge.remove(&of);
        }
        for outcome in ["delivered", "failed"] {
            self.0
                .deliveries
                .remove(&[("subscription", subscription.to_owned()), ("outcome", outcome.to_owned())]);
        }
    }

    /// Measures one delivery.
    pub fn delivering(&self, subscription: &str) -> Delivering {
        Delivering {
            meters: self.clone(),
            subscription: subscription.to_owned(),
            _timer: Timer::start(&self.0.request),
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Meters")
    }
}

/// A delivery that is being made.
#[must_use = "it is measured when it ends"]
pub struct Delivering {
    meters: Meters,
    subscription: String,
    _timer: Timer,
}

impl Delivering {
    /// It arrived; the event was committed then.
    pub fn delivered(self, committed: DateTime<Utc>) {
        let took = self.meters.0.clock.now() - committed;
        self.meters.0.latency.observe(took.as_seconds_f64().max(0.0));
        self.count("delivered");
    }

    /// It did not.
    pub fn failed(self) {
        self.count("failed");
    }

    fn count(self, outcome: &str) {
        let labels = [("subscription", self.subscription), ("outcome", outcome.to_owned())];
        self.meters.0.deliveries.get_or_create_owned(&labels).inc();
    }
}
