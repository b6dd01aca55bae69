//! Every command is safe to send again.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tests::{Answer, Command, F6, Setup, new_id};

use crate::family::birth;

#[tokio::test]
async fn a_claim_sent_ten_times_at_once_is_one_event() {
    happens_once(|claim| claim, 1).await;
}

#[tokio::test]
async fn a_claim_with_its_validation_sent_ten_times_at_once_is_one_pair() {
    happens_once(|claim| claim.validated(), 2).await;
}

async fn happens_once(step: impl Fn(Command<'_>) -> Command<'_>, events: i64) {
    // Given two write servers on one database, and a claim
    let mut f6 = Setup::default().write_servers(2).start().await;
    let (id, data) = (new_id(), birth(new_id(), "2026-01-01", "Dirk"));
    let send = async |f6: &F6, server: usize| {
        let claim = step(f6.clerk().through(server).claim("Geboorte", data.clone()).id(id));
        claim.send().await.expect("an answer")
    };

    // When it is sent ten times at once, to both, and once more to one that has started anew
    let mut answers = join_all((0..10).map(|time| send(&f6, time % 2))).await;
    f6.write[0].restart(&[]).await;
    answers.push(send(&f6, 0).await);

    // Then it happened once, and every answer is the same
    all_tell_of(events, &answers);
    assert_eq!(f6.database.events().await, events);
    assert_eq!(f6.status(id).await, if events == 1 { "CLAIMED" } else { "VALIDATED" });
}

#[tokio::test]
async fn a_command_whose_answer_was_lost_in_a_crash_can_be_sent_again() {
    // Given a write server that waits long between the commit and the answer
    let setup = Setup::default().write_env("F6_INJECT_DELAY_AFTER_COMMIT_MS", "60000");
    let mut f6 = setup.start().await;
    let (command_id, data) = (new_id(), birth(new_id(), "2026-01-01", "Dirk"));
    let send =
        async |f6: &F6| f6.clerk().claim("Geboorte", data.clone()).id(command_id).validated().send().await;

    // When it is killed in between
    tokio::select! {
        answer = send(&f6) => panic!("answered before the crash: {answer:?}"),
        () = committed(&f6, 2) => {}
    }
    f6.write[0].kill();
    f6.write[0].restart(&[("F6_INJECT_DELAY_AFTER_COMMIT_MS", "0")]).await;

    // Then the processing log tells of both events, though nobody was answered
    let told = "SELECT count(*) FROM processing_record WHERE name IN ('claim Geboorte', 'validate Geboorte')";
    assert_eq!(f6.database.value::<i64>(told).await, 2);

    // And the same command, sent again and again, finds what it did
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(send(&f6).await.expect("an answer"));
    }
    all_tell_of(2, &answers);
    assert_eq!(f6.database.events().await, 2);
    assert_eq!(f6.status(command_id).await, "VALIDATED");
}

async fn committed(f6: &F6, events: i64) {
    let started = Instant::now();
    while f6.database.events().await < events {
        assert!(started.elapsed() < Duration::from_secs(30), "the command is not committed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every answer is the same, and tells of so many events.
fn all_tell_of(events: i64, answers: &[Answer]) {
    let text = |answer: &Answer| String::from_utf8_lossy(&answer.bytes).into_owned();
    let first = &answers[0].data()["claimGeboorte"]["events"];
    assert_eq!(first.as_array().map(Vec::len), usize::try_from(events).ok(), "{}", text(&answers[0]));
    for answer in answers {
        assert_eq!(text(answer), text(&answers[0]));
    }
}
