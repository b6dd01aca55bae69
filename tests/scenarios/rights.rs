//! Who may do what.

use serde_json::json;
use tests::{F6, new_id};

use crate::family::{Family, adults, birth, declare, marriage};

#[tokio::test]
async fn without_a_token_nothing_is_accepted() {
    let f6 = F6::start().await;
    let claim = "mutation($data: GeboorteData!) { claimGeboorte(input: { data: $data }) { events { id } } }";
    let data = json!({ "data": { "kind": new_id(), "datum": "2026-01-01" } });
    for token in [None, Some("made.up.token")] {
        let answer = f6.mutate(0, token, claim, &data).await.expect("an answer");
        assert_eq!(answer.status, 401, "{:?}", answer.json());
        let answer = f6.query(token, "{ personen(ids: []) { bsn } }", &json!({})).await;
        assert_eq!(answer.status, 401, "{:?}", answer.json());
    }
    assert_eq!(f6.database.events().await, 0);
}

#[tokio::test]
async fn a_token_signed_with_another_key_is_worth_nothing() {
    // Given a clerk's token, of which one character of the signature is changed
    let f6 = F6::start().await;
    let mut output = tests::run(&mut f6.write_api(["token", "--type", "ambtenaar"])).stdout;
    output.retain(|byte| !byte.is_ascii_whitespace());
    let middle = output.len() - 20;
    output[middle] = if output[middle] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(output).expect("a token is text");

    // Then neither server lets its bearer in
    let answer = f6.query(Some(&forged), "{ __typename }", &json!({})).await;
    assert_eq!(answer.status, 401);
    let answer = f6.mutate(0, Some(&forged), "{ __typename }", &json!({})).await.expect("an answer");
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_parent_may_claim_a_birth_and_not_validate_it() {
    let f6 = F6::start().await;
    let ouder = f6.ouder();
    let declared = declare(&ouder, new_id(), "2026-01-01", "Dirk").await.accepted();
    ouder.validate(&declared).await.forbidden();
    declare(&ouder, new_id(), "2026-01-01", "Dirk").validated().await.forbidden();
    ouder.annul(&declared).await.forbidden();
    ouder.amend("Geboorte", &declared, birth(new_id(), "2026-01-02", "Dirk")).await.forbidden();
    assert_eq!(f6.status(&declared).await, "CLAIMED");
}

#[tokio::test]
async fn a_citizen_may_claim_a_marriage_and_not_a_birth() {
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let burger = f6.person("burger", anna);
    burger.claim("Geboorte", birth(new_id(), "2026-01-01", "Dirk")).await.forbidden();
    burger.claim("Huwelijk", marriage(anna, bram, "2020-02-02")).await.accepted();
}

#[tokio::test]
async fn a_right_that_one_command_of_a_batch_lacks_stops_the_batch() {
    let f6 = F6::start().await;
    let ouder = f6.ouder();
    let declared = new_id();
    let claim = declare(&ouder, new_id(), "2026-01-01", "Dirk").id(declared);
    ouder.append([claim, ouder.validate(declared)]).await.forbidden();
    assert_eq!(f6.database.events().await, 0);
}

#[tokio::test]
async fn the_source_of_an_event_is_its_bearer() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let burger = f6.person("burger", family.moeder);
    let claimed =
        burger.claim("Huwelijk", marriage(family.moeder, family.vader, "2020-02-02")).await.accepted();
    let event = f6.one("event", claimed.id()).ask("eventSourceId eventSourceType eventKind").await;
    assert_eq!(
        event,
        json!({ "eventSourceId": burger.id, "eventSourceType": "burger", "eventKind": "Claim" })
    );
}

#[tokio::test]
async fn a_number_that_was_issued_to_the_wrong_person_is_annulled_and_never_amended() {
    // Given a BSN that was issued to Anna
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let clerk = f6.ambtenaar();
    let issued = json!({ "persoon": anna, "bsn": "999990019" });
    let issued =
        clerk.claim("BsnToegekend", issued).with("occurredAt", json!("2026-01-05T09:00:00Z")).validated();
    let issued = issued.await.accepted();

    // When a clerk would give it to Bram, then nobody may
    let amended = json!({ "persoon": bram, "bsn": "999990019" });
    let refused = clerk
        .amend("BsnToegekend", &issued, amended)
        .with("occurredAt", json!("2026-01-05T09:00:00Z"))
        .validated();
    refused.await.forbidden();

    // And it can be annulled
    clerk.annul(&issued).validated().await.accepted();
    assert_eq!(f6.status(&issued).await, "ANNULLED");
}
