//! The command `demo`: arguments, the folder it works in, and the exit code.
//!
//! Promises exit code 0 only if everything went as the hand-written table says.
#![expect(clippy::print_stderr, reason = "a command complains on standard error")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use demo::play::{Options, play};
use demo::story;
use tracing_subscriber::EnvFilter;

/// Plays a night of prison events against a real broker, and shows who was told what, and why.
/// Every person in it is invented.
#[derive(Parser)]
#[command(name = "demo", version)]
struct Arguments {
    /// Keep the broker running after the night, until Ctrl-C.
    #[arg(long)]
    stay: bool,
    /// Where to keep certificates, store, settings and proofs: a new or empty folder. Otherwise a
    /// temporary folder that is removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Play one of the stories in `tests/stories` instead of the night, by its name without ending.
    /// Any other word lists the names.
    #[arg(long, value_name = "NAME", conflicts_with = "stay")]
    story: Option<String>,
}

fn main() -> ExitCode {
    if std::env::var_os(EnvFilter::DEFAULT_ENV).is_some() {
        agency_client::cli::log(EnvFilter::from_default_env());
    }
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            let mut cause = error.source();
            while let Some(reason) = cause {
                eprintln!("  because: {reason}");
                cause = reason.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let temporary = match &arguments.data {
        Some(_) => None,
        None => Some(tempfile::tempdir()?),
    };
    let folder = match (arguments.data, &temporary) {
        (Some(folder), _) => std::path::absolute(folder)?,
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err("there is no folder to work in".into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(name) = arguments.story {
        return runtime.block_on(tell(&name, &folder));
    }
    runtime.block_on(play(Options { folder, stay: arguments.stay }))
}

/// Plays a story and prints what came of it. True: everything was as written down.
#[expect(clippy::print_stdout, reason = "a command tells its story on standard output")]
async fn tell(name: &str, folder: &Path) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let story = story::load(name)?;
    let report = story::play(&story, folder).await?;
    print!("{}", report.text());
    let (faults, checks) = (report.faults(), report.checks());
    if faults.is_empty() {
        println!("\n{checks} expectations, all met.");
        return Ok(true);
    }
    println!("\n{} things are not as written down:", faults.len());
    for fault in faults {
        println!("  {fault}");
    }
    Ok(false)
}
