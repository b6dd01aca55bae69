//! Requests that are decided one after the other, each on top of those before it, and committed together.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::Concerned;
use processing_log::{RecordError, Rows};
use read_model::event::{Event, Position};

use super::meters::Meters;
use super::overlay::Overlay;
use super::watch::Watch;
use super::{AppendError, Request};
use crate::outcome::Finding;

/// A request, and when it is registered where an import states that.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) request: Arc<Request>,
    pub(super) stamp: Option<DateTime<Utc>>,
    /// Whose request it is, where that is accounted for.
    pub(super) concerned: Option<Arc<Concerned>>,
}

/// What was decided of a job, before anything is committed.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) result: Result<Answer, AppendError>,
    /// The log that it was decided on.
    pub(super) known: Position,
    pub(super) dry_run: bool,
}

#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) events: Vec<Arc<Event>>,
    pub(super) refusals: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
    /// Whether its events were there already.
    pub(super) repeated: bool,
    /// How many records of the processing log are committed with its events.
    pub(super) records: usize,
}

/// Jobs in the order in which they are decided, and how far that has come.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    pub(super) decided: Vec<Decided>,
    pub(super) overlay: Overlay,
    /// The records of the processing log that are committed with it; none where one cannot be made.
    pub(super) rows: Result<Rows, RecordError>,
    /// Whether each decision is known to have been made on the newest log, without a commit that proves it.
    pub(super) fresh: bool,
    pub(super) watch: Watch,
}

impl Batch {
    /// Of no jobs yet.
    pub(super) fn new(meters: Arc<Meters>) -> Self {
        Self {
            jobs: Vec::new(),
            decided: Vec::new(),
            overlay: Overlay::default(),
            rows: Ok(Rows::default()),
            fresh: true,
            watch: Watch::new(meters),
        }
    }

    /// Whether an answer is that to a command of before.
    pub(super) fn repeats(&self) -> bool {
        self.decided.iter().any(|decided| decided.result.as_ref().is_ok_and(|answer| answer.repeated))
    }

    /// When each of its events is registered, where that is stated.
    pub(super) fn stamps(&self) -> Option<Vec<DateTime<Utc>>> {
        self.jobs.first()?.stamp?;
        Some(self.overlay.events().iter().map(|event| event.created_at).collect())
    }
}
