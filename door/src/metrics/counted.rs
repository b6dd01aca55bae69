//! Something that is counted for as long as it lasts.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::gauge::Gauge;

/// One of those that a gauge counts, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Gauge<u64, AtomicU64>);

impl Counted {
    pub(crate) fn by(gauge: Gauge<u64, AtomicU64>) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
