//! Random data of events, near enough to their formats that some are right and most are not.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::Union;
use proptest::string::string_regex;
use serde_json::{Map, Value, json};

use super::formats::Formats;

/// Objects and events that random data name.
pub(crate) const IDS: [&str; 5] = [
    "019b76da-a800-7000-8000-000000000001",
    "019b76da-a800-7000-8000-000000000002",
    "019b76da-a800-7000-8000-00000000000a",
    "019B76DA-A800-7000-8000-00000000000A",
    "019b76da-a800-7000-8000-00000000000b",
];

/// Days on which something may have happened.
const DATES: [&str; 7] =
    ["2026-01-01", "2010-05-17", "2010-05-00", "2010-00-00", "0000-00-00", "2024-02-29", "2099-12-31"];

/// Data in one of the formats: its event type, its version, and the data.
pub(crate) fn right(formats: &Formats) -> impl Strategy<Value = (String, String, Value)> + use<> {
    let each = formats.all().map(|(event_type, version, schema)| {
        let named = (Just(event_type.to_owned()), Just(version.to_owned()));
        (named, of(formats, schema))
            .prop_map(|((event_type, version), data)| (event_type, version, data))
            .boxed()
    });
    Union::new(each.collect::<Vec<_>>())
}

/// The same with some of it changed.
pub(crate) fn slipped(formats: &Formats) -> impl Strategy<Value = (String, String, Value)> + use<> {
    (right(formats), slips())
        .prop_map(|((event_type, version, data), slips)| (event_type, version, slip(data, slips)))
}

/// What a schema asks for.
fn of(formats: &Formats, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(name) = schema["$ref"].as_str() {
        return match formats.named(name) {
            Some(named) => of(formats, named),
            None => select(IDS.as_slice()).prop_map(Value::from).boxed(),
        };
    }
    let count = |key: &str, or: u64| usize::try_from(schema[key].as_u64().unwrap_or(or)).unwrap_or(0);
    match schema["type"].as_str() {
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("integer" | "number") => (-3..100i32).prop_map(Value::from).boxed(),
        Some("array") => {
            let (least, most) = (count("minItems", 0), count("maxItems", 3).min(3));
            vec(of(formats, &schema["items"]), least..=most.max(least)).prop_map(Value::from).boxed()
        }
        Some("object") => object(formats, schema),
        _ => text(schema, count("minLength", 0)),
    }
}

fn text(schema: &Value, least: usize) -> BoxedStrategy<Value> {
    if let Some(choices) = schema["enum"].as_array() {
        return select(choices.clone()).boxed();
    }
    if schema["format"] == "partial-date" {
        return select(DATES.as_slice()).prop_map(Value::from).boxed();
    }
    if schema["format"] == "uuid" {
        return select(IDS.as_slice()).prop_map(Value::from).boxed();
    }
    let pattern = schema["pattern"].as_str();
    match pattern.and_then(|pattern| string_regex(pattern.trim_matches(['^', '$'])).ok()) {
        Some(written) => written.prop_map(Value::from).boxed(),
        None => vec(select(vec!['a', 'Z', 'é', ' ', '-', '𝛼']), least..=least + 12)
            .prop_map(|characters| Value::from(characters.into_iter().collect::<String>()))
            .boxed(),
    }
}

fn object(formats: &Formats, schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let property = |(name, schema): (&String, &Value)| {
        let value = of(formats, schema);
        let given = if required.contains(&name.as_str()) {
            value.prop_map(Some).boxed()
        } else {
            prop::option::weighted(0.6, value).boxed()
        };
        (Just(name.clone()), given).boxed()
    };
    let properties: Vec<_> = schema["properties"].as_object().into_iter().flatten().map(property).collect();
    let given = |(name, value): (String, Option<Value>)| value.map(|value| (name, value));
    properties
        .prop_map(move |all| Value::Object(all.into_iter().filter_map(given).collect::<Map<_, _>>()))
        .boxed()
}

/// A change of what stands somewhere in a value.
#[derive(Clone, Debug)]
pub(crate) struct Slip {
    place: Index,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    LeaveOut,
    Rename(&'static str),
    Add(&'static str, Value),
    Replace(Value),
    InList,
    Nest(usize),
    Repeat,
}

/// Some changes, or none.
pub(crate) fn slips() -> impl Strategy<Value = Vec<Slip>> {
    let names =
        select(vec!["", "kind", "Kind", "datum", "persoon", "bogus", "a/b", "~1", "__typename", "reden"]);
    let what = prop_oneof![
        2 => Just(What::LeaveOut),
        1 => names.clone().prop_map(What::Rename),
        1 => (names, junk()).prop_map(|(name, value)| What::Add(name, value)),
        5 => junk().prop_map(What::Replace),
        1 => Just(What::InList),
        1 => prop_oneof![1..4usize, Just(40)].prop_map(What::Nest),
        1 => Just(What::Repeat),
    ];
    vec((any::<Index>(), what).prop_map(|(place, what)| Slip { place, what }), 0..4)
}

/// Any JSON, most of it small.
pub(crate) fn junk() -> impl Strategy<Value = Value> {
    let texts = vec![
        "",
        " ",
        "x",
        "\0",
        "2010-02-30",
        "0000-00-01",
        "2010-00-00",
        "2010-05-17\n",
        "1234\n",
        "null",
        "true",
        "−1",
        "\u{202e}",
        "2026-01-04T09:30:00Z",
        "019b76da-a800-7000-8000-000000000001",
        "{019b76da-a800-7000-8000-000000000001}",
        "019b76daa80070008000000000000001",
        "urn:uuid:019b76da-a800-7000-8000-000000000001",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1e300)),
        Just(json!(2_147_483_648_u64)),
        select(texts).prop_map(Value::from),
        "[0-9A-Z]{0,10}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        (1..5_000usize).prop_map(|length| Value::from("é".repeat(length))),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((select(vec!["a", "kind", "persoon", "datum"]), inner), 0..3).prop_map(|entries| {
                Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

/// The value with these changes.
pub(crate) fn slip(mut value: Value, slips: Vec<Slip>) -> Value {
    for Slip { place, what } in slips {
        let places = places(&value);
        let at = places[place.index(places.len())].clone();
        change(&mut value, &at, what);
    }
    value
}

/// The JSON Pointer of each value in a value, itself included.
pub(crate) fn places(value: &Value) -> Vec<String> {
    let below = |step: String, inner: &Value| -> Vec<String> {
        places(inner).into_iter().map(|rest| format!("/{step}{rest}")).collect()
    };
    let inner: Vec<String> = match value {
        Value::Object(fields) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            fields.iter().flat_map(|(name, inner)| below(escaped(name), inner)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(place, inner)| below(place.to_string(), inner)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    std::iter::once(String::new()).chain(inner).collect()
}

fn change(value: &mut Value, at: &str, what: What) {
    let (around, name) = at.rsplit_once('/').map_or((None, ""), |(around, name)| (Some(around), name));
    let name = name.replace("~1", "/").replace("~0", "~");
    let Some(found) = value.pointer_mut(at) else { return };
    match what {
        What::Replace(junk) => *found = junk,
        What::InList => *found = json!([found.take()]),
        What::Nest(levels) => *found = (0..levels).fold(found.take(), |inner, _| json!({ "a": inner })),
        What::Add(name, junk) => {
            drop(found.as_object_mut().map(|fields| fields.insert(name.to_owned(), junk)))
        }
        What::LeaveOut | What::Rename(_) | What::Repeat => {
            let found = found.clone();
            match (around.and_then(|around| value.pointer_mut(around)), what) {
                (Some(Value::Object(fields)), What::Rename(other)) => {
                    fields.shift_remove(&name);
                    fields.insert(other.to_owned(), found);
                }
                (Some(Value::Object(fields)), What::LeaveOut) => drop(fields.shift_remove(&name)),
                (Some(Value::Array(items)), What::Repeat) => items.push(found),
                (Some(Value::Array(items)), What::LeaveOut) => drop(items.pop()),
                _ => {}
            }
        }
    }
}
