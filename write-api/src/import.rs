//! Import: whole events as they stand, one JSON object a line, each checked against the catalogue like any command.
//!
//! An import that was cut off is taken up by running it again: what is there already is recognised by its id.

#[cfg(test)]
mod fuzz;
mod line;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use door::shown_text;
use flate2::read::MultiGzDecoder;
use read_model::catalogue::Catalogue;
use read_model::event::EventId;
use read_model::hashed::HashSet;
use read_model::pool::Pool;
use serde::Serialize;

use crate::append::{AppendError, Engine, EngineError, Request, Stamped};
use crate::command::Command;
use crate::outcome::{Finding, FindingCode, Outcome};

/// How many lines are committed together.
const LINES_A_COMMIT: usize = 500;

/// The longest line that is looked at, in bytes; an event takes a tenth of it at most.
const MAX_LINE: u64 = 1_000_000;

/// How many objects an import keeps in memory.
const CACHED_OBJECTS: usize = 50_000;

/// How far equal moments may have been moved apart, all together.
const MAX_MOVED: TimeDelta = TimeDelta::seconds(1);

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Lines read.
    pub lines: u64,
    /// Events stored now.
    pub imported: u64,
    /// Events that were there already.
    pub present: u64,
    /// Events whose `created_at` was moved by microseconds, because an earlier one had the same.
    pub moved: u64,
    /// What was refused, and why.
    pub refused: Vec<RefusedLine>,
}

/// A line that was refused; a line of the report file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    /// The line, from 1.
    pub line: u64,
    /// The event's id, where it could be read.
    pub id: Option<EventId>,
    /// Always `refused`.
    pub outcome: &'static str,
    /// The finding's code.
    pub code: &'static str,
    /// Where in the line: `["event_data", "datum"]`; empty where it is the line as a whole.
    pub path: Vec<String>,
    /// The rule, where one is broken.
    pub rule: Option<Arc<str>>,
    /// Value, rule and remedy.
    pub message: String,
}

/// How an import is done.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Where the refused lines are written, one JSON object each.
    pub report: Option<PathBuf>,
}

/// An import that could not be carried to its end; what it stored stands, and running it again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{path} cannot be read at line {line}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// The report cannot be written.
    #[error("the report {path} cannot be written")]
    Report {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store is at fault.
    #[error("the import stopped at line {line}")]
    Store {
        /// The first line of those that were not stored.
        line: u64,
        /// Why.
        source: Arc<EngineError>,
    },
}

/// Imports a file of events (`.ndjson`, or `.gz` of it) over a pool of the migration role.
///
/// `progress` is told how many bytes of the file were read.
///
/// # Errors
/// [`ImportError`].
pub async fn run(
    pool: Pool,
    catalogue: Arc<Catalogue>,
    path: &Path,
    options: &ImportOptions,
    progress: impl Fn(u64),
) -> Result<ImportReport, ImportError> {
    let unreadable = |line| move |source| ImportError::Read { path: path.to_owned(), line, source };
    let fault = |line| move |source| ImportError::Store { line, source: Arc::new(source) };
    let mut lines = Lines::open(path).map_err(unreadable(0))?;
    let engine =
        Engine::connect(pool.clone(), Arc::clone(&catalogue), CACHED_OBJECTS).await.map_err(fault(1))?;
    let mut import = Import { pool, catalogue, engine, floor: None, report: ImportReport::default() };
    loop {
        let first = import.report.lines + 1;
        let batch = lines.take(LINES_A_COMMIT).map_err(unreadable(first))?;
        if batch.is_empty() {
            break;
        }
        import.batch(batch).await?;
        progress(lines.bytes_read());
    }
    import.report.refused.sort_by_key(|refused| refused.line);
    if let Some(path) = &options.report {
        write_report(path, &import.report.refused)
            .map_err(|source| ImportError::Report { path: path.clone(), source })?;
    }
    Ok(import.report)
}

struct Import {
    pool: Pool,
    catalogue: Arc<Catalogue>,
    engine: Engine,
    /// The newest `created_at` that the file gave; none before its first event.
    floor: Option<DateTime<Utc>>,
    report: ImportReport,
}

impl Import {
    async fn batch(&mut self, batch: Vec<Vec<u8>>) -> Result<(), ImportError> {
        let first = self.report.lines + 1;
        let fault = |source| ImportError::Store { line: first, source };
        let parsed: Vec<_> = batch.iter().map(|line| line::parse(line)).collect();
        let ids = parsed.iter().flatten().map(|parsed| parsed.command.id).collect();
        let present = self.present(ids).await.map_err(|error| fault(Arc::new(error.into())))?;
        let (mut numbers, mut requests) = (Vec::new(), Vec::new());
        for parsed in parsed {
            self.report.lines += 1;
            match parsed.and_then(|parsed| self.in_order(parsed, &present)) {
                Ok(line::Line { command, created_at }) => {
                    numbers.push((self.report.lines, command.id));
                    requests.push(stamped(command, created_at));
                }
                Err(refused) => self.refuse(self.report.lines, refused.id, &refused.finding),
            }
        }
        let outcomes = self.engine.process_stamped(&requests).await;
        for (((line, id), request), outcome) in numbers.into_iter().zip(requests).zip(outcomes) {
            match outcome {
                Ok(outcome) => self.count(line, id, request.created_at, &outcome),
                Err(AppendError::Fault(source)) => return Err(fault(source)),
                Err(
                    error @ (AppendError::Forbidden(_) | AppendError::Overloaded | AppendError::Stopping),
                ) => {
                    unreachable!("an import asks no rights and waits in no queue: {error}")
                }
            }
        }
        Ok(())
    }

    async fn present(&self, ids: Vec<EventId>) -> Result<HashSet<EventId>, sqlx::Error> {
        let found: Vec<EventId> = sqlx::query_scalar("SELECT id FROM event WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(&mut self.pool.lend().await?)
            .await?;
        Ok(found.into_iter().collect())
    }

    /// `created_at` must not lie in the future, nor before that of the events before it; the source type is known.
    fn in_order(
        &mut self,
        parsed: line::Line,
        present: &HashSet<EventId>,
    ) -> Result<line::Line, line::Refused> {
        let refuse = |message: String| line::Refused::at(Some(parsed.command.id), "created_at", message);
        let given = parsed.created_at;
        let source_type = &parsed.command.caller.source.source_type;
        if !self.catalogue.source_types.contains(source_type) {
            let there = self.catalogue.source_types.join(", ");
            let source_type = shown_text(source_type);
            let message = format!("`{source_type}` is no source type of this F6; there are: {there}");
            return Err(line::Refused::at(Some(parsed.command.id), "event_source_type", message));
        }
        if present.contains(&parsed.command.id) {
            self.floor = self.floor.max(Some(given));
            return Ok(parsed);
        }
        let now = self.engine.now();
        if given > now {
            return Err(refuse(format!(
                "`created_at` {given} lies in the future; an event is registered before it is imported"
            )));
        }
        let last = self.engine.last_created_at();
        // Equal moments were moved apart by microseconds, so the store may be a little ahead of the file.
        let floor = self.floor.map_or(last, |floor| floor.max(last - MAX_MOVED));
        if given < floor {
            return Err(refuse(format!(
                "`created_at` {given} lies before {floor}, that of an event that stands; sort the file by `created_at`, or read why the import that took in that event refused this one"
            )));
        }
        self.floor = Some(given);
        Ok(parsed)
    }

    fn count(&mut self, line: u64, id: EventId, given: DateTime<Utc>, outcome: &Outcome) {
        match outcome.refusals.first() {
            Some(finding) => self.refuse(line, Some(id), finding),
            None if outcome.repeated => self.report.present += 1,
            None => {
                self.report.imported += 1;
                self.report.moved += u64::from(outcome.events.iter().any(|event| event.created_at != given));
            }
        }
    }

    fn refuse(&mut self, line: u64, id: Option<EventId>, finding: &Finding) {
        self.report.refused.push(RefusedLine {
            line,
            id,
            outcome: "refused",
            code: finding.code.name(),
            path: finding.path.iter().enumerate().map(|(depth, step)| in_line(depth, step)).collect(),
            rule: finding.rule.clone(),
            message: finding.message.clone(),
        });
    }
}

/// A step of a finding's path, which follows the input of a command, by the names of a line.
fn in_line(depth: usize, step: &str) -> String {
    match (depth, step) {
        (0, "data") => "event_data",
        (0, "occurredAt") => "occurred_at",
        (0, "objectIds") => "object_ids",
        (0, "basedOn" | "target") => "event_reference",
        (_, step) => step,
    }
    .to_owned()
}

fn stamped(command: Command, created_at: DateTime<Utc>) -> Stamped {
    Stamped { request: Request { commands: vec![command], dry_run: false }.into(), created_at }
}

fn write_report(path: &Path, refused: &[RefusedLine]) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(File::create(path)?);
    for line in refused {
        serde_json::to_writer(&mut file, line)?;
        file.write_all(b"\n")?;
    }
    file.flush()
}

/// The lines of a file, unpacked where its name ends in `.gz`.
struct Lines {
    reader: Box<dyn BufRead + Send>,
    read: Arc<std::sync::atomic::AtomicU64>,
}

impl Lines {
    fn open(path: &Path) -> std::io::Result<Self> {
        let read = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let file = Counted { file: File::open(path)?, read: Arc::clone(&read) };
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let reader: Box<dyn BufRead + Send> = if packed {
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        } else {
            Box::new(BufReader::new(file))
        };
        Ok(Self { reader, read })
    }

    fn take(&mut self, count: usize) -> std::io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let mut line = Vec::new();
            if (&mut self.reader).take(MAX_LINE + 1).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() as u64 > MAX_LINE && !line.ends_with(b"\n") {
                self.reader.skip_until(b'\n')?;
            }
            lines.push(line);
        }
        Ok(lines)
    }

    fn bytes_read(&self) -> u64 {
        self.read.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A file that counts what was read of it.
struct Counted {
    file: File,
    read: Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        let added = u64::try_from(count).unwrap_or(u64::MAX);
        self.read.fetch_add(added, std::sync::atomic::Ordering::Relaxed);
        Ok(count)
    }
}
