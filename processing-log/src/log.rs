//! The log as the door knows it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::{Doing, NotWritten, Noted, ProcessingLog};
use futures::future::BoxFuture;
use indexmap::IndexMap;

use crate::records::Records;
use crate::writer::{Entry, Writer};

/// The processing log; clones share it.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    writer: Writer,
    activities: IndexMap<Arc<str>, Arc<str>>,
    records: Records,
}

impl Log {
    pub(crate) fn new(writer: Writer, activities: IndexMap<Arc<str>, Arc<str>>, records: Records) -> Self {
        Self(Arc::new(Inner { writer, activities, records }))
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

    fn write(
        &self,
        doing: Arc<Doing>,
        (started_at, ended_at): (DateTime<Utc>, DateTime<Utc>),
        noted: Vec<Noted>,
    ) -> BoxFuture<'_, Result<(), NotWritten>> {
        let entry = Entry { doing, started_at, ended_at, noted };
        Box::pin(async move { self.0.writer.write(entry).await.map_err(|error| error as NotWritten) })
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("records", &self.0.records).finish_non_exhaustive()
    }
}
