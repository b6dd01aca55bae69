//! The servers as they are shipped, each a process of its own.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use door::{Clock, SystemClock, sign_development_token};
use write_api::ids::{IdSource, SystemIds};

use crate::cluster::{Database, Role};
use crate::failure::{Failure, root, sibling};
use crate::http::answers;

/// A server that is not ready by then never will be.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is asked whether it is ready: what its start-up is measured to.
const TICK: Duration = Duration::from_millis(2);

/// A running `write-api`, `query-api` or `delivery`; it ends when it is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// From its start until it said that it was ready, in seconds.
    pub(crate) ready_after: f64,
}

impl Server {
    /// Starts a server on a database, with the shipped configs and these settings beside.
    pub(crate) async fn start(
        program: &str,
        database: &Database,
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        let published = folder.join(format!("{program}.address"));
        let _ = std::fs::remove_file(&published);
        let log = File::create(folder.join(format!("{program}.log")))?;
        let mut command = Command::new(sibling(program)?);
        command.arg("--dev").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.env("F6_WRITE_DATABASE_URL", database.url(Role::Write)).env("F6_WRITE_BIND", "127.0.0.1:0");
        command.env("F6_QUERY_DATABASE_URL", database.url(Role::Query)).env("F6_QUERY_BIND", "127.0.0.1:0");
        command.env("F6_DELIVERY_DATABASE_URL", database.url(Role::Delivery));
        command.env("F6_DELIVERY_BIND", "127.0.0.1:0");
        command.env("F6_WRITE_CONFIG_PATH", root().join("write_config.yaml"));
        command.env("F6_QUERY_CONFIG_PATH", root().join("query_config.yaml"));
        command.env("F6_ADDRESS_FILE", &published).envs(settings.iter().copied());
        let started = Instant::now();
        let mut process = command.spawn()?;
        while started.elapsed() < PATIENCE && process.try_wait()?.is_none() {
            let address = std::fs::read_to_string(&published).unwrap_or_default();
            if let Ok(address) = address.trim().parse()
                && answers(address, "/readyz").await
            {
                return Ok(Self { process, address, ready_after: started.elapsed().as_secs_f64() });
            }
            tokio::time::sleep(TICK).await;
        }
        let _ = process.kill();
        Err(format!("{program} does not get ready; its log stands in {}", folder.display()).into())
    }

    /// How much memory it holds, in MB.
    pub(crate) fn resident(&self) -> Result<f64, Failure> {
        resident(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How much memory a process holds, in MB.
pub(crate) fn resident(process: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<f64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    Ok(kilobytes.ok_or("the system does not tell how much memory is held")? / 1_024.0)
}

/// A token of somebody with this authority, for as long as any run takes.
pub(crate) fn token(source_type: &str) -> String {
    sign_development_token(source_type, SystemIds.next(), TimeDelta::hours(10), SystemClock.now())
}
