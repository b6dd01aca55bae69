//! Since when and until when, what was believed of it, why, and what differs: every field on both time lines.

use serde_json::{Value, json};
use tests::{F6, History, Setup, new_id};
use uuid::Uuid;

use crate::family::{Family, address, adult, birth, marriage, move_to};

/// A person who moved to the Zonneweg in 2010 and to the Maanweg in 2015; the last move registered late, in 2016, and
/// its date corrected in 2017.
struct Mover {
    persoon: Uuid,
    first: Uuid,
    last: Uuid,
}

impl Mover {
    fn registered(history: &mut History) -> Self {
        let family = Family::registered(history);
        let (persoon, elsewhere) = (adult(history), new_id());
        let maanweg = json!({ "adres": elsewhere, "datum": "1970-01-01", "straat": "Maanweg" });
        history.fact("AdresVastgesteld", maanweg);
        let first = history
            .at("2010-01-04T09:00:00Z")
            .fact("Verhuizing", move_to(persoon, family.adres, "2010-01-01"));
        let last =
            history.at("2016-06-01T09:00:00Z").fact("Verhuizing", move_to(persoon, elsewhere, "2015-01-01"));
        history.at("2017-06-01T09:00:00Z").amend(last, move_to(persoon, elsewhere, "2015-03-00"));
        Self { persoon, first, last }
    }
}

const PERIODS: &str = "verblijfplaats { value { adres { straat } } from { day certain date { text long } } until { day certain } }";

fn period(straat: &str, from: &str, until: Option<&str>) -> Value {
    json!([straat, from, until])
}

/// The street, the first day and the first day after it, of each stretch.
fn stretches(periods: &Value) -> Vec<Value> {
    let periods = periods.as_array().unwrap_or_else(|| panic!("no list: {periods}"));
    let of = |period: &Value| {
        json!([period["value"]["adres"]["straat"], period["from"]["day"], period["until"]["day"]])
    };
    periods.iter().map(of).collect()
}

#[tokio::test]
async fn the_history_of_a_field_tells_each_value_with_its_first_day_and_the_first_day_after_it() {
    // Given a person who moved twice, of which the second move was corrected to a date that is known to the month
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let Mover { persoon, .. } = Mover::registered(&mut history);
    f6.import(&history);

    // Then the history has both residences, and says how certain each edge is
    let told = f6.persoon(persoon).ask(&format!("history {{ {PERIODS} }}")).await;
    let periods = &told["history"]["verblijfplaats"];
    let expected =
        [period("Zonneweg", "2010-01-01", Some("2015-03-01")), period("Maanweg", "2015-03-01", None)];
    assert_eq!(stretches(periods), expected);
    assert_eq!(periods[1]["from"]["certain"], json!(false));
    assert_eq!(periods[1]["from"]["date"], json!({ "text": "2015-03-00", "long": "maart 2015" }));
    // And as known in 2016, before the correction, the move was on 1 January
    let then = f6.persoon(persoon).known_at("2016-12-31").ask(&format!("history {{ {PERIODS} }}")).await;
    let expected =
        [period("Zonneweg", "2010-01-01", Some("2015-01-01")), period("Maanweg", "2015-01-01", None)];
    assert_eq!(stretches(&then["history"]["verblijfplaats"]), expected);
}

#[tokio::test]
async fn the_history_of_a_stretch_has_the_periods_that_share_a_day_with_it() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let Mover { persoon, .. } = Mover::registered(&mut history);
    f6.import(&history);

    let between = async |from: &str, until: &str| {
        let selection = format!("history(from: \"{from}\", until: \"{until}\") {{ {PERIODS} }}");
        stretches(&f6.persoon(persoon).ask(&selection).await["history"]["verblijfplaats"]).len()
    };
    assert_eq!(between("2009-01-01", "2010-01-01").await, 0);
    assert_eq!(between("2010-01-01", "2010-01-02").await, 1);
    assert_eq!(between("2015-02-28", "2015-03-01").await, 1);
    assert_eq!(between("2015-02-28", "2015-03-02").await, 2);
}

#[tokio::test]
async fn the_timeline_shows_what_was_believed_from_when_until_when() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let Mover { persoon, .. } = Mover::registered(&mut history);
    f6.import(&history);

    // When both lines are asked, superseded rows included
    let selection = format!(
        "now: timeline {{ {PERIODS} }}
         all: timeline(includeSuperseded: true) {{ verblijfplaats {{ value {{ adres {{ straat }} }} from {{ day }} until {{ day }} knownFrom knownUntil }} }}"
    );
    let told = f6.persoon(persoon).ask(&selection).await;

    // Then what is believed today is two rectangles, and what was believed once stands beside them
    let now = [period("Zonneweg", "2010-01-01", Some("2015-03-01")), period("Maanweg", "2015-03-01", None)];
    assert_eq!(stretches(&told["now"]["verblijfplaats"]), now);
    let all = &told["all"]["verblijfplaats"];
    let expected = [
        period("Zonneweg", "2010-01-01", None),
        period("Zonneweg", "2010-01-01", Some("2015-01-01")),
        period("Maanweg", "2015-01-01", None),
        period("Zonneweg", "2010-01-01", Some("2015-03-01")),
        period("Maanweg", "2015-03-01", None),
    ];
    assert_eq!(stretches(all), expected);
    // And what was believed until the late registration, was from the first until then
    assert_eq!(all[0]["knownUntil"], all[1]["knownFrom"]);
    assert!(all[0]["knownUntil"].as_str().is_some_and(|until| until.starts_with("2016-06-01T09:00:00")));
    assert_eq!(all[4]["knownUntil"], Value::Null);
}

#[tokio::test]
async fn every_value_and_every_edge_names_its_claim_validation_and_correction() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let Mover { persoon, first, last } = Mover::registered(&mut history);
    f6.import(&history);

    let cause = "claim { id } validation { eventKind } correction { eventKind } correctionValidation { eventKind } restsOn { id }";
    let selection = format!(
        "provenance(field: verblijfplaats) {{ value {{ {cause} }} beginning {{ {cause} }} end {{ {cause} }} }}"
    );
    // On a day at the first address: the second move ends it, as it was corrected
    let told = f6.persoon(persoon).as_of("2012-01-01").ask(&selection).await;
    let why = &told["provenance"][0];
    assert_eq!(why["value"]["claim"]["id"], json!(first));
    assert_eq!(why["value"]["validation"]["eventKind"], json!("Validation"));
    assert_eq!(why["value"]["correction"], Value::Null);
    assert_eq!(why["end"]["claim"]["id"], json!(last));
    assert_eq!(why["end"]["correction"]["eventKind"], json!("Correction"));
    assert_eq!(why["end"]["correctionValidation"]["eventKind"], json!("Validation"));
    // Before anything was said there is nothing to tell
    let told = f6
        .persoon(persoon)
        .as_of("2005-01-01")
        .ask("provenance(field: verblijfplaats) { value { reason } }")
        .await;
    assert_eq!(told["provenance"], json!([]));
}

#[tokio::test]
async fn what_differs_between_two_moments_is_told_with_the_events_that_make_the_difference() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let Mover { persoon, last, .. } = Mover::registered(&mut history);
    f6.import(&history);

    let compare = async |from: &str, to: &str| {
        let query = format!(
            "query ($id: UUID!) {{ compare(id: $id, from: {{ {from} }}, to: {{ {to} }}) {{ field before after events {{ id eventKind }} }} }}"
        );
        f6.ambtenaar().query(&query, &json!({ "id": persoon })).await.data()["compare"].clone()
    };
    // When what was known in 2016 of a day in February 2015 is compared with what is known now
    let february = r#"asOf: "2015-02-01""#;
    let changes = compare(&format!(r#"{february}, knownAt: "2016-12-31""#), february).await;
    // Then the residence differs, through the move and its correction
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{changes}");
    assert_eq!(changes[0]["field"], json!("verblijfplaats"));
    assert!(changes[0]["before"]["adres"].is_string() && changes[0]["before"] != changes[0]["after"]);
    let through: Vec<&Value> =
        changes[0]["events"].as_array().expect("events").iter().map(|event| &event["id"]).collect();
    assert!(through.contains(&&json!(last)), "{changes}");
    assert!(changes[0]["events"].to_string().contains("Correction"), "{changes}");
    // And a moment differs in nothing from itself
    assert_eq!(compare(february, february).await, json!([]));
    // And where nothing but the day differs, derived fields do, through no event
    let changes = compare(r#"asOf: "2016-01-01""#, r#"asOf: "2017-01-01""#).await;
    assert_eq!(changes[0]["field"], json!("leeftijd"));
    assert_eq!(changes[0]["events"], json!([]));
}

#[tokio::test]
async fn applying_the_difference_to_the_first_moment_gives_the_second() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let Mover { persoon, .. } = Mover::registered(&mut history);
    f6.import(&history);

    let points = ["2000-06-01", "2012-01-01", "2015-02-01", "2015-03-01", "2020-01-01"];
    let fields = "leeftijd geboortedatum { text } verblijfplaats { adres { id } sinds { text } }";
    for (from, to) in points.iter().flat_map(|from| points.map(|to| (*from, to))) {
        let known = ["2016-12-31", "2026-01-01"];
        let query = format!(
            "query ($id: UUID!) {{
               first: persoon(id: $id, asOf: \"{from}\", knownAt: \"{}\") {{ {fields} }}
               second: persoon(id: $id, asOf: \"{to}\", knownAt: \"{}\") {{ {fields} }}
               compare(id: $id, from: {{ asOf: \"{from}\", knownAt: \"{}\" }}, to: {{ asOf: \"{to}\", knownAt: \"{}\" }}) {{ field after }}
             }}",
            known[0], known[1], known[0], known[1]
        );
        let data = f6.ambtenaar().query(&query, &json!({ "id": persoon })).await.data();
        let mut applied = data["first"].clone();
        for change in data["compare"].as_array().expect("changes") {
            let field = change["field"].as_str().expect("a name");
            applied[field] = match (field, &change["after"]) {
                ("verblijfplaats", Value::Object(value)) => {
                    json!({ "adres": { "id": value["adres"] }, "sinds": { "text": value["sinds"] } })
                }
                (_, after) => after.clone(),
            };
        }
        assert_eq!(applied, data["second"], "from {from} to {to}");
    }
}

#[tokio::test]
async fn a_field_under_investigation_says_so_at_the_two_moments() {
    // Given a person whose residence is being investigated from 1 March until 1 May 2020
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persoon = adult(&mut history);
    let onderzoek = |fase: &str, datum: &str| json!({ "persoon": persoon, "fase": fase, "aanduidingen": ["081110"], "datum": datum });
    history.at("2020-03-02T09:00:00Z").fact("Onderzoek", onderzoek("Begin", "2020-03-01"));
    history.at("2020-05-02T09:00:00Z").fact("Onderzoek", onderzoek("Einde", "2020-05-01"));
    f6.import(&history);

    let doubted = async |as_of: &str, known_at: &str| {
        f6.persoon(persoon).as_of(as_of).known_at(known_at).ask("inOnderzoek").await["inOnderzoek"].clone()
    };
    assert_eq!(doubted("2020-02-29", "2026-01-01").await, json!([]));
    assert_eq!(doubted("2020-03-01", "2026-01-01").await, json!(["verblijfplaats"]));
    assert_eq!(doubted("2020-05-01", "2026-01-01").await, json!([]));
    assert_eq!(doubted("2020-05-01", "2020-05-01").await, json!(["verblijfplaats"]));
    assert_eq!(doubted("2020-03-01", "2020-03-01").await, json!([]));
}

#[tokio::test]
async fn a_field_that_a_contested_event_set_is_under_investigation() {
    // Given a marriage, and a birth that is corrected so that one of the two was a child
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let child = new_id();
    let born = history.fact("Geboorte", birth(child, "1990-01-01", "Emma"));
    history.at("2015-01-02T09:00:00Z").fact("Huwelijk", marriage(child, family.vader, "2015-01-01"));
    f6.import(&history);
    f6.ambtenaar().amend("Geboorte", born, birth(child, "2005-01-01", "Emma")).validated().await.accepted();

    // Then the partner is doubted, and the name is not
    let told = f6.persoon(child).ask("inOnderzoek").await;
    let doubted = told["inOnderzoek"].as_array().expect("names").clone();
    assert!(doubted.contains(&json!("partner")) && doubted.contains(&json!("verbintenis")), "{doubted:?}");
    assert!(!doubted.contains(&json!("naam")), "{doubted:?}");
}

#[tokio::test]
async fn who_may_not_read_events_sees_the_history_and_not_why() {
    // Given a config that lets parents see a resident's card, and no events
    let card = "the desks of the municipality.\n    object_type: Persoon\n    read: [ambtenaar, systeem";
    let f6 = Setup::default().query_config(card, ", ouder").start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persoon = adult(&mut history);
    let adres = address(&mut history);
    history.at("2010-01-04T09:00:00Z").fact("Verhuizing", move_to(persoon, adres, "2010-01-01"));
    f6.import(&history);

    let query = "query ($id: UUID!) { bewonersKaart(id: $id) { history { woont { from { day } why { value { reason } } } } } }";
    let answer = f6.ouder().query(query, &json!({ "id": persoon })).await;
    assert_eq!(answer.error_at("FORBIDDEN"), "bewonersKaart.history.woont.0.why");
    assert_eq!(
        answer.json()["data"]["bewonersKaart"]["history"]["woont"][0]["from"]["day"],
        json!("2010-01-01")
    );
    // And who may read no object type as such compares nothing, whether there is an object or not
    for id in [persoon, new_id()] {
        let query = "query ($id: UUID!) { compare(id: $id, from: {}, to: {}) { field } }";
        let answer = f6.burger().query(query, &json!({ "id": id })).await;
        assert_eq!(answer.error_at("FORBIDDEN"), "compare");
    }
}
