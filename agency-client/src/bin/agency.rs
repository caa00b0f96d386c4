//! The command `agency`: see [`agency_client::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    agency_client::cli::main()
}
