//! The query API's command line.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use query_api::settings::{Command, ConfigOptions, RebuildOptions, Settings};
use query_api::views::Views;
use query_api::{rebuild, schema, server};
use read_model::catalogue::Catalogue;

/// Deciding and folding make and drop many small values, for which the system's allocator takes more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
            eprintln!("{}", causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}")));
            ExitCode::FAILURE
        }
    }
}

fn run(settings: Settings) -> Result<(), Box<dyn Error>> {
    if settings.print_schema {
        let (catalogue, views) = load(&settings.config)?;
        return Ok(print(&schema::print(&Arc::new(catalogue), &Arc::new(views))?)?);
    }
    match settings.command.clone().unwrap_or(Command::Serve) {
        Command::Rebuild(options) => rebuild(&settings, &options),
        Command::ConfigSchema => Ok(print(&serde_json::to_string_pretty(&policy::config::json_schema())?)?),
        Command::Serve => serve(settings),
    }
}

#[tokio::main]
async fn serve(settings: Settings) -> Result<(), Box<dyn Error>> {
    let _traces = settings.serve.log.start(server::NAME)?;
    let (catalogue, views) = load(&settings.config)?;
    Ok(server::serve(settings.serve, Arc::new(catalogue), views).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn rebuild(settings: &Settings, options: &RebuildOptions) -> Result<(), Box<dyn Error>> {
    let (catalogue, _) = load(&settings.config)?;
    let events = rebuild::rebuild(options.migration_database_url.as_deref(), Arc::new(catalogue)).await?;
    Ok(print(&format!("the indexes of searches and of work lists were built from {events} events"))?)
}

/// Both configs, each with every mistake that it holds.
fn load(paths: &ConfigOptions) -> Result<(Catalogue, Views), Box<dyn Error>> {
    let read = |path: &std::path::Path| {
        let name = path.display().to_string();
        let source = fs::read_to_string(path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
        Ok::<_, String>((name, source))
    };
    let (name, source) = read(&paths.write_config_path)?;
    let catalogue = Catalogue::compile(&name, &source)?;
    let (name, source) = read(&paths.query_config_path)?;
    let views = Views::compile(&name, &source, &catalogue)?;
    Ok((catalogue, views))
}

fn print(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{}", text.trim_end())
}
