//! The PostgreSQL cluster that is measured on, and the databases in it.

use std::process::Command;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

use crate::failure::{Failure, root, run, sibling};

/// Databases of this prefix belong to one run, and go with the next.
const PASSING: &str = "f6_bench_run_";

/// Who speaks to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Superuser,
    Migration,
    Write,
    Query,
    Delivery,
}

/// A cluster whose every commit waits for the disk.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    superuser: PgConnectOptions,
}

/// A database of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    cluster: Cluster,
    pub(crate) name: String,
}

impl Cluster {
    /// The cluster of this superuser's URL: made ready, and refused where it would not be a fair measure.
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        let cluster = Self { superuser: PgConnectOptions::from_str(url)? };
        let mut connection = cluster.connect().await?;
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut connection)
                .await?;
            if value != "on" {
                return Err(format!("{setting} is {value}: only durable commits are measured").into());
            }
        }
        connection
            .execute(AssertSqlSafe(std::fs::read_to_string(root().join("migration/roles.sql"))?))
            .await?;
        let left: Vec<String> =
            sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)")
                .bind(PASSING)
                .fetch_all(&mut connection)
                .await?;
        for name in left {
            cluster.drop(&name).await?;
        }
        Ok(cluster)
    }

    pub(crate) async fn has(&self, name: &str) -> Result<bool, Failure> {
        let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        Ok(exists.bind(name).fetch_one(&mut self.connect().await?).await?)
    }

    /// A new database with every migration, and nothing in it.
    pub(crate) async fn migrated(&self, name: &str) -> Result<Database, Failure> {
        self.drop(name).await?;
        self.execute(format!("CREATE DATABASE {name} OWNER f6_migration")).await?;
        let database = self.database(name);
        run(Command::new(sibling("migration")?)
            .arg("up")
            .env("F6_MIGRATION_DATABASE_URL", database.url(Role::Migration)))?;
        Ok(database)
    }

    /// A copy that this run may change.
    pub(crate) async fn copy(&self, template: &str, name: &str) -> Result<Database, Failure> {
        let copy = format!("{PASSING}{name}");
        self.drop(&copy).await?;
        // By files: through the log it would take minutes, and leave a checkpoint for the measurement to wait for.
        self.execute(format!(
            "CREATE DATABASE {copy} TEMPLATE {template} OWNER f6_migration STRATEGY file_copy"
        ))
        .await?;
        Ok(self.database(&copy))
    }

    pub(crate) async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.execute(format!("ALTER DATABASE {from} RENAME TO {to}")).await
    }

    pub(crate) async fn drop(&self, name: &str) -> Result<(), Failure> {
        self.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// What was written before is on the disk now, so that no round waits for another's.
    pub(crate) async fn settle(&self) -> Result<(), Failure> {
        self.execute("CHECKPOINT".to_owned()).await
    }

    pub(crate) fn database(&self, name: &str) -> Database {
        Database { cluster: self.clone(), name: name.to_owned() }
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        let connected = PgConnection::connect_with(&self.superuser).await;
        connected.map_err(|error| format!("the cluster does not let its superuser in: {error}").into())
    }

    async fn execute(&self, sql: String) -> Result<(), Failure> {
        self.connect().await?.execute(AssertSqlSafe(sql)).await?;
        Ok(())
    }
}

impl Database {
    pub(crate) fn options(&self, role: Role) -> PgConnectOptions {
        let options = self.cluster.superuser.clone().database(&self.name);
        match role {
            Role::Superuser => options,
            Role::Migration => options.username("f6_migration"),
            Role::Write => options.username("f6_write"),
            Role::Query => options.username("f6_query"),
            Role::Delivery => options.username("f6_delivery"),
        }
    }

    pub(crate) fn url(&self, role: Role) -> String {
        self.options(role).to_url_lossy().to_string()
    }

    pub(crate) async fn connect(&self, role: Role) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect_with(&self.options(role)).await?)
    }

    /// Where its log ends: so many events it holds.
    pub(crate) async fn position(&self) -> Result<u32, Failure> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM head")
            .fetch_one(&mut self.connect(Role::Superuser).await?)
            .await?;
        Ok(position.try_into()?)
    }

    /// It goes with all that was written into it.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        self.cluster.drop(&self.name).await
    }
}
