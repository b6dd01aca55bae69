//! The shipped config compiles, leads to a schema, and mistakes in it are shown with file, line and remedy.

use std::sync::Arc;

use policy::{Caller, Way};
use query_api::schema;
use query_api::views::Views;
use read_model::catalogue::Catalogue;
use uuid::Uuid;

const KEPT: &str = include_str!("../../write_config.yaml");
const SHOWN: &str = include_str!("../../query_config.yaml");

fn catalogue() -> Catalogue {
    Catalogue::compile("write_config.yaml", KEPT).expect("the shipped catalogue compiles")
}

fn mistake(right: &str, wrong: &str) -> String {
    assert!(SHOWN.contains(right), "the shipped config no longer holds {right:?}");
    let source = SHOWN.replacen(right, wrong, 1);
    let compiled = Views::compile("query_config.yaml", &source, &catalogue());
    compiled.map(|_| ()).expect_err("refused").to_string()
}

fn line_of(text: &str) -> usize {
    SHOWN.lines().position(|line| line.contains(text)).expect("is there") + 1
}

fn printed(shown: &str) -> String {
    let catalogue = catalogue();
    let views =
        Views::compile("query_config.yaml", shown, &catalogue).unwrap_or_else(|error| panic!("{error}"));
    schema::print(&Arc::new(catalogue), &Arc::new(views)).expect("a schema")
}

#[test]
fn every_object_type_and_view_has_two_root_fields() {
    let schema = printed(SHOWN);
    let shown = ["persoon(", "personen(", "adres(", "adressen(", "bewonersKaart(", "bewonersKaarten("];
    for field in shown.iter().chain(&["event(", "events("]) {
        assert!(schema.contains(&format!("\n  {field}")), "{field}");
    }
}

#[test]
fn a_view_shows_its_own_names_and_leads_to_its_own_kind() {
    let schema = printed(SHOWN);
    let card = schema.split("type BewonersKaart {").nth(1).and_then(|rest| rest.split("\n}").next());
    let card = card.expect("a type");
    for field in
        ["geboren: PartialDate", "partner: BewonersKaart", "overleden: Boolean", "woont: Verblijfplaats"]
    {
        assert!(card.contains(field), "{field} in {card}");
    }
    assert!(!card.contains("moeder"), "{card}");
}

#[test]
fn what_no_config_grants_is_there_and_denied() {
    let schema = printed("views: {}\n");
    assert!(schema.contains("persoon("));
    let views = Views::compile("q.yaml", "views: {}\n", &catalogue()).expect("compiles");
    let clerk = Caller::named(Uuid::nil(), "ambtenaar");
    assert!(views.reads.events(&clerk).is_err());
    assert!(views.views.keys().all(|view| views.reads.view(&clerk, view, Way::Found).is_err()));
}

#[test]
fn a_field_that_does_not_exist_is_shown_with_line_and_remedy() {
    let shown = mistake("geboren: { field: geboortedatum,", "geboren: { field: geboortedatm,");
    let line = line_of("geboren: {");
    assert!(
        shown.starts_with(&format!("query_config.yaml:{line}: views.BewonersKaart.fields.geboren.field: ")),
        "{shown}"
    );
    assert!(shown.contains("Persoon has no field `geboortedatm`; did you mean `geboortedatum`?"), "{shown}");
}

#[test]
fn an_expression_that_reads_what_is_not_there_is_refused() {
    let shown = mistake("value: overlijdensdatum != null", "value: overlijdensdag != null");
    assert!(shown.contains("`overlijdensdag` is neither a field of Persoon nor `asOf`"), "{shown}");
    assert!(
        mistake("value: overlijdensdatum != null", "value: overlijdensdatum !=")
            .contains("no CEL expression")
    );
}

#[test]
fn a_computed_value_has_a_type_that_exists() {
    let shown = mistake("{ type: Boolean, value:", "{ type: Bolean, value:");
    assert!(shown.contains("did you mean `Boolean`?"), "{shown}");
}

#[test]
fn a_reference_leads_to_a_view_of_what_it_refers_to() {
    let partner = "partner: { field: partner, view: BewonersKaart,";
    assert!(
        mistake(partner, "partner: { field: partner, view: BewonerKaart,")
            .contains("did you mean `BewonersKaart`?")
    );
    assert!(
        mistake(partner, "partner: { field: partner, view: Adres,")
            .contains("`Adres` shows Adres, and this field refers to Persoon")
    );
    assert!(
        mistake("bsn: { field: bsn }", "bsn: { field: bsn, view: Adres }")
            .contains("refers to no other object")
    );
}

#[test]
fn a_field_is_either_shown_or_computed() {
    let both = mistake("bsn: { field: bsn }", "bsn: { field: bsn, type: String }");
    assert!(both.contains("either `field`, or `type` with `value`"), "{both}");
}

#[test]
fn who_may_read_is_a_source_type() {
    let shown = mistake(
        "  read:\n    - ambtenaar\n    - { source_type: systeem",
        "  read:\n    - ambtenar\n    - { source_type: systeem",
    );
    assert!(
        shown.contains("events.read[0]: `ambtenar` is no source type; did you mean `ambtenaar`?"),
        "{shown}"
    );
}

#[test]
fn a_view_shows_an_object_type_that_exists() {
    let shown = mistake(
        "object_type: Persoon\n    read: [ambtenaar, systeem]",
        "object_type: Person\n    read: [ambtenaar]",
    );
    assert!(shown.contains("no object type is named `Person`; did you mean `Persoon`?"), "{shown}");
}

#[test]
fn what_is_withheld_is_told_from_fields_of_an_object_type_that_exists() {
    let given = "  Persoon: opgeschort != null";
    let shown = mistake(given, "  Person: opgeschort != null");
    assert!(shown.contains("no object type is named `Person`; did you mean `Persoon`?"), "{shown}");
    assert!(shown.contains(&format!("query_config.yaml:{}", line_of(given))), "{shown}");
    let shown = mistake(given, "  Persoon: opgeschorst != null");
    assert!(shown.contains("`opgeschorst` is neither a field of Persoon nor `asOf`"), "{shown}");
    let shown = mistake(given, "  Persoon: opgeschort !=");
    assert!(shown.contains("this is no CEL expression"), "{shown}");
}

#[test]
fn names_that_are_taken_are_refused() {
    assert!(mistake("BewonersKaart:\n", "Naam:\n").contains("`Naam` is another type already"));
    assert!(mistake("BewonersKaart:\n", "Basis:\n").contains("`Basis` is another type already"));
    assert!(
        mistake("plural: bewonersKaarten", "plural: personen")
            .contains("the root field `personen` is that of Persoon already")
    );
    assert!(
        mistake("plural: bewonersKaarten", "plural: events")
            .contains("the root field `events` is that of the API itself")
    );
    assert!(
        mistake("bsn: { field: bsn }", "basis: { field: bsn }")
            .contains("every object has `basis` of itself")
    );
}

#[test]
fn the_object_type_itself_has_every_field() {
    let own = "      bewoners: { read: [ambtenaar, systeem] }";
    let shown = mistake(own, "      straat: { field: straat }");
    assert!(shown.contains("the view Adres is the object type itself; leave `fields` out"), "{shown}");
    let shown = mistake(own, "      bewoner: { read: [ambtenaar] }");
    assert!(shown.contains("Adres has no field `bewoner`; did you mean `bewoners`?"), "{shown}");
}

#[test]
fn who_may_read_what_is_of_a_kind_that_there_is() {
    let shown = mistake("event_types: [Geboorte, BsnToegekend]", "event_types: [Geborte, BsnToegekend]");
    assert!(
        shown.contains(
            "events.read[1].event_types[0]: no event type is named `Geborte`; did you mean `Geboorte`?"
        ),
        "{shown}"
    );
    let shown = mistake("bsn: { field: bsn, read: [ambtenaar] }", "bsn: { field: bsn, read: [ambtenar] }");
    assert!(shown.contains("views.Naaste.fields.bsn.read[0]: `ambtenar` is no source type"), "{shown}");
    let shown = mistake(
        "bsn: { field: bsn, read: [ambtenaar] }",
        "bsn: { field: bsn, read: [{ source_type: ambtenaar, object: own }] }",
    );
    assert!(shown.contains("a field is read of the same objects as its view"), "{shown}");
    let given = "{ source_type: burger, object: referred }, {";
    let shown = mistake(given, "{ source_type: burger, object: own }, {");
    assert!(shown.contains("a caller is a Persoon, and this view shows Adres"), "{shown}");
}

#[test]
fn an_unknown_key_is_refused() {
    let shown = mistake("plural: bewonersKaarten", "plurals: bewonersKaarten");
    assert!(shown.contains("unknown field `plurals`"), "{shown}");
}
