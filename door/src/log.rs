//! Where sentences about what happens go: standard error, to be read by people or by machines.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

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
    /// There is a log already.
    #[error("the log was started twice")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl LogOptions {
    /// Starts the log of this process, and sends panics there.
    ///
    /// # Errors
    /// When the filter is not one, or there is a log already.
    pub fn start(&self) -> Result<(), LogError> {
        let filter = EnvFilter::try_new(&self.log)
            .map_err(|source| LogError::Filter { filter: self.log.clone(), source })?;
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Pretty => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
            LogFormat::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
        }
        .map_err(LogError::Twice)?;
        std::panic::set_hook(Box::new(panicked));
        Ok(())
    }
}

fn panicked(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, message, "the code panicked");
}
