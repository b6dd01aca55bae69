//! The database itself keeps the history as it is.

use sqlx::{AssertSqlSafe, Executor};
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
