//! The log as the door knows it.

use std::fmt;
use std::sync::Arc;

use door::{Entry, NotWritten, ProcessingLog};
use futures::future::BoxFuture;
use indexmap::IndexMap;

use crate::records::Records;
use crate::rows::Scribe;
use crate::writer::Writer;

/// The processing log; clones share it.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    writer: Writer,
    activities: IndexMap<Arc<str>, Arc<str>>,
    records: Records,
    scribe: Option<Scribe>,
}

impl Log {
    pub(crate) fn new(
        writer: Writer,
        activities: IndexMap<Arc<str>, Arc<str>>,
        records: Records,
        scribe: Option<Scribe>,
    ) -> Self {
        Self(Arc::new(Inner { writer, activities, records, scribe }))
    }

    /// Who makes the rows of records that are committed with what they tell of; none where the log stands in a database of
    /// its own.
    #[must_use]
    pub fn scribe(&self) -> Option<&Scribe> {
        self.0.scribe.as_ref()
    }

    /// What was written of somebody.
    #[must_use]
    pub fn records(&self) -> &Records {
        &self.0.records
    }
}

impl ProcessingLog for Log {
    fn activity(&self, named: &str) -> Option<Arc<str>> {
        let activities = &self.0.activities;
        let by_uri = || activities.values().find(|uri| ***uri == *named);
        activities.get(named).or_else(by_uri).cloned()
    }

    fn write(&self, entry: Entry) -> BoxFuture<'_, Result<(), NotWritten>> {
        Box::pin(async move { self.0.writer.write(entry).await.map_err(|error| error as NotWritten) })
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("records", &self.0.records).finish_non_exhaustive()
    }
}
