//! Making the broker's three secret keys, each in a file of its own.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;

use crate::chance::{self, SystemChance};
use crate::config::Config;

use super::AppError;
use super::setup::keys;

/// File of the key-encryption key.
pub const KEY_ENCRYPTION_KEY: &str = "key-encryption.key";
/// File of the index key.
pub const INDEX_KEY: &str = "index.key";
/// File of the ledger's signing key.
pub const LEDGER_KEY: &str = "ledger.key";

/// Makes the three keys in a folder, mode 0600. Never overwrites one: an overwritten key
/// makes everything sealed under it unreadable for good.
///
/// # Errors
/// A file exists already or cannot be written.
pub fn write_keys(folder: &Path) -> std::io::Result<()> {
    let failed = || std::io::Error::other("no random bytes for a key");
    let random = SystemChance::default();
    let key = || chance::bytes::<32>(&random).map_err(|_| failed());
    let ledger = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| failed())?;
    write(&folder.join(KEY_ENCRYPTION_KEY), &key()?)?;
    write(&folder.join(INDEX_KEY), &key()?)?;
    write(&folder.join(LEDGER_KEY), ledger.as_ref())
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(hex::encode(content).as_bytes())?;
    file.sync_all()
}

/// The key that checks the checkpoints of a configured broker.
///
/// # Errors
/// A key file cannot be used.
pub fn verifier_key(config: &Config) -> Result<String, AppError> {
    Ok(keys(config)?.1.verifier_key())
}
