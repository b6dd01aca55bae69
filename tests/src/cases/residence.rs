//! Residence histories: acts in the order of registration, then one question, with all that is known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::file::{Act, Asked, Investigation, ResidenceCase, Said};
use super::period::{Residence, residences};
use super::{NAMESPACE, UNKNOWN, import};
use crate::f6::F6;
use crate::history::History;
use crate::values::yesterday;

/// Takes in what all cases tell, each about persons of its own, and asks what each asks.
pub(super) async fn replay(f6: &F6, cases: &[ResidenceCase]) -> Result<Vec<Value>, String> {
    let mut history = History::named(NAMESPACE, &format!("{}T00:00:00Z", yesterday()));
    for (number, case) in cases.iter().enumerate() {
        Register::of(number, case, &mut history).tell(&case.acts)?;
    }
    import(f6, &history)?;
    let consumer = f6.principal("systeem");
    let mut answers = Vec::with_capacity(cases.len());
    for (number, case) in cases.iter().enumerate() {
        let (from, until) = case.query.period()?;
        let lived = residences(&consumer, person(number, &case.person), &from, &until).await?;
        answers.push(lived.iter().map(answer).collect());
    }
    Ok(answers)
}

/// A residence as the files write it: what does not apply is left out.
fn answer(residence: &Residence) -> Value {
    let mut answer = json!({ "since": residence.since });
    let next_since = residence.next.as_ref().filter(|next| next.at_an_address).map(|next| &next.since);
    for (field, value) in [("next_since", next_since), ("object_id", residence.object_id.as_ref())] {
        if let Some(value) = value {
            answer[field] = json!(value);
        }
    }
    answer
}

/// The register of one case on its way into a history.
struct Register<'a> {
    number: usize,
    object_ids: &'a BTreeMap<String, String>,
    history: &'a mut History,
    /// What stands, in order of registration.
    entries: Vec<Entry>,
    /// By the number of an act, its entry.
    entry_of: Vec<usize>,
    addresses: BTreeSet<Uuid>,
    doubted: BTreeSet<(Uuid, String)>,
}

/// A claim that stands.
struct Entry {
    claim: Uuid,
    person: Uuid,
    event_type: &'static str,
    data: Value,
}

impl<'a> Register<'a> {
    fn of(number: usize, case: &'a ResidenceCase, history: &'a mut History) -> Self {
        Self {
            number,
            object_ids: &case.object_ids,
            history,
            entries: Vec::new(),
            entry_of: Vec::new(),
            addresses: BTreeSet::new(),
            doubted: BTreeSet::new(),
        }
    }

    fn tell(&mut self, acts: &[Act]) -> Result<(), String> {
        for act in acts {
            let person = person(self.number, &act.person);
            let (event_type, data) = self.said(person, &act.said);
            let entry = match act.corrects {
                None => self.register(person, event_type, data),
                Some(corrected) => {
                    let entry = *self.entry_of.get(corrected).ok_or_else(|| {
                        format!(
                            "case {}: an act corrects number {corrected}, which is none before it",
                            self.number
                        )
                    })?;
                    self.correct(entry, person, event_type, data);
                    entry
                }
            };
            self.entry_of.push(entry);
            if let Some(investigation) = &act.under_investigation {
                self.doubt(person, investigation);
            }
        }
        Ok(())
    }

    /// The event that an act is.
    fn said(&mut self, person: Uuid, said: &Said) -> (&'static str, Value) {
        match said {
            Said::Move { address, since } => {
                let adres = self.address(address.as_deref().unwrap_or_default());
                ("Verhuizing", json!({ "personen": [person], "adres": adres, "datum": since }))
            }
            Said::Emigrate { since } => ("Emigratie", json!({ "personen": [person], "datum": since })),
            Said::Suspend { reason } => {
                // The code of an unknown reason is a point. Since when the record is not kept, no act says.
                let reden = reason.as_deref().filter(|reason| *reason != ".").unwrap_or("ONBEKEND");
                let data = json!({ "persoon": person, "fase": "Begin", "reden": reden, "datum": UNKNOWN });
                ("OpschortingBijhouding", data)
            }
        }
    }

    /// The address of this name; established when it is first named.
    fn address(&mut self, name: &str) -> Uuid {
        let adres = id(self.number, "address", name);
        if self.addresses.insert(adres) {
            let mut data = json!({ "adres": adres, "datum": UNKNOWN, "straat": "." });
            if let Some(object_id) = self.object_ids.get(name) {
                data["bagId"] = json!(object_id);
            }
            self.history.fact("AdresVastgesteld", data);
        }
        adres
    }

    fn register(&mut self, person: Uuid, event_type: &'static str, data: Value) -> usize {
        let claim = self.history.fact(event_type, data.clone());
        self.entries.push(Entry { claim, person, event_type, data });
        self.entries.len() - 1
    }

    /// What an act said is replaced whole, and keeps its place.
    ///
    /// An amend does so. Where it was an event of another type, that did not happen: it is annulled, and what did
    /// happen is claimed; and as this must not come behind what was registered since, that is registered anew.
    fn correct(&mut self, entry: usize, person: Uuid, event_type: &'static str, data: Value) {
        let place = &mut self.entries[entry];
        place.person = person;
        place.data = data;
        if place.event_type == event_type {
            self.history.amend(place.claim, place.data.clone());
            return;
        }
        place.event_type = event_type;
        for place in self.entries[entry..].iter_mut().filter(|later| later.person == person) {
            self.history.annul(place.claim);
            place.claim = self.history.fact(place.event_type, place.data.clone());
        }
    }

    /// What is under investigation is so once, however many acts say it.
    fn doubt(&mut self, person: Uuid, investigation: &Investigation) {
        let code = field_in_doubt(&investigation.code);
        if !self.doubted.insert((person, code.clone())) {
            return;
        }
        let from = investigation.from.as_deref().unwrap_or(UNKNOWN);
        for (fase, datum) in [("Begin", Some(from)), ("Einde", investigation.until.as_deref())] {
            if let Some(datum) = datum {
                let data = json!({ "persoon": person, "fase": fase, "aanduidingen": [code], "datum": datum });
                self.history.fact("Onderzoek", data);
            }
        }
    }
}

impl Asked {
    /// From which day until, and without, which.
    fn period(&self) -> Result<(String, String), String> {
        Ok(match self {
            Self::At { at } => {
                let day: chrono::NaiveDate =
                    at.parse().map_err(|error| format!("`{at}` is no day: {error}"))?;
                (at.clone(), (day + chrono::Days::new(1)).to_string())
            }
            Self::Period { from, until } => (from.clone(), until.clone()),
        })
    }
}

/// Element 83.10 as the catalogue has it: with six digits, and of the category whose history the register keeps as category 51 to 66.
fn field_in_doubt(code: &str) -> String {
    let code = format!("{code:0>6}");
    match code.get(..2).and_then(|category| category.parse::<u8>().ok()) {
        Some(category @ 51..=66) => format!("{:02}{}", category - 50, &code[2..]),
        Some(_) | None => code,
    }
}

fn person(number: usize, name: &str) -> Uuid {
    id(number, "person", name)
}

/// Every case has persons and addresses of its own.
fn id(number: usize, what: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("residence case {number}, {what} {name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::field_in_doubt;

    #[test]
    fn a_doubt_about_a_row_of_history_is_one_about_the_field() {
        assert_eq!(field_in_doubt("081300"), "081300");
        assert_eq!(field_in_doubt("81300"), "081300");
        assert_eq!(field_in_doubt("581100"), "081100");
    }
}
