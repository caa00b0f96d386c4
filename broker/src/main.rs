//! The command `broker`: arguments only. The verbs are in `command`.
#![expect(clippy::print_stdout, reason = "a command answers on standard output")]
#![expect(clippy::print_stderr, reason = "a command complains on standard error")]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
