//! What a config may follow back: only references that stand in the data of the events which give them.

use read_model::catalogue::Catalogue;

const CONFIG: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
types:
  Stay:
    type: object
    additionalProperties: false
    properties:
      house: { $ref: "#/$defs/House" }
      since: { type: string, format: partial-date }
object_types:
  House:
    plural: houses
    fields:
      street: { type: String }
    inverse:
      inhabitants: { of: Person, field: stay.house, when: 'street == null || stay.since <= asOf' }
      owners: { of: Person, field: property }
  Person:
    plural: persons
    fields:
      stay: { type: Stay, line: registration }
      property: { type: "[House]" }
      street: { type: String }
event_types:
  Moved:
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "2"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [person, date, home]
          properties:
            person: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
            home: { $ref: "#/$defs/House" }
        upcast: '{"person": data.person, "date": data.date, "house": data.home}'
      "2":
        schema:
          type: object
          additionalProperties: false
          required: [person, date]
          properties:
            person: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
            house: { $ref: "#/$defs/House" }
            note: { type: string }
    rules:
      - { name: free, severity: warn, check: 'house.inhabitants.all(i, i == data.person)', message: taken }
    effects:
      person:
        stay: '{"house": data.house, "since": data.date}'
        property: { add: data.house }
"##;

fn refused(right: &str, wrong: &str) -> String {
    assert!(CONFIG.contains(right), "{right}");
    let source = CONFIG.replacen(right, wrong, 1);
    Catalogue::compile("config.yaml", &source).map(|_| ()).expect_err("refused").to_string()
}

#[test]
fn a_reference_that_the_data_pass_on_can_be_followed_back() {
    if let Err(problems) = Catalogue::compile("config.yaml", CONFIG) {
        panic!("{problems}");
    }
}

#[test]
fn a_reference_that_follows_from_state_cannot_be_followed_back() {
    let shown = refused(r#""house": data.house, "since""#, r#""house": person.stay.house, "since""#);
    let said = "event_types.Moved.effects.person.stay: `House.inhabitants` follows `Person.stay.house` back";
    assert!(shown.contains(said), "{shown}");
}

#[test]
fn an_id_that_the_format_does_not_mark_as_a_reference_cannot_be_followed_back() {
    let shown = refused(r#""house": data.house, "since""#, r#""house": data.note, "since""#);
    assert!(shown.contains("`House.inhabitants` follows `Person.stay.house` back"), "{shown}");
}

#[test]
fn a_reference_that_an_older_version_did_not_mark_cannot_be_followed_back() {
    let shown = refused(r##"home: { $ref: "#/$defs/House" }"##, "home: { type: string }");
    assert!(shown.contains("`House.owners` follows `Person.property` back"), "{shown}");
}

#[test]
fn a_list_cannot_be_followed_back_where_a_value_is_computed() {
    let shown = refused("add: data.house", "add: 'data.house == null ? data.note : data.house'");
    assert!(
        shown.contains("effects.person.property: `House.owners` follows `Person.property` back"),
        "{shown}"
    );
}

#[test]
fn an_inverse_names_a_field_that_refers_to_the_object() {
    let shown = refused("field: stay.house, when", "field: stay.since, when");
    assert!(shown.contains("inhabitants.field: `stay.since` of Person does not refer to House"), "{shown}");
    let shown = refused("field: stay.house, when", "field: stay.hous, when");
    assert!(shown.contains("there is no `hous` in it; did you mean `house`?"), "{shown}");
    let shown = refused("of: Person, field: property", "of: Persons, field: property");
    assert!(
        shown.contains("owners.of: no object type is named `Persons`; did you mean `Person`?"),
        "{shown}"
    );
    let shown = refused("stay.since <= asOf", "sta.since <= asOf");
    assert!(shown.contains("`sta` is neither a field of Person nor `asOf`"), "{shown}");
}

#[test]
fn an_inverse_has_a_name_of_its_own() {
    let shown = refused("inhabitants: {", "street: {");
    assert!(shown.contains("House has a field `street` already; choose another name"), "{shown}");
}

#[test]
fn who_refers_to_an_object_is_for_rules_that_warn_to_ask() {
    let said = "`house.inhabitants`: who refers to an object is for rules with `severity: warn` to ask";
    let shown = refused("severity: warn, ", "");
    assert!(shown.contains("event_types.Moved.rules[0].check") && shown.contains(said), "{shown}");
    let shown = refused("add: data.house", "add: 'house.inhabitants.size() == 0 ? data.house : null'");
    assert!(shown.contains("event_types.Moved.effects.person.property") && shown.contains(said), "{shown}");
    let shown = refused("street == null ||", "stay.house.inhabitants.size() > 1 ||");
    assert!(shown.contains("who refers to an object is for rules"), "{shown}");
}

#[test]
fn of_those_who_refer_a_rule_knows_no_more_than_who_they_are() {
    let shown = refused("i == data.person", "i.street == null");
    assert!(shown.contains("only objects that are named here are read"), "{shown}");
    let shown = refused("house.inhabitants.all", "house.history.inhabitants.all");
    assert!(shown.contains("as it is now"), "{shown}");
    let shown = refused("house.inhabitants.all(i, i == data.person)", "house.inhabitants == data.person");
    assert!(!shown.is_empty(), "{shown}");
}
