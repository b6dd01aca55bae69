//! `graphql-transport-ws` to the letter, and server-sent events in distinct connections.

use serde_json::{Value, json};
use tests::{F6, Setup, Socket};

const PROTOCOL: Option<&str> = Some("graphql-transport-ws");
const FOLLOW: &str = "subscription { eventAdded { position } }";

fn code_of(error: &Value) -> &Value {
    &error["payload"][0]["extensions"]["code"]
}

#[tokio::test]
async fn a_connection_is_closed_with_the_code_of_what_went_wrong() {
    let f6 = Setup::default().env("F6_CONNECTION_INIT_TIMEOUT", "1").start().await;
    let ambtenaar = f6.ambtenaar();
    let closed = async |messages: &[&str]| {
        let mut socket = Socket::open(&f6.query, PROTOCOL, None).await;
        for message in messages {
            socket.say_as_it_stands(message).await;
        }
        socket.closed().await
    };
    let init = json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {}", ambtenaar.token()) } });
    let init = init.to_string();
    let subscribe = json!({ "type": "subscribe", "id": "a", "payload": { "query": FOLLOW } }).to_string();

    // Who does not say who connects
    assert_eq!(closed(&[]).await, (4408, "Connection initialisation timeout".to_owned()));
    // Who says it twice
    assert_eq!(closed(&[&init, &init]).await, (4429, "Too many initialisation requests".to_owned()));
    // Who asks before it was acknowledged
    assert_eq!(closed(&[&subscribe]).await, (4401, "Unauthorized".to_owned()));
    // Who uses an id twice
    assert_eq!(
        closed(&[&init, &subscribe, &subscribe]).await,
        (4409, "Subscriber for a already exists".to_owned())
    );
    // Who says what the protocol does not know
    for wrong in [
        "oeps",
        "{}",
        "{\"type\":\"start\",\"id\":\"a\"}",
        "{\"type\":\"subscribe\",\"id\":\"a\",\"payload\":{}}",
    ] {
        assert_eq!(closed(&[&init, wrong]).await.0, 4400, "{wrong}");
    }
    // Who has no token, or none that is accepted
    for wrong in [
        "{\"type\":\"connection_init\"}",
        "{\"type\":\"connection_init\",\"payload\":{\"Authorization\":\"Bearer x.y.z\"}}",
    ] {
        assert_eq!(closed(&[wrong]).await.0, 4403, "{wrong}");
    }
    // Who speaks the protocol of old, or none
    for legacy in [Some("graphql-ws"), None] {
        let mut socket = match legacy {
            // A server that does not choose is left by this client before it can hear why.
            Some(_) => continue,
            None => Socket::open(&f6.query, legacy, None).await,
        };
        assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
    }
}

#[tokio::test]
async fn the_token_may_stand_in_the_header_of_the_request() {
    let f6 = F6::start().await;
    let mut socket = Socket::open(&f6.query, PROTOCOL, Some(f6.ambtenaar().token())).await;
    socket.say(&json!({ "type": "connection_init" })).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    // And whoever asks whether the server is there is answered
    socket.say(&json!({ "type": "ping", "payload": { "at": 7 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "at": 7 } }));
    socket.say(&json!({ "type": "pong" })).await;

    // A token that is not accepted is refused before it comes to a WebSocket
    let request = reqwest::Client::new().get(f6.query.url("/graphql"));
    let request = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    .iter()
    .fold(request, |request, (name, value)| request.header(*name, *value));
    assert_eq!(request.bearer_auth("x.y.z").send().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn over_a_websocket_a_question_is_answered_and_what_is_wrong_is_an_error() {
    let f6 = F6::start().await;
    let mut socket = Socket::connect(&f6.query, f6.ambtenaar().token()).await;

    // A query has one answer
    socket.subscribe("1", "{ events { pageInfo { hasNextPage } } }").await;
    let answer = json!({ "data": { "events": { "pageInfo": { "hasNextPage": false } } } });
    assert_eq!(socket.hear().await, json!({ "type": "next", "id": "1", "payload": answer }));
    assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "1" }));

    // What is wrong with a document is told as it is for a question, and the connection stays
    for (document, code) in [
        ("subscription {", "PARSE_FAILED"),
        ("subscription { oeps }", "VALIDATION_FAILED"),
        ("subscription { eventAdded { oeps } }", "VALIDATION_FAILED"),
        ("subscription { eventAdded(after: 7) { position } }", "VALIDATION_FAILED"),
        ("subscription { eventAdded(filter: { oeps: 1 }) { position } }", "VALIDATION_FAILED"),
        ("subscription { a: eventAdded { position } b: eventAdded { position } }", "VALIDATION_FAILED"),
        ("subscription { ...F } fragment F on Subscription { eventAdded { position } }", "VALIDATION_FAILED"),
        ("subscription { eventAdded @skip(if: false) { position } }", "VALIDATION_FAILED"),
        ("mutation { oeps }", "VALIDATION_FAILED"),
    ] {
        socket.subscribe("2", document).await;
        let error = socket.hear().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("2")), "{document}: {error:#}");
        assert_eq!(code_of(&error), code, "{document}: {error:#}");
    }
    let deep =
        format!("subscription {{ eventAdded {}{}{} }}", "{ event ".repeat(25), "{ id }", " }".repeat(25));
    socket.subscribe("3", &deep).await;
    assert_eq!(code_of(&socket.hear().await), "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn there_may_be_so_many_and_no_more() {
    let setup = Setup::default().env("F6_MAX_SUBSCRIPTIONS", "2").env("F6_MAX_STREAMS", "2");
    let f6 = setup.start().await;
    let clerk = f6.ambtenaar();
    let mut socket = Socket::connect(&f6.query, clerk.token()).await;

    // Given two subscriptions over one connection, then the third is refused until one is complete
    socket.subscribe("1", FOLLOW).await;
    socket.subscribe("2", FOLLOW).await;
    socket.subscribe("3", FOLLOW).await;
    assert_eq!(code_of(&socket.hear().await), "TOO_MANY_SUBSCRIPTIONS");
    socket.say(&json!({ "type": "complete", "id": "1" })).await;
    socket.subscribe("1", FOLLOW).await;
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));

    // Given two connections, then the third is refused
    let _second = f6.events(Some(clerk.token()), FOLLOW).await.expect("a stream");
    let refused = f6.events(Some(clerk.token()), FOLLOW).await.map(drop).expect_err("no stream");
    assert_eq!(refused.status(), 503);
    let body: Value = serde_json::from_slice(&refused.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "TOO_MANY_CONNECTIONS");
}

#[tokio::test]
async fn a_web_page_of_another_site_opens_no_websocket_unless_it_is_named() {
    let f6 =
        Setup::default().env("F6_ALLOWED_ORIGINS", "https://balie.example,https://kcc.example").start().await;
    let opened = async |origin: &str| {
        let request = reqwest::Client::new().get(f6.query.url("/graphql")).header("origin", origin);
        let upgrade = request.header("connection", "upgrade").header("upgrade", "websocket");
        let upgrade = upgrade
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        upgrade.header("sec-websocket-protocol", "graphql-transport-ws").send().await.expect("an answer")
    };

    // When browsers connect for pages of the host itself, and of an origin that is named, then they may
    assert_eq!(opened(&format!("http://{}", f6.query.address())).await.status(), 101);
    assert_eq!(opened("https://kcc.example").await.status(), 101);

    // And for another site's page one may not, and is told so
    let refused = opened("https://elders.example").await;
    assert_eq!(refused.status(), 403);
    let body: Value = serde_json::from_slice(&refused.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "ORIGIN_NOT_ALLOWED");
    let message = body["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("https://elders.example"), "{message}");
}

#[tokio::test]
async fn server_sent_events_tell_results_and_what_is_wrong_and_then_that_it_is_complete() {
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    // A query has one answer
    let mut events =
        f6.events(Some(ambtenaar.token()), "{ events { edges { cursor } } }").await.expect("a stream");
    assert_eq!(events.next().await, ("next".to_owned(), json!({ "data": { "events": { "edges": [] } } })));
    assert_eq!(events.next().await.0, "complete");

    // What is wrong with a document is told in the stream
    let mut events = f6.events(Some(ambtenaar.token()), "subscription { oeps }").await.expect("a stream");
    assert_eq!(events.next().await.1["errors"][0]["extensions"]["code"], "VALIDATION_FAILED");
    assert_eq!(events.next().await.0, "complete");

    // Who has no token gets no stream
    let refused = f6.events(None, FOLLOW).await.map(drop).expect_err("no stream");
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn a_subscription_that_is_not_to_be_streamed_is_refused() {
    let f6 = F6::start().await;
    let answer = f6.clerk().query(FOLLOW, &json!({})).await;
    let complaint = answer.complaints().remove(0);
    assert_eq!(complaint.code, "VALIDATION_FAILED");
    assert!(complaint.message.contains("text/event-stream"), "{}", complaint.message);
    // The write API has none at all
    let answer = f6.ambtenaar().mutate(FOLLOW, &json!({})).await.expect("an answer");
    assert!(answer.complaints()[0].message.contains("the query API does"), "{:?}", answer.complaints());
}
