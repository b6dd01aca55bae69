use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::f6::F6;
use crate::workspace::{binary, run};

/// A `bsn-issuer`, with a folder of its own for its token, its checkpoint and its log; killed when dropped, its log shown
/// when its scenario fails.
pub struct Issuer {
    env: Vec<(String, String)>,
    folder: PathBuf,
    process: Child,
}

impl Issuer {
    /// Starts one of this name, as a system with a token of its own, and with these settings besides.
    ///
    /// It is not waited for: what it does, the scenario sees.
    pub fn start(f6: &F6, name: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_with_token(f6, name, f6.principal("systeem").token(), settings)
    }

    /// Starts one with this token.
    pub fn start_with_token(f6: &F6, name: &str, token: &str, settings: &[(&str, &str)]) -> Self {
        let folder = f6.file(name);
        std::fs::create_dir_all(&folder).expect("a folder for the issuer");
        let own = [
            ("F6_QUERY_URL", f6.query.url("/graphql")),
            ("F6_WRITE_URL", f6.write[0].url("/graphql")),
            ("F6_TOKEN_FILE", folder.join("token").display().to_string()),
            ("F6_CHECKPOINT_FILE", folder.join("checkpoint").display().to_string()),
        ];
        let settings = settings.iter().map(|&(name, value)| (name, value.to_owned()));
        let env: Vec<_> =
            own.into_iter().chain(settings).map(|(name, value)| (name.to_owned(), value)).collect();
        std::fs::write(folder.join("token"), token).expect("a file for the token");
        let process = spawn(&env, &folder);
        Self { env, folder, process }
    }

    /// Starts it again, after it ended or was killed.
    pub fn start_again(&mut self) {
        self.process = spawn(&self.env, &self.folder);
    }

    /// Gives it another token.
    pub fn renew_token(&self, token: &str) {
        std::fs::write(self.folder.join("token"), token).expect("a file for the token");
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill().expect("what runs can be killed");
        self.process.wait().expect("what was killed ends");
    }

    /// Tells it to stop, as an operator does, and says whether it ended well.
    pub fn stop(&mut self) -> bool {
        run(Command::new("kill").args(["-TERM", &self.process.id().to_string()]));
        self.process.wait().expect("it ends").success()
    }

    /// Loses what it remembered, while it does not run.
    pub fn lose_checkpoint(&self) {
        std::fs::remove_file(self.folder.join("checkpoint")).expect("a checkpoint");
    }

    /// Remembers this instead, while it does not run.
    pub fn remember(&self, cursor: &str) {
        std::fs::write(self.folder.join("checkpoint"), cursor).expect("a file for the checkpoint");
    }

    /// Everything that it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = self.log();
            let skipped = log.lines().count().saturating_sub(200);
            let end: Vec<&str> = log.lines().skip(skipped).collect();
            eprintln!("--- the end of the log of bsn-issuer ---\n{}", end.join("\n"));
        }
    }
}

fn spawn(env: &[(String, String)], folder: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).expect("a log file");
    Command::new(binary("bsn-issuer"))
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file for both streams"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("bsn-issuer did not start: {error}"))
}
