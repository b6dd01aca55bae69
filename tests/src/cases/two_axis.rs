//! Cases on both lines: what held at a point, or until then, as known at a moment.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::file::{Fact, Mode, Row, TwoAxisCase, TwoAxisCases};
use super::period::{Held, held};
use super::{NAMESPACE, UNKNOWN, import};
use crate::f6::F6;
use crate::history::History;
use crate::values::days_from_now;

/// Before any row of any register, so that addresses are known whenever a row names one.
const BEFORE_ALL: &str = "1900-01-01T00:00:00Z";

/// Takes in the personas, and asks what each case asks of one of them.
pub(super) async fn replay(f6: &F6, file: &TwoAxisCases) -> Result<Vec<Value>, String> {
    import(f6, &told(file)?)?;
    let clerk = f6.principal("ambtenaar");
    let mut answers = Vec::with_capacity(file.cases.len());
    for case in &file.cases {
        let superseded = matches!(case.mode, Mode::Both);
        let held = held(&clerk, person(&case.persona), case.as_of_formal.as_deref(), superseded).await?;
        answers.push(json!(names(&held, case)));
    }
    Ok(answers)
}

/// All personas, in the order in which their rows were registered.
fn told(file: &TwoAxisCases) -> Result<History, String> {
    let mut history = History::named(NAMESPACE, BEFORE_ALL);
    let mut rows: Vec<(&str, &Row)> = Vec::new();
    for (persona, of_persona) in &file.personas {
        rows.extend(of_persona.iter().map(|row| (persona.as_str(), row)));
    }
    let places: BTreeSet<_> =
        rows.iter().filter_map(|(persona, row)| Place::of(persona, &row.fact)).collect();
    for place in places {
        history.fact("AdresVastgesteld", place.established());
    }
    rows.sort_by_key(|(_, row)| row.created_at);
    for together in rows.chunk_by(|(_, one), (_, other)| one.created_at == other.created_at) {
        let events = together.iter().map(|(_, row)| row.events()).sum::<Result<usize, String>>()?;
        history.together_at(together[0].1.created_at, events);
        for (persona, row) in together {
            row.tell(persona, &mut history);
        }
    }
    Ok(history)
}

/// What the case asks for, each name once.
fn names<'a>(held: &'a [Held], case: &TwoAxisCase) -> BTreeSet<&'a str> {
    let today = days_from_now(0);
    let day = case.as_of_material.as_deref().unwrap_or(&today);
    let asked = |held: &&Held| match case.mode {
        Mode::Point => held.may_hold_on(day),
        Mode::Material | Mode::Both => held.from.day.as_str() <= day,
    };
    held.iter().filter(asked).map(|held| held.name.as_str()).collect()
}

impl Row {
    /// How many events the row is: a validation stands for the claim as well.
    fn events(&self) -> Result<usize, String> {
        match self.event_kind.as_str() {
            "Validation" => Ok(2),
            "Claim" => Ok(1),
            other => Err(format!("a row of kind `{other}`; there are: Claim, Validation")),
        }
    }

    fn tell(&self, persona: &str, history: &mut History) {
        let (event_type, data) = self.fact.event(persona);
        let claim = history.claim(event_type, data);
        if self.event_kind == "Validation" {
            history.validate(claim);
        }
    }
}

impl Fact {
    fn event(&self, persona: &str) -> (&'static str, Value) {
        let subject = person(persona);
        match self {
            Self::Verhuizing { datum_aanvang, .. } => {
                let adres = Place::of(persona, self).map(|place| place.id());
                ("Verhuizing", json!({ "personen": [subject], "adres": adres, "datum": datum_aanvang }))
            }
            Self::Huwelijk { datum_aanvang } => {
                // The file does not say whom: somebody else at every wedding.
                let partner = id(&format!("partner of {persona} since {datum_aanvang}"));
                ("Huwelijk", json!({ "partner1": subject, "partner2": partner, "datum": datum_aanvang }))
            }
            Self::Geboorte { kind, geboortedatum } => {
                let child = id(&format!("child {kind} of {persona}"));
                let data = json!({ "kind": child, "moeder": subject, "naam": { "geslachtsnaam": kind }, "datum": geboortedatum });
                ("Geboorte", data)
            }
        }
    }
}

/// An address of which the files know the place, and perhaps the street.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    persona: &'a str,
    town: &'a str,
    street: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(persona: &'a str, fact: &'a Fact) -> Option<Self> {
        match fact {
            Fact::Verhuizing { woonplaats, straat, .. } => {
                Some(Self { persona, town: woonplaats, street: straat.as_deref() })
            }
            Fact::Huwelijk { .. } | Fact::Geboorte { .. } => None,
        }
    }

    fn id(&self) -> Uuid {
        let Self { persona, town, street } = self;
        id(&format!("address of {persona}: {town}, {}", street.unwrap_or(".")))
    }

    fn established(&self) -> Value {
        let street = self.street.unwrap_or(".");
        json!({ "adres": self.id(), "datum": UNKNOWN, "straat": street, "plaatsnaam": self.town })
    }
}

fn person(persona: &str) -> Uuid {
    id(&format!("persona {persona}"))
}

fn id(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("two axes, {name}").as_bytes())
}
