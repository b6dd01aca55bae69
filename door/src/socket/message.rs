//! The messages of `graphql-transport-ws`, as a client sends them and as the server does.

use serde_json::{Map, Value, json};

use crate::json;

/// How long the id of an operation may be; clients use a UUID or a number.
const MAX_ID: usize = 200;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    Init(Map<String, Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe { id: String, payload: Map<String, Value> },
    Complete { id: String },
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Ok(Value::Object(mut message)) = json::parse(text.as_bytes()) else {
            return Err("a message is a JSON object".to_owned());
        };
        let kind = message.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        match kind.as_str() {
            "connection_init" => Ok(Self::Init(payload(&mut message)?.unwrap_or_default())),
            "ping" => Ok(Self::Ping(payload(&mut message)?.map(Value::Object))),
            "pong" => payload(&mut message).map(|_| Self::Pong),
            "subscribe" => {
                let id = id(&mut message)?;
                let payload = payload(&mut message)?.ok_or("`subscribe` has no `payload`")?;
                Ok(Self::Subscribe { id, payload })
            }
            "complete" => Ok(Self::Complete { id: id(&mut message)? }),
            "" => Err("a message has a `type`".to_owned()),
            _ => Err("the `type` is none that a client sends".to_owned()),
        }
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, String> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err("the `payload` is no object".to_owned())
        }
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() && id.chars().count() <= MAX_ID => Ok(id),
        Some(_) | None => Err(format!("the `id` is no text of 1 to {MAX_ID} characters")),
    }
}

pub(super) fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

pub(super) fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// A result, which is JSON already.
pub(super) fn next(id: &str, result: &str) -> String {
    format!("{{\"type\":\"next\",\"id\":{},\"payload\":{result}}}", json!(id))
}

pub(super) fn error(id: &str, errors: &[Value]) -> String {
    json!({ "type": "error", "id": id, "payload": errors }).to_string()
}

pub(super) fn complete(id: &str) -> String {
    json!({ "type": "complete", "id": id }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_may_say_is_understood() {
        let parse = |text: &str| Message::parse(text).unwrap();
        assert_eq!(parse(r#"{"type":"connection_init"}"#), Message::Init(Map::new()));
        assert_eq!(parse(r#"{"type":"connection_init","payload":null}"#), Message::Init(Map::new()));
        assert_eq!(parse(r#"{"type":"ping","payload":{"a":1}}"#), Message::Ping(Some(json!({"a": 1}))));
        assert_eq!(parse(r#"{"type":"pong"}"#), Message::Pong);
        assert_eq!(parse(r#"{"type":"complete","id":"1"}"#), Message::Complete { id: "1".to_owned() });
        let subscribe = parse(r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#);
        assert!(matches!(subscribe, Message::Subscribe { id, .. } if id == "1"));
    }

    #[test]
    fn anything_else_is_told_in_a_few_words() {
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(201));
        for wrong in [
            "",
            "oeps",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"next"}"#,
            r#"{"type":"ping","payload":7}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            long.as_str(),
        ] {
            let told = Message::parse(wrong).unwrap_err();
            assert!(told.len() < 100, "{wrong}: {told}");
        }
    }

    #[test]
    fn a_result_is_passed_on_as_it_is() {
        let text = next("a\"b", r#"{"data":{"b":1,"a":2}}"#);
        assert_eq!(text, r#"{"type":"next","id":"a\"b","payload":{"data":{"b":1,"a":2}}}"#);
    }
}
