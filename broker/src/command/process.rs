//! What a process of this program asks of the system before it holds a secret.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

use super::failure::Failure;

/// No core dump, because memory holds keys and what is said about people; and what this process
/// makes is for its owner alone, the store with it.
///
/// # Errors
/// The system refuses; then nothing secret may be read.
pub(super) fn keep_to_ourselves() -> Result<(), Failure> {
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)
        .map_err(|error| Failure::System { what: "to forbid core dumps", source: error.into() })
}

/// As many files and sockets as this process may have at all.
///
/// # Errors
/// The system refuses.
pub(super) fn raise_open_files() -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
        .map_err(|error| Failure::System { what: "more open files", source: error.into() })
}

/// Files and sockets this process may have at most. `None`: no bound.
pub(super) fn open_files_max() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}
