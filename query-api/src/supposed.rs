//! What is known where a question stands: the log as it was, or one that might have been.

use std::sync::{Mutex, MutexGuard, PoisonError};

use read_model::event::Position;
use read_model::log::Log;

/// What is known: the log up to a position, or one that might have been, which this request asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    pub(crate) position: Position,
    pub(crate) instead: Option<Instead>,
}

/// One of the logs that might have been which a request asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Instead(usize);

/// The logs that might have been which a request asks about.
#[derive(Debug, Default)]
pub(crate) struct Supposed(Mutex<Vec<Log>>);

impl Supposed {
    /// Notes a log, to be named from here on.
    pub(crate) fn note(&self, log: Log) -> Instead {
        let mut logs = self.logs();
        logs.push(log);
        Instead(logs.len() - 1)
    }

    /// The log that is meant.
    pub(crate) fn log(&self, known: Known) -> Log {
        let instead = known.instead.and_then(|Instead(place)| self.logs().get(place).cloned());
        instead.unwrap_or_else(|| Log::up_to(known.position))
    }

    fn logs(&self) -> MutexGuard<'_, Vec<Log>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
