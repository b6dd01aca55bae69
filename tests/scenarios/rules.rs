//! What the rules of the catalogue refuse, and why; what they only warn of.

use serde_json::json;
use tests::{F6, days_from_now, new_id};

use crate::family::{Family, adults, birth, death, declare, issue_bsn, marriage, move_to};

#[tokio::test]
async fn a_rule_that_fails_refuses_by_its_name_and_names_what_it_clashes_with() {
    // Given a couple
    let f6 = F6::start().await;
    let [anna, bram, chris] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, bram, "2020-02-02")).await;

    // When one of them marries a third
    let refusal =
        ambtenaar.claim("Huwelijk", marriage(anna, chris, "2021-01-01")).validated().await.refused("RULE");

    // Then the rule refuses it, because of the first marriage
    assert_eq!(refusal.rule.as_deref(), Some("neither-is-bound"));
    assert_eq!(refusal.because, [married.id()]);
    assert!(refusal.message.contains("article 1:33 BW"), "{}", refusal.message);
}

#[tokio::test]
async fn a_rule_looks_at_the_moment_of_the_event_and_not_at_today() {
    // Given a couple that divorced in 2022
    let f6 = F6::start().await;
    let [anna, bram, chris] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    ambtenaar.register("Huwelijk", marriage(anna, bram, "2020-02-02")).await;
    ambtenaar.register("Ontbinding", marriage(anna, bram, "2022-02-02")).await;

    // Then a marriage in 2021 is refused, one in 2023 is not
    ambtenaar.claim("Huwelijk", marriage(anna, chris, "2021-01-01")).validated().await.refused("RULE");
    ambtenaar.register("Huwelijk", marriage(anna, chris, "2023-01-01")).await;
}

#[tokio::test]
async fn a_claim_that_a_rule_forbids_is_refused_when_it_is_claimed() {
    let f6 = F6::start().await;
    let [anna] = adults(&f6);
    let refusal =
        f6.person("burger", anna).claim("Huwelijk", marriage(anna, anna, "2020-02-02")).await.refused("RULE");
    assert_eq!(refusal.rule.as_deref(), Some("marry-another"));
    assert_eq!(f6.database.value::<i64>("SELECT count(*) FROM event WHERE event_type = 'Huwelijk'").await, 0);
}

#[tokio::test]
async fn what_would_contest_a_standing_event_is_refused_unless_the_clerk_names_it() {
    // Given a marriage in 2020
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, bram, "2020-02-02")).await;

    // When a death in 2019 of one of them is registered, then it is refused, naming the marriage
    let death = death(anna, "2019-09-09");
    let refusal = ambtenaar.claim("Overlijden", death.clone()).validated().await.refused("CONTESTS");
    assert_eq!(refusal.because, [married.id()]);

    // When the clerk registers it despite another event, then it still is
    ambtenaar
        .claim("Overlijden", death.clone())
        .despite([new_id()])
        .validated()
        .await
        .decided()
        .expect_err("refused");

    // When the clerk registers it despite the marriage, then both stand, the marriage contested
    let died = ambtenaar.claim("Overlijden", death).despite([married.id()]).validated().await.accepted();
    assert_eq!(f6.status(&died).await, "VALIDATED");
    let event = f6.one("event", married.id()).ask("status causes { id }").await;
    assert_eq!(event["status"], "CONTESTED");
}

#[tokio::test]
async fn only_a_civil_servant_may_contest_what_stands() {
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let married = f6.ambtenaar().register("Huwelijk", marriage(anna, bram, "2020-02-02")).await;
    let claim =
        f6.person("burger", bram).claim("Overlijden", death(anna, "2019-09-09")).despite([married.id()]);
    assert_eq!(claim.await.refused("CONTESTS").because, [married.id()]);
}

#[tokio::test]
async fn a_bsn_belongs_to_one_person() {
    // Given a person with a BSN
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let systeem = f6.principal("systeem");
    let issue = |persoon| issue_bsn(&systeem, persoon, 7).validated();
    let issued = issue(anna).await.accepted();

    // When it is issued to another, then that is refused, naming the first
    let refusal = issue(bram).await.refused("UNIQUE");
    assert_eq!(refusal.because, [issued.id()]);

    // When the first is annulled, then it is free again
    f6.ambtenaar().annul(&issued).validated().await.accepted();
    issue(bram).await.accepted();
}

#[tokio::test]
async fn the_future_is_refused_as_far_as_the_event_type_says() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let ambtenaar = f6.ambtenaar();

    // A birth is never announced
    let refusal =
        ambtenaar.claim("Geboorte", birth(new_id(), &days_from_now(2), "Dirk")).await.refused("FUTURE");
    assert_eq!(refusal.path.first().map(String::as_str), Some("data"));
    // A move is, up to 28 days ahead
    let moving = |days| {
        ambtenaar.claim("Verhuizing", move_to(family.moeder, family.adres, &days_from_now(days))).validated()
    };
    moving(60).await.refused("FUTURE");
    moving(20).await.accepted();
    // And then it holds from that day on
    let lives = "verblijfplaats { adres { straat } }";
    assert_eq!(f6.persoon(family.moeder).ask(lives).await, json!({ "verblijfplaats": null }));
    let planned = f6.persoon(family.moeder).as_of(&days_from_now(20)).ask(lives).await;
    assert_eq!(planned, json!({ "verblijfplaats": { "adres": { "straat": "Zonneweg" } } }));
}

#[tokio::test]
async fn claims_that_contradict_each_other_may_stand_side_by_side() {
    // Given an open claim of a death
    let f6 = F6::start().await;
    let [anna] = adults(&f6);
    let (desk, ambtenaar) = (f6.ambtenaar(), f6.ambtenaar());
    let first = desk.claim("Overlijden", death(anna, "2026-01-01")).await.accepted();

    // When another death is claimed, then that is accepted with a warning that names the first
    let second = desk.claim("Overlijden", death(anna, "2026-01-02")).await.accepted();
    let warnings = second.warnings();
    let warning =
        warnings.iter().find(|warning| warning.code == "OPEN_CLAIMS").expect("a warning of the open claim");
    assert_eq!(warning.because, [first.id()]);

    // And only one of them can be validated
    ambtenaar.validate(&second).await.accepted();
    let refusal = ambtenaar.validate(&first).await.decided().expect_err("nobody dies twice");
    assert_eq!(refusal.because, [second.id()]);
    assert_eq!(f6.status(&first).await, "CLAIMED");
}

#[tokio::test]
async fn a_rule_may_be_a_warning() {
    // Given a birth declared four days later
    let f6 = F6::start().await;
    let claimed = declare(&f6.ouder(), new_id(), "2020-01-01", "Dirk").await.accepted();
    let warnings = claimed.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!((warnings[0].code.as_str(), warnings[0].rule.as_deref()), ("RULE", Some("declared-in-time")));
}
