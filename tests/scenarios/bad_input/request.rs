//! Bodies that are no request, to both servers alike.

use serde_json::json;

use super::besieged::{Besieged, Told};

/// What is sent, the code, and words of the message.
type Body = (&'static [u8], &'static str, &'static [&'static str]);

const BODIES: &[Body] = &[
    (b"", "INVALID_JSON", &["it is empty"]),
    (b"{", "INVALID_JSON", &["line 1, column 1", "ends too early; send all of it"]),
    (b"[]", "BATCHING_REFUSED", &["the body is a list", "send one request at a time"]),
    (b"7", "INVALID_REQUEST", &["the body is a number", "an object with `query`"]),
    (b"null", "INVALID_REQUEST", &["the body is null", "an object with `query`"]),
    (b"{}", "INVALID_REQUEST", &["the body has no `query`", "send the GraphQL document under that name"]),
    (br#"{"query": {}}"#, "INVALID_REQUEST", &["`query` is an object", "it must be a string"]),
    (br#"{"query": ["{ a }"]}"#, "INVALID_REQUEST", &["`query` is a list", "it must be a string"]),
    (
        br#"{"query": "{ a }", "variables": []}"#,
        "INVALID_REQUEST",
        &["`variables` is a list", "it must be an object"],
    ),
    (
        br#"{"query": "{ a }", "variables": "{}"}"#,
        "INVALID_REQUEST",
        &["`variables` is a string", "must be an object"],
    ),
    (
        br#"{"query": "{ a }", "operationName": {}}"#,
        "INVALID_REQUEST",
        &["is an object", "it must be a string"],
    ),
    (
        br#"{"query": "{ a }", "operationName": "B"}"#,
        "VALIDATION_FAILED",
        &["no operation named `B`", "`operationName`"],
    ),
    (br#"{"query": "{ a }", "query": "{ b }"}"#, "INVALID_JSON", &["`query` stands twice", "write it once"]),
    (
        br#"{"query": "{ a }", "variables": {"a": "\ud800"}}"#,
        "INVALID_JSON",
        &["half of a surrogate pair", "write the character"],
    ),
    (
        br#"{"query": "{ a }", "variables": {"a": "\udc00x"}}"#,
        "INVALID_JSON",
        &["half of a surrogate pair", "write the character"],
    ),
    (
        br#"{"query": "{ a }", "variables": {"\ud83d": 1}}"#,
        "INVALID_JSON",
        &["half of a surrogate pair", "write the character"],
    ),
    (
        br#"{"query": "{ a }", "variables": {"a": "\u0000"}}"#,
        "NUL_CHARACTER",
        &["line 1, column", "U+0000", "leave it out"],
    ),
    (br#"{"query": "{ a \u0000 }"}"#, "NUL_CHARACTER", &["line 1, column", "U+0000", "leave it out"]),
    (b"{\"query\": \"{ a \0 }\"}", "INVALID_JSON", &["a control character", "write it as an escape"]),
    (b"{\"query\": \"{ a \xff }\"}", "INVALID_JSON", &["not UTF-8 from byte 16 on", "write it in UTF-8"]),
    (
        br#"{"query": "{ a }", "variables": {"a": 1e400}}"#,
        "INVALID_JSON",
        &["a number is too large", "write a smaller one"],
    ),
    (br#"{"query": "{ a "}"#, "PARSE_FAILED", &["ends where GraphQL expects more", "send all of it"]),
    (br#"{"query": "geen GraphQL"}"#, "PARSE_FAILED", &["`geen GraphQL`", "correct it there"]),
    (br#"{"query": ""}"#, "PARSE_FAILED", &["ends where GraphQL expects more", "send all of it"]),
];

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let f6 = Besieged::start().await;
    for (body, code, words) in BODIES {
        for told in f6.post(body).await {
            told.refused(code, words);
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_body_that_is_nested_without_end_or_has_endless_names_is_refused() {
    let f6 = Besieged::start().await;
    let (deep, name) = ("[".repeat(100_000), "a".repeat(900_000));
    for (body, code, words) in [
        (
            format!(r#"{{"query": "{{ a }}", "variables": {deep}"#),
            "INVALID_JSON",
            ["deeper than 127 levels", "flatten it"],
        ),
        (
            format!(r#"{{"query": "{{ a }}", "operationName": "{name}"}}"#),
            "VALIDATION_FAILED",
            ["`aaa", "aaa…`"],
        ),
        (
            format!(r#"{{"query": "{{ a }}", "{name}": 1, "{name}": 2}}"#),
            "INVALID_JSON",
            ["aaa…`", "write it once"],
        ),
    ] {
        for told in f6.post(body.as_bytes()).await {
            told.refused(code, &words);
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused() {
    let f6 = Besieged::start().await;
    let body = json!({ "query": "{ __typename }", "variables": { "a": "a".repeat(10_000_000) } }).to_string();
    for told in f6.post(body.as_bytes()).await {
        told.refused("BODY_TOO_LARGE", &["2000000 bytes", "send less at once"]);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_body_of_ten_megabytes_that_does_not_tell_its_length_is_refused() {
    let f6 = Besieged::start().await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: f6\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n",
        f6.clerk().token()
    );
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let request = head + "Transfer-Encoding: chunked\r\n\r\n" + &chunk.repeat(160) + "0\r\n\r\n";
    for server in [&f6.f6.write[0], &f6.f6.query] {
        let answer = server.send_as_it_stands(request.as_bytes()).await;
        assert_eq!(answer.status, 413);
        Told::new("chunks", &answer).refused("BODY_TOO_LARGE", &["2000000 bytes", "send less at once"]);
    }
    f6.unharmed().await;
}
