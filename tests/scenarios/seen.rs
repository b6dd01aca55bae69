//! What each caller sees: views, fields and raw events; and that nothing tells of what is not to be seen.

use serde_json::{Value, json};
use tests::{F6, History, Principal, Setup, bsn, new_id};
use uuid::Uuid;

use crate::family::{address, adult, birth, issue_bsn, marriage, move_to};

/// A card of which a number is for a civil servant alone.
const CARD: &str = "
  Kaart:
    plural: kaarten
    object_type: Persoon
    read: [ambtenaar, systeem]
    fields:
      naam: { field: naam }
      bsn: { field: bsn, read: [ambtenaar] }
      partner: { field: partner, view: Nationaliteitsverklaring }
";

fn with_card() -> Setup {
    Setup::default().count_statements().query_config("views:", CARD)
}

/// Somebody with an address, a number and a spouse, and somebody of whom only the birth is known.
fn persons(f6: &F6) -> [Uuid; 3] {
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let [anna, bram, bea] = std::array::from_fn(|_| adult(&mut history));
    let adres = address(&mut history);
    history.fact("Huwelijk", marriage(anna, bram, "2010-05-05"));
    history.fact("BsnToegekend", json!({ "persoon": anna, "bsn": bsn(1) }));
    history.fact("Verhuizing", move_to(anna, adres, "2012-01-01"));
    f6.import(&history);
    [anna, bram, bea]
}

/// The one error of an answer: its path, and what it says; the statements that ran for it.
async fn refused(f6: &F6, by: &Principal<'_>, query: &str, id: Uuid) -> (String, Value, Vec<String>) {
    let counter = f6.statements.as_ref().expect("statements are counted");
    let before = counter.count();
    let answer = by.query(query, &json!({ "id": id })).await;
    let path = answer.error_at("FORBIDDEN");
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors:#}");
    (path, errors[0]["message"].clone(), counter.since(before))
}

#[tokio::test]
async fn a_citizen_sees_the_own_data_and_nobody_elses() {
    let f6 = Setup::default().count_statements().start().await;
    let [anna, bram, bea] = persons(&f6);
    let burger = f6.person("burger", anna);

    // Anna sees what is kept of her, and of others what her own data name
    let own =
        "naam { voornamen } bsn woont { adres { straat } } partner { naam { voornamen } geboren { text } }";
    assert_eq!(
        f6.one("mijnGegevens", anna).by(&burger).ask(own).await,
        json!({
            "naam": { "voornamen": "Chris" }, "bsn": bsn(1), "woont": { "adres": { "straat": "Zonneweg" } },
            "partner": { "naam": { "voornamen": "Chris" }, "geboren": { "text": "1980-01-01" } }
        })
    );

    // And of nobody else anything, by whatever view, whether there is somebody or not; the database is not even asked
    let of_others = "query($id: UUID!) { mijnGegevens(id: $id) { naam { voornamen } } }";
    let told = refused(&f6, &burger, of_others, bram).await;
    assert_eq!(told.0, "mijnGegevens");
    assert_eq!(
        told.1,
        "`burger` may read the view MijnGegevens only of who they are themselves: the `person` of the token"
    );
    assert!(told.2.is_empty(), "{:?}", told.2);
    assert_eq!(refused(&f6, &burger, of_others, new_id()).await, told);
    assert_eq!(
        refused(&f6, &burger, "query($id: UUID!) { mijnGegevensLijst(ids: [$id]) { bsn } }", bea).await.0,
        "mijnGegevensLijst"
    );
    assert_eq!(
        refused(&f6, &burger, "query($id: UUID!) { naaste(id: $id) { geboren { text } } }", bram).await.0,
        "naaste"
    );
    let search = "query($id: UUID!) { searchMijnGegevensLijst(where: { geslachtsnaam: \"Jansen\" }, after: null) { edges { node { id } } } mijnGegevens(id: $id) { id } }";
    let found = burger.query(search, &json!({ "id": anna })).await;
    assert_eq!(found.error_at("FORBIDDEN"), "searchMijnGegevensLijst");

    // Nor who lives at her address, nor the number of her husband
    let nearby = "query($id: UUID!) { mijnGegevens(id: $id) { partner { naam { voornamen } bsn } } }";
    assert_eq!(refused(&f6, &burger, nearby, anna).await.0, "mijnGegevens.partner.bsn");
    let neighbours =
        "query($id: UUID!) { mijnGegevens(id: $id) { woont { adres { straat bewoners { id } } } } }";
    assert_eq!(refused(&f6, &burger, neighbours, anna).await.0, "mijnGegevens.woont.adres.bewoners");
}

#[tokio::test]
async fn a_forbidden_field_is_an_error_wherever_it_is_asked_and_tells_nothing() {
    // Given somebody with a number, and somebody without one
    let f6 = with_card().start().await;
    let [anna, _, bea] = persons(&f6);
    let systeem = f6.principal("systeem");

    for (asked, path) in [
        ("kaart(id: $id) { naam { voornamen } bsn }", "kaart.bsn"),
        ("kaarten(ids: [$id]) { bsn }", "kaarten.0.bsn"),
        ("kaart(id: $id) { history { bsn { value } } }", "kaart.history.bsn"),
        ("kaart(id: $id) { timeline { bsn { value } } }", "kaart.timeline.bsn"),
        ("kaart(id: $id) { provenance(field: bsn) { value { reason } } }", "kaart.provenance"),
        ("kaart(id: $id) { partner { id } }", "kaart.partner"),
        ("kaart(id: $id) { history { partner { value { id } } } }", "kaart.history.partner"),
    ] {
        // Then the error stands at its path, and is the same for both, as is what the database is asked
        let query = format!("query($id: UUID!) {{ {asked} }}");
        // What is kept of both is as new as the log
        f6.one("kaart", anna).ask("naam { voornamen }").await;
        f6.one("kaart", bea).ask("naam { voornamen }").await;
        let told = refused(&f6, &systeem, &query, anna).await;
        assert_eq!(told.0, path);
        assert_eq!(refused(&f6, &systeem, &query, bea).await, told, "{asked}");
    }

    // And nobody is found by it
    for number in [bsn(1), bsn(2)] {
        let search = format!(
            "query($id: UUID!) {{ searchKaarten(where: {{ bsn: \"{number}\" }}) {{ edges {{ node {{ id }} }} }} kaart(id: $id) {{ id }} }}"
        );
        let answer = systeem.query(&search, &json!({ "id": anna })).await;
        assert_eq!(answer.error_at("FORBIDDEN"), "searchKaarten");
    }
    // While a civil servant reads it
    assert_eq!(f6.one("kaart", anna).ask("bsn").await, json!({ "bsn": bsn(1) }));
}

#[tokio::test]
async fn who_follows_a_view_is_not_told_that_a_forbidden_field_changed() {
    let f6 = with_card().start().await;
    let [_, _, bea] = persons(&f6);
    let changed = format!("kaartChanged(id: \"{bea}\") {{ changed kaart {{ naam {{ voornamen }} }} }}");
    let mut systeem = f6.principal("systeem").subscribe(&changed).await;
    let mut clerk = f6.ambtenaar().subscribe(&changed).await;
    assert_eq!(
        (systeem.next().await["changed"].clone(), clerk.next().await["changed"].clone()),
        (json!([]), json!([]))
    );

    // When Bea gets a number, then the clerk is told, and the system is not
    issue_bsn(&f6.ambtenaar(), bea, 2).validated().await.accepted();
    assert_eq!(clerk.next().await["changed"], json!(["bsn"]));
    systeem.silent().await;
}

#[tokio::test]
async fn a_forbidden_field_of_an_object_type_is_left_out_of_what_differs() {
    // Given an F6 where of persons as such the number is for systems alone
    let own = "  Persoon: { object_type: Persoon, read: [ambtenaar]";
    let f6 = Setup::default().query_config(own, ", fields: { bsn: { read: [systeem] } }").start().await;
    let [anna, ..] = persons(&f6);
    let clerk = f6.clerk();
    let query = "query($id: UUID!) {
        compare(id: $id, from: { asOf: \"1990-01-01\", knownAt: \"2015-01-01\" }, to: { asOf: \"2020-01-01\" }) { field }
        events(objectId: $id, eventTypes: [\"BsnToegekend\"]) { edges { node { id } } } }";
    let told = clerk.query(query, &json!({ "id": anna })).await.data();
    let fields: Vec<&Value> =
        told["compare"].as_array().expect("a list").iter().map(|change| &change["field"]).collect();
    assert!(fields.contains(&&json!("partner")) && !fields.contains(&&json!("bsn")), "{fields:?}");

    let issued = &told["events"]["edges"][1]["node"]["id"];
    let follows = "query($id: UUID!) { consequences(eventId: $id) { objects { changes { field } } } }";
    let told = clerk.query(follows, &json!({ "id": issued })).await.data();
    assert_eq!(told["consequences"]["objects"][0]["changes"], json!([]));
    let answer = f6.persoon(anna).send("bsn naam { voornamen }").await;
    assert_eq!(answer.error_at("FORBIDDEN"), "persoon.bsn");
}

#[tokio::test]
async fn an_automatic_system_reads_the_events_that_it_needs_and_no_others() {
    let f6 = Setup::default().count_statements().start().await;
    let [anna, ..] = persons(&f6);
    let systeem = f6.principal("systeem");

    // Of all that is known of Anna, a system sees the birth and the number, and no page tells of more
    let all = "query($id: UUID!) { events(objectId: $id, first: 4) { edges { node { eventType } } pageInfo { hasNextPage } } }";
    let page = systeem.query(all, &json!({ "id": anna })).await.data()["events"].clone();
    let types: Vec<&Value> =
        page["edges"].as_array().expect("edges").iter().map(|edge| &edge["node"]["eventType"]).collect();
    assert_eq!(types, ["Geboorte", "Geboorte", "BsnToegekend", "BsnToegekend"]);
    assert_eq!(page["pageInfo"]["hasNextPage"], json!(false));

    // An event of another type is not there, as one that never was; and the database is asked the same
    let moved = f6.ambtenaar().query("query($id: UUID!) { events(objectId: $id, eventTypes: [\"Verhuizing\"]) { edges { node { id } } } }", &json!({ "id": anna })).await.data();
    let moved: Uuid =
        moved["events"]["edges"][0]["node"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let counter = f6.statements.as_ref().expect("statements are counted");
    let mut told = Vec::new();
    for id in [moved, new_id()] {
        let before = counter.count();
        let answer =
            systeem.query("query($id: UUID!) { event(id: $id) { id } }", &json!({ "id": id })).await.data();
        assert_eq!(answer, json!({ "event": null }));
        told.push(counter.since(before));
    }
    assert_eq!(told[0], told[1]);

    // What is asked by a type that is not for it, or of what follows from any event, is refused
    for (query, path) in [
        ("{ events(eventTypes: [\"Verhuizing\"]) { edges { cursor } } }", "events"),
        ("{ workList { edges { cursor } } }", "workList"),
        ("{ whatIf { basis { position } } }", "whatIf"),
    ] {
        assert_eq!(systeem.query(query, &json!({})).await.error_at("FORBIDDEN"), path);
    }
    let filtered = "subscription { eventAdded(filter: { eventTypes: [\"Verhuizing\"] }) { position } }";
    let mut events = f6.events(Some(systeem.token()), filtered).await.expect("a stream");
    assert_eq!(events.next().await.1["errors"][0]["extensions"]["code"], json!("FORBIDDEN"));
}

#[tokio::test]
async fn who_follows_the_log_is_told_of_what_they_may_see() {
    let f6 = F6::start().await;
    let [anna, _, bea] = persons(&f6);
    let mut burger =
        f6.person("burger", anna).subscribe("eventAdded { event { eventType objectIds } }").await;
    let mut systeem = f6.principal("systeem").subscribe("eventAdded { event { eventType } }").await;

    let clerk = f6.ambtenaar();
    let adres =
        f6.persoon(anna).ask("verblijfplaats { adres { id } }").await["verblijfplaats"]["adres"]["id"]
            .clone();
    let adres = adres.as_str().and_then(|id| id.parse().ok()).expect("an id");
    clerk.claim("Verhuizing", move_to(bea, adres, "2020-01-01")).await.accepted();
    clerk.claim("Verhuizing", move_to(anna, adres, "2020-01-01")).await.accepted();
    clerk.claim("Geboorte", birth(new_id(), "2026-01-01", "Dirk")).await.accepted();

    let told = burger.next().await;
    assert!(told["event"]["objectIds"].as_array().expect("ids").contains(&json!(anna)), "{told}");
    burger.silent().await;
    assert_eq!(systeem.next().await["event"]["eventType"], json!("Geboorte"));
}

#[tokio::test]
async fn those_of_another_organisation_read_nothing_that_is_not_for_them() {
    let f6 = F6::start().await;
    let [anna, ..] = persons(&f6);
    let card = "query($id: UUID!) { bewonersKaart(id: $id) { bsn } }";

    // A civil servant of another zone of this municipality has a resident's card, one of another municipality has not
    let zone = f6.of("ambtenaar", &["--zone", "Belastingen"]);
    assert_eq!(
        zone.query(card, &json!({ "id": anna })).await.data()["bewonersKaart"],
        json!({ "bsn": bsn(1) })
    );
    let other = f6.of("ambtenaar", &["--organisation", "00000099000000002000"]);
    let answer = other.query(card, &json!({ "id": anna })).await;
    assert_eq!(answer.error_at("FORBIDDEN"), "bewonersKaart");
}
