//! One line of an import file: an event in the seed's structure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::{json, shown, shown_text};
use policy::Caller;
use read_model::event::{Body, EventId, EventKind, EventSource, parse_id};
use read_model::time::parse_instant;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Finding, FindingCode, MAX_LINE};
use crate::command::{Act, Command, MAX_REASON};

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

/// The names of a line; `position` is passed over, `occurred_at` may be left out where the data say it.
const NAMES: [&str; 12] = [
    "id",
    "position",
    "created_at",
    "occurred_at",
    "object_ids",
    "event_type",
    "event_version",
    "event_kind",
    "event_source_id",
    "event_source_type",
    "event_reference",
    "event_data",
];

/// Reads one line, without its line break.
pub(super) fn parse(line: &[u8]) -> Result<Line, Refused> {
    if line.len() as u64 > MAX_LINE {
        let wrong = format!("the line is longer than {MAX_LINE} bytes; one event stands on a line");
        return Err(Refused::at(None, "", wrong));
    }
    let fields = match json::parse(line.trim_ascii_end()) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => {
            let wrong =
                format!("`{}` is no event; a line is an object with the fields of one", shown(&other));
            return Err(Refused::at(None, "", wrong));
        }
        Err(error) => {
            let wrong = error.to_string().replace("at line 1, column", "at column");
            return Err(Refused::at(
                None,
                "",
                format!("the line is not JSON as it is taken in here: {wrong}"),
            ));
        }
    };
    let id = fields.get("id").and_then(Value::as_str).and_then(parse_id);
    Fields { id, fields }.line()
}

/// The fields of a line, each read by its name; what is wrong is told at that name.
struct Fields {
    /// The event's id, where it is one.
    id: Option<EventId>,
    fields: Map<String, Value>,
}

impl Fields {
    fn line(mut self) -> Result<Line, Refused> {
        if let Some(unknown) = self.fields.keys().find(|name| !NAMES.contains(&name.as_str())) {
            let name = shown_text(unknown);
            return Err(self.refused(&name, format!("an event has no field `{name}`; leave it out")));
        }
        let event = self.id("id")?;
        let created_at = self.moment("created_at")?.ok_or_else(|| self.missing("created_at"))?;
        let source = EventSource {
            id: self.id("event_source_id")?,
            source_type: self.text("event_source_type")?.into(),
        };
        let command = Command {
            id: event,
            caller: Caller::of(source),
            act: self.act()?,
            validate: false,
            despite: Vec::new(),
            if_unchanged_since: None,
        };
        Ok(Line { command, created_at })
    }

    fn act(&mut self) -> Result<Act, Refused> {
        let kind = self.text("event_kind")?;
        let kind = EventKind::from_name(&kind).ok_or_else(|| {
            let wrong =
                format!("`{}` is no kind; there are: Claim, Correction, Validation", shown_text(&kind));
            self.refused("event_kind", wrong)
        })?;
        let occurred_at = self.moment("occurred_at")?;
        let (event_type, version) = (self.text("event_type")?.into(), self.text("event_version")?.into());
        let object_ids = self.ids("object_ids")?.ok_or_else(|| self.missing("object_ids"))?;
        let references = self.ids("event_reference")?.unwrap_or_default();
        let target = || match references.as_slice() {
            [target] => Ok(*target),
            other => {
                let wrong =
                    format!("a {} references exactly its target, not {} events", kind.name(), other.len());
                Err(self.refused("event_reference", wrong))
            }
        };
        Ok(match self.body(kind)? {
            Body::Claim(data) => Act::Claim {
                event_type,
                version,
                data: Arc::unwrap_or_clone(data),
                occurred_at,
                based_on: references,
                object_ids: Some(object_ids),
            },
            Body::Amend { data, reason } => Act::Amend {
                target: target()?,
                event_type,
                version,
                data: Arc::unwrap_or_clone(data),
                occurred_at,
                reason,
            },
            Body::Annul { reason } => Act::Annul { target: target()?, reason },
            Body::Validation { verdict, reason } => Act::Validate { target: target()?, verdict, reason },
        })
    }

    fn body(&self, kind: EventKind) -> Result<Body, Refused> {
        let data = self.fields.get("event_data").cloned().ok_or_else(|| self.missing("event_data"))?;
        let names: &[&str] = match kind {
            EventKind::Claim => return Ok(Body::Claim(Arc::new(data))),
            EventKind::Correction => &["action", "data", "reason"],
            EventKind::Validation => &["verdict", "reason"],
        };
        let unknown =
            data.as_object().and_then(|data| data.keys().find(|name| !names.contains(&name.as_str())));
        if let Some(unknown) = unknown {
            let wrong =
                format!("a {} has no `{}` in its data; leave it out", kind.name(), shown_text(unknown));
            return Err(self.refused("event_data", wrong));
        }
        let reason = data.get("reason").and_then(Value::as_str).unwrap_or_default();
        if reason.chars().count() > MAX_REASON {
            let wrong =
                format!("`{}` is longer than {MAX_REASON} characters; shorten it", shown_text(reason));
            return Err(self.refused("event_data", wrong));
        }
        Body::parse(kind, data).map_err(|error| self.refused("event_data", error.to_string()))
    }

    fn text(&mut self, name: &str) -> Result<String, Refused> {
        match self.fields.remove(name) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => {
                Err(self.refused(name, format!("`{}` is no text; write it as one", shown(&other))))
            }
            None => Err(self.missing(name)),
        }
    }

    fn moment(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, Refused> {
        if matches!(self.fields.get(name), None | Some(Value::Null)) {
            return Ok(None);
        }
        let text = self.text(name)?;
        parse_instant(&text).map(Some).map_err(|error| self.refused(name, error.to_string()))
    }

    fn id(&mut self, name: &str) -> Result<Uuid, Refused> {
        let value = self.fields.remove(name).ok_or_else(|| self.missing(name))?;
        self.parsed(name, &value)
    }

    fn ids(&mut self, name: &str) -> Result<Option<Vec<Uuid>>, Refused> {
        match self.fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(ids)) => {
                ids.iter().map(|id| self.parsed(name, id)).collect::<Result<_, _>>().map(Some)
            }
            Some(other) => {
                Err(self.refused(name, format!("`{}` is no list; write the ids in a list", shown(&other))))
            }
        }
    }

    fn parsed(&self, name: &str, value: &Value) -> Result<Uuid, Refused> {
        value.as_str().and_then(parse_id).ok_or_else(|| {
            let shown = value.as_str().map_or_else(|| shown(value), shown_text);
            let wrong =
                format!("`{shown}` is no id; write a UUID, such as 0190163d-8694-739b-aea5-966c26f8ad90");
            self.refused(name, wrong)
        })
    }

    fn missing(&self, name: &str) -> Refused {
        self.refused(name, format!("the field {name} is missing; every event has it"))
    }

    fn refused(&self, name: &str, wrong: String) -> Refused {
        Refused::at(self.id, name, wrong)
    }
}
