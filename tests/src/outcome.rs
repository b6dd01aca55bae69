use serde_json::Value;
use uuid::Uuid;

use crate::graphql::Answer;

/// What became of a command.
#[derive(Debug)]
pub struct Outcome {
    mutation: String,
    answer: Answer,
}

impl Outcome {
    pub(crate) fn new(mutation: &str, answer: Answer) -> Self {
        Self { mutation: mutation.to_owned(), answer }
    }

    /// It was accepted.
    pub fn accepted(self) -> Accepted {
        let payload = self.payload();
        assert!(
            list(&payload, "refusals").is_empty(),
            "{} was refused: {:#}",
            self.mutation,
            payload["refusals"]
        );
        assert!(!list(&payload, "events").is_empty(), "{} made no events: {payload:#}", self.mutation);
        Accepted { payload }
    }

    /// It was refused, for this reason, perhaps among others.
    pub fn refused(self, code: &str) -> Finding {
        let payload = self.payload();
        assert!(list(&payload, "events").is_empty(), "{} was accepted: {payload:#}", self.mutation);
        let findings = findings(&payload, "refusals");
        let finding = findings.iter().find(|finding| finding.code == code).cloned();
        finding.unwrap_or_else(|| panic!("{}: expected {code}, got {findings:#?}", self.mutation))
    }

    /// The caller may not do this: an error, not a refusal.
    pub fn forbidden(self) {
        self.answer.error_at("FORBIDDEN");
    }

    /// The same, and what the caller is told.
    pub fn forbidden_because(self) -> String {
        self.answer.error_at("FORBIDDEN");
        self.answer.json()["errors"][0]["message"].as_str().expect("a message is text").to_owned()
    }

    /// It was either accepted, or refused for one reason.
    pub fn decided(self) -> Result<Accepted, Finding> {
        match findings(&self.payload(), "refusals").into_iter().next() {
            None => Ok(self.accepted()),
            Some(finding) => Err(finding),
        }
    }

    fn payload(&self) -> Value {
        self.answer.data()[&self.mutation].clone()
    }
}

/// The payload of an accepted command.
#[derive(Debug, Clone)]
pub struct Accepted {
    payload: Value,
}

impl Accepted {
    /// The id of the event that the command made (of its validation, see [`validation`](Self::validation)).
    pub fn id(&self) -> Uuid {
        id(&self.events()[0])
    }

    /// The id of the Validation that was made in the same step.
    pub fn validation(&self) -> Uuid {
        id(self.events().get(1).expect("a validation beside the event"))
    }

    /// The events, as the API tells them.
    pub fn events(&self) -> &[Value] {
        list(&self.payload, "events")
    }

    /// When the last of the events was registered: from then on the registry knew.
    pub fn registered(&self) -> &str {
        let last = self.events().last().expect("an accepted command made events");
        last["createdAt"].as_str().expect("a moment is text")
    }

    /// What the clerk was warned of.
    pub fn warnings(&self) -> Vec<Finding> {
        findings(&self.payload, "warnings")
    }

    /// What follows from it, where that was asked for.
    pub fn consequences(&self) -> &Value {
        &self.payload["consequences"]
    }

    /// What the decision rests on.
    pub fn basis(&self) -> &Value {
        &self.payload["basis"]
    }
}

impl From<&Accepted> for Uuid {
    fn from(accepted: &Accepted) -> Self {
        accepted.id()
    }
}

/// One refusal or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding, from the list in `docs/errors.md`.
    pub code: String,
    /// What a clerk reads.
    pub message: String,
    /// Where in the input.
    pub path: Vec<String>,
    /// The rule of the catalogue.
    pub rule: Option<String>,
    /// The events that it clashes with.
    pub because: Vec<Uuid>,
}

fn findings(payload: &Value, field: &str) -> Vec<Finding> {
    list(payload, field).iter().map(finding).collect()
}

fn finding(value: &Value) -> Finding {
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    Finding {
        code: text("code").expect("a finding has a code"),
        message: text("message").expect("a finding has a message"),
        path: list(value, "path")
            .iter()
            .map(|segment| segment.as_str().expect("a path is text").to_owned())
            .collect(),
        rule: text("rule"),
        because: list(value, "because").iter().map(id).collect(),
    }
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().unwrap_or_else(|| panic!("`{field}` is a list in {value:#}"))
}

fn id(event: &Value) -> Uuid {
    event["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no id in {event:#}"))
}
