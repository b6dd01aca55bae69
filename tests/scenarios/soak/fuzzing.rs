//! Requests that fit the schemas and make no other sense, made up by schemathesis: each is answered, whatever it asks, and
//! no answer tells of the inside. `make soak` goes on ten times as long.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tests::{F6, Server, new_id, root};

use super::parts;
use crate::family::{birth, marriage};

/// How long requests are made up for each seed, in one part of ten; in seconds.
const SECONDS: usize = 6;

const SEEDS: [usize; 3] = [1, 2, 3];

/// What no message that goes outside may hold.
const INTERNALS: [&str; 7] = ["sqlx", "postgres", "SELECT ", "os error", "relation \"", "panicked", ".rs:"];

/// An F6 that has something to ask about.
async fn inhabited() -> F6 {
    let f6 = F6::start().await;
    let (anna, bram) = (new_id(), new_id());
    for (person, name) in [(anna, "Anna"), (bram, "Bram")] {
        f6.ambtenaar().register("Geboorte", birth(person, "1980-01-01", name)).await;
    }
    f6.ambtenaar().register("Huwelijk", marriage(anna, bram, "2010-01-01")).await;
    f6
}

/// Every answer to what was made up from a schema: its status and its body.
fn answers(f6: &F6, server: &Server, schema: &str, seed: usize) -> Vec<(u64, Value)> {
    let report = f6.file(&format!("{seed}.har"));
    let mut fuzzer = Command::new(root().join("scripts/tool.sh"));
    fuzzer.args(["schemathesis", "run"]).arg(root().join(schema)).args(["--url", &server.url("/graphql")]);
    fuzzer.args(["--header", &format!("Authorization: Bearer {}", f6.ambtenaar().token())]);
    fuzzer.args(["--seed", &seed.to_string(), "--max-time", &(SECONDS * parts()).to_string()]);
    fuzzer.env("SCHEMATHESIS_HOOKS", root().join("tests/clients/scalars.py"));
    // It keeps what it found beside where it stands.
    fuzzer.current_dir(f6.file(""));
    // What is right, is judged here.
    fuzzer.args([
        "--phases",
        "fuzzing",
        "--checks",
        "not_a_server_error",
        "--continue-on-failure",
        "--no-shrink",
    ]);
    fuzzer.args(["--suppress-health-check", "all", "--report", "har", "--report-har-path"]).arg(&report);
    let output = fuzzer.output().expect("the fuzzer starts");
    let said = || String::from_utf8_lossy(&output.stdout).into_owned();
    let report = std::fs::read(&report).unwrap_or_else(|error| panic!("no report ({error}):\n{}", said()));
    let report: Value = serde_json::from_slice(&report).expect("a report is JSON");
    let entries = report["log"]["entries"].as_array().unwrap_or_else(|| panic!("no answers:\n{}", said()));
    let answer = |entry: &Value| {
        let text = entry["response"]["content"]["text"].as_str().unwrap_or_default();
        let body = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {entry:#}"));
        (entry["response"]["status"].as_u64().expect("a status"), body)
    };
    entries.iter().map(answer).collect()
}

/// Every code that `docs/errors.md` explains.
fn explained() -> BTreeSet<String> {
    let page = std::fs::read_to_string(root().join("docs/errors.md")).expect("docs/errors.md");
    let code = |line: &str| line.strip_prefix("### `")?.strip_suffix('`').map(str::to_owned);
    page.lines().filter_map(code).collect()
}

/// Holds every answer against what clients may count on, and tells what came.
fn judge(schema: &str, f6: &F6, server: &Server) {
    let explained = explained();
    let asking = || SEEDS.into_iter().flat_map(|seed| answers(f6, server, schema, seed)).collect();
    let answers: Vec<(u64, Value)> = tokio::task::block_in_place(asking);
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for (status, body) in &answers {
        assert!(*status < 500, "{status}: {body:#}");
        for error in body["errors"].as_array().into_iter().flatten() {
            let code = error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {error:#}"));
            assert!(explained.contains(code) && code != "INTERNAL", "{error:#}");
            let message = error["message"].as_str().expect("a message");
            assert!(!INTERNALS.iter().any(|internal| message.contains(internal)), "{message}");
            *codes.entry(code.to_owned()).or_default() += 1;
        }
    }
    let right = answers.iter().filter(|(_, body)| body.get("errors").is_none()).count();
    assert!(right > 0, "something of what is made up can be answered");
    eprintln!("{schema}: {} answers, {right} without an error; errors {codes:?}", answers.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_the_query_api_answers() {
    let f6 = inhabited().await;
    judge("schemas/query.graphql", &f6, &f6.query);
    assert!(!f6.query.log().contains("ERROR"), "nothing was at fault");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_commanded_the_write_api_answers() {
    let f6 = inhabited().await;
    judge("schemas/write.graphql", &f6, &f6.write[0]);
    assert!(!f6.write[0].log().contains("ERROR"), "nothing was at fault");
}
