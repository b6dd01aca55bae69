//! An automatic system, `bsn-issuer`: a number for each birth that is validated, whatever happens to it meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{F6, Issuer, Setup, new_id};
use uuid::Uuid;

use crate::family::{adults, birth, declare};

/// Debug builds on two busy cores are slow; nobody waits this long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// A number that was issued, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) event: Uuid,
    pub(crate) births: Vec<Uuid>,
    pub(crate) bsn: String,
    pub(crate) status: String,
}

/// Every `BsnToegekend` of the log.
pub(crate) async fn issued(f6: &F6) -> Vec<Issued> {
    let claims = claims(f6, "BsnToegekend").await;
    let ids = |ids: &Value| ids.as_array().expect("a list").iter().map(id).collect();
    let issued = |claim: &Value| Issued {
        event: id(&claim["id"]),
        births: ids(&claim["eventReference"]),
        bsn: claim["eventData"]["bsn"].as_str().expect("a number is text").to_owned(),
        status: claim["status"].as_str().expect("a status is text").to_owned(),
    };
    claims.iter().map(issued).collect()
}

/// Every claim of an event type, in the order of registration.
pub(crate) async fn claims(f6: &F6, event_type: &str) -> Vec<Value> {
    let query = "query($type: String!, $after: String) { events(eventTypes: [$type], first: 500, after: $after) {
        edges { node { id eventKind eventReference eventData status } } pageInfo { hasNextPage endCursor } } }";
    let (mut claims, mut after) = (Vec::new(), Value::Null);
    loop {
        let asked = json!({ "type": event_type, "after": after });
        let page = f6.clerk().query(query, &asked).await.data()["events"].clone();
        let nodes = page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"].clone());
        claims.extend(nodes.filter(|event| event["eventKind"] == "Claim"));
        if page["pageInfo"]["hasNextPage"] != true {
            return claims;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

pub(crate) fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no id: {value}"))
}

/// Waits until that is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn until_told(issuer: &Issuer, words: &str) {
    until(words, async || issuer.log().contains(words)).await;
}

/// The number that a person has now.
async fn bsn_of(f6: &F6, persoon: Uuid) -> Option<String> {
    let person = f6.persoon(persoon).ask("bsn").await;
    person["bsn"].as_str().map(str::to_owned)
}

/// The number that a person gets.
async fn bsn_in_time(f6: &F6, persoon: Uuid) -> String {
    until("the child has a BSN", async || bsn_of(f6, persoon).await.is_some()).await;
    bsn_of(f6, persoon).await.expect("it has one")
}

/// A birth that is validated: the child, and the event.
async fn born(f6: &F6) -> (Uuid, Uuid) {
    let kind = new_id();
    let registered = f6.ambtenaar().register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await;
    (kind, registered.id())
}

/// The numbers from one to another that pass the eleven test.
fn numbers(from: u32, to: u32) -> Vec<String> {
    let passes = |number: &String| {
        let digits = number.bytes().map(|digit| i32::from(digit - b'0'));
        let weighted = digits.zip([9, 8, 7, 6, 5, 4, 3, 2, -1]).map(|(digit, weight)| digit * weight);
        weighted.sum::<i32>() % 11 == 0
    };
    (from..=to).map(|number| format!("{number:09}")).filter(passes).collect()
}

/// A clerk gives a person this number.
async fn given_by_a_clerk(f6: &F6, persoon: Uuid, bsn: &str) -> Uuid {
    let claim = f6.ambtenaar().claim("BsnToegekend", json!({ "persoon": persoon, "bsn": bsn }));
    claim.with("occurredAt", json!("2026-01-05T09:00:00Z")).validated().await.accepted().id()
}

#[tokio::test]
async fn each_validated_birth_gets_a_number_that_rests_on_it_those_before_the_start_as_well() {
    // Given two children whose births were validated before there was an issuer
    let f6 = F6::start().await;
    let before = [born(&f6).await, born(&f6).await];

    // When it is started, and a third is born
    let _issuer = Issuer::start(&f6, "issuer", &[]);
    let after = born(&f6).await;

    // Then each gets a number of its own, by an event that a system claimed and validated, based on the birth
    let mut all = Vec::new();
    for (kind, geboorte) in before.into_iter().chain([after]) {
        let bsn = bsn_in_time(&f6, kind).await;
        let issued = issued(&f6).await.into_iter().find(|issued| issued.bsn == bsn).expect("its event");
        assert_eq!((issued.births, &*issued.status), (vec![geboorte], "VALIDATED"));
        let event = f6.one("event", issued.event).ask("eventSourceType objectIds").await;
        assert_eq!(event, json!({ "eventSourceType": "systeem", "objectIds": [kind] }));
        let digits = bsn.parse().expect("digits");
        assert_eq!(numbers(digits, digits).first(), Some(&bsn), "it passes the eleven test");
        all.push(bsn);
    }
    all.dedup();
    assert_eq!((all.len(), issued(&f6).await.len()), (3, 3));
}

#[tokio::test]
async fn a_claimed_birth_gets_none_until_it_is_validated() {
    // Given a birth that a parent declared, and one after it that was validated
    let f6 = F6::start().await;
    let issuer = Issuer::start(&f6, "issuer", &[]);
    let kind = new_id();
    let declared = declare(&f6.ouder(), kind, "2026-01-01", "Dirk").await.accepted();
    let (other, _) = born(&f6).await;

    // When the other has a number, then the issuer has passed the first, and given none
    bsn_in_time(&f6, other).await;
    assert_eq!(issued(&f6).await.len(), 1);
    assert!(!issuer.log().contains(&declared.id().to_string()), "{}", issuer.log());

    // When it is validated, then it gets one
    f6.ambtenaar().validate(&declared).await.accepted();
    bsn_in_time(&f6, kind).await;
}

#[tokio::test]
async fn of_two_issuers_at_once_each_child_gets_one_number() {
    // Given thirty births, before and while two issuers run
    let f6 = F6::start().await;
    let mut born_here = Vec::new();
    for _ in 0..15 {
        born_here.push(born(&f6).await);
    }
    let issuers = ["one", "other"].map(|name| Issuer::start(&f6, name, &[]));
    for _ in 0..15 {
        born_here.push(born(&f6).await);
    }

    // When both have done all
    for issuer in &issuers {
        for (_, geboorte) in &born_here {
            until_told(issuer, &geboorte.to_string()).await;
        }
    }

    // Then each child has one, and no other event says so
    let all = issued(&f6).await;
    let mut births: Vec<Uuid> = all.iter().flat_map(|issued| issued.births.clone()).collect();
    births.sort();
    births.dedup();
    assert_eq!((all.len(), births.len()), (30, 30));
    assert!(all.iter().all(|issued| issued.status == "VALIDATED"), "{all:#?}");
}

#[tokio::test]
async fn a_number_that_is_taken_is_passed_over() {
    // Given a stretch of three numbers, two of which are somebody's
    let f6 = F6::start().await;
    let (from, to) = ("999990000", "999990031");
    let all = numbers(from.parse().expect("digits"), to.parse().expect("digits"));
    let [one, other, free] = <[String; 3]>::try_from(all).expect("three numbers");
    let [anna, bram] = adults(&f6);
    given_by_a_clerk(&f6, anna, &one).await;
    given_by_a_clerk(&f6, bram, &other).await;

    // When a child is born, then it gets the one that is left
    let (kind, _) = born(&f6).await;
    let _issuer = Issuer::start(&f6, "issuer", &[("F6_BSN_FROM", from), ("F6_BSN_TO", to)]);
    assert_eq!(bsn_in_time(&f6, kind).await, free);
}

#[tokio::test]
async fn where_every_number_is_taken_the_child_waits_until_one_is_free() {
    // Given an issuer with one number, which is somebody's
    let f6 = F6::start().await;
    let [persoon] = adults(&f6);
    let given = given_by_a_clerk(&f6, persoon, "999990019").await;
    let stretch = [("F6_BSN_FROM", "999990019"), ("F6_BSN_TO", "999990019")];
    let issuer = Issuer::start(&f6, "issuer", &stretch);
    let (kind, _) = born(&f6).await;

    // When it has tried, then it says so, and not what number
    until_told(&issuer, "each was taken").await;
    assert!(!issuer.log().contains("999990019"), "{}", issuer.log());
    assert_eq!(bsn_of(&f6, kind).await, None);

    // When the number turns out to have been issued to nobody, then the child gets it
    f6.ambtenaar().annul(given).validated().await.accepted();
    assert_eq!(bsn_in_time(&f6, kind).await, "999990019");
}

#[tokio::test]
async fn a_child_that_has_a_number_keeps_it_and_the_next_is_served() {
    // Given a child to whom a clerk gave a number at once
    let f6 = F6::start().await;
    let (kind, geboorte) = born(&f6).await;
    given_by_a_clerk(&f6, kind, "999990019").await;

    // When an issuer comes by, then it is refused, says so once, and goes on
    let issuer = Issuer::start(&f6, "issuer", &[]);
    let (next, _) = born(&f6).await;
    bsn_in_time(&f6, next).await;
    assert_eq!(bsn_of(&f6, kind).await.as_deref(), Some("999990019"));
    let log = issuer.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&geboorte.to_string())).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("RULE") && lines[0].contains("one-bsn"), "{log}");

    // And nothing that it logged says who they are
    for personal in [kind.to_string(), next.to_string(), "999990019".to_owned(), "Dirk".to_owned()] {
        assert!(!log.contains(&personal), "{personal}: {log}");
    }
}

#[tokio::test]
async fn the_number_of_an_annulled_birth_is_suspended_and_comes_back_with_it() {
    // Given a child with a number
    let f6 = F6::start().await;
    let issuer = Issuer::start(&f6, "issuer", &[]);
    let (kind, geboorte) = born(&f6).await;
    let bsn = bsn_in_time(&f6, kind).await;
    let [given] = <[Issued; 1]>::try_from(issued(&f6).await).expect("one event");

    // When the birth is annulled
    let annulled = f6.ambtenaar().annul(geboorte).validated().await.accepted();

    // Then the number is suspended with it, the person has none, and the issuer knows
    assert_eq!(f6.status(given.event).await, "SUSPENDED");
    assert_eq!(bsn_of(&f6, kind).await, None);
    until_told(&issuer, "counts no more").await;

    // When the annulment is annulled, then the same number holds again
    f6.ambtenaar().annul(&annulled).validated().await.accepted();
    assert_eq!(bsn_in_time(&f6, kind).await, bsn);
    // And the issuer, told of the birth anew, finds it done
    until_told(&issuer, "a BSN had been issued").await;
    assert_eq!(issued(&f6).await, [given]);
}

#[tokio::test]
async fn a_birth_that_was_annulled_while_it_was_away_gets_none() {
    // Given a birth that was validated and annulled, and another
    let f6 = F6::start().await;
    let (_, geboorte) = born(&f6).await;
    let annulled = f6.ambtenaar().annul(geboorte).validated().await.accepted();
    let (other, _) = born(&f6).await;

    // When the issuer comes by, then only the other gets a number
    let _issuer = Issuer::start(&f6, "issuer", &[]);
    bsn_in_time(&f6, other).await;
    assert_eq!(issued(&f6).await.len(), 1);

    // And the first gets one when it turns out to have happened after all
    f6.ambtenaar().annul(&annulled).validated().await.accepted();
    until("both have one", async || issued(&f6).await.len() == 2).await;
}

#[tokio::test]
async fn who_turned_out_to_be_another_child_is_left_to_a_clerk() {
    // Given a declaration whose child was amended to be another, before both were validated
    let f6 = F6::start().await;
    let (kind, other) = (new_id(), new_id());
    let declared = declare(&f6.ouder(), kind, "2026-01-01", "Dirk").await.accepted();
    let amended = f6.ambtenaar().amend("Geboorte", &declared, birth(other, "2026-01-01", "Dirk"));
    amended.validated().await.accepted();
    f6.ambtenaar().validate(&declared).await.accepted();

    // When the issuer comes by, then it issues nothing for who was never born, and says so
    let issuer = Issuer::start(&f6, "issuer", &[]);
    until_told(&issuer, "nobody is known to be born").await;
    assert_eq!(issued(&f6).await, []);
    assert!(issuer.log().contains(&declared.id().to_string()), "{}", issuer.log());
}

#[tokio::test]
async fn who_was_told_to_stop_goes_on_where_it_was() {
    // Given an issuer that was told to stop after a birth
    let f6 = F6::start().await;
    let mut issuer = Issuer::start(&f6, "issuer", &[]);
    let (kind, geboorte) = born(&f6).await;
    bsn_in_time(&f6, kind).await;
    until_told(&issuer, &geboorte.to_string()).await;
    assert!(issuer.stop(), "{}", issuer.log());

    // When a child is born meanwhile, and it is started again
    let (next, _) = born(&f6).await;
    issuer.start_again();

    // Then it serves that one, and does not look at the first again
    bsn_in_time(&f6, next).await;
    let log = issuer.log();
    assert_eq!(log.matches(&geboorte.to_string()).count(), 1, "{log}");
    assert_eq!(log.matches("after=\"0\"").count(), 1, "{log}");
}

#[tokio::test]
async fn who_forgot_where_it_was_begins_again_and_doubles_nothing() {
    // Given an issuer that was killed after a birth
    let f6 = F6::start().await;
    let mut issuer = Issuer::start(&f6, "issuer", &[]);
    let (kind, geboorte) = born(&f6).await;
    let bsn = bsn_in_time(&f6, kind).await;
    until_told(&issuer, &geboorte.to_string()).await;
    issuer.kill();

    // When its checkpoint is lost, then it finds done what is done, and goes on
    issuer.lose_checkpoint();
    issuer.start_again();
    until_told(&issuer, "a BSN had been issued").await;
    bsn_in_time(&f6, born(&f6).await.0).await;
    assert_eq!((bsn_of(&f6, kind).await, issued(&f6).await.len()), (Some(bsn), 2));

    // When its checkpoint is one of another log, then it begins at the beginning of this one
    issuer.kill();
    for cursor in ["999999", "of another F6"] {
        issuer.remember(cursor);
        issuer.start_again();
        bsn_in_time(&f6, born(&f6).await.0).await;
        issuer.kill();
    }
    assert_eq!(issuer.log().matches("the checkpoint is not of this log").count(), 2, "{}", issuer.log());
    assert_eq!(issued(&f6).await.len(), 4);
}

#[tokio::test]
async fn a_token_that_expires_is_read_anew() {
    // Given an issuer whose token is valid for three seconds
    let f6 = Setup::default().env("F6_TOKEN_LEEWAY", "0.1").start().await;
    let now = door::Clock::now(&door::SystemClock);
    let token = door::sign_development_token("systeem", new_id(), chrono::TimeDelta::seconds(3), now);
    let issuer = Issuer::start_with_token(&f6, "issuer", &token, &[]);
    bsn_in_time(&f6, born(&f6).await.0).await;

    // When it expires, then its stream ends, and it tries again
    until_told(&issuer, "UNAUTHENTICATED").await;
    let (kind, _) = born(&f6).await;

    // When somebody renews it, then it goes on
    issuer.renew_token(f6.principal("systeem").token());
    bsn_in_time(&f6, kind).await;
}

#[tokio::test]
async fn servers_that_are_away_for_a_while_lose_nobody_a_number() {
    // Given an issuer that follows
    let mut f6 = Setup::default().write_servers(2).start().await;
    let issuer = Issuer::start(&f6, "issuer", &[]);
    bsn_in_time(&f6, born(&f6).await.0).await;

    // When its write server is killed, and a child is born at another
    let address = f6.write[0].address().to_owned();
    f6.write[0].kill();
    let kind = new_id();
    let clerk = f6.ambtenaar().through(1);
    clerk.register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await;
    until_told(&issuer, "the write API cannot be reached").await;

    // Then the child gets its number once the server is back
    f6.write[0].restart(&[("F6_WRITE_BIND", &address)]).await;
    bsn_in_time(&f6, kind).await;

    // And so with the query server, killed while a stream was served
    let address = f6.query.address().to_owned();
    f6.query.kill();
    let (kind, _) = born(&f6).await;
    until_told(&issuer, "the query API cannot be reached").await;
    f6.query.restart(&[("F6_QUERY_BIND", &address)]).await;
    bsn_in_time(&f6, kind).await;

    // And with one that is told to stop
    f6.query.tell_to_stop();
    assert!(f6.query.ended_well());
    until_told(&issuer, "GOING_AWAY").await;
    f6.query.restart(&[("F6_QUERY_BIND", &address)]).await;
    bsn_in_time(&f6, born(&f6).await.0).await;
    assert_eq!(issued(&f6).await.len(), 4);
}
