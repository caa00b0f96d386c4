//! `broker_under_test serve --config FILE`: the broker as tests start it, to be killed.
#![expect(clippy::print_stderr, reason = "a command complains on standard error")]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, option, config] = arguments.as_slice() else { return usage() };
    if verb != "serve" || option != "--config" {
        return usage();
    }
    match tests::process::serve(Path::new(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: broker_under_test serve --config FILE");
    ExitCode::FAILURE
}
