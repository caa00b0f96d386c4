//! `load`: measures the broker. Arguments only; the scenarios are in the library.
//!
//! `load serve --config FILE` is the broker itself, which `load` starts as a process of its own.
#![expect(clippy::print_stdout, reason = "each measurement is a line of standard output")]
#![expect(clippy::print_stderr, reason = "a command complains on standard error")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use demo::stage::StageError;
use tests::load::Options;

/// As the broker's own command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a broker in its own process; one JSON line for each measurement.
#[derive(Debug, Parser)]
#[command(name = "load", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Be the broker that is measured, until standard input ends.
    #[command(hide = true)]
    Serve {
        /// Its configuration.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let Arguments { verb, options } = Arguments::parse();
    let done = match verb {
        Some(Verb::Serve { config }) => tests::process::serve(&config),
        None => measure(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), StageError> {
    let program = std::env::current_exe()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(tests::load::run(options, &program, |line| println!("{line}")))
}
