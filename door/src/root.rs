//! The fields at the root of the operation that a request asks for.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};
use async_graphql_value::Value as Literal;

/// What an operation is, and the names of its answers in the order of the document.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) kind: OperationType,
    keys: Vec<Name>,
    /// The commands of a mutation that has several.
    pub(crate) mutations: Option<Mutations>,
}

/// The fields at the root of one mutation, where there are several.
///
/// They are executed one after the other, and each stands on its own; so what can be refused of any of them is best refused before the first.
#[derive(Clone, Debug)]
pub struct Mutations(pub Vec<Mutation>);

/// One field at the root of a mutation.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// The name of its answer.
    pub key: Name,
    /// The name of the field.
    pub name: Name,
    /// Its arguments, with the values of variables in place.
    pub arguments: IndexMap<Name, Value>,
    /// Where it stands in the document.
    pub place: async_graphql::Pos,
}

impl Root {
    /// Only for a document that the guard let through: its fragments spread no circles.
    pub(crate) fn of(
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Self {
        let mut collector = Collector { document, operation, variables, fields: Vec::new() };
        collector.set(&operation.selection_set.node, true);
        let fields = collector.fields;
        let keys = fields.iter().map(|(field, _)| field.node.response_key().node.clone()).collect();
        let several = operation.ty == OperationType::Mutation && fields.len() > 1;
        let values = Values { operation, variables };
        let executed = fields.iter().filter(|(_, executed)| *executed);
        let mutations =
            several.then(|| Mutations(executed.map(|(field, _)| values.mutation(field)).collect()));
        Self { kind: operation.ty, keys, mutations }
    }

    /// A name that two fields share.
    ///
    /// GraphQL merges them into one; the library would execute both, and a command is not to be executed twice.
    pub(crate) fn shared(&self) -> Option<&Name> {
        self.keys
            .iter()
            .enumerate()
            .find(|(place, key)| self.keys[..*place].contains(key))
            .map(|(_, key)| key)
    }

    /// Puts the answers in the order of the document; the library has them in that in which they were ready.
    pub(crate) fn sort(&self, data: &mut Value) {
        if let Value::Object(answers) = data {
            let place = |key: &Name| self.keys.iter().position(|other| other == key);
            answers.sort_by_cached_key(|key, _| place(key));
        }
    }
}

/// The operation of that name, or the only one; where there is none, the schema will say so.
pub(crate) fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(only), None) => Some(&only.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(several), Some(name)) => several.get(name).map(|found| &found.node),
        (DocumentOperations::Multiple(several), None) => {
            let mut all = several.values();
            all.next().filter(|_| all.next().is_none()).map(|only| &only.node)
        }
    }
}

/// Whether an operation has one field at its root, written there, which every message is an answer to.
///
/// GraphQL would take it from a fragment as well; the library looks for it in no other place.
pub(crate) fn single_field(operation: &OperationDefinition) -> bool {
    let decides =
        |directive: &Positioned<Directive>| matches!(directive.node.name.node.as_str(), "skip" | "include");
    match operation.selection_set.node.items.as_slice() {
        [only] => match &only.node {
            Selection::Field(field) => {
                !field.node.name.node.starts_with("__") && !field.node.directives.iter().any(decides)
            }
            Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
        },
        _ => false,
    }
}

/// The fields at the root, wherever they are written, and whether they are to be executed.
struct Collector<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    fields: Vec<(&'a Positioned<Field>, bool)>,
}

impl<'a> Collector<'a> {
    fn set(&mut self, set: &'a SelectionSet, executed: bool) {
        for selection in &set.items {
            let values = Values { operation: self.operation, variables: self.variables };
            let executed = executed && !values.skip(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => self.fields.push((field, executed)),
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, executed),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.set(&fragment.node.selection_set.node, executed);
                    }
                }
            }
        }
    }
}

/// Literals with the values of variables in place.
#[derive(Clone, Copy)]
struct Values<'a> {
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Values<'_> {
    fn mutation(self, field: &Positioned<Field>) -> Mutation {
        let arguments = field.node.arguments.iter();
        Mutation {
            key: field.node.response_key().node.clone(),
            name: field.node.name.node.clone(),
            arguments: arguments.map(|(name, value)| (name.node.clone(), self.value(&value.node))).collect(),
            place: field.pos,
        }
    }

    /// What is left out is null, which means the same to whoever reads it.
    fn value(self, literal: &Literal) -> Value {
        let given = |name: Name| Ok::<_, std::convert::Infallible>(self.variable(&name));
        literal.clone().into_const_with(given).unwrap_or_default()
    }

    fn variable(self, name: &Name) -> Value {
        let declared =
            self.operation.variable_definitions.iter().find(|variable| variable.node.name.node == *name);
        let default = || declared?.node.default_value.as_ref().map(|default| default.node.clone());
        self.variables.get(name).cloned().or_else(default).unwrap_or_default()
    }

    fn skip(self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let says = |truth| {
                let value = directive.node.get_argument("if");
                value.is_some_and(|value| self.value(&value.node) == Value::Boolean(truth))
            };
            match directive.node.name.node.as_str() {
                "skip" => says(true),
                "include" => says(false),
                _ => false,
            }
        })
    }
}
