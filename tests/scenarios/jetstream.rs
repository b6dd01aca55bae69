//! Durable subscriptions whose events go to a stream of NATS JetStream, on a real server.

mod nats;

use std::collections::HashMap;

use serde_json::{Value, json};
use tests::F6;

use crate::certified::Certified;
use crate::deliveries::{claims_a_birth, is_signed, manage, refused, subscribe_at, until};
use nats::{Nats, Published};

/// What subjects begin with here.
const PREFIX: &str = "f6.events";

/// Workers that soon notice that nobody answers.
const QUICK: [(&str, &str); 2] = [("F6_DELIVERY_LEASE", "1.5"), ("F6_DELIVERY_TIMEOUT", "0.5")];

fn nothing_left(stands: &Value) -> bool {
    stands["backlog"] == json!({ "behind": 0, "pending": 0, "parked": 0 })
}

#[tokio::test]
async fn an_event_comes_into_the_stream_on_a_subject_of_its_own_as_a_cloud_event_that_is_signed() {
    // Given a stream, and a system that has everything brought to it
    let (f6, nats) = (F6::start().await, Nats::start().await);
    nats.make_stream(PREFIX).await;
    let _worker = f6.delivery(&[]).await;
    let system = f6.principal("systeem");
    let made = subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({})).await;

    // When a parent declares a birth
    let birth = claims_a_birth(&f6, "Dirk-Jan").await;
    until(&system, "stream", |stands| stands["lastDeliveredAt"].is_string() && nothing_left(stands)).await;

    // Then the stream has it, by the NATS binding, once for this subscription
    let stream = nats.published().await;
    let [Published { subject, received }] = &stream[..] else { panic!("{stream:?}") };
    assert_eq!(subject, "f6.events.geboorte.claim");
    assert_eq!(received.headers["Content-Type"], "application/cloudevents+json; charset=utf-8");
    assert_eq!(
        received.headers["Nats-Msg-Id"],
        format!("{}.{}", made["id"].as_str().expect("an id"), birth.id())
    );
    let event = received.json();
    assert_eq!(
        (&event["id"], &event["type"]),
        (&json!(birth.id()), &json!("nl.zonnendaal.burgerlijke-stand.geboorte.claim"))
    );
    assert!(!String::from_utf8_lossy(&received.body).contains("Dirk-Jan"));

    // And whoever has the secret can tell that F6 published it
    assert!(is_signed(received, made["secret"].as_str().expect("a secret")));
}

#[tokio::test]
async fn in_binary_mode_every_attribute_is_a_header_and_the_body_is_what_the_event_says() {
    let (f6, nats) = (F6::start().await, Nats::start().await);
    nats.make_stream(PREFIX).await;
    let _worker = f6.delivery(&[]).await;
    let system = f6.principal("systeem");
    subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({ "mode": "BINARY", "withData": true })).await;

    let birth = claims_a_birth(&f6, "Dirk").await;
    until(&system, "stream", |stands| stands["lastDeliveredAt"].is_string()).await;

    let received = nats.published().await.remove(0).received;
    assert_eq!(received.headers["ce-specversion"], "1.0");
    assert_eq!(received.headers["ce-id"], birth.id().to_string());
    assert_eq!(received.headers["ce-datacontenttype"], "application/json");
    assert_eq!(received.json()["eventData"]["naam"]["voornamen"], "Dirk");
}

#[tokio::test]
async fn worker_and_server_may_be_killed_and_the_stream_has_each_event_once_and_those_of_a_child_in_order() {
    // Given a stream, and a worker
    let (f6, mut nats) = (F6::start().await, Nats::start().await);
    nats.make_stream(PREFIX).await;
    let mut worker = f6.delivery(&QUICK).await;
    let more = json!({ "mode": "BINARY", "withData": true });
    subscribe_at(&f6.principal("systeem"), "stream", &nats.sink(PREFIX), more).await;

    // When 40 children are born and their births validated, while the worker, and then the server, is killed and started again
    for index in 0..40 {
        let birth = claims_a_birth(&f6, "Dirk").await;
        f6.ambtenaar().validate(&birth).await.accepted();
        match index {
            10 => worker.restart(&[]).await,
            20 => nats.kill(),
            25 => nats.restart(),
            _ => {}
        }
    }
    until(&f6.ambtenaar(), "stream", nothing_left).await;

    // Then the stream has all of it once, and of each child first that it was born
    let stream = nats.published().await;
    let mut sequences: Vec<i64> = stream.iter().map(|published| published.received.sequence()).collect();
    let mut of_child: HashMap<String, Vec<i64>> = HashMap::new();
    for Published { received, .. } in &stream {
        let child = received.json()["objectIds"][0].as_str().expect("a child").to_owned();
        of_child.entry(child).or_default().push(received.sequence());
    }
    assert!(of_child.values().all(|of_one| of_one.len() == 2 && of_one.is_sorted()), "{of_child:?}");
    sequences.sort_unstable();
    assert!(sequences.iter().copied().eq(1..=80), "{sequences:?}");
}

#[tokio::test]
async fn what_is_published_again_is_left_out_by_the_stream_and_what_another_subscription_publishes_is_not() {
    // Given a birth that came into the stream
    let (f6, nats) = (F6::start().await, Nats::start().await);
    nats.make_stream(PREFIX).await;
    let _worker = f6.delivery(&[]).await;
    let system = f6.principal("systeem");
    subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({})).await;
    claims_a_birth(&f6, "Dirk").await;
    let first = until(&system, "stream", |stands| stands["lastDeliveredAt"].is_string()).await;

    // When it is delivered again, then the stream has it once
    manage(&system, "replaySubscription", "stream", "after: \"0\"").await;
    let again =
        |stands: &Value| stands["lastDeliveredAt"] != first["lastDeliveredAt"] && nothing_left(stands);
    until(&system, "stream", again).await;
    assert_eq!(nats.published().await.len(), 1);

    // When another subscription has it brought there as well, then the stream has it of each
    subscribe_at(&system, "other", &nats.sink(PREFIX), json!({ "after": "0" })).await;
    until(&system, "other", |stands| stands["lastDeliveredAt"].is_string()).await;
    assert_eq!(nats.published().await.len(), 2);
}

#[tokio::test]
async fn what_no_stream_takes_is_parked_until_there_is_one() {
    // Given a server without a stream, and a worker that gives up after two tries
    let (f6, nats) = (F6::start().await, Nats::start().await);
    let _worker = f6.delivery(&[("F6_DELIVERY_ATTEMPTS", "2")]).await;
    let system = f6.principal("systeem");
    subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({})).await;
    claims_a_birth(&f6, "Dirk").await;

    // Then it is told what lacks, and how to make it
    let stands = until(&system, "stream", |stands| stands["backlog"]["parked"] == 1).await;
    let told = "no stream takes the subject `f6.events.geboorte.claim`; make one, such as with `nats stream add F6 --subjects 'f6.events.>'`";
    assert_eq!((&stands["lastError"], &stands["parked"][0]["attempts"]), (&json!(told), &json!(2)));

    // When there is one, and it is tried again, then it arrives
    nats.make_stream(PREFIX).await;
    assert_eq!(manage(&system, "retryDeliveries", "stream", "").await["deliveries"], 1);
    until(&system, "stream", nothing_left).await;
    assert_eq!(nats.published().await.len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_of_and_tried_again() {
    let (f6, mut nats) = (F6::start().await, Nats::start().await);
    nats.make_stream(PREFIX).await;
    nats.kill();
    let _worker = f6.delivery(&QUICK).await;
    let system = f6.principal("systeem");
    subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({})).await;
    claims_a_birth(&f6, "Dirk").await;
    let stands = until(&system, "stream", |stands| stands["lastError"].is_string()).await;
    assert_eq!(stands["lastError"], "the NATS server cannot be reached");

    nats.restart();

    until(&system, "stream", nothing_left).await;
    assert_eq!(nats.published().await.len(), 1);
}

#[tokio::test]
async fn a_server_is_shown_what_the_worker_was_given_for_it_and_nothing_else() {
    // Given a server that asks for a name and a password, which the worker has for another server alone
    let (f6, nats) = (F6::start().await, Nats::for_who_is("f6", "geheim").await);
    nats.make_stream(PREFIX).await;
    let file = f6.file("nats.password");
    std::fs::write(&file, "f6:geheim\n").expect("a file");
    let shown = |server: &str| format!("{server}={}", file.display());
    let mut worker = f6.delivery(&[("F6_NATS_CREDENTIALS", &shown("127.0.0.2:4222"))]).await;
    let system = f6.principal("systeem");
    subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({})).await;
    claims_a_birth(&f6, "Dirk").await;

    // Then it is not let in
    let stands = until(&system, "stream", |stands| stands["lastError"].is_string()).await;
    assert_eq!(
        stands["lastError"],
        "the NATS server does not let the worker in; see its F6_NATS_CREDENTIALS"
    );

    // When it is given them for this one, then it is
    worker.restart(&[("F6_NATS_CREDENTIALS", &shown(&nats.server()))]).await;
    until(&system, "stream", nothing_left).await;
    assert_eq!(nats.published().await.len(), 1);
    assert!(!worker.log().contains("geheim"));
}

#[tokio::test]
async fn a_worker_that_has_a_key_needs_leave_for_what_it_publishes_and_nothing_else() {
    let f6 = F6::start().await;
    let key = nkeys::KeyPair::new_user();
    let nats = Nats::for_who_has(&key.public_key(), PREFIX).await;
    nats.make_stream(PREFIX).await;
    let file = f6.file("nats.seed");
    std::fs::write(&file, key.seed().expect("a seed")).expect("a file");
    let shown = format!("{}={}", nats.server(), file.display());
    let _worker = f6.delivery(&[("F6_NATS_CREDENTIALS", &shown)]).await;
    let system = f6.principal("systeem");
    subscribe_at(&system, "stream", &nats.sink(PREFIX), json!({})).await;

    claims_a_birth(&f6, "Dirk").await;

    until(&system, "stream", |stands| stands["lastDeliveredAt"].is_string()).await;
    assert_eq!(nats.published().await.len(), 1);
}

#[tokio::test]
async fn over_tls_events_go_to_a_server_whose_certificate_is_trusted_alone() {
    // Given a server that speaks TLS, with a certificate of an authority that the worker does not know
    let f6 = F6::start().await;
    let certified = Certified::new();
    let nats = Nats::over_tls(&certified).await;
    nats.make_stream(PREFIX).await;
    let mut worker = f6.delivery(&[]).await;
    let system = f6.principal("systeem");
    let sink = nats.sink(PREFIX).replace("nats://", "tls://");
    subscribe_at(&system, "stream", &sink, json!({})).await;
    claims_a_birth(&f6, "Dirk").await;

    // Then nothing is published
    let stands = until(&system, "stream", |stands| stands["lastError"].is_string()).await;
    assert_eq!(stands["lastError"], "the NATS server cannot be reached, or its certificate is not trusted");

    // When the worker is told to trust that authority, then it is
    worker.restart(&[("SSL_CERT_FILE", &certified.authority)]).await;
    until(&system, "stream", nothing_left).await;
    assert_eq!(nats.published().await.len(), 1);
}

#[tokio::test]
async fn an_address_that_holds_a_password_or_names_no_subject_is_refused() {
    let f6 = F6::start().await;
    for (sink, told) in [
        ("nats://f6:geheim@nats.example/f6", "`sink`: an address holds neither name nor password"),
        ("nats://nats.example", "`sink`: `nats://nats.example` names no subject"),
        ("nats://nats.example/f6.>", "names no subject"),
        ("nats://nats.example/$JS.API.STREAM.PURGE.F6", "names no subject"),
    ] {
        let mutation =
            format!("mutation {{ createSubscription(input: {{ name: \"a\", sink: \"{sink}\" }}) {{ id }} }}");
        let message = refused(&f6.principal("systeem"), &mutation, "VALIDATION_FAILED").await;
        assert!(message.contains(told) && !message.contains("geheim"), "{message}");
    }
}
