//! The processing log (Logboek Dataverwerkingen): who did what with whose data, and no answer without it.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use tests::{F6, History, Principal, Role, Sink, new_id};
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

fn one(name: &str, status: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), status.to_owned())]
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
    let expected = expected.map(|(name, status)| (name.to_owned(), status.to_owned()));
    assert_eq!(told(&f6, known.anna).await, expected);
    assert_eq!(records(&f6, known.anna).await[0]["processingActivityId"], OWN);
}

#[tokio::test]
async fn each_person_whom_a_command_is_about_has_a_record() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();

    // When a clerk registers a death, and then once more, and annuls it
    let dies = |datum| json!({ "overledene": known.bea, "datum": datum });
    let death = clerk.claim("Overlijden", dies("2020-01-01")).validated().await.accepted();
    clerk.claim("Overlijden", dies("2021-01-01")).validated().await.refused("RULE");
    clerk.annul(&death).await.accepted();

    // Then each is a record: a claim and its judgement, a refusal, and a correction
    let told = told(&f6, known.bea).await;
    let done: Vec<_> = told.iter().filter(|(name, _)| !name.starts_with("read")).cloned().collect();
    let expected = [
        ("claim Overlijden", "OK"),
        ("validate Overlijden", "OK"),
        ("claim Overlijden", "REFUSED"),
        ("annul Overlijden", "OK"),
    ];
    assert_eq!(done, expected.map(|(name, status)| (name.to_owned(), status.to_owned())));
    assert_eq!(records(&f6, known.bea).await[0]["processingActivityId"], REGISTERING);

    // And the clash of the second shows the event that it clashes with
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
async fn whom_a_refusal_clashes_with_is_in_the_log_where_it_is_asked_for() {
    // Given somebody who died
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();
    let dies = |datum| json!({ "overledene": known.bea, "datum": datum });
    clerk.claim("Overlijden", dies("2020-01-01")).validated().await.accepted();

    for (asked, read) in [("code", 0), ("because { id }", 1)] {
        // When a clerk registers another death, and asks for the reason, or also for the events that it clashes with
        let of =
            |told: Vec<(String, String)>| told.iter().filter(|(name, _)| name == "read Overlijden").count();
        let before = of(told(&f6, known.bea).await);
        let again = format!(
            "mutation($data: OverlijdenData!) {{ claimOverlijden(input: {{ data: $data, validate: true }}) {{ refusals {{ {asked} }} }} }}"
        );
        clerk.mutate(&again, &json!({ "data": dies("2021-01-01") })).await.expect("an answer").data();

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

    // When a clerk registers something, then it may have been registered: the same once more tells
    let (id, dies) = (new_id(), json!({ "overledene": known.bea, "datum": "2020-01-01" }));
    let death = clerk.claim("Overlijden", dies).id(id);
    let answer = death.send().await.expect("an answer");
    assert_eq!(answer.status, 503);

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
async fn who_has_the_database_alone_does_not_learn_whose_records_they_are() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    f6.one("uittreksel", known.anna).ask("naam { voornamen } partner { naam { voornamen } }").await;

    // Then an id stands nowhere in clear, neither as text nor as bytes
    let mut superuser = f6.database.connect(Role::Superuser).await;
    for id in [known.anna, known.bram] {
        let sql = format!(
            "SELECT count(*) FROM processing_record r WHERE r::text LIKE '%{id}%' OR r::text LIKE '%{}%'",
            id.simple()
        );
        let found: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut superuser).await.expect("a count");
        assert_eq!(found, 0);
    }

    // And no server reads a record of anybody whom it does not name, nor changes one
    let mut query = f6.database.connect(Role::Query).await;
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM processing_record")
        .fetch_one(&mut query)
        .await
        .expect("a count");
    assert_eq!(seen, 0);
    for role in [Role::Query, Role::Write, Role::Migration, Role::Superuser] {
        let mut connection = f6.database.connect(role).await;
        for sql in [
            "UPDATE processing_record SET name = ''",
            "DELETE FROM processing_record",
            "TRUNCATE processing_record",
        ] {
            assert!(connection.execute(sql).await.is_err(), "{role:?} may {sql}");
        }
    }
}

#[tokio::test]
async fn a_citizen_sees_who_looked_at_their_data_and_at_nobody_elses() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    f6.one("uittreksel", known.anna).ask("partner { naam { voornamen } }").await;
    let anna = f6.person("burger", known.anna);
    let asked = "query($id: UUID!) { processingRecords(subject: $id) { edges { node { name sourceType organisation } } } }";

    // Then Anna sees that a civil servant looked, and not which
    let seen = anna.query(asked, &json!({ "id": known.anna })).await.data();
    let node = json!({ "name": "read Uittreksel", "sourceType": "ambtenaar", "organisation": "00000099000000001000" });
    assert_eq!(seen["processingRecords"]["edges"], json!([{ "node": node }]));
    let which = "query($id: UUID!) { processingRecords(subject: $id) { edges { node { sourceId } } } }";
    let which = anna.query(which, &json!({ "id": known.anna })).await;
    assert_eq!(which.error_at("FORBIDDEN"), "processingRecords.edges.0.node.sourceId");

    // And nothing of her husband; nor does a civil servant
    anna.query(asked, &json!({ "id": known.bram })).await.error_at("FORBIDDEN");
    f6.ambtenaar().query(asked, &json!({ "id": known.anna })).await.error_at("FORBIDDEN");

    // And that they looked, or wanted to, is in the log too
    let all =
        "query($id: UUID!) { processingRecords(subject: $id) { edges { node { name status sourceType } } } }";
    let of = async |subject: Uuid| {
        let answer = auditor(&f6).query(all, &json!({ "id": subject })).await.data();
        let edges = answer["processingRecords"]["edges"].as_array().expect("a page").clone();
        edges.into_iter().map(|edge| edge["node"].clone()).collect::<Vec<_>>()
    };
    let looked = |status: &str, by: &str| json!({ "name": "read processing records", "status": status, "sourceType": by });
    let of_anna = of(known.anna).await;
    assert!(
        of_anna.contains(&looked("OK", "burger")) && of_anna.contains(&looked("DENIED", "ambtenaar")),
        "{of_anna:?}"
    );
    assert!(of(known.bram).await.contains(&looked("DENIED", "burger")));
}

#[tokio::test]
async fn records_come_page_by_page_and_of_a_stretch_of_time() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    for view in ["uittreksel", "bewonersKaart", "verwant"] {
        f6.one(view, known.anna).ask("id").await;
    }
    let anna = f6.person("burger", known.anna);
    let asked = "query($id: UUID!, $after: String, $from: Moment, $until: Moment) {
        processingRecords(subject: $id, first: 2, after: $after, from: $from, until: $until) {
            edges { node { name } } pageInfo { hasNextPage endCursor } } }";
    let page =
        async |variables: Value| anna.query(asked, &variables).await.data()["processingRecords"].clone();

    // Newest first
    let first = page(json!({ "id": known.anna })).await;
    assert_eq!(
        first["edges"],
        json!([{ "node": { "name": "read Verwant" } }, { "node": { "name": "read BewonersKaart" } }])
    );
    let rest = page(json!({ "id": known.anna, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["edges"], json!([{ "node": { "name": "read Uittreksel" } }]));
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(false))
    );

    // And of no other time
    assert_eq!(page(json!({ "id": known.anna, "until": "2020-01-01" })).await["edges"], json!([]));
    assert_eq!(page(json!({ "id": known.anna, "from": "2999-01-01" })).await["edges"], json!([]));
}

#[tokio::test]
async fn a_record_stands_in_the_trace_of_its_request_and_in_the_activity_that_it_names() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    let clerk = f6.ambtenaar();
    let ask = async |activity: &str| {
        let query = json!({ "query": format!("{{ uittreksel(id: \"{}\") {{ id }} }}", known.anna) });
        let request = reqwest::Client::new().post(f6.query.url("/graphql")).bearer_auth(clerk.token());
        let request =
            request.header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let request = request.header("dpl-core-processing-activity-id", activity).json(&query);
        request.send().await.expect("an answer")
    };

    // When a request is a step of a caller's trace, and part of an activity that the config knows
    for activity in ["bijhouding", REGISTERING] {
        let ours = ask(activity).await.headers()["traceparent"].to_str().expect("text").to_owned();

        // Then so are its records
        let records = records(&f6, known.anna).await;
        let record = records.last().expect("a record");
        assert_eq!(record["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(record["foreignSpanId"], "00f067aa0ba902b7");
        assert_eq!(Some(record["parentSpanId"].as_str().expect("a step")), ours.split('-').nth(2));
        assert_eq!(record["processingActivityId"], REGISTERING);
    }

    // And one that it does not know is refused
    let refused = ask("iets anders").await;
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

#[tokio::test]
async fn records_expire_where_the_one_who_may_says_so() {
    let f6 = F6::start().await;
    let known = Known::to(&f6);
    f6.one("uittreksel", known.anna).ask("id").await;
    let expire = |before: &str| {
        let done = tests::run(&mut f6.write_api(["expire-processing-log", "--before", before]));
        String::from_utf8(done.stdout).expect("text")
    };

    assert_eq!(expire("2020-01-01T00:00:00Z"), "0 records of the processing log have expired\n");
    assert_eq!(told(&f6, known.anna).await, one("read Uittreksel", "OK"));
    expire("2999-01-01T00:00:00Z");
    assert_eq!(told(&f6, known.anna).await, []);
}

#[tokio::test]
async fn without_a_key_no_server_starts_that_is_not_for_development() {
    let f6 = F6::start().await;
    let file = f6.file("keys");
    std::fs::write(&file, "2026:no key at all\n").expect("a file");

    let mut serve = f6.query_api(["serve"]);
    let output = serve.env("F6_PROCESSING_LOG_KEY", &file).output().expect("it ends");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("line 1 of the keys of the processing log is no key"), "{told}");
    assert!(!told.contains("no key at all"), "{told}");
}

#[tokio::test]
async fn what_was_written_with_an_earlier_key_is_found_after_a_rotation() {
    // Given records that were written with one key
    let (one, other) = (format!("2026:{}", "1".repeat(128)), format!("2027:{}", "2".repeat(128)));
    let mut f6 = F6::start().await;
    let file = f6.file("keys");
    let path = file.display().to_string();
    let known = Known::to(&f6);
    std::fs::write(&file, &one).expect("a file");
    f6.query.restart(&[("F6_PROCESSING_LOG_KEY", &path)]).await;
    f6.one("uittreksel", known.anna).ask("id").await;

    // When another takes its place, and the first is kept to read with
    std::fs::write(&file, format!("{other}\n{one}\n")).expect("a file");
    f6.query.restart(&[]).await;
    f6.one("verwant", known.anna).ask("id").await;

    // Then both are found
    let found: Vec<String> = told(&f6, known.anna).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, ["read Uittreksel", "read Verwant"]);
    let keys: i64 = f6.database.value("SELECT count(DISTINCT key_id) FROM processing_record").await;
    assert_eq!(keys, 2);
}
