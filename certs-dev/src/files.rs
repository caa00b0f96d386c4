//! Writing files so that a reader sees the old one or the new one, never half of either.
//!
//! Promises: each file is complete and has its final mode before it takes its name.
//! Deliberately does not know: what the files hold. It does not promise to outlast a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::CertsError;

/// Mode of a folder that holds keys: its owner only.
pub(crate) const FOLDER_MODE: u32 = 0o700;
/// Mode of a private key, and of the register: its owner only.
pub(crate) const SECRET_MODE: u32 = 0o600;
/// Mode of a certificate or a revocation list: anyone may read.
pub(crate) const PUBLIC_MODE: u32 = 0o644;

/// Makes a folder, and those above it, for the owner only; an existing one gets that mode too.
pub(crate) fn make_folder(what: &'static str, folder: &Path) -> Result<(), CertsError> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)))
        .map_err(|source| CertsError::Write { what, source })
}

/// Writes `folder/name` under a passing name first, then renames it into place.
pub(crate) fn write_atomically(
    what: &'static str,
    folder: &Path,
    name: &str,
    content: &str,
    mode: u32,
) -> Result<(), CertsError> {
    let passing = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written =
        write_new(&passing, content, mode).and_then(|()| fs::rename(&passing, folder.join(name)));
    if written.is_err() {
        // The first failure is the one worth telling; a leftover is removed by the next attempt.
        fs::remove_file(&passing).ok();
    }
    written.map_err(|source| CertsError::Write { what, source })
}

fn write_new(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file: File =
        OpenOptions::new().write(true).create_new(true).mode(SECRET_MODE).open(path)?;
    file.write_all(content.as_bytes())?;
    // Set apart from opening, because the umask narrows the mode given there.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

/// Reads a whole text file.
pub(crate) fn read(what: &'static str, path: &Path) -> Result<String, CertsError> {
    fs::read_to_string(path).map_err(|source| CertsError::Read { what, source })
}
