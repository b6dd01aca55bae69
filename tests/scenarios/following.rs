//! Derived fields and views that follow references: right at any two moments, bounded, and no way around a view.

use serde_json::{Value, json};
use tests::{History, Setup, new_id};
use uuid::Uuid;

use crate::family::{birth, death, move_to};

/// A field of the view Huisgenoot: the first names of the mother.
const MOTHER: &str = "      moeder: { type: String, value: 'moeder == null || moeder.naam == null ? null : moeder.naam.voornamen' }\n";

/// Where the fields of the view Huisgenoot end.
const LAST_OF_HUISGENOOT: &str = "\"The partner, at this address or another.\" }\n";

/// So many generations: each is the child of the one before.
fn generations(history: &mut History, count: usize) -> Vec<Uuid> {
    let persons: Vec<Uuid> = (0..count).map(|_| new_id()).collect();
    for (number, persoon) in persons.iter().enumerate() {
        let mut deed =
            birth(*persoon, &format!("{}-01-01", 1000 + number * 10), &format!("Persoon {number}"));
        if number > 0 {
            deed["moeder"] = json!(persons[number - 1]);
        }
        history.fact("Geboorte", deed);
    }
    persons
}

#[tokio::test]
async fn a_value_of_a_view_follows_references_at_both_moments() {
    // Given Persoon 1, whose mother turns out in 2020 to have another name
    let f6 = Setup::default().query_config(LAST_OF_HUISGENOOT, MOTHER).start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persons = generations(&mut history, 2);
    let renamed = json!({ "persoon": persons[0], "datum": "1015-01-01", "grond": "Buitenland",
        "naam": { "voornamen": "Sinds 1015", "geslachtsnaam": "Jansen" } });
    history.at("2020-02-02T09:00:00Z").fact("Naamwijziging", renamed);
    f6.import(&history);

    let mother = async |as_of, known_at| {
        let question = f6.one("huisgenoot", persons[1]).as_of(as_of).known_at(known_at);
        question.ask("moeder").await["moeder"].clone()
    };
    assert_eq!(mother("1014-01-01", "2026-01-01").await, "Persoon 0");
    assert_eq!(mother("1015-01-01", "2026-01-01").await, "Sinds 1015");
    assert_eq!(mother("1015-01-01", "2020-02-01").await, "Persoon 0");
    // And who has no mother here, has no such name
    assert_eq!(f6.one("huisgenoot", persons[0]).ask("moeder").await, json!({ "moeder": null }));
}

#[tokio::test]
async fn whom_the_objects_of_a_list_meet_is_read_in_one_go() {
    // Given an address where two live, and one where forty do, each the child of somebody else
    let f6 = Setup::default().query_config(LAST_OF_HUISGENOOT, MOTHER).count_statements().start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let [small, large] = [2, 40].map(|size| {
        let adres = crate::family::address(&mut history);
        for _ in 0..size {
            let persons = generations(&mut history, 2);
            history.fact("Verhuizing", move_to(persons[1], adres, "1999-01-01"));
        }
        adres
    });
    f6.import(&history);
    let counter = f6.statements.as_ref().expect("statements are counted");
    let mut statements = Vec::new();
    for (adres, size) in [(small, 2), (large, 40)] {
        let before = counter.count();
        let answer = f6.one("huishouden", adres).ask("bewoners { moeder partner { moeder } }").await;
        assert_eq!(answer.to_string().matches("Persoon 0").count(), size);
        statements.push(counter.count() - before);
    }
    assert!(statements[1] <= statements[0], "statements for two, and for forty: {statements:?}");
}

#[tokio::test]
async fn a_chain_of_references_is_followed_as_far_as_the_field_says() {
    // Given a field that looks twenty-two generations back, and a family that goes further
    let value = "moeder.".repeat(22);
    let field = format!("      stammoeder: {{ type: PartialDate, value: {value}geboortedatum }}\n");
    let f6 = Setup::default().write_config("    derived:\n", &field).start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persons = generations(&mut history, 25);
    f6.import(&history);
    let stammoeder = async |number: usize| f6.persoon(persons[number]).ask("stammoeder { text }").await;
    assert_eq!(stammoeder(24).await, json!({ "stammoeder": { "text": "1020-01-01" } }));
    // And of who has fewer forebears there is none
    assert_eq!(stammoeder(21).await, json!({ "stammoeder": null }));
}

#[tokio::test]
async fn a_view_withholds_by_what_is_known_of_somebody_else() {
    // Given views that withhold the children of who is to be wiped
    let more = " || (moeder != null && moeder.opgeschort != null && moeder.opgeschort.reden == \"W\")";
    let f6 = Setup::default().query_config("opgeschort.reden in [\"F\", \"W\"]", more).start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persons = generations(&mut history, 3);
    f6.import(&history);
    let systeem = f6.principal("systeem");
    let cards = async || {
        let query = "query($ids: [UUID!]!) { bewonersKaarten(ids: $ids) { naam { voornamen } } }";
        let answer = systeem.query(query, &json!({ "ids": persons })).await.json();
        answer["data"]["bewonersKaarten"].to_string().matches("Persoon").count()
    };
    assert_eq!(cards().await, 3);

    // When the first is to be wiped, then nothing is shown of her, nor of her child; of her grandchild it is
    let wipe = json!({ "persoon": persons[0], "fase": "Begin", "reden": "W", "datum": "2020-01-01" });
    f6.ambtenaar().register("OpschortingBijhouding", wipe).await;
    assert_eq!(cards().await, 1);
    let card = f6.one("bewonersKaart", persons[1]).by(&systeem).ask("naam { voornamen }").await;
    assert_eq!(card, Value::Null);
    let extract = f6.one("uittreksel", persons[2]).by(&systeem).ask("ouder1 { naam { voornamen } }").await;
    assert_eq!(extract, json!({ "ouder1": { "naam": null } }));
    let found =
        "{ searchBewonersKaarten(where: { geboortedatum: \"1010-01-01\" }) { edges { node { id } } } }";
    assert_eq!(systeem.query(found, &json!({})).await.data()["searchBewonersKaarten"]["edges"], json!([]));
}

#[tokio::test]
async fn what_is_investigated_may_follow_from_somebody_else() {
    // Given a register that doubts the residence of who is investigated and has lost a mother
    let more = " + (moeder != null && moeder.overlijdensdatum != null ? ['080000'] : [])";
    let f6 = Setup::default().write_config("onderzoek.lopend.map(o, o.aanduiding)", more).start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persons = generations(&mut history, 2);
    history.fact("Overlijden", death(persons[0], "1030-01-01"));
    let doubt =
        json!({ "persoon": persons[1], "fase": "Begin", "aanduidingen": ["010310"], "datum": "1020-01-01" });
    history.fact("Onderzoek", doubt);
    f6.import(&history);
    let doubted =
        async |day| f6.persoon(persons[1]).as_of(day).ask("inOnderzoek").await["inOnderzoek"].clone();
    assert_eq!(doubted("1029-12-31").await, json!(["geboortedatum"]));
    assert_eq!(doubted("1030-01-01").await, json!(["geboortedatum", "verblijfplaats"]));
}
