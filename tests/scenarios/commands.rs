//! What makes a command acceptable, apart from the rules of its event type.

use serde_json::json;
use tests::{F6, bsn, new_id};

use crate::family::{Family, adults, birth, death, declare, issue_bsn, marriage};

#[tokio::test]
async fn data_that_the_format_does_not_allow_is_refused_where_it_stands() {
    let f6 = F6::start().await;
    let mut data = birth(new_id(), "2026-01-01", "Dirk");
    data["akte"] = json!({ "gemeente": "0363", "nummer": "not a number" });
    let refusal = f6.ambtenaar().claim("Geboorte", data).await.refused("INVALID_DATA");
    assert!(refusal.path.ends_with(&["akte".to_owned(), "nummer".to_owned()]), "{:?}", refusal.path);
}

#[tokio::test]
async fn a_date_that_no_calendar_has_is_refused() {
    let f6 = F6::start().await;
    for datum in ["2025-02-29", "2025-13-00", "2025-00-01", "yesterday"] {
        let refusal =
            f6.ambtenaar().claim("Geboorte", birth(new_id(), datum, "Dirk")).await.refused("INVALID_DATA");
        assert_eq!(refusal.path.last().map(String::as_str), Some("datum"));
        assert!(refusal.message.contains(datum), "the message names the value: {}", refusal.message);
    }
}

#[tokio::test]
async fn a_reference_names_an_event_that_exists() {
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    ambtenaar.validate(new_id()).await.refused("UNKNOWN_EVENT");
    ambtenaar.annul(new_id()).await.refused("UNKNOWN_EVENT");
    let claim = ambtenaar.claim("Geboorte", birth(new_id(), "2026-01-01", "Dirk"));
    claim.based_on([new_id()]).await.refused("UNKNOWN_EVENT");
}

#[tokio::test]
async fn an_id_stands_for_one_event() {
    let f6 = F6::start().await;
    let ouder = f6.ouder();
    let (id, kind) = (new_id(), new_id());
    declare(&ouder, kind, "2026-01-01", "Dirk").id(id).await.accepted();
    declare(&ouder, kind, "2026-01-02", "Dirk").id(id).await.refused("ID_REUSED");
    // The same claim again is the same event; by somebody else it is another
    declare(&ouder, kind, "2026-01-01", "Dirk").id(id).await.accepted();
    declare(&f6.ouder(), kind, "2026-01-01", "Dirk").id(id).await.refused("ID_REUSED");
    assert_eq!(f6.database.events().await, 1);
}

#[tokio::test]
async fn a_command_targets_an_event_that_it_can_be_about() {
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let born = ambtenaar.register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await;
    // A validation is of a claim or a correction
    ambtenaar.validate(born.validation()).await.refused("WRONG_TARGET");
    // An amend is of a claim
    ambtenaar
        .amend("Geboorte", born.validation(), birth(kind, "2026-01-02", "Dirk"))
        .await
        .refused("WRONG_TARGET");
    // And of a claim of that type
    ambtenaar.amend("Overlijden", &born, death(kind, "2026-01-02")).await.refused("WRONG_TARGET");
}

#[tokio::test]
async fn objects_that_the_caller_names_are_those_of_the_data() {
    let f6 = F6::start().await;
    let kind = new_id();
    let ouder = f6.ouder();
    let claim = |objects| declare(&ouder, kind, "2026-01-01", "Dirk").with("objectIds", objects);
    claim(json!([kind, ouder.person, new_id()])).await.refused("OBJECT_IDS_DIFFER");
    claim(json!([kind])).await.refused("OBJECT_IDS_DIFFER");
    claim(json!([ouder.person, kind])).await.accepted();
}

#[tokio::test]
async fn a_moment_that_the_caller_names_is_that_of_the_data() {
    let f6 = F6::start().await;
    let claim =
        |moment| declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").with("occurredAt", json!(moment));
    claim("2026-01-01T12:00:00Z").await.refused("INVALID_MOMENT");
    claim("2025-12-31T23:00:00Z").await.accepted();
}

#[tokio::test]
async fn an_id_is_of_one_type_of_object() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    f6.ambtenaar().claim("Overlijden", death(family.adres, "2026-01-01")).await.refused("OBJECT_TYPE");
}

#[tokio::test]
async fn a_decision_on_an_outdated_answer_is_refused() {
    // Given what a clerk saw of a person
    let f6 = F6::start().await;
    let [anna, bram, chris] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let seen = f6.persoon(anna).ask("basis { id } partner { bsn }").await;

    // When something else changes, then a decision on it still stands
    ambtenaar.register("Overlijden", death(chris, "2026-01-01")).await;
    let wedding =
        ambtenaar.claim("Huwelijk", marriage(anna, bram, "2020-02-02")).if_unchanged_since(&seen["basis"]);
    wedding.clone().dry_run().await.accepted();

    // When that person changes, then it does not
    issue_bsn(&ambtenaar, anna, 3).validated().await.accepted();
    wedding.await.refused("CHANGED_MEANWHILE");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_writes_nothing() {
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let before = f6.database.events().await;

    let wedding = ambtenaar.claim("Huwelijk", marriage(anna, bram, "2020-02-02")).validated();
    let told = wedding.dry_run().await.accepted();
    assert_eq!(told.events().len(), 2);
    assert_eq!(told.events()[1]["eventKind"], "Validation");
    ambtenaar.claim("Huwelijk", marriage(anna, anna, "2020-02-02")).dry_run().await.refused("RULE");

    assert_eq!(f6.database.events().await, before);
    assert_eq!(f6.persoon(anna).ask("partner { bsn }").await, json!({ "partner": null }));
}

#[tokio::test]
async fn a_batch_is_appended_whole_and_later_commands_may_name_earlier_ones() {
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let (kind, declared) = (new_id(), new_id());
    let batch = ambtenaar.append([
        ambtenaar.claim("Geboorte", birth(kind, "2026-01-01", "Dirk")).id(declared),
        ambtenaar.validate(declared),
        issue_bsn(&ambtenaar, kind, 5).based_on([declared]).validated(),
    ]);
    assert_eq!(batch.await.accepted().events().len(), 4);
    let person = f6.persoon(kind).ask("naam { voornamen } bsn").await;
    assert_eq!(person, json!({ "naam": { "voornamen": "Dirk" }, "bsn": bsn(5) }));
}

#[tokio::test]
async fn a_batch_of_which_one_command_is_refused_leaves_nothing() {
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let (kind, declared, died) = (new_id(), new_id(), new_id());
    let batch = ambtenaar.append([
        ambtenaar.claim("Geboorte", birth(kind, "2026-01-01", "Dirk")).id(declared).validated(),
        ambtenaar.claim("Overlijden", death(kind, "2026-01-02")).id(died).validated(),
        ambtenaar.claim("Overlijden", death(kind, "2026-01-03")).validated(),
    ]);
    let refusal = batch.await.refused("RULE");
    assert_eq!(refusal.rule.as_deref(), Some("not-dead-twice"));
    assert_eq!(refusal.because, [died]);
    assert!(refusal.path.contains(&"2".to_owned()), "the third command: {:?}", refusal.path);
    assert_eq!(f6.database.events().await, 0);
}

#[tokio::test]
async fn a_claim_in_an_older_version_is_read_as_the_current_one() {
    // Given a birth told the way it was told before names had parts
    let f6 = F6::start().await;
    let kind = new_id();
    let data = json!({ "kind": kind, "datum": "2026-01-01", "voornamen": "Dirk", "geslachtsnaam": "Jansen" });
    let claimed = f6.ambtenaar().register("GeboorteV1", data.clone()).await;

    // Then the person has a name in parts, and the event stays as it was told
    let person = f6.persoon(kind).ask("naam { voornamen geslachtsnaam }").await;
    assert_eq!(person, json!({ "naam": { "voornamen": "Dirk", "geslachtsnaam": "Jansen" } }));
    let event = f6.one("event", claimed.id()).ask("eventVersion eventData").await;
    assert_eq!(event, json!({ "eventVersion": "1", "eventData": data }));
}
