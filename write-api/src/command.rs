//! Commands: what a caller asks the registry to take in, parsed.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use policy::Caller;
use read_model::basis::BasisId;
use read_model::event::{EventId, ObjectId, Verdict};
use serde_json::Value;

/// The longest reason, in characters.
pub const MAX_REASON: usize = 2_000;

/// One command of one caller.
#[derive(Clone, Debug)]
pub struct Command {
    /// The id of the event that it makes; the same id with the same content is the same command.
    pub id: EventId,
    /// Who asks, from the token.
    pub caller: Caller,
    /// What is asked.
    pub act: Act,
    /// Also validate in the same step, as the same caller.
    pub validate: bool,
    /// Events that may become contested through it: a civil servant accepts that.
    pub despite: Vec<EventId>,
    /// The basis of the answer on which the caller decided.
    pub if_unchanged_since: Option<BasisId>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Act {
    /// Something happened.
    Claim {
        /// The event type.
        event_type: Arc<str>,
        /// The version that the data are in.
        version: Arc<str>,
        /// The data, as they came in.
        data: Value,
        /// When, for event types without an effective date.
        occurred_at: Option<DateTime<Utc>>,
        /// The events that it is based on.
        based_on: Vec<EventId>,
        /// The objects, where the caller sent them along; they must be those that the data name.
        object_ids: Option<Vec<ObjectId>>,
    },
    /// A claim should have had other data.
    Amend {
        /// The claim.
        target: EventId,
        /// The event type that the caller takes the claim to be of.
        event_type: Arc<str>,
        /// The version that the data are in.
        version: Arc<str>,
        /// The whole new data.
        data: Value,
        /// When, for event types without an effective date.
        occurred_at: Option<DateTime<Utc>>,
        /// Why.
        reason: Option<String>,
    },
    /// An event did not happen.
    Annul {
        /// The event.
        target: EventId,
        /// Why.
        reason: Option<String>,
    },
    /// A claim or correction is accepted or rejected.
    Validate {
        /// The claim or correction.
        target: EventId,
        /// Which of the two.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
    },
}
