//! Connections that keep a server waiting, too many of them, and too much to do.

use std::time::Duration;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{F6, Scrape, Server, Setup, Socket, Wire, new_id};
use tokio::net::TcpStream;

use crate::family::birth;

/// What anybody with a token is answered at once.
const SMALL: &str = "{ __typename }";

/// A request for what has a long answer.
const LONG_ANSWER: &str = "GET /metrics HTTP/1.1\r\nhost: f6\r\n\r\n";

#[tokio::test]
async fn a_thousand_slow_connections_leave_both_servers_answering() {
    // Given servers that wait for nobody longer than a second
    let names = ["F6_HEADER_TIMEOUT", "F6_BODY_TIMEOUT", "F6_WRITE_TIMEOUT", "F6_SLOW_CONSUMER_TIMEOUT"];
    let setup = names.iter().fold(Setup::default(), |setup, name| setup.env(name, "1"));
    let f6 = setup.start().await;
    for server in [&f6.write[0], &f6.query] {
        // When 490 clients send half a head, 490 half a body, and 20 take nothing of what they ask for
        let mut slow = Slow::connect(server, f6.clerk().token()).await;

        // Then whoever asks meanwhile is answered, every time
        for _ in 0..20 {
            let answer = server.post(Some(f6.clerk().token()), json!({ "query": SMALL }).to_string()).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.data()["__typename"].is_string());
        }
        // And every slow client is let go: those with half a body are told so
        for heads in &mut slow.heads {
            assert_eq!(heads.ended().await, "");
        }
        for body in &mut slow.bodies {
            let told = body.hear().await;
            assert_eq!((told.status.as_u16(), code(&told.json())), (408, "BODY_TIMEOUT".to_owned()));
        }
        let ends = |reason| counted(server, "f6_connection_ends_total", ("reason", reason));
        until(async || (ends("header").await, ends("write").await) == (490.0, 20.0)).await;
        // And of all of them nothing is left but the connection that asks this
        until(async || server.metrics().await.sum("f6_connections", &[]) <= 2.0).await;
        assert_eq!(server.metrics().await.sum("f6_held_bytes", &[]), 0.0);
    }
}

/// A thousand clients who keep a server waiting.
struct Slow {
    heads: Vec<Wire<TcpStream>>,
    bodies: Vec<Wire<TcpStream>>,
    _deaf: Vec<Wire<TcpStream>>,
}

impl Slow {
    async fn connect(server: &Server, token: &str) -> Self {
        let body = format!("{}{{\"query\": ", post(token, 1_000));
        let half = async |text: &str| {
            let mut wire = Wire::open(server).await;
            wire.say(text).await;
            wire
        };
        let heads = join_all((0..490).map(|_| half("POST /graphql HTTP/1.1\r\nhost: f6\r\n"))).await;
        let bodies = join_all((0..490).map(|_| half(&body))).await;
        let deaf = join_all((0..20).map(async |_| {
            let mut wire = Wire::narrow(server).await;
            wire.say_what_is_taken(LONG_ANSWER.repeat(2_000)).await;
            wire
        }));
        Self { heads, bodies, _deaf: deaf.await }
    }
}

#[tokio::test]
async fn a_connection_more_than_there_may_be_waits_for_its_turn() {
    // Given a server with room for three, and three that say nothing
    let setup = Setup::default().write_env("F6_MAX_CONNECTIONS", "3");
    let f6 = setup.write_env("F6_WRITE_METRICS_BIND", "127.0.0.1:0").start().await;
    let silent =
        [Wire::open(&f6.write[0]).await, Wire::open(&f6.write[0]).await, Wire::open(&f6.write[0]).await];

    // When a fourth asks, then it waits
    let mut fourth = Wire::open(&f6.write[0]).await;
    fourth.say("GET /healthz HTTP/1.1\r\nhost: f6\r\n\r\n").await;
    let log = f6.write[0].log();
    let apart = log.split_whitespace().find(|word| word.starts_with("http://") && word.contains("/metrics"));
    let apart = apart.expect("the log tells where").trim_end_matches(',');
    until(async || Scrape::of(apart).await.sum("f6_connections_full_total", &[]) >= 1.0).await;
    // And it is answered once one of them ends
    let [one, _others @ ..] = silent;
    drop(one);
    assert_eq!(fourth.hear().await.status, StatusCode::OK);
}

#[tokio::test]
async fn connections_that_nobody_uses_make_room_for_one_that_asks() {
    // Given a server with room for two, and two that were answered and keep their connections
    let f6 = Setup::default().write_env("F6_MAX_CONNECTIONS", "2").start().await;
    let server = &f6.write[0];
    let mut idle = [Wire::open(server).await, Wire::open(server).await];
    for wire in &mut idle {
        wire.say("GET /healthz HTTP/1.1\r\nhost: f6\r\n\r\n").await;
        assert_eq!(wire.hear().await.status, StatusCode::OK);
    }

    // When a third asks, then it is answered, and both others have ended
    let mut third = Wire::open(server).await;
    third.say("GET /healthz HTTP/1.1\r\nhost: f6\r\n\r\n").await;
    assert_eq!(third.hear().await.status, StatusCode::OK);
    for wire in &mut idle {
        assert_eq!(wire.ended().await, "");
    }
}

#[tokio::test]
async fn a_websocket_outlives_the_time_outs_of_http() {
    // Given a WebSocket, and a connection that was used, on a server that lets go of the unused after a second
    let setup = Setup::default().env("F6_IDLE_TIMEOUT", "1").env("F6_HEADER_TIMEOUT", "1");
    let f6 = setup.start().await;
    let mut socket = Socket::connect(&f6.query, f6.clerk().token()).await;
    let mut wire = Wire::open(&f6.query).await;
    wire.say("GET /healthz HTTP/1.1\r\nhost: f6\r\n\r\n").await;
    assert_eq!(wire.hear().await.status, StatusCode::OK);

    // When the server has let go of the connection, then the WebSocket still answers
    assert_eq!(wire.ended().await, "");
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    assert_eq!(counted(&f6.query, "f6_connection_ends_total", ("reason", "idle")).await, 1.0);
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    let f6 = F6::start().await;
    for server in [&f6.write[0], &f6.query] {
        let mut wire = Wire::open(server).await;
        wire.say(format!("GET /healthz HTTP/1.1\r\nhost: f6\r\nx: {}", "x".repeat(100_000))).await;
        assert_eq!(wire.hear().await.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
}

#[tokio::test]
async fn whoever_is_turned_away_may_send_the_same_again_and_nothing_is_lost_or_doubled() {
    // Given a write server that works on two requests at once, and takes its time
    let busy = Setup::default().write_env("F6_INJECT_DELAY_BEFORE_COMMIT_MS", "1000");
    let f6 = busy.write_env("F6_MAX_IN_FLIGHT", "2").start().await;
    let (server, token) = (&f6.write[0], f6.clerk().token().to_owned());
    let claims: Vec<Value> = (0..8).map(|_| claim()).collect();

    // When eight commands come at once
    let mut connections = join_all(claims.iter().map(async |claim| {
        let mut wire = Wire::open(server).await;
        wire.say(request(&token, claim)).await;
        wire
    }))
    .await;
    // Then whoever watches over the server is answered all the same
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(reqwest::get(server.url(path)).await.expect("an answer").status(), 200, "{path}");
    }
    // And some are told to come again, with nothing of them done
    let answers = join_all(connections.iter_mut().map(Wire::hear)).await;
    let (done, away): (Vec<_>, Vec<_>) = answers.iter().partition(|heard| heard.status == StatusCode::OK);
    assert!(!done.is_empty() && !away.is_empty(), "{answers:#?}");
    for heard in &away {
        assert_eq!((heard.status.as_u16(), code(&heard.json())), (503, "SERVER_BUSY".to_owned()));
        assert_eq!(heard.header("retry-after"), Some("1"));
    }
    let shed = counted(server, "f6_requests_shed_total", ("what", "requests")).await;
    assert_eq!(shed, f64::from(u32::try_from(away.len()).expect("few")));
    assert_eq!(f6.database.events().await, i64::try_from(done.len()).expect("few"));

    // When all eight are sent again, one by one, then each is stored once
    for claim in &claims {
        let answer = server.post(Some(&token), claim.to_string()).await;
        assert_eq!(answer.complaints(), []);
    }
    assert_eq!(f6.database.events().await, 8);
}

#[tokio::test]
async fn bodies_share_the_memory_that_there_is_for_them() {
    // Given servers that hold 20,000 bytes of bodies, and a client that has sent 15,000 and goes no further
    let setup = Setup::default().env("F6_BODY_LIMIT", "20000").env("F6_MAX_HELD_BYTES", "20000");
    let f6 = setup.start().await;
    let token = f6.clerk().token().to_owned();
    for server in [&f6.write[0], &f6.query] {
        let mut slow = Wire::open(server).await;
        slow.say(format!("{}{}", post(&token, 20_000), " ".repeat(15_000))).await;
        until(async || server.metrics().await.sum("f6_held_bytes", &[]) >= 15_000.0).await;

        // When somebody sends 10,000 more, then it is told to come again, and a small request is answered
        let large = json!({ "query": SMALL, "variables": { "a": "x".repeat(10_000) } });
        let mut other = Wire::open(server).await;
        other.say(request(&token, &large)).await;
        let heard = other.hear().await;
        assert_eq!((heard.status.as_u16(), code(&heard.json())), (503, "SERVER_BUSY".to_owned()));
        assert_eq!(heard.header("retry-after"), Some("1"));
        let small = server.post(Some(&token), json!({ "query": SMALL }).to_string()).await;
        assert_eq!(small.status, StatusCode::OK);

        // When the slow client has left, then there is room
        drop(slow);
        until(async || server.metrics().await.sum("f6_held_bytes", &[]) == 0.0).await;
        assert_eq!(server.post(Some(&token), large.to_string()).await.status, StatusCode::OK);
        assert_eq!(counted(server, "f6_requests_shed_total", ("what", "bytes")).await, 1.0);
    }
}

/// A command with an id of its own.
fn claim() -> Value {
    let query = "mutation($input: ClaimGeboorteInput!) { claimGeboorte(input: $input) { refusals { code message } } }";
    let input = json!({ "id": new_id(), "data": birth(new_id(), "2026-01-01", "Dirk") });
    json!({ "query": query, "variables": { "input": input } })
}

/// A whole request with this body.
pub(crate) fn request(token: &str, body: &Value) -> String {
    let body = body.to_string();
    format!("{}{body}", post(token, body.len()))
}

/// The head of a request with so long a body.
fn post(token: &str, length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: f6\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

pub(crate) fn code(body: &Value) -> String {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {body}")).to_owned()
}

async fn counted(server: &Server, name: &str, label: (&str, &str)) -> f64 {
    server.metrics().await.sum(name, &[label])
}

/// Waits until this holds.
pub(crate) async fn until(holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it comes to hold");
}
