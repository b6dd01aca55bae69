//! A body becomes a GraphQL request, or a typed error says why not.

use std::time::Duration;

use async_graphql::{Request, Variables};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::request_error::RequestError;

/// Reads a whole body within its limits of length and time.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, Refusal> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::BodyTooLarge { limit });
    }
    let reading = collect(body, limit);
    tokio::time::timeout(patience, reading).await.map_err(|_| Refusal::BodyTimeout { limit: patience })?
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::BodyBroken)?;
        if bytes.len() + chunk.len() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads the parameters of a GraphQL request.
pub(crate) fn parse(bytes: &[u8]) -> Result<Request, RequestError> {
    let mut parameters = match serde_json::from_slice(bytes).map_err(|error| not_json(&error))? {
        Value::Object(parameters) => parameters,
        Value::Array(_) => return Err(RequestError::Batch),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            return Err(RequestError::NotAnObject { found: kind(&other) });
        }
    };
    let query = string(&mut parameters, "query")?.ok_or(RequestError::NoQuery)?;
    let mut request = Request::new(query);
    request.operation_name = string(&mut parameters, "operationName")?;
    if let Some(variables) = object(&mut parameters, "variables")? {
        if holds_nul(&variables) {
            return Err(RequestError::Nul { place: "a variable" });
        }
        request.variables = Variables::from_json(variables);
    }
    // Reserved for extensions of the protocol, of which there are none yet: checked and left alone.
    object(&mut parameters, "extensions")?;
    Ok(request)
}

/// The parser's own words would repeat some of the body.
fn not_json(error: &serde_json::Error) -> RequestError {
    let reason = if error.is_eof() { "it ends too early" } else { "there is a mistake" };
    RequestError::NotJson { reason, line: error.line(), column: error.column() }
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

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
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
            ("", Code::InvalidJson, "the body is not JSON: it ends too early at line 1, column 0"),
            (
                "{\"query\": oeps}",
                Code::InvalidJson,
                "the body is not JSON: there is a mistake at line 1, column 11",
            ),
            (
                "[]",
                Code::BatchingRefused,
                "the body is a list; send one request at a time, an object with `query`",
            ),
            ("7", Code::InvalidRequest, "the body is a number; a GraphQL request is an object with `query`"),
            ("{}", Code::InvalidRequest, "the body has no `query`, the GraphQL document as a string"),
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
            (
                "{\"query\": \"{a}\", \"variables\": {\"a\": [{\"b\": \"\\u0000\"}]}}",
                Code::NulCharacter,
                "a variable holds the character U+0000, which cannot be stored; leave it out",
            ),
        ];
        for (body, code, message) in cases {
            assert_eq!(refused(body), (code, message.to_owned()), "{body}");
        }
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
