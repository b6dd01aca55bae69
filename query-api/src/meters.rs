//! What the query API measures of its reading of the event store.

use std::sync::Arc;

use door::Metrics;
use door::metrics::{Timer, seconds};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use read_model::event::Position;
use read_model::reader::{self, Lookups, Watch, Way};
use tracing::Span;

/// What the query API measures of its reading of the event store; clones share it.
#[derive(Clone, Debug)]
pub struct Meters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    snapshot: Histogram,
    load: Histogram,
    fold: Histogram,
    kept: Counter,
    anew: Counter,
    hits: Counter,
    stale: Counter,
    misses: Counter,
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
        let lookups: Family<[(&str, &str); 1], Counter> = Family::default();
        let folds: Family<[(&str, &str); 1], Counter> = Family::default();
        let inner = Inner {
            snapshot: seconds(),
            load: seconds(),
            fold: seconds(),
            kept: folds.get_or_create_owned(&[("way", "kept")]),
            anew: folds.get_or_create_owned(&[("way", "anew")]),
            hits: lookups.get_or_create_owned(&[("result", "hit")]),
            stale: lookups.get_or_create_owned(&[("result", "stale")]),
            misses: lookups.get_or_create_owned(&[("result", "miss")]),
            head: Gauge::default(),
        };
        let histograms = [
            ("f6_snapshot_duration_seconds", "Finding where the log ends at a moment", &inner.snapshot),
            (
                "f6_load_duration_seconds",
                "One query for events that an answer needs and memory lacks",
                &inner.load,
            ),
            ("f6_fold_duration_seconds", "Folding the objects that an answer needs", &inner.fold),
        ];
        let registry = metrics.registry();
        for (name, help, histogram) in histograms {
            registry.register(name, help, histogram.clone());
        }
        registry.register("f6_folds", "Folds of the objects that an answer needs", folds);
        registry.register(
            "f6_cache_lookups",
            "Objects of answers, looked for among those in memory",
            lookups,
        );
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

    pub(crate) fn fold(&self) -> Step {
        Step { span: tracing::debug_span!("fold"), _timer: Timer::start(&self.0.fold) }
    }

    /// An event was seen; an older one changes nothing.
    pub(crate) fn seen(&self, position: Position) {
        // Two requests may see the end of the log at once, and finish in another order.
        self.0.head.inner().fetch_max(position.get(), std::sync::atomic::Ordering::Relaxed);
    }
}

impl Watch for Meters {
    fn loading(&self) -> reader::Step {
        Box::new(Step { span: tracing::debug_span!("load"), _timer: Timer::start(&self.0.load) })
    }

    fn folding(&self) -> reader::Step {
        Box::new(self.fold())
    }

    fn folded(&self, way: Way) {
        match way {
            Way::Kept => self.0.kept.inc(),
            Way::Anew => self.0.anew.inc(),
        };
    }

    fn looked_up(&self, Lookups { hits, stale, misses }: Lookups) {
        self.0.hits.inc_by(hits);
        self.0.stale.inc_by(stale);
        self.0.misses.inc_by(misses);
    }
}
