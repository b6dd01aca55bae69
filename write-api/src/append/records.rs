//! The records of the processing log that are committed with the events that they tell of.

use door::{Clock, Concerned, Ended, SystemClock};
use processing_log::{About, Query, RecordError, Rows, Scribe, Verb};
use read_model::catalogue::Catalogue;

use super::batch::{Answer, Batch};

/// Makes the records of what is decided, and adds them to the INSERT of events.
#[derive(Debug)]
pub(super) struct Recorder {
    scribe: Scribe,
    /// What is added to its text.
    pub(super) part: String,
}

/// The records of a batch.
pub(super) struct Recorded<'r> {
    pub(super) by: &'r Recorder,
    rows: Rows,
}

impl Recorder {
    /// `first` is the number of the first parameter that is added.
    pub(super) fn new(scribe: Scribe, first: usize) -> Self {
        let part = format!(", records AS (\n  {}\n)", processing_log::insert(first, "moved, "));
        Self { scribe, part }
    }

    /// Adds the records of what was decided for somebody just now; how many they are.
    ///
    /// Where one cannot be made, none is kept, so that nothing of the batch is committed.
    pub(super) fn add(
        &self,
        catalogue: &Catalogue,
        (concerned, answer): (&Concerned, &Answer),
        rows: &mut Result<Rows, RecordError>,
    ) -> usize {
        let Ok(made) = rows else { return 0 };
        let (before, registered) = (made.len(), concerned.apart());
        if let Some(about) = About::new(catalogue, &registered) {
            answer.events.iter().for_each(|event| about.event(event, Verb::Register, Ended::Done));
        }
        match self.scribe.add(&registered.taken(SystemClock.now()), made) {
            Ok(()) => made.len() - before,
            Err(error) => {
                *rows = Err(error);
                0
            }
        }
    }

    /// The records of a batch, to be committed with its events; none where there are none.
    pub(super) fn recorded(&self, rows: Rows) -> Option<Recorded<'_>> {
        (!rows.is_empty()).then_some(Recorded { by: self, rows })
    }

    /// They are committed.
    pub(super) fn count(&self, batch: &Batch) {
        let answers = batch.decided.iter().filter_map(|decided| decided.result.as_ref().ok());
        let records: usize = answers.map(|answer| answer.records).sum();
        self.scribe.count(Ended::Done, u64::try_from(records).unwrap_or(u64::MAX));
    }
}

impl Recorded<'_> {
    /// The parameters of what is added, after those that the INSERT has.
    pub(super) fn bind<O>(self, query: Query<O>) -> Query<O> {
        self.by.scribe.bind(self.rows, query)
    }
}
