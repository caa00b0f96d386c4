//! The command `agency`.
//!
//! Owns: arguments, output and exit codes; one file for each group of verbs.
//! Promises: exit code 0 when everything asked for was done, 1 when something was not, 2 when the
//! arguments are wrong. Results go to standard output, everything else to standard error.
//! Deliberately does not know: anything the library does not. Personal data is read from files
//! and never from arguments, which other users of a machine can see.

mod answer;
mod args;
mod audit;
pub mod briefing;
mod cloud_event;
mod cohort;
mod directory;
mod documents;
mod error;
mod exchange;
mod flags;
mod follow;
mod import;
mod json;
mod message_check;
pub mod message_json;
mod output;
mod owed;
mod receipts;
mod receive;
pub mod released_json;
mod reviews;
mod sending;
mod shown;

use args::{Arguments, Import, Verb};
use clap::Parser as _;
use error::CliError;
use output::Output;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use time::OffsetDateTime;
use tracing_subscriber::EnvFilter;

/// Logs to standard error what a filter lets through; in colour on a terminal, never in a file.
pub fn log(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// Reads the arguments, does what they ask, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    log(filter);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(perform(arguments)),
        Err(source) => Err(CliError::Runtime(source)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn perform(arguments: Arguments) -> Result<(), CliError> {
    let Arguments { settings, json, verb } = arguments;
    let out = Output::new(json);
    let at = &settings_file(settings, std::env::var_os(SETTINGS_VARIABLE));
    match verb {
        Verb::Whoami => directory::whoami(at, &out).await,
        Verb::StateLink { file } => directory::state_link(at, &file, &out).await,
        Verb::Publish { files } => exchange::publish(at, &files, &out).await,
        Verb::Preview(shape) => exchange::preview(at, &shape, &out).await,
        Verb::Track { message } => exchange::track(at, &message, &out).await,
        Verb::Subscribe(what) => receive::subscribe(at, &what, &out).await,
        Verb::DeadLetters { desk } => receive::dead_letters(at, desk, &out).await,
        Verb::Redrive { desk, delivery } => receive::redrive(at, desk, &delivery, &out).await,
        Verb::Attest(what) => owed::attest(at, &what, &out).await,
        Verb::Attach(what) => documents::attach(at, &what, &out).await,
        Verb::Fetch(what) => documents::fetch(at, &what, &out).await,
        Verb::Obligations { desk } => owed::obligations(at, desk, &out).await,
        Verb::Flags(what) => flags::flags(at, &what, &out).await,
        Verb::Briefing(what) => briefing::briefing(at, &what, &out).await,
        Verb::Disclosures(search) => audit::disclosures(at, search, &out).await,
        Verb::Explain(what) => audit::explain(at, what, &out).await,
        Verb::Reviews(what) => reviews::reviews(at, what, &out).await,
        Verb::CloseReview(what) => reviews::close(at, what, &out).await,
        Verb::Proof(what) => audit::proof(at, &what, &out).await,
        Verb::Receipts(what) => receipts::receipts(at, &what, &out).await,
        Verb::CohortReport(what) => cohort::report(at, &what, &out).await,
        Verb::Verify { file, key } => audit::verify(at, &file, key, &out),
        Verb::AcceptOrigin { origin } => audit::accept_origin(at, &origin, &out).await,
        Verb::Import { what: Import::Hmpps(what) } => import::hmpps(at, &what, &out).await,
        Verb::Import { what: Import::Releases(what) } => import::releases(at, &what, &out).await,
        Verb::Import { what: Import::Flags(what) } => import::flags(at, &what, &out).await,
        Verb::Follow(what) => follow::follow(at, &what, &out).await,
    }
}

/// Names the settings file where no argument does.
pub const SETTINGS_VARIABLE: &str = "PYRAMID_AGENCY_SETTINGS";

fn settings_file(argument: Option<PathBuf>, variable: Option<OsString>) -> PathBuf {
    argument.or_else(|| variable.map(PathBuf::from)).unwrap_or_else(|| "agency.toml".into())
}

/// The time now.
#[expect(clippy::disallowed_methods, reason = "the command is where this crate reads the clock")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Waits until this command is told to end (SIGINT or SIGTERM).
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without a handler the system's own way of ending a process applies.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_settings_come_from_the_argument_then_the_environment_then_this_folder() {
        let (a, b) = (PathBuf::from("a.toml"), OsString::from("b.toml"));
        assert_eq!(settings_file(Some(a.clone()), Some(b.clone())), a);
        assert_eq!(settings_file(None, Some(b)), PathBuf::from("b.toml"));
        assert_eq!(settings_file(None, None), PathBuf::from("agency.toml"));
    }
}
