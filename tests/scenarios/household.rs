//! A household: who lives at an address, on a day, as known on another.

use serde_json::{Value, json};
use tests::{F6, History, Setup, new_id};
use uuid::Uuid;

use crate::family::{Family, address, birth, death, marriage, move_to};

const LIVES: &str = "bewoners { naam { voornamen } }";

/// The first names of who lives at an address.
async fn living_at(f6: &F6, adres: Uuid, as_of: &str, known_at: &str) -> Vec<String> {
    let question = f6.one("huishouden", adres).as_of(as_of).known_at(known_at);
    names(&question.ask(LIVES).await["bewoners"])
}

/// The first names in a list, in alphabetical order.
fn names(persons: &Value) -> Vec<String> {
    let persons = persons.as_array().unwrap_or_else(|| panic!("no list: {persons}"));
    let name = |person: &Value| person["naam"]["voornamen"].as_str().expect("a first name").to_owned();
    let mut names: Vec<String> = persons.iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_household_is_who_lives_there_on_a_day_as_known_on_another() {
    // Given Anna and Bram, who move in, one in 2010 and one in 2012, and Anna, who moves on in 2015
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let elsewhere = address(&mut history);
    history.at("2010-01-04T09:00:00Z").fact("Verhuizing", move_to(family.moeder, family.adres, "2010-01-01"));
    history.at("2012-01-04T09:00:00Z").fact("Verhuizing", move_to(family.vader, family.adres, "2012-01-01"));
    history.at("2015-01-04T09:00:00Z").fact("Verhuizing", move_to(family.moeder, elsewhere, "2015-01-01"));
    f6.import(&history);

    // Then on each day those are named who lived there, as far as was known
    let at = async |as_of, known_at| living_at(&f6, family.adres, as_of, known_at).await;
    assert_eq!(at("2009-12-31", "2026-01-01").await, [""; 0]);
    assert_eq!(at("2010-01-01", "2026-01-01").await, ["Anna"]);
    assert_eq!(at("2012-01-01", "2026-01-01").await, ["Anna", "Bram"]);
    assert_eq!(at("2015-01-01", "2026-01-01").await, ["Bram"]);
    assert_eq!(at("2015-01-01", "2015-01-03").await, ["Anna", "Bram"]);
    assert_eq!(at("2012-01-01", "2012-01-03").await, ["Anna"]);
    assert_eq!(living_at(&f6, elsewhere, "2015-01-01", "2026-01-01").await, ["Anna"]);
}

#[tokio::test]
async fn a_move_that_is_registered_late_is_in_the_household_from_then_on() {
    // Given a move of 2010, registered in 2020
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    history.at("2020-02-02T09:00:00Z").fact("Verhuizing", move_to(family.moeder, family.adres, "2010-01-01"));
    f6.import(&history);

    assert_eq!(living_at(&f6, family.adres, "2011-01-01", "2020-02-01").await, [""; 0]);
    assert_eq!(living_at(&f6, family.adres, "2011-01-01", "2020-02-03").await, ["Anna"]);
}

#[tokio::test]
async fn a_corrected_move_moves_the_household_with_it() {
    // Given Anna, registered at the wrong address, which is corrected, and Bram, whose move did not happen
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let right = address(&mut history);
    let anna = history
        .at("2010-01-04T09:00:00Z")
        .fact("Verhuizing", move_to(family.moeder, family.adres, "2010-01-01"));
    let bram = history.fact("Verhuizing", move_to(family.vader, family.adres, "2010-01-01"));
    history.at("2011-01-04T09:00:00Z").amend(anna, move_to(family.moeder, right, "2010-01-01"));
    history.at("2012-01-04T09:00:00Z").annul(bram);
    f6.import(&history);

    let at = async |adres, known_at| living_at(&f6, adres, "2010-06-01", known_at).await;
    assert_eq!(at(family.adres, "2010-06-01").await, ["Anna", "Bram"]);
    assert_eq!(at(family.adres, "2011-06-01").await, ["Bram"]);
    assert_eq!(at(family.adres, "2012-06-01").await, [""; 0]);
    assert_eq!(at(right, "2010-06-01").await, [""; 0]);
    assert_eq!(at(right, "2011-06-01").await, ["Anna"]);
}

#[tokio::test]
async fn a_move_that_is_only_claimed_is_in_no_household_unless_asked_for() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    f6.person("burger", family.moeder)
        .claim("Verhuizing", move_to(family.moeder, family.adres, "2010-01-01"))
        .await
        .accepted();
    let asked = || f6.one("huishouden", family.adres);
    assert_eq!(names(&asked().ask(LIVES).await["bewoners"]), [""; 0]);
    assert_eq!(names(&asked().claimed().ask(LIVES).await["bewoners"]), ["Anna"]);
}

#[tokio::test]
async fn who_died_or_only_gets_post_there_is_no_part_of_the_household() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    history.fact("Verhuizing", move_to(family.moeder, family.adres, "1999-01-01"));
    let post = json!({ "personen": [family.vader], "adres": family.adres, "datum": "1999-01-01", "reden": "Instelling" });
    history.fact("Briefadres", post);
    history.at("2020-01-01T09:00:00Z").fact("Overlijden", death(family.moeder, "2019-12-31"));
    f6.import(&history);

    assert_eq!(living_at(&f6, family.adres, "2019-12-30", "2026-01-01").await, ["Anna"]);
    assert_eq!(living_at(&f6, family.adres, "2019-12-31", "2026-01-01").await, [""; 0]);
}

#[tokio::test]
async fn a_household_is_read_in_as_many_statements_for_forty_as_for_two() {
    // Given an address with two persons, and one with forty, each with a partner
    let f6 = Setup::default().count_statements().start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let [small, large] = [2, 40].map(|size| household(&mut history, size));
    f6.import(&history);
    let counter = f6.statements.as_ref().expect("statements are counted");

    // When both are asked for, with the partners of who lives there, and the partners' partners
    let selection =
        "bewoners { naam { voornamen } partner { naam { voornamen } partner { geboren { text } } } }";
    let mut statements = Vec::new();
    for (adres, size) in [(small, 2), (large, 40)] {
        let before = counter.count();
        let answer = f6.one("huishouden", adres).ask(selection).await;
        assert_eq!(answer["bewoners"].as_array().map(Vec::len), Some(size));
        assert_eq!(answer["bewoners"][0]["partner"]["naam"]["voornamen"], "Bram");
        statements.push(counter.count() - before);
    }

    // Then that takes no more statements for the larger one
    assert!(statements[0] > 0, "the counter stands in between");
    assert!(statements[1] <= statements[0], "statements for two, and for forty: {statements:?}");
}

#[tokio::test]
async fn several_households_are_read_in_one_go() {
    // Given thirty addresses with two persons each
    let f6 = Setup::default().count_statements().start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let addresses: Vec<Uuid> = (0..32).map(|_| household(&mut history, 2)).collect();
    f6.import(&history);
    let counter = f6.statements.as_ref().expect("statements are counted");
    let mut statements = Vec::new();
    for addresses in [&addresses[..2], &addresses[2..]] {
        let before = counter.count();
        let query = "query($ids: [UUID!]!) { huishoudens(ids: $ids) { bewoners { naam { voornamen } } } }";
        let answer = f6.clerk().query(query, &json!({ "ids": addresses })).await.data();
        let households = answer["huishoudens"].as_array().expect("a list");
        assert!(households.iter().all(|household| names(&household["bewoners"]) == ["Anna", "Anna"]));
        statements.push(counter.count() - before);
    }
    assert!(statements[1] <= statements[0], "statements for two, and for thirty: {statements:?}");
}

#[tokio::test]
async fn who_may_not_read_persons_does_not_learn_how_many_live_at_an_address() {
    // Given a system, which may read addresses and not persons
    let f6 = F6::start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let adres = household(&mut history, 2);
    f6.import(&history);
    let query = "query($id: UUID!) { adres(id: $id) { straat bewoners { id } } }";
    let answer = f6.principal("systeem").query(query, &json!({ "id": adres })).await;
    assert_eq!(answer.error_at("FORBIDDEN"), "adres.bewoners");
    assert_eq!(answer.json()["data"]["adres"], json!({ "straat": "Zonneweg", "bewoners": null }));
}

/// An address where so many live, each with a partner who lives nowhere.
fn household(history: &mut History, size: usize) -> Uuid {
    let adres = address(history);
    for _ in 0..size {
        let [anna, bram] = [new_id(), new_id()];
        history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
        history.fact("Geboorte", birth(bram, "1980-01-01", "Bram"));
        history.fact("Huwelijk", marriage(anna, bram, "2010-05-05"));
        history.fact("Verhuizing", move_to(anna, adres, "2012-01-01"));
    }
    adres
}
