//! The command line: a server, and what manages its store.

mod config;
mod expire;
mod export;
mod history_check;
mod import;
mod serve;
mod token;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::graphql::{self, SchemaError};
use crate::settings::{ServeOptions, SettingsError};

/// The write API of F6: takes claims, validations and corrections, and appends them as events
#[derive(Debug, Parser)]
#[command(name = "write-api", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Print the GraphQL schema that the config leads to, and end
    #[arg(long)]
    pub print_schema: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help of all that it flattens")]
    pub serve: ServeOptions,
    #[expect(missing_docs, reason = "as above")]
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done; without one, the server serves.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until told to stop; this is what happens without a command
    Serve(Box<ServeOptions>),
    /// Check a config: every mistake with its line, what is wrong and what would be right
    CheckConfig {
        /// The file, such as `write_config.yaml`
        path: PathBuf,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a doc comment here would become the help of all that it flattens")]
        history: Box<history_check::HistoryArgs>,
    },
    /// Print the JSON Schema of the config file itself, for editors
    ConfigSchema,
    /// Sign a token that servers with --dev accept
    Token(token::TokenArgs),
    /// Take in events from a file, one JSON object a line; run again, it goes on where it was broken off
    Import(import::ImportArgs),
    /// Write every event to a file, one JSON object a line
    Export(export::ExportArgs),
    /// Take away the records of the processing log that need not be kept any longer
    ExpireProcessingLog(expire::ExpireArgs),
}

/// Why a command ended without doing what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The server.
    #[error(transparent)]
    Serve(#[from] serve::ServeFailure),
    /// The export.
    #[error(transparent)]
    Export(#[from] export::ExportError),
    /// The expiry.
    #[error(transparent)]
    Expire(#[from] expire::ExpireError),
    /// The import.
    #[error(transparent)]
    Import(#[from] import::ImportFailure),
    /// The comparison with the history.
    #[error(transparent)]
    History(#[from] history_check::HistoryCheckError),
    /// Standard output.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
}

/// Does what was asked.
///
/// # Errors
/// Why it was not done.
pub async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    match cli.command {
        None if cli.print_schema => print_schema(&cli.serve)?,
        None => serve::serve(cli.serve).await?,
        Some(Command::Serve(options)) => serve::serve(*options).await?,
        Some(Command::CheckConfig { path, history }) => return check_config(&path, *history).await,
        Some(Command::ConfigSchema) => say(&config::schema())?,
        Some(Command::Token(args)) => say(&token::sign(&args))?,
        Some(Command::Import(args)) => say(&import::import(args).await?)?,
        Some(Command::Export(args)) => export::export(args).await?,
        Some(Command::ExpireProcessingLog(args)) => say(&expire::expire(&args).await?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A config that is wrong is not held against anything.
async fn check_config(path: &Path, history: history_check::HistoryArgs) -> Result<ExitCode, CliError> {
    match config::check(path)? {
        None => Ok(ExitCode::FAILURE),
        Some(_) if !history.is_asked() => Ok(ExitCode::SUCCESS),
        Some(catalogue) => Ok(history_check::check(path, catalogue, history).await?),
    }
}

fn print_schema(options: &ServeOptions) -> Result<(), CliError> {
    let catalogue = options.config.load()?;
    say(&graphql::print(&catalogue)?)?;
    Ok(())
}

/// An error and its causes on one line; a cause that the error before it repeated is told once.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.map(ToString::to_string).fold(error.to_string(), |line, cause| {
        if line.ends_with(&cause) { line } else { format!("{line}: {cause}") }
    })
}

/// Prints a text, with a newline at its end.
fn say(text: &str) -> io::Result<()> {
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    write!(io::stdout().lock(), "{text}{newline}")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_what_happens_without_a_command() {
        let bare = Cli::parse_from(["write-api", "--bind", "127.0.0.1:0"]);
        assert!(bare.command.is_none() && bare.serve.bind.port() == 0);
        let named = Cli::parse_from(["write-api", "serve", "--bind", "127.0.0.1:0"]);
        assert!(matches!(named.command, Some(Command::Serve(options)) if options.bind.port() == 0));
    }

    #[test]
    fn every_option_has_a_variable() {
        let command = Cli::command();
        let without = command.get_arguments().filter(|argument| argument.get_env().is_none());
        let names: Vec<_> = without.map(|argument| argument.get_id().as_str()).collect();
        assert_eq!(names, ["print_schema"]);
    }
}
