//! GraphQL over HTTP as its specification has it, by the reference audit; and what no server runs.

use std::process::Command;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tests::{F6, Server, Setup, new_id, root, run};

/// What the audit asks over GET: it is answered where it is trusted.
const ASKED_OVER_GET: [&str; 2] =
    ["{ __typename }", "query Type($name: String!) { __type(name: $name) { name } }"];

/// The audits that a server answers to POST alone cannot pass, as they ask over GET.
const NEED_GET: [&str; 3] = ["5A70", "D6D5", "6A70"];

/// The ids of all audits that were run, and of those that found something.
fn audited(server: &Server, token: &str) -> (usize, Vec<String>) {
    let clients = root().join("tests/clients");
    assert!(clients.join("node_modules").is_dir(), "`npm ci --prefix tests/clients` brings the audit");
    let mut node = Command::new("node");
    node.arg(clients.join("audit.mjs")).env("F6_URL", server.url("/graphql")).env("F6_TOKEN", token);
    let results: Vec<Value> = serde_json::from_slice(&run(&mut node).stdout).expect("the results are JSON");
    let found = results.iter().filter(|result| result["status"] != "ok");
    let found = found.map(|result| result["id"].as_str().expect("an audit has an id").to_owned());
    (results.len(), found.collect())
}

#[tokio::test]
async fn the_reference_audit_finds_nothing_on_the_query_api() {
    // Given an F6 that trusts the two documents that the audit sends over GET
    let f6 = Setup::default().trusted_documents(&ASKED_OVER_GET).start().await;

    // Then each of its 61 checks holds
    assert_eq!(audited(&f6.query, f6.clerk().token()), (61, Vec::new()));
}

#[tokio::test]
async fn the_reference_audit_finds_nothing_on_the_write_api_but_that_it_answers_to_post_alone() {
    // Given an F6 that trusts the two documents that the audit sends over GET
    let f6 = Setup::default().trusted_documents(&ASKED_OVER_GET).start().await;

    // Then only the checks that ask over GET do not hold
    let needs_get = NEED_GET.map(str::to_owned).to_vec();
    assert_eq!(audited(&f6.write[0], f6.clerk().token()), (61, needs_get));
}

/// A birth, as a mutation.
fn birth() -> String {
    let naam = "{ voornamen: \"Dirk\", geslachtsnaam: \"Jansen\" }";
    let data = format!("{{ kind: \"{}\", datum: \"2026-01-01\", naam: {naam} }}", new_id());
    format!(
        "mutation {{ claimGeboorte(input: {{ data: {data}, validate: true }}) {{ refusals {{ code }} }} }}"
    )
}

/// The ways in which a mutation must not run.
fn wrong_ways(url: &str) -> Vec<(&'static str, RequestBuilder)> {
    let client = Client::new();
    let (document, body) = (birth(), json!({ "query": birth() }).to_string());
    let get = |query: &[(&str, &str)]| {
        let mut url = reqwest::Url::parse(url).expect("the server's URL");
        url.query_pairs_mut().extend_pairs(query);
        client.get(url)
    };
    let post = |media: &str, body: String| client.post(url).header("Content-Type", media).body(body);
    let form = get(&[("query", &document)]).build().expect("a request");
    let form = form.url().query().expect("the document").to_owned();
    let part = "--x\r\nContent-Disposition: form-data; name=\"";
    let multipart = format!("{part}operations\"\r\n\r\n{body}\r\n{part}map\"\r\n\r\n{{}}\r\n--x--\r\n");
    vec![
        ("GET", get(&[("query", &document)])),
        ("GET with a body", get(&[]).header("Content-Type", "application/json").body(body.clone())),
        ("PUT", client.put(url).header("Content-Type", "application/json").body(body.clone())),
        ("plain text", post("text/plain", body.clone())),
        ("GraphQL as it stands", post("application/graphql", document.clone())),
        ("a form", post("application/x-www-form-urlencoded", form)),
        ("several parts", post("multipart/form-data; boundary=x", multipart)),
        ("no media type", client.post(url).body(body.clone())),
        ("a batch", post("application/json", format!("[{body}]"))),
    ]
}

#[tokio::test]
async fn no_mutation_runs_over_get_text_forms_parts_or_in_batches() {
    // Given an F6 whose clerk may register births, and does
    let f6 = F6::start().await;
    let clerk = f6.clerk();
    let accepted = clerk.mutate(&birth(), &json!({})).await.expect("the write API answers");
    assert_eq!(accepted.data(), json!({ "claimGeboorte": { "refusals": [] } }));
    let stored = f6.database.events().await;

    // When the clerk sends other births in the wrong ways, to either server
    for server in [&f6.write[0], &f6.query] {
        for (way, request) in wrong_ways(&server.url("/graphql")) {
            let answer = request.bearer_auth(clerk.token()).send().await.expect("an answer");

            // Then each is refused
            assert!(answer.status().is_client_error(), "{way}: {}", answer.status());
        }
    }

    // And nothing is stored
    assert_eq!(f6.database.events().await, stored);
}
