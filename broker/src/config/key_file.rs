//! One file that holds a secret.
//!
//! Promises that the file's rights are asked of the very file that is read; that a file others
//! may read is refused; and that nothing of its content reaches an error. Knows nothing of what
//! the key is for.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::seal::KEY_BYTES;

/// Bytes of a key file. An Ed25519 key in PKCS#8 has fewer than 100, twice that in hexadecimal.
const FILE_BYTES_MAX: u64 = 1_024;
/// Rights that nobody may have: to run it, and any of the group's and of others.
const RIGHTS_REFUSED: u32 = 0o177;

/// Why a key file is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum KeyFileFault {
    /// It is not there or may not be read.
    #[error("the file cannot be read")]
    Unreadable,
    /// It is a folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Others than its owner have a right to it.
    #[error("the file's mode must be 0600 or 0400: nobody but its owner may read it")]
    Mode,
    /// More than a key.
    #[error("the file is larger than 1 KiB")]
    TooLarge,
    /// Not 32 bytes.
    #[error("the file must hold 32 bytes, or 64 hexadecimal digits")]
    NotAKey,
    /// Not a DER document.
    #[error("the file must hold a PKCS#8 key in DER, or its hexadecimal digits")]
    NotADocument,
    /// Not a user name and a password.
    #[error("the file must hold a user name and a password, each on a line of its own")]
    NotTwoLines,
}

/// A key of 32 bytes, raw or as hexadecimal digits.
pub(super) fn key(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileFault> {
    let content = content(path)?;
    let plain = match digits(&content) {
        Some(plain) => plain,
        None => content,
    };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if plain.len() != key.len() {
        return Err(KeyFileFault::NotAKey);
    }
    key.copy_from_slice(&plain);
    Ok(key)
}

/// A DER document, raw or as hexadecimal digits.
pub(super) fn document(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileFault> {
    /// A DER sequence begins so (ITU-T X.690 section 8.9).
    const SEQUENCE: u8 = 0x30;
    let content = content(path)?;
    let document = match digits(&content) {
        Some(plain) => plain,
        None => content,
    };
    if document.first() == Some(&SEQUENCE) { Ok(document) } else { Err(KeyFileFault::NotADocument) }
}

/// A user name and a password, each on a line of its own.
pub(super) fn two_lines(
    path: &Path,
) -> Result<(Zeroizing<String>, Zeroizing<String>), KeyFileFault> {
    let content = content(path)?;
    let text = std::str::from_utf8(&content).map_err(|_| KeyFileFault::NotTwoLines)?;
    let mut lines = text.lines();
    match (lines.next(), lines.next(), lines.next()) {
        (Some(user), Some(password), None) if !user.is_empty() && !password.is_empty() => {
            Ok((Zeroizing::new(user.to_owned()), Zeroizing::new(password.to_owned())))
        }
        (_, _, _) => Err(KeyFileFault::NotTwoLines),
    }
}

fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileFault> {
    // Asked before opening too: opening a pipe would wait for somebody to write.
    let is_file = |known: &std::fs::Metadata| known.file_type().is_file();
    if !std::fs::metadata(path).as_ref().map(is_file).map_err(|_| KeyFileFault::Unreadable)? {
        return Err(KeyFileFault::NotAFile);
    }
    let file = File::open(path).map_err(|_| KeyFileFault::Unreadable)?;
    let known = file.metadata().map_err(|_| KeyFileFault::Unreadable)?;
    if !is_file(&known) {
        return Err(KeyFileFault::NotAFile);
    }
    if known.permissions().mode() & RIGHTS_REFUSED != 0 {
        return Err(KeyFileFault::Mode);
    }
    if known.len() > FILE_BYTES_MAX {
        return Err(KeyFileFault::TooLarge);
    }
    // Room for all at once: a key must not be left behind where a buffer grew.
    let room = usize::try_from(FILE_BYTES_MAX).unwrap_or_default().saturating_add(1);
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(FILE_BYTES_MAX).read_to_end(&mut content).map_err(|_| KeyFileFault::Unreadable)?;
    Ok(content)
}

/// What hexadecimal digits stand for, white space around them aside; `None` if it is not digits.
fn digits(content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let trimmed = content.trim_ascii();
    let mut plain = Zeroizing::new(vec![0; trimmed.len() / 2]);
    hex::decode_to_slice(trimmed, &mut plain).ok()?;
    Some(plain)
}
