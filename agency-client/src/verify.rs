//! Checking a proof without a broker.
//!
//! Owns: the reading of a proof file and a key as people hand them over.
//! Promises: no network, no clock. `Ok` means that the record stands in a ledger whose head the
//! key signed; nothing more.
//! Deliberately does not know: whether that head is the newest, or the one this agency pinned.

use proto::ledger::LedgerError;
use proto::ledger::checkpoint::VerifierKey;
use proto::ledger::proof::{Proof, Verified};

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key is not one.
    #[error("{0}; use the verifier key as the broker's operators publish it")]
    Key(#[source] LedgerError),
    /// The file is not a proof.
    #[error("{0}; this is not a proof file as `agency proof` saves it")]
    File(#[source] LedgerError),
    /// The proof fails.
    #[error(
        "the proof does not hold: {0}. Keep the file and tell your information-governance lead"
    )]
    Fails(#[source] LedgerError),
}

/// Checks a proof file against a verifier key.
///
/// Promise: see [`Proof::verify`], which goes from the signature inwards.
/// Refuses: `Key`, `File`, `Fails` with the first step at which something is wrong.
pub fn verify_proof(json: &str, verifier_key: &str) -> Result<Verified, VerifyError> {
    let key = VerifierKey::parse(verifier_key.trim()).map_err(VerifyError::Key)?;
    let proof = Proof::from_json(json).map_err(VerifyError::File)?;
    proof.verify(&key).map_err(VerifyError::Fails)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_and_a_wrong_file_are_told_apart() {
        assert!(matches!(verify_proof("{}", "no key"), Err(VerifyError::Key(_))));
        let key = VerifierKey::new("log.example", [9; 32]).map(|key| key.encode());
        let Ok(key) = key else { unreachable!("the name is a good one") };
        assert!(matches!(verify_proof("{}", &key), Err(VerifyError::File(_))));
    }
}
