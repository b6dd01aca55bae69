//! The shape of `write_config.yaml`, as written by hand.
//!
//! `docs/write_config.schema.json` is generated from these types, so that editors complete what is documented here.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What one F6 keeps and who may say what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which organisation and zone this is.
    pub f6: F6Config,
    /// The types of authority that events are made with.
    pub source_types: Vec<String>,
    /// The object type that a caller's own object is of: what the claim `person` of a token names, and `caller` in conditions.
    #[serde(default)]
    pub caller: Option<String>,
    /// Values with a structure of their own: name → JSON Schema 2020-12. Formats refer to them as `#/$defs/Name`.
    #[serde(default)]
    pub types: IndexMap<String, Value>,
    /// Who may have events delivered, and what those are called outside. Without it, nobody.
    #[serde(default)]
    pub subscriptions: Option<SubscriptionsConfig>,
    /// What the processing log (Logboek Dataverwerkingen) says of what is done here. Without it, there is none.
    #[serde(default)]
    pub processing: Option<ProcessingConfig>,
    /// What events are about.
    pub object_types: IndexMap<String, ObjectTypeConfig>,
    /// What can happen.
    pub event_types: IndexMap<String, EventTypeConfig>,
}

/// Which organisation and zone this F6 is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct F6Config {
    /// The organisation, for example a municipality.
    pub organisation: String,
    /// The zone of authority within it.
    pub zone: String,
    /// The Organisatie-identificatienummer: twenty digits.
    pub oin: String,
    /// The IANA time zone in which days are counted.
    pub time_zone: String,
}

/// Who may have events delivered to a webhook, and what those are called outside (NL GOV profile for CloudEvents).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionsConfig {
    /// What this F6 is called in the `source` of a CloudEvent: `urn:nld:oin:<oin>:systeem:<system>`.
    pub system: String,
    /// What the `type` of every CloudEvent begins with: the domain of who defines the events, in reverse.
    pub type_prefix: String,
    /// Who may make subscriptions, and manage their own.
    pub subscribe: Vec<MayConfig>,
    /// Who may manage everybody's.
    #[serde(default)]
    pub manage: Vec<MayConfig>,
    /// To whom deliveries may carry what the events say, rather than a reference to it.
    #[serde(default)]
    pub data: Vec<MayConfig>,
}

/// Whose data are processed here, and as part of which processing activities.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessingConfig {
    /// The object types that are persons: each time that something is done with the data of one, it is logged.
    pub subjects: Vec<String>,
    /// The processing activities, each by a name of its own: where it stands in the register of processing activities (article 30 GDPR), as a URI.
    pub activities: IndexMap<String, String>,
    /// The activity that reading is part of, unless a view says otherwise.
    pub read: String,
    /// The activity that registering is part of, unless an event type says otherwise.
    pub write: String,
    /// The activity that looking into the processing log itself is part of.
    pub inspect: String,
}

/// Who may do something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "who may is a source type, or { source_type: ..., organisations: ..., zones: ..., when: ... }"
)]
pub enum MayConfig {
    /// Whoever has this type of authority, of this organisation and zone.
    SourceType(String),
    /// The same, on conditions.
    On(MayOnConfig),
}

/// Who may do something, and on which conditions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MayOnConfig {
    /// Their type of authority.
    pub source_type: String,
    /// Of which organisations, by their OIN: `own`, which is the default, `any`, or a list.
    #[serde(default)]
    pub organisations: Option<WhereConfig>,
    /// Of which zones, by their name: `own`, which is the default, `any`, or a list.
    #[serde(default)]
    pub zones: Option<WhereConfig>,
    /// Of a claim: CEL over `data` and over `caller`, the caller's own object as it is today; only where it is true.
    #[serde(default)]
    pub when: Option<String>,
}

/// Of which organisations, or zones, somebody may be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "this is `own`, `any`, or a list of them")]
pub enum WhereConfig {
    /// This one, or whichever.
    Word(WhereWord),
    /// One of these.
    Named(Vec<String>),
}

/// Of this organisation or zone, or of whichever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhereWord {
    /// Of this one.
    Own,
    /// Of whichever.
    Any,
}

/// A type of object and its fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectTypeConfig {
    /// What it is.
    #[serde(default)]
    pub description: Option<String>,
    /// The name of a list of them; the query API's field for several at once.
    pub plural: String,
    /// What events set.
    pub fields: IndexMap<String, FieldConfig>,
    /// What follows from the fields at the moment asked.
    #[serde(default)]
    pub derived: IndexMap<String, DerivedConfig>,
    /// Which objects refer to it: the name of their list, and the field by which they do.
    #[serde(default)]
    pub inverse: IndexMap<String, InverseConfig>,
    /// By what it is searched: a name, and the field that is compared.
    #[serde(default)]
    pub search: IndexMap<String, SearchConfig>,
    /// CEL over the object's fields and `asOf`: the list of the elements that are being investigated.
    #[serde(default)]
    pub investigated: Option<String>,
}

/// A field of an object type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldConfig {
    /// `String`, `Int`, `Boolean`, `PartialDate`, a name from `types`, an object type, or one of these in brackets: `"[Persoon]"`.
    #[serde(rename = "type")]
    pub value_type: String,
    /// What it is.
    #[serde(default)]
    pub description: Option<String>,
    /// How its values follow each other.
    #[serde(default)]
    pub line: LineConfig,
    /// Whether no two objects may have the same value at the same moments.
    #[serde(default)]
    pub unique: bool,
    /// What an investigation calls it: codes in pairs of digits from the whole to its parts, `"010310"` for the date of birth.
    #[serde(default)]
    pub elements: Vec<String>,
}

/// How the values of a field follow each other on the material line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineConfig {
    /// In order of beginning: a value lasts until the next begins.
    #[default]
    Effect,
    /// In order of registration, as the population register keeps residence: a later registration replaces what followed.
    Registration,
}

/// A field that is computed when asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DerivedConfig {
    /// As of a field.
    #[serde(rename = "type")]
    pub value_type: String,
    /// What it is.
    #[serde(default)]
    pub description: Option<String>,
    /// CEL over the object's fields and `asOf`.
    pub value: String,
}

/// The objects whose field refers to this one at the same two moments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InverseConfig {
    /// Their object type.
    pub of: String,
    /// Their field, or a part of it: `verblijfplaats.adres`.
    pub field: String,
    /// CEL over their fields and `asOf`: only those for which it is true.
    #[serde(default)]
    pub when: Option<String>,
    /// What they are to it.
    #[serde(default)]
    pub description: Option<String>,
}

/// Something by which objects are searched.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// Their field, or a part of it: `naam.geslachtsnaam`.
    pub field: String,
    /// How a text is compared.
    #[serde(default, rename = "match")]
    pub matching: Option<MatchConfig>,
    /// What it is.
    #[serde(default)]
    pub description: Option<String>,
}

/// How a text is compared with what is sought; capitals and accents make no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchConfig {
    /// It is the same.
    Exact,
    /// It begins so.
    Prefix,
}

/// A type of event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTypeConfig {
    /// What happens.
    #[serde(default)]
    pub description: Option<String>,
    /// Who may claim it: source types, each by its name or on a condition, such as `{ source_type: burger, when: data.persoon == caller }`.
    pub claim: Vec<MayConfig>,
    /// Who may validate claims and corrections of it; always of this zone.
    pub validate: Vec<MayConfig>,
    /// Who may correct it, always of this zone; where amending and annulling differ, each apart: `{ amend: [], annul: [ambtenaar] }`.
    pub correct: CorrectConfig,
    /// Whether who validates must be another than who claimed.
    #[serde(default)]
    pub four_eyes: bool,
    /// The processing activity that registering it is part of, of those in `processing`.
    #[serde(default)]
    pub processing: Option<String>,
    /// A JSON Pointer to the date in the data on which it takes effect; without one the client gives `occurredAt`.
    #[serde(default)]
    pub effective_date: Option<String>,
    /// Whether it may lie in the future: `refuse`, `allow`, or how far as an ISO 8601 period in days (`P28D`).
    #[serde(default)]
    pub future: Option<String>,
    /// The version that is written today; the last of `versions`.
    pub current: String,
    /// The versions of its format, oldest first.
    pub versions: IndexMap<String, VersionConfig>,
    /// What must hold in the state just before its effects.
    #[serde(default)]
    pub rules: Vec<RuleConfig>,
    /// What it changes: role → field → value.
    #[serde(default)]
    pub effects: IndexMap<String, IndexMap<String, EffectConfig>>,
}

/// Who may correct an event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "`correct` is a list of source types, or { amend: [...], annul: [...] }, both of them"
)]
pub enum CorrectConfig {
    /// Who may amend it, and annul it.
    Both(Vec<MayConfig>),
    /// Each apart.
    Apart(CorrectApartConfig),
}

/// Who may amend an event, and who may annul it; an empty list is nobody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectApartConfig {
    /// Who may give it other data.
    pub amend: Vec<MayConfig>,
    /// Who may say that it did not happen.
    pub annul: Vec<MayConfig>,
}

/// A version of an event type's format.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionConfig {
    /// What was different in it.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema 2020-12 of the data.
    pub schema: Value,
    /// CEL from data of this version to data of the next; every version but the last has one.
    #[serde(default)]
    pub upcast: Option<String>,
    /// Whether new events of this version are refused; old ones stay readable.
    #[serde(default)]
    pub retired: bool,
}

/// A rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// Its name, for refusals and tests.
    pub name: String,
    /// Whether a breach refuses the command, or only warns.
    #[serde(default)]
    pub severity: Severity,
    /// CEL: true where the rule is kept.
    pub check: String,
    /// What a clerk is told when it is not.
    pub message: String,
}

/// What a breach of a rule means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The command is refused; an event that comes to break it later is contested.
    #[default]
    Refuse,
    /// The command passes, with a warning.
    Warn,
}

/// What happens to one field: a CEL expression for its new value, or an action.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EffectConfig {
    /// Sets the field to the value.
    Value(String),
    /// Something else, or on a condition.
    Action(ActionConfig),
}

/// An action on a field; exactly one of `set`, `clear`, `add`, `remove`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionConfig {
    /// CEL for the new value.
    #[serde(default)]
    pub set: Option<String>,
    /// `true`: from here on the field has no value.
    #[serde(default)]
    pub clear: Option<bool>,
    /// CEL for a value to add to a list.
    #[serde(default)]
    pub add: Option<String>,
    /// CEL for a value to take out of a list.
    #[serde(default)]
    pub remove: Option<String>,
    /// CEL over the data alone; the effect happens only where it is true.
    #[serde(default)]
    pub when: Option<String>,
}
