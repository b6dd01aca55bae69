//! One line of an import file: an event in the seed's structure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::event::{Body, EventId, EventKind, EventSource, ObjectId};
use read_model::time::parse_instant;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Finding, FindingCode};
use crate::command::{Act, Command};

/// A line as a command, and when it was registered.
pub(super) struct Line {
    pub(super) command: Command,
    pub(super) created_at: DateTime<Utc>,
}

/// A line that is no event.
pub(super) struct Refused {
    pub(super) id: Option<EventId>,
    pub(super) finding: Finding,
}

impl Refused {
    pub(super) fn at(id: Option<EventId>, field: &str, message: impl Into<String>) -> Self {
        let (code, path) = match field {
            "created_at" | "occurred_at" => (FindingCode::InvalidMoment, vec![field.to_owned()]),
            "" => (FindingCode::InvalidData, Vec::new()),
            field => (FindingCode::InvalidData, vec![field.to_owned()]),
        };
        Self { id, finding: Finding { code, message: message.into(), path, rule: None, because: Vec::new() } }
    }
}

/// The fields of a line; `position` is passed over, `occurred_at` may be left out where the data say it.
#[derive(Deserialize)]
#[serde(expecting = "an object with the fields of an event")]
struct Fields {
    id: EventId,
    created_at: String,
    #[serde(default)]
    occurred_at: Option<String>,
    object_ids: Vec<ObjectId>,
    event_type: Arc<str>,
    event_version: Arc<str>,
    event_kind: String,
    event_source_id: Uuid,
    event_source_type: Arc<str>,
    #[serde(default)]
    event_reference: Vec<EventId>,
    event_data: Value,
}

pub(super) fn parse(text: &str) -> Result<Line, Refused> {
    let fields: Fields = serde_json::from_str(text.trim_end())
        .map_err(|error| Refused::at(None, "", format!("the line is no event: {error}")))?;
    let id = Some(fields.id);
    let moment = |field: &str, text: &str| {
        parse_instant(text).map_err(|error| Refused::at(id, field, error.to_string()))
    };
    let created_at = moment("created_at", &fields.created_at)?;
    let occurred_at = fields.occurred_at.as_deref().map(|text| moment("occurred_at", text)).transpose()?;
    let kind = EventKind::from_name(&fields.event_kind).ok_or_else(|| {
        Refused::at(
            id,
            "event_kind",
            format!("`{}` is no kind; there are: Claim, Correction, Validation", fields.event_kind),
        )
    })?;
    let source =
        EventSource { id: fields.event_source_id, source_type: Arc::clone(&fields.event_source_type) };
    let command = Command {
        id: fields.id,
        source,
        act: act(fields, kind, occurred_at)?,
        validate: false,
        despite: Vec::new(),
        if_unchanged_since: None,
    };
    Ok(Line { command, created_at })
}

fn act(fields: Fields, kind: EventKind, occurred_at: Option<DateTime<Utc>>) -> Result<Act, Refused> {
    let id = Some(fields.id);
    let body = Body::parse(kind, fields.event_data)
        .map_err(|error| Refused::at(id, "event_data", error.to_string()))?;
    let target = || match fields.event_reference.as_slice() {
        [target] => Ok(*target),
        other => {
            let message =
                format!("a {} references exactly its target, not {} events", kind.name(), other.len());
            Err(Refused::at(id, "event_reference", message))
        }
    };
    Ok(match body {
        Body::Claim(data) => Act::Claim {
            event_type: fields.event_type,
            version: fields.event_version,
            data: Arc::unwrap_or_clone(data),
            occurred_at,
            based_on: fields.event_reference,
            object_ids: Some(fields.object_ids),
        },
        Body::Amend { data, reason } => Act::Amend {
            target: target()?,
            event_type: fields.event_type,
            version: fields.event_version,
            data: Arc::unwrap_or_clone(data),
            occurred_at,
            reason,
        },
        Body::Annul { reason } => Act::Annul { target: target()?, reason },
        Body::Validation { verdict, reason } => Act::Validate { target: target()?, verdict, reason },
    })
}
