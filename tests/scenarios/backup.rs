//! A dump, and what is restored from it into a fresh cluster.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::Executor;
use tests::{Database, F6, Role, Setup, Sink, new_id};
use uuid::Uuid;

use crate::deliveries::{subscribe, until};
use crate::family::{birth, declare};

/// What is asked of a person, and has to be answered alike for ever.
const ASKED: &str = "basis { id position knownAt asOf minTrust catalogue } naam { voornamen } geboortedatum { text } \
                     provenance(field: naam) { value { claim { id status } } }";

/// How many register births while the dump is made.
const WRITERS: usize = 8;

/// An F6 on what a dump holds.
async fn restored(dump: &Path) -> F6 {
    Setup::default().on(Database::restored(dump).await).start().await
}

/// A child whose birth was registered under a wrong name, and then corrected.
async fn corrected_child(f6: &F6) -> Uuid {
    let child = new_id();
    let clerk = f6.ambtenaar();
    let registered = clerk.register("Geboorte", birth(child, "2026-01-01", "Dirk")).await;
    clerk
        .amend("Geboorte", registered.id(), birth(child, "2026-01-02", "Dirk-Jan"))
        .validated()
        .await
        .accepted();
    child
}

/// The ids of the whole log, in its order.
async fn log(f6: &F6) -> Vec<Uuid> {
    let mut connection = f6.database.connect(Role::Superuser).await;
    let ids = sqlx::query_scalar("SELECT id FROM event ORDER BY position");
    ids.fetch_all(&mut connection).await.expect("the log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restored_answers_as_before_and_goes_on_where_the_dump_was_made() {
    // Given an answer about a child whose birth was corrected
    let f6 = F6::start().await;
    let child = corrected_child(&f6).await;
    let stored = f6.persoon(child).send(ASKED).await;

    // When a dump is made while clerks register births, and restored into a fresh cluster
    let (dump, enough) = (f6.file("f6.dump"), AtomicBool::new(false));
    let write = async || {
        while !enough.load(Ordering::Relaxed) {
            f6.ambtenaar().register("Geboorte", birth(new_id(), "2026-01-01", "Anna")).await;
        }
    };
    let dumping = async {
        tokio::task::block_in_place(|| f6.database.dump(&dump));
        enough.store(true, Ordering::Relaxed);
    };
    futures::join!(join_all((0..WRITERS).map(|_| write())), dumping);
    let other = restored(&dump).await;

    // Then its log is the former up to a moment, whole and in order
    let (before, after) = (log(&f6).await, log(&other).await);
    assert!(after.len() >= 3, "the child's events stand in it");
    assert_eq!(before[..after.len()], after);
    assert_eq!(
        other.database.value::<i64>("SELECT position FROM head").await,
        i64::try_from(after.len()).expect("few")
    );
    // And the same question on the same basis has the same answer, to the byte
    let again = other.persoon(child).on(&stored.data()["persoon"]["basis"]).send(ASKED).await;
    assert_eq!(String::from_utf8_lossy(&again.bytes), String::from_utf8_lossy(&stored.bytes));
    // And what comes next is registered after all that was
    other.ambtenaar().register("Geboorte", birth(new_id(), "2026-01-01", "Bram")).await;
    assert_eq!(other.database.disorder().await, 0);
}

#[tokio::test]
async fn subscribers_go_on_with_what_is_restored() {
    // Given a subscriber whose webhook took one of three births, and one that follows live and saw them all
    let f6 = F6::start().await;
    let (sink, worker) = (Sink::start().await, f6.delivery(&[]).await);
    subscribe(&f6.principal("systeem"), "letters", &sink, json!({})).await;
    let mut births = BTreeSet::new();
    for taken in [true, false, false] {
        births.insert(declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted().id());
        if taken {
            sink.next().await;
            until(&f6.ambtenaar(), "letters", |stands| stands["backlog"]["pending"] == 0).await;
            sink.answer(|_| 503);
        }
    }
    until(&f6.ambtenaar(), "letters", |stands| stands["backlog"]["pending"] == 2).await;
    let mut live = f6.ambtenaar().subscribe("eventAdded(after: \"0\") { cursor event { id } }").await;
    let cursor = live.take(3).await[2]["cursor"].clone();

    // When it is restored elsewhere, and a fourth birth is claimed there
    let dump = f6.file("f6.dump");
    f6.database.dump(&dump);
    drop(worker);
    let other = restored(&dump).await;
    let _worker = other.delivery(&[]).await;
    sink.answer(|_| 204);
    let fourth = declare(&other.ouder(), new_id(), "2026-01-01", "Anna").await.accepted().id();
    births.insert(fourth);

    // Then every birth was delivered
    until(&other.ambtenaar(), "letters", |stands| {
        stands["backlog"] == json!({ "behind": 0, "pending": 0, "parked": 0 })
    })
    .await;
    let delivered: BTreeSet<Uuid> =
        sink.accepted().iter().map(|received| id(&received.json()["id"])).collect();
    assert_eq!(delivered, births);
    // And who followed live goes on after its cursor, with the fourth
    let mut live =
        other.ambtenaar().subscribe(&format!("eventAdded(after: {cursor}) {{ event {{ id }} }}")).await;
    assert_eq!(id(&live.next().await["event"]["id"]), fourth);
}

fn id(value: &Value) -> Uuid {
    serde_json::from_value(value.clone()).expect("an id")
}

#[tokio::test]
async fn what_is_restored_is_as_well_guarded_as_before() {
    // Given an event that was restored
    let f6 = F6::start().await;
    corrected_child(&f6).await;
    let dump = f6.file("f6.dump");
    f6.database.dump(&dump);
    let other = Database::restored(&dump).await;

    // Then nobody changes it, and only the write role adds to the log
    for role in [Role::Migration, Role::Write, Role::Query, Role::Delivery] {
        let mut connection = other.connect(role).await;
        for change in ["UPDATE event SET event_type = 'X'", "DELETE FROM event", "TRUNCATE event"] {
            let refused = connection.execute(change).await;
            assert!(refused.is_err(), "{role:?}: {change}");
        }
    }
    for role in [Role::Query, Role::Delivery] {
        let added = other.connect(role).await.execute("INSERT INTO event SELECT * FROM event").await;
        assert!(added.expect_err("it only reads").to_string().contains("permission denied"), "{role:?}");
    }
}

#[tokio::test]
async fn a_dump_is_restored_into_nothing_but_an_empty_database() {
    let f6 = F6::start().await;
    let dump = f6.file("f6.dump");
    f6.database.dump(&dump);

    let refused = f6.database.backup("restore", &dump).output().expect("the script runs");

    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("The database holds tables already: a dump is restored into an empty one."),
        "{said}"
    );
}
