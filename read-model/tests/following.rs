//! Derived fields that follow references: to whom, what is not known yet, and what a config may not ask.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Body, Event, EventSource, Memo, ObjectId, Position};
use read_model::fold::{Folded, Following, Side, World, difference};
use read_model::history::History;
use read_model::resolve::Assuming;
use read_model::time::parse_instant;
use serde_json::{Value, json};
use uuid::Uuid;

const CONFIG: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
types:
  Origin:
    type: object
    additionalProperties: false
    properties:
      place: { type: string }
      mother: { $ref: "#/$defs/Person" }
object_types:
  Person:
    plural: persons
    investigated: "mother.name == null ? [] : ['01']"
    fields:
      name: { type: String }
      mother: { type: Person }
      children: { type: "[Person]" }
      partner: { type: Person }
    derived:
      motherName: { type: String, value: mother.name }
      grandmotherName: { type: String, value: mother.mother.name }
      childrenNames: { type: "[String]", value: "children == null ? [] : children.map(c, c.name)" }
      stepfather: { type: Person, value: mother.partner }
      stepfatherName: { type: String, value: stepfather.name }
      motherPartners: { type: Int, value: mother.history.partner.size() }
      motherOrigin: { type: String, value: "mother == null ? null : mother.origin.place" }
      origin: { type: Origin, value: "{'mother': mother}" }
      initial: { type: String, value: "name.substring(0, 1)" }
      motherInitial: { type: String, value: mother.initial }
    inverse:
      offspring: { of: Person, field: mother, when: "name != 'nobody'" }
event_types:
  Born:
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "1"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [child, date]
          properties:
            child: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
            name: { type: string }
            mother: { $ref: "#/$defs/Person" }
    rules:
      - { name: once, check: child.name == null, message: born twice }
    effects:
      child: { name: data.name, mother: data.mother }
      mother: { children: { add: data.child } }
  Wed:
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "1"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [one, date]
          properties:
            one: { $ref: "#/$defs/Person" }
            other: { $ref: "#/$defs/Person" }
            date: { type: string, format: partial-date }
    effects:
      one:
        partner: { set: data.other, when: data.other != null }
"##;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::compile("config.yaml", CONFIG).unwrap_or_else(|problems| panic!("{problems}"))
});

const ANNA: ObjectId = id(1);
const BRAM: ObjectId = id(2);
const CHRIS: ObjectId = id(3);
const DORA: ObjectId = id(4);
const EVE: ObjectId = id(5);

const fn id(number: u128) -> ObjectId {
    Uuid::from_u128(number)
}

/// Dora bore Chris, who bore Bram, who bore Anna; Bram wedded Eve in 2010.
fn family() -> Vec<Arc<Event>> {
    let born = |child: ObjectId, name: &str, mother: Option<ObjectId>, date: &str| {
        let mut data = json!({ "child": child, "date": date, "name": name });
        if let Some(mother) = mother {
            data["mother"] = json!(mother);
        }
        ("Born", data)
    };
    let told = [
        born(DORA, "Dora", None, "1920-01-01"),
        born(EVE, "Eve", None, "1970-01-01"),
        born(CHRIS, "Chris", Some(DORA), "1945-01-01"),
        born(BRAM, "Bram", Some(CHRIS), "1970-01-01"),
        born(ANNA, "Anna", Some(BRAM), "2000-01-01"),
        ("Wed", json!({ "one": BRAM, "other": EVE, "date": "2010-01-01" })),
    ];
    (1..).zip(told).map(|(number, (event_type, data))| Arc::new(event(number, event_type, data))).collect()
}

fn event(number: i64, event_type: &str, data: Value) -> Event {
    let at = parse_instant("2026-01-01T12:00:00Z").expect("a moment");
    let known = &CATALOGUE.event_types[event_type];
    let references = CATALOGUE.references(known.current().format.shape(), &data);
    Event {
        position: Position::new(number),
        id: Uuid::from_u128(u128::try_from(number).expect("positive")),
        created_at: at,
        occurred_at: at,
        object_ids: references.into_iter().map(|(_, id)| id).collect(),
        event_type: event_type.into(),
        event_version: Arc::clone(&known.current().name),
        source: EventSource { id: Uuid::nil(), source_type: "clerk".into() },
        references: Vec::new(),
        body: Body::Claim(Arc::new(data)),
        memo: Memo::default(),
    }
}

/// Everything that was told of these, up to an event.
fn history(objects: &[ObjectId], up_to: usize) -> History {
    let mut history = History::of(objects.iter().copied());
    let bears = |event: &&Arc<Event>| event.object_ids.iter().any(|id| objects.contains(id));
    history.add(objects.iter().copied(), family()[..up_to].iter().filter(bears).cloned());
    history
}

fn folded(objects: &[ObjectId]) -> World {
    let history = history(objects, family().len());
    World::fold(&CATALOGUE, &history, Position::new(i64::MAX), Trust::Claimed).expect("folds")
}

fn derived(world: &World, object: ObjectId, field: &str, day: &str) -> Following<Value> {
    let expression = &CATALOGUE.object_types["Person"].derived[field].value;
    world.derived(&CATALOGUE, object, expression, day.parse().expect("a day")).expect("can be computed")
}

fn unmet(objects: impl IntoIterator<Item = ObjectId>) -> Following<Value> {
    Following::Unmet(BTreeSet::from_iter(objects))
}

/// Whoever is unmet is folded, again and again; the value, and how often that was.
fn followed(object: ObjectId, field: &str, day: &str) -> (Value, usize) {
    let (mut world, mut generations) = (folded(&[object]), 0);
    loop {
        match derived(&world, object, field, day) {
            Following::Told(value) => return (value, generations),
            Following::Unmet(objects) => world.join(&folded(&Vec::from_iter(objects))),
        }
        generations += 1;
        assert!(generations < 10, "it gets no further");
    }
}

#[test]
fn whom_a_reference_leads_to_is_named_until_they_are_folded() {
    let mut world = folded(&[ANNA]);
    assert_eq!(derived(&world, ANNA, "grandmotherName", "2020-01-01"), unmet([BRAM]));
    world.join(&folded(&[BRAM]));
    assert_eq!(derived(&world, ANNA, "motherName", "2020-01-01"), Following::Told(json!("Bram")));
    assert_eq!(derived(&world, ANNA, "grandmotherName", "2020-01-01"), unmet([CHRIS]));
    world.join(&folded(&[CHRIS]));
    assert_eq!(derived(&world, ANNA, "grandmotherName", "2020-01-01"), Following::Told(json!("Chris")));
}

#[test]
fn all_objects_of_a_list_are_named_at_once() {
    assert_eq!(derived(&folded(&[BRAM]), BRAM, "childrenNames", "2020-01-01"), unmet([ANNA]));
    assert_eq!(followed(BRAM, "childrenNames", "2020-01-01"), (json!(["Anna"]), 1));
}

#[test]
fn references_are_followed_through_derived_fields_and_to_derived_fields() {
    assert_eq!(followed(ANNA, "stepfatherName", "2020-01-01"), (json!("Eve"), 2));
    assert_eq!(followed(ANNA, "motherInitial", "2020-01-01"), (json!("B"), 1));
    assert_eq!(followed(ANNA, "motherPartners", "2020-01-01"), (json!(1), 1));
}

#[test]
fn the_day_is_that_of_the_question_for_every_object_that_is_met() {
    assert_eq!(followed(ANNA, "stepfatherName", "2009-12-31"), (Value::Null, 1));
    assert_eq!(followed(ANNA, "motherPartners", "2009-12-31"), (json!(0), 1));
}

#[test]
fn whom_nothing_is_known_of_has_no_values_once_that_is_known() {
    // Nothing that counts was said of him, and of nobody else is anything needed
    let nobody = id(99);
    assert_eq!(derived(&folded(&[nobody]), nobody, "motherName", "2020-01-01"), Following::Told(Value::Null));
    assert_eq!(derived(&folded(&[ANNA]), nobody, "motherName", "2020-01-01"), unmet([nobody]));
    assert!(folded(&[nobody]).knows(nobody) && !folded(&[ANNA]).knows(nobody));
}

#[test]
fn what_an_entry_of_a_derived_structure_lacks_is_null() {
    assert_eq!(followed(ANNA, "motherOrigin", "2020-01-01"), (Value::Null, 1));
}

#[test]
fn a_difference_goes_through_the_events_of_whom_is_met() {
    let objects = [ANNA, BRAM, CHRIS, EVE];
    let fold = |objects: &[ObjectId], up_to: usize| {
        let history = history(objects, up_to);
        let position = Position::new(i64::MAX);
        Folded::at(&CATALOGUE, &history, position, Trust::Claimed, Assuming::default())
            .expect("folds")
            .into_parts()
    };
    let changes = |objects: &[ObjectId]| {
        let (before, after) = (fold(objects, 5), fold(objects, 6));
        let day = "2020-01-01".parse().expect("a day");
        let side = |(world, resolution)| Side { world, resolution, day };
        let (before, after) = (side((&before.0, &before.1)), side((&after.0, &after.1)));
        difference(&CATALOGUE, ANNA, before, after).expect("can be computed")
    };
    // Without her mother it cannot be told
    assert!(matches!(changes(&[ANNA]), Following::Unmet(objects) if objects.contains(&BRAM)));
    let changes = changes(&objects).told().expect("everybody is there");
    let told: Vec<(&str, Vec<i64>)> = changes
        .iter()
        .map(|change| (&*change.field, change.events.iter().map(|event| event.position.get()).collect()))
        .collect();
    // Her own fields are as they were; what follows from her mother changed by the wedding
    assert_eq!(told, [("stepfather", vec![6]), ("stepfatherName", vec![6]), ("motherPartners", vec![6])]);
}

fn refused(right: &str, wrong: &str) -> String {
    assert!(CONFIG.contains(right), "{right}");
    let source = CONFIG.replacen(right, wrong, 1);
    Catalogue::compile("config.yaml", &source).map(|_| ()).expect_err("refused").to_string()
}

fn line_of(text: &str) -> usize {
    CONFIG.lines().position(|line| line.contains(text)).expect("is there") + 1
}

#[test]
fn rules_and_effects_follow_no_references() {
    let said = "only objects that are named here are read, and not those that their fields refer to: \
                an event names in its data whatever its effects and rules read; \
                name the object there, or let a derived field follow the reference";
    let shown = refused("check: child.name == null", "check: child.mother.name == null");
    let at = format!("config.yaml:{}: event_types.Born.rules[0].check: ", line_of("name: once"));
    assert_eq!(shown, format!("{at}{said}"));
    let shown = refused("name: data.name,", "name: self.mother.name,");
    assert!(shown.contains("event_types.Born.effects.child.name: ") && shown.contains(said), "{shown}");
}

#[test]
fn the_condition_of_an_inverse_follows_no_references() {
    let said = "`when` reads the Person that refers alone, and not what its fields refer to";
    for following in ["mother.name != 'nobody'", "motherName != 'nobody'", "stepfatherName != 'nobody'"] {
        let shown = refused("name != 'nobody'", following);
        let at =
            format!("config.yaml:{}: object_types.Person.inverse.offspring.when: ", line_of("offspring:"));
        assert!(shown.starts_with(&at) && shown.contains(said), "{shown}");
    }
}

#[test]
fn a_derived_field_that_comes_back_to_itself_through_references_is_refused() {
    let shown = refused("value: mother.name }", "value: mother.motherName }");
    let at =
        format!("config.yaml:{}: object_types.Person.derived.motherName.value: ", line_of("motherName:"));
    let said = "`motherName` follows from itself: Person.motherName → Person.motherName; break the cycle";
    assert!(shown.contains(&format!("{at}{said}")), "{shown}");
    let shown = refused(r#""name.substring(0, 1)""#, "mother.motherInitial");
    assert!(
        shown.contains("Person.initial → Person.motherInitial → Person.initial; break the cycle"),
        "{shown}"
    );
}

#[test]
fn a_way_that_is_too_long_is_refused() {
    let said = "it takes 31 fields that are read one after the other, and at most 24 may be; follow fewer references";
    let forebears = "mother.".repeat(30);
    let shown = refused("value: mother.mother.name", &format!("value: {forebears}name"));
    let at = line_of("grandmotherName:");
    assert_eq!(shown, format!("config.yaml:{at}: object_types.Person.derived.grandmotherName.value: {said}"));
    // Through other derived fields as well: each of them is short enough
    let forebears = "mother.".repeat(20);
    let longer =
        format!("value: {forebears}name }}\n      further: {{ type: String, value: {forebears}motherName }}");
    let shown = refused("value: mother.name }", &longer);
    let said = "Person.derived.further.value: it takes 42 fields that are read one after the other";
    assert!(shown.contains(said) && shown.lines().count() == 1, "{shown}");
}

#[test]
fn a_path_that_leads_nowhere_is_shown_with_its_remedy() {
    let shown = refused("value: mother.mother.name", "value: mother.mother.names");
    assert!(
        shown.contains("`mother.mother.names`: Person has no field `names`; did you mean `name`?"),
        "{shown}"
    );
    let shown = refused("children.map(c, c.name)", "children.name");
    assert!(shown.contains("`children.name`: it is a list"), "{shown}");
}
