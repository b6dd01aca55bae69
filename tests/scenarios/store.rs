//! The database itself keeps the history as it is.

use read_model::reader::point_lookups;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgPool};
use tests::{F6, Role};

use crate::family::Family;

#[tokio::test]
async fn no_role_can_change_or_remove_an_event() {
    // Given an F6 with events
    let f6 = F6::start().await;
    Family::registered_in(&f6);
    let before = f6.database.events().await;

    // When any role, the owner of the tables and the superuser included, tries
    for role in [Role::Migration, Role::Write, Role::Query, Role::Superuser] {
        let mut connection = f6.database.connect(role).await;
        for table in ["event", "event_object", "event_basis"] {
            for attempt in [
                format!("UPDATE {table} SET position = position + 1000"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table} CASCADE"),
            ] {
                // Then it is refused
                let result = connection.execute(AssertSqlSafe(attempt.clone())).await;
                assert!(result.is_err(), "{role:?} may: {attempt}");
            }
        }
    }
    assert_eq!(f6.database.events().await, before);
}

#[tokio::test]
async fn the_query_role_can_only_read() {
    let f6 = F6::start().await;
    Family::registered_in(&f6);
    let mut query = f6.database.connect(Role::Query).await;
    for attempt in [
        "INSERT INTO event SELECT * FROM event",
        "INSERT INTO event_object SELECT * FROM event_object",
        "INSERT INTO event_basis SELECT * FROM event_basis",
        "INSERT INTO unique_value SELECT * FROM unique_value",
        "INSERT INTO work_item SELECT * FROM work_item",
        "UPDATE work_item SET until = since + 1",
        "INSERT INTO catalogue SELECT * FROM catalogue",
        "UPDATE head SET position = 0",
        "CREATE TABLE mine (id int)",
    ] {
        let error = query.execute(attempt).await.expect_err(attempt).into_database_error();
        // 42501: insufficient privilege
        assert_eq!(error.expect("PostgreSQL refuses").code().as_deref(), Some("42501"), "{attempt}");
    }
    assert!(query.fetch_one("SELECT count(*) FROM event").await.is_ok());
}

#[tokio::test]
async fn the_write_role_cannot_change_the_schema() {
    let f6 = F6::start().await;
    let mut write = f6.database.connect(Role::Write).await;
    for attempt in [
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "SET session_replication_role = replica",
        "DELETE FROM head",
    ] {
        let error = write.execute(attempt).await.expect_err(attempt).into_database_error();
        assert_eq!(error.expect("PostgreSQL refuses").code().as_deref(), Some("42501"), "{attempt}");
    }
}

/// What a role sees of a table with these settings, of which each ends with the transaction.
async fn seen(f6: &F6, role: Role, table: &str, settings: &[(&str, &str)]) -> i64 {
    let mut connection = f6.database.connect(role).await;
    let mut transaction = connection.begin().await.expect("a transaction");
    for (name, value) in settings {
        sqlx::query("SELECT set_config($1, $2, true)")
            .bind(name)
            .bind(value)
            .execute(&mut *transaction)
            .await
            .expect("a setting");
    }
    let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&mut *transaction);
    let count = count.await.unwrap_or_else(|error| panic!("{role:?}, {table}: {error}"));
    transaction.commit().await.expect("it ends");
    // What was said is forgotten
    let left: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    assert_eq!(left, 0, "{role:?} still sees {table}");
    count
}

#[tokio::test]
async fn a_statement_that_does_not_say_what_it_reads_for_sees_nothing() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let all = f6.database.events().await;
    let births = f6.database.value::<i64>("SELECT count(*) FROM event WHERE event_type = 'Geboorte'").await;
    let own = family.moeder.to_string();
    for role in [Role::Query, Role::Delivery] {
        assert_eq!(seen(&f6, role, "event", &[]).await, 0);
        assert_eq!(seen(&f6, role, "event", &[("f6.reading", "folding")]).await, all);
        // To show events, it says which: without that, none
        let showing = ("f6.reading", "events");
        assert_eq!(seen(&f6, role, "event", &[showing]).await, 0);
        assert_eq!(seen(&f6, role, "event", &[("f6.seen", "*/*")]).await, 0);
        assert_eq!(seen(&f6, role, "event", &[showing, ("f6.seen", "*/*")]).await, all);
        assert_eq!(seen(&f6, role, "event", &[showing, ("f6.seen", "Geboorte/*")]).await, births);
        assert_eq!(
            seen(&f6, role, "event", &[showing, ("f6.seen", "Geboorte/Claim Overlijden/*")]).await,
            births / 2
        );
        assert_eq!(seen(&f6, role, "event", &[showing, ("f6.own", &own), ("f6.seen_own", "*/*")]).await, 2);
        assert_eq!(
            seen(&f6, role, "event", &[showing, ("f6.own", &own), ("f6.seen_own", "Overlijden/*")]).await,
            0
        );
    }
    // So it is with what persons are found by
    assert_eq!(seen(&f6, Role::Query, "search_term", &[]).await, 0);
    assert!(seen(&f6, Role::Query, "search_term", &[("f6.reading", "folding")]).await > 0);
}

#[tokio::test]
async fn no_role_of_a_server_owns_anything_or_passes_the_wall() {
    let f6 = F6::start().await;
    let owned = "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname IN ('f6_write', 'f6_query', 'f6_delivery')";
    assert_eq!(f6.database.value::<i64>(owned).await, 0);
    let passing = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'f6\\_%' AND (rolbypassrls OR rolsuper)";
    assert_eq!(f6.database.value::<i64>(passing).await, 0);
    // Nor is a member of a role that does
    let members = "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname LIKE 'f6\\_%'";
    assert_eq!(f6.database.value::<i64>(members).await, 0);
    for (role, attempt) in [
        (Role::Query, "ALTER TABLE event DISABLE ROW LEVEL SECURITY"),
        (Role::Query, "CREATE POLICY mine ON event USING (true)"),
        (Role::Delivery, "ALTER POLICY folding ON event USING (true)"),
        (Role::Write, "DROP POLICY folding ON event"),
        (Role::Query, "SET ROLE f6_migration"),
        (Role::Query, "SELECT * FROM unique_value"),
    ] {
        let error =
            f6.database.connect(role).await.execute(attempt).await.expect_err(attempt).into_database_error();
        assert_eq!(
            error.expect("PostgreSQL refuses").code().as_deref(),
            Some("42501"),
            "{role:?}: {attempt}"
        );
    }
}

#[tokio::test]
async fn points_are_looked_up_through_the_wall_as_without_it() {
    // Given the query role, as the server connects it
    let f6 = F6::start().await;
    Family::registered_in(&f6);
    let options: PgConnectOptions = f6.database.url(Role::Query).parse().expect("a URL");
    let pool = PgPool::connect_with(point_lookups(options)).await.expect("the query role connects");
    for (wanted, index) in [
        ("SELECT * FROM event WHERE position = 1", "event_pkey"),
        (
            "SELECT * FROM event WHERE id = ANY('{0190163d-8694-739b-aea5-966c26f8ad90}'::uuid[])",
            "event_id_key",
        ),
        (
            "SELECT * FROM event WHERE created_at <= now() ORDER BY created_at DESC LIMIT 1",
            "event_created_at_key",
        ),
        ("SELECT * FROM event WHERE position > 1 ORDER BY position LIMIT 100", "event_pkey"),
        ("SELECT * FROM search_term WHERE search = 'a' AND term >= 'b' AND term < 'c'", "search_term_pkey"),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {wanted}")))
            .fetch_all(&pool)
            .await
            .expect("a plan");
        let plan = plan.join("\n");
        assert!(
            plan.contains(index) && plan.contains("Index Cond")
                || plan.contains("using event_created_at_key"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}
