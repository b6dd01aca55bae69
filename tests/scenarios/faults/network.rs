//! Connections that break, that fall silent, and that there are not enough of.

use std::time::Duration;

use read_model::pool::Pool;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tests::{Accepted, Database, F6, Network, Role, Sink};

use super::load::{Load, setup};
use crate::deliveries::{claims_a_birth, subscribe};
use crate::soak::parts;

/// Keeps everybody else from appending.
const LOCK: &str = "SELECT FROM head FOR UPDATE";

/// A database, and the networks of the write servers and of the query server to it.
async fn networked() -> (Load, [Network; 2]) {
    let database = Database::create().await;
    let networks =
        [Network::to(&database.url(Role::Write)).await, Network::to(&database.url(Role::Query)).await];
    let setup = setup()
        .write_env("F6_WRITE_DATABASE_URL", &networks[0].url)
        .query_env("F6_QUERY_DATABASE_URL", &networks[1].url);
    (Load::on(setup.on(database).start().await).await, networks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_connections_to_the_database_break_they_are_made_anew() {
    let (load, networks) = networked().await;
    for _ in 0..parts() {
        networks.iter().for_each(Network::cut);
        load.notices(8).await;
        networks.iter().for_each(Network::mend);
        load.goes_well().await;
    }
    load.holds("connections broke").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_fall_silent_for_ever_are_given_up() {
    let (load, networks) = networked().await;
    for _ in 0..parts() {
        networks.iter().for_each(Network::silence);
        load.notices(8).await;
        networks.iter().for_each(Network::mend);
        load.goes_well().await;
    }
    load.holds("connections fell silent").await;
}

#[tokio::test]
async fn whoever_follows_events_is_told_of_those_that_come_when_the_database_falls_silent() {
    // Given somebody who is told of every event
    let database = Database::create().await;
    let network = Network::to(&database.url(Role::Query)).await;
    let f6 = setup().query_env("F6_QUERY_DATABASE_URL", &network.url).on(database).start().await;
    let ambtenaar = f6.ambtenaar();
    let mut told = ambtenaar.subscribe("eventAdded { event { id } }").await;
    for _ in 0..parts() {
        let before = claims_a_birth(&f6, "before").await;
        assert_eq!(told.next().await["event"]["id"], json!(before.id()));

        // When the query server's connections fall silent for ever, and a birth is claimed
        network.silence();
        let unseen = claims_a_birth(&f6, "unseen").await;
        network.mend();

        // Then it is told as soon as the server has found out
        assert_eq!(told.next().await["event"]["id"], json!(unseen.id()));
    }
}

#[tokio::test]
async fn deliveries_go_on_when_the_database_has_fallen_silent() {
    // Given a worker that has delivered a birth
    let f6 = F6::start().await;
    let network = Network::to(&f6.database.url(Role::Delivery)).await;
    let own = [
        ("F6_DELIVERY_DATABASE_URL", &*network.url),
        ("F6_DELIVERY_LEASE", "3"),
        ("F6_DELIVERY_TIMEOUT", "1"),
    ];
    let (sink, _worker) = (Sink::start().await, f6.delivery(&own).await);
    subscribe(&f6.principal("systeem"), "letters", &sink, json!({})).await;
    for _ in 0..parts() {
        are_delivered(&sink, &[claims_a_birth(&f6, "before").await]).await;

        // When its connections fall silent for ever, in the middle of its work
        let meanwhile = claims_a_birth(&f6, "meanwhile").await;
        network.silence();
        let unseen = claims_a_birth(&f6, "unseen").await;
        network.mend();

        // Then what happened meanwhile is delivered, and whatever comes
        are_delivered(&sink, &[meanwhile, unseen]).await;
    }
}

#[tokio::test]
async fn what_a_lost_server_had_locked_comes_free() {
    // Given a server that has locked the end of the log, and of which nothing is heard any more
    let database = Database::create().await;
    let url = database.url(Role::Superuser);
    let pool = Pool::serving(url.parse().expect("a URL"), 1, Duration::from_millis(200));
    let mut lent = pool.lend().await.expect("a connection");
    let mut transaction = lent.begin().await.expect("a transaction");
    transaction.execute(LOCK).await.expect("it is locked");

    // When another server wants it, then it gets it, and the first is not told that it committed
    let mut other = PgConnection::connect(&url).await.expect("the superuser may");
    other.execute(LOCK).await.expect("it comes free");
    assert!(transaction.commit().await.is_err(), "it has lost its transaction");
}

async fn are_delivered(sink: &Sink, events: &[Accepted]) {
    sink.until("these events are delivered", |received| {
        let delivered: Vec<_> = received.iter().map(|received| received.json()["id"].clone()).collect();
        events.iter().all(|event| delivered.contains(&json!(event.id())))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_no_connection_is_free_clerks_are_told_so() {
    let load = Load::on(setup().start().await).await;
    for _ in 0..parts() {
        // Somebody keeps everybody from the log, so that each connection of each server waits.
        let url = load.f6().await.database.url(Role::Superuser);
        let mut lock = PgConnection::connect(&url).await.expect("the superuser may");
        // Whose statement has the one table and wants the other is in the way for a moment: a deadlock.
        while let Err(error) = lock.execute("BEGIN; LOCK TABLE event, head IN ACCESS EXCLUSIVE MODE").await {
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some("40P01"), "{error}");
            lock.execute("ROLLBACK").await.expect("the lock is given up");
        }
        load.notices(8).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        lock.execute("ROLLBACK").await.expect("the lock is gone");
        load.goes_well().await;
    }
    load.holds("no connection was free").await;
}
