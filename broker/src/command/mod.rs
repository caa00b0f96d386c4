//! The verbs of `broker`: what operators type, and what they are told.
//!
//! Promises that a verb which fails says why, cause by cause, and gives a failing exit code; that
//! one whose reader has gone ends so too, in order and without a word; and that no process of this
//! program leaves its memory behind in a core dump. Deliberately does not know: how anything is
//! done; that is the library.

mod accept_lists;

mod admin;

mod bootstrap;

mod check_config;

mod connector;

mod doctor;

mod failure;

mod fsck;

mod init;

mod process;

mod serve;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod pages;

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use failure::Failure;

/// Routes, decides, records and releases messages about people between agencies.
#[derive(Debug, Parser)]
#[command(name = "broker", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a folder with keys, a commented broker.toml and a directory to fill in.
    Init(init::Init),
    /// Give a new store its first directory, before any person can be known to it.
    Bootstrap(bootstrap::Bootstrap),
    /// Serve until told to stop.
    Serve(ConfigArgument),
    /// With the broker stopped: let revocation lists that are older than before come to work.
    AcceptLists(ConfigArgument),
    /// Check the configuration and the key files it names.
    CheckConfig(ConfigArgument),
    /// Check everything the broker needs of this machine, one line each.
    Doctor(ConfigArgument),
    /// Recompute the whole ledger from its entries and hold the store against it.
    Fsck(fsck::Fsck),
    /// Change and look at a running broker, with a person's certificate.
    Admin(admin::Admin),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigArgument {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "broker.toml")]
    config: PathBuf,
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    // Before anything is read: memory will hold keys and what is said about people.
    if let Err(failure) = process::keep_to_ourselves() {
        return complain(&failure);
    }
    let done = match Arguments::parse().verb {
        Verb::Init(init) => init.run(),
        Verb::Bootstrap(bootstrap) => bootstrap.run(),
        Verb::Serve(argument) => serve::run(&argument.config),
        Verb::AcceptLists(argument) => accept_lists::run(&argument.config),
        Verb::CheckConfig(argument) => check_config::run(&argument.config),
        Verb::Doctor(argument) => doctor::run(&argument.config),
        Verb::Fsck(fsck) => fsck.run(),
        Verb::Admin(admin) => admin.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => complain(&failure),
    }
}

/// Says a line on standard output. If nobody reads it any more, the verb ends failing, and does so
/// in order: what it changed before stays changed.
fn say(line: impl Display) -> Result<(), Failure> {
    say_to(&mut std::io::stdout().lock(), line)
}

fn say_to(out: &mut impl Write, line: impl Display) -> Result<(), Failure> {
    writeln!(out, "{line}").map_err(Failure::Output)
}

fn complain(failure: &Failure) -> ExitCode {
    for line in failure.lines() {
        eprintln!("{line}");
    }
    ExitCode::FAILURE
}
