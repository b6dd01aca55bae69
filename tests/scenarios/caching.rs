//! What is kept in memory is right for everything that its fold read, and no more of it is folded anew than must be.

use serde_json::json;
use tests::F6;

use crate::family::{Family, birth, move_to};

/// How many folds the query API has made from all events.
async fn folded_anew(f6: &F6) -> f64 {
    f6.query.metrics().await.sum("f6_folds_total", &[("way", "anew")])
}

#[tokio::test]
async fn a_new_event_extends_what_is_kept_and_a_late_correction_folds_only_whom_it_is_about_anew() {
    // Given a mother and a father whose folds are kept
    let f6 = F6::start().await;
    let Family { moeder, vader, adres } = Family::registered_in(&f6);
    let ambtenaar = f6.ambtenaar();
    let born = async |persoon| {
        f6.persoon(persoon).ask("geboortedatum { text } verblijfplaats { adres { id } }").await
    };
    born(moeder).await;
    born(vader).await;
    let before = folded_anew(&f6).await;

    // When the mother moves, then nobody is folded anew for the next answers
    ambtenaar.register("Verhuizing", move_to(moeder, adres, "2020-01-01")).await;
    assert_eq!(born(moeder).await["verblijfplaats"], json!({ "adres": { "id": adres } }));
    born(vader).await;
    // The address, which is referred to, was not asked for before
    assert_eq!(folded_anew(&f6).await, before + 1.0);

    // When her birth, long ago, is corrected, then she is folded anew, and he is not
    let events = f6.persoon(moeder).ask("events(eventTypes: [\"Geboorte\"]) { edges { node { id } } }").await;
    let birth_of_mother =
        events["events"]["edges"][0]["node"]["id"].as_str().and_then(|id| id.parse::<uuid::Uuid>().ok());
    let corrected = birth(moeder, "1990-04-04", "Anna");
    ambtenaar.amend("Geboorte", birth_of_mother.expect("an id"), corrected).validated().await.accepted();
    let before = folded_anew(&f6).await;
    assert_eq!(born(vader).await["geboortedatum"], json!({ "text": "1988-08-08" }));
    assert_eq!(folded_anew(&f6).await, before);
    assert_eq!(born(moeder).await["geboortedatum"], json!({ "text": "1990-04-04" }));
    assert_eq!(folded_anew(&f6).await, before + 1.0);
    // And from then on her fold is kept again
    assert_eq!(born(moeder).await["geboortedatum"], json!({ "text": "1990-04-04" }));
    assert_eq!(folded_anew(&f6).await, before + 1.0);
}
