//! A birth, from the first claim on, on both time lines.

use serde_json::{Value, json};
use tests::{F6, History, bsn, new_id};

use crate::family::{Family, birth, issue_bsn};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told from beginning to end")]
async fn a_child_is_registered_from_the_declaration_to_the_address() {
    // Given a mother, a father, an address, and an id for a child that is not born yet
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let (ouder, ambtenaar) = (f6.person("ouder", family.moeder), f6.ambtenaar());
    let kind = new_id();
    let details = "naam { voornamen geslachtsnaam } geboortedatum { text } moeder { naam { voornamen } }
        ouder2 { naam { voornamen } } bsn verblijfplaats { adres { straat huisnummer } }";
    assert_eq!(f6.persoon(kind).claimed().ask(details).await, Value::Null);
    let mut steps = Vec::new();

    // When the mother declares the birth
    let mut declaration = birth(kind, "2026-01-01", "Dirk");
    declaration["moeder"] = json!(family.moeder);
    let declared = ouder.claim("Geboorte", declaration).await.accepted();
    // Then that is a claim: the registry knows nobody yet, and who asks for claims sees it
    let mut child = json!({
        "naam": { "voornamen": "Dirk", "geslachtsnaam": "Jansen" }, "geboortedatum": { "text": "2026-01-01" },
        "moeder": { "naam": { "voornamen": "Anna" } }, "ouder2": null, "bsn": null, "verblijfplaats": null
    });
    assert_eq!(f6.persoon(kind).ask(details).await, Value::Null);
    assert_eq!(f6.persoon(kind).claimed().ask(details).await, child);
    steps.push((declared.registered().to_owned(), Value::Null));

    // When the clerk validates it, then there is a child
    let validated = ambtenaar.validate(&declared).await.accepted();
    assert_eq!(f6.persoon(kind).ask(details).await, child);
    steps.push((validated.registered().to_owned(), child.clone()));

    // When the parents choose the name
    let choice = json!({ "kind": kind, "datum": "2026-01-05", "naam": { "voornamen": "Dirk", "geslachtsnaam": "de Vries" } });
    let chosen = ouder.claim("Naamskeuze", choice).based_on([declared.id()]).await.accepted();
    let named = ambtenaar.validate(&chosen).await.accepted();
    // Then it is the child's name from that day on
    child["naam"]["geslachtsnaam"] = json!("de Vries");
    assert_eq!(f6.persoon(kind).ask(details).await, child);
    steps.push((named.registered().to_owned(), child.clone()));

    // When the father recognises the child
    let recognition = json!({ "kind": kind, "erkenner": family.vader, "datum": "2026-01-06" });
    let recognised = ambtenaar.register("Erkenning", recognition).await;
    // Then each is a relative of the other
    child["ouder2"] = json!({ "naam": { "voornamen": "Bram" } });
    assert_eq!(f6.persoon(kind).ask(details).await, child);
    let father = f6.persoon(family.vader).ask("kinderen { naam { geslachtsnaam } }").await;
    assert_eq!(father, json!({ "kinderen": [{ "naam": { "geslachtsnaam": "de Vries" } }] }));
    steps.push((recognised.registered().to_owned(), child.clone()));

    // When a BSN is issued
    let issued = issue_bsn(&f6.principal("systeem"), kind, 1).validated().await.accepted();
    child["bsn"] = json!(bsn(1));
    assert_eq!(f6.persoon(kind).ask(details).await, child);
    steps.push((issued.registered().to_owned(), child.clone()));

    // When the child is registered at its mother's address
    let move_in = json!({ "personen": [kind], "adres": family.adres, "datum": "2026-01-08" });
    let moved = ambtenaar.register("Verhuizing", move_in).await;
    child["verblijfplaats"] = json!({ "adres": { "straat": "Zonneweg", "huisnummer": "1" } });
    assert_eq!(f6.persoon(kind).ask(details).await, child);
    steps.push((moved.registered().to_owned(), child.clone()));

    // Then each step is still to be seen as it was known then, and before the birth there never was anybody
    for (known_at, state) in steps {
        assert_eq!(f6.persoon(kind).known_at(&known_at).ask(details).await, state);
        assert_eq!(f6.persoon(kind).as_of("2025-12-31").known_at(&known_at).ask(details).await, Value::Null);
    }
    // And with what is known now, each fact holds from its own day on
    let day = |day: &'static str| {
        f6.persoon(kind).as_of(day).ask("naam { geslachtsnaam } ouder2 { naam { voornamen } } bsn")
    };
    let (jansen, vries, bram) = (
        json!({ "geslachtsnaam": "Jansen" }),
        json!({ "geslachtsnaam": "de Vries" }),
        json!({ "naam": { "voornamen": "Bram" } }),
    );
    assert_eq!(day("2026-01-04").await, json!({ "naam": jansen, "ouder2": null, "bsn": null }));
    assert_eq!(day("2026-01-05").await, json!({ "naam": vries, "ouder2": null, "bsn": null }));
    assert_eq!(day("2026-01-06").await, json!({ "naam": vries, "ouder2": bram, "bsn": null }));
    assert_eq!(day("2026-01-07").await, json!({ "naam": vries, "ouder2": bram, "bsn": bsn(1) }));
}

#[tokio::test]
async fn a_birth_registered_later_is_known_in_retrospect_and_was_not_known_then() {
    // Given a child born on 1 January, registered on 4 January
    let f6 = F6::start().await;
    let mut history = History::beginning("2026-01-04T10:00:00Z");
    let kind = new_id();
    history.fact("Geboorte", birth(kind, "2026-01-01", "Dirk"));
    f6.import(&history);

    // When asked about 3 January with today's knowledge, then we have the details
    let details = "naam { voornamen } geboortedatum { text }";
    let known = json!({ "naam": { "voornamen": "Dirk" }, "geboortedatum": { "text": "2026-01-01" } });
    assert_eq!(f6.persoon(kind).as_of("2026-01-03").ask(details).await, known);

    // When asked about 3 January with the knowledge of 3 January, then we have nobody
    let then = f6.persoon(kind).as_of("2026-01-03").known_at("2026-01-03");
    assert_eq!(then.ask(details).await, Value::Null);
}
