//! What a clerk did, and was told: each look and each command as a transaction of the history that is checked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tests::{Accepted, Command, Finding, Principal, new_id};
use uuid::Uuid;

use super::office::Office;
use super::told::{Called, Known, LOOK, Lived, refused_for, written};
use crate::family::marriage;

/// The day of every marriage and divorce: what takes effect on one day does so in the order of registration.
const DAY: &str = "2020-02-02";

/// How long to wait for a server that was killed.
const PAUSE: Duration = Duration::from_millis(20);

/// A marriage or a divorce.
#[derive(Clone, Copy)]
pub(super) struct Deed {
    pub(super) id: Uuid,
    event_type: &'static str,
    pub(super) partners: [Uuid; 2],
}

/// The transactions of a clerk, and what became of them.
pub(super) struct Diary {
    office: Arc<Office>,
    number: usize,
    pub(super) transactions: Vec<Lived>,
    /// What was registered, by the ids of the claims.
    pub(super) deeds: BTreeMap<Uuid, Deed>,
    /// How many ended how: `looked`, `accepted`, or the code of a refusal.
    pub(super) ends: BTreeMap<String, usize>,
    /// How many answers got lost.
    pub(super) lost: usize,
}

impl Deed {
    pub(super) fn marriage(one: Uuid, other: Uuid) -> Self {
        Self { id: new_id(), event_type: "Huwelijk", partners: [one, other] }
    }

    pub(super) fn divorce(one: Uuid, other: Uuid) -> Self {
        Self { id: new_id(), event_type: "Ontbinding", partners: [one, other] }
    }

    pub(super) fn is_marriage(&self) -> bool {
        self.event_type == "Huwelijk"
    }

    fn command<'a>(&self, clerk: &Principal<'a>) -> Command<'a> {
        let [one, other] = self.partners;
        clerk.claim(self.event_type, marriage(one, other, DAY)).id(self.id).validated()
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.partners.map(Called);
        write!(f, "{} {one} and {other}", if self.is_marriage() { "marries" } else { "divorces" })
    }
}

impl Diary {
    /// An empty one, of the clerk with this number; the odd ones speak to the one write server, the even ones to the other.
    pub(super) fn of(office: &Arc<Office>, number: usize) -> Self {
        let (transactions, deeds, ends) = Default::default();
        Self { office: Arc::clone(office), number, transactions, deeds, ends, lost: 0 }
    }

    /// Takes in that of another.
    pub(super) fn append(&mut self, other: Self) {
        self.transactions.extend(other.transactions);
        self.deeds.extend(other.deeds);
        self.lost += other.lost;
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
    }

    /// Looks at several persons at once.
    pub(super) async fn look(&mut self, persons: &[Uuid]) -> BTreeMap<Uuid, Known> {
        let sent = self.office.now();
        let answer = self.office.f6.read().await.clerk().query(LOOK, &json!({ "ids": persons })).await;
        let looks = self.transaction("looks", sent);
        let known = Known::told(&answer.data());
        let looks = known.iter().fold(looks, |looks, (person, known)| known.seen_by(looks, *person));
        self.write_down("looked", looks);
        known
    }

    /// Registers deeds, all or nothing; where it relies on what was seen of a person, only if that is so still.
    pub(super) async fn register(&mut self, deeds: &[Deed], relied: Option<(&Uuid, &Known)>) {
        let sent = self.office.now();
        let decided = self.insist(deeds, relied.map(|(_, known)| known)).await;
        let transaction = self.transaction(&told(deeds), sent);
        match decided {
            Ok(accepted) => {
                self.deeds.extend(deeds.iter().map(|deed| (deed.id, *deed)));
                let transaction = match relied {
                    Some((person, known)) => known.listed_for(transaction, *person),
                    None => transaction,
                };
                self.write_down("accepted", written(transaction, &accepted));
            }
            Err(finding) => {
                let relied = relied.map(|(person, _)| *person);
                self.write_down(&finding.code, refused_for(&finding, deeds, relied, transaction));
            }
        }
    }

    /// Sends the same again for as long as the answer gets lost: its ids make that safe.
    async fn insist(&mut self, deeds: &[Deed], relied: Option<&Known>) -> Result<Accepted, Finding> {
        loop {
            let f6 = self.office.f6.read().await;
            let clerk = f6.clerk().through(self.number % 2);
            if let Ok(outcome) = command(&clerk, deeds, relied).try_outcome().await {
                return outcome.decided();
            }
            drop(f6);
            self.lost += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One that has just been answered.
    fn transaction(&self, what: &str, sent: Duration) -> Lived {
        Lived::new(format!("clerk {} {what}", self.number), sent, self.office.now())
    }

    fn write_down(&mut self, end: &str, transaction: Lived) {
        *self.ends.entry(end.to_owned()).or_default() += 1;
        self.transactions.push(transaction);
    }
}

fn command<'a>(clerk: &Principal<'a>, deeds: &[Deed], relied: Option<&Known>) -> Command<'a> {
    let mut commands: Vec<Command<'a>> = deeds.iter().map(|deed| deed.command(clerk)).collect();
    if let (Some(first), Some(known)) = (commands.first_mut(), relied) {
        *first = first.clone().if_unchanged_since(&known.basis);
    }
    if commands.len() == 1 { commands.remove(0) } else { clerk.append(commands) }
}

/// Deeds in words.
fn told(deeds: &[Deed]) -> String {
    deeds.iter().map(Deed::to_string).collect::<Vec<_>>().join(", ")
}
