//! How many values an operation asks for, with its lists as long as they may become.

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::registry::{MetaField, MetaTypeName, Registry};
use async_graphql::{Name, Value, Variables};
use async_graphql_value::Value as Literal;

use super::{GuardError, GuardOptions, limit};

/// The length of a list that tells none: more than most have, and little enough for lists within lists.
const ASSUMED: u64 = 4;

/// The longest that a list is counted as: who asks for a longer page is refused by the field itself, which says how long it may be.
const LONGEST: u64 = 1000;

/// The argument that says how many are asked for, of a list or of a connection that holds one.
const HOW_MANY: &str = "first";

/// The argument that says which ones, and so how many.
const WHICH: &str = "ids";

/// Refuses an operation that asks for more values than the limit allows.
///
/// Only for a document within the other limits: fragments are expanded here.
///
/// # Errors
/// [`GuardError::Limit`].
pub(crate) fn check(
    registry: &Registry,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    options: &GuardOptions,
) -> Result<(), GuardError> {
    let root = match operation.ty {
        OperationType::Query => Some(&registry.query_type),
        OperationType::Mutation => registry.mutation_type.as_ref(),
        OperationType::Subscription => registry.subscription_type.as_ref(),
    };
    let Some(root) = root else { return Ok(()) };
    let mut count = Count { registry, document, operation, variables, most: options.max_values, values: 0 };
    count.set(&operation.selection_set.node, Within { of: root, times: 1, size: None })
}

struct Count<'a> {
    registry: &'a Registry,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    most: u64,
    values: u64,
}

/// Where a selection set stands.
#[derive(Clone, Copy)]
struct Within<'a> {
    /// The type of the object that it is of.
    of: &'a str,
    /// How many of these objects there may be.
    times: u64,
    /// How long the lists of such an object may be, where an argument around it says so.
    size: Option<u64>,
}

impl<'a> Count<'a> {
    fn set(&mut self, set: &'a SelectionSet, within: Within<'a>) -> Result<(), GuardError> {
        set.items.iter().try_for_each(|selection| match &selection.node {
            Selection::Field(field) => self.field(&field.node, within),
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                let of = condition.map_or(within.of, |condition| condition.node.on.node.as_str());
                self.set(&inline.node.selection_set.node, Within { of, ..within })
            }
            Selection::FragmentSpread(spread) => {
                match self.document.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) => {
                        let of = fragment.node.type_condition.node.on.node.as_str();
                        self.set(&fragment.node.selection_set.node, Within { of, ..within })
                    }
                    None => Ok(()),
                }
            }
        })
    }

    fn field(&mut self, field: &'a Field, within: Within<'a>) -> Result<(), GuardError> {
        self.values = self.values.saturating_add(within.times);
        limit("values in its lists", self.values, self.most)?;
        let known = self.registry.types.get(within.of).filter(|_| !field.name.node.starts_with("__"));
        let Some(meta) = known.and_then(|of| of.field_by_name(&field.name.node)) else {
            // The schema about itself, which is bounded by its own size; or what validation will refuse.
            return Ok(());
        };
        let asked = self.asked(meta, field);
        let of = MetaTypeName::concrete_typename(&meta.ty);
        let within = match meta.ty.starts_with('[') {
            true => {
                let length = asked.or(within.size).unwrap_or(ASSUMED).min(LONGEST);
                Within { of, times: within.times.saturating_mul(length.max(1)), size: None }
            }
            false => Within { of, times: within.times, size: asked },
        };
        self.set(&field.selection_set.node, within)
    }

    /// How many the arguments of a field ask for, where they do.
    fn asked(&self, meta: &MetaField, field: &Field) -> Option<u64> {
        let number = |value: Value| match value {
            Value::Number(number) => number.as_u64(),
            Value::List(items) => Some(items.len() as u64),
            Value::Null
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_)
            | Value::Object(_) => None,
        };
        [HOW_MANY, WHICH].into_iter().find_map(|name| {
            let declared = meta.args.get(name)?;
            let given = field.get_argument(name).and_then(|value| self.value(&value.node));
            let default = || declared.default_value.as_deref().and_then(|text| text.parse().ok());
            given.and_then(number).or_else(default)
        })
    }

    /// A literal with the values of variables in place.
    fn value(&self, literal: &Literal) -> Option<Value> {
        literal.clone().into_const_with(|name| self.variable(&name).ok_or(())).ok()
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        let declared = self.operation.variable_definitions.iter();
        let mut declared = declared.filter(|variable| variable.node.name.node == *name);
        let default = || Some(declared.next()?.node.default_value.as_ref()?.node.clone());
        self.variables.get(name).cloned().or_else(default)
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
