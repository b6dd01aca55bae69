//! Whether each variable that must have a value has one; the library finds out only while it executes.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Value, Variables};

/// Why the variables do not fit the operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variable `${name}` is {found}; its type is {expected}")]
pub(crate) struct VariableError {
    name: String,
    found: &'static str,
    expected: String,
}

pub(crate) fn check(operation: &OperationDefinition, variables: &Variables) -> Result<(), VariableError> {
    for variable in &operation.variable_definitions {
        let (name, expected) = (&variable.node.name.node, &variable.node.var_type.node);
        let found = match variables.get(name) {
            None if variable.node.default_value.is_some() || expected.nullable => continue,
            None => "missing",
            Some(value) if fits(value, expected) => continue,
            Some(_) => "null, or has null in it",
        };
        return Err(VariableError { name: name.to_string(), found, expected: expected.to_string() });
    }
    Ok(())
}

/// Whether null stands only where it may.
fn fits(value: &Value, expected: &Type) -> bool {
    match (value, &expected.base) {
        (Value::Null, _) => expected.nullable,
        (Value::List(items), BaseType::List(item)) => items.iter().all(|value| fits(value, item)),
        (_, BaseType::List(_) | BaseType::Named(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn checked(definition: &str, variables: serde_json::Value) -> Result<(), String> {
        let document = parse_query(format!("query({definition}) {{ a }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        check(&operation.node, &Variables::from_json(variables)).map_err(|error| error.to_string())
    }

    #[test]
    fn null_stands_only_where_it_may() {
        for (definition, variables) in [
            ("$a: Int", json!({})),
            ("$a: Int", json!({ "a": null })),
            ("$a: Int! = 1", json!({})),
            ("$a: [Int]!", json!({ "a": [null] })),
            ("$a: [Int!]!", json!({ "a": 1 })),
        ] {
            assert_eq!(checked(definition, variables), Ok(()), "{definition}");
        }
        for (definition, variables) in [
            ("$a: Int!", json!({ "a": null })),
            ("$a: Int! = 1", json!({ "a": null })),
            ("$a: [Int!]", json!({ "a": [1, null] })),
            ("$a: [[Int!]]", json!({ "a": [[1], [null]] })),
        ] {
            assert!(checked(definition, variables).unwrap_err().contains("has null in it"), "{definition}");
        }
        let missing = Err("the variable `$a` is missing; its type is [UUID!]!".to_owned());
        assert_eq!(checked("$a: [UUID!]!", json!({ "b": 1 })), missing);
    }
}
