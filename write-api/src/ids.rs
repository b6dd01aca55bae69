//! Ids of events come in from outside.

use read_model::event::EventId;
use uuid::Uuid;

/// Where the id of an event comes from when the client gives none.
pub trait IdSource: Send + Sync + 'static {
    /// An id that no event has.
    fn next(&self) -> EventId;
}

/// UUIDs of version 7, for the edge of a server.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the edge where ids come in")]
    fn next(&self) -> EventId {
        Uuid::now_v7()
    }
}
