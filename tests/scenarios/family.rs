//! The people that the scenarios are about.

use serde_json::{Value, json};
use tests::{Command, F6, History, Principal, bsn, new_id};
use uuid::Uuid;

/// The family Jansen, registered long before the scenario begins: two parents who are not married, and an address.
pub(crate) struct Family {
    pub(crate) moeder: Uuid,
    pub(crate) vader: Uuid,
    pub(crate) adres: Uuid,
}

impl Family {
    pub(crate) fn registered_in(f6: &F6) -> Self {
        let mut history = History::beginning("2000-01-01T09:00:00Z");
        let family = Self::registered(&mut history);
        f6.import(&history);
        family
    }

    /// For a scenario whose history goes on after this one.
    pub(crate) fn registered(history: &mut History) -> Self {
        let family = Self { moeder: new_id(), vader: new_id(), adres: address(history) };
        history.fact("Geboorte", birth(family.moeder, "1990-03-03", "Anna"));
        history.fact("Geboorte", birth(family.vader, "1988-08-08", "Bram"));
        family
    }
}

/// A person of whom F6 knows only the birth, on 1 January 1980.
pub(crate) fn adult(history: &mut History) -> Uuid {
    let persoon = new_id();
    history.fact("Geboorte", birth(persoon, "1980-01-01", "Chris"));
    persoon
}

/// Zonneweg 1.
pub(crate) fn address(history: &mut History) -> Uuid {
    let adres = new_id();
    let data = json!({ "adres": adres, "datum": "1970-01-01", "straat": "Zonneweg", "huisnummer": "1" });
    history.fact("AdresVastgesteld", data);
    adres
}

/// So many adults, registered in one go.
pub(crate) fn adults<const COUNT: usize>(f6: &F6) -> [Uuid; COUNT] {
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let persons = std::array::from_fn(|_| adult(&mut history));
    f6.import(&history);
    persons
}

pub(crate) fn birth(kind: Uuid, datum: &str, voornamen: &str) -> Value {
    json!({ "kind": kind, "datum": datum, "naam": { "voornamen": voornamen, "geslachtsnaam": "Jansen" } })
}

/// A declaration of a birth, by the mother.
pub(crate) fn declare<'a>(moeder: &Principal<'a>, kind: Uuid, datum: &str, voornamen: &str) -> Command<'a> {
    moeder.claim("Geboorte", born_to(moeder, kind, datum, voornamen))
}

/// What a mother declares of a birth.
pub(crate) fn born_to(moeder: &Principal<'_>, kind: Uuid, datum: &str, voornamen: &str) -> Value {
    let mut data = birth(kind, datum, voornamen);
    data["moeder"] = json!(moeder.person);
    data
}

pub(crate) fn marriage(partner1: Uuid, partner2: Uuid, datum: &str) -> Value {
    json!({ "partner1": partner1, "partner2": partner2, "datum": datum })
}

pub(crate) fn death(overledene: Uuid, datum: &str) -> Value {
    json!({ "overledene": overledene, "datum": datum })
}

pub(crate) fn move_to(persoon: Uuid, adres: Uuid, datum: &str) -> Value {
    json!({ "personen": [persoon], "adres": adres, "datum": datum })
}

/// A claim that the BSN of this number was issued to a person, on 7 January 2026.
pub(crate) fn issue_bsn<'a>(principal: &Principal<'a>, persoon: Uuid, number: u32) -> Command<'a> {
    let claim = principal.claim("BsnToegekend", json!({ "persoon": persoon, "bsn": bsn(number) }));
    claim.with("occurredAt", json!("2026-01-07T10:00:00Z"))
}
