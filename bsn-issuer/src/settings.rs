//! What is set by flags and by the environment.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use reqwest::Url;
use tracing_subscriber::EnvFilter;

/// Issues a citizen service number (BSN) for each birth that is validated, from the beginning of the log on
///
/// It follows the births of an F6 and answers each with a `BsnToegekend` that is based on the birth.
/// It may be stopped or killed at any moment and started again: no child is missed, and none gets two numbers.
/// Several may run at once, each with a checkpoint of its own.
#[derive(Debug, Parser)]
#[command(name = "bsn-issuer", version)]
pub(crate) struct Settings {
    /// The query API's GraphQL, where births are followed
    #[arg(long, env = "F6_QUERY_URL", value_name = "URL", value_parser = http_url,
          default_value = "http://127.0.0.1:8082/graphql")]
    pub(crate) query_url: Url,
    /// The write API's GraphQL, which takes the numbers
    #[arg(long, env = "F6_WRITE_URL", value_name = "URL", value_parser = http_url,
          default_value = "http://127.0.0.1:8081/graphql")]
    pub(crate) write_url: Url,
    /// Whose authority it acts with.
    #[command(flatten)]
    pub(crate) token: TokenOptions,
    /// Where it remembers how far it has come; without that file it begins at the beginning, which is safe
    #[arg(long, env = "F6_CHECKPOINT_FILE", value_name = "FILE", default_value = "bsn-issuer.checkpoint")]
    pub(crate) checkpoint_file: PathBuf,
    /// The first of the numbers that it may issue
    #[arg(long, env = "F6_BSN_FROM", value_name = "NUMBER", default_value_t = 100_000_000)]
    pub(crate) bsn_from: u32,
    /// The last of them; issuers whose numbers do not overlap never try the same one
    #[arg(long, env = "F6_BSN_TO", value_name = "NUMBER", default_value_t = 999_999_999)]
    pub(crate) bsn_to: u32,
    /// Seconds after which a silent connection is given up; the query API says something every `F6_KEEP_ALIVE` seconds
    #[arg(long, env = "F6_MAX_SILENCE", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) max_silence: Duration,
    /// What is logged.
    #[command(flatten)]
    pub(crate) log: LogOptions,
}

/// Where the bearer token comes from.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct TokenOptions {
    /// A file with the bearer token, read for each request: who renews the token replaces the file
    #[arg(long, env = "F6_TOKEN_FILE", value_name = "FILE", help_heading = "Token")]
    pub(crate) token_file: Option<PathBuf>,
    /// The bearer token itself, better given in the environment; a file is preferred to it
    #[arg(long, env = "F6_TOKEN", value_name = "TOKEN", hide_env_values = true, help_heading = "Token")]
    pub(crate) token: Option<String>,
}

/// What is logged, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogOptions {
    /// What to log: a level (error, warn, info, debug, trace), or one per module
    #[arg(long, env = "F6_LOG", value_name = "FILTER", default_value = "info", help_heading = "Log")]
    log: String,
    /// Lines for people, or JSON objects for machines
    #[arg(long, env = "F6_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Pretty,
          help_heading = "Log")]
    log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

/// The log cannot be written as asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the log filter `{filter}`; write a level such as `info`")]
pub(crate) struct LogError {
    filter: String,
}

impl LogOptions {
    /// Starts the log, on standard error.
    ///
    /// # Errors
    /// When the filter is not one.
    pub(crate) fn start(&self) -> Result<(), LogError> {
        let filter = EnvFilter::try_new(&self.log).map_err(|_| LogError { filter: self.log.clone() })?;
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Pretty => lines.with_ansi(std::io::stderr().is_terminal()).init(),
            LogFormat::Json => lines.json().flatten_event(true).init(),
        }
        Ok(())
    }
}

fn http_url(text: &str) -> Result<Url, String> {
    match text.parse::<Url>() {
        Ok(url) if url.scheme() == "http" => Ok(url),
        _ => Err("give a URL that begins with `http://`; TLS is for a proxy beside this program".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(|| "give a number of seconds above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Settings::command().debug_assert();
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert!(http_url("https://f6.example/graphql").is_err());
        assert!(http_url("f6.example").is_err());
        assert_eq!(
            http_url("http://f6.example/graphql").map(String::from),
            Ok("http://f6.example/graphql".to_owned())
        );
        assert!(seconds("0").is_err() && seconds("-1").is_err() && seconds("soon").is_err());
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    }
}
