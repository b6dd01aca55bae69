use std::process::Command as Process;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::command::Command;
use crate::f6::F6;
use crate::graphql::Answer;
use crate::outcome::Accepted;
use crate::values::new_id;
use crate::workspace::{binary, run};

/// Somebody who speaks to F6: an event source with a token.
#[derive(Clone)]
pub struct Principal<'a> {
    pub(crate) f6: &'a F6,
    pub(crate) server: usize,
    /// The id that stands as `event_source_id` in what this principal registers.
    pub id: Uuid,
    /// The object that this principal is themselves, as the token says.
    pub person: Uuid,
    token: String,
}

/// A bearer token, and whose it is.
#[derive(Clone)]
pub(crate) struct Token {
    id: Uuid,
    person: Uuid,
    text: String,
}

impl Token {
    /// Has `write-api` sign one for somebody new with this type of authority.
    pub(crate) fn sign(source_type: &str) -> Self {
        Self::sign_of(source_type, new_id(), &[])
    }

    /// The same of who is this person, with these arguments besides.
    pub(crate) fn sign_of(source_type: &str, person: Uuid, more: &[&str]) -> Self {
        let id = new_id();
        let (source, own) = (id.to_string(), person.to_string());
        let mut process = Process::new(binary("write-api"));
        process.args(["token", "--type", source_type, "--id", &source, "--person", &own]).args(more);
        let text = String::from_utf8(run(process.env("F6_DEV", "true")).stdout).expect("a token is text");
        Self { id, person, text: text.trim().to_owned() }
    }
}

impl<'a> Principal<'a> {
    pub(crate) fn new(f6: &'a F6, token: Token) -> Self {
        Self { f6, server: 0, id: token.id, person: token.person, token: token.text }
    }

    /// The bearer token, for requests that are made by hand.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The same principal, speaking to another of the write servers.
    pub fn through(&self, server: usize) -> Self {
        Self { server, ..self.clone() }
    }

    /// Claims that an event happened.
    pub fn claim(&self, event_type: &str, data: Value) -> Command<'a> {
        Command::new(self.clone(), format!("claim{event_type}"), json!({ "data": data }))
    }

    /// Claims and validates in one step, and is not refused.
    pub async fn register(&self, event_type: &str, data: Value) -> Accepted {
        self.claim(event_type, data).validated().await.accepted()
    }

    /// Corrects a claim: what it should have said.
    pub fn amend(&self, event_type: &str, target: impl Into<Uuid>, data: Value) -> Command<'a> {
        let input = json!({ "target": target.into(), "data": data, "reason": "The deed says otherwise." });
        Command::new(self.clone(), format!("amend{event_type}"), input)
    }

    /// Says that an event did not happen.
    pub fn annul(&self, target: impl Into<Uuid>) -> Command<'a> {
        let input = json!({ "target": target.into(), "reason": "Registered by mistake." });
        Command::new(self.clone(), "annul".to_owned(), input)
    }

    /// Accepts a claim or a correction.
    pub fn validate(&self, target: impl Into<Uuid>) -> Command<'a> {
        self.judge(target.into(), "ACCEPTED")
    }

    /// Rejects a claim or a correction.
    pub fn reject(&self, target: impl Into<Uuid>) -> Command<'a> {
        self.judge(target.into(), "REJECTED")
    }

    /// Several commands, all or nothing.
    pub fn append(&self, commands: impl IntoIterator<Item = Command<'a>>) -> Command<'a> {
        let commands: Vec<Value> = commands.into_iter().map(Command::into_batch_item).collect();
        Command::new(self.clone(), "append".to_owned(), json!({ "commands": commands }))
    }

    /// Asks the query API, in GraphQL.
    pub async fn query(&self, query: &str, variables: &Value) -> Answer {
        self.f6.query(Some(&self.token), query, variables).await
    }

    /// Speaks to the write API, in GraphQL; an error is one of the connection, as after a `kill -9`.
    pub async fn mutate(&self, mutation: &str, variables: &Value) -> Result<Answer, reqwest::Error> {
        self.f6.mutate(self.server, Some(&self.token), mutation, variables).await
    }

    fn judge(&self, target: Uuid, verdict: &str) -> Command<'a> {
        let input = json!({ "target": target, "verdict": verdict, "reason": "Compared with the deed." });
        Command::new(self.clone(), "validate".to_owned(), input)
    }
}
