//! A NATS server with JetStream of a scenario's own, and what its streams hold.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::{Client, ConnectOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::{Received, new_id, root};

use crate::certified::Certified;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a free port of the loopback, with its streams in a folder of its own; both are gone when it is dropped.
pub(crate) struct Nats {
    folder: PathBuf,
    arguments: Vec<String>,
    options: ConnectOptions,
    process: Child,
    port: u16,
}

/// A message as a stream keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// On which subject it was published.
    pub(crate) subject: String,
    /// What was published.
    pub(crate) received: Received,
}

impl Nats {
    /// One that anybody may publish to.
    pub(crate) async fn start() -> Self {
        Self::with(&[], ConnectOptions::new()).await
    }

    /// One that lets in whoever knows this name and password.
    pub(crate) async fn for_who_is(user: &str, password: &str) -> Self {
        let options = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned());
        Self::with(&["--user", user, "--pass", password], options).await
    }

    /// One where who has this key may publish below this prefix, and do nothing else.
    pub(crate) async fn for_who_has(public_key: &str, prefix: &str) -> Self {
        let config = format!(
            "authorization {{ users = [
               {{ nkey: {public_key}, permissions: {{ publish: \"{prefix}.>\", subscribe: \"_INBOX.>\" }} }}
               {{ user: operator, password: operator }} ] }}"
        );
        let file = std::env::temp_dir().join(format!("f6-nats-{}.conf", new_id()));
        std::fs::write(&file, config).expect("a file");
        let options = ConnectOptions::with_user_and_password("operator".to_owned(), "operator".to_owned());
        let nats = Self::with(&["--config", &file.display().to_string()], options).await;
        std::fs::remove_file(file).expect("it has been read");
        nats
    }

    /// One that speaks TLS alone.
    pub(crate) async fn over_tls(certified: &Certified) -> Self {
        let Certified { authority, certificate, key, .. } = certified;
        let options = ConnectOptions::new().add_root_certificates(authority.into()).require_tls(true);
        Self::with(&["--tls", "--tlscert", certificate, "--tlskey", key], options).await
    }

    async fn with(arguments: &[&str], options: ConnectOptions) -> Self {
        let folder = std::env::temp_dir().join(format!("f6-nats-{}", new_id()));
        std::fs::create_dir_all(&folder).expect("a folder for the server's streams");
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        // Any port that is free, the first time.
        let process = spawn(&folder, "-1", &arguments);
        let mut nats = Self { folder, arguments, options, process, port: 0 };
        nats.port = nats.told_port().await;
        nats
    }

    /// Its host and port.
    pub(crate) fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The address of a sink that publishes below this subject.
    pub(crate) fn sink(&self, prefix: &str) -> String {
        format!("nats://{}/{prefix}", self.server())
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a server that runs can be killed");
        self.process.wait().expect("a killed server ends");
    }

    /// Starts it again where it was, on what it had stored.
    pub(crate) fn restart(&mut self) {
        self.process = spawn(&self.folder, &self.port.to_string(), &self.arguments);
    }

    /// Makes a stream that takes every subject below this prefix, as an operator does.
    pub(crate) async fn make_stream(&self, prefix: &str) {
        let config = json!({ "name": "F6", "subjects": [format!("{prefix}.>")] });
        let made = self.ask("STREAM.CREATE.F6", &config).await;
        assert_eq!(made["config"]["name"], "F6", "{made}");
    }

    /// Everything that the stream holds, in its order.
    pub(crate) async fn published(&self) -> Vec<Published> {
        let info = self.ask("STREAM.INFO.F6", &json!({})).await;
        let last = info["state"]["last_seq"].as_u64().expect("a stream");
        let mut all = Vec::new();
        for sequence in 1..=last {
            all.push(published(&self.ask("STREAM.MSG.GET.F6", &json!({ "seq": sequence })).await["message"]));
        }
        all
    }

    async fn ask(&self, what: &str, body: &Value) -> Value {
        let asked = self.client().await.request(format!("$JS.API.{what}"), body.to_string().into()).await;
        serde_json::from_slice(&asked.expect("JetStream answers").payload).expect("JSON")
    }

    async fn client(&self) -> Client {
        let options = self.options.clone().retry_on_initial_connect();
        options.connect(self.server()).await.expect("the server answers")
    }

    /// The server writes the port that it found into a file.
    async fn told_port(&mut self) -> u16 {
        let file = self.folder.join(format!("nats-server_{}.ports", self.process.id()));
        let began = Instant::now();
        loop {
            let told = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
            if let Some(port) = told.as_ref().and_then(port_of) {
                return port;
            }
            let ended = self.process.try_wait().expect("a process");
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "nats-server: {ended:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- log of nats-server ---\n{}", self.log());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &std::path::Path, port: &str, more: &[String]) -> Child {
    let mut server = Command::new(root().join("scripts/tool.sh"));
    server.args(["nats-server", "--addr", "127.0.0.1", "--port", port, "--jetstream"]).args(more);
    server.arg("--store_dir").arg(folder).arg("--ports_file_dir").arg(folder);
    server.arg("--log").arg(folder.join("log")).stdin(Stdio::null());
    server.spawn().expect("scripts/tool.sh brings nats-server")
}

fn port_of(told: &Value) -> Option<u16> {
    told["nats"][0].as_str()?.rsplit_once(':')?.1.parse().ok()
}

fn published(message: &Value) -> Published {
    let decoded = |field: &str| STANDARD.decode(message[field].as_str().unwrap_or_default()).expect("base64");
    let headers = String::from_utf8(decoded("hdrs")).expect("headers are text");
    // The first line names the version of the protocol.
    let headers = headers.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let subject = message["subject"].as_str().expect("a subject").to_owned();
    Published { subject, received: Received { headers, body: decoded("data"), status: 200 } }
}
