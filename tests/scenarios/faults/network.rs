//! Connections that break, that fall silent, and that there are not enough of.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};
use tests::{Database, Role, Wire};

use super::load::{Load, setup};
use crate::soak::parts;

/// A database, and the wires of the write servers and of the query server to it.
async fn wired() -> (Load, [Wire; 2]) {
    let database = Database::create().await;
    let wires = [Wire::to(&database.url(Role::Write)).await, Wire::to(&database.url(Role::Query)).await];
    let setup = setup()
        .write_env("F6_WRITE_DATABASE_URL", &wires[0].url)
        .query_env("F6_QUERY_DATABASE_URL", &wires[1].url);
    (Load::on(setup.on(database).start().await).await, wires)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_connections_to_the_database_break_they_are_made_anew() {
    let (load, wires) = wired().await;
    for _ in 0..parts() {
        wires.iter().for_each(Wire::cut);
        load.notices(8).await;
        wires.iter().for_each(Wire::mend);
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
