//! The formats of the shipped config as they are written, and a reading of them that knows no library.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use read_model::catalogue::compile_yaml;
use read_model::catalogue::config::Config;
use serde_json::Value;

/// The formats of each version of each event type, and the types that they name.
pub(crate) struct Formats {
    versions: BTreeMap<(String, String), Value>,
    types: BTreeMap<String, Value>,
}

impl Formats {
    /// Those that are shipped.
    pub(crate) fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Formats> = LazyLock::new(Formats::read);
        &SHIPPED
    }

    fn read() -> Self {
        compile_yaml("write_config.yaml", super::SHIPPED, |config: &Config, _| {
            let versions = config.event_types.iter().flat_map(|(name, event_type)| {
                event_type
                    .versions
                    .iter()
                    .map(|(version, format)| ((name.clone(), version.clone()), format.schema.clone()))
            });
            let types = config.types.iter().map(|(name, schema)| (name.clone(), schema.clone()));
            Self { versions: versions.collect(), types: types.collect() }
        })
        .expect("the shipped config is right")
    }

    /// Event type, version, schema.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.versions
            .iter()
            .map(|((event_type, version), schema)| (event_type.as_str(), version.as_str(), schema))
    }

    /// The schema that a `$ref` leads to; none where it is an object type.
    pub(crate) fn named(&self, reference: &str) -> Option<&Value> {
        self.types.get(reference.strip_prefix("#/$defs/")?)
    }

    /// Whether data are in a format.
    pub(crate) fn accept(&self, event_type: &str, version: &str, data: &Value) -> bool {
        let size = data.to_string().len();
        assert!(size < 50_000, "{size} bytes are near the limit, which is not what is looked at here");
        let schema = &self.versions[&(event_type.to_owned(), version.to_owned())];
        depth(data) <= 32 && !data.to_string().contains("\\u0000") && self.fits(schema, data)
    }

    fn fits(&self, schema: &Value, data: &Value) -> bool {
        if let Some(name) = schema["$ref"].as_str() {
            return self
                .named(name)
                .map_or_else(|| data.as_str().is_some_and(is_id), |schema| self.fits(schema, data));
        }
        let keywords = schema.as_object().expect("a schema is a mapping");
        keywords.iter().all(|(keyword, asked)| self.keeps(keyword, asked, schema, data))
    }

    /// Whether data keep to one keyword; those of other types of data always do.
    fn keeps(&self, keyword: &str, asked: &Value, schema: &Value, data: &Value) -> bool {
        let most = || asked.as_u64().expect("a number");
        let length = || data.as_str().map(|text| text.chars().count() as u64);
        let items = || data.as_array().map(|items| items.len() as u64);
        match keyword {
            "description" => true,
            "type" => is_of(asked.as_str().expect("a type"), data),
            "enum" => asked.as_array().expect("a list").contains(data),
            "pattern" => data.as_str().is_none_or(|text| has_form(asked.as_str().expect("a pattern"), text)),
            "format" => data.as_str().is_none_or(|text| match asked.as_str() {
                Some("uuid") => is_id(text),
                Some("partial-date") => is_date(text),
                other => panic!("a format that this oracle does not know: {other:?}"),
            }),
            "minLength" => length().is_none_or(|length| length >= most()),
            "maxLength" => length().is_none_or(|length| length <= most()),
            "minItems" => items().is_none_or(|count| count >= most()),
            "maxItems" => items().is_none_or(|count| count <= most()),
            "uniqueItems" => data.as_array().is_none_or(|items| {
                items.iter().enumerate().all(|(place, item)| !items[..place].contains(item))
            }),
            "items" => data.as_array().is_none_or(|items| items.iter().all(|item| self.fits(asked, item))),
            "required" => data.as_object().is_none_or(|fields| {
                let names = asked.as_array().expect("a list");
                names.iter().all(|name| fields.contains_key(name.as_str().expect("a name")))
            }),
            "properties" => data.as_object().is_none_or(|fields| {
                fields
                    .iter()
                    .all(|(name, value)| asked.get(name).is_none_or(|schema| self.fits(schema, value)))
            }),
            "additionalProperties" => data
                .as_object()
                .is_none_or(|fields| fields.keys().all(|name| schema["properties"].get(name).is_some())),
            other => panic!("a keyword that this oracle does not know: {other}"),
        }
    }
}

fn is_of(wanted: &str, data: &Value) -> bool {
    match wanted {
        "object" => data.is_object(),
        "array" => data.is_array(),
        "string" => data.is_string(),
        "boolean" => data.is_boolean(),
        "integer" => data.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("a type that this oracle does not know: {other}"),
    }
}

fn depth(data: &Value) -> usize {
    let deepest = match data {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    1 + deepest.unwrap_or(0)
}

/// RFC 9562: five groups of 8, 4, 4, 4 and 12 hexadecimal digits.
pub(crate) fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().chars().all(|digit| "0123456789abcdefABCDEF".contains(digit))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = text.chars().all(|digit| digit == '-' || "0123456789".contains(digit));
    if !digits || !parts.iter().map(|part| part.len()).eq([4, 2, 2]) {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().expect("digits");
    let (year, month, day) = (number(parts[0]), number(parts[1]), number(parts[2]));
    let last = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if year == 0 || month == 0 { month == 0 && day == 0 } else { last > 0 && day <= last }
}

/// Whether a text has the form of a pattern with anchors, of characters, classes, groups, and counts in braces.
fn has_form(pattern: &str, text: &str) -> bool {
    let inner =
        pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).expect("an anchored pattern");
    let text: Vec<char> = text.chars().collect();
    ends(&inner.chars().collect::<Vec<_>>(), &text).contains(&text.len())
}

/// The lengths of the beginnings of a text that have the form of a pattern.
fn ends(pattern: &[char], text: &[char]) -> Vec<usize> {
    let Some(first) = pattern.first() else { return vec![0] };
    let find = |close: char| pattern.iter().position(|other| *other == close).expect("it is closed");
    let (one, rest) = match first {
        '(' => pattern.split_at(find(')') + 1),
        '[' => pattern.split_at(find(']') + 1),
        '\\' => pattern.split_at(2),
        _ => pattern.split_at(1),
    };
    let (least, most, rest) = count(rest);
    let mut found = Vec::new();
    let mut at = vec![0];
    for times in 0..=most {
        if times >= least {
            found.extend(
                at.iter()
                    .flat_map(|begun| ends(rest, &text[*begun..]).into_iter().map(move |end| begun + end)),
            );
        }
        at = at
            .into_iter()
            .flat_map(|begun| once(one, &text[begun..]).into_iter().map(move |end| begun + end))
            .collect();
    }
    found
}

/// `{7}` and `{1,7}`, and what stands behind them.
fn count(pattern: &[char]) -> (usize, usize, &[char]) {
    if pattern.first() != Some(&'{') {
        return (1, 1, pattern);
    }
    let close = pattern.iter().position(|other| *other == '}').expect("it is closed");
    let numbers: String = pattern[1..close].iter().collect();
    let (least, most) = numbers.split_once(',').unwrap_or((&numbers, &numbers));
    (least.parse().expect("a number"), most.parse().expect("a number"), &pattern[close + 1..])
}

fn once(one: &[char], text: &[char]) -> Vec<usize> {
    if one[0] == '(' {
        return one[1..one.len() - 1].split(|other| *other == '|').flat_map(|way| ends(way, text)).collect();
    }
    let Some(given) = text.first() else { return Vec::new() };
    let fits = match one {
        ['[', class @ .., ']'] => {
            class.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(given))
                || class.contains(given) && *given != '-'
        }
        ['\\', literal] | [literal] => literal == given,
        other => panic!("a pattern that this oracle does not know: {other:?}"),
    };
    if fits { vec![1] } else { Vec::new() }
}

#[test]
fn the_reading_of_patterns_reads_those_that_are_shipped() {
    for (pattern, right, wrong) in [
        ("^[0-9]{4}$", "0599", "599"),
        ("^(1|2|12|1D|2D|D)$", "1D", "D1"),
        ("^(0[1-9]|1[0-6])[0-9]{4}$", "161234", "171234"),
        ("^[0-9]{2}\\.[0-9]{6}$", "21.000123", "21x000123"),
        ("^ECLI:NL:[A-Z]{1,7}:[0-9]{4}:[0-9A-Z.]{1,25}$", "ECLI:NL:HR:2020:1.A", "ECLI:NL:HR:2020:"),
    ] {
        assert!(
            has_form(pattern, right)
                && !has_form(pattern, wrong)
                && !has_form(pattern, &format!("{right}\n")),
            "{pattern}"
        );
    }
}
