//! How the processing log is kept: who reads it, who cannot, and for how long.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use tests::{F6, Role};
use uuid::Uuid;

use super::{Known, auditor, one, told};

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
