//! An event's row, and the event that it is.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::wall;
use crate::catalogue::Catalogue;
use crate::event::{Body, BodyError, Event, EventKind, EventSource, Memo, Position};

/// The columns of [`EventRow`], of the table `event` as `e`.
pub const COLUMNS: &str = "e.position, e.id, e.created_at, e.occurred_at, e.object_ids, e.event_type, e.event_version, \
    e.event_kind::text AS event_kind, e.event_source_id, e.event_source_type, e.event_reference, e.event_data::text AS event_data";

/// One event as `e`, of a position that comes before it in the `FROM`: `… CROSS JOIN LATERAL {event_at("found.position")}`.
///
/// `OFFSET 0` has it looked up: the planner, which may take a few positions for a third of the log, would compare every
/// event with every position.
#[must_use]
pub fn event_at(position: &str) -> String {
    format!("(SELECT * FROM event WHERE event.position = {position} OFFSET 0) AS e")
}

/// The statement that reads the events at the positions that a query finds, each once, in position order.
pub(super) fn events_at(found: &str) -> String {
    wall::folding(&format!(
        "SELECT {COLUMNS} FROM ({found}) AS found CROSS JOIN LATERAL {} ORDER BY e.position",
        event_at("found.position")
    ))
}

/// An event as the database keeps it.
#[derive(Debug, sqlx::FromRow)]
pub struct EventRow {
    /// Its place in the log.
    pub position: i64,
    /// Its id.
    pub id: Uuid,
    /// When the registry learned it.
    pub created_at: DateTime<Utc>,
    /// When it took effect, as first stated.
    pub occurred_at: DateTime<Utc>,
    /// The objects that it bears on.
    pub object_ids: Vec<Uuid>,
    /// Its type.
    pub event_type: String,
    /// The version of its format.
    pub event_version: String,
    /// Its kind.
    pub event_kind: String,
    /// Who made it.
    pub event_source_id: Uuid,
    /// With which authority.
    pub event_source_type: String,
    /// Its basis or target.
    pub event_reference: Vec<Uuid>,
    /// What it says, as JSON text.
    pub event_data: String,
}

/// A row that is no event.
#[derive(Debug, thiserror::Error)]
#[error("the row at position {position} is no event")]
pub struct RowError {
    position: i64,
    source: RowCause,
}

#[derive(Debug, thiserror::Error)]
enum RowCause {
    #[error("unknown kind `{0}`")]
    Kind(String),
    #[error("event_data is no JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl EventRow {
    /// The event; names that the catalogue knows are shared with it.
    ///
    /// # Errors
    /// [`RowError`] where the row is not what the append promises.
    pub fn into_event(self, catalogue: &Catalogue) -> Result<Event, RowError> {
        let body = self.body().map_err(|source| RowError { position: self.position, source })?;
        let known = catalogue.event_types.get_key_value(self.event_type.as_str());
        let versions = known.map(|(_, event_type)| &event_type.versions);
        let version = versions.and_then(|versions| versions.get_key_value(self.event_version.as_str()));
        let sources = catalogue.source_types.iter();
        let source_type = sources.into_iter().find(|name| ***name == *self.event_source_type);
        Ok(Event {
            position: Position::new(self.position),
            id: self.id,
            created_at: self.created_at,
            occurred_at: self.occurred_at,
            object_ids: self.object_ids,
            event_type: known.map_or_else(|| self.event_type.into(), |(name, _)| Arc::clone(name)),
            event_version: version.map_or_else(|| self.event_version.into(), |(name, _)| Arc::clone(name)),
            source: EventSource {
                id: self.event_source_id,
                source_type: source_type.map_or_else(|| self.event_source_type.into(), Arc::clone),
            },
            references: self.event_reference,
            body,
            memo: Memo::default(),
        })
    }

    fn body(&self) -> Result<Body, RowCause> {
        let kind =
            EventKind::from_name(&self.event_kind).ok_or_else(|| RowCause::Kind(self.event_kind.clone()))?;
        Ok(Body::parse(kind, serde_json::from_str(&self.event_data)?)?)
    }
}
