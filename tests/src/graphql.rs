use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// What a server said to one GraphQL request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body as it came, byte by byte.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| {
            panic!("{}, and no JSON: {}", self.status, String::from_utf8_lossy(&self.bytes))
        })
    }

    /// The data of an answer without errors.
    pub fn data(&self) -> Value {
        let body = self.json();
        assert!(body.get("errors").is_none(), "{}: {body:#}", self.status);
        body["data"].clone()
    }

    /// The error with this code, where it stands in the answer: its path, as text with points.
    pub fn error_at(&self, code: &str) -> String {
        let body = self.json();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {body:#}"));
        let error = errors.iter().find(|error| error["extensions"]["code"] == code);
        let path = &error.unwrap_or_else(|| panic!("no {code}: {body:#}"))["path"];
        let segments = path.as_array().map(Vec::as_slice).unwrap_or_default();
        segments
            .iter()
            .map(|segment| segment.as_str().map_or_else(|| segment.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// Sends one GraphQL request.
pub(crate) async fn send(
    http: &Client,
    url: &str,
    token: Option<&str>,
    query: &str,
    variables: &Value,
) -> Result<Answer, reqwest::Error> {
    let mut request = http.post(url).json(&json!({ "query": query, "variables": variables }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await?;
    Ok(Answer { status: response.status(), bytes: response.bytes().await?.to_vec() })
}
