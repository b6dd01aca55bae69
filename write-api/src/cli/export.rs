//! `export`: every event, in the structure that `import` reads, in the order of the log.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use indicatif::{ProgressBar, ProgressStyle};
use read_model::event::{Event, Position};
use read_model::reader::{EventFilter, EventReader, ReadError, Seen};
use serde_json::json;

use crate::settings::{ConfigOptions, SettingsError, WriteDatabase};

/// How many events are read at once.
const PAGE: usize = 1_000;

/// Where to.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The file, compressed where its name ends in .gz; standard output where absent or -
    file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigOptions,
    #[command(flatten)]
    database: WriteDatabase,
}

/// Why not every event was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The store.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file.
    #[error("cannot write to {target}")]
    Write {
        /// The file, or standard output.
        target: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Writes every event that is committed at this moment.
pub(super) async fn export(args: ExportArgs) -> Result<(), ExportError> {
    let catalogue = args.config.load()?;
    let reader = EventReader::new(args.database.connect().await?, catalogue, 1);
    let newest = reader.snapshot(None).await?.position;
    let file = args.file.filter(|file| file.as_os_str() != "-");
    let failed = |source| ExportError::Write {
        target: file
            .as_ref()
            .map_or_else(|| "standard output".to_owned(), |file| format!("`{}`", file.display())),
        source,
    };
    let mut sink = Sink::open(file.as_deref()).map_err(failed)?;
    let progress = progress(newest);
    let mut position = Position::START;
    while position < newest {
        let page =
            reader.page((&EventFilter::default(), &Seen::everything()), position, newest, PAGE).await?;
        let Some(last) = page.last() else { break };
        position = last.position;
        for event in &page {
            writeln!(sink.writer, "{}", line(event)).map_err(failed)?;
        }
        progress.set_position(position.get().unsigned_abs());
    }
    sink.close().map_err(failed)?;
    progress.finish_and_clear();
    Ok(())
}

/// One event, as a line of the file.
fn line(event: &Event) -> serde_json::Value {
    json!({
        "id": event.id,
        "created_at": moment(event.created_at),
        "occurred_at": moment(event.occurred_at),
        "object_ids": event.object_ids,
        "event_type": event.event_type,
        "event_version": event.event_version,
        "event_kind": event.kind().name(),
        "event_source_id": event.source.id,
        "event_source_type": event.source.source_type,
        "event_reference": event.references,
        "event_data": event.body.to_event_data(),
    })
}

fn moment(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn progress(newest: Position) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} events, {eta} left");
    ProgressBar::new(newest.get().unsigned_abs())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Where the lines go; a file gets its name when it is complete.
struct Sink {
    writer: Writer,
    /// The file as it is written, and as it is to be called.
    names: Option<(PathBuf, PathBuf)>,
}

impl Sink {
    fn open(file: Option<&Path>) -> io::Result<Self> {
        let Some(file) = file else {
            return Ok(Self { writer: Writer::Plain(Box::new(BufWriter::new(io::stdout()))), names: None });
        };
        let draft = file.with_added_extension("partial");
        let plain = BufWriter::new(File::create(&draft)?);
        let writer = if file.extension().is_some_and(|extension| extension == "gz") {
            Writer::Compressed(Box::new(GzEncoder::new(plain, Compression::default())))
        } else {
            Writer::Plain(Box::new(plain))
        };
        Ok(Self { writer, names: Some((draft, file.to_owned())) })
    }

    fn close(self) -> io::Result<()> {
        match self.writer {
            Writer::Plain(mut plain) => plain.flush()?,
            Writer::Compressed(compressed) => compressed.finish()?.flush()?,
        }
        self.names.map_or(Ok(()), |(draft, file)| std::fs::rename(draft, file))
    }
}

enum Writer {
    Plain(Box<dyn Write + Send>),
    Compressed(Box<GzEncoder<BufWriter<File>>>),
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.write(bytes),
            Self::Compressed(compressed) => compressed.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(plain) => plain.flush(),
            Self::Compressed(compressed) => compressed.flush(),
        }
    }
}
