use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use crate::values::new_id;
use crate::workspace::{root, run};

/// A PostgreSQL cluster to make databases in.
///
/// `make test` gives one for the whole run in `F6_TEST_POSTGRES_URL`; without it, this process starts one of its own
/// and stops it after the last scenario that uses it.
pub(crate) struct Cluster {
    pub(crate) superuser_url: String,
    own: Option<PathBuf>,
}

impl Cluster {
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::given().unwrap_or_else(|| Self::start(&[])));
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// A cluster of this scenario alone, on which what was committed outlives a crash of PostgreSQL.
    pub(crate) fn own() -> Arc<Self> {
        Arc::new(Self::start(&["synchronous_commit = on", "full_page_writes = on"]))
    }

    /// Kills every process of it as it is, and starts it again; only where it is a scenario's own.
    pub(crate) fn crash(&self) {
        let folder = self.own.as_ref().expect("nobody crashes a cluster of others");
        run(script().arg("crash").arg(folder));
    }

    fn given() -> Option<Self> {
        let superuser_url = std::env::var("F6_TEST_POSTGRES_URL").ok()?;
        Some(Self { superuser_url, own: None })
    }

    fn start(settings: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("f6-postgres-{}", new_id()));
        let output = run(script().arg("start").arg(&folder).args(settings));
        let said = String::from_utf8(output.stdout).expect("the script prints a URL");
        let superuser_url = said.lines().last().expect("the script prints a URL").trim().to_owned();
        Self { superuser_url, own: Some(folder) }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            run(script().arg("stop").arg(folder));
        }
    }
}

fn script() -> Command {
    Command::new(root().join("scripts/throwaway-postgres.sh"))
}
