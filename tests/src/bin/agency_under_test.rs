//! The command `agency` as tests start it, to be killed: it ends with whoever started it.

use std::process::ExitCode;

fn main() -> ExitCode {
    tests::process::end_with_parent();
    agency_client::cli::main()
}
