use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::values::new_id;
use crate::workspace::{root, run};

/// Faults of whatever is started with these in its environment: the machine beneath it lies, for as long as is said.
pub struct Faults {
    folder: PathBuf,
}

impl Faults {
    /// None yet; builds the library that a program is to be started with.
    pub fn none() -> Self {
        let folder = std::env::temp_dir().join(format!("f6-faults-{}", new_id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        // PostgreSQL runs as somebody else.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&folder, open).expect("our own folder");
        let faults = Self { folder };
        let compile = ["-O2", "-shared", "-fPIC", "-Wall", "-Werror", "-o"];
        run(Command::new("cc").args(compile).arg(faults.library()).arg(root().join("tests/src/faults.c")));
        faults.end();
        faults
    }

    /// From now on this is so: `fsync`, or `clock=` and seconds.
    pub fn begin(&self, fault: &str) {
        let draft = self.folder.join("draft");
        std::fs::write(&draft, fault).expect("our own file");
        std::fs::rename(draft, self.said()).expect("our own file");
    }

    /// From now on all is well.
    pub fn end(&self) {
        self.begin("");
    }

    /// What the program is to find in its environment.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library()), ("F6_FAULTS", self.said())]
    }

    fn library(&self) -> PathBuf {
        self.folder.join("faults.so")
    }

    fn said(&self) -> PathBuf {
        self.folder.join("said")
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
