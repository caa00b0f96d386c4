//! One file that holds a secret of this agency.
//!
//! Owns: which rights to such a file are too many. Promises: the rights are asked of the very file
//! that is read; a file that others may read is refused; nothing of its content reaches an error.
//! Deliberately does not know: what the secret is for. The broker asks the same of its own key
//! files, in the same words.

use crate::files::read_start;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Rights that nobody may have: to run it, and any of the group's and of others.
const RIGHTS_REFUSED: u32 = 0o177;

/// Why a secret's file is not used. The path is said by whoever knows its setting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrivateFileFault {
    /// It is not there or may not be read.
    #[error("the file cannot be read ({0})")]
    Unreadable(#[source] io::Error),
    /// It is a folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Others than its owner have a right to it: the mode found.
    #[error(
        "the file's mode is {0:04o} and must be 0600 or 0400: nobody but its owner may read it"
    )]
    Mode(u32),
    /// More than a secret.
    #[error("the file is larger than such a file may be")]
    TooLarge,
}

/// Reads a secret of at most `bytes_max`.
///
/// Refuses: see [`PrivateFileFault`].
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, PrivateFileFault> {
    let is_file = |known: &Metadata| known.file_type().is_file();
    // Asked before opening too: opening a pipe would wait for somebody to write.
    let before = std::fs::metadata(path).map_err(PrivateFileFault::Unreadable)?;
    if !is_file(&before) {
        return Err(PrivateFileFault::NotAFile);
    }
    let file = File::open(path).map_err(PrivateFileFault::Unreadable)?;
    let known = file.metadata().map_err(PrivateFileFault::Unreadable)?;
    if !is_file(&known) {
        return Err(PrivateFileFault::NotAFile);
    }
    let mode = known.permissions().mode() & 0o7777;
    if mode & RIGHTS_REFUSED != 0 {
        return Err(PrivateFileFault::Mode(mode));
    }
    let content = read_start(file, bytes_max).map_err(PrivateFileFault::Unreadable)?;
    if content.len() as u64 > bytes_max {
        return Err(PrivateFileFault::TooLarge);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions, write};

    #[test]
    fn only_its_owner_may_have_a_right_to_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path, "canary").unwrap();
        for (mode, is_taken) in [
            (0o600, true),
            (0o400, true),
            (0o640, false),
            (0o604, false),
            (0o644, false),
            (0o660, false),
            (0o620, false),
            (0o602, false),
            (0o700, false),
            (0o601, false),
        ] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match read(&path, 6) {
                Ok(content) => assert!(is_taken && content == b"canary", "{mode:o}"),
                Err(PrivateFileFault::Mode(found)) => assert!(!is_taken && found == mode),
                Err(other) => unreachable!("{mode:o}: {other}"),
            }
        }
    }

    #[test]
    fn a_folder_a_missing_file_and_too_large_a_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(matches!(read(folder.path(), 6), Err(PrivateFileFault::NotAFile)));
        assert!(matches!(read(&path, 6), Err(PrivateFileFault::Unreadable(_))));
        write(&path, "canary").unwrap();
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read(&path, 5), Err(PrivateFileFault::TooLarge)));
    }
}
