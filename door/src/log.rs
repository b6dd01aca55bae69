//! Where sentences about what happens go: standard error, to be read by people or by machines.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use clap::{Args, ValueEnum};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::otlp::{OtlpError, Traces};

/// What is logged, and how.
#[derive(Args, Clone, Debug)]
pub struct LogOptions {
    /// What to log: a level (error, warn, info, debug, trace), or one per module, such as info,door=debug
    #[arg(long, env = "F6_LOG", value_name = "FILTER", default_value = "info", help_heading = "Log")]
    pub log: String,
    /// Lines for people, or JSON objects for machines
    #[arg(long, env = "F6_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Pretty,
          help_heading = "Log")]
    pub log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

/// Why the log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("cannot read the log filter `{filter}`; write a level such as `info`, or `info,door=debug`")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Traces cannot be sent.
    #[error(transparent)]
    Traces(#[from] OtlpError),
    /// There is a log already.
    #[error("the log was started twice")]
    Twice(#[source] tracing::subscriber::SetGlobalDefaultError),
}

impl LogOptions {
    /// Starts the log of this process, and sends panics there; and its traces, where the environment asks for them.
    ///
    /// # Errors
    /// When the filter is not one, traces cannot be sent as asked, or there is a log already.
    pub fn start(&self, service: &'static str) -> Result<Traces, LogError> {
        let filter = EnvFilter::try_new(&self.log)
            .map_err(|source| LogError::Filter { filter: self.log.clone(), source })?;
        let traces = Traces::connect(service)?;
        let lines = self.lines().with_filter(filter.and(filter_fn(belongs_in_lines)));
        let log = tracing_subscriber::registry().with(lines).with(traces.layer());
        tracing::subscriber::set_global_default(log).map_err(LogError::Twice)?;
        std::panic::set_hook(Box::new(panicked));
        Ok(traces)
    }

    fn lines(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let lines = fmt::layer().with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Pretty => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        }
    }
}

/// The steps of a request are for traces; a line stands in the request itself, whose ids it tells.
fn belongs_in_lines(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() || *metadata.level() == Level::ERROR
}

/// The text of a panic may hold what was asked, unless it is a constant of the code.
fn panicked(panic: &PanicHookInfo<'_>) {
    let constant = panic.payload().downcast_ref::<&'static str>().copied();
    let message = constant.unwrap_or("its text is not logged, as it may hold what was asked");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, message, "the code panicked");
}
