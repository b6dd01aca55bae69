//! Documents that a front-end was built with are named by their hash; a strict F6 answers no others.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use tests::{F6, Principal, Server, Setup, Socket, new_id, sha256};

const FIRST_EVENTS: &str = "query First($first: Int!) { events(first: $first) { pageInfo { hasNextPage } } }";
const ANNUL: &str = "mutation Annul($input: AnnulInput!) { annul(input: $input) { refusals { code } } }";

/// The status and body of the answer to these parameters, in the URL of a GET and in the body of a POST.
async fn sent(method: Method, server: &Server, caller: &Principal<'_>, parameters: &Value) -> (u16, Value) {
    let mut url = Url::parse(&server.url("/graphql")).expect("the server's URL");
    if method == Method::GET {
        for (name, value) in parameters.as_object().expect("parameters") {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            url.query_pairs_mut().append_pair(name, &text);
        }
    }
    let mut request = reqwest::Client::new().request(method.clone(), url).bearer_auth(caller.token());
    request = request.header("Accept", "application/graphql-response+json");
    if method == Method::POST {
        request = request.json(parameters);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("answers are JSON"))
}

/// The parameters by which clients name a document.
fn named(document: &str, variables: &Value) -> [Value; 2] {
    let hash = sha256(document);
    [
        json!({ "documentId": format!("sha256:{hash}"), "variables": variables }),
        json!({
            "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } },
            "variables": variables,
        }),
    ]
}

async fn trusting() -> F6 {
    Setup::default().trusted_documents(&[FIRST_EVENTS, ANNUL]).start().await
}

async fn strict() -> F6 {
    let setup = Setup::default().trusted_documents(&[FIRST_EVENTS, ANNUL]);
    setup.env("F6_TRUSTED_DOCUMENTS_ONLY", "true").start().await
}

#[tokio::test]
async fn a_trusted_query_is_answered_by_its_hash_over_post_and_get() {
    let f6 = trusting().await;
    let data = json!({ "data": { "events": { "pageInfo": { "hasNextPage": false } } } });
    for parameters in named(FIRST_EVENTS, &json!({ "first": 1 })) {
        for method in [Method::POST, Method::GET] {
            let answer = sent(method.clone(), &f6.query, &f6.clerk(), &parameters).await;
            assert_eq!(answer, (200, data.clone()), "{method} {parameters}");
        }
    }
}

#[tokio::test]
async fn a_trusted_mutation_is_answered_by_its_hash_over_post_alone() {
    let f6 = trusting().await;
    let input = json!({ "input": { "target": new_id(), "reason": "Registered by mistake." } });
    for parameters in named(ANNUL, &input) {
        let (status, answer) = sent(Method::POST, &f6.write[0], &f6.clerk(), &parameters).await;
        let refused = json!({ "annul": { "refusals": [{ "code": "UNKNOWN_EVENT" }] } });
        assert_eq!((status, &answer["data"]), (200, &refused), "{answer}");
        for server in [&f6.write[0], &f6.query] {
            let (status, answer) = sent(Method::GET, server, &f6.clerk(), &parameters).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!((status, code), (405, &json!("METHOD_NOT_ALLOWED")), "{answer}");
        }
    }
}

#[tokio::test]
async fn any_other_query_is_answered_over_post_and_not_over_get() {
    let f6 = trusting().await;
    let parameters = json!({ "query": "{ events(first: 1) { pageInfo { hasNextPage } } }" });
    assert_eq!(sent(Method::POST, &f6.query, &f6.clerk(), &parameters).await.0, 200);
    let (status, answer) = sent(Method::GET, &f6.query, &f6.clerk(), &parameters).await;
    assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (405, &json!("METHOD_NOT_ALLOWED")));
}

#[tokio::test]
async fn a_client_that_finds_its_hash_unknown_sends_its_document_along() {
    let f6 = trusting().await;
    let other = "query Other { events(first: 1) { pageInfo { hasNextPage } } }";
    for parameters in named(other, &json!({})) {
        let (status, answer) = sent(Method::POST, &f6.query, &f6.clerk(), &parameters).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!((status, code), (400, &json!("PERSISTED_QUERY_NOT_FOUND")), "{answer}");

        let mut both = parameters.clone();
        both["query"] = json!(other);
        assert_eq!(sent(Method::POST, &f6.query, &f6.clerk(), &both).await.0, 200);

        // What a caller sends is not trusted from then on.
        assert_eq!(sent(Method::POST, &f6.query, &f6.clerk(), &parameters).await.0, 400);

        both["query"] = json!("{ __typename }");
        let (status, answer) = sent(Method::POST, &f6.query, &f6.clerk(), &both).await;
        assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (400, &json!("INVALID_REQUEST")));
    }
}

#[tokio::test]
async fn a_strict_server_answers_trusted_documents_alone() {
    let f6 = strict().await;
    let by_text = json!({ "query": FIRST_EVENTS, "variables": { "first": 1 } });
    assert_eq!(sent(Method::POST, &f6.query, &f6.clerk(), &by_text).await.0, 200);
    for parameters in named(FIRST_EVENTS, &json!({ "first": 1 })) {
        assert_eq!(sent(Method::POST, &f6.query, &f6.clerk(), &parameters).await.0, 200);
    }
    for server in [&f6.write[0], &f6.query] {
        for other in ["{ __typename }", "{ __schema { queryType { name } } }", &format!("{FIRST_EVENTS} ")] {
            let (status, answer) = sent(Method::POST, server, &f6.clerk(), &json!({ "query": other })).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!((status, code), (400, &json!("DOCUMENT_NOT_TRUSTED")), "{other}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_strict_server_answers_no_other_subscription_either() {
    let f6 = strict().await;
    let other = "subscription { eventAdded { position } }";
    let mut socket = Socket::connect(&f6.query, f6.clerk().token()).await;
    socket.subscribe("1", other).await;
    let message = socket.hear().await;
    assert_eq!(message["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED", "{message}");
    let mut events = f6.events(Some(f6.clerk().token()), other).await.expect("a stream");
    let (name, data) = events.next().await;
    assert_eq!(name, "next");
    assert_eq!(data["errors"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED", "{data}");
}

#[tokio::test]
async fn a_server_that_is_to_trust_what_is_not_there_does_not_start() {
    let f6 = F6::start().await;
    for (settings, told) in [
        (vec![("F6_TRUSTED_DOCUMENTS_ONLY", "true")], "--trusted-documents"),
        (vec![("F6_TRUSTED_DOCUMENTS", "no/such/file.json")], "no/such/file.json"),
    ] {
        for mut server in [f6.write_api(["serve"]), f6.query_api(["serve"])] {
            let ended = server.envs(settings.clone()).output().expect("the server runs");
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(!ended.status.success() && said.contains(told), "{said}");
        }
    }
}
