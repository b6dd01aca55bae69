//! How days, partial dates and the two lines are read.

use serde_json::{Value, json};
use tests::{F6, History, new_id};

use crate::family::{Family, adult, birth, move_to};

#[tokio::test]
async fn a_date_means_the_whole_day_in_the_time_zone_of_the_f6() {
    // Given a birth registered on 4 January at half past midnight in Amsterdam, when it is still 3 January in UTC
    let f6 = F6::start().await;
    let mut history = History::beginning("2026-01-03T23:30:00Z");
    let kind = new_id();
    history.fact("Geboorte", birth(kind, "2026-01-01", "Dirk"));
    f6.import(&history);

    // Then the registry did not know it on 3 January, and knew it on 4 January
    let on = |day| f6.persoon(kind).known_at(day).ask("geboortedatum { text }");
    assert_eq!(on("2026-01-03").await, Value::Null);
    assert_eq!(on("2026-01-04").await, json!({ "geboortedatum": { "text": "2026-01-01" } }));
}

#[tokio::test]
async fn a_birth_date_may_be_known_in_part() {
    // Given a person of whom only the year of birth is known
    let f6 = F6::start().await;
    let persoon = new_id();
    let ambtenaar = f6.ambtenaar();
    ambtenaar.register("Geboorte", birth(persoon, "1950-00-00", "Emma")).await;

    // Then the answer says so, and never says 1 January
    let date =
        f6.persoon(persoon).ask("geboortedatum { text year month day precision earliest latest }").await;
    let date = &date["geboortedatum"];
    assert_eq!(
        (&date["text"], &date["year"], &date["month"], &date["day"]),
        (&json!("1950-00-00"), &json!(1950), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&date["precision"], &date["earliest"], &date["latest"]),
        (&json!("YEAR"), &json!("1950-01-01"), &json!("1950-12-31"))
    );
}
#[tokio::test]
async fn a_move_registered_later_replaces_what_followed() {
    // Given a person who moved in March, as registered in April, and to elsewhere in February, as registered in May
    let f6 = F6::start().await;
    let mut history = History::beginning("2010-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let (persoon, elsewhere) = (adult(&mut history), new_id());
    history.at("2020-04-01T09:00:00Z").fact("Verhuizing", move_to(persoon, family.adres, "2020-03-01"));
    history
        .at("2020-05-01T09:00:00Z")
        .fact("AdresVastgesteld", json!({ "adres": elsewhere, "datum": "1970-01-01", "straat": "Maanweg" }));
    history.fact("Verhuizing", move_to(persoon, elsewhere, "2020-02-01"));
    f6.import(&history);

    // Then the person lives where the later registration says, and never lived at the other address
    let lives = "verblijfplaats { adres { straat } }";
    let at = |street: &str| json!({ "verblijfplaats": { "adres": { "straat": street } } });
    assert_eq!(f6.persoon(persoon).as_of("2020-03-15").ask(lives).await, at("Maanweg"));
    assert_eq!(f6.persoon(persoon).as_of("2020-02-15").ask(lives).await, at("Maanweg"));
    // As known in April, it was otherwise
    let april = f6.persoon(persoon).known_at("2020-04-15");
    assert_eq!(april.clone().as_of("2020-03-15").ask(lives).await, at("Zonneweg"));
    assert_eq!(april.as_of("2020-02-15").ask(lives).await, json!({ "verblijfplaats": Value::Null }));
}
