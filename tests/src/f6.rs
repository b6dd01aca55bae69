use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use reqwest::Client;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::database::{Database, Role};
use crate::graphql::{Answer, send};
use crate::history::History;
use crate::principal::{Principal, Token};
use crate::proxy::StatementCounter;
use crate::question::Question;
use crate::server::Server;
use crate::values::{new_id, sha256};
use crate::workspace::{binary, root, run};

/// One running system: a database of its own, a write API (or several), a query API.
pub struct F6 {
    http: Client,
    clerk: Token,
    /// The write servers; all on the one database.
    pub write: Vec<Server>,
    /// The query server.
    pub query: Server,
    /// Counts what the query server asks of the database, where [`Setup::count_statements`] was said.
    pub statements: Option<StatementCounter>,
    /// The same of the write servers.
    pub write_statements: Option<StatementCounter>,
    /// The database of this F6 alone.
    pub database: Database,
    folder: Folder,
}

/// How an F6 is to be started.
#[must_use = "an F6 is started by `start`"]
#[derive(Default)]
pub struct Setup {
    more_write_servers: usize,
    write_env: Vec<(String, String)>,
    query_env: Vec<(String, String)>,
    count_statements: bool,
    own_cluster: bool,
    database: Option<Database>,
    write_config: Vec<(String, String)>,
    query_config: Vec<(String, String)>,
    trusted_documents: Vec<String>,
}

impl Setup {
    /// So many write servers on the one database.
    pub fn write_servers(self, count: usize) -> Self {
        Self { more_write_servers: count - 1, ..self }
    }

    /// A variable in the environment of the write servers.
    pub fn write_env(mut self, name: &str, value: &str) -> Self {
        self.write_env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable in the environment of the query server.
    pub fn query_env(mut self, name: &str, value: &str) -> Self {
        self.query_env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable in the environment of every server.
    pub fn env(self, name: &str, value: &str) -> Self {
        self.query_env(name, value).write_env(name, value)
    }

    /// On a PostgreSQL of its own, which can be crashed.
    pub fn own_cluster(self) -> Self {
        Self { own_cluster: true, ..self }
    }

    /// On this database, rather than on a new one.
    pub fn on(self, database: Database) -> Self {
        Self { database: Some(database), ..self }
    }

    /// More in the write config: this text after the only place where that one stands.
    pub fn write_config(mut self, after: &str, more: &str) -> Self {
        self.write_config.push((after.to_owned(), more.to_owned()));
        self
    }

    /// More in the query config: this text after the only place where that one stands.
    pub fn query_config(mut self, after: &str, more: &str) -> Self {
        self.query_config.push((after.to_owned(), more.to_owned()));
        self
    }

    /// Documents that every server is to trust.
    pub fn trusted_documents(mut self, documents: &[&str]) -> Self {
        self.trusted_documents.extend(documents.iter().map(|document| (*document).to_owned()));
        self
    }

    /// Count the statements that the servers send to the database.
    pub fn count_statements(self) -> Self {
        Self { count_statements: true, ..self }
    }

    /// What counts the statements of a role, where that was said.
    async fn counter(&self, database: &Database, role: Role) -> Option<StatementCounter> {
        match self.count_statements {
            true => Some(StatementCounter::before(&database.url(role)).await),
            false => None,
        }
    }

    /// The one that was given, or a new one.
    async fn take_database(&mut self) -> Database {
        match self.database.take() {
            Some(database) => database,
            None if self.own_cluster => Database::alone().await,
            None => Database::create().await,
        }
    }

    /// Starts it, and returns when all servers are ready.
    pub async fn start(mut self) -> F6 {
        let database = self.take_database().await;
        let write_statements = self.counter(&database, Role::Write).await;
        let statements = self.counter(&database, Role::Query).await;
        let folder = Folder::create();
        folder.change("write_config.yaml", &self.write_config);
        folder.change("query_config.yaml", &self.query_config);
        let mut write_env = environment(&database, &folder);
        write_env.extend(folder.trust(&self.trusted_documents));
        write_env.extend(self.write_env);
        if let Some(counter) = &write_statements {
            write_env.extend(through(counter, "F6_WRITE_DATABASE_URL", (&database, Role::Write)));
        }
        let mut write = Vec::new();
        for _ in 0..=self.more_write_servers {
            write.push(Server::start("write-api", write_env.clone(), &folder.0).await);
        }
        let mut query_env = environment(&database, &folder);
        query_env.extend(folder.trust(&self.trusted_documents));
        query_env.extend(self.query_env);
        if let Some(counter) = &statements {
            query_env.extend(through(counter, "F6_QUERY_DATABASE_URL", (&database, Role::Query)));
        }
        let query = Server::start("query-api", query_env, &folder.0).await;
        F6 {
            http: Client::new(),
            clerk: Token::sign("ambtenaar"),
            write,
            query,
            statements,
            write_statements,
            database,
            folder,
        }
    }
}

impl F6 {
    /// An F6 as it is shipped, empty.
    pub async fn start() -> Self {
        Setup::default().start().await
    }

    /// Somebody with this type of authority.
    pub fn principal(&self, source_type: &str) -> Principal<'_> {
        Principal::new(self, Token::sign(source_type))
    }

    /// A civil servant: claims, validates and corrects.
    pub fn ambtenaar(&self) -> Principal<'_> {
        self.principal("ambtenaar")
    }

    /// A parent.
    pub fn ouder(&self) -> Principal<'_> {
        self.principal("ouder")
    }

    /// A citizen.
    pub fn burger(&self) -> Principal<'_> {
        self.principal("burger")
    }

    /// Somebody with this type of authority who is this person.
    pub fn person(&self, source_type: &str, person: Uuid) -> Principal<'_> {
        Principal::new(self, Token::sign_of(source_type, person, &[]))
    }

    /// Somebody with this type of authority, of whom the token says where they are: arguments of `write-api token`.
    pub fn of(&self, source_type: &str, whence: &[&str]) -> Principal<'_> {
        Principal::new(self, Token::sign_of(source_type, new_id(), whence))
    }

    /// A civil servant's question about a person.
    pub fn persoon(&self, id: Uuid) -> Question<'_> {
        Question::one(self.clerk(), "persoon", id)
    }

    /// A civil servant's question about several persons.
    pub fn personen(&self, ids: &[Uuid]) -> Question<'_> {
        Question::many(self.clerk(), "personen", ids)
    }

    /// A civil servant's question about what stands in another root field: a view, an address, an event.
    pub fn one(&self, field: &str, id: Uuid) -> Question<'_> {
        Question::one(self.clerk(), field, id)
    }

    /// An event's status, as known now.
    pub async fn status(&self, event: impl Into<Uuid>) -> String {
        let event = self.one("event", event.into()).ask("status").await;
        event["status"].as_str().unwrap_or_else(|| panic!("no status: {event}")).to_owned()
    }

    /// Asks the query API, with this token or none.
    pub async fn query(&self, token: Option<&str>, query: &str, variables: &Value) -> Answer {
        let url = self.query.url("/graphql");
        send(&self.http, &url, token, query, variables).await.expect("the query API answers")
    }

    /// Speaks to one of the write servers, with this token or none.
    pub async fn mutate(
        &self,
        server: usize,
        token: Option<&str>,
        mutation: &str,
        variables: &Value,
    ) -> Result<Answer, reqwest::Error> {
        send(&self.http, &self.write[server].url("/graphql"), token, mutation, variables).await
    }

    /// Takes in a history of which every line is accepted.
    pub fn import(&self, history: &History) {
        let file = self.file("history.ndjson");
        history.write(&file);
        run(&mut self.write_api([OsStr::new("import"), file.as_os_str()]));
    }

    /// A delivery worker, which tries again soon, with this in its environment as well.
    pub async fn delivery(&self, env: &[(&str, &str)]) -> Server {
        let mut all = environment(&self.database, &self.folder);
        let quick =
            [("F6_DELIVERY_LONGEST_WAIT", "0.2"), ("F6_DELIVERY_QUERY_URL", &self.query.url("/graphql"))];
        let own = quick.iter().chain(env).map(|&(name, value)| (name.to_owned(), value.to_owned()));
        all.extend(own);
        Server::start("delivery", all, &self.folder.0).await
    }

    /// A management command of `write-api` on this F6's database.
    pub fn write_api(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Process {
        let mut process = Process::new(binary("write-api"));
        process.args(arguments).envs(environment(&self.database, &self.folder));
        process
    }

    /// A management command of `query-api` on this F6's database.
    pub fn query_api(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Process {
        let mut process = Process::new(binary("query-api"));
        process.args(arguments).envs(environment(&self.database, &self.folder));
        process
    }

    /// Where a file of this name may stand until the scenario ends.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// The civil servant who asks where a scenario does not say who: always the same one.
    pub fn clerk(&self) -> Principal<'_> {
        Principal::new(self, self.clerk.clone())
    }
}

/// A server that reaches the store through a counter, and the processing log past it: what an answer costs the one is told
/// apart from what it costs the other.
fn through(
    counter: &StatementCounter,
    variable: &str,
    (database, role): (&Database, Role),
) -> [(String, String); 2] {
    let log = database.url(role);
    [(variable, counter.url.clone()), ("F6_PROCESSING_LOG_DATABASE_URL", log)]
        .map(|(name, value)| (name.to_owned(), value))
}

fn environment(database: &Database, folder: &Folder) -> Vec<(String, String)> {
    let path = |name: &str| folder.0.join(name).display().to_string();
    [
        ("F6_WRITE_DATABASE_URL", database.url(Role::Write)),
        ("F6_QUERY_DATABASE_URL", database.url(Role::Query)),
        ("F6_DELIVERY_DATABASE_URL", database.url(Role::Delivery)),
        ("F6_DELIVERY_BIND", "127.0.0.1:0".to_owned()),
        ("F6_MIGRATION_DATABASE_URL", database.url(Role::Migration)),
        ("F6_WRITE_CONFIG_PATH", path("write_config.yaml")),
        ("F6_QUERY_CONFIG_PATH", path("query_config.yaml")),
        ("F6_WRITE_BIND", "127.0.0.1:0".to_owned()),
        ("F6_QUERY_BIND", "127.0.0.1:0".to_owned()),
        ("F6_DEV", "true".to_owned()),
        ("F6_LOG_FORMAT", "pretty".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The shipped configs.
const CONFIGS: [&str; 2] = ["write_config.yaml", "query_config.yaml"];

/// A folder that goes when the scenario ends, with the configs as they were when it began.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Self {
        let folder = std::env::temp_dir().join(format!("f6-scenario-{}", new_id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        for config in CONFIGS {
            std::fs::copy(root().join(config), folder.join(config)).expect("the shipped configs");
        }
        Self(folder)
    }
}

impl Folder {
    /// The setting that names the trusted documents, where there are any.
    fn trust(&self, documents: &[String]) -> Option<(String, String)> {
        let named: Map<_, _> =
            documents.iter().map(|document| (sha256(document), Value::from(document.as_str()))).collect();
        let path = self.0.join("documents.json");
        std::fs::write(&path, Value::from(named).to_string()).expect("the trusted documents");
        (!documents.is_empty()).then(|| ("F6_TRUSTED_DOCUMENTS".to_owned(), path.display().to_string()))
    }

    /// Adds to a config.
    fn change(&self, config: &str, more: &[(String, String)]) {
        let path = self.0.join(config);
        let mut text = std::fs::read_to_string(&path).expect("the config");
        for (after, more) in more {
            assert_eq!(text.matches(after).count(), 1, "`{after}` stands in {config} once");
            text = text.replace(after, &format!("{after}{more}"));
        }
        std::fs::write(&path, text).expect("the config");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all::<&Path>(&self.0);
    }
}
