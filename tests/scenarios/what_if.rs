//! What would hold had an event not happened, or had another: asked before anybody corrects anything.

use serde_json::{Value, json};
use tests::{F6, History, new_id};
use uuid::Uuid;

use crate::family::{Family, adult, adults, birth, marriage, move_to};

/// What is asked about each of them; what is based on the answer is no part of it.
const ASKED: &str = "
    naam { voornamen geslachtsnaam } geboortedatum { text } leeftijd partner { id naam { voornamen } } verbintenis { soort sinds { text } }
    vorigePartner { id } kinderen { id } nationaliteiten verblijfplaats { adres { straat } }
    history { partner { value { id } from { day } until { day } } naam { value { geslachtsnaam } from { day } until { day } } }";

/// Both persons, where these events never were and these commands were accepted.
async fn what_if(f6: &F6, exclude: &[Uuid], include: Value, persons: &[Uuid]) -> Value {
    let query = format!(
        "query($exclude: [UUID!], $include: [WhatIfCommand!], $ids: [UUID!]!) {{
           whatIf(exclude: $exclude, include: $include) {{ personen(ids: $ids) {{ {ASKED} }} }} }}"
    );
    let variables = json!({ "exclude": exclude, "include": include, "ids": persons });
    f6.ambtenaar().query(&query, &variables).await.data()["whatIf"]["personen"].clone()
}

#[tokio::test]
async fn what_would_hold_without_a_marriage_is_what_a_registry_without_it_holds() {
    // Given two registries with the same persons, and a marriage, a child's name based on it and a move in one of them
    let (f6, without) = (F6::start().await, F6::start().await);
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let kind = new_id();
    let mut born = birth(kind, "1999-12-31", "Dirk");
    born["moeder"] = json!(family.moeder);
    history.fact("Geboorte", born);
    without.import(&history);
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2020-02-02")).await;
    let naam = json!({ "kind": kind, "datum": "2020-02-02", "naam": { "voornamen": "Dirk", "geslachtsnaam": "de Vries" } });
    ambtenaar.claim("Naamskeuze", naam).based_on([married.id()]).validated().await.accepted();
    let moved = move_to(family.moeder, family.adres, "2020-03-03");
    ambtenaar.register("Verhuizing", moved.clone()).await;
    without.ambtenaar().register("Verhuizing", moved).await;

    // When it is asked what would hold without the marriage
    let persons = [family.moeder, family.vader, kind];
    let events = f6.database.events().await;
    let supposed = what_if(&f6, &[married.id()], Value::Null, &persons).await;

    // Then it is what the registry answers that never had it, and nothing was written
    assert_eq!(supposed, without.personen(&persons).ask(ASKED).await);
    assert_ne!(supposed, f6.personen(&persons).ask(ASKED).await);
    assert_eq!(f6.database.events().await, events);
}

#[tokio::test]
async fn what_would_hold_with_a_correction_is_what_holds_when_it_was_made() {
    // Given two persons, one of them married to somebody else
    let f6 = F6::start().await;
    let [anna, bram, other] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, other, "2020-02-02")).await;

    // When it is asked what would hold had the marriage been annulled, another been registered and then amended
    let id = new_id();
    let include = json!([
        { "annul": { "target": married.id() } },
        { "claim": { "id": id, "eventType": "Huwelijk", "data": marriage(anna, bram, "2021-01-01") } },
        { "amend": { "target": id, "data": marriage(anna, bram, "2021-03-03") } },
    ]);
    let persons = [anna, bram, other];
    let supposed = what_if(&f6, &[], include, &persons).await;

    // Then that is what holds once it was done
    ambtenaar.annul(&married).validated().await.accepted();
    let again =
        ambtenaar.claim("Huwelijk", marriage(anna, bram, "2021-01-01")).id(id).validated().await.accepted();
    ambtenaar.amend("Huwelijk", &again, marriage(anna, bram, "2021-03-03")).validated().await.accepted();
    assert_eq!(supposed, f6.personen(&persons).ask(ASKED).await);
}

#[tokio::test]
async fn what_is_supposed_may_break_rules_and_is_contested_then() {
    // Given a marriage of an adult
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (anna, bram) = (new_id(), adult(&mut history));
    let born = history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    f6.import(&history);
    let married = f6.ambtenaar().register("Huwelijk", marriage(anna, bram, "1999-09-09")).await;

    // When it is asked what the marriage would be worth had she been fourteen
    let query = "query($include: [WhatIfCommand!], $id: UUID!) {
        whatIf(include: $include) { event(id: $id) { status } } }";
    let amend = json!([{ "amend": { "target": born, "data": birth(anna, "1985-01-01", "Anna") } }]);
    let answer = f6.ambtenaar().query(query, &json!({ "include": amend, "id": married.id() })).await.data();

    // Then it would be contested, and it is not
    assert_eq!(answer, json!({ "whatIf": { "event": { "status": "CONTESTED" } } }));
    assert_eq!(f6.status(&married).await, "VALIDATED");
}

#[tokio::test]
async fn it_is_asked_of_what_was_known_at_a_moment_too() {
    // Given two marriages of one after the other
    let f6 = F6::start().await;
    let [anna, bram, other] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let first = ambtenaar.register("Huwelijk", marriage(anna, bram, "2005-05-05")).await;
    ambtenaar.annul(&first).validated().await.accepted();
    ambtenaar.register("Huwelijk", marriage(anna, other, "2010-10-10")).await;

    // When it is asked, of what was known then, what would hold without the first
    let query = "query($exclude: [UUID!], $knownAt: Moment, $id: UUID!) {
        whatIf(exclude: $exclude, knownAt: $knownAt) { persoon(id: $id) { partner { id } } basis { knownAt } } }";
    let variables = json!({ "exclude": [first.id()], "knownAt": first.registered(), "id": anna });
    let answer = f6.ambtenaar().query(query, &variables).await.data();

    // Then there is no partner, neither of the two
    let expected = json!({ "persoon": { "partner": null }, "basis": { "knownAt": first.registered() } });
    assert_eq!(answer["whatIf"], expected);
}

#[tokio::test]
async fn what_could_never_have_been_registered_cannot_be_supposed() {
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let refused = async |exclude: Value, include: Value| {
        let query = "query($exclude: [UUID!], $include: [WhatIfCommand!]) {
            whatIf(exclude: $exclude, include: $include) { basis { position } } }";
        let variables = json!({ "exclude": exclude, "include": include });
        f6.ambtenaar().query(query, &variables).await.error_at("INVALID_SUPPOSITION")
    };
    let message = async |include: Value| refused(Value::Null, json!([include])).await;
    let claim = |event_type: &str, data: Value| json!({ "claim": { "eventType": event_type, "data": data } });

    // Events that do not exist, event types and versions that do not, data that are not in the format, wrong targets
    let unknown = new_id();
    let _ = refused(json!([unknown]), Value::Null).await;
    let _ = message(json!({ "annul": { "target": unknown } })).await;
    let _ = message(claim("Wedergeboorte", json!({}))).await;
    let _ = message(claim("Huwelijk", json!({ "partner1": anna, "partner2": bram, "datum": "2010-13-00" })))
        .await;
    let _ = message(claim("Huwelijk", json!([]))).await;
    let versioned = json!({ "claim": { "eventType": "Geboorte", "eventVersion": "9", "data": {} } });
    let _ = message(versioned).await;
    let undated = claim("BsnToegekend", json!({ "persoon": anna, "bsn": "999990019" }));
    let _ = message(undated).await;
    // More at once than is taken
    let many: Vec<Value> = (0..101).map(|_| json!({ "annul": { "target": unknown } })).collect();
    let _ = refused(Value::Null, json!(many)).await;
}

#[tokio::test]
async fn who_may_not_read_events_may_suppose_nothing() {
    let f6 = F6::start().await;
    let answer = f6.burger().query("{ whatIf { basis { position } } }", &Value::Null).await;
    let _ = answer.error_at("FORBIDDEN");
}
