use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

use crate::cluster::Cluster;
use crate::faults::Faults;
use crate::values::new_id;
use crate::workspace::{binary, root, run, sources};

/// Who speaks to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Owns the tables.
    Migration,
    /// The write API.
    Write,
    /// The query API.
    Query,
    /// A delivery worker.
    Delivery,
    /// The superuser of the cluster, whom even the guard of the events does not let pass.
    Superuser,
}

/// A database of a scenario's own, cloned from a migrated template and dropped afterwards.
pub struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

impl Database {
    /// A new, migrated, empty database.
    pub async fn create() -> Self {
        Self::within(Cluster::shared()).await
    }

    /// The same, on a cluster of its own, which a scenario may crash.
    pub async fn alone() -> Self {
        Self::within(Cluster::own()).await
    }

    /// The same, on a machine with these faults.
    pub async fn faulty(faults: &Faults) -> Self {
        Self::within(Cluster::faulty(faults)).await
    }

    /// The same, on a disk of so many megabytes; none where this user may not mount one.
    pub async fn on_small_disk(megabytes: u32) -> Option<Self> {
        match Cluster::on_small_disk(megabytes) {
            Some(cluster) => Some(Self::within(cluster).await),
            None => None,
        }
    }

    /// What a dump holds, on a fresh cluster of its own.
    pub async fn restored(dump: &Path) -> Self {
        let cluster = Cluster::own();
        make_roles(&mut superuser(&cluster).await).await;
        let database = Self { cluster, name: "f6".to_owned() };
        database.execute("CREATE DATABASE f6 OWNER f6_migration".to_owned()).await;
        run(&mut database.backup("restore", dump));
        database
    }

    /// Writes all of it into a file, as of one moment.
    pub fn dump(&self, file: &Path) {
        run(&mut self.backup("dump", file));
    }

    /// The script that operators use, on this database.
    pub fn backup(&self, command: &str, file: &Path) -> Command {
        let mut script = Command::new(root().join("scripts/backup.sh"));
        script.arg(command).arg(file).env("F6_MIGRATION_DATABASE_URL", self.url(Role::Migration));
        script
    }

    /// Kills PostgreSQL as it is, and starts it again.
    pub fn crash(&self) {
        self.cluster.told_to("crash");
    }

    /// Stops every process of PostgreSQL where it is, until it is [thawed](Self::thaw).
    pub fn freeze(&self) {
        self.cluster.told_to("freeze");
    }

    /// Lets PostgreSQL go on.
    pub fn thaw(&self) {
        self.cluster.told_to("thaw");
    }

    /// Fills the disk that it is on, until it is [emptied](Self::empty_disk).
    pub fn fill_disk(&self) {
        let mut filler = File::create(self.filler()).expect("a file on its disk");
        while filler.write_all(&[0; 4_096]).is_ok() {}
    }

    /// Undoes [`fill_disk`](Self::fill_disk).
    pub fn empty_disk(&self) {
        std::fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.cluster.folder().join("filler")
    }

    async fn within(cluster: Arc<Cluster>) -> Self {
        let template = template(&cluster).await;
        let name = format!("f6_{}", new_id().simple());
        // A copy of files is there in half the time of a copy by way of the write-ahead log, which is the default.
        let clone =
            format!("CREATE DATABASE {name} TEMPLATE {template} OWNER f6_migration STRATEGY file_copy");
        superuser(&cluster).await.execute(AssertSqlSafe(clone)).await.expect("the template can be cloned");
        Self { cluster, name }
    }

    /// The URL by which a role reaches this database.
    pub fn url(&self, role: Role) -> String {
        url(&self.cluster, role, &self.name)
    }

    /// A connection of a role's own.
    pub async fn connect(&self, role: Role) -> PgConnection {
        PgConnection::connect(&self.url(role))
            .await
            .unwrap_or_else(|error| panic!("{role:?} cannot connect: {error}"))
    }

    /// A connection of a role's own, where the database answers.
    pub async fn try_connect(&self, role: Role) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect(&self.url(role)).await
    }

    /// A transaction that has written nothing, and stays open until the connection is dropped.
    pub async fn idle_transaction(&self) -> PgConnection {
        let mut connection = self.connect(Role::Superuser).await;
        connection.execute("BEGIN; SELECT pg_current_xact_id()").await.expect("a transaction");
        connection
    }

    /// One value, asked by the superuser.
    pub async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let mut connection = self.connect(Role::Superuser).await;
        sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Ends every connection of the servers, and lets them make no new ones.
    pub async fn lock_out(&self) {
        let name = &self.name;
        self.execute(format!(
            "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC, f6_write, f6_query, f6_delivery"
        ))
        .await;
        let ends = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        self.execute(ends).await;
    }

    /// Undoes [`lock_out`](Self::lock_out).
    pub async fn let_in(&self) {
        self.execute(format!("GRANT CONNECT ON DATABASE {} TO f6_write, f6_query, f6_delivery", self.name))
            .await;
    }

    async fn execute(&self, sql: String) {
        let mut connection = superuser(&self.cluster).await;
        connection.execute(AssertSqlSafe(sql)).await.expect("the superuser may");
    }

    /// How many events do not follow the one before by one position and at least one microsecond.
    pub async fn disorder(&self) -> i64 {
        self.value(
            "SELECT count(*) FROM (SELECT position - lag(position, 1, 0::bigint) OVER w AS step,
               created_at > lag(created_at, 1, '-infinity') OVER w AS later FROM event WINDOW w AS (ORDER BY position)) AS pairs
             WHERE step <> 1 OR NOT later",
        )
        .await
    }

    /// How many events the store holds.
    pub async fn events(&self) -> i64 {
        self.value("SELECT count(*) FROM event").await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (cluster, name) = (Arc::clone(&self.cluster), std::mem::take(&mut self.name));
        let drop = async move {
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            superuser(&cluster).await.execute(AssertSqlSafe(sql)).await.map(|_| ())
        };
        // A runtime of its own: the scenario's runtime cannot be waited for in a drop.
        let dropped = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(drop)
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a scenario's database was not dropped; it goes with the cluster");
        }
    }
}

/// The name of the migrated template, made by whichever test process comes first.
async fn template(cluster: &Cluster) -> String {
    const LOCK: i64 = 0xF6;
    let name = format!("f6_template_{}", fingerprint_of_migrations());
    let mut connection = superuser(cluster).await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await.expect("a lock");
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await
        .expect("the list of databases");
    if !exists {
        make_template(cluster, &mut connection, &name).await;
    }
    name
}

/// Migrates under another name first, so that a template that exists is a whole one.
async fn make_template(cluster: &Cluster, connection: &mut PgConnection, name: &str) {
    let unfinished = format!("{name}_unfinished");
    make_roles(connection).await;
    for sql in [
        format!("DROP DATABASE IF EXISTS {unfinished}"),
        format!("CREATE DATABASE {unfinished} OWNER f6_migration"),
    ] {
        connection.execute(AssertSqlSafe(sql)).await.expect("a database for the template");
    }
    let migration_url = url(cluster, Role::Migration, &unfinished);
    run(Command::new(binary("migration")).arg("up").env("F6_MIGRATION_DATABASE_URL", migration_url));
    let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
    connection.execute(AssertSqlSafe(rename)).await.expect("the template gets its name");
}

async fn make_roles(superuser: &mut PgConnection) {
    let roles = std::fs::read_to_string(root().join("migration/roles.sql")).expect("migration/roles.sql");
    superuser.execute(AssertSqlSafe(roles)).await.expect("roles.sql runs");
}

fn fingerprint_of_migrations() -> String {
    let mut hash = Sha256::new();
    for extension in ["rs", "sql"] {
        for (_, text) in sources("migration", extension) {
            hash.update(text);
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn superuser(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.superuser_url).await.expect("the cluster answers its superuser")
}

fn url(cluster: &Cluster, role: Role, database: &str) -> String {
    let options =
        PgConnectOptions::from_str(&cluster.superuser_url).expect("the URL of a PostgreSQL cluster");
    let options = match role {
        Role::Migration => options.username("f6_migration"),
        Role::Write => options.username("f6_write"),
        Role::Query => options.username("f6_query"),
        Role::Delivery => options.username("f6_delivery"),
        Role::Superuser => options,
    };
    options.database(database).to_url_lossy().to_string()
}
