//! `kill -9`, and a start with another config.

use std::collections::BTreeMap;

use super::load::{Load, setup};
use crate::soak::{Chance, parts};

/// How many rounds one part of ten has.
const ROUNDS: usize = 20;

/// How long a round lasts at most, before something is killed; in milliseconds.
const ROUND: u64 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_what_was_acknowledged_stands_once_and_in_order() {
    // Given clerks at work
    let mut chance = Chance::new();
    let load = Load::on(setup().own_cluster().start().await).await;

    // When a server or PostgreSQL is killed, again and again
    let mut kills: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..ROUNDS * parts() {
        tokio::time::sleep(chance.milliseconds(ROUND)).await;
        let victim = ["write-api", "write-api", "query-api", "PostgreSQL"][chance.index(4)];
        *kills.entry(victim).or_default() += 1;
        match victim {
            "write-api" => {
                let one = chance.index(2);
                load.f6().await.write[one].kill_in_use();
                load.alone().await.write[one].restart(&[]).await;
            }
            "query-api" => {
                load.f6().await.query.kill_in_use();
                load.alone().await.query.restart(&[]).await;
            }
            _ => load.restart_postgresql().await,
        }
    }

    // Then nothing is lost or doubled
    load.holds(&format!("killed {kills:?}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_again_with_another_config_disturbs_nobody() {
    // Given clerks at two servers
    let load = Load::on(setup().start().await).await;

    // When one after the other starts again with a config that has one rule more
    for round in 0..parts() {
        let file = {
            let f6 = load.f6().await;
            let config = std::fs::read_to_string(f6.file("write_config.yaml")).expect("the config");
            let file = f6.file(&format!("other-{round}.yaml"));
            let rule = format!(
                "    rules:\n      - {{ name: born-in-time-{round}, severity: warn, check: \"data.datum != null\", message: no day }}\n"
            );
            let (before, after) = config.split_once("  Geboorte:\n").expect("births are registered");
            let changed = format!("{before}  Geboorte:\n{}", after.replacen("    rules:\n", &rule, 1));
            std::fs::write(&file, changed).expect("a file of our own");
            file.display().to_string()
        };
        for server in 0..2 {
            let mut f6 = load.alone().await;
            f6.write[server].tell_to_stop();
            assert!(f6.write[server].ended_well(), "it finishes what it accepted");
            f6.write[server].restart(&[("F6_WRITE_CONFIG_PATH", &file)]).await;
        }
        load.alone().await.query.restart(&[("F6_WRITE_CONFIG_PATH", &file)]).await;
    }

    // Then nothing is lost or doubled
    load.holds("another config").await;
}
