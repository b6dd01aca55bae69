//! The steps against the language itself: whatever they tell, it tells too.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::catalogue::expression::{Datum, EvaluationError, Expression, FieldRead, Scope};
use crate::event::ObjectId;

struct Data(Value);

impl Scope for Data {
    fn variable(&self, name: &str) -> Option<Datum<'_>> {
        (name == "data").then(|| Datum::of(&self.0, None))
    }

    fn data(&self) -> Option<&Value> {
        None
    }

    fn answer(&self, _: ObjectId, _: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
        Ok(Datum::Null)
    }
}

/// Something that an expression may start from.
fn leaf() -> impl Strategy<Value = String> {
    select(vec![
        "data.text",
        "data.date",
        "data.number",
        "data.list",
        "data.truth",
        "data.part.text",
        "data.part",
        "data.none",
        "item",
        "null",
        "true",
        "1",
        "'b'",
        "'2020-02-00'",
        "'2020-02-29'",
        "[]",
        "['b', 'c']",
    ])
    .prop_map(str::to_owned)
}

fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(5, 40, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let operator = select(vec!["==", "!=", "<", "<=", ">", ">=", "&&", "||", "in", "+"]);
        let macro_name = select(vec!["all", "exists", "exists_one", "map", "filter"]);
        let of_value = select(vec!["startsWith", "endsWith", "contains"]);
        let of_one = select(vec!["size", "earliest", "latest", "unknown"]);
        let of_two = select(vec!["years", "days", "addDays", "addYears"]);
        prop_oneof![
            4 => (operator, two.clone()).prop_map(|(by, (a, b))| format!("({a} {by} {b})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a} ? {b} : {c})")),
            2 => (macro_name, two.clone()).prop_map(|(name, (a, b))| format!("{a}.{name}(item, {b})")),
            1 => (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("{a}.map(item, {b}, {c})")),
            1 => (of_value, two.clone()).prop_map(|(name, (a, b))| format!("{a}.{name}({b})")),
            1 => (of_one, inner).prop_map(|(name, a)| format!("{name}({a})")),
            1 => (of_two, two.clone()).prop_map(|(name, (a, b))| format!("{name}({a}, {b})")),
            1 => two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => two.prop_map(|(a, b)| format!("{{\"b\": {a}, \"a\": {b}}}")),
        ]
    })
}

fn data() -> impl Strategy<Value = Value> {
    let text = select(vec![json!("b"), json!("bc"), json!(""), Value::Null]);
    let date = select(vec![json!("2020-02-29"), json!("2019-00-00"), json!("0000-00-00"), Value::Null]);
    let number = select(vec![json!(1), json!(-3), json!(i64::MAX), json!(1.5), Value::Null]);
    let list = select(vec![json!([]), json!(["b"]), json!([1, "b", null]), json!([["b"]]), Value::Null]);
    let part = select(vec![json!({"text": "b"}), json!({"z": 1, "text": null}), json!({}), Value::Null]);
    let truth = select(vec![json!(true), json!(false), Value::Null]);
    (text, date, number, list, part, truth).prop_map(|(text, date, number, list, part, truth)| {
        json!({"text": text, "date": date, "number": number, "list": list, "part": part, "truth": truth, "none": null})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_steps_tell_the_language_tells_too(source in expression(), data in data()) {
        let expression = Expression::untyped(&source);
        let scope = Data(data);
        if let Some(told) = expression.steps.as_ref().and_then(|steps| steps.run(&scope)?.to_json()) {
            prop_assert_eq!(expression.interpret(&scope), Ok(told), "{}", source);
        }
    }
}

#[test]
fn what_rules_are_made_of_takes_steps_alone() {
    let scope = Data(json!({
        "text": "b", "date": "2020-02-00", "number": 1, "list": ["b", "c"], "part": {"text": "b"}, "none": null
    }));
    let told = |source: &str| {
        let expression = Expression::untyped(source);
        let steps = expression.steps.as_ref().expect("it takes steps alone");
        steps.run(&scope).and_then(|told| told.to_json()).unwrap_or_else(|| panic!("`{source}` is not told"))
    };
    assert_eq!(told("data.none == null || latest(data.none) >= data.date"), json!(true));
    assert_eq!(told("years(data.date, '2038-02-01') >= 18 && data.number != 2"), json!(true));
    assert_eq!(
        told("data.list.all(one, one in ['c', data.text]) ? addDays(latest(data.date), 1) : null"),
        json!("2020-03-01")
    );
    assert_eq!(told("data.list.filter(one, one != 'b').map(one, one + 'd')"), json!(["cd"]));
    assert_eq!(told("data.list.exists_one(one, one.startsWith('b')) && data.list.size() == 2"), json!(true));
    assert_eq!(
        told("{'text': data.part.text, 'none': data.none, 'list': [data.number]}"),
        json!({"list": [1], "text": "b"})
    );
}
