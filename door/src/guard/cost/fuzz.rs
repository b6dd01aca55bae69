//! The count of values against one that goes from each field back to the root, and multiplies the lists that it passes.

use async_graphql::parser::parse_query;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::tests::schema;
use super::*;

/// What is selected, without fragments: a field, how its length is asked for, what is selected of it.
#[derive(Clone, Debug)]
struct Asked {
    field: &'static str,
    length: Length,
    of_it: Vec<Asked>,
    /// Whether what is selected of it stands in a fragment.
    spread: bool,
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Untold,
    First(i64),
    /// By a variable, which may be left out where it has a default.
    Variable {
        given: Option<u64>,
        default: Option<u64>,
    },
    Ids(usize),
}

/// The fields of the schema of these tests: of what type, whether a list, and how many where nobody says.
fn known(of: &str, field: &str) -> Option<(&'static str, bool, Option<u64>)> {
    Some(match (of, field) {
        ("Query", "person") | ("Edge", "node") => ("Person", false, None),
        ("Query", "persons") | ("Person", "children") => ("Person", true, None),
        ("Person", "events") => ("Events", false, Some(20)),
        ("Events", "edges") => ("Edge", true, None),
        ("Person", "name") | ("Events", "more") => ("String", false, None),
        _ => return None,
    })
}

fn takes(field: &str) -> &'static str {
    match field {
        "persons" => "ids",
        "events" => "first",
        _ => "",
    }
}

/// How many are asked for by a field.
fn length(asked: &Asked) -> Option<u64> {
    match (asked.length, takes(asked.field)) {
        (Length::First(first), "first") => u64::try_from(first).ok().or(Some(20)),
        (Length::Variable { given, default }, "first") => given.or(default).or(Some(20)),
        (Length::Ids(count), "ids") => Some(count as u64),
        (_, "first") => Some(20),
        _ => None,
    }
}

/// What is selected of a type, each field with what stands around it.
fn values<'a>(asked: &'a [Asked], of: &str, around: &mut Vec<(&'a Asked, bool)>) -> u64 {
    let mut sum = 0;
    for each in asked {
        sum += times(around);
        if let Some((of, list, _)) = known(of, each.field) {
            around.push((each, list));
            sum += values(&each.of_it, of, around);
            around.pop();
        }
    }
    sum
}

/// How often something in these fields is there: each list as long as it is asked for, by itself or by the field around it.
fn times(around: &[(&Asked, bool)]) -> u64 {
    let long = |(place, (asked, list)): (usize, &(&Asked, bool))| {
        let by_the_field_around = || {
            let (asked, list) = around.get(place.checked_sub(1)?)?;
            if *list { None } else { length(asked) }
        };
        if *list { length(asked).or_else(by_the_field_around).unwrap_or(4).clamp(1, 1000) } else { 1 }
    };
    around.iter().enumerate().map(long).product()
}

/// The document, its fragments behind it; and the variables.
struct Text {
    fragments: Vec<String>,
    variables: Vec<String>,
    given: serde_json::Map<String, serde_json::Value>,
}

impl Text {
    fn set(&mut self, asked: &[Asked], of: &str) -> String {
        let fields: Vec<String> = asked.iter().map(|each| self.field(each, of)).collect();
        format!("{{ {} }}", fields.join(" "))
    }

    fn field(&mut self, asked: &Asked, of: &str) -> String {
        let arguments = match (takes(asked.field), asked.length) {
            ("first", Length::First(first)) => format!("(first: {first})"),
            ("first", Length::Variable { given, default }) => {
                let name = format!("v{}", self.variables.len());
                let default = default.map(|default| format!(" = {default}")).unwrap_or_default();
                self.variables.push(format!("${name}: Int{default}"));
                self.given.extend(given.map(|given| (name.clone(), json!(given))));
                format!("(first: ${name})")
            }
            ("ids", Length::Ids(count)) => format!("(ids: [{}])", "1 ".repeat(count)),
            _ => String::new(),
        };
        let of = known(of, asked.field).map_or("Nothing", |(of, _, _)| of);
        let below = match (asked.of_it.is_empty(), asked.spread) {
            (true, _) => String::new(),
            (false, false) => self.set(&asked.of_it, of),
            (false, true) => {
                let set = self.set(&asked.of_it, of);
                let name = format!("F{}", self.fragments.len());
                self.fragments.push(format!("fragment {name} on {of} {set}"));
                format!("{{ ... {{ ...{name} }} }}")
            }
        };
        format!("{}{arguments} {below}", asked.field)
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let length = prop_oneof![
        Just(Length::Untold),
        select(vec![-1, 0, 1, 3, 50, 1000, 5000]).prop_map(Length::First),
        (prop::option::of(0..30u64), prop::option::of(0..30u64))
            .prop_map(|(given, default)| Length::Variable { given, default }),
        (0..12usize).prop_map(Length::Ids),
    ];
    let field = select(vec![
        "person",
        "persons",
        "name",
        "children",
        "events",
        "edges",
        "node",
        "more",
        "nothing",
        "__typename",
    ]);
    let head = (field, length, any::<bool>());
    let leaf =
        head.clone().prop_map(|(field, length, spread)| Asked { field, length, of_it: Vec::new(), spread });
    leaf.prop_recursive(7, 24, 3, move |inner| {
        // What leads on, and mostly to where the type has it.
        let leads = select(vec!["person", "persons", "children", "events", "edges", "node"]);
        (leads, head.clone(), vec(inner, 1..4)).prop_map(|(field, (_, length, spread), of_it)| Asked {
            field,
            length,
            of_it,
            spread,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_operation_is_refused_from_the_first_value_on_that_is_too_many(asked in vec(asked(), 1..4)) {
        let mut text = Text { fragments: Vec::new(), variables: Vec::new(), given: serde_json::Map::new() };
        let set = text.set(&asked, "Query");
        let variables = if text.variables.is_empty() { String::new() } else { format!("({})", text.variables.join(" ")) };
        let document = format!("query{variables} {set} {}", text.fragments.join(" "));
        let parsed = parse_query(&document).expect("it is GraphQL");
        let (_, operation) = parsed.operations.iter().next().expect("an operation");
        let given = Variables::from_json(serde_json::Value::Object(text.given));
        let (schema, counted) = (schema(), values(&asked, "Query", &mut Vec::new()));
        let within = |max_values| {
            let options = GuardOptions { max_values, ..GuardOptions::default() };
            check(schema.registry(), &parsed, &operation.node, &given, &options).is_ok()
        };
        prop_assert!(within(counted) && !within(counted - 1), "{counted}: {document}");
    }
}
