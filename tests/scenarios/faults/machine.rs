//! A machine that stops, that has no room, that cannot write, and that does not know the time.

use std::time::Duration;

use tests::{Database, Faults};

use super::load::{Load, setup};
use crate::soak::parts;

/// How long a fault lasts that nobody is told of.
const A_WHILE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_frozen_clerks_are_told_so_and_then_it_goes_on() {
    let load = Load::on(setup().own_cluster().start().await).await;
    for _ in 0..parts() {
        load.f6().await.database.freeze();
        load.notices(8).await;
        load.f6().await.database.thaw();
        load.goes_well().await;
    }
    load.holds("PostgreSQL was frozen").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_is_full_nothing_is_acknowledged_that_is_not_kept() {
    let Some(database) = Database::on_small_disk(200).await else {
        eprintln!("not tried: this user may not mount a small disk");
        return;
    };
    let load = Load::on(setup().on(database).start().await).await;
    for _ in 0..parts() {
        load.f6().await.database.fill_disk();
        load.notices(8).await;
        load.f6().await.database.empty_disk();
        // PostgreSQL ends where it cannot go on; an operator starts it again.
        load.restart_postgresql().await;
        load.goes_well().await;
    }
    load.holds("the disk was full").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_can_be_made_durable_nothing_is_acknowledged() {
    let faults = Faults::none();
    let load = Load::on(setup().on(Database::faulty(&faults).await).start().await).await;
    for _ in 0..parts() {
        faults.begin("fsync");
        load.notices(8).await;
        faults.end();
        load.restart_postgresql().await;
        load.goes_well().await;
    }
    load.holds("fsync failed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_clock_of_the_database_says_moments_follow_each_other() {
    let faults = Faults::none();
    let load = Load::on(setup().on(Database::faulty(&faults).await).start().await).await;
    let (hour, year) = (3_600, 365 * 86_400);
    for _ in 0..parts() {
        for seconds in [5 * hour, -5 * hour, 3 * year, -3 * year, 0] {
            faults.begin(&format!("clock={seconds}"));
            tokio::time::sleep(A_WHILE).await;
            load.goes_well().await;
        }
    }
    load.holds("the clock of the database jumped").await;
}
