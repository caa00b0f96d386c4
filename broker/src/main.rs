//! The command `broker`: arguments only. The verbs are in `command`.
#![expect(clippy::print_stderr, reason = "a command complains on standard error")]

mod command;

use std::process::ExitCode;

/// Most of what the broker allocates is made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::run()
}
