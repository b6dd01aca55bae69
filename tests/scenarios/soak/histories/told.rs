//! What clerks are told, and what must have been read or written for them to be told so; no position and no moment of the
//! server's is among it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use tests::histories::Transaction;
use tests::{Accepted, Finding};
use uuid::Uuid;

use super::diary::Deed;

/// Several persons, at one moment of the log: every event about their bonds, which a page of raw events tells, and what
/// these come to, which is folded.
pub(super) const LOOK: &str = r#"query($ids: [UUID!]!) {
  personen(ids: $ids) {
    id
    basis { id }
    partner { id }
    married: provenance(field: partner) { value { claim { id } } }
    divorced: provenance(field: vorigePartner) { value { claim { id } } }
    events(eventTypes: ["Huwelijk", "Ontbinding"], first: 500) { edges { node { id } } pageInfo { hasNextPage } }
  }
}"#;

/// What a person or an event is called in a story: the end of its id, which is by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Called(pub(super) Uuid);

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0.as_u128() & 0xffff_ffff)
    }
}

/// A transaction about persons and events by their ids.
pub(super) type Lived = Transaction<Called>;

/// What a look told of a person.
pub(super) struct Known {
    /// Every event about bonds.
    pub(super) events: Vec<Uuid>,
    /// The partner, as folded.
    pub(super) partner: Option<Uuid>,
    /// The claim that the partner, or having none, follows from; none where there never was one.
    newest: Option<Uuid>,
    /// What to rely on.
    pub(super) basis: Value,
}

impl Known {
    /// What the answer to [`LOOK`] tells of each person.
    pub(super) fn told(data: &Value) -> BTreeMap<Uuid, Self> {
        list(&data["personen"]).iter().map(|person| (id(&person["id"]), Self::of(person))).collect()
    }

    fn of(person: &Value) -> Self {
        assert_eq!(person["events"]["pageInfo"]["hasNextPage"], false, "one page has all of {person}");
        let events = list(&person["events"]["edges"]).iter().map(|edge| id(&edge["node"]["id"])).collect();
        let partner = person["partner"]["id"].as_str().map(|_| id(&person["partner"]["id"]));
        let why = if partner.is_some() { "married" } else { "divorced" };
        let newest = list(&person[why]).first().map(|why| id(&why["value"]["claim"]["id"]));
        Self { events, partner, newest, basis: person["basis"].clone() }
    }

    /// The same transaction, which saw this of a person: in raw events, and folded.
    pub(super) fn seen_by(&self, transaction: Lived, person: Uuid) -> Lived {
        let transaction = self.listed_for(transaction, person);
        match self.newest {
            Some(newest) => transaction.saw_newest(Called(person), [Called(newest)]),
            None => transaction.saw(Called(person), []),
        }
    }

    /// The same transaction, which saw the raw events of a person.
    pub(super) fn listed_for(&self, transaction: Lived, person: Uuid) -> Lived {
        transaction.saw(Called(person), self.events.iter().copied().map(Called))
    }
}

/// The same transaction, which wrote the events that it was told of.
pub(super) fn written(transaction: Lived, accepted: &Accepted) -> Lived {
    accepted.events().iter().fold(transaction, |transaction, event| {
        transaction.wrote(Called(id(&event["id"])), list(&event["objectIds"]).iter().map(id).map(Called))
    })
}

/// The same transaction, refused for a reason that names what it saw: the events on which a rule failed, each the newest of
/// whom it is about; or all those that came since the clerk looked at whom they rely on.
pub(super) fn refused_for(
    finding: &Finding,
    deeds: &[Deed],
    relied: Option<Uuid>,
    transaction: Lived,
) -> Lived {
    let seen_of: Vec<Uuid> = match finding.code.as_str() {
        "RULE" => deeds[refused_command(finding)].partners.into(),
        "CHANGED_MEANWHILE" => relied.into_iter().collect(),
        other => panic!("no clerk expects {other}: {finding:?}"),
    };
    let mut transaction =
        deeds.iter().fold(transaction, |told, deed| told.wrote(Called(deed.id), deed.partners.map(Called)));
    for person in seen_of {
        // What an earlier command of the same transaction would have changed hides what was there before.
        let own = |deed: &Deed| finding.because.contains(&deed.id) && deed.partners.contains(&person);
        if !deeds.iter().any(own) {
            transaction = transaction.saw_newest(Called(person), finding.because.iter().copied().map(Called));
        }
    }
    transaction.refused()
}

/// Which command of an `append` a finding is about; the only one elsewhere.
fn refused_command(finding: &Finding) -> usize {
    match &finding.path[..] {
        [commands, index, ..] if commands == "commands" => index.parse().expect("the index of a command"),
        _ => 0,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("an id, not {value}"))
}
