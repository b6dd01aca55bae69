//! What is commanded while it is measured: moves, by civil servants.

use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use door::{Clock, SystemClock};
use policy::Caller;
use read_model::event::{EventId, EventSource, Verdict};
use serde_json::{Value, json};
use write_api::append::Request;
use write_api::command::{Act, Command};
use write_api::ids::{IdSource, SystemIds};

use crate::dice::Dice;
use crate::population::{Population, claim, clerk};

/// Moves of persons and to addresses at random.
pub(crate) struct Moves {
    population: Population,
    dice: Mutex<Dice>,
    today: NaiveDate,
}

/// What the mutations of the measurements ask to be told.
const TOLD: &str = "{ events { id position createdAt } refusals { code message } warnings { code message } }";

impl Moves {
    pub(crate) fn new(population: Population, seed: u64) -> Self {
        Self { population, dice: Mutex::new(Dice::new(seed)), today: SystemClock.now().date_naive() }
    }

    /// Who moves where: today, as most of what is registered takes effect after all that is known of who it is about.
    pub(crate) fn next(&self) -> Value {
        let mut dice = self.dice.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (person, address) = (dice.below(self.population.persons), dice.below(self.population.addresses));
        self.population.relocation(person, address, self.today)
    }

    /// The claim of a move, as the appender takes it.
    pub(crate) fn claim(&self) -> Request {
        request(clerk(0), claim("Verhuizing", "1", self.next(), None), false)
    }

    /// The claim of a move by this person.
    pub(crate) fn claim_of(&self, person: u32, address: u32) -> Request {
        request(clerk(0), self.move_of(person, address), false)
    }

    /// So many moves of this person, each claimed and validated at once.
    pub(crate) fn validated(&self, person: u32, address: u32, count: usize) -> Request {
        let one = || Command { validate: true, ..command(clerk(0), self.move_of(person, address)) };
        Request { commands: std::iter::repeat_with(one).take(count).collect(), dry_run: false }
    }

    /// A move of each person, and one to each address, of which only the decision is asked: what it reads is in memory then.
    pub(crate) fn of_everybody(&self) -> impl Iterator<Item = Request> {
        let Population { persons, addresses, .. } = self.population;
        (0..persons.max(addresses))
            .map(move |number| request(clerk(0), self.move_of(number % persons, number % addresses), true))
    }

    fn move_of(&self, person: u32, address: u32) -> Act {
        claim("Verhuizing", "1", self.population.relocation(person, address, self.today), None)
    }

    /// The body of a request that claims a move; validated in the same step or not.
    pub(crate) fn mutation(&self, validate: bool) -> String {
        self.claiming(SystemIds.next(), validate)
    }

    fn claiming(&self, id: EventId, validate: bool) -> String {
        let query =
            format!("mutation($input: ClaimVerhuizingInput!) {{ claimVerhuizing(input: $input) {TOLD} }}");
        let input = json!({ "id": id, "data": self.next(), "validate": validate });
        json!({ "query": query, "variables": { "input": input } }).to_string()
    }

    /// The bodies of the requests of who claims a move, then has it validated, and so on.
    pub(crate) fn in_turn(self: Arc<Self>) -> impl FnMut() -> String {
        let mut claimed = None;
        move || match claimed.take() {
            Some(target) => validating(target),
            None => self.claiming(*claimed.insert(SystemIds.next()), false),
        }
    }

    /// The body of a request that does so many times, all or nothing.
    pub(crate) fn batch(&self, size: usize) -> String {
        let input = || json!({ "id": SystemIds.next(), "data": self.next(), "validate": true });
        let commands: Vec<Value> = (0..size).map(|_| json!({ "claimVerhuizing": input() })).collect();
        let query = format!("mutation($input: AppendInput!) {{ append(input: $input) {TOLD} }}");
        json!({ "query": query, "variables": { "input": { "commands": commands } } }).to_string()
    }

    /// The bodies of requests that try a move of each person, and one to each address, and write nothing.
    pub(crate) fn tried(&self, size: usize) -> impl Iterator<Item = String> {
        let Population { persons, addresses, .. } = self.population;
        let numbers: Vec<u32> = (0..persons.max(addresses)).collect();
        let chunks: Vec<Vec<u32>> = numbers.chunks(size).map(<[u32]>::to_vec).collect();
        chunks.into_iter().map(move |numbers| {
            let command = |number: u32| {
                let data = self.population.relocation(number % persons, number % addresses, self.today);
                json!({ "claimVerhuizing": { "data": data } })
            };
            let commands: Vec<Value> = numbers.into_iter().map(command).collect();
            let query = format!("mutation($input: AppendInput!) {{ append(input: $input) {TOLD} }}");
            let input = json!({ "commands": commands, "dryRun": true });
            json!({ "query": query, "variables": { "input": input } }).to_string()
        })
    }
}

/// The body of a request that accepts a claim.
fn validating(target: EventId) -> String {
    let query = format!("mutation($input: ValidateInput!) {{ validate(input: $input) {TOLD} }}");
    let input = json!({ "id": SystemIds.next(), "target": target, "verdict": "ACCEPTED" });
    json!({ "query": query, "variables": { "input": input } }).to_string()
}

/// A colleague accepts a claim.
pub(crate) fn acceptance(target: EventId) -> Request {
    request(clerk(1), Act::Validate { target, verdict: Verdict::Accepted, reason: None }, false)
}

/// A claim that is validated in the same step.
pub(crate) fn registered(event_type: &str, data: Value) -> Request {
    let claimed = command(clerk(0), claim(event_type, "1", data, None));
    Request { commands: vec![Command { validate: true, ..claimed }], dry_run: false }
}

fn request(source: EventSource, act: Act, dry_run: bool) -> Request {
    Request { commands: vec![command(source, act)], dry_run }
}

fn command(source: EventSource, act: Act) -> Command {
    Command {
        id: SystemIds.next(),
        caller: Caller::of(source),
        act,
        validate: false,
        despite: Vec::new(),
        if_unchanged_since: None,
    }
}
