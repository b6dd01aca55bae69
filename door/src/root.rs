//! The fields at the root of the operation that a request asks for.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value};

/// What an operation is, and the names of its answers in the order of the document.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) kind: OperationType,
    keys: Vec<Name>,
}

impl Root {
    /// Only for a document that the guard let through: its fragments spread no circles.
    pub(crate) fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut keys = Vec::new();
        collect(document, &operation.selection_set.node, &mut keys);
        Self { kind: operation.ty, keys }
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

fn collect(document: &ExecutableDocument, set: &SelectionSet, keys: &mut Vec<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => keys.push(field.node.response_key().node.clone()),
            Selection::InlineFragment(inline) => collect(document, &inline.node.selection_set.node, keys),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, keys);
                }
            }
        }
    }
}
