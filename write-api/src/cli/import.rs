//! `import`: takes in a file of events, shows how far it is, and tells what was refused, and why.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::import::{self, ImportError, ImportOptions, ImportReport, RefusedLine};
use crate::settings::{ConfigOptions, MigrationDatabase, SettingsError};

/// From where.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file: one event a line as JSON, compressed where its name ends in .gz
    file: PathBuf,
    /// Where to write what was refused, one JSON object a line, instead of telling it here
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigOptions,
    #[command(flatten)]
    database: MigrationDatabase,
}

/// Why not every line was read.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The import.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// Imports the file; what is told at the end.
///
/// Lines that are refused are no failure: the import did what it is for, and says what it refused.
pub(super) async fn import(args: ImportArgs) -> Result<String, ImportFailure> {
    let catalogue = args.config.load()?;
    let pool = args.database.connect().await?;
    let progress = progress(&args.file);
    let told = |bytes| progress.set_position(bytes);
    let options = ImportOptions { report: args.report };
    let report = import::run(pool, catalogue, &args.file, &options, told).await;
    progress.finish_and_clear();
    Ok(summary(&report?, &options))
}

/// In bytes of the file, for how many events it holds is known only at its end; hidden where nobody watches.
fn progress(file: &std::path::Path) -> ProgressBar {
    let size = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
    ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn summary(report: &ImportReport, options: &ImportOptions) -> String {
    let ImportReport { lines, imported, present, moved, refused } = report;
    let count = refused.len();
    let mut text =
        format!("{lines} lines: {imported} events taken in, {present} there already, {count} refused");
    if *moved > 0 {
        let _ = write!(
            text,
            "\n{moved} events were registered at the moment of another: each was moved on by microseconds"
        );
    }
    match &options.report {
        Some(path) => {
            let _ = write!(text, "\nwhat was refused, and why: {}", path.display());
        }
        None => refused.iter().for_each(|line| text.push_str(&told(line))),
    }
    text
}

fn told(refused: &RefusedLine) -> String {
    let rule = refused.rule.as_ref().map(|rule| format!(" {rule}")).unwrap_or_default();
    format!("\nline {}: {}{rule}: {}", refused.line, refused.code, refused.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_by_its_line() {
        let refused = RefusedLine {
            line: 3,
            id: None,
            outcome: "refused",
            code: "RULE",
            path: Vec::new(),
            rule: Some("born-before".into()),
            message: "nobody dies before being born".to_owned(),
        };
        let report = ImportReport { lines: 4, imported: 2, present: 1, moved: 1, refused: vec![refused] };
        assert_eq!(
            summary(&report, &ImportOptions::default()),
            "4 lines: 2 events taken in, 1 there already, 1 refused\n\
             1 events were registered at the moment of another: each was moved on by microseconds\n\
             line 3: RULE born-before: nobody dies before being born"
        );
        let elsewhere = ImportOptions { report: Some("report.ndjson".into()) };
        assert!(summary(&report, &elsewhere).ends_with("what was refused, and why: report.ndjson"));
    }
}
