//! An address where others live: who moves there is warned of it, and not refused.

use serde_json::json;
use tests::{Accepted, F6, History, new_id};
use uuid::Uuid;

use crate::family::{Family, address, adults, birth, death, marriage, move_to};

const RULE: &str = "address-is-unoccupied";

/// The events that a clerk is warned of, as they make that others live at an address; none where there is no warning.
fn occupied_by(accepted: &Accepted) -> Option<Vec<Uuid>> {
    let warnings = accepted.warnings();
    let warning = warnings.iter().find(|warning| warning.rule.as_deref() == Some(RULE))?;
    assert_eq!(warning.code, "RULE");
    Some(warning.because.clone())
}

/// The family Jansen, of which the mother lives at the address since 2010; and the event of that.
fn anna_at_home(f6: &F6) -> (Family, Uuid) {
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let moved = history
        .at("2010-01-04T09:00:00Z")
        .fact("Verhuizing", move_to(family.moeder, family.adres, "2010-01-01"));
    f6.import(&history);
    (family, moved)
}

#[tokio::test]
async fn who_moves_to_where_others_live_is_warned_with_the_event_that_says_so() {
    let f6 = F6::start().await;
    let (family, annas) = anna_at_home(&f6);
    let ambtenaar = f6.ambtenaar();
    let move_in = || ambtenaar.claim("Verhuizing", move_to(family.vader, family.adres, "2026-01-01"));

    // Whether it is tried, or registered; and sent again, the answer is the same
    let id = new_id();
    assert_eq!(occupied_by(&move_in().validated().dry_run().await.accepted()), Some(vec![annas]));
    let registered = move_in().id(id).validated().await.accepted();
    assert_eq!(occupied_by(&registered), Some(vec![annas]));
    assert_eq!(occupied_by(&move_in().id(id).validated().await.accepted()), Some(vec![annas]));

    // And the next one is told of both
    let [chris] = adults(&f6);
    let next = ambtenaar.register("Verhuizing", move_to(chris, family.adres, "2026-01-02")).await;
    assert_eq!(occupied_by(&next), Some(vec![annas, registered.id()]));
}

#[tokio::test]
async fn a_move_that_a_citizen_claims_is_warned_of_and_so_is_who_validates_it() {
    let f6 = F6::start().await;
    let (family, annas) = anna_at_home(&f6);
    let claim = f6
        .person("burger", family.vader)
        .claim("Verhuizing", move_to(family.vader, family.adres, "2026-01-01"));
    let claimed = claim.await.accepted();
    // Whose events say so is for who may read them
    assert_eq!(occupied_by(&claimed), Some(vec![]));
    assert_eq!(occupied_by(&f6.ambtenaar().validate(&claimed).await.accepted()), Some(vec![annas]));
}

#[tokio::test]
async fn who_validates_a_move_is_told_of_who_lives_there_by_then() {
    // Given moves of Chris and of Dora to one address, claimed when Anna lived there
    let f6 = F6::start().await;
    let (family, annas) = anna_at_home(&f6);
    let [chris, dora] = adults(&f6);
    let clerk = f6.ambtenaar();
    let claims = async |person| {
        clerk.claim("Verhuizing", move_to(person, family.adres, "2026-01-03")).await.accepted()
    };
    let chriss = claims(chris).await;
    assert_eq!(occupied_by(&chriss), Some(vec![annas]));
    let doras = claims(dora).await;

    // When Anna has died since, then nobody is in the way of Chris, but he is in that of Dora
    clerk.register("Overlijden", death(family.moeder, "2026-01-01")).await;
    assert_eq!(occupied_by(&clerk.validate(&chriss).await.accepted()), None);
    assert_eq!(occupied_by(&clerk.validate(&doras).await.accepted()), Some(vec![chriss.id()]));
}

#[tokio::test]
async fn who_validates_a_move_is_told_of_events_as_they_were_registered() {
    // Given a move that was claimed in one request with that of who lives there since
    let f6 = F6::start().await;
    let (family, _) = anna_at_home(&f6);
    let [chris, dora] = adults(&f6);
    let clerk = f6.ambtenaar();
    clerk.register("Overlijden", death(family.moeder, "2026-01-01")).await;
    let (chriss, doras) = (new_id(), new_id());
    let moved = |person, day| clerk.claim("Verhuizing", move_to(person, family.adres, day));
    let batch = [moved(chris, "2026-01-02").id(chriss).validated(), moved(dora, "2026-01-03").id(doras)];
    clerk.append(batch).await.accepted();

    // When it is validated, after something else was registered
    clerk.register("Overlijden", death(family.vader, "2026-01-01")).await;
    let validate = "mutation($target: UUID!) { validate(input: { target: $target, verdict: ACCEPTED }) {
        warnings { because { id createdAt } } } }";
    let told = clerk.mutate(validate, &json!({ "target": doras })).await.expect("an answer").data();

    // Then the warning tells when the other move was registered
    let registered = f6.one("event", chriss).ask("id createdAt").await;
    assert_eq!(told["validate"]["warnings"][0]["because"], json!([registered]));
}

#[tokio::test]
async fn who_immigrates_to_where_others_live_is_warned_and_who_only_gets_post_there_is_not() {
    let f6 = F6::start().await;
    let (family, annas) = anna_at_home(&f6);
    let [chris, dora] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let arrival =
        json!({ "personen": [chris], "adres": family.adres, "datum": "2026-01-01", "landVanwaar": "5010" });
    assert_eq!(occupied_by(&ambtenaar.register("Immigratie", arrival).await), Some(vec![annas]));
    let post = json!({ "personen": [dora], "adres": family.adres, "datum": "2026-01-01", "functie": "B" });
    assert_eq!(occupied_by(&ambtenaar.register("Verhuizing", post).await), None);
}

#[tokio::test]
async fn a_household_that_moves_together_and_who_joins_a_partner_or_parent_are_expected() {
    let f6 = F6::start().await;
    let (family, _) = anna_at_home(&f6);
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let mut born = birth(kind, "2026-01-01", "Dirk");
    born["moeder"] = json!(family.moeder);
    ambtenaar.register("Geboorte", born).await;

    let child = ambtenaar.register("Verhuizing", move_to(kind, family.adres, "2026-01-01")).await;
    assert_eq!(occupied_by(&child), None);
    ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2026-01-02")).await;
    let both =
        json!({ "personen": [family.moeder, family.vader], "adres": family.adres, "datum": "2026-01-03" });
    assert_eq!(occupied_by(&ambtenaar.register("Verhuizing", both).await), None);
}

#[tokio::test]
async fn an_address_that_was_left_is_free_and_one_in_which_a_batch_puts_somebody_is_not() {
    let f6 = F6::start().await;
    let (family, _) = anna_at_home(&f6);
    let [chris, dora] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    ambtenaar.register("Overlijden", death(family.moeder, "2026-01-01")).await;
    let free = ambtenaar.claim("Verhuizing", move_to(chris, family.adres, "2026-01-02"));
    assert_eq!(occupied_by(&free.dry_run().await.accepted()), None);

    let first = new_id();
    let batch = ambtenaar.append([
        ambtenaar.claim("Verhuizing", move_to(chris, family.adres, "2026-01-02")).id(first).validated(),
        ambtenaar.claim("Verhuizing", move_to(dora, family.adres, "2026-01-03")).validated(),
    ]);
    let accepted = batch.await.accepted();
    assert_eq!(occupied_by(&accepted), Some(vec![first]));
    let warned = accepted.warnings().into_iter().find(|warning| warning.rule.as_deref() == Some(RULE));
    assert_eq!(warned.expect("a warning").path, ["commands", "1"]);
}

#[tokio::test]
async fn a_move_that_was_corrected_or_is_only_claimed_occupies_nothing() {
    let f6 = F6::start().await;
    let (family, annas) = anna_at_home(&f6);
    let [chris, dora] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    f6.person("burger", dora).claim("Verhuizing", move_to(dora, family.adres, "2025-01-01")).await.accepted();
    ambtenaar.annul(annas).validated().await.accepted();
    let moved = ambtenaar.register("Verhuizing", move_to(chris, family.adres, "2026-01-02")).await;
    assert_eq!(occupied_by(&moved), None);
}

#[tokio::test]
async fn who_moved_away_lives_there_again_once_that_is_annulled_or_they_move_back() {
    // Given that Anna has moved away, and that whoever asked was told that nobody lives there
    let f6 = F6::start().await;
    let (family, annas) = anna_at_home(&f6);
    let mut history = History::beginning("2010-02-01T09:00:00Z");
    let elsewhere = address(&mut history);
    f6.import(&history);
    let [chris] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let move_in = async || {
        let tried = ambtenaar.claim("Verhuizing", move_to(chris, family.adres, "2026-01-05"));
        occupied_by(&tried.validated().dry_run().await.accepted())
    };
    let away = move_to(family.moeder, elsewhere, "2026-01-02");
    let moved = ambtenaar.register("Verhuizing", away.clone()).await;
    assert_eq!((move_in().await, move_in().await), (None, None));

    // When that move is annulled, then she lives there as before
    ambtenaar.annul(moved.id()).validated().await.accepted();
    assert_eq!(move_in().await, Some(vec![annas]));

    // And when she moves away once more, and back, then by that move
    ambtenaar.register("Verhuizing", away).await;
    assert_eq!(move_in().await, None);
    let back = ambtenaar.register("Verhuizing", move_to(family.moeder, family.adres, "2026-01-03")).await;
    assert_eq!(move_in().await, Some(vec![back.id()]));
}
