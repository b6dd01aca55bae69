//! The shape of `query_config.yaml`, as written by hand.
//!
//! `docs/query_config.schema.json` is generated from these types, so that editors complete what is documented here.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Who gets to see what. What is not granted is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryConfig {
    /// The raw events.
    #[serde(default)]
    pub events: EventsConfig,
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
    /// The source types that may read them.
    pub read: Vec<String>,
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
    /// The source types that may read it.
    pub read: Vec<String>,
    /// What it shows, by the name that it has in the view; left out where the view is the object type itself.
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
}

/// The JSON Schema of the config, for editors.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    schemars::schema_for!(QueryConfig)
}
