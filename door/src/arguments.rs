//! Every argument that a document gives, held against the schema before anything is executed.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::registry::{MetaInputValue, MetaTypeName, Registry};
use async_graphql::{Name, Pos, Positioned, Variables};
use async_graphql_value::Value;

use crate::input::{InputError, Inputs, Place};

/// How many mistakes are told at once.
const MAX_ERRORS: usize = 10;

/// Checks the arguments of the operation; each mistake with its place in the document.
///
/// What the schema does not know at all is for validation to refuse. Only for a document that the guard let through.
pub(crate) fn check(
    registry: &Registry,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), Vec<(Pos, InputError)>> {
    let declared = operation
        .variable_definitions
        .iter()
        .map(|variable| (variable.node.name.node.as_str(), &variable.node));
    let inputs = Inputs { registry, declared: declared.collect(), variables };
    let mut walk = Walk { document, inputs, seen: HashSet::new(), errors: Vec::new() };
    let root = match operation.ty {
        OperationType::Query => Some(&registry.query_type),
        OperationType::Mutation => registry.mutation_type.as_ref(),
        OperationType::Subscription => registry.subscription_type.as_ref(),
    };
    walk.directives(&operation.directives);
    if let Some(root) = root {
        walk.set(&operation.selection_set.node, root);
    }
    if walk.errors.is_empty() { Ok(()) } else { Err(walk.errors) }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    inputs: Inputs<'a>,
    /// Fragments are looked at once, however often they are spread.
    seen: HashSet<&'a Name>,
    errors: Vec<(Pos, InputError)>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet, of: &str) {
        for selection in &set.items {
            if self.errors.len() < MAX_ERRORS {
                self.selection(&selection.node, of);
            }
        }
    }

    fn selection(&mut self, selection: &'a Selection, of: &str) {
        match selection {
            Selection::Field(field) => {
                self.directives(&field.node.directives);
                let known = self.inputs.registry.types.get(of);
                if let Some(meta) = known.and_then(|of| of.field_by_name(&field.node.name.node)) {
                    self.arguments(field.pos, &meta.args, &field.node.arguments);
                    self.set(&field.node.selection_set.node, MetaTypeName::concrete_typename(&meta.ty));
                }
            }
            Selection::InlineFragment(inline) => {
                self.directives(&inline.node.directives);
                let condition = inline.node.type_condition.as_ref();
                let of = condition.map_or(of, |condition| condition.node.on.node.as_str());
                self.set(&inline.node.selection_set.node, of);
            }
            Selection::FragmentSpread(spread) => {
                self.directives(&spread.node.directives);
                let found = self.document.fragments.get_key_value(&spread.node.fragment_name.node);
                if let Some((name, fragment)) = found
                    && self.seen.insert(name)
                {
                    self.directives(&fragment.node.directives);
                    self.set(&fragment.node.selection_set.node, &fragment.node.type_condition.node.on.node);
                }
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            if let Some(known) = self.inputs.registry.directives.get(directive.node.name.node.as_str()) {
                self.arguments(directive.pos, &known.args, &directive.node.arguments);
            }
        }
    }

    fn arguments(
        &mut self,
        place: Pos,
        known: &IndexMap<String, MetaInputValue>,
        given: &[(Positioned<Name>, Positioned<Value>)],
    ) {
        for argument in known.values() {
            let found = given.iter().find(|(name, _)| name.node.as_str() == argument.name);
            let value = found.map(|(_, value)| &value.node);
            if let Err(error) = self.inputs.argument(Place::Root(&argument.name), argument, value) {
                self.errors.push((found.map_or(place, |(_, value)| value.pos), error));
            }
        }
    }
}

#[cfg(test)]
mod tests;
