//! What is kept elsewhere and read when it is asked for.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Read;

/// Whether values only grow.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    Counter,
    Gauge,
}

pub(super) struct Scraped {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) label: &'static str,
    pub(super) read: Read,
    pub(super) sort: Sort,
}

impl fmt::Debug for Scraped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scraped").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Collector for Scraped {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let metric_type = match self.sort {
            Sort::Counter => MetricType::Counter,
            Sort::Gauge => MetricType::Gauge,
        };
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, metric_type)?;
        for (value, count) in (self.read)() {
            let labels = [(self.label, value)];
            let labelled = metric.encode_family(&labels)?;
            match self.sort {
                Sort::Counter => ConstCounter::new(count).encode(labelled)?,
                Sort::Gauge => ConstGauge::new(count).encode(labelled)?,
            }
        }
        Ok(())
    }
}
