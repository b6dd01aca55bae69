//! Who has events delivered: durable subscriptions, their webhooks, and who manages them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use tests::{Accepted, Answer, F6, Principal, Received, Server, Sink, new_id};
use uuid::Uuid;

use crate::certified::Certified;
use crate::family::declare;

/// Has events delivered to a webhook, with more in the input than name and sink; answers with the payload.
pub(crate) async fn subscribe(system: &Principal<'_>, name: &str, sink: &Sink, more: Value) -> Value {
    subscribe_at(system, name, &sink.url(), more).await
}

/// Has events delivered to an address.
pub(crate) async fn subscribe_at(system: &Principal<'_>, name: &str, sink: &str, more: Value) -> Value {
    let mut input = json!({ "name": name, "sink": sink });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let mutation = "mutation($input: CreateSubscriptionInput!) { told: createSubscription(input: $input) { id name position secret } }";
    told(system, mutation, &json!({ "input": input })).await
}

/// Manages a subscription.
pub(crate) async fn manage(who: &Principal<'_>, mutation: &str, name: &str, more: &str) -> Value {
    let mutation = format!(
        "mutation {{ told: {mutation}(input: {{ name: \"{name}\" {more} }}) {{ paused position deliveries }} }}"
    );
    told(who, &mutation, &json!({})).await
}

async fn told(who: &Principal<'_>, mutation: &str, variables: &Value) -> Value {
    who.mutate(mutation, variables).await.expect("the write API answers").data()["told"].take()
}

/// The message with which a mutation is refused, with this code.
pub(crate) async fn refused(who: &Principal<'_>, mutation: &str, code: &str) -> String {
    complaint(&who.mutate(mutation, &json!({})).await.expect("the write API answers"), code)
}

/// The message of the only error of an answer, which has this code.
fn complaint(answer: &Answer, code: &str) -> String {
    let complaints = answer.complaints();
    assert_eq!(complaints.iter().map(|complaint| &*complaint.code).collect::<Vec<_>>(), [code]);
    complaints.into_iter().map(|complaint| complaint.message).collect()
}

/// What the query API tells of a subscription.
async fn shown(who: &Principal<'_>, name: &str) -> Value {
    let query = "query($name: String!) { subscription(name: $name) { name paused position failures lastError lastDeliveredAt
        backlog { behind pending parked } parked { position attempts lastError event { id status } } } }";
    who.query(query, &json!({ "name": name })).await.data()["subscription"].take()
}

/// Waits until what the query API tells of a subscription is so.
pub(crate) async fn until(who: &Principal<'_>, name: &str, so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let shown = shown(who, name).await;
        if so(&shown) {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to be so: {:#}", shown(who, name).await);
}

pub(crate) async fn claims_a_birth(f6: &F6, name: &str) -> Accepted {
    declare(&f6.ouder(), new_id(), "2026-01-01", name).await.accepted()
}

fn id_of(received: &Received) -> String {
    received.attribute("id").expect("every delivery has an id")
}

/// Holds the signature against the secret, as a consumer does.
pub(crate) fn is_signed(received: &Received, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
    let header = |name: &str| received.headers.get(name).expect("a signed delivery");
    mac.update(format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    mac.update(&received.body);
    *header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn an_event_is_delivered_as_a_cloud_event_that_is_signed_and_says_nothing_of_a_person() {
    // Given a system that has births delivered
    let f6 = F6::start().await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    let system = f6.principal("systeem");
    let births = json!({ "filter": { "eventTypes": ["Geboorte"] } });
    let made = subscribe(&system, "letters", &sink, births).await;

    // When a parent declares a birth
    let birth = claims_a_birth(&f6, "Dirk-Jan").await;

    // Then it is told what happened, when and in which order, by the NL GOV profile, and where to ask for more
    let received = sink.next().await;
    let event = received.json();
    let created_at = f6.one("event", birth.id()).ask("createdAt").await["createdAt"].clone();
    let expected = json!({
        "specversion": "1.0",
        "id": birth.id(),
        "source": "urn:nld:oin:00000099000000001000:systeem:burgerlijke-stand",
        "type": "nl.zonnendaal.burgerlijke-stand.geboorte.claim",
        "time": created_at,
        "sequence": "1",
        "sequencetype": "Integer",
        "dataref": event["dataref"],
    });
    assert_eq!(event, expected);
    let asked = reqwest::Client::new().get(event["dataref"].as_str().expect("a URL"));
    let answer: Value = asked
        .bearer_auth(f6.ambtenaar().token())
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(answer["data"]["event"]["eventData"]["naam"]["voornamen"], "Dirk-Jan", "{answer}");
    assert_eq!(received.headers["content-type"], "application/cloudevents+json; charset=utf-8");
    assert!(!String::from_utf8_lossy(&received.body).contains("Dirk-Jan"));

    // And whoever has the secret can tell that F6 sent it
    let secret = made["secret"].as_str().expect("the secret is shown when it is made");
    assert!(is_signed(&received, secret));
    assert!(!is_signed(&Received { body: b"{}".to_vec(), ..received }, secret));
}

#[tokio::test]
async fn over_tls_a_delivery_goes_to_a_sink_whose_certificate_is_trusted_alone() {
    // Given a sink that speaks TLS, with a certificate of an authority that the worker does not know
    let f6 = F6::start().await;
    let (sink, certified) = (Sink::start().await, Certified::new());
    let mut worker = f6.delivery(&[]).await;
    let url = format!("https://{}/events", certified.in_front_of(sink.address()).await);
    let system = f6.principal("systeem");
    subscribe_at(&system, "letters", &url, json!({})).await;
    claims_a_birth(&f6, "Dirk").await;

    // Then nothing is sent
    let stands = until(&system, "letters", |stands| stands["lastError"].is_string()).await;
    assert_eq!(stands["lastError"], "the sink cannot be reached, or its certificate is not trusted");
    assert!(sink.received().is_empty());

    // When the worker is told to trust that authority, then it is
    worker.restart(&[("SSL_CERT_FILE", &certified.authority)]).await;
    assert_eq!(sink.next().await.sequence(), 1);
}

#[tokio::test]
async fn in_binary_mode_the_attributes_are_headers() {
    let f6 = F6::start().await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    subscribe(&f6.principal("systeem"), "binary", &sink, json!({ "mode": "BINARY" })).await;

    let birth = claims_a_birth(&f6, "Dirk").await;

    let received = sink.next().await;
    assert_eq!(received.headers["ce-id"], birth.id().to_string());
    assert_eq!(received.headers["ce-type"], "nl.zonnendaal.burgerlijke-stand.geboorte.claim");
    assert_eq!((received.headers["ce-sequence"].as_str(), received.body.len()), ("1", 0));
}

#[tokio::test]
async fn what_an_event_says_is_delivered_to_who_is_entitled_and_asked_for_it_alone() {
    let f6 = F6::start().await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    subscribe(&f6.principal("systeem"), "data", &sink, json!({ "withData": true })).await;

    let birth = claims_a_birth(&f6, "Dirk").await;

    let event = sink.next().await.json();
    assert_eq!(event["data"]["eventData"]["naam"]["voornamen"], "Dirk");
    assert_eq!(
        (&event["data"]["id"], &event["datacontenttype"]),
        (&json!(birth.id()), &json!("application/json"))
    );
}

#[tokio::test]
async fn a_birth_is_delivered_when_it_comes_to_be_validated_and_when_it_no_longer_is() {
    // Given a system that acts on validated births
    let f6 = F6::start().await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    let validated = json!({ "filter": { "eventTypes": ["Geboorte"], "trust": ["VALIDATED"] } });
    subscribe(&f6.principal("systeem"), "bsn", &sink, validated).await;
    let birth = claims_a_birth(&f6, "Dirk").await;
    sink.silent().await;

    // When it is validated, and annulled later
    f6.ambtenaar().validate(&birth).await.accepted();
    let first = sink.next().await;
    f6.ambtenaar().annul(&birth).validated().await.accepted();
    let second = sink.next().await;

    // Then both are told, each with an id of its own
    let type_of = |received: &Received| received.attribute("type").expect("a type");
    assert_eq!(type_of(&first), "nl.zonnendaal.burgerlijke-stand.geboorte.validated");
    assert_eq!(type_of(&second), "nl.zonnendaal.burgerlijke-stand.geboorte.annulled");
    assert_eq!(second.attribute("previousstatus").as_deref(), Some("VALIDATED"));
    assert_eq!(id_of(&first), format!("{}.2", birth.id()));
    assert_eq!(id_of(&second), format!("{}.4", birth.id()));
}

#[tokio::test]
async fn what_a_sink_does_not_take_is_tried_again_and_nothing_of_that_person_overtakes_it() {
    // Given a sink that refuses a birth three times
    let f6 = F6::start().await;
    let mut refusals = 3;
    let sink = Sink::answering(move |received| {
        let first = received.sequence() == 1 && refusals > 0;
        refusals -= i32::from(first);
        if first { 500 } else { 204 }
    });
    let (sink, _worker) = (sink.await, f6.delivery(&[]).await);
    subscribe(&f6.principal("systeem"), "letters", &sink, json!({})).await;

    // When that child is born, and validated, and another child is born
    let birth = claims_a_birth(&f6, "Dirk").await;
    f6.ambtenaar().validate(&birth).await.accepted();
    claims_a_birth(&f6, "Anna").await;
    sink.until("all three are accepted", |received| {
        received.iter().filter(|received| received.status < 300).count() == 3
    })
    .await;

    // Then the first was tried four times, and its validation came after it
    let accepted: Vec<i64> = sink.accepted().iter().map(Received::sequence).collect();
    let at = |sequence| accepted.iter().position(|accepted| *accepted == sequence);
    assert!(at(1) < at(2), "{accepted:?}");
    assert_eq!(sink.received().iter().filter(|received| received.sequence() == 1).count(), 4);
    let stands = until(&f6.ambtenaar(), "letters", |stands| stands["backlog"]["pending"] == 0).await;
    assert_eq!((&stands["failures"], &stands["lastError"]), (&json!(0), &json!("the sink answered 500")));
}

#[tokio::test]
async fn what_fails_too_often_is_parked_until_somebody_tries_it_again() {
    // Given a sink that takes no births, and a worker that gives up after two tries
    let f6 = F6::start().await;
    let sink = Sink::answering(|received| if received.sequence() == 1 { 400 } else { 204 }).await;
    let _worker = f6.delivery(&[("F6_DELIVERY_ATTEMPTS", "2")]).await;
    let system = f6.principal("systeem");
    subscribe(&system, "letters", &sink, json!({})).await;
    let birth = claims_a_birth(&f6, "Dirk").await;
    f6.ambtenaar().validate(&birth).await.accepted();

    // When it has been tried twice, then it is told what was given up and why; its validation waits for it
    let stands = until(&system, "letters", |stands| stands["backlog"]["parked"] == 1).await;
    assert_eq!(stands["backlog"], json!({ "behind": 0, "pending": 1, "parked": 1 }));
    let parked = &stands["parked"][0];
    assert_eq!(parked["event"], json!({ "id": birth.id(), "status": "VALIDATED" }));
    assert_eq!((&parked["attempts"], &parked["lastError"]), (&json!(2), &json!("the sink answered 400")));
    assert!(sink.accepted().is_empty());

    // When the sink is mended, and it is tried again
    sink.answer(|_| 204);
    let again =
        manage(&system, "retryDeliveries", "letters", &format!("eventIds: [\"{}\"]", birth.id())).await;

    // Then both arrive, in order
    assert_eq!(again["deliveries"], 1);
    until(&system, "letters", |stands| stands["backlog"]["pending"] == 0).await;
    assert_eq!(sink.accepted().iter().map(Received::sequence).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn what_was_parked_can_be_left_out() {
    let f6 = F6::start().await;
    let sink = Sink::answering(|received| if received.sequence() == 1 { 400 } else { 204 }).await;
    let _worker = f6.delivery(&[("F6_DELIVERY_ATTEMPTS", "1")]).await;
    let system = f6.principal("systeem");
    subscribe(&system, "letters", &sink, json!({})).await;
    let birth = claims_a_birth(&f6, "Dirk").await;
    f6.ambtenaar().validate(&birth).await.accepted();
    until(&system, "letters", |stands| stands["backlog"]["parked"] == 1).await;

    let left_out = manage(&system, "skipDeliveries", "letters", "").await;

    assert_eq!(left_out["deliveries"], 1);
    until(&system, "letters", |stands| {
        stands["backlog"] == json!({ "behind": 0, "pending": 0, "parked": 0 })
    })
    .await;
    assert_eq!(sink.accepted().iter().map(Received::sequence).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn a_subscription_can_be_paused_and_resumed_and_misses_nothing() {
    let f6 = F6::start().await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    let system = f6.principal("systeem");
    subscribe(&system, "letters", &sink, json!({})).await;
    assert_eq!(manage(&system, "pauseSubscription", "letters", "").await["paused"], true);
    claims_a_birth(&f6, "Dirk").await;
    sink.silent().await;
    assert_eq!(shown(&system, "letters").await["backlog"]["behind"], 1);

    assert_eq!(manage(&system, "resumeSubscription", "letters", "").await["paused"], false);

    assert_eq!(sink.next().await.sequence(), 1);
}

#[tokio::test]
async fn the_past_is_delivered_to_who_begins_there_and_again_to_who_asks_for_it() {
    // Given two births before anybody subscribed
    let f6 = F6::start().await;
    claims_a_birth(&f6, "Dirk").await;
    claims_a_birth(&f6, "Anna").await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    let system = f6.principal("systeem");

    // When a system subscribes from the beginning, then it gets both
    subscribe(&system, "letters", &sink, json!({ "after": "0" })).await;
    let mut first = [sink.next().await, sink.next().await].map(|received| received.sequence());
    first.sort_unstable();
    assert_eq!(first, [1, 2]);

    // And the second again, with the same id, when it asks for it
    manage(&system, "replaySubscription", "letters", "after: \"1\"").await;
    let again = sink.next().await;
    let second = sink.received().into_iter().find(|received| received.sequence() == 2);
    assert_eq!(Some(id_of(&again)), second.map(|received| id_of(&received)));
}

#[tokio::test]
async fn a_subscription_that_is_deleted_gets_nothing_more() {
    let f6 = F6::start().await;
    let (sink, _worker) = (Sink::start().await, f6.delivery(&[]).await);
    let system = f6.principal("systeem");
    subscribe(&system, "letters", &sink, json!({})).await;

    manage(&system, "deleteSubscription", "letters", "").await;

    claims_a_birth(&f6, "Dirk").await;
    sink.silent().await;
    assert_eq!(shown(&system, "letters").await, Value::Null);
}

#[tokio::test]
async fn what_a_worker_had_in_hand_when_it_was_killed_is_delivered_by_another() {
    // Given a sink that answers nobody, and a worker that waits for it
    let f6 = F6::start().await;
    let quick = [("F6_DELIVERY_LEASE", "1.5"), ("F6_DELIVERY_TIMEOUT", "0.5")];
    let (sink, mut worker) = (Sink::answering(|_| 503).await, f6.delivery(&quick).await);
    subscribe(&f6.principal("systeem"), "letters", &sink, json!({})).await;
    let birth = claims_a_birth(&f6, "Dirk").await;
    sink.next().await;

    // When it is killed, and the sink recovers
    worker.kill();
    sink.answer(|_| 204);
    let _other = f6.delivery(&quick).await;

    // Then another delivers it
    sink.until("it is accepted", |received| received.iter().any(|received| received.status < 300)).await;
    assert_eq!(sink.accepted().iter().map(id_of).collect::<Vec<_>>(), [birth.id().to_string()]);
}

#[tokio::test]
async fn several_workers_share_the_load_and_keep_the_order_of_each_object() {
    // Given three workers, one of which is killed on the way, and 60 children of each of whom two events are registered
    let f6 = F6::start().await;
    let quick =
        [("F6_DELIVERY_LEASE", "1.5"), ("F6_DELIVERY_TIMEOUT", "0.5"), ("F6_DELIVERY_CONCURRENCY", "4")];
    let mut workers: Vec<Server> = Vec::new();
    for _ in 0..3 {
        workers.push(f6.delivery(&quick).await);
    }
    let sink = Sink::start().await;
    subscribe(&f6.principal("systeem"), "letters", &sink, json!({ "mode": "BINARY", "withData": true }))
        .await;
    for index in 0..60 {
        let birth = claims_a_birth(&f6, "Dirk").await;
        f6.ambtenaar().validate(&birth).await.accepted();
        if index == 20 {
            workers[0].kill();
        }
    }

    // When all is delivered
    until(&f6.ambtenaar(), "letters", |stands| {
        stands["backlog"] == json!({ "behind": 0, "pending": 0, "parked": 0 })
    })
    .await;

    // Then each arrived at least once, and of each child, for the first time, in order
    let mut first: BTreeMap<i64, usize> = BTreeMap::new();
    let mut of_child: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for (index, received) in sink.accepted().iter().enumerate() {
        if first.insert(received.sequence(), index).is_none() {
            let child: Uuid =
                serde_json::from_value(received.json()["objectIds"][0].clone()).expect("a child");
            of_child.entry(child).or_default().push(received.sequence());
        }
    }
    assert!(first.keys().copied().eq(1..=120), "{:?}", first.keys());
    assert!(of_child.values().all(|sequences| sequences.len() == 2 && sequences.is_sorted()), "{of_child:?}");
}

#[tokio::test]
async fn only_who_may_subscribe_does_and_nobody_sees_or_manages_what_others_have() {
    let f6 = F6::start().await;
    let sink = Sink::start().await;
    let (system, other, clerk) = (f6.principal("systeem"), f6.principal("systeem"), f6.ambtenaar());
    subscribe(&system, "letters", &sink, json!({})).await;
    let create = format!(
        "mutation {{ createSubscription(input: {{ name: \"letters\", sink: \"{}\" }}) {{ id }} }}",
        sink.url()
    );
    let pause = "mutation { pauseSubscription(input: { name: \"letters\" }) { id } }";

    // A citizen may not subscribe; no two subscriptions have one name
    let told = refused(&f6.burger(), &create, "FORBIDDEN").await;
    assert_eq!(told, "`burger` may not subscribe; who may: systeem");
    let told = refused(&f6.principal("systeem"), &create, "SUBSCRIPTION_EXISTS").await;
    assert!(told.starts_with("there is a subscription `letters` already"), "{told}");

    // Another system neither sees nor manages it; who manages subscriptions does both
    refused(&other, pause, "SUBSCRIPTION_UNKNOWN").await;
    assert_eq!(shown(&other, "letters").await, Value::Null);
    assert_eq!(shown(&clerk, "letters").await["name"], "letters");
    assert_eq!(manage(&clerk, "pauseSubscription", "letters", "").await["paused"], true);
    let told = complaint(&f6.burger().query("{ subscriptions { name } }", &json!({})).await, "FORBIDDEN");
    assert!(told.starts_with("`burger` may not see subscriptions"), "{told}");
}

#[tokio::test]
async fn a_subscription_that_cannot_work_is_refused_with_what_would() {
    let f6 = F6::start().await;
    let system = f6.principal("systeem");
    for (input, told) in [
        ("name: \"De zaak\", sink: \"https://c.example/\"", "`name`: `De zaak` is no name"),
        ("name: \"a\", sink: \"consumer\"", "`sink`: `consumer` is no address"),
        ("name: \"a\", sink: \"ftp://c.example/\"", "does not begin with https://"),
        ("name: \"a\", sink: \"https://c.example/\", after: \"7\"", "`after`: the log ends at 0, before 7"),
        ("name: \"a\", sink: \"https://c.example/\", after: \"x\"", "`input.after`: `x` is no position"),
        (
            "name: \"a\", sink: \"https://c.example/\", filter: { eventTypes: [\"Geboortte\"] }",
            "did you mean `Geboorte`?",
        ),
    ] {
        let mutation = format!("mutation {{ createSubscription(input: {{ {input} }}) {{ id }} }}");
        let message = refused(&system, &mutation, "VALIDATION_FAILED").await;
        assert!(message.contains(told), "{message}");
    }
}
