//! What is asked while it is measured.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use read_model::event::ObjectId;
use serde_json::{Value, json};

use crate::dice::Dice;

/// A person's own fields: all that hangs on its own events alone.
const PERSON: &str =
    "query($id: UUID!, $asOf: Moment, $knownAt: Moment) { persoon(id: $id, asOf: $asOf, knownAt: $knownAt) {
    id naam { voornamen geslachtsnaam } geslacht geboortedatum { text } bsn
    verblijfplaats { gemeente functie sinds { text } } basis { position knownAt asOf } } }";

/// As many fields of an event, as they stand in its row.
const ROW: &str = "query($after: String) { events(first: 1, after: $after) { edges { node {
    id position createdAt occurredAt eventType eventKind eventVersion eventSourceId eventSourceType objectIds
    basis { position knownAt asOf } } } } }";

const HOUSEHOLD: &str = "query($id: UUID!) { huishouden(id: $id) { straat huisnummer postcode plaatsnaam
    bewoners { naam { voornamen geslachtsnaam } geboren { text } sinds { text } } } }";

const TIMELINE: &str =
    "query($id: UUID!) { persoon(id: $id) { timeline(includeSuperseded: true) { verblijfplaats {
    value { gemeente functie sinds { text } } from { day } until { day } knownFrom knownUntil } } } }";

const PERSONS: &str = "query($where: PersoonSearch!) { found: searchPersonen(where: $where) { edges { node {
    id naam { voornamen geslachtsnaam } geboortedatum { text } } } indexedTo } }";

const ADDRESSES: &str = "query($where: AdresSearch!) { found: searchAdressen(where: $where) { edges { node {
    id straat huisnummer postcode } } indexedTo } }";

/// The cursors of the first events, each of which a page can begin after.
pub(crate) const CURSORS: &str = r#"{ "query": "{ events(first: 500) { edges { cursor } } }" }"#;

/// What stands in an answer about a person that was found.
pub(crate) const A_PERSON: &str = r#"{"persoon":{"#;

/// What stands in an answer with a row.
pub(crate) const A_ROW: &str = r#""eventType":"#;

/// What stands in an answer about a household that was found.
pub(crate) const A_HOUSEHOLD: &str = r#""bewoners":["#;

/// What stands in an answer of a search that found somebody.
pub(crate) const FOUND: &str = r#""edges":[{"#;

/// What stands in an answer with a timeline that has rectangles.
pub(crate) const A_TIMELINE: &str = r#""verblijfplaats":[{"#;

/// When a question is asked about: on either line, none for now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) as_of: Option<NaiveDate>,
    pub(crate) known_at: Option<DateTime<Utc>>,
}

pub(crate) fn person(id: ObjectId, Asked { as_of, known_at }: Asked) -> String {
    question(PERSON, &json!({ "id": id, "asOf": as_of, "knownAt": known_at }))
}

pub(crate) fn row(after: &str) -> String {
    question(ROW, &json!({ "after": after }))
}

pub(crate) fn household(address: ObjectId) -> String {
    question(HOUSEHOLD, &json!({ "id": address }))
}

pub(crate) fn timeline(id: ObjectId) -> String {
    question(TIMELINE, &json!({ "id": id }))
}

/// A search of persons, or of addresses, by what only they have.
pub(crate) fn search(sought: &Value) -> String {
    let query = if sought.get("postcode").is_some() { ADDRESSES } else { PERSONS };
    question(query, &json!({ "where": sought }))
}

fn question(query: &str, variables: &Value) -> String {
    json!({ "query": query, "variables": variables }).to_string()
}

/// A moment between two, by chance, to the second.
pub(crate) fn between(dice: &mut Dice, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = u32::try_from((to - from).num_seconds()).unwrap_or(u32::MAX);
    from + TimeDelta::seconds(dice.below(seconds).into())
}
