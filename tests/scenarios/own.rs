//! Who claims for themselves or for their own, and for nobody else.

use serde_json::json;
use tests::{F6, Principal, Setup, new_id};
use uuid::Uuid;

use crate::family::{Family, adults, birth, born_to, death, declare, marriage, move_to};

/// A child of a mother, registered.
async fn child_of(f6: &F6, moeder: Uuid) -> Uuid {
    let kind = new_id();
    let mut born = birth(kind, "2020-01-01", "Kim");
    born["moeder"] = json!(moeder);
    f6.ambtenaar().register("Geboorte", born).await;
    kind
}

fn choice(kind: Uuid) -> serde_json::Value {
    json!({ "kind": kind, "naam": { "geslachtsnaam": "Pieters" }, "datum": "2021-01-01" })
}

#[tokio::test]
async fn a_parent_chooses_the_name_of_an_own_child_and_of_no_other() {
    // Given Anna with a child, and somebody else with one
    let f6 = F6::start().await;
    let [anna, bea] = adults(&f6);
    let (own, other) = (child_of(&f6, anna).await, child_of(&f6, bea).await);
    let ouder = f6.person("ouder", anna);

    // Then Anna chooses for her own child, and for no other, whether there is one or not
    ouder.claim("Naamskeuze", choice(own)).await.accepted();
    let refused = ouder.claim("Naamskeuze", choice(other)).await.forbidden_because();
    let unknown = ouder.claim("Naamskeuze", choice(new_id())).await.forbidden_because();
    assert_eq!(
        refused,
        "`ouder` may claim Naamskeuze only where `data.kind in caller.kinderen`; here it does not"
    );
    assert_eq!(unknown, refused);

    // And a civil servant for either
    f6.ambtenaar().claim("Naamskeuze", choice(other)).await.accepted();
}

#[tokio::test]
async fn who_only_claims_to_be_a_parent_is_none() {
    // Given Bram, who says that he recognised a child, which nobody has validated
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let kind = child_of(&f6, anna).await;
    let ouder = f6.person("ouder", bram);
    let recognised = json!({ "kind": kind, "erkenner": bram, "moeder": anna, "datum": "2021-01-01" });
    let recognised = ouder.claim("Erkenning", recognised).await.accepted();

    // Then he chooses no name, until it is validated
    ouder.claim("Naamskeuze", choice(kind)).await.forbidden();
    let validated = f6.ambtenaar().validate(&recognised).await.accepted();
    ouder.claim("Naamskeuze", choice(kind)).await.accepted();

    // And no more when the validation turns out to be a mistake
    f6.ambtenaar().annul(&validated).validated().await.accepted();
    ouder.claim("Naamskeuze", choice(kind)).await.forbidden();
}

#[tokio::test]
async fn who_declares_a_birth_as_a_parent_is_a_parent_in_it() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let vader = f6.person("ouder", family.vader);

    // A birth of which he is no parent, and one of which nobody is
    let mut of_anna = birth(new_id(), "2026-01-01", "Dirk");
    vader.claim("Geboorte", of_anna.clone()).await.forbidden();
    of_anna["moeder"] = json!(family.moeder);
    vader.claim("Geboorte", of_anna.clone()).await.forbidden();

    // And one of which he is the other parent
    of_anna["ouder2"] = json!(family.vader);
    vader.claim("Geboorte", of_anna).await.accepted();
    // As the mother does
    declare(&f6.person("ouder", family.moeder), new_id(), "2026-01-01", "Eva").await.accepted();
}

#[tokio::test]
async fn a_citizen_claims_only_about_themselves() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let [bram, chris] = adults(&f6);
    let anna = f6.person("burger", family.moeder);
    let moves = |persoon| move_to(persoon, family.adres, "2021-01-01");

    anna.claim("Verhuizing", moves(family.moeder)).await.accepted();
    anna.claim("Huwelijk", marriage(bram, family.moeder, "2021-02-02")).await.accepted();
    anna.claim("Verhuizing", moves(bram)).await.forbidden();
    anna.claim("Huwelijk", marriage(bram, chris, "2021-02-02")).await.forbidden();

    // Nor of herself and of somebody else in one breath
    let mut both = moves(family.moeder);
    both["personen"] = json!([family.moeder, bram]);
    anna.claim("Verhuizing", both).await.forbidden();
}

#[tokio::test]
async fn a_death_is_declared_by_next_of_kin() {
    let f6 = F6::start().await;
    let [anna, bram, chris] = adults(&f6);
    let kind = child_of(&f6, anna).await;
    f6.ambtenaar().register("Huwelijk", marriage(anna, bram, "2021-02-02")).await;

    for kin in [bram, kind] {
        let claim = f6.person("burger", kin).claim("Overlijden", death(anna, "2022-01-01")).dry_run();
        claim.await.accepted();
    }
    f6.person("burger", chris).claim("Overlijden", death(anna, "2022-01-01")).await.forbidden();
}

#[tokio::test]
async fn who_the_token_does_not_name_claims_nothing_for_themselves() {
    // Given a token of a citizen that says of nobody who it is
    let f6 = F6::start().await;
    let [anna] = adults(&f6);
    let token = String::from_utf8(tests::run(&mut f6.write_api(["token", "--type", "burger"])).stdout);
    let token = token.expect("a token is text");
    let claim =
        "mutation($data: NaamgebruikData!) { claimNaamgebruik(input: { data: $data }) { events { id } } }";
    let data = json!({ "data": { "persoon": anna, "naamgebruik": "E", "datum": "2021-01-01" } });

    let answer = f6.mutate(0, Some(token.trim()), claim, &data).await.expect("an answer");
    assert_eq!(answer.error_at("FORBIDDEN"), "claimNaamgebruik");
    let told = answer.json()["errors"][0]["message"].clone();
    assert!(
        told.as_str().is_some_and(|told| told.ends_with("the token names no `person`, get one that does")),
        "{told}"
    );
}

#[tokio::test]
async fn a_civil_servant_of_another_zone_does_nothing_here() {
    let f6 = F6::start().await;
    let claimed = declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();
    let elsewhere: [&[&str]; 3] = [
        &["--zone", "Belastingen"],
        &["--organisation", "00000099000000002000"],
        &["--organisation", "00000099000000002000", "--zone", "Burgerlijke stand"],
    ];
    for whence in elsewhere {
        let other = f6.of("ambtenaar", whence);
        other.claim("Geboorte", birth(new_id(), "2026-01-01", "Eva")).await.forbidden();
        other.validate(&claimed).await.forbidden();
        other.annul(&claimed).await.forbidden();
        other.amend("Geboorte", &claimed, birth(new_id(), "2026-01-01", "Eva")).await.forbidden();
    }

    // Who works in both zones does
    let both = f6.of("ambtenaar", &["--zone", "Belastingen", "--zone", "Burgerlijke stand"]);
    both.validate(&claimed).await.accepted();
    // And of this organisation, whose zone the token does not name
    f6.of("ambtenaar", &["--organisation", "00000099000000001000"]).annul(&claimed).await.accepted();
}

#[tokio::test]
async fn a_refused_claim_shows_nothing_of_whether_the_child_exists() {
    // Given a child of somebody else, who has a history, and of whom the desk has just spoken
    let f6 = Setup::default().count_statements().start().await;
    let [anna, bea] = adults(&f6);
    let kind = child_of(&f6, bea).await;
    f6.ambtenaar().register("Naamskeuze", choice(kind)).await;
    let ouder = f6.person("ouder", anna);
    ouder.claim("Naamskeuze", choice(new_id())).await.forbidden();

    // When Anna claims something of that child, of one of whom nobody heard, and of an id that is an address
    let mut told = Vec::new();
    for kind in [kind, new_id(), bea] {
        told.push(asked(&f6, &ouder, kind).await);
    }

    // Then she is told the same, and the database was asked the same
    assert!(!told[0].1.is_empty(), "the counter stands in between");
    assert!(told.iter().all(|other| *other == told[0]), "{told:#?}");
}

/// What a parent is told, and the statements that ran.
async fn asked(f6: &F6, ouder: &Principal<'_>, kind: Uuid) -> (String, Vec<String>) {
    let counter = f6.write_statements.as_ref().expect("statements are counted");
    let before = counter.count();
    let told = ouder.claim("Naamskeuze", choice(kind)).await.forbidden_because();
    (told, counter.since(before))
}

#[tokio::test]
async fn a_system_is_not_told_whether_there_is_an_event_that_it_may_not_judge() {
    // Given a birth that waits, which a system may not judge, and a number that it may
    let f6 = Setup::default().count_statements().start().await;
    let ouder = f6.ouder();
    let claimed = ouder.claim("Geboorte", born_to(&ouder, new_id(), "2026-01-01", "Dirk")).await.accepted();
    let systeem = f6.principal("systeem");
    let counter = f6.write_statements.as_ref().expect("statements are counted");

    let mut told = Vec::new();
    for target in [claimed.id(), new_id()] {
        let before = counter.count();
        let refused = systeem.validate(target).await.forbidden_because();
        told.push((refused.replace(&target.to_string(), "…"), counter.since(before)));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(
        told[0].0,
        "`systeem` may not validate event …: there is none, or it is of a type that `systeem` may not validate; it may: BsnToegekend, AdresVastgesteld"
    );
}
