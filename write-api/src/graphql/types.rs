//! The types of the schema while it grows: each name once.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::dynamic::{Enum, InputObject, Object, Scalar, Schema, SchemaBuilder, Type};

use super::SchemaError;

/// The types so far.
pub(super) struct Types {
    types: Vec<Type>,
    names: HashSet<String>,
    /// The types of the catalogue that have been defined.
    catalogued: HashSet<Arc<str>>,
    /// The first name that was given out twice.
    taken: Option<String>,
}

impl Types {
    /// No types but those that are GraphQL's own.
    pub(super) fn new() -> Self {
        let own = ["Boolean", "Float", "ID", "Int", "String"];
        Self {
            types: Vec::new(),
            names: own.map(str::to_owned).into(),
            catalogued: HashSet::new(),
            taken: None,
        }
    }

    /// Adds a type.
    pub(super) fn add(&mut self, new: impl Named + Into<Type>) {
        let name = new.name().to_owned();
        if self.names.insert(name.clone()) {
            self.types.push(new.into());
        } else {
            self.taken.get_or_insert(name);
        }
    }

    /// Whether this type of the catalogue is met for the first time; it is defined once, and used in many places.
    pub(super) fn first_met(&mut self, catalogued: &Arc<str>) -> bool {
        self.catalogued.insert(Arc::clone(catalogued))
    }

    /// Whether every name so far was given out once.
    pub(super) fn check(&self) -> Result<(), SchemaError> {
        self.taken.clone().map_or(Ok(()), |name| Err(SchemaError::Taken(name)))
    }

    /// The schema with these types.
    pub(super) fn into_schema(self, query: &str, mutation: &str) -> Result<SchemaBuilder, SchemaError> {
        self.check()?;
        let builder = Schema::build(query, Some(mutation), None);
        Ok(self.types.into_iter().fold(builder, SchemaBuilder::register))
    }
}

/// A type with a name.
pub(super) trait Named {
    /// Its name.
    fn name(&self) -> &str;
}

impl Named for Enum {
    fn name(&self) -> &str {
        self.type_name()
    }
}

impl Named for InputObject {
    fn name(&self) -> &str {
        self.type_name()
    }
}

impl Named for Object {
    fn name(&self) -> &str {
        self.type_name()
    }
}

impl Named for Scalar {
    fn name(&self) -> &str {
        self.type_name()
    }
}
