//! What a server tells Prometheus of itself.
//!
//! Nothing here says anything of a person: labels are codes, names from the catalogue and words of this code, never
//! ids or what a caller wrote, so that there are as many series as the code and the catalogue make, and no more.

mod connections;
mod counted;
mod http;
mod process;
mod scraped;

use std::fmt;
use std::time::Instant;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use self::connections::{ConnectionMeters, Overdue};
pub(crate) use self::counted::Counted;
pub(crate) use self::http::{Asked, HttpMeters};
use self::process::Process;
pub(crate) use self::process::open_files_limit;
use self::scraped::{Scraped, Sort};

/// From a tenth of a millisecond, as a fold from memory, to the longest that an answer may take by default.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// What a server tells of itself when it is asked.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(crate) http: HttpMeters,
    pub(crate) connections: ConnectionMeters,
}

impl Metrics {
    /// What every server tells: its build, its process, and what passes through its door.
    #[must_use]
    pub fn new(server: &'static str, version: &'static str, started: DateTime<Utc>) -> Self {
        let mut registry = Registry::default();
        let build = Info::new([("server", server), ("version", version)]);
        registry.register("f6_build", "Which server this is, and of which version", build);
        registry.register_collector(Box::new(Process::new(started)));
        let http = HttpMeters::new(&mut registry);
        let connections = ConnectionMeters::new(&mut registry);
        Self { registry, http, connections }
    }

    /// Where a server registers what it counts itself.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Names a fact about this process that does not change: always 1, with the fact in a label.
    pub fn fact(&mut self, name: &str, help: &str, label: &'static str, value: String) {
        self.registry.register(name, help, Info::new([(label, value)]));
    }

    /// A gauge with one label that is read when it is asked for.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, label: &'static str, read: Read) {
        self.registry.register_collector(Box::new(Scraped { name, help, label, read, sort: Sort::Gauge }));
    }

    /// A counter with one label that is kept elsewhere, and read when it is asked for; its name gets `_total`.
    pub fn counter(&mut self, name: &'static str, help: &'static str, label: &'static str, read: Read) {
        self.registry.register_collector(Box::new(Scraped { name, help, label, read, sort: Sort::Counter }));
    }

    /// Everything, in the text format of Prometheus.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Reads the present values, each with its label.
pub type Read = Box<dyn Fn() -> Vec<(&'static str, u64)> + Send + Sync>;

/// A histogram of durations in seconds.
#[must_use]
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// A histogram of counts, doubling from 1 to 512.
#[must_use]
pub fn counts() -> Histogram {
    Histogram::new((0..10).map(|power| f64::from(1_u32 << power)))
}

/// Observes how long it lived, when it is dropped.
#[derive(Debug)]
#[must_use = "it measures until it is dropped"]
pub struct Timer {
    histogram: Histogram,
    began: Instant,
}

impl Timer {
    /// Begins to measure.
    pub fn start(histogram: &Histogram) -> Self {
        Self { histogram: histogram.clone(), began: Instant::now() }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.histogram.observe(self.began.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new("test", "1.2.3", DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(90))
    }

    #[test]
    fn a_server_tells_its_build_and_when_it_started() {
        let text = metrics().text().unwrap();
        assert!(text.contains("f6_build_info{server=\"test\",version=\"1.2.3\"} 1\n"), "{text}");
        assert!(text.contains("process_start_time_seconds 90.0\n"), "{text}");
    }

    #[test]
    fn what_is_kept_elsewhere_is_read_when_it_is_asked_for() {
        let mut metrics = metrics();
        metrics.counter("f6_lookups", "Lookups", "result", Box::new(|| vec![("hit", 3), ("miss", 1)]));
        let text = metrics.text().unwrap();
        assert!(text.contains("# TYPE f6_lookups_total counter\n"), "{text}");
        assert!(text.contains("f6_lookups_total{result=\"miss\"} 1\n"), "{text}");
    }
}
