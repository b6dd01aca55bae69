use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::graphql::{Answer, answered};
use crate::scrape::Scrape;
use crate::values::new_id;
use crate::workspace::{binary, run};

/// Debug builds on two busy cores need seconds to start; nobody waits this long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// One running `write-api` or `query-api`: killed when dropped, its log shown when its scenario fails.
pub struct Server {
    binary: &'static str,
    env: Vec<(String, String)>,
    folder: PathBuf,
    process: Child,
    address: String,
}

impl Server {
    /// Starts the binary with this environment, and waits until it is ready.
    pub async fn start(binary: &'static str, env: Vec<(String, String)>, folder: &Path) -> Self {
        let folder = folder.join(format!("{binary}-{}", new_id()));
        std::fs::create_dir_all(&folder).expect("a folder for the server's log");
        let process = spawn(binary, &env, &folder);
        let mut server = Self { binary, env, folder, process, address: String::new() };
        server.wait_until_ready().await;
        server
    }

    /// The URL of a path of this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Posts this body to its GraphQL path, with this token or none.
    pub async fn post(&self, token: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
        let request = reqwest::Client::new().post(self.url("/graphql"));
        let request = request.header("Content-Type", "application/json").body(body);
        answered(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
        .expect("the server answers")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill().expect("a server that runs can be killed");
        self.process.wait().expect("a killed server ends");
    }

    /// `kill -9`, while others may be using it.
    pub fn kill_in_use(&self) {
        run(Command::new("kill").args(["-KILL", &self.process.id().to_string()]));
    }

    /// Tells it to stop, as an operator does; it may finish what it accepted.
    pub fn tell_to_stop(&self) {
        run(Command::new("kill").args(["-TERM", &self.process.id().to_string()]));
    }

    /// Waits until it has ended, and says whether it ended well.
    pub fn ended_well(&mut self) -> bool {
        self.process.wait().expect("a server ends").success()
    }

    /// Starts it again, after a [`kill`](Self::kill) or in passing, with this change of its environment.
    pub async fn restart(&mut self, env: &[(&str, &str)]) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.kill();
        }
        self.env.extend(env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        self.process = spawn(self.binary, &self.env, &self.folder);
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("{} ended with {status} before it was ready:\n{}", self.binary, self.log());
            }
            if self.is_ready().await {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{} is not ready:\n{}", self.binary, self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn is_ready(&mut self) -> bool {
        let address = std::fs::read_to_string(self.folder.join("address")).unwrap_or_default();
        address.trim().clone_into(&mut self.address);
        if self.address.is_empty() {
            return false;
        }
        if self.env.iter().any(|(name, _)| name == "F6_TLS_CERTIFICATE") {
            // It listens once all of it was loaded; whom it answers is for the scenario to find out.
            return tokio::net::TcpStream::connect(&self.address).await.is_ok();
        }
        reqwest::get(self.url("/readyz")).await.is_ok_and(|answer| answer.status().is_success())
    }

    /// What it counts, by now.
    pub async fn metrics(&self) -> Scrape {
        Scrape::of(&self.url("/metrics")).await
    }

    /// Everything that it wrote to its log since the scenario began.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- log of {} ---\n{}", self.binary, self.log());
        }
    }
}

fn spawn(name: &str, env: &[(String, String)], folder: &Path) -> Child {
    let address = folder.join("address");
    let _ = std::fs::remove_file(&address);
    let log = File::options().create(true).append(true).open(folder.join("log")).expect("a log file");
    Command::new(binary(name))
        .arg("--dev")
        .envs(env.iter().map(|(name, value)| (name, value)))
        .env("F6_ADDRESS_FILE", address)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file for both streams"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{name} did not start: {error}"))
}
