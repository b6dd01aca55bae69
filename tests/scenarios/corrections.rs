//! Corrections: what was registered by mistake leaves no trace in later answers, and stays in earlier ones.

use serde_json::{Value, json};
use tests::{Accepted, F6, History, new_id};
use uuid::Uuid;

use crate::family::{Family, adult, adults, birth, declare, marriage};

#[tokio::test]
async fn an_annulled_marriage_leaves_no_trace_and_can_come_back() {
    // Given a marriage
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2020-02-02")).await;
    let bond = "partner { naam { voornamen } } verbintenis { soort sinds { text } }";
    let with = json!({ "partner": { "naam": { "voornamen": "Bram" } }, "verbintenis": { "soort": "H", "sinds": { "text": "2020-02-02" } } });
    let without = json!({ "partner": null, "verbintenis": null });
    assert_eq!(f6.persoon(family.moeder).ask(bond).await, with);

    // When it is annulled
    let annulled = ambtenaar.annul(&married).validated().await.accepted();
    // Then there is no partner, on any day, and the earlier answer stays as it was
    assert_eq!(f6.persoon(family.moeder).ask(bond).await, without);
    assert_eq!(f6.persoon(family.moeder).as_of("2021-01-01").ask(bond).await, without);
    assert_eq!(f6.persoon(family.moeder).known_at(married.registered()).ask(bond).await, with);
    assert_eq!(status_and_causes(&f6, &married).await, ("ANNULLED".to_owned(), vec![annulled.id()]));

    // When the annulment is annulled
    let restored = ambtenaar.annul(&annulled).validated().await.accepted();
    // Then the marriage is back, and each earlier answer stays
    assert_eq!(f6.persoon(family.moeder).ask(bond).await, with);
    assert_eq!(f6.persoon(family.moeder).known_at(annulled.registered()).ask(bond).await, without);
    assert_eq!(f6.persoon(family.moeder).known_at(married.registered()).ask(bond).await, with);
    assert_eq!(f6.status(&married).await, "VALIDATED");
    assert_eq!(status_and_causes(&f6, &annulled).await, ("ANNULLED".to_owned(), vec![restored.id()]));
}

#[tokio::test]
async fn an_annulment_takes_effect_when_it_is_validated() {
    // Given a marriage, and an annulment that is only claimed
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2020-02-02")).await;
    let annulment = ambtenaar.annul(&married).await.accepted();

    // Then the marriage stands, except for who counts claims in
    let partner = "partner { naam { voornamen } }";
    assert_eq!(
        f6.persoon(family.vader).ask(partner).await,
        json!({ "partner": { "naam": { "voornamen": "Anna" } } })
    );
    assert_eq!(f6.persoon(family.vader).claimed().ask(partner).await, json!({ "partner": null }));

    // When it is validated, then the marriage is gone
    ambtenaar.validate(&annulment).await.accepted();
    assert_eq!(f6.persoon(family.vader).ask(partner).await, json!({ "partner": null }));
}

#[tokio::test]
async fn an_amend_replaces_the_content_of_a_claim() {
    // Given a birth registered on 4 January
    let f6 = F6::start().await;
    let mut history = History::beginning("2026-01-04T10:00:00Z");
    let kind = new_id();
    let geboorte = history.fact("Geboorte", birth(kind, "2026-01-02", "Dirk"));
    f6.import(&history);

    // When the date is amended
    f6.ambtenaar()
        .amend("Geboorte", geboorte, birth(kind, "2026-01-01", "Dirk"))
        .validated()
        .await
        .accepted();

    // Then the person was born a day earlier, also when asked about that day; what was known stays known
    let date = "geboortedatum { text }";
    let first = json!({ "geboortedatum": { "text": "2026-01-01" } });
    assert_eq!(f6.persoon(kind).ask(date).await, first);
    assert_eq!(f6.persoon(kind).as_of("2026-01-01").ask(date).await, first);
    let known = f6.persoon(kind).known_at("2026-01-05");
    assert_eq!(known.clone().ask(date).await, json!({ "geboortedatum": { "text": "2026-01-02" } }));
    assert_eq!(known.as_of("2026-01-01").ask(date).await, Value::Null);
}

#[tokio::test]
async fn validating_an_amend_does_not_validate_the_claim() {
    // Given a claim that nobody has judged, and an amend of it
    let f6 = F6::start().await;
    let (ouder, ambtenaar) = (f6.ouder(), f6.ambtenaar());
    let kind = new_id();
    let declared = declare(&ouder, kind, "2026-01-02", "Dirk").await.accepted();
    let amend = ambtenaar.amend("Geboorte", &declared, birth(kind, "2026-01-01", "Dirk")).await.accepted();

    // When the amend is validated, then the claim is still a claim
    ambtenaar.validate(&amend).await.accepted();
    assert_eq!(
        (f6.status(&declared).await, f6.status(&amend).await),
        ("CLAIMED".to_owned(), "VALIDATED".to_owned())
    );
    assert_eq!(f6.persoon(kind).ask("geboortedatum { text }").await, Value::Null);

    // When the claim is validated too, then it counts with its amended content
    ambtenaar.validate(&declared).await.accepted();
    assert_eq!(
        f6.persoon(kind).ask("geboortedatum { text }").await,
        json!({ "geboortedatum": { "text": "2026-01-01" } })
    );
}

#[tokio::test]
async fn the_newest_verdict_that_stands_is_the_verdict() {
    // Given a claim that was accepted
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let declared = declare(&f6.ouder(), kind, "2026-01-01", "Dirk").await.accepted();
    let accepted = ambtenaar.validate(&declared).await.accepted();
    assert_eq!(status_and_causes(&f6, &declared).await, ("VALIDATED".to_owned(), vec![accepted.id()]));

    // When it is rejected after all, then it does not count
    let rejected = ambtenaar.reject(&declared).await.accepted();
    assert_eq!(status_and_causes(&f6, &declared).await, ("REJECTED".to_owned(), vec![rejected.id()]));
    assert_eq!(f6.persoon(kind).claimed().ask("bsn").await, Value::Null);

    // When that rejection is annulled, then the earlier verdict stands again
    ambtenaar.annul(&rejected).validated().await.accepted();
    let event = f6.one("event", declared.id()).ask("status verdict").await;
    assert_eq!(event, json!({ "status": "VALIDATED", "verdict": "ACCEPTED" }));
}

#[tokio::test]
async fn what_is_based_on_an_annulled_event_is_suspended() {
    // Given a choice of name that is based on a birth
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let born = ambtenaar.register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await;
    let choice = json!({ "kind": kind, "datum": "2026-01-05", "naam": { "geslachtsnaam": "de Vries" } });
    let named = ambtenaar.claim("Naamskeuze", choice).based_on([born.id()]).validated().await.accepted();

    // When the birth is annulled, then the name is suspended through it
    let annulled = ambtenaar.annul(&born).validated().await.accepted();
    assert_eq!(status_and_causes(&f6, &named).await, ("SUSPENDED".to_owned(), vec![born.id()]));
    assert_eq!(f6.persoon(kind).ask("naam { geslachtsnaam }").await, Value::Null);

    // When the annulment is annulled, then both count again
    ambtenaar.annul(&annulled).validated().await.accepted();
    assert_eq!(f6.status(&named).await, "VALIDATED");
    assert_eq!(
        f6.persoon(kind).ask("naam { geslachtsnaam }").await,
        json!({ "naam": { "geslachtsnaam": "de Vries" } })
    );
}

#[tokio::test]
async fn a_correction_may_contest_what_stands() {
    // Given a marriage of two adults
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (anna, bram) = (new_id(), adult(&mut history));
    let geboorte = history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, bram, "1999-09-09")).await;

    // When a correction makes one of them a child at the time
    ambtenaar.amend("Geboorte", geboorte, birth(anna, "1985-01-01", "Anna")).validated().await.accepted();

    // Then the marriage is contested, and still counts until a clerk decides
    assert_eq!(f6.status(&married).await, "CONTESTED");
    let partner = f6.persoon(anna).ask("partner { naam { voornamen } }").await;
    assert_eq!(partner, json!({ "partner": { "naam": { "voornamen": "Chris" } } }));
}

#[tokio::test]
async fn a_correction_is_found_with_every_object_that_it_bears_on() {
    // Given a marriage that was registered with the wrong partner
    let f6 = F6::start().await;
    let [anna, bram, wrong] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, wrong, "2020-02-02")).await;

    // When the partner is amended
    let amend = ambtenaar
        .amend("Huwelijk", &married, marriage(anna, bram, "2020-02-02"))
        .validated()
        .await
        .accepted();

    // Then the correction names all three, and each has the partner that they should have
    let objects = |event: &Value| {
        event["objectIds"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|id| id.as_str().expect("text").parse().expect("an id"))
            .collect::<Vec<Uuid>>()
    };
    for event in amend.events() {
        let mut named = objects(event);
        named.sort();
        let mut all = vec![anna, bram, wrong];
        all.sort();
        assert_eq!(named, all);
    }
    assert_eq!(f6.persoon(wrong).ask("partner { bsn }").await, json!({ "partner": null }));
    assert_eq!(
        f6.persoon(bram).ask("partner { naam { voornamen } }").await,
        json!({ "partner": { "naam": { "voornamen": "Chris" } } })
    );
}

async fn status_and_causes(f6: &F6, event: &Accepted) -> (String, Vec<Uuid>) {
    let event = f6.one("event", event.id()).ask("status causes { id }").await;
    let causes = event["causes"].as_array().expect("causes are a list");
    let causes = causes.iter().map(|cause| cause["id"].as_str().expect("an id").parse().expect("a UUID"));
    (event["status"].as_str().expect("a status").to_owned(), causes.collect())
}
