use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use crate::faults::Faults;
use crate::values::new_id;
use crate::workspace::{root, run};

/// A PostgreSQL cluster to make databases in.
///
/// `make test` gives one for the whole run in `F6_TEST_POSTGRES_URL`; without it, this process starts one of its own
/// and stops it after the last scenario that uses it.
pub(crate) struct Cluster {
    pub(crate) superuser_url: String,
    own: Option<Own>,
}

/// A cluster that this process started.
struct Own {
    folder: PathBuf,
    env: Vec<(&'static str, PathBuf)>,
    /// Whether its folder is a disk of its own.
    disk: bool,
}

/// What was committed outlives a crash of PostgreSQL.
const DURABLE: [&str; 2] = ["synchronous_commit = on", "full_page_writes = on"];

impl Cluster {
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::given().unwrap_or_else(|| Self::start(Own::new(), &[])));
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// A cluster of this scenario alone, on which what was committed outlives a crash of PostgreSQL.
    pub(crate) fn own() -> Arc<Self> {
        Arc::new(Self::start(Own::new(), &DURABLE))
    }

    /// The same, on a machine with these faults; it waits for the disk.
    pub(crate) fn faulty(faults: &Faults) -> Arc<Self> {
        let own = Own { env: faults.environment().into(), ..Own::new() };
        Arc::new(Self::start(own, &[DURABLE.as_slice(), &["fsync = on"]].concat()))
    }

    /// The same, on a disk of so many megabytes; none where this user may not mount one.
    pub(crate) fn on_small_disk(megabytes: u32) -> Option<Arc<Self>> {
        let own = Own { disk: true, ..Own::new() };
        std::fs::create_dir_all(&own.folder).expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(&own.folder);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        let small = ["min_wal_size = 32MB", "max_wal_size = 64MB"];
        mounted.then(|| Arc::new(Self::start(own, &[DURABLE, small].concat())))
    }

    /// Where it keeps everything; only where it is a scenario's own.
    pub(crate) fn folder(&self) -> &Path {
        &self.own.as_ref().expect("nobody touches a cluster of others").folder
    }

    /// Has the script do something with it: `crash` kills every process of it as it is, and starts it again; `freeze`
    /// stops them as they are until `thaw`.
    pub(crate) fn told_to(&self, command: &str) {
        let own = self.own.as_ref().expect("nobody touches a cluster of others");
        run(own.script().arg(command).arg(&own.folder));
    }

    fn given() -> Option<Self> {
        let superuser_url = std::env::var("F6_TEST_POSTGRES_URL").ok()?;
        Some(Self { superuser_url, own: None })
    }

    fn start(own: Own, settings: &[&str]) -> Self {
        let output = run(own.script().arg("start").arg(&own.folder).args(settings));
        let said = String::from_utf8(output.stdout).expect("the script prints a URL");
        let superuser_url = said.lines().last().expect("the script prints a URL").trim().to_owned();
        Self { superuser_url, own: Some(own) }
    }
}

impl Own {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("f6-postgres-{}", new_id()));
        Self { folder, env: Vec::new(), disk: false }
    }

    fn script(&self) -> Command {
        let mut script = Command::new(root().join("scripts/throwaway-postgres.sh"));
        script.envs(self.env.iter().map(|(name, value)| (name, value)));
        script
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(own) = &self.own else { return };
        if own.disk {
            // Nothing on it is worth the time to end well.
            let _ = own.script().arg("stop").arg(&own.folder).output();
            run(Command::new("umount").arg("--lazy").arg(&own.folder));
            let _ = std::fs::remove_dir(&own.folder);
        } else {
            run(own.script().arg("stop").arg(&own.folder));
        }
    }
}
