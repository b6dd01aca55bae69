//! What a front-end may ask of the write API: what there is to say, and who may say it. The rest is for the query API.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, Object, TypeRef};
use door::Principal;
use read_model::catalogue::{Catalogue, EventType, Version, source_types_of};
use serde_json::json;

use super::output::{Held, object, value};
use super::types::Types;

/// Defines the query root and the types of the catalogue.
pub(super) fn define(catalogue: &Arc<Catalogue>, types: &mut Types) {
    let shown = Arc::new(value(shown(catalogue)));
    let field = Field::new("catalogue", TypeRef::named_nn("Catalogue"), move |context| {
        let shown = Value::clone(&shown);
        FieldFuture::new(async move { Principal::of(&context).map(|_| Some(shown)) })
    });
    let description = "What this F6 takes in, and from whom.";
    types.add(
        Object::new("Query")
            .description("What the write API tells of itself.")
            .field(field.description(description)),
    );
    let catalogue = "The catalogue that commands are decided by, from `write_config.yaml`.";
    types.add(object("Catalogue", catalogue, &CATALOGUE_FIELDS));
    types.add(object("EventType", "Something that can happen.", &EVENT_TYPE_FIELDS));
    types.add(object("EventVersion", "A version of an event type's format.", &VERSION_FIELDS));
}

const CATALOGUE_FIELDS: [Held; 6] = [
    ("hash", "String!", "Its name in every basis."),
    ("organisation", "String!", "The organisation."),
    ("zone", "String!", "The zone of authority."),
    ("oin", "String!", "The Organisatie-identificatienummer."),
    ("sourceTypes", "[String!]!", "The types of authority."),
    ("eventTypes", "[EventType!]!", "What can happen."),
];

const EVENT_TYPE_FIELDS: [Held; 9] = [
    ("name", "String!", "Its name."),
    ("description", "String", "What happens."),
    ("currentVersion", "String!", "The version of its format that is written today."),
    ("versions", "[EventVersion!]!", "Every version of its format, oldest first."),
    ("claim", "[String!]!", "The source types that may claim it."),
    ("validate", "[String!]!", "The source types that may validate claims and corrections of it."),
    ("amend", "[String!]!", "The source types that may give it other data."),
    ("annul", "[String!]!", "The source types that may say that it did not happen."),
    ("fourEyes", "Boolean!", "Whether who validates must be another than who claimed."),
];

const VERSION_FIELDS: [Held; 3] = [
    ("name", "String!", "Its name."),
    ("description", "String", "What was different in it."),
    ("retired", "Boolean!", "Whether new events of it are refused."),
];

fn shown(catalogue: &Catalogue) -> serde_json::Value {
    json!({
        "hash": catalogue.hash,
        "organisation": catalogue.organisation,
        "zone": catalogue.zone_name,
        "oin": catalogue.oin,
        "sourceTypes": catalogue.source_types,
        "eventTypes": catalogue.event_types.values().map(event_type).collect::<Vec<_>>(),
    })
}

fn event_type(event_type: &EventType) -> serde_json::Value {
    json!({
        "name": event_type.name,
        "description": event_type.description,
        "currentVersion": event_type.current().name,
        "versions": event_type.versions.values().map(version).collect::<Vec<_>>(),
        "claim": source_types_of(&event_type.claim),
        "validate": source_types_of(&event_type.validate),
        "amend": source_types_of(&event_type.amend),
        "annul": source_types_of(&event_type.annul),
        "fourEyes": event_type.four_eyes,
    })
}

fn version(version: &Version) -> serde_json::Value {
    json!({ "name": version.name, "description": version.description, "retired": version.retired })
}
