//! How the servers start, tell how they are, and stop.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::{F6, Setup, binary, new_id, root};

use crate::family::{birth, declare};

#[tokio::test]
async fn a_server_that_is_told_to_stop_finishes_what_it_accepted() {
    // Given a write server that has committed a command, and is about to answer
    let setup = Setup::default().write_env("F6_INJECT_DELAY_AFTER_COMMIT_MS", "1500");
    let mut f6 = setup.start().await;
    let claim = declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk");
    let told = async {
        while f6.database.events().await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        f6.write[0].tell_to_stop();
    };

    // When it is told to stop, then it answers, and ends well
    let (outcome, ()) = tokio::join!(claim.into_future(), told);
    outcome.accepted();
    assert!(f6.write[0].ended_well());
}

#[tokio::test]
async fn both_servers_tell_that_they_live_and_are_ready() {
    let f6 = F6::start().await;
    for server in [&f6.write[0], &f6.query] {
        for path in ["/healthz", "/readyz"] {
            let answer = reqwest::get(server.url(path)).await.expect("an answer");
            assert_eq!(answer.status(), 200, "{path}");
        }
    }
}

#[tokio::test]
async fn a_server_whose_database_is_gone_is_alive_and_not_ready() {
    // Given an F6 whose database nobody can connect to any more
    let f6 = F6::start().await;
    f6.database.lock_out().await;

    // Then both servers say so
    for server in [&f6.write[0], &f6.query] {
        assert_eq!(reqwest::get(server.url("/healthz")).await.expect("an answer").status(), 200);
        assert_eq!(reqwest::get(server.url("/readyz")).await.expect("an answer").status(), 503);
    }
    // And a question meets a fault, of which the caller learns no more than a number to ask about
    let answer = f6.clerk().query("{ events(first: 1) { edges { cursor } } }", &json!({})).await;
    let told = String::from_utf8_lossy(&answer.bytes).to_lowercase();
    for inside in ["sqlx", "postgres", "database", "connection"] {
        assert!(!told.contains(inside), "{told}");
    }
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(answer.json()["errors"][0]["extensions"]["id"].is_string(), "{told}");
}

#[tokio::test]
async fn servers_whose_database_comes_back_go_on_by_themselves() {
    // Given an F6 whose database was gone for a while, as both servers noticed
    let f6 = F6::start().await;
    let kind = new_id();
    let claim = f6.ambtenaar().claim("Geboorte", birth(kind, "2026-01-01", "Dirk")).id(new_id()).validated();
    f6.database.lock_out().await;
    let gone = claim.send().await.expect("an answer");
    // A failure is in the processing log too, which stands in the same database
    gone.error_at("PROCESSING_LOG_UNAVAILABLE");
    f6.database.let_in().await;

    // When they are ready again, then the command that met a fault can be sent again, and is done once
    for server in [&f6.write[0], &f6.query] {
        until(async || reqwest::get(server.url("/readyz")).await.expect("an answer").status() == 200).await;
    }
    until(async || claim.send().await.expect("an answer").json()["errors"].is_null()).await;
    assert_eq!(f6.database.events().await, 2);
    until(async || {
        let question = json!({ "id": kind });
        let answer = f6.clerk().query("query($id: UUID!) { persoon(id: $id) { id } }", &question).await;
        answer.json()["data"]["persoon"]["id"] == json!(kind)
    })
    .await;
}

/// Waits until this holds; a connection that ended is only noticed when it is used.
async fn until(holds: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not come to hold");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn who_waits_too_long_is_told_so_and_may_send_the_same_again() {
    // Given a write server that answers three seconds after it has committed, and promises an answer within one
    let slow = Setup::default().write_env("F6_INJECT_DELAY_AFTER_COMMIT_MS", "3000");
    let mut f6 = slow.write_env("F6_REQUEST_TIMEOUT", "1").start().await;
    let (id, data) = (new_id(), birth(new_id(), "2026-01-01", "Dirk"));
    let send = async |f6: &F6| f6.clerk().claim("Geboorte", data.clone()).id(id).send().await;

    // When a command takes that long, then its caller is told, though it is done
    let answer = send(&f6).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.complaints()[0].code.as_str()), (503, "TIMEOUT"));
    assert_eq!(f6.database.events().await, 1);

    // And sent again, it is not done twice
    f6.write[0].restart(&[("F6_INJECT_DELAY_AFTER_COMMIT_MS", "0")]).await;
    assert_eq!(send(&f6).await.expect("an answer").complaints(), []);
    assert_eq!(f6.database.events().await, 1);
}

#[tokio::test]
async fn more_than_may_wait_are_turned_away() {
    // Given a write server that serves one request at a time, lets one wait, and takes its time
    let busy = Setup::default().write_env("F6_INJECT_DELAY_BEFORE_COMMIT_MS", "1000");
    let f6 = busy.write_env("F6_MAX_BATCH", "1").write_env("F6_MAX_WAITING", "1").start().await;
    let claim = || declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk");

    // When eight come at once, then some are turned away, and all others are stored
    let claims: Vec<_> = (0..8).map(|_| claim()).collect();
    let answers = futures::future::join_all(claims.iter().map(tests::Command::send)).await;
    let complaints = answers.into_iter().flat_map(|answer| answer.expect("an answer").complaints());
    let codes: Vec<_> = complaints.map(|complaint| complaint.code).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| code == "OVERLOADED"), "{codes:?}");
    assert_eq!(f6.database.events().await + i64::try_from(codes.len()).expect("few"), 8);
}

#[test]
fn a_config_that_is_wrong_is_refused_with_its_line_and_what_would_be_right() {
    // Given the shipped config, with an expression that names a field that no person has
    let shipped = std::fs::read_to_string(root().join("write_config.yaml")).expect("the shipped config");
    let wrong = shipped.replace("kind.geboortedatum == null", "kind.geboortedag == null");
    let line = 1 + wrong.lines().position(|line| line.contains("geboortedag")).expect("the spoilt line");
    let path = std::env::temp_dir().join(format!("{}.yaml", new_id()));
    std::fs::write(&path, wrong).expect("a temporary file");

    // When it is checked, then the mistake is told where it stands, with the field that was meant
    let output = Command::new(binary("write-api")).arg("check-config").arg(&path).output().expect("it runs");
    std::fs::remove_file(&path).expect("the temporary file");
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(!output.status.success());
    assert!(told.contains(&format!("{}:{line}", path.display())), "{told}");
    assert!(told.contains("geboortedag") && told.contains("geboortedatum"), "{told}");
}
