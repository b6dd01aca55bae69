use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// What a server said to one GraphQL request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body as it came, byte by byte.
    pub bytes: Vec<u8>,
}

/// One thing that an answer says is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// From the lists in `docs/errors.md`.
    pub code: String,
    /// What a person reads.
    pub message: String,
}

impl Complaint {
    fn of(told: &Value) -> Self {
        let code = told["extensions"]["code"].as_str().or(told["code"].as_str());
        let text =
            |text: Option<&str>| text.unwrap_or_else(|| panic!("no code or message: {told}")).to_owned();
        Self { code: text(code), message: text(told["message"].as_str()) }
    }
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

    /// Everything that is wrong, in the order of the answer: errors, and refusals in payloads.
    pub fn complaints(&self) -> Vec<Complaint> {
        let body = self.json();
        let refused = |payload: &Value| payload["refusals"].as_array().cloned().unwrap_or_default();
        let refusals = body["data"].as_object().into_iter().flat_map(|data| data.values().flat_map(refused));
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        errors.into_iter().chain(refusals).map(|told| Complaint::of(&told)).collect()
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
    answered(request).await
}

/// The whole answer to a request.
pub(crate) async fn answered(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    Ok(Answer { status: response.status(), bytes: response.bytes().await?.to_vec() })
}
