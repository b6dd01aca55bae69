//! The tables of an F6, who may touch them, and the guard that keeps events as they are.
//!
//! Each migration is two SQL files in `migration/sql/`: what it makes, and how that is undone.
//! The roles that it grants rights to are made before, by `migration/roles.sql`.

use sea_orm_migration::prelude::*;

/// A migration of `migration/sql/`, by its name.
macro_rules! migration {
    ($name:literal) => {
        Box::new(SqlMigration {
            name: $name,
            up: include_str!(concat!("../sql/", $name, "/up.sql")),
            down: include_str!(concat!("../sql/", $name, "/down.sql")),
        })
    };
}

/// Applies the migrations, undoes them, and tells which of them a database has.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            migration!("m20261123_000001_events"),
            migration!("m20261123_000002_unique_values"),
            migration!("m20261123_000003_catalogues"),
            migration!("m20261126_000004_search"),
            migration!("m20261127_000005_bases"),
            migration!("m20261127_000006_work"),
            migration!("m20261127_000007_subscriptions"),
            migration!("m20261127_000008_policy"),
            migration!("m20261127_000009_processing_log"),
            migration!("m20261128_000010_work_spans"),
        ]
    }
}

/// A migration that SQL says better than Rust.
struct SqlMigration {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "an async trait's methods keep the lifetimes as the trait wrote them"
)]
#[async_trait::async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.down).await?;
        Ok(())
    }
}
