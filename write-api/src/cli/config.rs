//! `check-config` and `config-schema`: what editors and reviewers of a config need.

use std::io;
use std::path::Path;
use std::sync::Arc;

use read_model::catalogue::Catalogue;
use read_model::catalogue::config::Config;
use schemars::schema_for;

use super::{chain, say};
use crate::graphql;
use crate::settings::load_catalogue;

/// Says whether the config in this file is right, every mistake on a line of its own; the catalogue where it is.
pub(super) fn check(path: &Path) -> io::Result<Option<Arc<Catalogue>>> {
    let file = path.display();
    let told = match load_catalogue(path) {
        Err(error) => Err(chain(&error)),
        Ok(catalogue) => graphql::print(&catalogue)
            .map(|_| catalogue)
            .map_err(|error| format!("{file}: {}", chain(&error))),
    };
    match told {
        Ok(catalogue) => {
            let (events, objects) = (catalogue.event_types.len(), catalogue.object_types.len());
            say(&format!("{file}: the config is right: {events} event types, {objects} object types"))?;
            Ok(Some(catalogue))
        }
        Err(wrong) => {
            say(&wrong)?;
            Ok(None)
        }
    }
}

/// The JSON Schema of the config file itself.
pub(super) fn schema() -> String {
    let mut schema = schema_for!(Config);
    schema.insert("title".to_owned(), "write_config.yaml of F6".into());
    // A schema is made of JSON values alone, so that writing it as text cannot fail.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_one_that_is_generated() {
        let committed = include_str!("../../../docs/write_config.schema.json");
        assert!(
            schema() == committed,
            "run `write-api config-schema > docs/write_config.schema.json`, and look at the difference"
        );
    }
}
