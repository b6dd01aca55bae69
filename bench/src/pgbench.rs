//! The yardstick: PostgreSQL's own `pgbench`, inserting one bare event row per commit.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, Row};

use crate::cluster::{Database, Role};
use crate::failure::{Failure, run};

/// The columns of `event` with its primary key alone: a constraint less can only make the yardstick longer.
const TABLE: &str = "
CREATE TABLE bare_event (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  occurred_at timestamptz NOT NULL,
  object_ids uuid[] NOT NULL,
  event_type text NOT NULL,
  event_version text NOT NULL,
  event_kind event_kind NOT NULL,
  event_source_id uuid NOT NULL,
  event_source_type text NOT NULL,
  event_reference uuid[] NOT NULL,
  event_data json NOT NULL
)";

/// `pgbench` on a table of its own, in the database of the appends that it is compared with.
pub(crate) struct Pgbench {
    program: PathBuf,
    database: Database,
    script: PathBuf,
    /// The width of a row, in bytes, as the appends write it.
    pub(crate) width: f64,
}

impl Pgbench {
    /// Makes the table, and the script that inserts a row as wide as the appends' are on the average.
    pub(crate) async fn prepare(database: &Database, sample: &str) -> Result<Self, Failure> {
        let mut connection = database.connect(Role::Superuser).await?;
        connection.execute(TABLE).await?;
        let width = sqlx::query(AssertSqlSafe(format!(
            "SELECT avg(pg_column_size(event.*))::float8 AS width FROM event WHERE event_type = '{sample}'"
        )));
        let width: f64 = width.fetch_one(&mut connection).await?.try_get("width")?;
        let script = std::env::temp_dir().join(format!("f6-pgbench-{}.sql", std::process::id()));
        std::fs::write(&script, insert(""))?;
        let pgbench = Self { program: program(), database: database.clone(), script, width };
        pgbench.pad(&mut connection).await?;
        Ok(pgbench)
    }

    /// Rows a second, with so many clients for so long.
    pub(crate) async fn rate(&self, clients: usize, time: Duration) -> Result<f64, Failure> {
        let mut command = self.command();
        command.args(["--client", &clients.to_string(), "--jobs", &clients.min(2).to_string()]);
        command.args(["--time", &time.as_secs().max(1).to_string()]);
        let output = tokio::task::spawn_blocking(move || run(&mut command)).await??;
        tps(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| "pgbench tells no rate".into())
    }

    /// Widens the row until it is as wide as an event.
    async fn pad(&self, connection: &mut sqlx::PgConnection) -> Result<(), Failure> {
        let one = async |connection: &mut sqlx::PgConnection| -> Result<f64, Failure> {
            let row = "SELECT pg_column_size(b.*)::float8 FROM bare_event b ORDER BY position DESC LIMIT 1";
            run(self.command().args(["--client", "1", "--transactions", "1"]))?;
            Ok(sqlx::query_scalar(row).fetch_one(connection).await?)
        };
        let bare = one(&mut *connection).await?;
        let missing = (self.width - bare).max(0.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a row's width, not negative"
        )]
        let padding = "x".repeat(missing as usize);
        std::fs::write(&self.script, insert(&padding))?;
        let padded = one(connection).await?;
        if (padded - self.width).abs() > 16.0 {
            return Err(format!("the bare row is {padded} bytes wide, and events are {}", self.width).into());
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let options = self.database.options(Role::Superuser);
        let mut command = Command::new(&self.program);
        // The program takes its password from the environment alone.
        command.env("PGPASSWORD", password(&self.database.url(Role::Superuser)));
        command.args(["--no-vacuum", "--protocol", "prepared", "--host", options.get_host()]);
        command.args(["--port", &options.get_port().to_string(), "--username", options.get_username()]);
        command.arg("--file").arg(&self.script).env("PGDATABASE", &self.database.name);
        command
    }
}

impl Drop for Pgbench {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.script);
    }
}

fn insert(padding: &str) -> String {
    format!(
        "INSERT INTO bare_event (id, created_at, occurred_at, object_ids, event_type, event_version, event_kind, event_source_id, \
         event_source_type, event_reference, event_data) VALUES (gen_random_uuid(), now(), now(), ARRAY[gen_random_uuid(), \
         gen_random_uuid()], 'Verhuizing', '1', 'Claim', gen_random_uuid(), 'ambtenaar', '{{}}', '{{\"aangever\": \"I{padding}\"}}');\n"
    )
}

/// The `pgbench` of the newest PostgreSQL that `scripts/cluster.sh` found, else the one in the path.
fn program() -> PathBuf {
    std::env::var_os("F6_BENCH_POSTGRES_BIN")
        .map_or_else(|| "pgbench".into(), |bin| PathBuf::from(bin).join("pgbench"))
}

fn password(url: &str) -> String {
    let user_info = url.split("://").nth(1).and_then(|rest| rest.split('@').next()).unwrap_or_default();
    user_info.split_once(':').map(|(_, password)| password.to_owned()).unwrap_or_default()
}

/// The rate in what `pgbench` says: `tps = 19474.123456 (without initial connection time)`.
fn tps(said: &str) -> Option<f64> {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let said =
            "number of failed transactions: 0 (0.000%)\ntps = 19474.25 (without initial connection time)\n";
        assert_eq!(tps(said), Some(19_474.25));
        assert_eq!(tps("pgbench: error: connection failed"), None);
    }
}
