//! `bsn-issuer`, killed over and over while children are born.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tests::{F6, Issuer, Principal, Setup, new_id};
use uuid::Uuid;

use super::{Chance, parts};
use crate::bsn_issuer::{Issued, claims, id, issued, until};
use crate::family::{birth, declare};

/// How often it is killed in one part of ten.
const ROUNDS: usize = 20;

/// How many register births meanwhile.
const WRITERS: usize = 3;

/// The longest that it runs before it is killed, in milliseconds: it starts in some ten, and follows in some fifty.
const LONGEST: u64 = 600;

#[tokio::test]
async fn killed_at_any_moment_under_load_it_gives_each_validated_birth_one_number() {
    // Given servers that leave time for a crash on both sides of a commit, and writers that register births
    let rounds = parts() * ROUNDS;
    let mut chance = Chance::new();
    let setup = Setup::default().write_servers(2);
    let setup = setup.write_env("F6_INJECT_DELAY_AFTER_COMMIT_MS", "10");
    let f6 = setup.start().await;
    let load = Load::default();
    let writers = (0..WRITERS).map(|writer| write(&f6, writer, chance.branch(), &load)).collect::<Vec<_>>();

    // When an issuer is killed and started again, and again
    let killing = async {
        let mut issuer = Issuer::start(&f6, "issuer", &[]);
        for round in 0..rounds {
            until("a birth a round", async || load.births.load(Ordering::Relaxed) > round).await;
            tokio::time::sleep(chance.milliseconds(LONGEST)).await;
            issuer.kill();
            issuer.start_again();
        }
        load.over.store(true, Ordering::Relaxed);
        issuer
    };
    let (issuer, _) = tokio::join!(killing, join_all(writers));

    // Then, once it has come to the end of the log, each validated birth has one number, and none is shared
    let (last, _) = registered(&f6.ambtenaar()).await;
    until("the last birth is served", async || issuer.log().contains(&last.to_string())).await;
    let found = Found::in_log(&f6).await;
    found.hold();
    let again = issuer.log().matches("a BSN had been issued").count();
    eprintln!(
        "{rounds} kills, {} births, {} numbers; {again} times it found done what it had done",
        found.births.len(),
        found.issued.len()
    );
}

/// What the writers did so far, and whether they may stop.
#[derive(Default)]
struct Load {
    births: AtomicUsize,
    over: AtomicBool,
}

/// Registers births until it is over: most are claimed by a parent and validated by a clerk, some are never validated,
/// and some are annulled.
async fn write(f6: &F6, writer: usize, mut chance: Chance, load: &Load) {
    let (ouder, ambtenaar) = (f6.ouder().through(writer % 2), f6.ambtenaar().through(writer % 2));
    while !load.over.load(Ordering::Relaxed) {
        let declared = declare(&ouder, new_id(), "2026-01-01", "Dirk").await.accepted();
        tokio::time::sleep(chance.milliseconds(100)).await;
        match chance.below(10) {
            0 => {}
            1 => {
                ambtenaar.validate(&declared).await.accepted();
                tokio::time::sleep(chance.milliseconds(100)).await;
                ambtenaar.annul(&declared).validated().await.accepted();
            }
            _ => drop(ambtenaar.validate(&declared).await.accepted()),
        }
        load.births.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn registered(ambtenaar: &Principal<'_>) -> (Uuid, Uuid) {
    let kind = new_id();
    (ambtenaar.register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await.id(), kind)
}

/// What the log holds of births and numbers.
struct Found {
    births: Vec<Value>,
    issued: Vec<Issued>,
}

impl Found {
    async fn in_log(f6: &F6) -> Self {
        Self { births: claims(f6, "Geboorte").await, issued: issued(f6).await }
    }

    fn hold(&self) {
        let mut by_birth: BTreeMap<Uuid, Vec<&Issued>> = BTreeMap::new();
        for issued in &self.issued {
            let [birth] = issued.births[..] else { panic!("rests on one birth: {issued:?}") };
            by_birth.entry(birth).or_default().push(issued);
        }
        for birth in &self.births {
            let issued = by_birth.remove(&id(&birth["id"])).unwrap_or_default();
            let worth: Vec<&str> = issued.iter().map(|issued| &*issued.status).collect();
            match birth["status"].as_str() {
                Some("VALIDATED") => assert_eq!(worth, ["VALIDATED"], "{birth:#}"),
                Some("ANNULLED") => {
                    assert!(worth.is_empty() || worth == ["SUSPENDED"], "{worth:?}: {birth:#}")
                }
                _ => assert!(worth.is_empty(), "{worth:?}: {birth:#}"),
            }
        }
        assert!(by_birth.is_empty(), "numbers without a birth: {by_birth:#?}");
        let numbers: BTreeSet<&str> = self.issued.iter().map(|issued| &*issued.bsn).collect();
        assert_eq!(numbers.len(), self.issued.len(), "no number is issued twice");
    }
}
