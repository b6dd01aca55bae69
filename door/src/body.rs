//! A body becomes a GraphQL request, or a typed error says why not.

use std::time::Duration;

use async_graphql::{Request, Variables};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::json;
use crate::refusal::Refusal;
use crate::request_error::RequestError;

/// How much of a body that nobody reads is taken in all the same: a client that is still sending does not look for an answer.
const MAX_DISCARDED: usize = 32_000_000;

/// How long that may take.
const DISCARD_PATIENCE: Duration = Duration::from_secs(2);

/// A body on its way in.
pub(crate) struct Incoming {
    chunks: BodyDataStream,
    announced: Option<usize>,
    /// Whether the client sends the body only once it is asked to (RFC 9110, section 10.1.1).
    waits: bool,
    ended: bool,
}

impl Incoming {
    pub(crate) fn new(headers: &HeaderMap, body: Body) -> Self {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Self { chunks: body.into_data_stream(), announced, waits: headers.contains_key(EXPECT), ended: false }
    }

    /// The whole body, within its limits of length and time.
    pub(crate) async fn read(&mut self, limit: usize, patience: Duration) -> Result<Vec<u8>, Refusal> {
        if self.announced.is_some_and(|length| length > limit) {
            return Err(Refusal::BodyTooLarge { limit });
        }
        let read = tokio::time::timeout(patience, self.collect(limit)).await;
        read.unwrap_or_else(|_| {
            self.ended = true;
            Err(Refusal::BodyTimeout { limit: patience })
        })
    }

    async fn collect(&mut self, limit: usize) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        self.waits = false;
        while let Some(chunk) = self.next().await? {
            if bytes.len() + chunk.len() > limit {
                return Err(Refusal::BodyTooLarge { limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let chunk = self.chunks.next().await.transpose();
        self.ended = !matches!(chunk, Ok(Some(_)));
        chunk.map_err(|_| Refusal::BodyBroken)
    }

    /// Takes in what nobody has read. A connection that is closed on a client that still sends would lose the answer.
    pub(crate) async fn discard(&mut self) {
        if self.ended || self.waits || self.announced.is_some_and(|length| length > MAX_DISCARDED) {
            return;
        }
        let discarding = async {
            let mut discarded = 0;
            while let Ok(Some(chunk)) = self.next().await {
                discarded += chunk.len();
                if discarded > MAX_DISCARDED {
                    break;
                }
            }
        };
        // Whoever takes longer than this loses the answer.
        let _ = tokio::time::timeout(DISCARD_PATIENCE, discarding).await;
    }
}

/// Reads the parameters of a GraphQL request.
pub(crate) fn parse(bytes: &[u8]) -> Result<Request, RequestError> {
    match json::parse(bytes).map_err(RequestError::NotJson)? {
        Value::Object(parameters) => request(parameters),
        Value::Array(_) => Err(RequestError::Batch),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Err(RequestError::NotAnObject { found: kind(&other) })
        }
    }
}

/// The GraphQL request that these parameters make.
pub(crate) fn request(mut parameters: Map<String, Value>) -> Result<Request, RequestError> {
    let query = string(&mut parameters, "query")?.ok_or(RequestError::NoQuery)?;
    let mut request = Request::new(query);
    request.operation_name = string(&mut parameters, "operationName")?;
    if let Some(variables) = object(&mut parameters, "variables")? {
        request.variables = Variables::from_json(variables);
    }
    // Reserved for extensions of the protocol, of which there are none yet: checked and left alone.
    object(&mut parameters, "extensions")?;
    Ok(request)
}

fn string(parameters: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, RequestError> {
    match parameters.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(RequestError::Parameter { name, found: kind(&other), expected: "a string" }),
    }
}

fn object(parameters: &mut Map<String, Value>, name: &'static str) -> Result<Option<Value>, RequestError> {
    match parameters.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(object @ Value::Object(_)) => Ok(Some(object)),
        Some(other) => Err(RequestError::Parameter { name, found: kind(&other), expected: "an object" }),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    fn refused(body: &str) -> (Code, String) {
        let error = parse(body.as_bytes()).expect_err("the body is a GraphQL request");
        (error.code(), error.to_string())
    }

    #[test]
    fn what_is_no_request_is_told_by_its_kind() {
        let cases = [
            (
                "[]",
                Code::BatchingRefused,
                "the body is a list; send one request at a time, an object with `query`",
            ),
            ("7", Code::InvalidRequest, "the body is a number; a GraphQL request is an object with `query`"),
            (
                "{}",
                Code::InvalidRequest,
                "the body has no `query`; send the GraphQL document under that name, as a string",
            ),
            ("{\"query\": 7}", Code::InvalidRequest, "`query` is a number; it must be a string"),
            (
                "{\"query\": \"{a}\", \"variables\": [1]}",
                Code::InvalidRequest,
                "`variables` is a list; it must be an object",
            ),
            (
                "{\"query\": \"{a}\", \"operationName\": true}",
                Code::InvalidRequest,
                "`operationName` is a boolean; it must be a string",
            ),
            (
                "{\"query\": \"{a}\", \"extensions\": \"x\"}",
                Code::InvalidRequest,
                "`extensions` is a string; it must be an object",
            ),
        ];
        for (body, code, message) in cases {
            assert_eq!(refused(body), (code, message.to_owned()), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_by_its_place() {
        let (code, message) = refused("{\"query\": oeps}");
        assert_eq!(code, Code::InvalidJson);
        assert!(message.ends_with("at line 1, column 11 there is a mistake; correct it"), "{message}");
        assert_eq!(refused("").0, Code::InvalidJson);
        assert_eq!(
            refused("{\"query\": \"{a}\", \"variables\": {\"a\": \"\\u0000\"}}").0,
            Code::NulCharacter
        );
        assert_eq!(parse(b"{\"query\": \"\xff\"}").unwrap_err().code(), Code::InvalidJson);
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let body =
            br#"{"query": "{a}", "operationName": null, "variables": null, "extensions": null, "more": 1}"#;
        assert_eq!(parse(body).unwrap().query, "{a}");
    }

    #[test]
    fn json_nested_without_end_is_refused() {
        let body = format!("{{\"query\": \"{{a}}\", \"variables\": {}", "[".repeat(100_000));
        assert_eq!(refused(&body).0, Code::InvalidJson);
    }
}
