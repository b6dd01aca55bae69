//! What is commanded while it is measured: moves, claimed by civil servants.

use std::sync::Mutex;

use chrono::{Days, NaiveDate};
use door::{Clock, SystemClock};
use write_api::append::Request;
use write_api::command::Command;
use write_api::ids::{IdSource, SystemIds};

use crate::dice::Dice;
use crate::population::{Population, claim, clerk};

/// Claims of moves, by persons and to addresses at random. Clones share nothing and say different things.
pub(crate) struct Moves {
    population: Population,
    dice: Mutex<Dice>,
    today: NaiveDate,
}

impl Moves {
    pub(crate) fn new(population: Population, seed: u64) -> Self {
        Self { population, dice: Mutex::new(Dice::new(seed)), today: SystemClock.now().date_naive() }
    }

    /// Who moves where, and when: within the last five days, so that nothing is to be warned of.
    pub(crate) fn next(&self) -> serde_json::Value {
        let mut dice = self.dice.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (person, address) = (dice.below(self.population.persons), dice.below(self.population.addresses));
        let day = self.today - Days::new(u64::from(dice.below(5)));
        self.population.relocation(person, address, day)
    }

    /// The next one, as the appender takes it.
    pub(crate) fn request(&self) -> Request {
        self.as_request(self.next(), false)
    }

    /// A move of each person, and one to each address, of which only the decision is asked: what it reads is in memory then.
    pub(crate) fn of_everybody(&self) -> impl Iterator<Item = Request> {
        let Population { persons, addresses, .. } = self.population;
        (0..persons.max(addresses)).map(move |number| {
            let data = self.population.relocation(number % persons, number % addresses, self.today);
            self.as_request(data, true)
        })
    }

    fn as_request(&self, data: serde_json::Value, dry_run: bool) -> Request {
        let command = Command {
            id: SystemIds.next(),
            source: clerk(0),
            act: claim("Verhuizing", "1", data, None),
            validate: false,
            despite: Vec::new(),
            if_unchanged_since: None,
        };
        Request { commands: vec![command], dry_run }
    }
}
