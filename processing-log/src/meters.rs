//! What the log measures of itself.

use door::metrics::{counts, seconds};
use door::{Ended, Metrics};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// What the log measures; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Meters {
    records: Family<[(&'static str, &'static str); 1], Counter>,
    pub(crate) commit: Histogram,
    pub(crate) batch: Histogram,
    pub(crate) withheld: Counter,
}

impl Meters {
    /// Meters that are read with the rest.
    pub(crate) fn new(metrics: &mut Metrics) -> Self {
        let meters = Self {
            records: Family::default(),
            commit: seconds(),
            batch: counts(),
            withheld: Counter::default(),
        };
        let registry = metrics.registry();
        let help = "Records of the processing log, by how what was done ended";
        registry.register("f6_processing_records", help, meters.records.clone());
        let help = "One commit of the processing log, for whoever waited for it";
        registry.register("f6_processing_log_commit_duration_seconds", help, meters.commit.clone());
        let help = "Answers that one commit of the processing log served";
        registry.register("f6_processing_log_batch_answers", help, meters.batch.clone());
        let help = "Answers that were withheld, as the processing log could not be written";
        registry.register("f6_processing_log_withheld", help, meters.withheld.clone());
        for ended in Ended::ALL {
            meters.of(ended);
        }
        meters
    }

    /// Counts what was written.
    pub(crate) fn count(&self, ended: Ended, records: u64) {
        self.of(ended).inc_by(records);
    }

    fn of(&self, ended: Ended) -> Counter {
        self.records.get_or_create_owned(&[("status", ended.name())])
    }
}
