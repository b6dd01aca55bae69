//! The persons and addresses that a store is filled with, and what is commanded of them.
//!
//! Everything follows from the numbers: the same population is the same events, byte for byte.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use policy::Caller;
use read_model::event::{EventId, EventSource, ObjectId, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;
use write_api::append::{Request, Stamped};
use write_api::command::{Act, Command};

use crate::dice::Dice;

/// So many addresses for each person: who has 34 events has moved often here, and a dwelling still sees about five households
/// in these years, as in reality.
pub(crate) const ADDRESSES: u32 = 3;

/// The id space of everything that is made up here.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f36_6265_6e63_6800_8000_0000_0000_0001);

/// Who registered what is there already: so many civil servants.
const CLERKS: u32 = 20;

/// When the first event was registered, and how long it took until the last: what comes now is newer than all.
pub(crate) const FIRST: DateTime<Utc> =
    DateTime::from_timestamp(1_325_376_000, 0).expect("2012 is within chrono's range");
pub(crate) const SPAN: TimeDelta = TimeDelta::days(14 * 365);

/// So many persons, born, numbered and moved, in so many addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Population {
    pub(crate) persons: u32,
    pub(crate) addresses: u32,
    /// How often each person has moved; each move is a claim and its validation.
    pub(crate) moves: u32,
}

/// What one person, address or move is made of.
#[derive(Clone, Copy)]
enum Step {
    Address(u32),
    Birth(u32),
    Number(u32),
    Move(u32, u32),
}

impl Population {
    /// Persons with 34 events each, and addresses, so that the store holds about `events`.
    pub(crate) fn of_events(events: u32) -> Self {
        // 34 events of each person, and two of each of three addresses.
        let persons = (f64::from(events) / 40.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below a u32 divided by 40"
        )]
        let persons = persons as u32;
        Self { persons, addresses: ADDRESSES * persons, moves: 15 }
    }

    /// How many events it is.
    pub(crate) const fn events(self) -> u32 {
        2 * self.addresses + self.persons * (4 + 2 * self.moves)
    }

    pub(crate) fn person(self, number: u32) -> ObjectId {
        id("person", number, 0)
    }

    pub(crate) fn address(self, number: u32) -> ObjectId {
        id("address", number, 0)
    }

    /// Every event, in the order in which it was registered: years of all persons side by side, as they come in.
    pub(crate) fn history(self) -> impl Iterator<Item = Stamped> {
        let addresses = (0..self.addresses).map(Step::Address);
        let births = (0..self.persons).map(Step::Birth);
        let numbers = (0..self.persons).map(Step::Number);
        let moves = (0..self.moves).flat_map(move |which| {
            // Nobody moves in the order of their birth.
            (0..self.persons).map(move |turn| {
                let person = (u64::from(turn) * 7_919 + u64::from(which) * 104_729) % u64::from(self.persons);
                Step::Move(u32::try_from(person).unwrap_or(0), which)
            })
        });
        let tick = SPAN / i32::try_from(self.events()).unwrap_or(i32::MAX);
        let steps = addresses.chain(births).chain(numbers).chain(moves);
        steps.enumerate().flat_map(move |(index, step)| {
            let claimed_at = FIRST + tick * i32::try_from(index * 2).unwrap_or(i32::MAX);
            self.both(step, claimed_at, claimed_at + tick)
        })
    }

    /// A claim, and its validation.
    fn both(self, step: Step, claimed_at: DateTime<Utc>, validated_at: DateTime<Utc>) -> [Stamped; 2] {
        let (event_type, version, number, data) = self.content(step, claimed_at);
        let mut dice = Dice::new(u64::from(number));
        let claim = Command {
            id: event_id(claimed_at, &mut dice),
            caller: Caller::of(clerk(number)),
            act: claim(event_type, version, data, occurred_at(step, claimed_at)),
            validate: false,
            despite: Vec::new(),
            if_unchanged_since: None,
        };
        let validation = Command {
            id: event_id(validated_at, &mut dice),
            caller: Caller::of(clerk(number + 1)),
            act: Act::Validate { target: claim.id, verdict: Verdict::Accepted, reason: None },
            ..claim.clone()
        };
        let stamped = |command, created_at| Stamped {
            request: Request { commands: vec![command], dry_run: false }.into(),
            created_at,
        };
        [stamped(claim, claimed_at), stamped(validation, validated_at)]
    }

    fn content(self, step: Step, registered: DateTime<Utc>) -> (&'static str, &'static str, u32, Value) {
        match step {
            Step::Address(number) => ("AdresVastgesteld", "1", number, self.establishment(number)),
            Step::Birth(number) => ("Geboorte", "2", number, self.birth(number)),
            Step::Number(number) => {
                let data = json!({ "persoon": self.person(number), "bsn": bsn(number) });
                ("BsnToegekend", "1", number, data)
            }
            Step::Move(number, which) => {
                let mut dice = Dice::new(u64::from(number) << 32 | u64::from(which));
                let address = dice.below(self.addresses);
                let day = registered.date_naive() - Days::new(u64::from(dice.below(5)));
                ("Verhuizing", "1", number, self.relocation(number, address, day))
            }
        }
    }

    fn establishment(self, number: u32) -> Value {
        json!({
            "adres": self.address(number),
            "datum": "2010-01-01",
            "straat": format!("{}straat", SURNAMES[number as usize / 200 % SURNAMES.len()]),
            "huisnummer": house_number(number),
            "postcode": postcode(number),
            "plaatsnaam": "Zonnendaal",
            "gemeente": "0599",
            "bagId": format!("0599010{number:09}"),
        })
    }

    fn birth(self, number: u32) -> Value {
        json!({
            "kind": self.person(number),
            "datum": birthday(number),
            "plaats": "0599",
            "land": "6030",
            "naam": {
                "voornamen": FIRST_NAMES[number as usize % FIRST_NAMES.len()],
                "geslachtsnaam": surname(number),
            },
            "geslacht": if number.is_multiple_of(2) { "V" } else { "M" },
        })
    }

    /// A move of one person, of age, who declares it.
    pub(crate) fn relocation(self, person: u32, address: u32, day: NaiveDate) -> Value {
        json!({
            "personen": [self.person(person)],
            "adres": self.address(address),
            "datum": day,
            "gemeente": "0599",
            "functie": "W",
            "aangever": "I",
        })
    }
}

/// What a person or an address of this number is searched by.
pub(crate) fn sought(number: u32) -> [(&'static str, Value); 3] {
    [
        ("bsn", json!({ "bsn": bsn(number) })),
        (
            "surname and day of birth",
            json!({ "geslachtsnaam": surname(number), "geboortedatum": birthday(number) }),
        ),
        (
            "postcode and house number",
            json!({ "postcode": postcode(number), "huisnummer": house_number(number) }),
        ),
    ]
}

fn birthday(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(1950, 1, 1).unwrap_or_default() + Days::new(u64::from(number) * 37 % 15_000)
}

fn surname(number: u32) -> &'static str {
    SURNAMES[number as usize / 7 % SURNAMES.len()]
}

fn house_number(number: u32) -> String {
    (1 + number % 200).to_string()
}

fn postcode(number: u32) -> String {
    format!("{}{}{}", 1_000 + number / 200 % 9_000, letter(number / 20), letter(number))
}

const FIRST_NAMES: [&str; 8] =
    ["Anna Maria", "Johannes", "Fatima", "Pieter Jan", "Sanne", "Mohammed", "Elisabeth", "Willem"];
const SURNAMES: [&str; 10] =
    ["Jansen", "Bakker", "Visser", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Hendriks", "Dekker"];

/// A claim of the current catalogue.
pub(crate) fn claim(event_type: &str, version: &str, data: Value, occurred_at: Option<DateTime<Utc>>) -> Act {
    Act::Claim {
        event_type: event_type.into(),
        version: version.into(),
        data,
        occurred_at,
        based_on: Vec::new(),
        object_ids: None,
    }
}

/// One of the civil servants.
pub(crate) fn clerk(number: u32) -> EventSource {
    EventSource { id: id("clerk", number % CLERKS, 0), source_type: Arc::from("ambtenaar") }
}

/// Only the issue of a number states no day of its own.
fn occurred_at(step: Step, claimed_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match step {
        Step::Number(_) => Some(claimed_at),
        Step::Address(_) | Step::Birth(_) | Step::Move(..) => None,
    }
}

fn id(kind: &str, number: u32, second: u32) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind} {number} {second}").as_bytes())
}

/// As clients make them: version 7, which begins with the moment.
fn event_id(at: DateTime<Utc>, dice: &mut Dice) -> EventId {
    let random = u128::from(dice.next()) << 64 | u128::from(dice.next());
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random.to_be_bytes()[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

fn letter(number: u32) -> char {
    char::from(b'A' + u8::try_from(number % 20).unwrap_or(0))
}

/// A number that passes the eleven test, another one for each person.
fn bsn(number: u32) -> String {
    let digits = |step: u32| format!("{:08}", 10_000_000 + number * 2 + step);
    let check = |digits: &str| {
        let weighted =
            digits.bytes().zip((2..=9).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
        weighted.sum::<u32>() % 11
    };
    // Of two that follow each other at least one has a check digit.
    let step = (0..2).find(|step| check(&digits(*step)) < 10).unwrap_or(0);
    format!("{}{}", digits(step), check(&digits(step)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_population_has_as_many_events_as_it_says_and_no_id_twice() {
        let population = Population { persons: 20, addresses: 7, moves: 3 };
        let ids: HashSet<EventId> =
            population.history().map(|stamped| stamped.request.commands[0].id).collect();
        assert_eq!(ids.len(), population.events() as usize);
    }

    #[test]
    fn the_size_that_is_asked_for_is_about_met() {
        for events in [10_000, 1_000_000] {
            let made = Population::of_events(events).events();
            assert!(made.abs_diff(events) * 100 < events, "{made}");
        }
    }

    #[test]
    fn events_are_registered_in_order_and_before_today() {
        let moments: Vec<_> =
            Population::of_events(5_000).history().map(|stamped| stamped.created_at).collect();
        assert!(moments.is_sorted_by(|earlier, later| earlier < later));
        assert!(*moments.last().unwrap() < FIRST + SPAN);
    }
}
