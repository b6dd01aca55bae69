//! What the query API tells of a person's history, as the cases ask for it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::principal::Principal;

/// Where a person lived.
pub(super) struct Residence {
    /// Since when, as it was registered.
    pub(super) since: String,
    /// The identification of the address.
    pub(super) object_id: Option<String>,
    /// What came next.
    pub(super) next: Option<Next>,
}

/// What came after a residence.
pub(super) struct Next {
    pub(super) since: String,
    /// Whether it is a residence at an address too.
    pub(super) at_an_address: bool,
}

/// Something that held.
pub(super) struct Held {
    pub(super) name: String,
    pub(super) from: Edge,
    until: Option<Edge>,
}

/// Where a period begins or ends.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Edge {
    pub(super) day: String,
    date: Date,
}

#[derive(Clone, Debug, Deserialize)]
struct Date {
    text: String,
    latest: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    value: Value,
    #[serde(default)]
    followed_by: Option<Value>,
    registered: String,
    from: Edge,
    until: Option<Edge>,
}

impl Held {
    /// Whether it may have held on a day: what is uncertain is not ruled out.
    pub(super) fn may_hold_on(&self, day: &str) -> bool {
        let ended = self.until.as_ref().is_some_and(|until| until.date.latest.as_str() <= day);
        self.from.day.as_str() <= day && !ended
    }
}

const EDGES: &str = "registered from { day date { text latest } } until { day date { text latest } }";

/// Where a person lived between two days, newest registered first.
pub(super) async fn residences(
    consumer: &Principal<'_>,
    person: Uuid,
    from: &str,
    until: &str,
) -> Result<Vec<Residence>, String> {
    let query = format!(
        "query ($id: UUID!, $from: Moment!, $until: Moment!) {{ bewonersKaart(id: $id, asOf: \"9999-12-31\") {{
           history(from: $from, until: $until) {{
             woont {{ value {{ adres {{ bagId }} }} followedBy {{ adres {{ id }} }} {EDGES} }}
           }}
         }} }}"
    );
    let variables = json!({ "id": person, "from": from, "until": until });
    let data = ask(consumer, &query, &variables).await?;
    let card = &data["bewonersKaart"];
    if card.is_null() {
        return Ok(Vec::new());
    }
    let mut lived: Vec<Period> = parsed(&card["history"]["woont"])?;
    lived.sort_by(|one, other| other.registered.cmp(&one.registered));
    Ok(lived.into_iter().map(residence).collect())
}

fn residence(period: Period) -> Residence {
    let at_an_address = period.followed_by.is_some_and(|next| !next["adres"].is_null());
    let next = period.until.map(|until| Next { since: until.date.text, at_an_address });
    let object_id = period.value["adres"]["bagId"].as_str().map(str::to_owned);
    Residence { since: period.from.date.text, object_id, next }
}

/// What held for a person as known at a moment; with `superseded`, also what was believed to before.
pub(super) async fn held(
    consumer: &Principal<'_>,
    person: Uuid,
    known_at: Option<&str>,
    superseded: bool,
) -> Result<Vec<Held>, String> {
    let (lines, kind) =
        if superseded { ("timeline(includeSuperseded: true)", "Rectangle") } else { ("history", "Period") };
    let query = format!(
        "query ($id: UUID!, $knownAt: Moment) {{ persoon(id: $id, asOf: \"9999-12-31\", knownAt: $knownAt) {{ lines: {lines} {{
           verblijfplaats {{ value {{ adres {{ plaatsnaam }} }} ...Residence }}
           kinderen {{ value {{ naam {{ geslachtsnaam }} }} ...Child }}
           verbintenis {{ value {{ soort }} ...Bond }}
         }} }} }}
         fragment Residence on Verblijfplaats{kind} {{ {EDGES} }}
         fragment Child on Persoon{kind} {{ {EDGES} }}
         fragment Bond on Verbintenis{kind} {{ {EDGES} }}"
    );
    let data = ask(consumer, &query, &json!({ "id": person, "knownAt": known_at })).await?;
    let lines = &data["persoon"]["lines"];
    let mut held = Vec::new();
    for (field, path) in [
        ("verblijfplaats", "/adres/plaatsnaam"),
        ("kinderen", "/naam/geslachtsnaam"),
        ("verbintenis", "/soort"),
    ] {
        if lines.is_null() {
            continue;
        }
        for period in parsed::<Vec<Period>>(&lines[field])? {
            if let Some(name) = period.value.pointer(path).and_then(Value::as_str) {
                let name = if field == "verbintenis" { event_of_bond(name) } else { name };
                held.push(Held { name: name.to_owned(), from: period.from, until: period.until });
            }
        }
    }
    Ok(held)
}

/// The event type by which a bond of this kind (element 05.15.10) begins.
fn event_of_bond(kind: &str) -> &str {
    match kind {
        "H" => "Huwelijk",
        "P" => "Partnerschap",
        other => other,
    }
}

async fn ask(consumer: &Principal<'_>, query: &str, variables: &Value) -> Result<Value, String> {
    let answer = consumer.query(query, variables).await;
    let mut body = answer.json();
    match body.get("errors") {
        None => Ok(body["data"].take()),
        Some(errors) => Err(format!("the query API refuses the question: {errors}")),
    }
}

fn parsed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("not what was asked for: {error}: {value}"))
}
