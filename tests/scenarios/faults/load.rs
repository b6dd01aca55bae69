//! Clerks who register births, whatever happens, and remember what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use sqlx::PgConnection;
use tests::{F6, Role, Setup, new_id};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::family::birth;

/// How many clerks there are, half of them at each write server.
const CLERKS: usize = 8;

/// How long anybody waits for any answer; the servers give up long before.
const BOUND: Duration = Duration::from_secs(60);

/// How long a clerk takes a breath after a fault.
const PAUSE: Duration = Duration::from_millis(50);

/// How long it may take until all is well again; nobody helps.
const RECOVERY: Duration = Duration::from_secs(120);

/// What a clerk may be told that is no acknowledgement.
const FAULTS: [&str; 6] =
    ["INTERNAL", "TIMEOUT", "OVERLOADED", "STOPPING", "UNAUTHENTICATED", "PROCESSING_LOG_UNAVAILABLE"];

/// The day of every birth: long enough ago for any clock.
const DAY: &str = "1990-01-01";

/// What clerks were told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<Uuid>,
    /// Events of which nobody said whether they were registered.
    unsure: BTreeSet<Uuid>,
    /// How often which fault was told; `no answer` where the connection broke.
    faults: BTreeMap<String, usize>,
}

/// What a clerk was told of one command.
enum Answered {
    Acknowledged,
    Fault(String),
}

/// An F6 at work.
pub(super) struct Load {
    f6: Arc<RwLock<F6>>,
    told: Arc<Mutex<Told>>,
    enough: Arc<AtomicBool>,
    clerks: Vec<JoinHandle<()>>,
}

/// Two write servers that give up soon.
pub(super) fn setup() -> Setup {
    Setup::default().write_servers(2).env("F6_REQUEST_TIMEOUT", "4")
}

impl Load {
    /// Clerks begin, and it goes well.
    pub(super) async fn on(f6: F6) -> Self {
        let f6 = Arc::new(RwLock::new(f6));
        let (told, enough) = (Arc::<Mutex<Told>>::default(), Arc::<AtomicBool>::default());
        let clerk = |number| {
            tokio::spawn(register(Arc::clone(&f6), Arc::clone(&told), Arc::clone(&enough), number % 2))
        };
        let clerks = (0..CLERKS).map(clerk).collect();
        let load = Self { f6, told, enough, clerks };
        load.goes_well().await;
        load
    }

    /// The F6, for who does not change it.
    pub(super) async fn f6(&self) -> RwLockReadGuard<'_, F6> {
        self.f6.read().await
    }

    /// The F6 for oneself; clerks wait meanwhile.
    pub(super) async fn alone(&self) -> RwLockWriteGuard<'_, F6> {
        self.f6.write().await
    }

    /// Starts PostgreSQL anew, as an operator does where it has ended.
    pub(super) async fn restart_postgresql(&self) {
        let f6 = self.f6().await;
        tokio::task::block_in_place(|| f6.database.crash());
    }

    /// Waits until clerks are told of so many faults more.
    pub(super) async fn notices(&self, faults: usize) {
        let count = || self.told().faults.values().sum::<usize>();
        let before = count();
        self.until("clerks notice", async || count() >= before + faults).await;
    }

    /// Waits until each server does its work again, each by itself.
    pub(super) async fn goes_well(&self) {
        self.until("all servers do their work", async || {
            let f6 = self.f6.read().await;
            let token = f6.ambtenaar().token().to_owned();
            for server in 0..f6.write.len() {
                let id = new_id();
                match claim(&f6, server, id).await {
                    Answered::Acknowledged => self.told().acknowledged.insert(id),
                    Answered::Fault(_) => {
                        self.told().unsure.insert(id);
                        return false;
                    }
                };
            }
            let asked = "{ events(first: 1) { edges { node { id } } } }";
            let asking = f6.query.post(Some(&token), json!({ "query": asked }).to_string());
            let answer = tokio::time::timeout(BOUND, asking).await.expect("the query API answers in time");
            answer.json()["data"]["events"].is_object()
        })
        .await;
    }

    /// Clerks stop; then everything is held against what they were told.
    pub(super) async fn holds(self, fault: &str) {
        self.goes_well().await;
        self.enough.store(true, Ordering::Relaxed);
        for clerk in join_all(self.clerks).await {
            clerk.expect("a clerk gets a clear answer in time");
        }
        let told = std::mem::take(&mut *locked(&self.told));
        let f6 = self.f6.read().await;
        // Whoever was not told says it again, and it is done once.
        for id in &told.unsure {
            assert!(matches!(claim(&f6, 0, *id).await, Answered::Acknowledged), "{id} can be said again");
        }
        let mut connection = f6.database.connect(Role::Superuser).await;
        let registered = claims(&mut connection).await;
        let expected: Vec<Uuid> = told.acknowledged.union(&told.unsure).copied().collect();
        assert_eq!(registered, expected, "each claim stands once, and no other");
        assert_eq!(f6.database.disorder().await, 0, "positions and moments follow each other");
        assert_eq!(
            validations_astray(&mut connection).await,
            0,
            "each claim was validated once, in one step"
        );
        let Told { acknowledged, unsure, faults } = told;
        let (acknowledged, unsure) = (acknowledged.len(), unsure.len());
        eprintln!(
            "{fault}: {acknowledged} births acknowledged, {unsure} said again; clerks were told {faults:?}"
        );
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        locked(&self.told)
    }

    async fn until(&self, what: &str, so: impl AsyncFn() -> bool) {
        let waiting = async {
            while !so().await {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let faults = || format!("{:?}", self.told().faults);
        tokio::time::timeout(RECOVERY, waiting)
            .await
            .unwrap_or_else(|_| panic!("never: {what}; told {}", faults()));
    }
}

/// Registers births until there are enough.
async fn register(f6: Arc<RwLock<F6>>, told: Arc<Mutex<Told>>, enough: Arc<AtomicBool>, server: usize) {
    while !enough.load(Ordering::Relaxed) {
        let id = new_id();
        let answered = claim(&*f6.read().await, server, id).await;
        match answered {
            Answered::Acknowledged => {
                locked(&told).acknowledged.insert(id);
            }
            Answered::Fault(code) => {
                {
                    let mut told = locked(&told);
                    told.unsure.insert(id);
                    *told.faults.entry(code).or_default() += 1;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Claims a birth and validates it; the child follows from the event's id, so that it can be said again.
async fn claim(f6: &F6, server: usize, id: Uuid) -> Answered {
    let mutation = "mutation($input: ClaimGeboorteInput!) { claimGeboorte(input: $input) { refusals { code message } } }";
    let child = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes());
    let input = json!({ "input": { "id": id, "data": birth(child, DAY, "Dirk"), "validate": true } });
    // Always the same one: somebody else's command would be another.
    let clerk = f6.clerk();
    let asking = f6.mutate(server, Some(clerk.token()), mutation, &input);
    let Ok(answer) = tokio::time::timeout(BOUND, asking).await.expect("an answer in time") else {
        return Answered::Fault("no answer".to_owned());
    };
    match answer.complaints().first() {
        None => Answered::Acknowledged,
        Some(complaint) => {
            assert!(FAULTS.contains(&&*complaint.code), "{complaint:?} says what is at fault");
            for internal in ["sqlx", "postgres", "SQL", "os error", "relation"] {
                assert!(!complaint.message.contains(internal), "{complaint:?} says nothing of the inside");
            }
            Answered::Fault(complaint.code.clone())
        }
    }
}

async fn claims(connection: &mut PgConnection) -> Vec<Uuid> {
    let ids = sqlx::query_scalar("SELECT id FROM event WHERE event_kind = 'Claim' ORDER BY id");
    ids.fetch_all(connection).await.expect("the log")
}

/// How many claims were not followed by one validation of their own.
async fn validations_astray(connection: &mut PgConnection) -> i64 {
    let sql = "SELECT count(*) FROM event c WHERE event_kind = 'Claim'
               AND (SELECT count(*) FROM event v WHERE v.event_kind = 'Validation' AND v.event_reference = ARRAY[c.id]
                    AND v.position = c.position + 1) <> 1";
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("the log")
}

fn locked(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
