//! What a document asks once its fragments are expanded, without expanding them.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

use super::{GuardError, GuardOptions, limit};

/// What the door needs to know of a document within the limits.
pub(super) struct Measure {
    pub(super) introspects: bool,
    pub(super) only_introspects: bool,
}

/// Measures a document; `visited` is raised by each selection that is looked at.
pub(super) fn measure(
    document: &ExecutableDocument,
    options: &GuardOptions,
    visited: &mut usize,
) -> Result<Measure, GuardError> {
    let mut meter = Meter { fragments: &document.fragments, options, known: HashMap::new(), visited };
    let mut measure = Measure { introspects: false, only_introspects: true };
    for (_, operation) in document.operations.iter() {
        let count = meter.operation(&operation.node)?;
        measure.introspects |= count.introspection > 0;
        measure.only_introspects &= count.root_fields == count.root_introspection;
    }
    // Fragments that no operation spreads are validated too.
    for (name, fragment) in &document.fragments {
        measure.introspects |= meter.fragment(name, fragment, 1)?.introspection > 0;
    }
    Ok(measure)
}

/// What a selection set asks.
#[derive(Clone, Copy, Default)]
struct Count {
    fields: u64,
    aliases: u64,
    directives: u64,
    root_fields: u64,
    root_introspection: u64,
    introspection: u64,
    depth: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.root_fields = self.root_fields.saturating_add(other.root_fields);
        self.root_introspection = self.root_introspection.saturating_add(other.root_introspection);
        self.introspection = self.introspection.saturating_add(other.introspection);
        self.depth = self.depth.max(other.depth);
    }

    /// The same one level up, where these are no longer the roots.
    fn nested(self) -> Self {
        Self { root_fields: 0, root_introspection: 0, ..self }
    }
}

/// A fragment that is being measured, or has been.
enum Known {
    Pending,
    Counted(Count),
}

struct Meter<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    options: &'a GuardOptions,
    known: HashMap<&'a Name, Known>,
    visited: &'a mut usize,
}

impl<'a> Meter<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Count, GuardError> {
        let mut count = self.set(&operation.selection_set.node, 1)?;
        let on_variables =
            operation.variable_definitions.iter().map(|variable| variable.node.directives.len());
        count.directives += (operation.directives.len() + on_variables.sum::<usize>()) as u64;
        self.within(&count)?;
        limit("fields at the root", count.root_fields, self.options.max_root_fields)?;
        Ok(count)
    }

    /// `level` is that of the set itself: the recursion ends where the depth does.
    fn set(&mut self, set: &'a SelectionSet, level: u64) -> Result<Count, GuardError> {
        limit("levels of nesting", level, self.options.max_depth)?;
        let mut count = Count::default();
        for selection in &set.items {
            count.add(self.selection(&selection.node, level)?);
            self.within(&count)?;
        }
        count.depth += 1;
        Ok(count)
    }

    fn selection(&mut self, selection: &'a Selection, level: u64) -> Result<Count, GuardError> {
        *self.visited += 1;
        let mut count = match selection {
            Selection::Field(field) => self.field(&field.node, level)?,
            Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, level + 1)?,
            Selection::FragmentSpread(spread) => {
                match self.fragments.get_key_value(&spread.node.fragment_name.node) {
                    Some((name, fragment)) => self.fragment(name, fragment, level + 1)?,
                    // Validation will say that there is no such fragment; until then it counts as a field, as whoever expands the document comes by here no less often.
                    None => Count { fields: 1, root_fields: 1, ..Count::default() },
                }
            }
        };
        count.directives = count.directives.saturating_add(selection.directives().len() as u64);
        Ok(count)
    }

    fn field(&mut self, field: &'a Field, level: u64) -> Result<Count, GuardError> {
        let mut count = match field.selection_set.node.items.is_empty() {
            true => Count::default(),
            false => self.set(&field.selection_set.node, level + 1)?.nested(),
        };
        let schema = matches!(field.name.node.as_str(), "__schema" | "__type");
        count.add(Count {
            fields: 1,
            aliases: field.alias.is_some().into(),
            root_fields: 1,
            root_introspection: (schema || field.name.node == "__typename").into(),
            introspection: schema.into(),
            ..Count::default()
        });
        Ok(count)
    }

    /// Each fragment is measured the first time that it is met, and remembered.
    fn fragment(
        &mut self,
        name: &'a Name,
        fragment: &'a Positioned<FragmentDefinition>,
        level: u64,
    ) -> Result<Count, GuardError> {
        match self.known.get(name) {
            Some(Known::Pending) => {
                return Err(GuardError::Cycle { fragment: name.to_string() });
            }
            Some(Known::Counted(count)) => {
                limit("levels of nesting", level + count.depth - 1, self.options.max_depth)?;
                return Ok(*count);
            }
            None => {}
        }
        self.known.insert(name, Known::Pending);
        let mut count = self.set(&fragment.node.selection_set.node, level)?;
        count.directives = count.directives.saturating_add(fragment.node.directives.len() as u64);
        self.within(&count)?;
        self.known.insert(name, Known::Counted(count));
        Ok(count)
    }

    fn within(&self, count: &Count) -> Result<(), GuardError> {
        limit("fields", count.fields, self.options.max_fields)?;
        limit("aliases", count.aliases, self.options.max_aliases)?;
        limit("directives", count.directives, self.options.max_directives)
    }
}
