//! The GraphQL surface: a schema generated from the catalogue, typed into nested data.
//!
//! A mutation parses its input into a [`Command`](crate::command::Command), submits it, and shows the outcome; nothing is decided here.

mod admission;
mod consequences;
mod data;
mod fields;
#[cfg(test)]
mod fuzz;
mod input;
mod json;
mod mutation;
mod noting;
mod operation;
mod output;
mod query;
mod read;
mod sight;
mod subscriptions;
mod types;

use std::sync::Arc;

use async_graphql::SDLExportOptions;
use async_graphql::dynamic::{Object, Schema, SchemaBuilder};
use policy::Policy;
use read_model::catalogue::Catalogue;
use read_model::reader::EventReader;

use self::admission::Admission;
use self::types::Types;
use crate::append::Appender;
use crate::ids::IdSource;
use crate::subscribing::Subscriptions;

/// The most commands that one `append` takes: they are decided together, while others wait.
pub const MAX_COMMANDS: usize = 100;

/// The mutation that makes several commands.
const APPEND: &str = "append";

/// More waits than the server takes on.
const OVERLOADED: &str = "OVERLOADED";

/// The server is shutting down.
const STOPPING: &str = "STOPPING";

/// A subscription has that name already.
const SUBSCRIPTION_EXISTS: &str = "SUBSCRIPTION_EXISTS";

/// No subscription of the caller has that name.
const SUBSCRIPTION_UNKNOWN: &str = "SUBSCRIPTION_UNKNOWN";

/// The codes in `extensions.code` of this API's own errors; those of the border are [`door::Code`].
pub const CODES: [&str; 4] = [OVERLOADED, STOPPING, SUBSCRIPTION_EXISTS, SUBSCRIPTION_UNKNOWN];

/// Why no schema can be made from a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Two things would have the same name.
    #[error(
        "GraphQL has one name for each type, and `{0}` would be two; rename the event type, type or property that leads to it"
    )]
    Taken(String),
    /// The library refuses it.
    #[error("the schema generated from the catalogue is refused")]
    Refused(#[source] async_graphql::dynamic::SchemaError),
}

/// What mutations work with.
pub struct Gate {
    /// The one that appends.
    pub appender: Appender,
    /// Who may see what of others.
    pub policy: Arc<Policy>,
    /// What reads what follows from a command.
    pub reader: EventReader,
    /// What makes and manages durable subscriptions.
    pub subscriptions: Subscriptions,
    /// Where ids come from that the client does not give.
    pub ids: Box<dyn IdSource>,
}

/// The schema as a server answers by it.
///
/// # Errors
/// Where the names in the catalogue clash.
pub fn builder(catalogue: &Arc<Catalogue>, gate: Gate) -> Result<SchemaBuilder, SchemaError> {
    Ok(describe(catalogue)?.data(gate).extension(Admission(Arc::clone(catalogue))))
}

/// The schema as text, for code generators.
///
/// # Errors
/// As for [`builder`].
pub fn print(catalogue: &Arc<Catalogue>) -> Result<String, SchemaError> {
    let options = SDLExportOptions::new().prefer_single_line_descriptions().use_space_ident();
    Ok(finish(describe(catalogue)?)?.sdl_with_options(options))
}

/// The schema, ready to answer.
///
/// # Errors
/// Where the library refuses it.
pub fn finish(builder: SchemaBuilder) -> Result<Schema, SchemaError> {
    builder.finish().map_err(SchemaError::Refused)
}

fn describe(catalogue: &Arc<Catalogue>) -> Result<SchemaBuilder, SchemaError> {
    let mut types = Types::new();
    let operations = operation::all(catalogue);
    for operation in &operations {
        input::define(catalogue, operation, &mut types);
    }
    input::define_append(catalogue, &mut types);
    // Names that clash are found here, before the same clash makes a field twice.
    types.check()?;
    let mutations = Object::new("Mutation").description(
        "What can be said to the registry. Each is decided on its own and, where accepted, durable when answered.",
    );
    let one = |object: Object, operation| object.field(mutation::one(catalogue, operation));
    let mutations = operations.into_iter().fold(mutations, one).field(mutation::append(catalogue));
    types.add(subscriptions::mutations(catalogue, mutations));
    subscriptions::define(&mut types);
    output::define(&mut types);
    query::define(catalogue, &mut types);
    types.into_schema("Query", "Mutation")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shipped;

    #[test]
    fn the_committed_schema_is_the_one_that_is_generated() {
        let committed = include_str!("../../schemas/write.graphql");
        assert!(
            print(&shipped()).unwrap() == committed,
            "run `write-api --print-schema > schemas/write.graphql`, and look at the difference"
        );
    }

    #[test]
    fn two_types_of_one_name_are_refused_with_that_name() {
        let source = include_str!("../../write_config.yaml").replace("Plaats", "Finding");
        let source = source.replace(
            "    type: string\n    minLength: 1\n    maxLength: 80",
            "    type: string\n    enum: [A]",
        );
        let catalogue = Catalogue::compile("write_config.yaml", &source).unwrap();
        let error = print(&Arc::new(catalogue)).unwrap_err();
        assert!(matches!(&error, SchemaError::Taken(name) if name == "Finding"), "{error}");
    }
}
