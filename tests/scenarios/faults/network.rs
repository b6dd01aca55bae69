//! Connections that break, that fall silent, and that there are not enough of.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};
use tests::{Database, Network, Role};

use super::load::{Load, setup};
use crate::soak::parts;

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
async fn while_no_connection_is_free_clerks_are_told_so() {
    let load = Load::on(setup().start().await).await;
    for _ in 0..parts() {
        // Somebody keeps everybody from the log, so that each connection of each server waits.
        let url = load.f6().await.database.url(Role::Superuser);
        let mut lock = PgConnection::connect(&url).await.expect("the superuser may");
        lock.execute("BEGIN; LOCK TABLE event, head IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
        load.notices(8).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        lock.execute("ROLLBACK").await.expect("the lock is gone");
        load.goes_well().await;
    }
    load.holds("no connection was free").await;
}
