//! A certificate with its private key, and how the pair lies on disk.
//!
//! Promises: neither the key nor the identity shows in debug output; a key file is readable by
//! its owner only, from the moment it exists.
//! Deliberately does not know: how the certificate was made, or whether it is a good one.

use std::fmt;
use std::path::Path;

use crate::error::CertsError;
use crate::files::{PUBLIC_MODE, SECRET_MODE, write_atomically};
use crate::names::check_file_name;
use crate::serial::Serial;

/// A leaf certificate with its issuing authority's certificate and its private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The leaf, then its issuing authority, as PEM. The root is not in it.
    pub chain_pem: String,
    /// The private key, PKCS #8 as PEM, unencrypted.
    pub key_pem: String,
    /// The leaf's serial.
    pub serial: Serial,
    /// The issuing key: SHA-256 of its SubjectPublicKeyInfo DER, lower-case hexadecimal.
    pub issuer_key_id: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credential")
            .field("serial", &self.serial)
            .field("issuer_key_id", &self.issuer_key_id)
            .finish_non_exhaustive()
    }
}

/// Writes `NAME.key` (mode 0600), then `NAME.pem` (mode 0644), each by renaming.
///
/// Promise: each file is whole. The two change one after the other, key first, so a reader that
/// comes between them sees a pair that does not fit and must keep the one it has.
/// Refuses: [`CertsError::Name`] unless `name` is at most 200 characters, parts of `a-z`, `0-9`
///          and hyphen joined by dots; [`CertsError::Write`] if the folder is missing or not writable.
pub fn write_credential(
    folder: &Path,
    name: &str,
    credential: &Credential,
) -> Result<(), CertsError> {
    check_file_name(name)?;
    let (key, chain) = (format!("{name}.key"), format!("{name}.pem"));
    write_atomically("a private key", folder, &key, &credential.key_pem, SECRET_MODE)?;
    write_atomically("a certificate", folder, &chain, &credential.chain_pem, PUBLIC_MODE)
}
