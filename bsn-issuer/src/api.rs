//! GraphQL over HTTP.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::token::TokenSource;

/// One of the two APIs of an F6.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: Client,
    name: &'static str,
    url: Url,
    token: TokenSource,
}

/// What GraphQL answers.
#[derive(Deserialize)]
struct Answer {
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Error {
    extensions: Extensions,
}

#[derive(Deserialize)]
struct Extensions {
    code: String,
}

impl Api {
    /// The API of this name.
    pub(crate) fn new(http: Client, name: &'static str, url: Url, token: TokenSource) -> Self {
        Self { http, name, url, token }
    }

    /// Asks a query, or sends a mutation.
    ///
    /// # Errors
    /// When there is no answer; a refusal is one.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: Value,
    ) -> Result<T, Fault> {
        let response = self.send(document, variables, "application/json").await?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|source| self.network(source))?;
        self.read(status, &bytes)
    }

    /// Subscribes, over server-sent events.
    ///
    /// # Errors
    /// When no stream begins.
    pub(crate) async fn subscribe(&self, document: &str, variables: Value) -> Result<Response, Fault> {
        let response = self.send(document, variables, "text/event-stream").await?;
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Ok(response);
        }
        let status = response.status();
        let bytes = response.bytes().await.map_err(|source| self.network(source))?;
        self.read::<Value>(status, &bytes).and(Err(Fault::Answer { api: self.name, status }))
    }

    /// The data of an answer, or of a message of a stream.
    ///
    /// # Errors
    /// When it holds an error, or is of another form.
    pub(crate) fn read<T: DeserializeOwned>(&self, status: StatusCode, bytes: &[u8]) -> Result<T, Fault> {
        let api = self.name;
        // Why it cannot be read is not told: that might repeat what it says of a person.
        let unknown = Fault::Answer { api, status };
        let Ok(answer) = serde_json::from_slice::<Answer>(bytes) else {
            return Err(unknown);
        };
        if let Some(error) = answer.errors.into_iter().next() {
            return Err(Fault::Error { api, code: error.extensions.code });
        }
        answer.data.and_then(|data| serde_json::from_value(data).ok()).ok_or(unknown)
    }

    /// The connection failed.
    pub(crate) fn network(&self, source: reqwest::Error) -> Fault {
        Fault::Network { api: self.name, source }
    }

    async fn send(&self, document: &str, variables: Value, accept: &str) -> Result<Response, Fault> {
        let token = self.token.read().map_err(Fault::Token)?;
        let request = self.http.post(self.url.clone()).bearer_auth(token).header(ACCEPT, accept);
        let request = request.json(&json!({ "query": document, "variables": variables }));
        request.send().await.map_err(|source| self.network(source))
    }
}
