//! What anyone needs to check the ledger: hashing, paths, checkpoints and proofs.
//!
//! Owns: the byte-exact format of `docs/ledger-format.md`, from a party's record up to the signed
//! checkpoint, and the pure tree hashing that the broker's writer shares with every verifier.
//! Promises: no IO, no clock, no randomness; input from a stranger never makes it panic, and never
//! makes it allocate more than a small multiple of that input's own length.
//! Deliberately does not know: how entries are stored, batched or served, which seed belongs to
//! which entry, or what a record says beyond its format, type and party.
//!
//! From the inside out: a [`record`] sits in a slot of its entry's record tree; the root of that
//! tree and a time make the [`leaf`]; leaves make the log [`tree`]; its root is signed in a
//! [`checkpoint`]; a [`proof`] carries one record along all of these.

pub mod tree;
pub mod record;
pub mod leaf;
pub mod checkpoint;
pub mod proof;

mod error;
#[cfg(test)]
mod worked_example;

pub use error::LedgerError;

/// Reads exactly `N` bytes of lower-case hexadecimal; anything else, upper case included, is
/// `None`, so that each byte string has one spelling only.
fn bytes_from_lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}
