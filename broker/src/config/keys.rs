//! `[keys]`: the files that hold the broker's three secrets, and what they hold.
//!
//! Promises that keys are wiped when dropped and never shown, and that two different keys are
//! two different keys.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::seal::KEY_BYTES;

use super::fault::{ConfigError, Faults};
use super::key_file;
use super::section::Section;

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysConfig {
    /// The key under which every body's own key is wrapped: 32 bytes.
    pub key_encryption_key: PathBuf,
    /// The key under which identifiers become tokens: 32 bytes.
    pub index_key: PathBuf,
    /// The Ed25519 key that signs checkpoints, PKCS#8.
    pub ledger_key: PathBuf,
}

/// The keys themselves.
pub struct KeyMaterial {
    /// Wraps the keys of bodies.
    pub kek: Zeroizing<[u8; KEY_BYTES]>,
    /// Makes tokens.
    pub index: Zeroizing<[u8; KEY_BYTES]>,
    /// Signs checkpoints: PKCS#8, DER.
    pub ledger_pkcs8: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyMaterial(..)")
    }
}

/// Reads the section. Opens no file.
pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> Option<KeysConfig> {
    let key_encryption_key = section.file("key_encryption_key", faults);
    let index_key = section.file("index_key", faults);
    let ledger_key = section.file("ledger_key", faults);
    section.finish(faults);
    Some(KeysConfig {
        key_encryption_key: key_encryption_key?,
        index_key: index_key?,
        ledger_key: ledger_key?,
    })
}

/// Reads the files.
pub(super) fn read_material(keys: &KeysConfig) -> Result<KeyMaterial, ConfigError> {
    let mut faults = Faults::default();
    let kek =
        noted(key_file::key(&keys.key_encryption_key), "keys.key_encryption_key", &mut faults);
    let index = noted(key_file::key(&keys.index_key), "keys.index_key", &mut faults);
    let ledger = noted(key_file::document(&keys.ledger_key), "keys.ledger_key", &mut faults);
    if let (Some(kek), Some(index)) = (&kek, &index)
        && kek == index
    {
        faults.add("keys.index_key", "is not the key-encryption key over again");
    }
    match (kek, index, ledger) {
        (Some(kek), Some(index), Some(ledger_pkcs8)) if faults.is_empty() => {
            Ok(KeyMaterial { kek, index, ledger_pkcs8 })
        }
        (_, _, _) => Err(faults.into_error()),
    }
}

fn noted<T>(
    read: Result<T, key_file::KeyFileFault>,
    path: &'static str,
    faults: &mut Faults,
) -> Option<T> {
    read.map_err(|fault| faults.add(path, fault.to_string())).ok()
}
