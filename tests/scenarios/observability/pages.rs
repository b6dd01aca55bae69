//! What is written for operators, held against what the servers export: the page, the alerts, the dashboard, the Compose file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::{F6, Sink, days_from_now, new_id, root};

use super::{ask, too_deep};
use crate::deliveries::{subscribe, until};
use crate::family::declare;

#[tokio::test]
async fn every_metric_is_explained_and_the_dashboard_and_the_alerts_use_no_other() {
    // Given an F6 in which everything happened once
    let f6 = F6::start().await;
    declare(&f6.ouder(), new_id(), &days_from_now(9), "Dirk").await.refused("FUTURE");
    for server in [&f6.write[0], &f6.query] {
        let answer = ask(server, &f6, &too_deep(), &[]).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer}");
    }
    let (sink, worker) = (Sink::start().await, f6.delivery(&[]).await);
    subscribe(&f6.principal("systeem"), "letters", &sink, json!({})).await;
    declare(&f6.ouder(), new_id(), "2026-01-01", "Anna").await.accepted();
    sink.next().await;
    until(&f6.ambtenaar(), "letters", |stands| stands["backlog"]["pending"] == 0).await;
    let (write, query) = (f6.write[0].metrics().await, f6.query.metrics().await);
    let delivery = worker.metrics().await;
    let (written, queried, delivered) = (write.types(), query.types(), delivery.types());
    let all = written.iter().chain(&queried).chain(&delivered);
    let exported: BTreeMap<&str, &str> = all.map(|(name, kind)| (*name, *kind)).collect();

    // Then docs/operations.md explains each where it belongs, and nothing else
    let [both, of_write, of_query] = ["both servers", "the write API", "the query API"].map(documented);
    assert_eq!(names(&written), both.union(&of_write).cloned().collect());
    assert_eq!(names(&queried), both.union(&of_query).cloned().collect());
    let of_delivery = documented("a delivery worker");
    assert!(of_delivery.is_subset(&names(&delivered)), "{delivered:?}");
    assert!(names(&delivered).is_subset(&both.union(&of_delivery).cloned().collect()), "{delivered:?}");
    // And what the dashboard and the alerts ask for is there
    for file in ["observe/grafana/dashboards/f6.json", "observe/alerts.yml"] {
        let used = used(&read(file));
        assert!(used.len() > 5, "{file}: {used:?}");
        for name in used {
            let base = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part));
            let of_histogram = base.is_some_and(|base| exported.get(base) == Some(&"histogram"));
            assert!(exported.contains_key(name.as_str()) || of_histogram, "{file} uses {name}");
        }
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let alerts = read("observe/alerts.yml");
    let alerts: BTreeSet<&str> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let page = read("docs/operations.md");
    let (_, section) = page.split_once("## Alerts\n").expect("the heading is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let explained = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(alerts, explained);
}

#[test]
fn the_compose_file_loads_the_dashboard_the_alerts_and_what_they_ask() {
    // Given what docker-compose.yml puts where, in the profile `observe`
    let compose = read("docker-compose.yml");
    let (_, observed) = compose.split_once("\n  prometheus:").expect("Prometheus comes first of those");
    let mounts: BTreeMap<&str, &str> = observed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ./")?.rsplit_once(":ro")?.0.split_once(':'))
        .collect();
    assert!(mounts.keys().all(|file| root().join(file).exists()), "{mounts:?}");
    // Then Prometheus finds the alerts, and both servers where they listen
    let asked = read("observe/prometheus.yml");
    assert!(asked.contains(mounts["observe/alerts.yml"]), "{mounts:?}");
    for (server, variable) in [("write", "F6_WRITE_BIND"), ("query", "F6_QUERY_BIND")] {
        let bind = format!("{variable}: 0.0.0.0:");
        let (_, rest) = compose.split_once(&bind).expect("it listens");
        let port = rest.split_whitespace().next().unwrap_or_default();
        assert!(asked.contains(&format!("\"{server}:{port}\"")), "{asked}");
    }
    // And Grafana finds the dashboard, and the sources that it asks
    assert_eq!(mounts["observe/grafana/provisioning"], "/etc/grafana/provisioning");
    let provider = read("observe/grafana/provisioning/dashboards/f6.yml");
    assert!(provider.contains(&format!("path: {}", mounts["observe/grafana/dashboards"])), "{provider}");
    let sources = read("observe/grafana/provisioning/datasources/f6.yml");
    let dashboard: Value = serde_json::from_str(&read("observe/grafana/dashboards/f6.json")).expect("JSON");
    for panel in dashboard["panels"].as_array().expect("panels").iter().filter(|panel| panel["type"] != "row")
    {
        let uid = panel["datasource"]["uid"].as_str().unwrap_or_else(|| panic!("{panel}"));
        assert!(sources.contains(&format!("uid: {uid}\n")), "{uid}");
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Metrics, each with its type.
fn names(types: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    types.iter().map(|(name, kind)| format!("{name} {kind}")).collect()
}

/// The first two cells of each row of the table of metrics of these servers.
fn documented(servers: &str) -> BTreeSet<String> {
    let page = read("docs/operations.md");
    let (_, section) = page.split_once(&format!("### Of {servers}\n")).expect("the heading is there");
    let section = section.split("\n##").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let metrics = rows.filter_map(|row| {
        let (name, rest) = row.split_once("` | ")?;
        let (kind, _) = rest.split_once(" |")?;
        ["counter", "gauge", "histogram"].contains(&kind).then(|| format!("{name} {kind}"))
    });
    metrics.collect()
}

/// The names of metrics in a text with expressions.
fn used(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("f6_") || word.starts_with("process_"));
    names.map(str::to_owned).collect()
}
