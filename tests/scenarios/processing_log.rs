//! The processing log (Logboek Dataverwerkingen): who did what with whose data, and no answer without it.

mod kept;

use serde_json::{Value, json};
use sqlx::Executor;
use tests::{Database, F6, History, Principal, Role, Server, Setup, Sink, new_id};
use uuid::Uuid;

use crate::deliveries::{subscribe, until};
use crate::family::{address, adult, birth, issue_bsn, marriage, move_to};

const READING: &str = "https://www.zonnendaal.example/verwerkingen/verstrekking-burgerlijke-stand";
const REGISTERING: &str = "https://www.zonnendaal.example/verwerkingen/bijhouding-burgerlijke-stand";
const OWN: &str = "https://www.zonnendaal.example/verwerkingen/inzage-door-betrokkene";
const INSPECTING: &str = "https://www.zonnendaal.example/verwerkingen/toezicht-op-verwerkingen";

/// Anna, who is married to Bram and lives somewhere with their child; and Bea, of whom only the birth is known.
struct Known {
    anna: Uuid,
    bram: Uuid,
    kind: Uuid,
    bea: Uuid,
}

impl Known {
    fn to(f6: &F6) -> Self {
        let mut history = History::beginning("2015-01-01T09:00:00Z");
        let [anna, bram, bea] = std::array::from_fn(|_| adult(&mut history));
        let (kind, adres) = (new_id(), address(&mut history));
        history.fact("Huwelijk", marriage(anna, bram, "2010-05-05"));
        history.fact("Verhuizing", move_to(anna, adres, "2012-01-01"));
        let mut born = birth(kind, "2013-01-01", "Dirk");
        born["moeder"] = json!(anna);
        history.fact("Geboorte", born);
        f6.import(&history);
        Self { anna, bram, kind, bea }
    }
}

/// Who watches over how data are processed.
fn auditor(f6: &F6) -> Principal<'_> {
    f6.principal("toezichthouder")
}

/// What was done with somebody's data, oldest first, without that it was looked at.
async fn records(f6: &F6, subject: Uuid) -> Vec<Value> {
    let asked = "query($id: UUID!) { processingRecords(subject: $id, first: 500) { edges { node {
        name status processingActivityId dataSubjectId dataSubjectIdType sourceId sourceType organisation
        traceId spanId parentSpanId foreignSpanId resource startedAt endedAt } } } }";
    let answer = auditor(f6).query(asked, &json!({ "id": subject })).await.data();
    let edges = answer["processingRecords"]["edges"].as_array().expect("a page").clone();
    let nodes = edges.into_iter().rev().map(|edge| edge["node"].clone());
    nodes.filter(|record| record["processingActivityId"] != INSPECTING).collect()
}

/// The same, told shortly.
async fn told(f6: &F6, subject: Uuid) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let records = records(f6, subject).await;
    records.iter().map(|record| (text(&record["name"]), text(&record["status"]))).collect()
}

/// The same, without what was only looked at.
async fn done(f6: &F6, subject: Uuid) -> Vec<(String, String)> {
    let mut told = told(f6, subject).await;
    told.retain(|(name, _)| !name.starts_with("read"));
    told
}

/// What is said where somebody died.
fn dies(person: Uuid) -> Value {
    dies_on(person, "2020-01-01")
}

fn dies_on(person: Uuid, day: &str) -> Value {
    json!({ "overledene": person, "datum": day })
}

fn one(name: &str, status: &str) -> Vec<(String, String)> {
    these([(name, status)])
}

fn these<const N: usize>(records: [(&str, &str); N]) -> Vec<(String, String)> {
    records.into_iter().map(|(name, status)| (name.to_owned(), status.to_owned())).collect()
}

#[tokio::test]
async fn each_person_whose_data_an_answer_holds_has_a_record() {
    // Given a family
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();

    // When a clerk reads of Anna, and of whom her data name
    let asked = "naam { voornamen } partner { naam { voornamen } } kinderen { naam { voornamen } } woont { adres { straat } }";
    f6.one("uittreksel", known.anna).by(&clerk).ask(asked).await;

    // Then there is a record for each of the three, and for nobody else; an address is no person
    let of_anna = records(&f6, known.anna).await;
    assert_eq!(told(&f6, known.anna).await, one("read Uittreksel", "OK"));
    assert_eq!(told(&f6, known.bram).await, one("read Verwant", "OK"));
    assert_eq!(told(&f6, known.kind).await, one("read Verwant", "OK"));
    assert_eq!(told(&f6, known.bea).await, []);
    let all = "SELECT count(*) FROM processing_record WHERE name IN ('read Uittreksel', 'read Verwant', 'read Adres')";
    assert_eq!(f6.database.value::<i64>(all).await, 3);

    // And it says who, as part of what, and where in which trace
    let record = &of_anna[0];
    for (field, expected) in [
        ("processingActivityId", json!(READING)),
        ("dataSubjectId", json!(known.anna)),
        ("dataSubjectIdType", json!("Persoon")),
        ("sourceId", json!(clerk.id)),
        ("sourceType", json!("ambtenaar")),
        ("organisation", json!("00000099000000001000")),
        ("resource", json!("query-api 0.1.0")),
        ("foreignSpanId", Value::Null),
    ] {
        assert_eq!(record[field], expected, "{field} of {record:#}");
    }
    let of_bram = records(&f6, known.bram).await;
    assert_eq!(record["traceId"], of_bram[0]["traceId"]);
    assert_eq!(record["parentSpanId"], of_bram[0]["parentSpanId"]);
    assert_ne!(record["spanId"], of_bram[0]["spanId"]);
}

#[tokio::test]
async fn whatever_shows_somebody_is_in_the_log() {
    // Given a family, and a claim that waits
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();
    let chosen = json!({ "kind": known.kind, "naam": { "geslachtsnaam": "Pieters" }, "datum": "2021-01-01" });
    let open = clerk.claim("Naamskeuze", chosen).await.accepted();
    let search = "searchUittreksels(where: { geslachtsnaam: \"Jansen\" }) { edges { node { bsn } } }";

    for (asked, subject, name) in [
        ("uittreksels(ids: [$id]) { bsn }", known.anna, "read Uittreksel"),
        ("persoon(id: $id) { history { partner { value { id } } } }", known.bram, "read Persoon"),
        (search, known.bram, "read Uittreksel"),
        ("events(objectId: $id) { edges { node { eventType } } }", known.bram, "read Huwelijk"),
        ("workList { edges { node { kind } } }", known.kind, "read Naamskeuze"),
        (
            "compare(id: $id, from: { asOf: \"2009-01-01\" }, to: {}) { field after }",
            known.bram,
            "read Persoon",
        ),
        ("whatIf(exclude: []) { persoon(id: $id) { id } }", known.anna, "read Persoon"),
    ] {
        // When a clerk asks for it
        let of = |told: Vec<(String, String)>| told.iter().filter(|(told, _)| told == name).count();
        let before = of(told(&f6, subject).await);
        let query = format!("query($id: UUID!) {{ {asked} adres(id: $id) {{ id }} }}");
        clerk.query(&query, &json!({ "id": known.anna })).await.data();

        // Then there is one record more of it
        assert_eq!(of(told(&f6, subject).await), before + 1, "{asked}");
    }

    // And of what follows from an event
    let consequences = "query($id: UUID!) { consequences(eventId: $id) { objects { id } } }";
    let validated = f6.ambtenaar().validate(&open).await.accepted();
    let before = told(&f6, known.kind).await.len();
    clerk.query(consequences, &json!({ "id": validated.id() })).await.data();
    assert_eq!(told(&f6, known.kind).await.len(), before + 1);
}

#[tokio::test]
async fn who_asks_for_what_they_may_not_see_is_in_the_log() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let burger = f6.person("burger", known.bea);

    // When Bea asks for the data of Anna, and claims something of her
    let asked =
        "query($id: UUID!) { mijnGegevens(id: $id) { bsn } events(objectId: $id) { edges { cursor } } }";
    burger.query(asked, &json!({ "id": known.anna })).await.error_at("FORBIDDEN");
    burger.claim("Verhuizing", move_to(known.anna, new_id(), "2021-01-01")).await.forbidden();

    // Then that stands in the log of Anna, as it ended
    let expected = [("read MijnGegevens", "DENIED"), ("claim Verhuizing", "DENIED")];
    assert_eq!(told(&f6, known.anna).await, these(expected));
    assert_eq!(records(&f6, known.anna).await[0]["processingActivityId"], OWN);
}

#[tokio::test]
async fn each_person_whom_a_command_is_about_has_a_record() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();

    // When a clerk registers a death, and then once more, and annuls it
    let death = clerk.claim("Overlijden", dies(known.bea)).validated().await.accepted();
    clerk.claim("Overlijden", dies_on(known.bea, "2021-01-01")).validated().await.refused("RULE");
    clerk.annul(&death).await.accepted();

    // Then each is a record: a claim and its judgement, a refusal, and a correction
    let expected = [
        ("claim Overlijden", "OK"),
        ("validate Overlijden", "OK"),
        ("claim Overlijden", "REFUSED"),
        ("annul Overlijden", "OK"),
    ];
    assert_eq!(done(&f6, known.bea).await, these(expected));
    assert_eq!(records(&f6, known.bea).await[0]["processingActivityId"], REGISTERING);

    // And the clash of the second shows the event that it clashes with
    let told = told(&f6, known.bea).await;
    assert!(told.contains(&("read Overlijden".to_owned(), "OK".to_owned())), "{told:?}");
    // An event type may be part of an activity of its own
    clerk
        .claim("BsnToegekend", json!({ "persoon": known.anna, "bsn": tests::bsn(1) }))
        .validated()
        .with("occurredAt", json!("2026-01-07T10:00:00Z"))
        .await
        .accepted();
    let issued = records(&f6, known.anna).await;
    assert_eq!(
        issued[0]["processingActivityId"],
        "https://www.zonnendaal.example/verwerkingen/toekennen-burgerservicenummer"
    );
}

#[tokio::test]
async fn an_event_and_its_record_are_committed_together() {
    // Given two clerks
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let (one, other) = (f6.ambtenaar(), f6.ambtenaar());

    // When each registers a death, both at once
    tokio::join!(one.register("Overlijden", dies(known.anna)), other.register("Overlijden", dies(known.bea)),);

    // Then each claim and each judgement has one record of its own clerk, of the same transaction
    let together = "SELECT count(*) FROM event e JOIN processing_record r ON r.xmin = e.xmin AND r.source_id = e.event_source_id
        WHERE r.name = CASE e.event_kind WHEN 'Claim' THEN 'claim ' ELSE 'validate ' END || e.event_type";
    assert_eq!(f6.database.value::<i64>(together).await, 4);
    for (person, clerk) in [(known.anna, &one), (known.bea, &other)] {
        let expected = [("claim Overlijden", "OK"), ("validate Overlijden", "OK")];
        assert_eq!(done(&f6, person).await, these(expected));
        assert!(records(&f6, person).await.iter().all(|record| record["sourceId"] == json!(clerk.id)));
    }
    let written: i64 =
        f6.database.value("SELECT count(*) FROM processing_record WHERE resource LIKE 'write-api %'").await;
    let counted: f64 = f6.write[0].metrics().await.sum("f6_processing_records_total", &[]);
    assert_eq!(counted.to_string(), written.to_string());
}

#[tokio::test]
async fn a_command_that_is_sent_again_is_in_the_log_again() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();

    // When a clerk only tries a command, and then gives it twice
    let death = clerk.claim("Overlijden", dies(known.bea)).id(new_id());
    death.clone().dry_run().await.accepted();
    death.clone().await.accepted();
    death.await.accepted();

    // Then the first is a look, and each of the others stands as what it is
    let expected = [("read Overlijden", "OK"), ("claim Overlijden", "OK"), ("claim Overlijden", "OK")];
    assert_eq!(told(&f6, known.bea).await, these(expected));
}

#[tokio::test]
async fn a_log_in_a_database_of_its_own_is_written_before_the_answer_leaves() {
    // Given a log that stands elsewhere
    let elsewhere = Database::create().await;
    let log = "F6_PROCESSING_LOG_DATABASE_URL";
    let setup = Setup::default().write_env(log, &elsewhere.url(Role::Write));
    let f6 = setup.query_env(log, &elsewhere.url(Role::Query)).start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();

    // When a clerk registers something, then its record stands there and not beside the event
    clerk.claim("Overlijden", dies(known.bea)).await.accepted();
    assert_eq!(told(&f6, known.bea).await, one("claim Overlijden", "OK"));
    assert_eq!(f6.database.value::<i64>("SELECT count(*) FROM processing_record").await, 0);

    // When that log takes no records, then something may have been registered, and nobody is told
    let mut superuser = elsewhere.connect(Role::Superuser).await;
    superuser.execute("REVOKE INSERT ON processing_record FROM f6_write").await.expect("the superuser may");
    let (id, events) = (new_id(), f6.database.events().await);
    let death = clerk.claim("Overlijden", dies(known.anna)).id(id);
    assert_eq!(death.send().await.expect("an answer").status, 503);
    assert_eq!(f6.database.events().await, events + 1);

    // And the same command once more writes its record
    superuser.execute("GRANT INSERT ON processing_record TO f6_write").await.expect("the superuser may");
    death.await.accepted();
    assert_eq!(done(&f6, known.anna).await, one("claim Overlijden", "OK"));
    assert_eq!(f6.database.events().await, events + 1);
}

#[tokio::test]
async fn whom_a_refusal_clashes_with_is_in_the_log_where_it_is_asked_for() {
    // Given somebody who died
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();
    clerk.claim("Overlijden", dies(known.bea)).validated().await.accepted();

    for (asked, read) in [("code", 0), ("because { id }", 1)] {
        // When a clerk registers another death, and asks for the reason, or also for the events that it clashes with
        let of =
            |told: Vec<(String, String)>| told.iter().filter(|(name, _)| name == "read Overlijden").count();
        let before = of(told(&f6, known.bea).await);
        let again = format!(
            "mutation($data: OverlijdenData!) {{ claimOverlijden(input: {{ data: $data, validate: true }}) {{ refusals {{ {asked} }} }} }}"
        );
        clerk
            .mutate(&again, &json!({ "data": dies_on(known.bea, "2021-01-01") }))
            .await
            .expect("an answer")
            .data();

        // Then those are read in the one case alone
        assert_eq!(of(told(&f6, known.bea).await), before + read, "{asked}");
    }
}

#[tokio::test]
async fn each_message_of_a_subscription_is_in_the_log() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();

    // Given somebody who follows Anna, and all events
    let mut anna = clerk.subscribe(&format!("uittrekselChanged(id: \"{}\") {{ changed }}", known.anna)).await;
    anna.next().await;
    assert_eq!(told(&f6, known.anna).await, one("read Uittreksel", "OK"));
    let mut events = clerk.subscribe("eventAdded { event { id } }").await;

    // When she chooses by which name she is called
    f6.ambtenaar()
        .register("Naamgebruik", json!({ "persoon": known.anna, "naamgebruik": "E", "datum": "2021-01-01" }))
        .await;
    anna.next().await;
    events.take(2).await;

    // Then each message that told of it is a record
    let told = told(&f6, known.anna).await;
    let of = |name: &str| told.iter().filter(|(told, _)| told == name).count();
    assert_eq!(of("read Uittreksel"), 2, "{told:?}");
    // A claim and its judgement
    assert_eq!(of("read Naamgebruik"), 2, "{told:?}");
}

#[tokio::test]
async fn without_the_log_there_is_no_answer_and_with_it_there_is() {
    // Given a log that takes no records
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();
    let mut superuser = f6.database.connect(Role::Superuser).await;
    superuser
        .execute("REVOKE INSERT ON processing_record FROM f6_query, f6_write")
        .await
        .expect("the superuser may");

    // When a clerk reads, then nothing is told of anybody
    let asked = "query($id: UUID!) { uittreksel(id: $id) { naam { voornamen } } }";
    let answer = clerk.query(asked, &json!({ "id": known.anna })).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "PROCESSING_LOG_UNAVAILABLE");
    assert!(answer.json().get("data").is_none(), "{:#}", answer.json());

    // Nor to who may not read
    let burger = f6.person("burger", known.bea);
    let denied = burger
        .query("query($id: UUID!) { mijnGegevens(id: $id) { bsn } }", &json!({ "id": known.anna }))
        .await;
    assert_eq!(denied.status, 503);

    // And what has nothing to do with a person is answered
    clerk.query("{ subscriptions { id } }", &json!({})).await.data();

    // When a clerk registers something, then nothing is registered
    let (id, events) = (new_id(), f6.database.events().await);
    let death = clerk.claim("Overlijden", dies(known.bea)).id(id);
    let answer = death.send().await.expect("an answer");
    assert_eq!(answer.status, 503);
    assert_eq!(f6.database.events().await, events);

    superuser
        .execute("GRANT INSERT ON processing_record TO f6_query, f6_write")
        .await
        .expect("the superuser may");
    death.await.accepted();
    clerk.query(asked, &json!({ "id": known.anna })).await.data();
    assert_eq!(told(&f6, known.bea).await, one("claim Overlijden", "OK"));
    assert_eq!(told(&f6, known.anna).await, one("read Uittreksel", "OK"));
    let withheld = f6.query.metrics().await.sum("f6_processing_log_withheld_total", &[]);
    assert_eq!(withheld, 2.0);
}

#[tokio::test]
async fn a_message_that_is_withheld_is_told_to_who_subscribes_again() {
    let f6 = F6::start().await;
    Known::to(&f6);
    let clerk = f6.ambtenaar();
    let follow = |after: i64| format!("eventAdded(after: \"{after}\") {{ position event {{ id }} }}");
    let first = clerk.subscribe(&follow(0)).await.next().await;
    assert_eq!(first["position"], 1);

    // Given a log that takes no records
    let mut superuser = f6.database.connect(Role::Superuser).await;
    superuser.execute("REVOKE INSERT ON processing_record FROM f6_query").await.expect("the superuser may");

    // Then a subscription ends, and says why
    let ended = clerk.subscribe(&follow(1)).await.error().await;
    assert_eq!(ended["extensions"]["code"], "PROCESSING_LOG_UNAVAILABLE", "{ended:#}");

    // And goes on where it was once the log can be written
    superuser.execute("GRANT INSERT ON processing_record TO f6_query").await.expect("the superuser may");
    assert_eq!(clerk.subscribe(&follow(1)).await.next().await["position"], 2);
}

#[tokio::test]
async fn a_delivery_that_says_what_happened_is_in_the_log_before_it_goes() {
    // Given a system to which deliveries may carry data, and a log that takes no records
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let (sink, system) = (Sink::start().await, f6.principal("systeem"));
    let chosen =
        json!({ "filter": { "eventTypes": ["BsnToegekend"], "eventKinds": ["Claim"] }, "withData": true });
    subscribe(&system, "numbers", &sink, chosen).await;
    let mut superuser = f6.database.connect(Role::Superuser).await;
    superuser
        .execute("REVOKE INSERT ON processing_record FROM f6_delivery")
        .await
        .expect("the superuser may");
    let _worker = f6.delivery(&[]).await;

    // When somebody gets a number, then nothing is delivered
    issue_bsn(&f6.ambtenaar(), known.anna, 1).validated().await.accepted();
    let waits = |shown: &Value| shown["failures"] != 0;
    let shown = until(&system, "numbers", waits).await;
    assert_eq!(shown["lastError"], "the processing log cannot be written");

    // And it is when the log takes records, in whose trace it stands
    superuser.execute("GRANT INSERT ON processing_record TO f6_delivery").await.expect("the superuser may");
    let received = sink.next().await;
    let records = records(&f6, known.anna).await;
    let delivered: Vec<&Value> =
        records.iter().filter(|record| record["name"] == "deliver BsnToegekend").collect();
    assert_eq!(delivered.len(), 1, "{records:#?}");
    assert_eq!(delivered[0]["sourceId"], json!(system.id));
    let header = received.headers.get("traceparent").expect("a trace");
    let trace = delivered[0]["traceId"].as_str().expect("a trace");
    assert!(header.contains(trace), "{header} is not of {trace}");
}

#[tokio::test]
async fn a_record_stands_in_the_trace_of_its_request_and_in_the_activity_that_it_names() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();
    let look = format!("{{ uittreksel(id: \"{}\") {{ id }} }}", known.anna);
    let register = format!(
        "mutation {{ claimOverlijden(input: {{ data: {{ overledene: \"{}\", datum: \"2020-01-01\" }} }}) {{ events {{ id }} }} }}",
        known.anna
    );
    let ask = async |(server, asked): (&Server, &str), activity: &str| {
        let query = json!({ "query": asked });
        let request = reqwest::Client::new().post(server.url("/graphql")).bearer_auth(clerk.token());
        let request =
            request.header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let request = request.header("dpl-core-processing-activity-id", activity).json(&query);
        request.send().await.expect("an answer")
    };

    // When a request is a step of a caller's trace, and part of an activity that the config knows
    for (asked, activity, expected) in [
        ((&f6.query, &*look), "bijhouding", REGISTERING),
        ((&f6.query, &*look), REGISTERING, REGISTERING),
        ((&f6.write[0], &*register), "verstrekking", READING),
    ] {
        let ours = ask(asked, activity).await.headers()["traceparent"].to_str().expect("text").to_owned();

        // Then so are its records
        let records = records(&f6, known.anna).await;
        let record = records.last().expect("a record");
        assert_eq!(record["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(record["foreignSpanId"], "00f067aa0ba902b7");
        assert_eq!(Some(record["parentSpanId"].as_str().expect("a step")), ours.split('-').nth(2));
        assert_eq!(record["processingActivityId"], expected);
    }

    // And one that it does not know is refused
    let refused = ask((&f6.query, &look), "iets anders").await;
    assert_eq!(refused.status(), 400);
    let told: Value = refused.json().await.expect("JSON");
    assert_eq!(told["errors"][0]["extensions"]["code"], "UNKNOWN_PROCESSING_ACTIVITY");
}

#[tokio::test]
async fn one_insert_serves_all_persons_of_an_answer() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);

    // When an answer holds the data of three persons
    f6.one("uittreksel", known.anna).ask("partner { id } kinderen { id }").await;

    // Then they were written at once
    let written: (i64, i64) = {
        let mut superuser = f6.database.connect(Role::Superuser).await;
        sqlx::query_as("SELECT count(*), count(DISTINCT xmin::text) FROM processing_record")
            .fetch_one(&mut superuser)
            .await
            .expect("counts")
    };
    assert_eq!(written, (3, 1));
}

#[tokio::test]
async fn who_catches_up_waits_for_few_commits_of_the_log() {
    // Given a registry in which a few hundred things have happened
    let f6 = F6::start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let persons: Vec<Uuid> = (0..150).map(|_| adult(&mut history)).collect();
    f6.import(&history);

    // When somebody is told all of it
    let mut events = f6.ambtenaar().subscribe("eventAdded(after: \"0\") { event { id } }").await;
    events.take(2 * persons.len()).await;

    // Then each message is a record, and many messages are written down at once
    let mut superuser = f6.database.connect(Role::Superuser).await;
    let counted = "SELECT count(*), count(DISTINCT xmin::text) FROM processing_record";
    let (records, commits): (i64, i64) =
        sqlx::query_as(counted).fetch_one(&mut superuser).await.expect("counts");
    assert!(records >= 300, "{records} records");
    assert!(commits * 4 <= records, "{commits} commits of {records} records");
}
