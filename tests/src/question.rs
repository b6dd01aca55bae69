use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::graphql::Answer;
use crate::principal::Principal;

/// A question to the query API about objects, at two moments.
#[must_use = "a question is asked by `ask`"]
#[derive(Clone)]
pub struct Question<'a> {
    principal: Principal<'a>,
    field: String,
    arguments: Map<String, Value>,
}

impl<'a> Question<'a> {
    pub(crate) fn one(principal: Principal<'a>, field: &str, id: Uuid) -> Self {
        Self::new(principal, field, "id", json!(id))
    }

    pub(crate) fn many(principal: Principal<'a>, field: &str, ids: &[Uuid]) -> Self {
        Self::new(principal, field, "ids", json!(ids))
    }

    fn new(principal: Principal<'a>, field: &str, argument: &str, value: Value) -> Self {
        let arguments = Map::from_iter([(argument.to_owned(), value)]);
        Self { principal, field: field.to_owned(), arguments }
    }

    /// As it was in reality at this moment.
    pub fn as_of(self, moment: &str) -> Self {
        self.with("asOf", json!(moment))
    }

    /// As the registry knew it at this moment.
    pub fn known_at(self, moment: &str) -> Self {
        self.with("knownAt", json!(moment))
    }

    /// At both moments of the basis of an earlier answer.
    pub fn on(self, basis: &Value) -> Self {
        self.with("asOf", basis["asOf"].clone()).with("knownAt", basis["knownAt"].clone())
    }

    /// With the claims that nobody has judged yet.
    pub fn claimed(self) -> Self {
        self.with("minTrust", json!("CLAIMED"))
    }

    /// The same, asked by somebody else.
    pub fn by(self, principal: &Principal<'a>) -> Self {
        Self { principal: principal.clone(), ..self }
    }

    /// The answer to this selection: an object, a list, or null.
    pub async fn ask(self, selection: &str) -> Value {
        let field = self.field.clone();
        self.send(selection).await.data()[&field].clone()
    }

    /// The whole answer, byte by byte.
    pub async fn send(self, selection: &str) -> Answer {
        let mut declared = String::new();
        let mut given = String::new();
        for name in self.arguments.keys() {
            let _ = write!(declared, "${name}: {} ", type_of(name));
            let _ = write!(given, "{name}: ${name} ");
        }
        let query = format!("query({declared}) {{ {}({given}) {{ {selection} }} }}", self.field);
        self.principal.query(&query, &Value::Object(self.arguments.clone())).await
    }

    fn with(mut self, argument: &str, value: Value) -> Self {
        self.arguments.insert(argument.to_owned(), value);
        self
    }
}

fn type_of(argument: &str) -> &'static str {
    match argument {
        "id" => "UUID!",
        "ids" => "[UUID!]!",
        "minTrust" => "Trust",
        _ => "Moment",
    }
}
