//! What the shipped views tell of a person, and to whom.

use std::sync::{Arc, LazyLock};

use policy::{Caller, Way};
use query_api::views::Views;
use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Body, Event, EventSource, Memo, ObjectId, Position};
use read_model::fold::World;
use read_model::history::History;
use read_model::time::parse_instant;
use serde_json::{Value, json};
use uuid::Uuid;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::compile("write_config.yaml", include_str!("../../write_config.yaml")).expect("compiles")
});
static VIEWS: LazyLock<Views> = LazyLock::new(|| {
    Views::compile("query_config.yaml", include_str!("../../query_config.yaml"), &CATALOGUE)
        .expect("compiles")
});

const PERSON: ObjectId = Uuid::from_u128(1);

/// What a view answers in a computed field of a person of whom this was registered.
fn told(view: &str, field: &str, day: &str, registered: &[(&str, Value)]) -> Value {
    let mut history = History::of([PERSON]);
    history.add([PERSON], (1..).zip(registered).map(|(number, event)| Arc::new(event_at(number, event))));
    let world = World::fold(&CATALOGUE, &history, Position::new(i64::MAX), Trust::Claimed).expect("folds");
    let view = &VIEWS.views[view];
    let field = view.fields.iter().find(|known| *known.name == *field).expect("the view has the field");
    let expression = Views::expression(&CATALOGUE, view, &field.source).expect("it is computed");
    let told = world.derived(&CATALOGUE, PERSON, expression, day.parse().expect("a day"));
    told.expect("can be computed").told().expect("nobody else is needed")
}

fn event_at(number: i64, (event_type, data): &(&str, Value)) -> Event {
    let at = parse_instant("2026-01-01T12:00:00Z").expect("a moment");
    Event {
        position: Position::new(number),
        id: Uuid::from_u128(u128::try_from(number).expect("positive")),
        created_at: at,
        occurred_at: at,
        object_ids: vec![PERSON],
        event_type: (*event_type).into(),
        event_version: Arc::clone(&CATALOGUE.event_types[*event_type].current().name),
        source: EventSource { id: Uuid::nil(), source_type: "ambtenaar".into() },
        references: Vec::new(),
        body: Body::Claim(Arc::new(data.clone())),
        memo: Memo::default(),
    }
}

fn born(datum: &str) -> (&'static str, Value) {
    ("Geboorte", json!({ "kind": PERSON, "datum": datum }))
}

#[test]
fn an_age_check_tells_whether_somebody_is_eighteen() {
    let is18 = |datum: &str, day: &str| told("Leeftijdscheck", "is18", day, &[born(datum)]);
    assert_eq!(is18("2008-03-03", "2026-03-02"), json!(false));
    assert_eq!(is18("2008-03-03", "2026-03-03"), json!(true));
}

#[test]
fn an_age_check_leaves_open_what_a_partial_date_leaves_open() {
    let is18 = |datum: &str, day: &str| told("Leeftijdscheck", "is18", day, &[born(datum)]);
    assert_eq!(is18("2008-00-00", "2025-12-31"), json!(false));
    assert_eq!(is18("2008-00-00", "2026-06-01"), Value::Null);
    assert_eq!(is18("2008-00-00", "2026-12-31"), json!(true));
    assert_eq!(is18("0000-00-00", "2026-12-31"), Value::Null);
}

#[test]
fn an_age_check_tells_nothing_of_the_dead() {
    let died = ("Overlijden", json!({ "overledene": PERSON, "datum": "2020-01-01" }));
    assert_eq!(told("Leeftijdscheck", "is18", "2021-01-01", &[born("1950-01-01"), died]), Value::Null);
}

#[test]
fn an_age_check_shows_nothing_but_the_answer() {
    let shown: Vec<&str> = VIEWS.views["Leeftijdscheck"].fields.iter().map(|field| &*field.name).collect();
    assert_eq!(shown, ["is18"]);
}

#[test]
fn a_certificate_tells_whether_somebody_is_dutch() {
    let dutch = |nationaliteit: &str| {
        let data = json!({ "persoon": PERSON, "nationaliteit": nationaliteit, "datum": "2000-01-01", "reden": "017" });
        let registered = [born("1990-01-01"), ("NationaliteitVerkregen", data)];
        told("Nationaliteitsverklaring", "isNederlander", "2026-01-01", &registered)
    };
    assert_eq!(dutch("0001"), json!(true));
    assert_eq!(dutch("0052"), json!(false));
    assert_eq!(
        told("Nationaliteitsverklaring", "isNederlander", "2026-01-01", &[born("1990-01-01")]),
        json!(false)
    );
}

#[test]
fn an_extract_tells_of_custody_while_a_ruling_holds() {
    let ruling = |fase: &str, datum: &str| {
        let data = json!({ "kind": PERSON, "fase": fase, "datum": datum, "indicatie": "1" });
        ("GezagUitspraak", data)
    };
    let registered = [born("2015-01-01"), ruling("Begin", "2018-01-01"), ruling("Einde", "2020-01-01")];
    let gezag = |day: &str| told("Uittreksel", "gezagUitspraak", day, &registered);
    assert_eq!(gezag("2017-12-31"), Value::Null);
    assert_eq!(gezag("2018-01-01"), json!("1"));
    assert_eq!(gezag("2020-01-01"), Value::Null);
}

#[test]
fn each_view_is_for_who_needs_it() {
    let readers = |view: &str| {
        let lets =
            |name: &&str| VIEWS.reads.view(&Caller::named(Uuid::nil(), name), view, Way::Found).is_ok();
        ["burger", "ouder", "ambtenaar", "systeem"].into_iter().filter(lets).collect::<Vec<_>>()
    };
    assert_eq!(readers("BewonersKaart"), ["ambtenaar", "systeem"]);
    assert_eq!(readers("Leeftijdscheck"), ["ambtenaar", "systeem"]);
    assert_eq!(readers("Nationaliteitsverklaring"), ["ambtenaar"]);
    assert_eq!(readers("Uittreksel"), ["ambtenaar", "systeem"]);
    assert_eq!(readers("Verwant"), ["ambtenaar", "systeem"]);
    assert_eq!(readers("Huishouden"), ["ambtenaar", "systeem"]);
    assert_eq!(readers("Huisgenoot"), ["ambtenaar", "systeem"]);
    // What is a citizen's own, nobody finds
    assert_eq!(readers("MijnGegevens"), [] as [&str; 0]);
    assert_eq!(readers("Naaste"), ["ambtenaar"]);
}
