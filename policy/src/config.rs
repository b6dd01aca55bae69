//! The shape of `query_config.yaml`, as written by hand.
//!
//! `docs/query_config.schema.json` is generated from these types, so that editors complete what is documented here.

use indexmap::IndexMap;
use read_model::catalogue::config::{WhereConfig, WhereWord};
use schemars::JsonSchema;
use serde::Deserialize;

/// Who gets to see what. What is not granted is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryConfig {
    /// The raw events.
    #[serde(default)]
    pub events: EventsConfig,
    /// Who may look into the processing log.
    #[serde(default)]
    pub processing_records: RecordsConfig,
    /// By object type, of which objects no view shows anything; the object type itself still does.
    /// CEL over the object's fields, as they stand at the end of the material line.
    #[serde(default)]
    pub withhold: IndexMap<String, String>,
    /// The views, by name. A view with the name of an object type is that object type itself, with every field.
    pub views: IndexMap<String, ViewConfig>,
}

/// Who sees the raw events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsConfig {
    /// Who may read them, and which.
    pub read: Vec<ReadEventsConfig>,
}

/// Who may look into the processing log: at what was done with whose data.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordsConfig {
    /// Who may; with `object: own`, at what was done with their own data alone.
    pub read: Vec<ReadConfig>,
}

/// Who may read raw events.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "who may read events is a source type, or { source_type: ..., event_types: [...], event_kinds: [...], object: ... }"
)]
pub enum ReadEventsConfig {
    /// Whoever of this organisation has this type of authority, and every event.
    SourceType(String),
    /// The same, but not every event.
    On(ReadEventsOnConfig),
}

/// Who may read raw events, and which of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEventsOnConfig {
    /// Their type of authority.
    pub source_type: String,
    /// Of which organisations, by their OIN: `own`, which is the default, `any`, or a list.
    #[serde(default)]
    pub organisations: Option<WhereConfig>,
    /// Of which zones, by their name: `any`, which is the default, `own`, or a list.
    #[serde(default)]
    pub zones: Option<WhereConfig>,
    /// Only events of these types, their corrections and validations included; without it, of all.
    #[serde(default)]
    pub event_types: Option<Vec<String>>,
    /// Only events of these kinds; without it, of all.
    #[serde(default)]
    pub event_kinds: Option<Vec<EventKindConfig>>,
    /// `own`: only those that bear on the caller's own object; `any`, which is the default.
    #[serde(default)]
    pub object: Option<WhereWord>,
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum EventKindConfig {
    /// Something happened.
    Claim,
    /// An earlier event should have been otherwise, or did not happen.
    Correction,
    /// An earlier event is accepted or rejected.
    Validation,
}

/// Who may read a view, or a field of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "who may read is a source type, or { source_type: ..., object: own }")]
pub enum ReadConfig {
    /// Whoever of this organisation has this type of authority, of whichever zone.
    SourceType(String),
    /// The same, on conditions.
    On(ReadOnConfig),
}

/// Who may read, and of which objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadOnConfig {
    /// Their type of authority.
    pub source_type: String,
    /// Of which organisations, by their OIN: `own`, which is the default, `any`, or a list.
    #[serde(default)]
    pub organisations: Option<WhereConfig>,
    /// Of which zones, by their name: `any`, which is the default, `own`, or a list.
    #[serde(default)]
    pub zones: Option<WhereConfig>,
    /// Of which objects; a field is read of the same ones as its view, and states none.
    #[serde(default)]
    pub object: Option<ObjectConfig>,
}

/// Of which objects somebody may read a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectConfig {
    /// Of all.
    Any,
    /// Of the caller's own alone: neither by a search, nor as what another refers to.
    Own,
    /// Of those that an object refers to which the caller may read: not by asking for them.
    Referred,
}

/// A view: what a consumer gets to see of objects of one type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewConfig {
    /// The name of several: the query API's field for several at once. An object type has its own.
    #[serde(default)]
    pub plural: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The object type that it shows.
    pub object_type: String,
    /// Who may read it.
    pub read: Vec<ReadConfig>,
    /// The processing activity that reading it is part of, of those in `processing` of `write_config.yaml`.
    #[serde(default)]
    pub processing: Option<String>,
    /// What it shows, by the name that it has in the view; where the view is the object type itself, only who may read a field (`read`).
    #[serde(default)]
    pub fields: IndexMap<String, ViewFieldConfig>,
}

/// A field of a view: a field of the object (`field`), or a value that is computed (`type` and `value`).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewFieldConfig {
    /// The field of the object that it shows, derived ones included.
    #[serde(default)]
    pub field: Option<String>,
    /// Where the field refers to other objects: the view through which they are seen; without one, their object type itself.
    #[serde(default)]
    pub view: Option<String>,
    /// The type of a computed value: `String`, `Int`, `Boolean`, `PartialDate`, a name from `types`, or one of these in brackets.
    #[serde(default, rename = "type")]
    pub value_type: Option<String>,
    /// CEL over the object's fields and `asOf`.
    #[serde(default)]
    pub value: Option<String>,
    /// What it is; without one, what the field of the object is.
    #[serde(default)]
    pub description: Option<String>,
    /// Who may read the field, of those who may read the view; without it, all of them.
    #[serde(default)]
    pub read: Option<Vec<ReadConfig>>,
}

/// The JSON Schema of the config, for editors.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    schemars::schema_for!(QueryConfig)
}
