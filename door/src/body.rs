//! A body, or the query of a URL, becomes the parameters of a GraphQL request, or a typed error says why not.

use std::time::Duration;

use async_graphql::Variables;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Query;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, Uri};
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::documents::{DocumentHash, Given};
use crate::json;
use crate::load::{Held, Load};
use crate::refusal::Refusal;
use crate::request_error::RequestError;

/// How much of a body that nobody reads is taken in all the same: a client that is still sending does not look for an answer.
const MAX_DISCARDED: usize = 32_000_000;

/// How long that may take.
const DISCARD_PATIENCE: Duration = Duration::from_secs(2);

/// A body on its way in; what has come of it is held until this is dropped.
pub(crate) struct Incoming<'a> {
    chunks: BodyDataStream,
    load: &'a Load,
    held: Held,
    announced: Option<usize>,
    /// Whether the client sends the body only once it is asked to (RFC 9110, section 10.1.1).
    waits: bool,
    ended: bool,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(headers: &HeaderMap, body: Body, load: &'a Load) -> Self {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Self {
            chunks: body.into_data_stream(),
            load,
            held: load.hold(),
            announced,
            waits: headers.contains_key(EXPECT),
            ended: false,
        }
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
            self.load.grow(&mut self.held, chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let chunk = self.chunks.next().await.transpose();
        self.ended = !matches!(chunk, Ok(Some(_)));
        chunk.map_err(|_| Refusal::BodyBroken)
    }

    /// Holds what was read for as long as what it says is needed.
    pub(crate) fn keep(&mut self) -> Held {
        std::mem::replace(&mut self.held, self.load.hold())
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

/// What a GraphQL request says, before its document is looked up.
#[derive(Debug)]
pub(crate) struct Parameters {
    pub(crate) document: Given,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
}

/// Reads the parameters of a GraphQL request.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parameters, RequestError> {
    match json::parse(bytes).map_err(RequestError::NotJson)? {
        Value::Object(parameters) => Parameters::read(parameters),
        Value::Array(_) => Err(RequestError::Batch),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Err(RequestError::NotAnObject { found: kind(&other) })
        }
    }
}

/// Reads the same of the query of a URL, where objects are written as JSON.
pub(crate) fn of_url(url: &Uri) -> Result<Parameters, RequestError> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(url).map_err(|_| RequestError::Url)?;
    let mut parameters = Map::new();
    for (name, text) in pairs.0 {
        let value = match name.as_str() {
            "query" | "operationName" | "documentId" => Value::String(text),
            "variables" | "extensions" => json::parse(text.as_bytes()).map_err(RequestError::NotJson)?,
            _ => continue,
        };
        if parameters.contains_key(&name) {
            return Err(RequestError::Twice { name });
        }
        parameters.insert(name, value);
    }
    Parameters::read(parameters)
}

impl Parameters {
    /// What these parameters say.
    pub(crate) fn read(mut parameters: Map<String, Value>) -> Result<Self, RequestError> {
        let text = string(&mut parameters, "query")?;
        let operation_name = string(&mut parameters, "operationName")?;
        let variables = object(&mut parameters, "variables")?;
        let hash = hash(&mut parameters)?;
        let document = match (text, hash) {
            (Some(text), None) => Given::Text(text),
            (None, Some(hash)) => Given::Hash(hash),
            (Some(text), Some(hash)) => Given::Both(text, hash),
            (None, None) => return Err(RequestError::NoQuery),
        };
        let variables = variables.map(|given| Variables::from_json(Value::Object(given)));
        Ok(Self { document, operation_name, variables: variables.unwrap_or_default() })
    }
}

/// The hash by which a document is named: as the draft of GraphQL over HTTP has it, or as clients that persist queries do.
fn hash(parameters: &mut Map<String, Value>) -> Result<Option<DocumentHash>, RequestError> {
    let of = |name, text: Option<String>| {
        text.map(|text| DocumentHash::parse(&text).ok_or(RequestError::Hash { name, given: text }))
            .transpose()
    };
    let id = of("documentId", string(parameters, "documentId")?)?;
    // Other extensions are reserved for the protocol: checked to be an object, and left alone.
    let mut extensions = object(parameters, "extensions")?.unwrap_or_default();
    let Some(mut persisted) = object(&mut extensions, "persistedQuery")? else {
        return Ok(id);
    };
    let other = of("sha256Hash", string(&mut persisted, "sha256Hash")?)?;
    match (id, other) {
        (Some(id), Some(other)) if id != other => Err(RequestError::Hashes),
        (id, other) => Ok(id.or(other)),
    }
}

fn string(parameters: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, RequestError> {
    match parameters.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(RequestError::Parameter { name, found: kind(&other), expected: "a string" }),
    }
}

fn object(
    parameters: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<Map<String, Value>>, RequestError> {
    match parameters.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
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
        assert_eq!(parse(body).unwrap().document, Given::Text("{a}".to_owned()));
    }

    #[test]
    fn a_document_is_named_by_its_hash_as_either_kind_of_client_does() {
        let hash = DocumentHash::of("{a}");
        for parameters in [
            format!(r#"{{"documentId": "sha256:{hash}"}}"#),
            format!(r#"{{"documentId": "{hash}"}}"#),
            format!(r#"{{"extensions": {{"persistedQuery": {{"version": 1, "sha256Hash": "{hash}"}}}}}}"#),
        ] {
            assert_eq!(parse(parameters.as_bytes()).unwrap().document, Given::Hash(hash), "{parameters}");
        }
        for (parameters, message) in [
            (
                r#"{"documentId": "abc"}"#.to_owned(),
                "`documentId` is `abc`, which is no SHA-256 hash; write its 64 hexadecimal digits",
            ),
            (
                format!(
                    r#"{{"documentId": "{hash}", "extensions": {{"persistedQuery": {{"sha256Hash": "{}"}}}}}}"#,
                    DocumentHash::of("{b}")
                ),
                "`documentId` and `sha256Hash` are not the same; send one of them",
            ),
        ] {
            assert_eq!(refused(&parameters), (Code::InvalidRequest, message.to_owned()));
        }
    }

    #[test]
    fn the_query_of_a_url_says_the_same_as_a_body() {
        let url =
            "/graphql?query=%7Ba%7D&variables=%7B%22b%22:1%7D&operationName=A&other=x&extensions=%7B%7D";
        let parameters = of_url(&url.parse().unwrap()).unwrap();
        assert_eq!(parameters.document, Given::Text("{a}".to_owned()));
        assert_eq!(parameters.operation_name.as_deref(), Some("A"));
        assert_eq!(parameters.variables, Variables::from_json(serde_json::json!({ "b": 1 })));
        for (url, code) in [
            ("/graphql", Code::InvalidRequest),
            ("/graphql?query=a&query=b", Code::InvalidRequest),
            ("/graphql?query=a&variables=%5B%5D", Code::InvalidRequest),
            ("/graphql?query=a&variables=oeps", Code::InvalidJson),
        ] {
            assert_eq!(of_url(&url.parse().unwrap()).unwrap_err().code(), code, "{url}");
        }
    }

    #[test]
    fn json_nested_without_end_is_refused() {
        let body = format!("{{\"query\": \"{{a}}\", \"variables\": {}", "[".repeat(100_000));
        assert_eq!(refused(&body).0, Code::InvalidJson);
    }
}
