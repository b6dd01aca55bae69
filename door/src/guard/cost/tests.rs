use async_graphql::dynamic::{Field, FieldFuture, InputValue, Object, Schema, TypeRef};
use async_graphql::parser::parse_query;
use serde_json::{Value as Json, json};

use super::*;

fn field(name: &str, of: TypeRef) -> Field {
    Field::new(name, of, |_| FieldFuture::new(async { Ok(None::<Value>) }))
}

/// Persons by their ids, each with a name, children, and a connection of events.
pub(super) fn schema() -> Schema {
    let ids = InputValue::new("ids", TypeRef::named_nn_list_nn(TypeRef::ID));
    let first = InputValue::new("first", TypeRef::named(TypeRef::INT)).default_value(20);
    let person = Object::new("Person")
        .field(field("name", TypeRef::named(TypeRef::STRING)))
        .field(field("children", TypeRef::named_nn_list("Person")))
        .field(field("events", TypeRef::named("Events")).argument(first));
    let events = Object::new("Events")
        .field(field("edges", TypeRef::named_nn_list_nn("Edge")))
        .field(field("more", TypeRef::named(TypeRef::BOOLEAN)));
    let edge = Object::new("Edge").field(field("node", TypeRef::named("Person")));
    let query = Object::new("Query")
        .field(field("person", TypeRef::named("Person")))
        .field(field("persons", TypeRef::named_list("Person")).argument(ids));
    let schema = Schema::build("Query", None, None).register(query).register(person);
    schema.register(events).register(edge).finish().unwrap()
}

/// How many values are counted; where there are more than a million, the refusal.
fn values(query: &str, variables: Json) -> Result<u64, String> {
    let (schema, document) = (schema(), parse_query(query).unwrap());
    let (_, operation) = document.operations.iter().next().unwrap();
    let variables = Variables::from_json(variables);
    // The count is where the limit begins to refuse.
    let refused = |most| {
        let options = GuardOptions { max_values: most, ..GuardOptions::default() };
        check(schema.registry(), &document, &operation.node, &variables, &options)
    };
    refused(1_000_000).map_err(|error| error.to_string())?;
    let (mut low, mut high) = (0, 1_000_000);
    while low < high {
        let middle = u64::midpoint(low, high);
        match refused(middle) {
            Ok(()) => high = middle,
            Err(_) => low = middle + 1,
        }
    }
    Ok(low)
}

#[test]
fn lists_count_with_the_length_that_is_asked_for() {
    let none = json!({});
    assert_eq!(values("{ person { name } }", none.clone()), Ok(2));
    assert_eq!(values("{ persons(ids: [1, 2, 3]) { name } }", none.clone()), Ok(1 + 3));
    assert_eq!(values("query($i: [ID!]!) { persons(ids: $i) { name } }", json!({ "i": [1, 2] })), Ok(1 + 2));
    // A person, its connection, whether there are more, and an edge, a node and a name for each
    let page = "{ person { events(first: 50) { edges { node { name } } more } } }";
    assert_eq!(values(page, none), Ok(4 + 50 + 50));
}

#[test]
fn a_page_that_is_not_told_its_length_has_that_of_the_schema_and_a_list_that_has_none_is_taken_for_four() {
    let page = "query($n: Int) { person { events(first: $n) { edges { node { name } } } } }";
    assert_eq!(values(page, json!({ "n": 7 })), Ok(3 + 2 * 7));
    assert_eq!(values(page, json!({})), Ok(3 + 2 * 20));
    assert_eq!(
        values("query($n: Int = 3) { person { events(first: $n) { edges { node { name } } } } }", json!({})),
        Ok(3 + 2 * 3)
    );
    assert_eq!(values("{ person { children { name } } }", json!({})), Ok(2 + 4));
}

#[test]
fn lists_within_lists_multiply_through_fragments_too() {
    let query = "{ persons(ids: [1, 2]) { ...F } } fragment F on Person { children { ...G } } fragment G on Person { ... { name } }";
    assert_eq!(values(query, json!({})), Ok(1 + 2 + 8));
    let pages = |levels: usize| {
        let open = "events(first: 500) { edges { node { ".repeat(levels);
        format!("{{ person {{ {open} name {} }} }}", "} } }".repeat(levels))
    };
    assert_eq!(values(&pages(1), json!({})), Ok(3 + 500 + 500));
    let refused = values(&pages(3), json!({}));
    let told = "the document has values in its lists above the limit of 1000000; ask for less, or in several requests";
    assert_eq!(refused, Err(told.to_owned()));
}

#[test]
fn a_page_longer_than_any_is_left_to_the_field_to_refuse() {
    let page = format!("{{ person {{ events(first: {}) {{ edges {{ node {{ name }} }} }} }} }}", i32::MAX);
    assert_eq!(values(&page, json!({})), Ok(3 + 2 * 1000));
}

#[test]
fn the_schema_about_itself_is_not_counted_beyond_its_root() {
    assert_eq!(values("{ __schema { types { fields { args { name } } } } __typename }", json!({})), Ok(2));
}
