//! What each consumer reads, over HTTP: its own view, and no other.

use serde_json::{Value, json};
use tests::{F6, History, bsn, new_id};
use uuid::Uuid;

use crate::family::{Family, birth, marriage, move_to};

/// Anna, who is Dutch, has a child and a partner, and lives at the address.
fn anna(f6: &F6) -> (Family, Uuid) {
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let kind = new_id();
    let mut born = birth(kind, "2014-04-04", "Dirk");
    born["moeder"] = json!(family.moeder);
    history.fact("Geboorte", born);
    history.fact("Huwelijk", marriage(family.moeder, family.vader, "2013-03-03"));
    history.fact("BsnToegekend", json!({ "persoon": family.moeder, "bsn": bsn(1) }));
    let dutch =
        json!({ "persoon": family.moeder, "nationaliteit": "0001", "datum": "1990-03-03", "reden": "017" });
    history.fact("NationaliteitVerkregen", dutch);
    history.fact("Verhuizing", move_to(family.moeder, family.adres, "2012-01-01"));
    f6.import(&history);
    (family, kind)
}

/// The answer to somebody of a type of authority, or that they may not see it.
async fn read(f6: &F6, by: &str, field: &str, id: Uuid, selection: &str) -> Option<Value> {
    let query = format!("query($id: UUID!) {{ {field}(id: $id, asOf: \"2026-01-01\") {{ {selection} }} }}");
    let answer = f6.principal(by).query(&query, &json!({ "id": id })).await;
    if answer.json().get("errors").is_some() {
        assert_eq!(answer.error_at("FORBIDDEN"), field, "{by}");
        return None;
    }
    Some(answer.data()[field].clone())
}

#[tokio::test]
async fn who_checks_an_age_gets_the_answer_and_nothing_else() {
    let f6 = F6::start().await;
    let (family, kind) = anna(&f6);
    for (who, is18) in [(family.moeder, true), (kind, false)] {
        let answer = read(&f6, "systeem", "leeftijdscheck", who, "is18").await;
        assert_eq!(answer, Some(json!({ "is18": is18 })));
    }
    assert_eq!(read(&f6, "burger", "leeftijdscheck", kind, "is18").await, None);
    let more = "query($id: UUID!) { leeftijdscheck(id: $id) { is18 geboortedatum { text } } }";
    let answer = f6.principal("systeem").query(more, &json!({ "id": kind })).await;
    assert_eq!(answer.complaints()[0].code, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_certificate_of_nationality_is_for_a_clerk_alone() {
    let f6 = F6::start().await;
    let (family, _) = anna(&f6);
    let selection = "naam { voornamen } nationaliteiten isNederlander";
    assert_eq!(
        read(&f6, "ambtenaar", "nationaliteitsverklaring", family.moeder, selection).await,
        Some(json!({ "naam": { "voornamen": "Anna" }, "nationaliteiten": ["0001"], "isNederlander": true }))
    );
    for other in ["systeem", "burger", "ouder"] {
        assert_eq!(
            read(&f6, other, "nationaliteitsverklaring", family.moeder, selection).await,
            None,
            "{other}"
        );
    }
}

#[tokio::test]
async fn another_municipality_gets_an_extract_with_the_relatives() {
    let f6 = F6::start().await;
    let (family, _) = anna(&f6);
    let selection = "bsn naam { voornamen } partner { naam { voornamen } } kinderen { naam { voornamen } }
        verbintenis { soort } woont { adres { straat } } overleden { text }";
    assert_eq!(
        read(&f6, "systeem", "uittreksel", family.moeder, selection).await,
        Some(json!({
            "bsn": bsn(1), "naam": { "voornamen": "Anna" }, "partner": { "naam": { "voornamen": "Bram" } },
            "kinderen": [{ "naam": { "voornamen": "Dirk" } }], "verbintenis": { "soort": "H" },
            "woont": { "adres": { "straat": "Zonneweg" } }, "overleden": null
        }))
    );
    assert_eq!(read(&f6, "burger", "uittreksel", family.moeder, "bsn").await, None);
}

#[tokio::test]
async fn a_household_and_a_residents_card_are_for_the_municipality() {
    let f6 = F6::start().await;
    let (family, _) = anna(&f6);
    for (field, of, selection) in [
        ("huishouden", family.adres, "straat bewoners { naam { voornamen } }"),
        ("bewonersKaart", family.moeder, "naam { voornamen } bsn"),
    ] {
        for may in ["ambtenaar", "systeem"] {
            assert!(read(&f6, may, field, of, selection).await.is_some(), "{field} {may}");
        }
        for may_not in ["burger", "ouder"] {
            assert_eq!(read(&f6, may_not, field, of, selection).await, None, "{field} {may_not}");
        }
    }
}
