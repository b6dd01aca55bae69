//! What becomes of commands: events, or findings that say why not.

use std::sync::Arc;

use read_model::basis::Basis;
use read_model::event::Event;

/// What a finding is about; every code is explained in `docs/errors.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FindingCode {
    /// The data are not in the event type's format.
    InvalidData,
    /// `occurredAt` is missing, or differs from what the data say.
    InvalidMoment,
    /// The objects sent along are not those that the data name.
    ObjectIdsDiffer,
    /// An object is of another type than the role asks.
    ObjectType,
    /// A referenced event does not exist.
    UnknownEvent,
    /// There is no such event type, or version of it, or it is no longer written.
    UnknownEventType,
    /// The target is not of the kind or type that the command needs.
    WrongTarget,
    /// The id belongs to an event with other content.
    IdReused,
    /// A rule of the event type is not kept.
    Rule,
    /// An event that stood would become contested.
    Contests,
    /// Another object has this value at the same moments.
    Unique,
    /// The event lies further in the future than its type allows.
    Future,
    /// The validator must be another than the claimer.
    FourEyes,
    /// What the caller's answer rested on has changed.
    ChangedMeanwhile,
    /// It clashes with claims that nobody has validated yet; a warning.
    OpenClaims,
}

impl FindingCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::InvalidData,
        Self::InvalidMoment,
        Self::ObjectIdsDiffer,
        Self::ObjectType,
        Self::UnknownEvent,
        Self::UnknownEventType,
        Self::WrongTarget,
        Self::IdReused,
        Self::Rule,
        Self::Contests,
        Self::Unique,
        Self::Future,
        Self::FourEyes,
        Self::ChangedMeanwhile,
        Self::OpenClaims,
    ];

    /// Its name in GraphQL and in import reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidData => "INVALID_DATA",
            Self::InvalidMoment => "INVALID_MOMENT",
            Self::ObjectIdsDiffer => "OBJECT_IDS_DIFFER",
            Self::ObjectType => "OBJECT_TYPE",
            Self::UnknownEvent => "UNKNOWN_EVENT",
            Self::UnknownEventType => "UNKNOWN_EVENT_TYPE",
            Self::WrongTarget => "WRONG_TARGET",
            Self::IdReused => "ID_REUSED",
            Self::Rule => "RULE",
            Self::Contests => "CONTESTS",
            Self::Unique => "UNIQUE",
            Self::Future => "FUTURE",
            Self::FourEyes => "FOUR_EYES",
            Self::ChangedMeanwhile => "CHANGED_MEANWHILE",
            Self::OpenClaims => "OPEN_CLAIMS",
        }
    }
}

/// One reason why a command is refused, or one warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub code: FindingCode,
    /// Value, rule and remedy, for a clerk.
    pub message: String,
    /// Where in the input: `["data", "datum"]`; in an `append` led by the command's index.
    pub path: Vec<String>,
    /// The rule, where one is broken.
    pub rule: Option<Arc<str>>,
    /// The events that it clashes with.
    pub because: Vec<Arc<Event>>,
}

impl Finding {
    /// A batch of which only a part is there already: all or nothing cannot be kept.
    pub(crate) fn partly_repeated() -> Self {
        let message = "a part of this batch is there already; give every command of a batch an id, and send it again as it was";
        Self {
            code: FindingCode::IdReused,
            message: message.to_owned(),
            path: vec!["commands".to_owned()],
            rule: None,
            because: Vec::new(),
        }
    }

    /// The same finding about the command at an index of a batch.
    #[must_use]
    pub fn within(mut self, index: usize) -> Self {
        self.path.splice(0..0, ["commands".to_owned(), index.to_string()]);
        self
    }
}

/// What became of one request: events, or refusals, never both.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The events that it made (or, on a dry run, would make); empty where refused.
    pub events: Vec<Arc<Event>>,
    /// Why it was refused.
    pub refusals: Vec<Finding>,
    /// What the caller should know all the same.
    pub warnings: Vec<Finding>,
    /// Whether its events were there already: the same command came before.
    pub repeated: bool,
    /// Whether the processing log tells of its events: its records were committed with them.
    pub recorded: bool,
    /// What it was decided on: the log just before its own events.
    pub basis: Basis,
}
