//! What operators see: counts, traces from request to commit, and logs that say nothing of anybody.

mod pages;

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tests::{Collector, F6, Scrape, Server, Setup, days_from_now, new_id};

use crate::family::{Family, adults, birth, declare, issue_bsn, marriage};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A document that nests deeper than the limit, 24, and is sound otherwise.
fn too_deep() -> String {
    let deeper = 25;
    format!("{{ events {}{}{} }}", "{ node ".repeat(deeper), "{ id }", " }".repeat(deeper))
}

#[tokio::test]
async fn what_becomes_of_commands_is_counted_by_event_type() {
    // Given a birth that a parent claims twice under one id, one that lies in the future, and one that a parent validates
    let f6 = F6::start().await;
    let ouder = f6.ouder();
    let claim = declare(&ouder, new_id(), "2026-01-01", "Dirk").id(new_id());
    let declared = claim.clone().await.accepted();
    claim.await.accepted();
    declare(&ouder, new_id(), &days_from_now(9), "Dirk").await.refused("FUTURE");
    declare(&ouder, new_id(), "2026-01-01", "Dirk").dry_run().await.accepted();
    ouder.validate(&declared).await.forbidden();
    f6.ambtenaar().validate(&declared).await.accepted();

    // Then the write API tells so
    let scrape = f6.write[0].metrics().await;
    let births =
        |outcome| scrape.sum("f6_commands_total", &[("event_type", "Geboorte"), ("outcome", outcome)]);
    assert_eq!(
        ["accepted", "repeated", "refused", "dry_run", "fault"].map(births),
        [2.0, 1.0, 1.0, 1.0, 0.0]
    );
    assert_eq!(scrape.sum("f6_commands_total", &[("event_type", "Huwelijk")]), 0.0);
    assert_eq!(scrape.sum("f6_commands_total", &[("outcome", "forbidden")]), 1.0);
    let future = [("event_type", "Geboorte"), ("code", "FUTURE")];
    assert_eq!(scrape.sum("f6_command_refusals_total", &future), 1.0);

    // And what they took
    assert!(scrape.sum("f6_batch_requests_count", &[]) >= 5.0);
    for seconds in ["f6_queue_wait_seconds", "f6_decide_duration_seconds", "f6_commit_duration_seconds"] {
        assert!(scrape.sum(&format!("{seconds}_count"), &[]) >= 5.0, "{seconds}");
        assert!(scrape.sum(&format!("{seconds}_sum"), &[]) > 0.0, "{seconds}");
    }
    assert_eq!(scrape.sum("f6_head_position", &[]), 2.0);
}

#[tokio::test]
async fn what_passes_the_door_of_each_server_is_counted() {
    // Given a question that is answered, one without a token, and one that goes too deep
    let f6 = F6::start().await;
    f6.persoon(new_id()).ask("id").await;
    f6.query(None, "{ personen(ids: []) { id } }", &json!({})).await;
    let deep = f6.clerk().query(&too_deep(), &json!({})).await;
    deep.error_at("LIMIT_EXCEEDED");

    // Then the query API tells so, and leaves out who asked whether it is well
    let scrape = f6.query.metrics().await;
    let requests = |operation, status| {
        scrape.sum("f6_http_requests_total", &[("operation", operation), ("status", status)])
    };
    assert_eq!(requests("query", "200"), 1.0);
    assert_eq!(requests("none", "401"), 1.0);
    assert_eq!(scrape.sum("f6_http_requests_total", &[]), 3.0);
    assert_eq!(scrape.sum("f6_http_request_duration_seconds_count", &[("operation", "query")]), 1.0);
    assert_eq!(scrape.sum("f6_http_requests_in_flight", &[]), 0.0);
    assert_eq!(scrape.sum("f6_graphql_errors_total", &[("code", "UNAUTHENTICATED")]), 1.0);
    assert_eq!(scrape.sum("f6_graphql_errors_total", &[("code", "INTERNAL")]), 0.0);
    assert_eq!(scrape.sum("f6_guard_refusals_total", &[("limit", "levels of nesting")]), 1.0);
}

#[tokio::test]
async fn both_servers_see_the_same_end_of_the_log_and_tell_what_was_in_memory() {
    // Given a person who is asked for twice
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    f6.persoon(family.moeder).ask("id").await;
    f6.persoon(family.moeder).ask("id").await;
    // And a command of which the writer has nothing in memory, after which one has
    let ambtenaar = f6.ambtenaar();
    ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2020-02-02")).await;
    f6.persoon(family.moeder).ask("id").await;

    // Then both stand at the same position
    let (write, query) = (f6.write[0].metrics().await, f6.query.metrics().await);
    let head = write.sum("f6_head_position", &[]);
    assert!(head > 0.0);
    assert_eq!(head, query.sum("f6_head_position", &[]));
    // And each knows what it found in memory, and what it did not
    for scrape in [&write, &query] {
        assert!(scrape.sum("f6_cache_lookups_total", &[("result", "miss")]) >= 1.0);
    }
    assert!(query.sum("f6_cache_lookups_total", &[("result", "hit")]) >= 1.0);
}

#[tokio::test]
async fn where_metrics_have_an_address_of_their_own_they_are_nowhere_else() {
    let binds = ["F6_WRITE_METRICS_BIND", "F6_QUERY_METRICS_BIND"];
    let f6 = binds.iter().fold(Setup::default(), |setup, bind| setup.env(bind, "127.0.0.1:0")).start().await;
    let status = |url: String| async { reqwest::get(url).await.expect("an answer").status() };
    for server in [&f6.write[0], &f6.query] {
        let log = server.log();
        let line =
            log.split_whitespace().find(|word| word.starts_with("http://") && word.contains("/metrics"));
        let apart = line.unwrap_or_else(|| panic!("{log}")).trim_end_matches(',');
        Scrape::of(apart).await;
        assert_eq!(status(server.url("/metrics")).await, 404);
        assert_eq!(status(apart.replace("/metrics", "/graphql")).await, 404);
    }
}

#[tokio::test]
async fn a_request_goes_on_in_the_trace_of_its_caller_and_the_log_names_it() {
    let setup = Setup::default().env("F6_LOG_FORMAT", "json");
    let f6 = setup.start().await;
    for server in [&f6.write[0], &f6.query] {
        // When a request comes with a trace, then the answer names the trace, and a step of its own
        let given = format!("00-{TRACE}-{CALLER}-01");
        let headers = headers(server, &f6, &[("traceparent", &given), ("x-request-id", "order-7")]).await;
        let ours = headers["traceparent"].to_str().expect("text");
        assert!(ours.starts_with(&format!("00-{TRACE}-")) && !ours.contains(CALLER), "{ours}");
        // And the line of the log is found by both
        let log = server.log();
        let line = log.lines().find(|line| line.contains("order-7")).unwrap_or_else(|| panic!("{log}"));
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(line["span"]["trace_id"], TRACE, "{line}");
    }
    // When it comes with none, or with one that is not sound, then it begins one
    for given in [&[][..], &[("traceparent", "00-nonsense-01")]] {
        let headers = headers(&f6.query, &f6, given).await;
        let ours = headers["traceparent"].to_str().expect("text").to_owned();
        let trace = ours.split('-').nth(1).expect("a trace");
        assert!(trace.len() == 32 && trace != TRACE, "{ours}");
        assert!(f6.query.log().contains(trace), "{}", f6.query.log());
    }
}

#[tokio::test]
async fn a_collector_receives_every_step_of_a_command_up_to_its_commit() {
    // Given an F6 that is told of a collector
    let collector = Collector::start().await;
    let f6 = observed(&collector.endpoint).await;

    // When a command comes with a trace
    let claim = "mutation($data: GeboorteData!) { claimGeboorte(input: { data: $data }) { events { id } } }";
    let body = json!({ "query": claim, "variables": { "data": birth(new_id(), "2026-01-01", "Dirk") } });
    let given = format!("00-{TRACE}-{CALLER}-01");
    let request = reqwest::Client::new().post(f6.write[0].url("/graphql")).bearer_auth(f6.clerk().token());
    let answer = request.header("traceparent", given).json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);

    // Then each step is sent, in that trace, and each is part of the right one
    let step = async |name: &str| collector.step(|step| step.name == name && step.trace == TRACE).await;
    let request = step("request").await;
    assert_eq!((request.parent.as_str(), request.service.as_str()), (CALLER, "f6-write-api"));
    assert!(answer.headers()["traceparent"].to_str().expect("text").contains(&request.id));
    assert_eq!(step("parse").await.parent, request.id);
    let resolve = step("resolve").await;
    assert_eq!(resolve.parent, request.id);
    for name in ["queue", "decide", "commit"] {
        assert_eq!(step(name).await.parent, resolve.id, "{name}");
    }
    // And the commit of the batch, which is part of no request, names those that it serves
    let batch = collector.step(|step| step.name == "batch" && step.links.contains(&resolve.id)).await;
    assert_eq!(batch.parent, "");
    let commit = collector.step(|step| step.name == "commit" && step.parent == batch.id).await;
    assert!(commit.links.contains(&resolve.id), "{commit:?}");
    // And whoever asked whether the servers are ready is in no trace
    assert!(collector.steps().iter().all(|step| !step.told.contains("/readyz")), "{:#?}", collector.steps());
}

#[tokio::test]
async fn a_collector_receives_every_step_of_a_question_down_to_its_fold_and_nothing_of_the_person() {
    let collector = Collector::start().await;
    let f6 = observed(&collector.endpoint).await;
    let family = Family::registered_in(&f6);
    f6.persoon(family.moeder).ask("naam { voornamen } moeder { id }").await;
    let resolve = collector.step(|step| step.name == "resolve" && step.service == "f6-query-api").await;
    for name in ["snapshot", "load", "fold"] {
        let step = collector.step(|step| step.name == name && step.trace == resolve.trace).await;
        assert_eq!(step.parent, resolve.id, "{name}");
    }
    for step in collector.steps() {
        for secret in ["Anna", "Jansen", &family.moeder.to_string()] {
            assert!(!step.told.contains(secret), "{step:?}");
        }
    }
}

#[tokio::test]
async fn a_collector_that_is_gone_holds_nobody_up_and_is_told_of_once() {
    // Nobody listens at port 1, and no other scenario is given it
    let f6 = observed("http://127.0.0.1:1").await;
    let complaints = || f6.write[0].log().matches("the collector takes no spans").count();
    let started = Instant::now();
    while complaints() == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "{}", f6.write[0].log());
        declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();
    }
    for _ in 0..3 {
        declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(complaints(), 1, "{}", f6.write[0].log());
}

#[tokio::test]
async fn the_log_says_nothing_of_anybody_at_whatever_level_in_whatever_format() {
    for format in ["json", "pretty"] {
        logs_say_nothing_of_anybody(format).await;
    }
}

async fn logs_say_nothing_of_anybody(format: &str) {
    // Given servers that log all that they can
    let f6 = Setup::default().env("F6_LOG", "debug").env("F6_LOG_FORMAT", format).start().await;
    let [anna, bram] = adults(&f6);
    let ambtenaar = f6.ambtenaar();

    // When a person with a rare name is registered, given a number, refused one, misspelt, and asked for
    let kind = new_id();
    let data = json!({ "kind": kind, "datum": "2011-11-11", "naam": { "voornamen": "Xanthippe", "geslachtsnaam": "Quackernaat" } });
    ambtenaar.register("Geboorte", data.clone()).await;
    issue_bsn(&ambtenaar, kind, 77).validated().await.accepted();
    issue_bsn(&ambtenaar, anna, 77).validated().await.refused("UNIQUE");
    ambtenaar.claim("Huwelijk", marriage(anna, bram, "Quackernaat")).send().await.expect("an answer");
    ambtenaar
        .claim("Geboorte", json!({ "kind": "Quackernaat", "datum": 7 }))
        .send()
        .await
        .expect("an answer");
    let answer = f6.persoon(kind).ask("naam { voornamen geslachtsnaam } bsn").await;
    assert_eq!(answer["bsn"], tests::bsn(77));
    for wrong in ["{ persoon(id: \"Quackernaat\") { bsn } }", "{ Quackernaat }", "{ \"Quackernaat\" }"] {
        f6.clerk().query(wrong, &json!({})).await;
        ambtenaar.mutate(wrong, &json!({ "v": "Quackernaat" })).await.expect("an answer");
    }

    // Then the logs tell of each request, and of nothing in it
    for server in [&f6.write[0], &f6.query] {
        let log = server.log();
        assert!(log.contains("answered POST /graphql"), "{log}");
        for secret in ["Xanthippe", "Quackernaat", "2011-11-11", &tests::bsn(77), f6.clerk().token()] {
            let told: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(told.is_empty(), "{told:#?}");
        }
    }
}

/// An F6 that sends its spans soon.
async fn observed(endpoint: &str) -> F6 {
    let setup = Setup::default().env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    setup.env("OTEL_BSP_SCHEDULE_DELAY", "50").start().await
}

/// Asks a server by hand, with these headers; the answer and its headers.
async fn send(server: &Server, f6: &F6, query: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let request = reqwest::Client::new().post(server.url("/graphql")).bearer_auth(f6.clerk().token());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.json(&json!({ "query": query })).send().await.expect("an answer")
}

async fn ask(server: &Server, f6: &F6, query: &str, headers: &[(&str, &str)]) -> Value {
    send(server, f6, query, headers).await.json().await.expect("JSON")
}

async fn headers(server: &Server, f6: &F6, headers: &[(&str, &str)]) -> HeaderMap {
    send(server, f6, "{ __typename }", headers).await.headers().clone()
}
