use std::pin::Pin;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::graphql::Answer;
use crate::outcome::Outcome;
use crate::principal::Principal;

/// Everything that a payload tells.
const PAYLOAD: &str = "
    events { id createdAt occurredAt objectIds eventType eventVersion eventKind eventSourceId eventSourceType eventReference eventData position }
    refusals { code message path rule because { id } }
    warnings { code message path rule because { id } }
    basis { id position knownAt asOf minTrust catalogue }";

/// What follows from a command, where that is asked for.
const CONSEQUENCES: &str = "
    consequences {
      objects { id objectType changes { field from until before after through { id } } }
      derived { id field before after }
      events { event { id } before after breaks { name message } }
      revisit { id }
    }";

/// A command to the write API; awaiting it sends it.
#[must_use = "a command is sent when it is awaited"]
#[derive(Clone)]
pub struct Command<'a> {
    principal: Principal<'a>,
    mutation: String,
    input: Value,
    told: &'static str,
}

impl<'a> Command<'a> {
    pub(crate) fn new(principal: Principal<'a>, mutation: String, input: Value) -> Self {
        Self { principal, mutation, input, told: "" }
    }

    /// Also asking what follows from it.
    pub fn with_consequences(self) -> Self {
        Self { told: CONSEQUENCES, ..self }
    }

    /// Under this id, instead of one that the server makes.
    pub fn id(self, id: Uuid) -> Self {
        self.with("id", json!(id))
    }

    /// Claimed (or corrected) and validated in one step.
    pub fn validated(self) -> Self {
        self.with("validate", json!(true))
    }

    /// Resting on these events.
    pub fn based_on(self, events: impl IntoIterator<Item = Uuid>) -> Self {
        self.with("basedOn", json!(events.into_iter().collect::<Vec<_>>()))
    }

    /// Although these events become contested by it.
    pub fn despite(self, events: impl IntoIterator<Item = Uuid>) -> Self {
        self.with("despite", json!(events.into_iter().collect::<Vec<_>>()))
    }

    /// Only if nothing that this basis rests on has changed.
    pub fn if_unchanged_since(self, basis: &Value) -> Self {
        let id = basis["id"].clone();
        self.with("ifUnchangedSince", id)
    }

    /// Only to be told what it would do.
    pub fn dry_run(self) -> Self {
        self.with("dryRun", json!(true))
    }

    /// With one more field of the input.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.input[field] = value;
        self
    }

    /// Sends it, as often as wanted; the answer byte by byte, an error where the connection broke.
    pub async fn send(&self) -> Result<Answer, reqwest::Error> {
        let (name, initial, told) = (&self.mutation, self.mutation[..1].to_uppercase(), self.told);
        let mutation = format!(
            "mutation($input: {initial}{}Input!) {{ {name}(input: $input) {{ {PAYLOAD} {told} }} }}",
            &name[1..]
        );
        self.principal.mutate(&mutation, &json!({ "input": self.input })).await
    }

    /// Sends it; an error where the connection broke, and nobody knows what became of it.
    pub async fn try_outcome(&self) -> Result<Outcome, reqwest::Error> {
        Ok(Outcome::new(&self.mutation, self.send().await?))
    }

    pub(crate) fn into_batch_item(self) -> Value {
        json!({ self.mutation: self.input })
    }
}

impl<'a> IntoFuture for Command<'a> {
    type Output = Outcome;
    type IntoFuture = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.try_outcome().await.expect("the write API answers") })
    }
}
