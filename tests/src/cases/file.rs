//! The files as they are written; what they expect is not among it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// The cases of one file.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Cases {
    /// Where a person lived.
    Residence(Vec<ResidenceCase>),
    /// What held, at a point of both lines.
    TwoAxis(TwoAxisCases),
}

/// What was registered about some persons, and a question about one of them.
#[derive(Debug, Deserialize)]
pub(super) struct ResidenceCase {
    pub(super) person: String,
    pub(super) acts: Vec<Act>,
    /// The identification of each address, by its name in the case.
    #[serde(default)]
    pub(super) object_ids: BTreeMap<String, String>,
    pub(super) query: Asked,
}

/// What a clerk registered.
#[derive(Debug, Deserialize)]
pub(super) struct Act {
    pub(super) person: String,
    #[serde(flatten)]
    pub(super) said: Said,
    /// The number of the act that this one corrects, from 0.
    pub(super) corrects: Option<usize>,
    pub(super) under_investigation: Option<Investigation>,
}

/// What an act says; dates may be partial.
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
pub(super) enum Said {
    /// The person lives at an address.
    Move { address: Option<String>, since: String },
    /// The person has left the Netherlands.
    Emigrate { since: String },
    /// The record is no longer kept, for this reason (element 07.67.20).
    Suspend { reason: Option<String> },
}

/// Data are doubted: which (element 83.10), from when, and until when.
#[derive(Debug, Deserialize)]
pub(super) struct Investigation {
    pub(super) code: String,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
}

/// On which day, or in which period.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Asked {
    At { at: String },
    Period { from: String, until: String },
}

/// Persons with what was registered of them, and questions about them.
#[derive(Debug, Deserialize)]
pub(super) struct TwoAxisCases {
    pub(super) personas: BTreeMap<String, Vec<Row>>,
    pub(super) cases: Vec<TwoAxisCase>,
}

/// A row of a register.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    /// When it was registered.
    pub(super) created_at: DateTime<Utc>,
    pub(super) event_kind: String,
    #[serde(flatten)]
    pub(super) fact: Fact,
}

/// What a row says; dates may be partial.
#[derive(Debug, Deserialize)]
#[serde(tag = "event_type", content = "event_data")]
pub(super) enum Fact {
    /// The person lives in a place.
    Verhuizing { woonplaats: String, straat: Option<String>, datum_aanvang: String },
    /// The person marries.
    Huwelijk { datum_aanvang: String },
    /// A child of the person is born.
    Geboorte { kind: String, geboortedatum: String },
}

/// A question about a persona.
#[derive(Debug, Deserialize)]
pub(super) struct TwoAxisCase {
    pub(super) persona: String,
    pub(super) mode: Mode,
    /// A day; none is today.
    pub(super) as_of_material: Option<String>,
    /// A moment; none is all that is known.
    pub(super) as_of_formal: Option<String>,
}

/// How much of history is asked.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Mode {
    /// What holds at the point.
    Point,
    /// What held until then.
    Material,
    /// What held until then, or was once believed to.
    Both,
}
