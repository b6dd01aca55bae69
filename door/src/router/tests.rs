mod schema;

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE,
};
use axum::http::request::Builder;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use self::schema::schema;
use super::*;
use crate::clock::FixedClock;
use crate::documents::Documents;
use crate::door::{Graphiql, HttpOptions};
use crate::guard::GuardOptions;
use crate::health::Check;
use crate::load::Load;
use crate::metrics::Metrics;
use crate::principal::Principal;
use crate::token::{TokenOptions, Tokens, sign_development_token};

const NEWER: &str = "application/graphql-response+json";
const OLDER: &str = "application/json";

/// A door in development in front of a small schema.
pub(crate) fn development() -> Door {
    let options = TokenOptions { dev: true, ..TokenOptions::default() };
    door(Tokens::load(&options).unwrap())
}

/// The same for an issuer's tokens, as in production.
fn production() -> Door {
    door(Tokens::of_test_issuer())
}

fn door(tokens: Tokens) -> Door {
    let schema = schema(tokens.development());
    let http = HttpOptions { body_limit: 10_000, ..HttpOptions::default() };
    let mut metrics = Metrics::new("test", "0", chrono::DateTime::UNIX_EPOCH);
    Door {
        name: "test",
        load: Load::new(&http.load, http.body_limit, &mut metrics),
        http,
        guard: GuardOptions::default(),
        documents: Documents::default(),
        answers_get: false,
        tokens,
        clock: Arc::new(FixedClock("2026-11-01T12:30:00Z".parse().unwrap())),
        schema: Box::new(move || schema.clone()),
        prepare: Some(Box::new(|request| request.data("prepared"))),
        subscriptions: None,
        processing: None,
        checks: Vec::new(),
        graphiql: Some(Graphiql { title: "<F6>".to_owned(), query: None, principal: Some(clerk()) }),
        metrics,
        metrics_bind: None,
    }
}

fn clerk() -> Principal {
    Principal::new(Uuid::from_u128(7), "ambtenaar")
}

fn token() -> String {
    let now = "2026-11-01T12:30:00Z".parse().unwrap();
    format!(
        "Bearer {}",
        sign_development_token("ambtenaar", Uuid::from_u128(7), chrono::Duration::hours(1), now)
    )
}

/// An answer, as far as tests look at it.
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Its status, and the code of its first error.
    fn refusal(&self) -> (u16, String) {
        let code = self.json()["errors"][0]["extensions"]["code"].clone();
        (self.status.as_u16(), code.as_str().unwrap_or_default().to_owned())
    }
}

async fn send(door: Door, request: Builder, body: impl Into<Body>) -> Answer {
    let response = router(door).oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn post() -> Builder {
    Request::post("/graphql").header(CONTENT_TYPE, OLDER)
}

/// A query by a clerk.
async fn ask(query: &str, accept: &str) -> Answer {
    let request = post().header(ACCEPT, accept).header(AUTHORIZATION, token());
    send(development(), request, json!({ "query": query }).to_string()).await
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_query_is_answered_in_the_media_type_that_was_asked_for() {
    for media in [NEWER, OLDER] {
        let answer = ask("{ hello }", media).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header(CONTENT_TYPE), format!("{media}; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.text, r#"{"data":{"hello":"world"}}"#);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_400_in_the_newer_media_type_and_200_in_the_older() {
    let documents = [
        ("{", "PARSE_FAILED"),
        ("{ nothing }", "VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "VALIDATION_FAILED"),
        ("subscription { hello }", "VALIDATION_FAILED"),
        ("{ hello ...F } fragment F on Query { ...F }", "VALIDATION_FAILED"),
        ("query A($n: Int!) { double(n: $n) }", "VALIDATION_FAILED"),
        ("{ double(n: \"two\") }", "VALIDATION_FAILED"),
        ("mutation { count count }", "VALIDATION_FAILED"),
        ("mutation { count ...F } fragment F on Mutation { count }", "VALIDATION_FAILED"),
        ("{ a: hello(b: \"\\u0000\") }", "NUL_CHARACTER"),
    ];
    for (document, code) in documents {
        for (media, status) in [(NEWER, 400), (OLDER, 200)] {
            let answer = ask(document, media).await;
            assert_eq!(answer.refusal(), refused(status, code), "{document}: {}", answer.text);
            assert!(answer.json().get("data").is_none(), "{document}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn variables_that_do_not_fit_their_types_are_an_error_of_the_request() {
    for variables in [json!({}), json!({ "n": null }), json!({ "n": "two" }), json!({ "n": 1.5 })] {
        let request = post().header(ACCEPT, NEWER).header(AUTHORIZATION, token());
        let body = json!({ "query": "query A($n: Int!) { double(n: $n) }", "variables": variables });
        let answer = send(development(), request, body.to_string()).await;
        assert_eq!(answer.refusal(), refused(400, "VALIDATION_FAILED"), "{variables}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_error_of_a_field_leaves_the_status_at_200_and_the_data_in_place() {
    let nullable = ask("{ hello forbids }", NEWER).await;
    assert_eq!(nullable.refusal(), refused(200, "FORBIDDEN"));
    assert_eq!(nullable.json()["data"], json!({ "hello": "world", "forbids": null }));
    let must = ask("{ must }", NEWER).await;
    assert_eq!(must.refusal(), refused(200, "FORBIDDEN"));
    assert_eq!(must.json().get("data"), Some(&Value::Null));
}

#[tokio::test]
async fn a_failing_field_is_null_and_so_is_each_parent_that_may_not_have_one() {
    let cases = [
        ("{ some { name must } }", json!({ "some": [{ "name": "a thing", "must": "here" }, null, null] }), 1),
        ("{ each { must } hello }", json!({ "each": null, "hello": "world" }), 1),
        ("{ all { must } hello }", Value::Null, 1),
        (
            "{ some { name forbidden } }",
            {
                let thing = json!({ "name": "a thing", "forbidden": null });
                json!({ "some": [thing, thing, null] })
            },
            2,
        ),
        ("{ some { a: forbidden } }", json!({ "some": [{ "a": null }, { "a": null }, null] }), 2),
    ];
    for (query, data, errors) in cases {
        let answer = ask(query, NEWER).await.json();
        assert_eq!(answer["data"], data, "{query}: {answer}");
        assert_eq!(answer["errors"].as_array().map_or(0, Vec::len), errors, "{query}: {answer}");
    }
    let answer = ask("{ some { forbidden } }", NEWER).await.json();
    assert_eq!(answer["errors"][0]["path"], json!(["some", 0, "forbidden"]));
    assert_eq!(answer["errors"][1]["path"], json!(["some", 1, "forbidden"]));
}

#[tokio::test]
async fn what_is_skipped_leaves_nothing_rather_than_null() {
    assert_eq!(ask("{ hello @skip(if: true) }", NEWER).await.text, r#"{"data":{}}"#);
    let answer = ask("{ some { name @skip(if: true) } }", NEWER).await;
    assert_eq!(answer.text, r#"{"data":{"some":[{},{},null]}}"#);
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_questions() {
    let answer = ask("{ slow ...F b: hello } fragment F on Query { a: hello caller }", NEWER).await;
    assert_eq!(answer.text, r#"{"data":{"slow":"done","a":"world","caller":"ambtenaar","b":"world"}}"#);
}

#[tokio::test]
async fn no_internals_leave_the_server() {
    for field in ["leaks", "fails"] {
        let answer = ask(&format!("{{ {field} }}"), NEWER).await;
        assert_eq!(answer.refusal(), refused(200, "INTERNAL"));
        assert!(!answer.text.contains("event") && !answer.text.contains("disk"), "{}", answer.text);
        assert!(answer.json()["errors"][0]["extensions"]["id"].is_string());
    }
}

#[tokio::test]
async fn a_panic_is_a_fault_like_any_other() {
    let answer = ask("{ panics }", NEWER).await;
    assert_eq!(answer.refusal(), refused(500, "INTERNAL"));
    assert!(answer.json()["errors"][0]["extensions"]["id"].is_string() && !answer.text.contains("purpose"));
    assert!(!answer.header("x-request-id").is_empty());
}

#[tokio::test]
async fn resolvers_know_the_caller_and_the_request() {
    let request = post().header(AUTHORIZATION, token()).header("x-request-id", "clerk-1");
    let answer = send(development(), request, r#"{"query": "{ caller request prepared }"}"#).await;
    let data = json!({ "caller": "ambtenaar", "request": "clerk-1", "prepared": "prepared" });
    assert_eq!(answer.json()["data"], data);
    assert_eq!(answer.header("x-request-id"), "clerk-1");
}

#[tokio::test]
async fn without_a_token_only_the_schema_is_shown_and_only_in_development() {
    let schema = r#"{"query": "{ __schema { queryType { name } } __typename }"}"#;
    let data = r#"{"query": "{ __typename hello }"}"#;
    assert_eq!(send(development(), post(), schema).await.status, StatusCode::OK);
    assert_eq!(send(development(), post(), data).await.refusal(), refused(401, "UNAUTHENTICATED"));
    for body in [schema, data] {
        let answer = send(production(), post(), body).await;
        assert_eq!(answer.refusal(), refused(401, "UNAUTHENTICATED"));
        assert_eq!(answer.header(WWW_AUTHENTICATE), "Bearer realm=\"F6\"");
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_refused_whatever_is_asked() {
    let request = || post().header(AUTHORIZATION, "Bearer secret.token.text");
    for door in [development(), production()] {
        let answer = send(door, request(), r#"{"query": "{ __typename }"}"#).await;
        assert_eq!(answer.refusal(), refused(401, "UNAUTHENTICATED"));
        assert_eq!(answer.header(WWW_AUTHENTICATE), "Bearer realm=\"F6\", error=\"invalid_token\"");
        assert!(!answer.text.contains("secret"));
    }
}

#[tokio::test]
async fn in_production_the_schema_is_not_shown_nor_hinted_at() {
    let request = || {
        post().header(AUTHORIZATION, format!("Bearer {}", Tokens::test_issuers_token())).header(ACCEPT, NEWER)
    };
    let answer = send(production(), request(), r#"{"query": "{ hello caller __typename }"}"#).await;
    assert_eq!(answer.json()["data"], json!({ "hello": "world", "caller": "ouder", "__typename": "Query" }));
    for query in [
        "{ __schema { queryType { name } } }",
        "{ ...F } fragment F on Query { a: __type(name: \"A\") { name } }",
    ] {
        let answer = send(production(), request(), json!({ "query": query }).to_string()).await;
        assert_eq!(answer.refusal(), refused(400, "INTROSPECTION_DISABLED"));
    }
    let answer = send(production(), request(), r#"{"query": "{ helo }"}"#).await;
    assert!(!answer.text.contains("hello"), "{}", answer.text);
}

#[tokio::test]
async fn only_post_runs_anything() {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let request = Request::builder()
            .method(&method)
            .uri("/graphql?query=%7Bhello%7D")
            .header(AUTHORIZATION, token());
        let answer = send(production(), request, "").await;
        assert_eq!((answer.status.as_u16(), answer.header(ALLOW)), (405, "POST"), "{method}");
    }
}

#[tokio::test]
async fn only_json_is_read() {
    for media in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"] {
        let request = Request::post("/graphql").header(AUTHORIZATION, token()).header(CONTENT_TYPE, media);
        let answer = send(development(), request, r#"{"query": "{ hello }"}"#).await;
        assert_eq!(answer.refusal(), refused(415, "UNSUPPORTED_MEDIA_TYPE"), "{media}");
    }
    let request = post().header(AUTHORIZATION, token());
    let answer = send(development(), request, r#"[{"query": "{ hello }"}]"#).await;
    assert_eq!(answer.refusal(), refused(400, "BATCHING_REFUSED"));
}

#[tokio::test]
async fn a_client_that_accepts_neither_media_type_is_told_so() {
    let answer = ask("{ hello }", "text/html").await;
    assert_eq!(answer.refusal(), refused(406, "NOT_ACCEPTABLE"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    let long = json!({ "query": "{ hello }", "variables": { "a": "x".repeat(10_000) } }).to_string();
    let announced = post().header(AUTHORIZATION, token()).header("content-length", long.len());
    assert_eq!(send(development(), announced, long.clone()).await.refusal(), refused(413, "BODY_TOO_LARGE"));
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>(long)]);
    let request = post().header(AUTHORIZATION, token());
    let answer = send(development(), request, Body::from_stream(chunks)).await;
    assert_eq!(answer.refusal(), refused(413, "BODY_TOO_LARGE"));
}

#[tokio::test]
async fn a_body_that_never_comes_and_an_answer_that_never_comes_are_given_up() {
    let impatient = || {
        let brief = Duration::from_millis(20);
        let mut door = development();
        door.http = HttpOptions { body_timeout: brief, request_timeout: brief, ..door.http };
        door
    };
    let request = || post().header(AUTHORIZATION, token());
    let never = Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>());
    assert_eq!(send(impatient(), request(), never).await.refusal(), refused(408, "BODY_TIMEOUT"));
    let broken = Body::from_stream(futures::stream::iter([Err::<String, _>(std::io::Error::other("gone"))]));
    assert_eq!(send(impatient(), request(), broken).await.refusal(), refused(400, "BODY_BROKEN"));
    let answer = send(impatient(), request(), r#"{"query": "{ slow }"}"#).await;
    assert_eq!(answer.refusal(), refused(503, "TIMEOUT"));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_document_beyond_a_limit_is_refused_naming_it() {
    let answer = ask(&format!("{{ {} }}", "hello ".repeat(101)), NEWER).await;
    assert_eq!(answer.refusal(), refused(400, "LIMIT_EXCEEDED"));
    assert!(answer.text.contains("fields at the root above the limit of 100"));
}

#[tokio::test]
async fn graphiql_is_a_page_without_another_host_in_development() {
    for path in ["/", "/graphql"] {
        let browser = Request::get(path).header(ACCEPT, "text/html,*/*;q=0.8");
        let page = send(development(), browser, "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.header(CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"));
        assert!(page.text.contains("<title>&lt;F6&gt;</title>"));
        assert!(page.text.contains("Bearer ") && !page.text.contains("http"), "{}", page.text);
    }
    for file in
        ["start.js", "graphiql.js", "graphiql.css", "editor.worker.js", "json.worker.js", "graphql.worker.js"]
    {
        assert_eq!(
            send(development(), Request::get(format!("/graphiql/{file}")), "").await.status,
            200,
            "{file}"
        );
    }
    for path in ["/", "/graphiql/start.js"] {
        assert_eq!(send(production(), Request::get(path), "").await.refusal(), refused(404, "NOT_FOUND"));
    }
    let browser = Request::get("/graphql").header(ACCEPT, "text/html");
    assert_eq!(send(production(), browser, "").await.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_server_is_ready_when_all_that_it_needs_is_there_and_says_no_more_than_what_is_not() {
    let mut door = development();
    door.checks = vec![Check::new("config", || async { Ok(()) })];
    let answer = send(door, Request::get("/readyz"), "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (200, r#"{"status":"ready","checks":{"config":"ok","keys":"ok"}}"#)
    );
    let mut door = development();
    door.checks = vec![
        Check::new("config", || async { Ok(()) }),
        Check::new("database", || async { Err("connection to 10.0.0.7 refused".into()) }),
    ];
    let answer = send(door, Request::get("/readyz"), "").await;
    assert_eq!(answer.status.as_u16(), 503);
    assert_eq!(
        answer.text,
        r#"{"status":"unavailable","checks":{"config":"ok","database":"failed","keys":"ok"}}"#
    );
    assert_eq!(send(production(), Request::get("/healthz"), "").await.text, r#"{"status":"alive"}"#);
    assert_eq!(send(production(), Request::post("/healthz"), "").await.header(ALLOW), "GET, HEAD");
}
