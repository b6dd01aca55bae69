//! What the query API measures of its reading of the event store.

use std::sync::Arc;

use door::Metrics;
use door::metrics::{Timer, seconds};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use read_model::event::Position;
use tracing::Span;

/// What the query API measures of its reading of the event store; clones share it.
#[derive(Clone, Debug)]
pub struct Meters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    snapshot: Histogram,
    load: Histogram,
    fold: Histogram,
    head: Gauge,
}

/// A step of a request that is being taken, until it is dropped.
pub(crate) struct Step {
    /// What happens in the step stands in this.
    pub(crate) span: Span,
    _timer: Timer,
}

impl Meters {
    /// Meters that are read with the rest.
    pub fn new(metrics: &mut Metrics) -> Self {
        let inner = Inner { snapshot: seconds(), load: seconds(), fold: seconds(), head: Gauge::default() };
        let histograms = [
            ("f6_snapshot_duration_seconds", "Finding where the log ends at a moment", &inner.snapshot),
            ("f6_load_duration_seconds", "Loading the events that an answer needs", &inner.load),
            ("f6_fold_duration_seconds", "Folding the events that an answer needs", &inner.fold),
        ];
        let registry = metrics.registry();
        for (name, help, histogram) in histograms {
            registry.register(name, help, histogram.clone());
        }
        registry.register(
            "f6_head_position",
            "The newest event that this server has seen",
            inner.head.clone(),
        );
        Self(Arc::new(inner))
    }

    pub(crate) fn snapshot(&self) -> Step {
        Step { span: tracing::debug_span!("snapshot"), _timer: Timer::start(&self.0.snapshot) }
    }

    pub(crate) fn load(&self) -> Step {
        Step { span: tracing::debug_span!("load"), _timer: Timer::start(&self.0.load) }
    }

    pub(crate) fn fold(&self) -> Step {
        Step { span: tracing::debug_span!("fold"), _timer: Timer::start(&self.0.fold) }
    }

    /// An event was seen; an older one changes nothing.
    pub(crate) fn seen(&self, position: Position) {
        // Two requests may see the end of the log at once, and finish in another order.
        self.0.head.inner().fetch_max(position.get(), std::sync::atomic::Ordering::Relaxed);
    }
}
