//! Many clerks at two servers, about the same few persons: all that they did and were told can have happened one after the other.

mod clerk;
mod diary;
mod office;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use tests::histories::{Checked, check};
use uuid::Uuid;

use self::diary::{Deed, Diary};
use self::office::Office;
use self::told::{Called, Known};
use super::{Chance, parts};

/// How many transactions one part of ten has.
const TRANSACTIONS: usize = 1_000;

/// How many clerks there are; every other one speaks to the other write server.
const CLERKS: usize = 16;

/// How many anomalies are told: where much went wrong, any of it will do.
const TOLD: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_clerks_do_at_once_can_have_happened_one_after_the_other() {
    // Given two write servers, slowed down where a race would be lost, and a few persons
    let mut chance = Chance::new();
    let office = Arc::new(Office::open(TRANSACTIONS * parts()).await);

    // When many clerks look at them, marry them and divorce them, all at once, while now and then a server is killed
    let clerks: Vec<_> = (0..CLERKS)
        .map(|number| tokio::spawn(clerk::work(Arc::clone(&office), number, chance.branch())))
        .collect();
    let kills = office.kill(chance, || clerks.iter().any(|clerk| !clerk.is_finished())).await;
    let mut all = Diary::of(&office, CLERKS);
    for diary in join_all(clerks).await {
        all.append(diary.expect("a clerk goes on"));
    }
    // And the last one looks at everybody when they are done
    let (took, everybody) = (office.now(), office.everybody());
    let mut at_last = BTreeMap::new();
    for some in everybody.chunks(20) {
        at_last.extend(all.look(some).await);
    }

    // Then one order explains all of it, which is that of their clocks too
    let Checked { anomalies, dependencies } = check(&all.transactions);
    // And in that order nobody married who was bound, and nobody divorced but whom they were married to
    let wrong: Vec<String> =
        anomalies.iter().map(ToString::to_string).chain(broken_bonds(&at_last, &all.deeds)).collect();
    assert!(wrong.is_empty(), "{} anomalies:\n{}", wrong.len(), wrong[..TOLD.min(wrong.len())].join("\n\n"));
    // And whatever can become of a transaction became of some, so that there was something to explain
    let (transactions, persons) = (all.transactions.len(), at_last.len());
    eprintln!("{transactions} transactions about {persons} persons in {took:.1?}: {:?}", all.ends);
    eprintln!(
        "{dependencies} times one had to come before another; {kills} kills, {} answers lost",
        all.lost
    );
    for end in ["looked", "accepted", "RULE", "CHANGED_MEANWHILE"] {
        assert!(all.ends.contains_key(end), "none was {end}");
    }
    assert!(dependencies > transactions);
}

/// What each person's events come to, one after the other, against the rules of marriage and against what is folded.
fn broken_bonds(at_last: &BTreeMap<Uuid, Known>, deeds: &BTreeMap<Uuid, Deed>) -> Vec<String> {
    let mut broken = Vec::new();
    for (person, known) in at_last {
        let mut partner = None;
        // Claims alone: the judgement of each stands behind it.
        for deed in known.events.iter().filter_map(|event| deeds.get(event)) {
            let other = deed.partners.into_iter().find(|partner| partner != person);
            let (before, after) = if deed.is_marriage() { (None, other) } else { (other, None) };
            if partner != before {
                let (person, partner) = (Called(*person), named(partner));
                broken
                    .push(format!("broken bond: {person} was the partner of {partner} when a clerk {deed}"));
            }
            partner = after;
        }
        if partner != known.partner {
            let (person, partner, folded) = (Called(*person), named(partner), named(known.partner));
            broken.push(format!("broken bond: {person} is the partner of {partner}, but folded of {folded}"));
        }
    }
    broken
}

fn named(partner: Option<Uuid>) -> String {
    partner.map_or("nobody".to_owned(), |partner| Called(partner).to_string())
}
