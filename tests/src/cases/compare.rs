//! The second step: what was answered beside what is expected.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// How the answers to the cases of a file compare with what it expects.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Cases with the expected answer.
    pub passed: usize,
    /// Cases with another answer, and what they expected.
    pub failed: Vec<Difference>,
    /// Cases whose authors call their own result wrong, and that have another answer.
    pub otherwise: Vec<Difference>,
    /// Cases whose authors call their own result wrong, and that have that answer all the same; by their sources.
    pub all_the_same: Vec<String>,
    /// Cases that expect nothing.
    pub silent: usize,
}

/// A case that was answered otherwise than expected.
#[derive(Debug)]
pub struct Difference {
    /// The case, from 0.
    pub number: usize,
    /// Where the case comes from.
    pub source: String,
    /// What the case expects.
    pub expected: Value,
    /// What was answered.
    pub answered: Value,
}

/// Compares the answers with what the file expects.
///
/// # Errors
/// When these are no cases, or there is not one answer for each.
pub fn compare(file: &str, answers: &[Value]) -> Result<Comparison, String> {
    let file: Value = serde_json::from_str(file).map_err(|error| format!("these are no cases: {error}"))?;
    let cases = file.as_array().or_else(|| file["cases"].as_array()).ok_or("these are no cases")?;
    if cases.len() != answers.len() {
        return Err(format!("there are {} answers to {} cases", answers.len(), cases.len()));
    }
    let mut comparison = Comparison::default();
    for (number, (case, answered)) in cases.iter().zip(answers).enumerate() {
        comparison.take(number, case, answered);
    }
    Ok(comparison)
}

impl Comparison {
    fn take(&mut self, number: usize, case: &Value, answered: &Value) {
        let (expected, same) = match (case.get("expected_newest_first"), case.get("expect")) {
            (Some(expected), _) => (expected, expected == answered),
            (None, Some(expected)) => (expected, as_set(expected) == as_set(answered)),
            (None, None) => {
                self.silent += 1;
                return;
            }
        };
        let source = case["source"].as_str().unwrap_or_default().to_owned();
        let authors_disagree = case["reference_rule"] == "fail";
        if same && authors_disagree {
            self.all_the_same.push(source);
        } else if same {
            self.passed += 1;
        } else {
            let (expected, answered) = (expected.clone(), answered.clone());
            let difference = Difference { number, source, expected, answered };
            if authors_disagree { &mut self.otherwise } else { &mut self.failed }.push(difference);
        }
    }
}

/// Names in no order.
fn as_set(names: &Value) -> BTreeSet<&str> {
    names.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, source, expected, answered } = self;
        write!(f, "case {number} ({source})\n  expected {expected}\n  answered {answered}")
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.failed {
            writeln!(f, "{difference}")?;
        }
        if self.silent > 0 {
            writeln!(f, "{} cases expect nothing", self.silent)?;
        }
        let (otherwise, same) = (self.otherwise.len(), self.all_the_same.len());
        if otherwise + same > 0 {
            writeln!(f, "{} cases whose authors call their own result wrong:", otherwise + same)?;
            self.otherwise
                .iter()
                .try_for_each(|case| writeln!(f, "  answered otherwise: {}", case.source))?;
            self.all_the_same
                .iter()
                .try_for_each(|source| writeln!(f, "  answered as they expect: {source}"))?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failed.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::compare;

    #[test]
    fn an_answer_in_another_order_differs_for_residences_and_not_for_names() {
        let [one, other] = [json!({ "since": "2010-00-00" }), json!({ "since": "2012-01-01" })];
        let file = json!([{ "source": "s", "expected_newest_first": [one, other] }]).to_string();
        assert_eq!(compare(&file, &[json!([one, other])]).unwrap().passed, 1);
        assert_eq!(compare(&file, &[json!([other, one])]).unwrap().failed.len(), 1);
        let file = json!({ "cases": [{ "source": "s", "expect": ["Delft", "Gouda"] }] }).to_string();
        assert_eq!(compare(&file, &[json!(["Gouda", "Delft"])]).unwrap().passed, 1);
        assert_eq!(compare(&file, &[json!(["Gouda"])]).unwrap().failed.len(), 1);
    }

    #[test]
    fn a_residence_with_more_or_less_than_expected_differs() {
        let file =
            json!([{ "source": "s", "expected_newest_first": [{ "since": "2010-01-01" }] }]).to_string();
        for answered in [json!([]), json!([{ "since": "2010-01-01", "next_since": "2012-01-01" }])] {
            assert_eq!(compare(&file, &[answered]).unwrap().failed.len(), 1);
        }
    }

    #[test]
    fn a_case_whose_authors_call_their_result_wrong_neither_passes_nor_fails() {
        let case = json!({ "source": "s", "expected_newest_first": [], "reference_rule": "fail" });
        let file = json!([case, case]).to_string();
        let comparison = compare(&file, &[json!([]), json!([{ "since": "2010-01-01" }])]).unwrap();
        assert_eq!((comparison.passed, comparison.failed.len()), (0, 0));
        assert_eq!((comparison.all_the_same.len(), comparison.otherwise.len()), (1, 1));
    }

    #[test]
    fn every_case_has_an_answer() {
        assert_eq!(compare("[{}, {}]", &[json!([])]).unwrap_err(), "there are 1 answers to 2 cases");
    }
}
