//! Consumers get the view that they need, and nothing else.

use serde_json::{Value, json};
use tests::{F6, History, Setup, bsn, new_id};
use uuid::Uuid;

use crate::family::{Family, address, adult, birth, marriage, move_to};

#[tokio::test]
async fn a_residents_card_shows_what_the_desk_needs() {
    // Given a resident with a partner
    let f6 = F6::start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let anna = residents(&mut history, 1);
    f6.import(&history);

    // Then the card has the view's own names, and references lead to cards
    let card = "naam { voornamen } bsn geboren { text } woont { adres { straat } } partner { naam { voornamen } overleden } overleden";
    assert_eq!(
        f6.one("bewonersKaart", anna).by(&f6.principal("systeem")).ask(card).await,
        json!({
            "naam": { "voornamen": "Anna" }, "bsn": bsn(1), "geboren": { "text": "1980-01-01" },
            "woont": { "adres": { "straat": "Zonneweg" } },
            "partner": { "naam": { "voornamen": "Chris" }, "overleden": false }, "overleden": false
        })
    );
}

#[tokio::test]
async fn a_view_that_is_not_granted_is_an_error_where_it_stands() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let query =
        "query($id: UUID!) { persoon(id: $id) { bsn } bewonersKaart(id: $id) { naam { voornamen } } }";
    let id = json!({ "id": family.moeder });

    // A system may read the card, and not the person
    let answer = f6.principal("systeem").query(query, &id).await;
    assert_eq!(answer.error_at("FORBIDDEN"), "persoon");
    assert_eq!(answer.json()["data"]["bewonersKaart"], json!({ "naam": { "voornamen": "Anna" } }));
    assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(1));

    // A parent may read neither, nor the events
    for forbidden in [
        "{ bewonersKaarten(ids: []) { bsn } }",
        "{ personen(ids: []) { bsn } }",
        "{ events(first: 1) { edges { cursor } } }",
    ] {
        let answer = f6.ouder().query(forbidden, &json!({})).await;
        answer.error_at("FORBIDDEN");
        assert_eq!(
            answer.json()["data"]
                .as_object()
                .map_or(0, |data| data.values().filter(|value| !value.is_null()).count()),
            0
        );
    }
}

#[tokio::test]
async fn a_view_does_not_lead_to_what_it_does_not_show() {
    let f6 = F6::start().await;
    let answer =
        f6.principal("systeem").query("{ bewonersKaarten(ids: []) { moeder { bsn } } }", &json!({})).await;
    assert!(answer.json()["errors"][0]["message"].as_str().is_some_and(|message| message.contains("moeder")));
}

#[tokio::test]
async fn objects_are_answered_in_the_order_in_which_they_are_asked() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let ids = [family.vader, new_id(), family.moeder, family.vader];
    let names = f6.personen(&ids).ask("naam { voornamen }").await;
    let [anna, bram] = ["Anna", "Bram"].map(|name| json!({ "naam": { "voornamen": name } }));
    assert_eq!(names, json!([bram, Value::Null, anna, bram]));
}

#[tokio::test]
async fn references_are_resolved_in_batches() {
    // Given forty couples with an address
    let f6 = Setup::default().count_statements().start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let persons: Vec<Uuid> = (0..40).map(|number| residents(&mut history, number)).collect();
    f6.import(&history);
    let counter = f6.statements.as_ref().expect("statements are counted");
    let selection = "naam { voornamen } partner { naam { voornamen } partner { naam { voornamen } } } verblijfplaats { adres { straat } }";

    // When asked about two of them, and about all forty
    let mut statements = Vec::new();
    for persons in [&persons[..2], &persons[2..]] {
        let before = counter.count();
        let answer = f6.personen(persons).ask(selection).await;
        assert_eq!(answer[0]["partner"]["naam"]["voornamen"], "Chris");
        statements.push(counter.count() - before);
    }

    // Then that takes as many statements for 38 as for two
    assert!(statements[0] > 0, "the counter stands in between");
    assert!(statements[1] <= statements[0], "statements for two, and for 38: {statements:?}");
}

#[tokio::test]
async fn events_come_page_by_page_in_the_order_of_registration() {
    // Given eight events of a person, among others
    let f6 = F6::start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let anna = residents(&mut history, 1);
    f6.import(&history);

    // When they are read three at a time
    let page = "query($id: UUID!, $after: String) { events(objectId: $id, first: 3, after: $after) {
        edges { cursor node { id position objectIds } } pageInfo { hasNextPage endCursor } } }";
    let mut positions = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables =
            if after.is_null() { json!({ "id": anna }) } else { json!({ "id": anna, "after": after }) };
        let events = f6.clerk().query(page, &variables).await.data()["events"].clone();
        for edge in events["edges"].as_array().expect("edges") {
            assert!(edge["node"]["objectIds"].as_array().expect("ids").contains(&json!(anna)));
            positions.push(
                edge["node"]["position"].to_string().trim_matches('"').parse::<i64>().expect("a position"),
            );
        }
        if events["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = events["pageInfo"]["endCursor"].clone();
    }

    // Then each came once, in order
    assert_eq!(positions.len(), 8);
    assert!(positions.is_sorted_by(|one, next| one < next), "{positions:?}");
}

#[tokio::test]
async fn nothing_is_given_of_a_record_that_was_made_by_mistake() {
    // Given a resident whose record turns out to be a mistake in 2020
    let f6 = F6::start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let anna = residents(&mut history, 1);
    f6.import(&history);
    let chris = f6.persoon(anna).ask("partner { id }").await["partner"]["id"].clone();
    let chris = chris.as_str().and_then(|id| id.parse().ok()).expect("an id");
    let ambtenaar = f6.ambtenaar();
    let mistake = json!({ "persoon": anna, "fase": "Begin", "reden": "F", "datum": "2020-01-01" });
    let suspended = ambtenaar.register("OpschortingBijhouding", mistake).await;

    // Then no view tells of her, of the past neither, nor through who knows her
    let systeem = f6.principal("systeem");
    for day in ["2016-01-01", "2026-01-01"] {
        let card = f6.one("bewonersKaart", anna).by(&systeem).as_of(day).ask("naam { voornamen }").await;
        assert_eq!(card, Value::Null, "{day}");
    }
    let partner = f6.one("bewonersKaart", chris).by(&systeem).ask("partner { naam { voornamen } bsn }").await;
    assert_eq!(partner, json!({ "partner": { "naam": null, "bsn": null } }));

    // And a clerk sees the record, and why
    let record = f6.persoon(anna).ask("naam { voornamen } opschorting").await;
    assert_eq!(record, json!({ "naam": { "voornamen": "Anna" }, "opschorting": "F" }));

    // And what was known before is told as it was known
    let before = f6.one("bewonersKaart", anna).by(&systeem).known_at("2019-01-01").ask("bsn").await;
    assert_eq!(before, json!({ "bsn": bsn(1) }));

    // When that turns out to be the mistake, the views tell of her again
    ambtenaar.annul(&suspended).validated().await.accepted();
    assert_eq!(f6.one("bewonersKaart", anna).by(&systeem).ask("bsn").await, json!({ "bsn": bsn(1) }));
}

/// A couple: eight events about the first of them.
fn residents(history: &mut History, number: u32) -> Uuid {
    let (anna, chris) = (new_id(), adult(history));
    let adres = address(history);
    history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    history.fact("Huwelijk", marriage(anna, chris, "2010-05-05"));
    history.fact("BsnToegekend", json!({ "persoon": anna, "bsn": bsn(number) }));
    history.fact("Verhuizing", move_to(anna, adres, "2012-01-01"));
    anna
}
