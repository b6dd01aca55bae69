//! What the system knows of this process, under the names that Prometheus has for it everywhere.

use std::fmt;

use chrono::{DateTime, Utc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Linux counts the time of a process in hundredths of a second, whatever its clock does (`proc(5)`, `USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Read anew each time that it is asked for; where the system tells nothing, neither does this.
#[derive(Debug)]
pub(super) struct Process {
    started: DateTime<Utc>,
}

impl Process {
    pub(super) fn new(started: DateTime<Utc>) -> Self {
        Self { started }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows floating point alone")]
        let started = self.started.timestamp_micros() as f64 / 1e6;
        gauge(&mut encoder, "process_start_time_seconds", "When this process started", started)?;
        if let Some(seconds) = cpu_seconds() {
            let help = "Processor time, of the user and of the system";
            let counter =
                encoder.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter)?;
            ConstCounter::new(seconds).encode(counter)?;
        }
        if let Some(bytes) = status("VmRSS:").map(|kibibytes| kibibytes * 1024.0) {
            gauge(&mut encoder, "process_resident_memory_bytes", "Memory that is in use", bytes)?;
        }
        if let Some(threads) = status("Threads:") {
            gauge(&mut encoder, "process_threads", "Threads", threads)?;
        }
        match open_files() {
            Some(files) => gauge(&mut encoder, "process_open_fds", "Open files and connections", files),
            None => Ok(()),
        }
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

/// A number from `/proc/self/status`, which has its memory in kibibytes.
fn status(name: &str) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The 14th and 15th field of `/proc/self/stat`; the second may hold spaces and ends with the last bracket.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = text.rsplit_once(')')?;
    let mut ticks =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    Some((ticks.next()? + ticks.next()?) / TICKS_PER_SECOND)
}

fn open_files() -> Option<f64> {
    // Looking there opens one more.
    let count = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u32::try_from(count).ok().map(f64::from)
}

/// How many files this process may have open; none where the system does not tell, or sets no limit.
pub(crate) fn open_files_limit() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    text.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_memory_threads_time_and_files_of_this_process() {
        assert!(status("VmRSS:").unwrap() > 100.0);
        assert!(status("Threads:").unwrap() >= 1.0);
        assert!(cpu_seconds().unwrap() >= 0.0);
        assert!(open_files().unwrap() >= 3.0);
        assert!(open_files_limit().is_none_or(|limit| limit >= 3));
    }
}
