//! What is found on the way: counted, with a few examples of each, so that it stays small however long the log is.

use std::collections::BTreeMap;
use std::error::Error;

use read_model::catalogue::{Catalogue, UpcastError};
use read_model::event::{Event, EventKind, ObjectId, Position};
use read_model::fold::{Answer, Breach, FoldError, Reading, Shift};

/// How much is told of what is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Whether values may be told: personal data.
    pub(super) values: bool,
    /// How many examples of each.
    pub(super) examples: usize,
}

/// Everything that was found.
#[derive(Debug)]
pub(super) struct Tally {
    told: Told,
    /// The newest event that was looked at.
    pub(super) up_to: Position,
    /// How many objects were compared.
    pub(super) objects: u64,
    /// Events that cannot be read with the new config, by type, version and reason.
    pub(super) unreadable: Findings,
    /// How many of these the config in use cannot read either.
    pub(super) unreadable_already: u64,
    /// Events that only the new config contests, by type and rule.
    pub(super) contested: Findings,
    /// Events that only the config in use contests.
    pub(super) settled: Findings,
    /// Objects that are shown otherwise, by field.
    pub(super) shifted: Findings,
}

/// Findings of one kind; one event or object may be found under several headings.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// How many events or objects.
    pub(super) total: u64,
    /// By heading.
    pub(super) by_heading: BTreeMap<String, Found>,
}

/// What was found under one heading.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many.
    pub(super) count: u64,
    /// The first few.
    pub(super) examples: Vec<String>,
}

impl Findings {
    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Takes down one event or object, with its headings and an example of each.
    fn take(&mut self, most: usize, found: Vec<(String, String)>) {
        self.total += u64::from(!found.is_empty());
        for (heading, example) in found {
            let found = self.by_heading.entry(heading).or_default();
            found.count += 1;
            if found.examples.len() < most {
                found.examples.push(example);
            }
        }
    }
}

impl Tally {
    /// Nothing was found yet.
    pub(super) fn new(told: Told, up_to: Position) -> Self {
        Self {
            told,
            up_to,
            objects: 0,
            unreadable: Findings::default(),
            unreadable_already: 0,
            contested: Findings::default(),
            settled: Findings::default(),
            shifted: Findings::default(),
        }
    }

    /// Takes down what becomes of an event.
    pub(super) fn judge(
        &mut self,
        catalogue: &Catalogue,
        event: &Event,
        before: Option<&Reading<'_>>,
        after: &Reading<'_>,
    ) {
        if let Some(failure) = after.unreadable(event) {
            let already = before.is_some_and(|before| before.unreadable(event).is_some());
            self.unreadable_already += u64::from(already);
            let cause = failure.source().filter(|_| self.told.values && !is_unknown(&failure));
            let example =
                format!("{}{}", place(event), cause.map(|cause| format!(": {cause}")).unwrap_or_default());
            self.unreadable.take(self.told.examples, vec![(why(catalogue, event, &failure), example)]);
        }
        if event.kind() != EventKind::Claim {
            return;
        }
        let contested = after.breaches(event.id);
        let was = before.map(|before| before.breaches(event.id)).unwrap_or_default();
        let found =
            |breaches: &[Breach<'_>]| breaches.iter().map(|breach| self.broken(event, breach)).collect();
        match (was.is_empty(), contested.is_empty()) {
            (true, false) => self.contested.take(self.told.examples, found(&contested)),
            (false, true) => self.settled.take(self.told.examples, found(&was)),
            (true, true) | (false, false) => {}
        }
    }

    /// Takes down how an object is shown otherwise.
    pub(super) fn compare(&mut self, object: ObjectId, shifts: &[Shift]) {
        self.objects += 1;
        let found = shifts.iter().map(|shift| {
            let heading = format!("{}.{}", shift.object_type, shift.field);
            (heading, self.stretch(object, shift))
        });
        self.shifted.take(self.told.examples, found.collect());
    }

    fn stretch(&self, object: ObjectId, shift: &Shift) -> String {
        let until = shift.until.map(|day| format!(" until {day}")).unwrap_or_default();
        let values = if self.told.values {
            format!(": {} becomes {}", answer(&shift.before), answer(&shift.after))
        } else {
            String::new()
        };
        format!("object {object} from {}{until}{values}", shift.from)
    }

    /// A rule that an event does not keep: what is counted, and the example.
    fn broken(&self, event: &Event, breach: &Breach<'_>) -> (String, String) {
        let broken = match breach.rule {
            Some(rule) => format!("rule {}: {}", rule.name, rule.message),
            None => "it takes effect before what it is based on".to_owned(),
        };
        let mut example = place(event);
        let because: Vec<String> = breach.because.iter().map(|event| event.id.to_string()).collect();
        if let [first, ..] = because.as_slice() {
            example += &format!(", beside event {first}");
        }
        match &breach.failure {
            Some(failure) if self.told.values => example += &format!(": {failure}"),
            Some(_) => example += ": the rule cannot be computed",
            None => {}
        }
        (format!("{}, {broken}", event.event_type), example)
    }
}

fn place(event: &Event) -> String {
    format!("event {} at position {}", event.id, event.position)
}

/// Why an event cannot be read, without the values on which it fails.
fn why(catalogue: &Catalogue, event: &Event, failure: &FoldError) -> String {
    let (of, version) = (&event.event_type, &event.event_version);
    match failure {
        FoldError::Upcast { .. } if !catalogue.event_types.contains_key(of) => {
            format!("{of}, version {version}: there is no event type {of}")
        }
        FoldError::Upcast { source: UpcastError::UnknownVersion { .. }, .. } => {
            format!("{of}, version {version}: event type {of} has no version {version}")
        }
        FoldError::Upcast { source: UpcastError::Evaluation(error), .. } => {
            format!("{of}, version {version}: the upcast `{}` cannot be computed", error.expression)
        }
        FoldError::Effect { field, source, .. } => {
            format!(
                "{of}, version {version}: the effect on {field}, `{}`, cannot be computed",
                source.expression
            )
        }
    }
}

fn is_unknown(failure: &FoldError) -> bool {
    matches!(failure, FoldError::Upcast { source: UpcastError::UnknownVersion { .. }, .. })
}

fn answer(answer: &Answer) -> String {
    match answer {
        Ok(Some(value)) => value.to_string(),
        Ok(None) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use read_model::catalogue::EvaluationError;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_told_only_where_that_is_asked_and_examples_are_few() {
        let failed = EvaluationError { expression: "x".into(), cause: "on `Anna`".to_owned() };
        let shift = Shift {
            object_type: "Persoon".into(),
            field: "naam".into(),
            from: "2020-01-01".parse().unwrap(),
            until: Some("2021-01-01".parse().unwrap()),
            before: Ok(Some(json!("Anna"))),
            after: Err(failed),
        };
        let told = |values| {
            let mut tally = Tally::new(Told { values, examples: 1 }, Position::new(7));
            for number in [1, 2] {
                tally.compare(ObjectId::from_u128(number), std::slice::from_ref(&shift));
            }
            tally.compare(ObjectId::from_u128(3), &[]);
            assert_eq!((tally.objects, tally.shifted.total), (3, 2));
            let found = tally.shifted.by_heading.remove("Persoon.naam").unwrap();
            assert_eq!((found.count, found.examples.len()), (2, 1));
            found.examples[0].clone()
        };
        let silent = "object 00000000-0000-0000-0000-000000000001 from 2020-01-01 until 2021-01-01";
        assert_eq!(told(false), silent);
        assert_eq!(told(true), format!("{silent}: \"Anna\" becomes `x` cannot be computed here: on `Anna`"));
    }

    #[test]
    fn an_object_found_under_two_headings_is_one_object() {
        let mut findings = Findings::default();
        let found = ["a", "b"].map(|heading| (heading.to_owned(), "it".to_owned()));
        findings.take(3, found.to_vec());
        findings.take(3, Vec::new());
        assert_eq!((findings.total, findings.by_heading.len(), findings.is_empty()), (1, 2, false));
    }
}
