//! Whoever follows the log, while everything that can be killed is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::Executor;
use tests::{F6, Received, Role, Server, Setup, Sink, new_id};
use tokio::sync::RwLock;
use uuid::Uuid;

use super::{Chance, parts};
use crate::deliveries::{subscribe, until};
use crate::family::birth;

/// How many events are registered in one part of ten, at least.
const EVENTS: i64 = 10_000;

/// How many register them at once.
const WRITERS: usize = 32;

/// How many follow live.
const SUBSCRIBERS: usize = 3;

/// How many births one command holds; each is claimed and validated.
const AT_ONCE: usize = 10;

/// How often, at most, something is killed; in milliseconds.
const BETWEEN_KILLS: u64 = 1_500;

/// How long to wait for what was killed.
const PAUSE: Duration = Duration::from_millis(50);

/// What writers, subscribers and killers share. Whoever starts a server again has it alone.
struct Shared {
    f6: RwLock<F6>,
    token: String,
    /// Where the writers stop.
    enough: AtomicBool,
    /// Where the log ends, when all writers have stopped; 0 before.
    end: AtomicI64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_follows_sees_each_event_once_and_in_order_whatever_is_killed() {
    // Given two write servers, subscribers that follow live, and one that has everything delivered by two workers
    let mut chance = Chance::new();
    let f6 = Setup::default().own_cluster().write_servers(2).start().await;
    let sink = Sink::start().await;
    subscribe(&f6.principal("systeem"), "soak", &sink, json!({ "mode": "BINARY", "withData": true })).await;
    let quick = [("F6_DELIVERY_LEASE", "3"), ("F6_DELIVERY_TIMEOUT", "1")];
    let mut workers = vec![f6.delivery(&quick).await, f6.delivery(&quick).await];
    let token = f6.ambtenaar().token().to_owned();
    let (enough, end) = (AtomicBool::new(false), AtomicI64::new(0));
    let shared = Arc::new(Shared { f6: RwLock::new(f6), token, enough, end });
    let seen: Vec<_> =
        (0..SUBSCRIBERS).map(|_| tokio::spawn(follow(Arc::clone(&shared), chance.branch()))).collect();

    // When 32 write at full speed, and servers, workers, subscribers and PostgreSQL are killed
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(Arc::clone(&shared), writer, chance.branch())))
        .collect();
    let kills =
        kill(&shared, &mut workers, &mut chance, EVENTS * i64::try_from(parts()).expect("a few")).await;
    shared.enough.store(true, Ordering::Relaxed);
    join_all(writers).await;
    let events = shared.f6.read().await.database.events().await;
    shared.end.store(events, Ordering::Relaxed);

    // Then every subscriber saw each event once, in order
    for seen in join_all(seen).await {
        let (seen, connections) = seen.expect("a subscriber goes on");
        assert!(seen.iter().copied().eq(1..=events), "{} seen of {events}", seen.len());
        eprintln!("a subscriber saw {events} events over {connections} connections");
    }
    // And everything was delivered at least once, of each child in order, and nothing is left to deliver
    let f6 = shared.f6.read().await;
    until(&f6.ambtenaar(), "soak", |stands| {
        stands["backlog"] == json!({ "behind": 0, "pending": 0, "parked": 0 })
    })
    .await;
    let again = were_delivered(&sink.accepted(), events);
    eprintln!("{events} events, {kills:?} killed; {again} deliveries came more than once");
}

/// Registers births until there are enough; some commands are refused as a whole, and some transactions of others rolled back.
async fn write(shared: Arc<Shared>, writer: usize, mut chance: Chance) {
    let mutation = "mutation($input: AppendInput!) { append(input: $input) { refusals { code } } }";
    while !shared.enough.load(Ordering::Relaxed) {
        let f6 = shared.f6.read().await;
        match chance.below(20) {
            0 => roll_back(&f6).await,
            wrong => {
                let day = if wrong == 1 { "2999-01-01" } else { "2026-01-01" };
                let claim = |day: &str| json!({ "claimGeboorte": { "data": birth(new_id(), day, "Dirk"), "validate": true } });
                let mut commands: Vec<Value> = (1..AT_ONCE).map(|_| claim("2026-01-01")).collect();
                commands.push(claim(day));
                let input = json!({ "input": { "commands": commands } });
                let answer = f6.mutate(writer % 2, Some(&shared.token), mutation, &input).await;
                drop(f6);
                if answer.is_err() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Somebody else's transaction, which had the head of the log, and is undone.
async fn roll_back(f6: &F6) {
    let Ok(mut connection) = f6.database.try_connect(Role::Write).await else { return };
    // It fails where PostgreSQL is being killed: then it is undone as well.
    let _ = connection.execute("BEGIN; UPDATE head SET position = position + 1; ROLLBACK").await;
}

/// Follows live until the end, each time from where it was.
async fn follow(shared: Arc<Shared>, mut chance: Chance) -> (Vec<i64>, usize) {
    let (mut seen, mut connections) = (Vec::new(), 0);
    loop {
        let end = shared.end.load(Ordering::Relaxed);
        if end > 0 && seen.len() >= usize::try_from(end).expect("a count") {
            return (seen, connections);
        }
        connections += 1;
        let patience = chance.milliseconds(8 * BETWEEN_KILLS);
        // Cut off at any moment, as if it were killed; what it kept is where it goes on.
        let _ = tokio::time::timeout(patience, read_on(&shared, &mut seen)).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads one stream until it breaks or the end is reached.
async fn read_on(shared: &Shared, seen: &mut Vec<i64>) -> Option<()> {
    let after = seen.last().copied().unwrap_or_default();
    let query = format!("subscription {{ eventAdded(after: \"{after}\") {{ position }} }}");
    let url = shared.f6.read().await.query.url("/graphql");
    let request = reqwest::Client::new().post(url).json(&json!({ "query": query }));
    let request = request.header("Accept", "text/event-stream").bearer_auth(&shared.token);
    let mut response = request.send().await.ok()?;
    let mut text = String::new();
    loop {
        text += std::str::from_utf8(&response.chunk().await.ok()??).ok()?;
        while let Some((message, rest)) = text.split_once("\n\n") {
            if let Some(position) = position(message) {
                seen.push(position);
            }
            text = rest.to_owned();
        }
        let end = shared.end.load(Ordering::Relaxed);
        if end > 0 && seen.last() == Some(&end) {
            return Some(());
        }
    }
}

fn position(message: &str) -> Option<i64> {
    let data = message.lines().find_map(|line| line.strip_prefix("data:"))?;
    let data: Value = serde_json::from_str(data.trim()).ok()?;
    data["data"]["eventAdded"]["position"].as_i64()
}

/// Kills one thing after the other until there are so many events; tells how often which was killed.
async fn kill(
    shared: &Shared,
    workers: &mut [Server],
    chance: &mut Chance,
    events: i64,
) -> BTreeMap<&'static str, usize> {
    let mut kills = BTreeMap::new();
    let mut idle = shared.f6.read().await.database.idle_transaction().await;
    loop {
        tokio::time::sleep(chance.milliseconds(BETWEEN_KILLS)).await;
        let victim = ["write-api", "query-api", "delivery", "PostgreSQL"][chance.index(4)];
        *kills.entry(victim).or_default() += 1;
        let one = chance.index(2);
        match victim {
            "write-api" => {
                shared.f6.read().await.write[one].kill_in_use();
                shared.f6.write().await.write[one].restart(&[]).await;
            }
            "query-api" => {
                shared.f6.read().await.query.kill_in_use();
                shared.f6.write().await.query.restart(&[]).await;
            }
            "delivery" => workers[one].restart(&[]).await,
            _ => {
                shared.f6.read().await.database.crash();
                idle = shared.f6.read().await.database.idle_transaction().await;
            }
        }
        let every = kills.len() == 4;
        if every && shared.f6.read().await.database.events().await >= events {
            drop(idle);
            return kills;
        }
    }
}

/// Holds what was delivered against what there is; how many deliveries came more than once.
fn were_delivered(accepted: &[Received], events: i64) -> usize {
    let mut first: BTreeSet<i64> = BTreeSet::new();
    let mut of_child: BTreeMap<Uuid, i64> = BTreeMap::new();
    for received in accepted {
        let sequence = received.sequence();
        if first.insert(sequence) {
            let child: Uuid =
                serde_json::from_value(received.json()["objectIds"][0].clone()).expect("a child");
            let before = of_child.insert(child, sequence);
            assert!(before.is_none_or(|before| before < sequence), "{child}: {before:?}, then {sequence}");
        }
    }
    assert!(first.iter().copied().eq(1..=events), "{} delivered of {events}", first.len());
    accepted.len() - first.len()
}
