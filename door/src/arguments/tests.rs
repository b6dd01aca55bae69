use async_graphql::dynamic::{
    Enum, Field, FieldFuture, InputObject, InputValue, Object, Scalar, Schema, TypeRef,
};
use async_graphql::parser::parse_query;
use serde_json::{Value as Json, json};

use super::*;

/// One field, `a`, with an argument of each sort; it leads to itself.
fn schema() -> Schema {
    let itself = Field::new("a", TypeRef::named("Query"), |_| {
        FieldFuture::new(async { Ok(None::<async_graphql::Value>) })
    });
    let arguments = [
        ("int", TypeRef::named(TypeRef::INT)),
        ("text", TypeRef::named(TypeRef::STRING)),
        ("float", TypeRef::named(TypeRef::FLOAT)),
        ("flag", TypeRef::named(TypeRef::BOOLEAN)),
        ("id", TypeRef::named(TypeRef::ID)),
        ("any", TypeRef::named("Any")),
        ("word", TypeRef::named("Word")),
        ("list", TypeRef::named_nn_list(TypeRef::INT)),
        ("thing", TypeRef::named("Thing")),
        ("one", TypeRef::named("One")),
    ];
    let itself =
        arguments.into_iter().fold(itself, |field, (name, of)| field.argument(InputValue::new(name, of)));
    let must = Field::new("must", TypeRef::named(TypeRef::INT), |_| {
        FieldFuture::new(async { Ok(None::<async_graphql::Value>) })
    });
    let must = must.argument(InputValue::new("n", TypeRef::named_nn(TypeRef::INT)));
    let thing = InputObject::new("Thing")
        .field(InputValue::new("n", TypeRef::named_nn(TypeRef::INT)))
        .field(InputValue::new("more", TypeRef::named_nn_list("Thing")));
    let one = InputObject::new("One").oneof();
    let one = ["x", "y"]
        .iter()
        .fold(one, |one, name| one.field(InputValue::new(*name, TypeRef::named(TypeRef::INT))));
    Schema::build("Query", None, None)
        .register(Object::new("Query").field(itself).field(must))
        .register(Enum::new("Word").items(["ONE", "TWO"]))
        .register(Scalar::new("Any"))
        .register(thing)
        .register(one)
        .finish()
        .unwrap()
}

/// What is told of a document with these variables.
fn told(query: &str, variables: Json) -> Vec<String> {
    let (schema, document) = (schema(), parse_query(query).unwrap());
    let (_, operation) = document.operations.iter().next().unwrap();
    let variables = Variables::from_json(variables);
    let errors = check(schema.registry(), &document, &operation.node, &variables).err().unwrap_or_default();
    errors.into_iter().map(|(_, error)| error.to_string()).collect()
}

fn right(query: &str, variables: Json) {
    assert_eq!(told(query, variables), Vec::<String>::new(), "{query}");
}

#[test]
fn a_value_of_another_type_is_told_with_the_value_the_type_and_what_would_be_right() {
    let cases = [
        (
            "int: 2147483648",
            "`int` is 2147483648; its type is Int: a whole number from -2147483648 to 2147483647",
        ),
        ("int: \"5\"", "`int` is \"5\"; its type is Int: a whole number"),
        ("text: 5", "`text` is 5; its type is String: a text"),
        ("text: VANDAAG", "`text` is VANDAAG; its type is String: a text"),
        ("float: true", "`float` is true; its type is Float: a number"),
        ("flag: \"true\"", "`flag` is \"true\"; its type is Boolean: true or false"),
        ("id: 1.5", "`id` is 1.5; its type is ID: a text"),
        ("word: THREE", "`word` is THREE; a Word is one of ONE, TWO"),
        ("word: \"ONE\"", "`word` is \"ONE\"; a Word is one of ONE, TWO"),
        ("list: [1, {n: 1}]", "`list.1` is {n: 1}; its type is Int: a whole number"),
        ("list: [null]", "`list.0` is null; its type is Int!, so it has a value"),
        ("thing: \"zzz\"", "`thing` is \"zzz\"; its type is Thing, an object with fields, written as { … }"),
        (
            "thing: [{n: 1}]",
            "`thing` is [{n: 1}]; its type is Thing, an object with fields, written as { … }",
        ),
        ("thing: {}", "`thing.n` is missing; its type is Int!"),
        ("thing: {n: null}", "`thing.n` is null; its type is Int!, so it has a value"),
        ("thing: {n: 1, m: 1}", "`thing` has a field `m`; Thing has none of that name; leave it out"),
        ("thing: {n: 1, more: [{n: 1}, {n: x}]}", "`thing.more.1.n` is x; its type is Int: a whole number"),
        ("one: {}", "`one` has 0 fields; a One has exactly one"),
        ("one: {x: 1, y: 1}", "`one` has 2 fields; a One has exactly one"),
        ("one: {x: null}", "`one` has a field that is null; a One has exactly one, with a value"),
    ];
    for (argument, message) in cases {
        assert_eq!(told(&format!("{{ a({argument}) {{ __typename }} }}"), json!({})), [message]);
    }
}

#[test]
fn what_is_of_its_type_is_let_through() {
    for argument in [
        "int: -2147483648",
        "int: null",
        "float: 1",
        "id: 7",
        "id: \"7\"",
        "any: {a: [1, X]}",
        "word: ONE",
        "list: 1",
        "list: []",
        "thing: {n: 1, more: {n: 2}}",
        "one: {x: 1}",
    ] {
        right(&format!("{{ a({argument}) {{ __typename }} }}"), json!({}));
    }
    right(
        "query($w: Word, $t: Thing) { a(word: $w, thing: $t) { __typename } }",
        json!({ "w": "ONE", "t": { "n": 1 } }),
    );
    right("query($n: Int! = 1, $l: [Int!]!) { a(list: $l) { must(n: $n) } }", json!({ "l": [1] }));
    right("query($n: Int) { a(thing: { n: 1, more: [] }, int: $n) { __typename } }", json!({}));
}

#[test]
fn a_variable_is_of_the_type_that_its_place_asks_and_so_is_its_value() {
    let cases = [
        (
            "query($v: String) { a(int: $v) { __typename } }",
            json!({ "v": "5" }),
            "`int` is given by `$v`, whose type is String; declare it as Int",
        ),
        (
            "query($v: Int) { must(n: $v) }",
            json!({ "v": 5 }),
            "`n` is given by `$v`, whose type is Int; declare it as Int!",
        ),
        (
            "query($v: [Int]) { a(list: $v) { __typename } }",
            json!({}),
            "`list` is given by `$v`, whose type is [Int]; declare it as [Int!]",
        ),
        (
            "query($v: Int) { a(list: [$v]) { __typename } }",
            json!({}),
            "`list.0` is given by `$v`, whose type is Int; declare it as Int!",
        ),
        (
            "query($v: Int) { a(thing: { n: $v }) { __typename } }",
            json!({}),
            "`thing.n` is given by `$v`, whose type is Int; declare it as Int!",
        ),
        (
            "query($v: Thing) { a(thing: $v) { __typename } }",
            json!({ "v": { "n": "x" } }),
            "`thing.n` is \"x\"; its type is Int: a whole number",
        ),
        (
            "query($v: Word = THREE) { a(word: $v) { __typename } }",
            json!({}),
            "`word` is THREE; a Word is one of ONE, TWO",
        ),
    ];
    for (query, variables, message) in cases {
        assert_eq!(told(query, variables), [message], "{query}");
    }
}

#[test]
fn arguments_are_found_wherever_they_stand() {
    let wrong = "`int` is \"x\"; its type is Int: a whole number";
    for query in [
        "{ a { a(int: \"x\") { __typename } } }",
        "{ ... { a(int: \"x\") { __typename } } }",
        "{ ...F ...F } fragment F on Query { a(int: \"x\") { __typename } }",
    ] {
        assert_eq!(told(query, json!({})), [wrong], "{query}");
    }
    assert_eq!(
        told("{ a @skip(if: 1) { __typename } }", json!({})),
        ["`if` is 1; its type is Boolean: true or false"]
    );
    assert_eq!(told("{ must }", json!({})), ["`n` is missing; its type is Int!"]);
    // What the schema does not know is not for here.
    right("{ nothing(int: \"x\") a(nothing: 1) { __typename } }", json!({}));
}

#[test]
fn mistakes_are_told_together_and_briefly() {
    let query = format!("{{ {} }}", "a(int: \"x\", word: x) { __typename } ".repeat(50));
    assert!((2..=12).contains(&told(&query, json!({})).len()));
    let long = "x".repeat(1_000_000);
    let variables = json!({ "w": long, "t": { (long.clone()): 1 }, "i": [long] });
    let query = "query($w: Word, $t: Thing, $i: [Int!]) { a(word: $w, thing: $t, list: $i) { __typename } }";
    let told = told(query, variables);
    assert!(told.len() == 3 && told.iter().all(|message| message.len() < 200), "{told:?}");
}
