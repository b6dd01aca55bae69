//! Why a run cannot be carried to its end.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Anything that stops a run: there is nothing to be done about it but to read it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What is wrong, and all that caused it.
pub(crate) fn chain(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Runs a program to its end; what it says is the failure where it fails.
pub(crate) fn run(command: &mut Command) -> Result<Output, Failure> {
    let program = PathBuf::from(command.get_program());
    let output =
        command.output().map_err(|error| format!("{} does not start: {error}", program.display()))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} ended with {}: {}", program.display(), output.status, said.trim()).into())
}

/// A program of the workspace, built beside this one.
pub(crate) fn sibling(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{} is not built: scripts/bench.sh builds it", path.display()).into())
    }
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
