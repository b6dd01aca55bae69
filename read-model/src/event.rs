//! Events: the immutable records that everything else follows from.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::shown::bounded;

/// The id of an event, given by the client or the server.
pub type EventId = Uuid;

/// The id of what events are about; it may exist before the human is born.
pub type ObjectId = Uuid;

/// The id that a text writes, as RFC 9562 writes it: 32 hexadecimal digits in five groups, and in no other way.
#[must_use]
pub fn parse_id(text: &str) -> Option<Uuid> {
    // The library also takes braces, a URN, and digits without groups.
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// A place in the log: 1, 2, 3 … in commit order, without holes. 0 is before the first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(i64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Its number, as the database keeps it.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The position `steps` further on.
    #[must_use]
    pub const fn plus(self, steps: i64) -> Self {
        Self(self.0 + steps)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The three kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Says that something happened.
    Claim,
    /// Says that an earlier event should have been otherwise, or did not happen.
    Correction,
    /// Accepts or rejects an earlier claim or correction.
    Validation,
}

impl EventKind {
    /// The name in the database, in GraphQL and in export files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claim => "Claim",
            Self::Correction => "Correction",
            Self::Validation => "Validation",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Claim, Self::Correction, Self::Validation].into_iter().find(|kind| kind.name() == name)
    }
}

/// Who made an event: an id for audit, and a type of authority (`burger`, `ouder`, `ambtenaar`, `systeem`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventSource {
    /// The id of the person or system, for audit.
    pub id: Uuid,
    /// The type of authority; one of the catalogue's `source_types`.
    pub source_type: Arc<str>,
}

/// What a Validation says of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The target counts.
    Accepted,
    /// The target does not count.
    Rejected,
}

impl Verdict {
    /// The name in `event_data`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

/// What an event says, by kind; `event_data` parsed.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A claim's data, in its own version of the format.
    Claim(Arc<Value>),
    /// A Correction that gives the target claim new data.
    Amend {
        /// The whole new data, in the version that the event states.
        data: Arc<Value>,
        /// Why.
        reason: Option<String>,
    },
    /// A Correction that says the target did not happen.
    Annul {
        /// Why.
        reason: Option<String>,
    },
    /// A Validation.
    Validation {
        /// What it says of the target.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
    },
}

impl Body {
    /// The kind that this body belongs to.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Claim(_) => EventKind::Claim,
            Self::Amend { .. } | Self::Annul { .. } => EventKind::Correction,
            Self::Validation { .. } => EventKind::Validation,
        }
    }

    /// The data about reality that it carries: of a claim or an amend.
    #[must_use]
    pub const fn content(&self) -> Option<&Arc<Value>> {
        match self {
            Self::Claim(data) | Self::Amend { data, .. } => Some(data),
            Self::Annul { .. } | Self::Validation { .. } => None,
        }
    }

    /// `event_data` as it is stored and shown.
    #[must_use]
    pub fn to_event_data(&self) -> Value {
        let with_reason = |mut value: Value, reason: &Option<String>| {
            if let (Some(reason), Some(map)) = (reason, value.as_object_mut()) {
                map.insert("reason".into(), reason.clone().into());
            }
            value
        };
        match self {
            Self::Claim(data) => Value::clone(data),
            Self::Amend { data, reason } => with_reason(json!({"action": "amend", "data": **data}), reason),
            Self::Annul { reason } => with_reason(json!({"action": "annul"}), reason),
            Self::Validation { verdict, reason } => with_reason(json!({"verdict": verdict.name()}), reason),
        }
    }

    /// Parses `event_data` of an event of this kind.
    ///
    /// # Errors
    /// [`BodyError`] where a Correction or Validation has another shape than design and database promise.
    pub fn parse(kind: EventKind, data: Value) -> Result<Self, BodyError> {
        let reason = || match data.get("reason") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(BodyError::Reason),
        };
        let word = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        match kind {
            EventKind::Claim => Ok(Self::Claim(Arc::new(fitted(&data)))),
            EventKind::Correction => match word("action") {
                "annul" => Ok(Self::Annul { reason: reason()? }),
                "amend" => {
                    let reason = reason()?;
                    let content = data.get("data").map(fitted).ok_or(BodyError::AmendData)?;
                    Ok(Self::Amend { data: Arc::new(content), reason })
                }
                other => Err(BodyError::Action(bounded(other, 40))),
            },
            EventKind::Validation => {
                let verdict = match word("verdict") {
                    "accepted" => Verdict::Accepted,
                    "rejected" => Verdict::Rejected,
                    other => return Err(BodyError::Verdict(bounded(other, 40))),
                };
                Ok(Self::Validation { verdict, reason: reason()? })
            }
        }
    }
}

/// A copy that takes no more memory than its content, for what is kept: while it is read, an object grows by steps.
#[must_use]
pub fn fitted(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut fitting = Map::with_capacity(entries.len());
            fitting.extend(entries.iter().map(|(name, entry)| (name.clone(), fitted(entry))));
            Value::Object(fitting)
        }
        Value::Array(items) => Value::Array(items.iter().map(fitted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Why `event_data` is not that of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// An unknown `action`.
    #[error("a Correction's `action` is `amend` or `annul`, not `{0}`")]
    Action(String),
    /// An amend without data.
    #[error("an amend carries the whole new data under `data`")]
    AmendData,
    /// An unknown `verdict`.
    #[error("a Validation's `verdict` is `accepted` or `rejected`, not `{0}`")]
    Verdict(String),
    /// A reason that is no text.
    #[error("a `reason` is a text")]
    Reason,
}

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the log.
    pub position: Position,
    /// Its id.
    pub id: EventId,
    /// When the registry learned it; names exactly one prefix of the log.
    pub created_at: DateTime<Utc>,
    /// When it took effect in reality, as first stated. Never filter by it.
    pub occurred_at: DateTime<Utc>,
    /// Every object that it bears on; sorted, without doubles, never empty.
    pub object_ids: Vec<ObjectId>,
    /// The event type; of a Correction or Validation, that of the claim at its root.
    pub event_type: Arc<str>,
    /// The version of the format that its data are in.
    pub event_version: Arc<str>,
    /// Who made it.
    pub source: EventSource,
    /// On a Claim what it is based on; else exactly its target.
    pub references: Vec<EventId>,
    /// What it says.
    pub body: Body,
    /// What its content means to a catalogue, once that was worked out.
    pub memo: Memo,
}

impl Event {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        self.body.kind()
    }

    /// The event that a Correction or Validation is about.
    #[must_use]
    pub fn target(&self) -> Option<EventId> {
        match self.kind() {
            EventKind::Claim => None,
            EventKind::Correction | EventKind::Validation => self.references.first().copied(),
        }
    }
}

/// Something worked out from an event once, and kept with it: a pure function of the event and of one catalogue.
#[derive(Clone, Default)]
pub struct Memo(Arc<OnceLock<Box<dyn Any + Send + Sync>>>);

impl Memo {
    /// What is kept, worked out now where nothing is; `None` where something of another type is.
    pub(crate) fn get_or_init<T: Any + Send + Sync>(&self, work_out: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(work_out())).downcast_ref()
    }
}

/// It follows from the event, so it makes no difference between events.
impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
