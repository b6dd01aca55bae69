//! The records of the processing log that are committed with the events that they tell of.

use door::{Clock, Concerned, Ended, SystemClock};
use processing_log::{About, Query, RecordError, Rows, Scribe, Verb};
use read_model::catalogue::Catalogue;

use super::batch::{Batch, Decided};

/// Adds records to the INSERT of events.
#[derive(Debug)]
pub(super) struct Records {
    scribe: Scribe,
    /// What is added to its text.
    pub(super) part: String,
}

/// The records of a batch.
pub(super) struct Written<'r> {
    pub(super) records: &'r Records,
    rows: Rows,
}

impl Records {
    /// `first` is the number of the first parameter.
    pub(super) fn new(scribe: Scribe, first: usize) -> Self {
        let part = format!(", records AS (\n  {}\n)", processing_log::insert(first, "moved, "));
        Self { scribe, part }
    }

    /// Those of what a batch has decided, and how many there are of each decision; none where there is nothing to record.
    pub(super) fn of(
        &self,
        catalogue: &Catalogue,
        batch: &mut Batch,
    ) -> Result<Option<Written<'_>>, RecordError> {
        let mut rows = Rows::default();
        for (job, decided) in batch.jobs.iter().zip(&mut batch.decided) {
            let before = rows.len();
            if let Some(concerned) = &job.concerned {
                self.add(catalogue, (concerned, decided), &mut rows)?;
            }
            decided.records = rows.len() - before;
        }
        Ok((!rows.is_empty()).then_some(Written { records: self, rows }))
    }

    fn add(
        &self,
        catalogue: &Catalogue,
        (concerned, decided): (&Concerned, &Decided),
        rows: &mut Rows,
    ) -> Result<(), RecordError> {
        let Ok(answer) = &decided.result else { return Ok(()) };
        if decided.dry_run || answer.repeated {
            return Ok(());
        }
        let registered = concerned.apart();
        if let Some(about) = About::new(catalogue, &registered) {
            answer.events.iter().for_each(|event| about.event(event, Verb::Register, Ended::Done));
        }
        self.scribe.add(&registered.taken(SystemClock.now()), rows)
    }

    /// So many are committed.
    pub(super) fn count(&self, batch: &Batch) {
        let records: usize = batch.decided.iter().map(|decided| decided.records).sum();
        self.scribe.count(Ended::Done, u64::try_from(records).unwrap_or(u64::MAX));
    }
}

impl Written<'_> {
    /// The parameters of what is added, after those that the INSERT has.
    pub(super) fn bind<O>(self, query: Query<O>) -> Query<O> {
        self.records.scribe.bind(self.rows, query)
    }
}
