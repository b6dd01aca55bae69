//! What arrives at subscribers, and how long after it was registered.

use chrono::DateTime;
use door::{Clock, SystemClock};

use crate::failure::Failure;
use crate::load::Latencies;

/// How long each message took from `created_at`, which the store gives just before it commits, until it was there; in seconds.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Vec<f64>);

impl Arrivals {
    /// A message arrived that says under this name when its event was registered.
    pub(crate) fn arrived(&mut self, message: &str, name: &str) -> Result<(), Failure> {
        let now = SystemClock.now();
        let moment = moment(message, name).ok_or_else(|| format!("a message without `{name}`: {message}"))?;
        let registered = DateTime::parse_from_rfc3339(moment)?;
        self.0.push((now - registered.to_utc()).as_seconds_f64());
        Ok(())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Both together.
    pub(crate) fn with(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    pub(crate) fn latencies(self) -> Latencies {
        Latencies::new(self.0)
    }
}

/// The text of a field in JSON; whole documents are not read, as who measures shares the cores with what is measured.
fn moment<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = json.split_once(&format!("\"{name}\":\""))?;
    after.split_once('"').map(|(moment, _)| moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_when_its_event_was_registered() {
        let message = r#"{"id":"1","time":"2026-01-04T08:30:00.000000Z","sequence":"2"}"#;
        let mut arrivals = Arrivals::default();
        arrivals.arrived(message, "time").unwrap();
        assert!(
            arrivals.arrived(message, "createdAt").unwrap_err().to_string().contains("without `createdAt`")
        );
        assert_eq!(arrivals.count(), 1);
    }
}
