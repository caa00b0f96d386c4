//! The command `agency` as tests start it, to be killed.

use std::process::ExitCode;

fn main() -> ExitCode {
    agency_client::cli::main()
}
