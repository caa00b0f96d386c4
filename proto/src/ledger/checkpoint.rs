//! The checkpoint: the log's name, size and root, signed.
//!
//! Owns: the checkpoint text, the signed note around it, the verifier key's text, and the rule by
//! which one checkpoint continues another.
//! Promises: a checkpoint comes out of [`verify`] only if the expected key signed its text; lines
//! by other keys (a witness, a former key) are passed over, as the specification demands.
//! Deliberately does not know: which key a reader ought to trust, which origin he expects, or when
//! heads are signed. A caller with one log in mind compares [`Checkpoint::origin`] himself, or
//! uses [`verify_growth`].
//!
//! Source: C2SP tlog-checkpoint and signed-note (v1.0.0), Ed25519 of RFC 8032.

use super::LedgerError;
use super::tree::{self, Hash};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The longest signed note that is read, in bytes: room for sixteen post-quantum signatures.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;

/// The most signature lines that are read; the specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;

const PUBLIC_KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
const ED25519_TYPE: u8 = 0x01;
const SIGNATURE_LINE_START: &str = "\u{2014} ";

/// The head of a log: its name, how many leaves it has, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: not empty, without control characters.
    pub origin: String,
    /// How many leaves the log has.
    pub size: u64,
    /// The root over exactly those leaves.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, each ended by a newline.
    ///
    /// Refuses: `Checkpoint` if the origin is empty or holds a control character, or if a log of
    ///          no leaves has another root than the empty one.
    pub fn encode(&self) -> Result<String, LedgerError> {
        self.check()?;
        let root = STANDARD.encode(self.root.as_bytes());
        Ok(format!("{}\n{}\n{root}\n", self.origin, self.size))
    }

    /// Signs the checkpoint and gives the whole signed note.
    ///
    /// Promise: [`verify`] with `VerifierKey::of(key, name)` gives this checkpoint back.
    /// Refuses: `Checkpoint` as [`Checkpoint::encode`], `VerifierKey` for a key name that is
    ///          empty or holds white space, a control character or `+`, `SigningFailed`.
    pub fn sign(&self, key: &Ed25519KeyPair, key_name: &str) -> Result<String, LedgerError> {
        let text = self.encode()?;
        let verifier = VerifierKey::of(key, key_name)?;
        let signature = key.try_sign(text.as_bytes()).map_err(|_| LedgerError::SigningFailed)?;
        let line = STANDARD.encode([&verifier.id, signature.as_ref()].concat());
        Ok(format!("{text}\n{SIGNATURE_LINE_START}{key_name} {line}\n"))
    }

    fn parse(text: &str) -> Result<Self, LedgerError> {
        let fault = |rule| LedgerError::Checkpoint { rule };
        if text.split_terminator('\n').any(str::is_empty) {
            return Err(fault("must have no empty line"));
        }
        // Any further lines are extensions; the signature covers them, and readers pass over them.
        let mut lines = text.split_terminator('\n');
        let origin = lines.next().ok_or(fault("must have an origin line"))?.to_owned();
        let size = lines.next().and_then(parse_size).ok_or(fault(
            "size must be a decimal number below 2^64, without sign or leading zeros",
        ))?;
        let root = lines
            .next()
            .and_then(|line| STANDARD.decode(line).ok())
            .and_then(|bytes| <[u8; tree::HASH_BYTES]>::try_from(bytes).ok())
            .ok_or(fault("root must be 32 bytes in standard base64"))?;
        let checkpoint = Self { origin, size, root: Hash::from(root) };
        checkpoint.check()?;
        Ok(checkpoint)
    }

    fn check(&self) -> Result<(), LedgerError> {
        if self.origin.is_empty() || self.origin.contains(is_control) {
            return Err(LedgerError::Checkpoint {
                rule: "origin must not be empty, nor hold a control character",
            });
        }
        if self.size == 0 && self.root != Hash::of_empty_tree() {
            return Err(LedgerError::Checkpoint { rule: "size 0 must have the empty root" });
        }
        Ok(())
    }
}

/// The characters a signed note may not hold: those below U+0020. (A newline ends a line.)
fn is_control(character: char) -> bool {
    character < ' '
}

fn parse_size(line: &str) -> Option<u64> {
    let is_decimal = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = line.len() > 1 && line.starts_with('0');
    if is_decimal && !has_leading_zero { line.parse().ok() } else { None }
}

/// A log's public key, with the name it signs under.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; KEY_ID_BYTES],
    public_key: [u8; PUBLIC_KEY_BYTES],
}

impl VerifierKey {
    /// Names an Ed25519 public key (32 bytes, RFC 8032 section 5.1.5).
    ///
    /// Refuses: `VerifierKey` if the name is empty or holds white space, a control character or
    ///          `+`.
    pub fn new(name: &str, public_key: [u8; PUBLIC_KEY_BYTES]) -> Result<Self, LedgerError> {
        if !is_key_name(name) {
            return Err(LedgerError::VerifierKey {
                rule: "name must not be empty, nor hold white space, a control character or +",
            });
        }
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(name.as_bytes());
        context.update(&[b'\n', ED25519_TYPE]);
        context.update(&public_key);
        let mut id = [0; KEY_ID_BYTES];
        for (target, byte) in id.iter_mut().zip(context.finish().as_ref()) {
            *target = *byte;
        }
        Ok(Self { name: name.to_owned(), id, public_key })
    }

    /// The verifier key that belongs to a signing key; refusals as [`VerifierKey::new`].
    pub fn of(key: &Ed25519KeyPair, name: &str) -> Result<Self, LedgerError> {
        let public_key = key.public_key().as_ref().try_into().map_err(|_| {
            LedgerError::VerifierKey { rule: "an Ed25519 public key must have 32 bytes" }
        })?;
        Self::new(name, public_key)
    }

    /// Reads `<name>+<key id, 8 lower-case hex>+<base64 of 0x01 and the public key>`.
    ///
    /// Promise: `encode` of the answer is exactly `text`.
    /// Refuses: `VerifierKey`, also when the key id is not that of the name and key.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let fault = |rule| LedgerError::VerifierKey { rule };
        // Base64 has plus signs of its own, a name and a key id have none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(fault("must be <name>+<key id>+<key>"));
        };
        let id = super::bytes_from_lower_hex::<KEY_ID_BYTES>(id)
            .ok_or(fault("key id must be 8 lower-case hexadecimal digits"))?;
        let bytes = STANDARD.decode(key).map_err(|_| fault("key must be standard base64"))?;
        let (kind, public_key) = bytes.split_first().ok_or(fault("key must not be empty"))?;
        if *kind != ED25519_TYPE {
            return Err(fault("key must be of type 0x01, Ed25519"));
        }
        let public_key =
            public_key.try_into().map_err(|_| fault("an Ed25519 public key must have 32 bytes"))?;
        let verifier = Self::new(name, public_key)?;
        if verifier.id == id {
            Ok(verifier)
        } else {
            Err(fault("key id must be that of the name and the key"))
        }
    }

    /// The text that [`VerifierKey::parse`] reads, to hand to auditors.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut key = vec![ED25519_TYPE];
        key.extend_from_slice(&self.public_key);
        format!("{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(key))
    }

    /// The name the key signs under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key).
    #[must_use]
    pub const fn id(&self) -> [u8; KEY_ID_BYTES] {
        self.id
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VerifierKey({})", self.encode())
    }
}

fn is_key_name(name: &str) -> bool {
    let is_forbidden = |c: char| c.is_whitespace() || is_control(c) || c == '+';
    !name.is_empty() && !name.contains(is_forbidden)
}

/// Checks a signed note and gives the checkpoint in it.
///
/// Promise: the key signed exactly the text the answer was read from. Lines by other keys are
///          passed over; a wrong line under the expected key's name and id refuses the whole note.
/// Bound:   [`NOTE_BYTES_MAX`], [`SIGNATURES_MAX`].
/// Refuses: `Note`, `SignatureMissing`, `SignatureWrong`, `Checkpoint`, in this order.
pub fn verify(note: &str, key: &VerifierKey) -> Result<Checkpoint, LedgerError> {
    Checkpoint::parse(verified_text(note, key)?)
}

/// Checks the note's signature and gives the signed text, its last newline included.
fn verified_text<'note>(note: &'note str, key: &VerifierKey) -> Result<&'note str, LedgerError> {
    let (text, signature_lines) = split_note(note)?;
    let mut is_signed = false;
    for (place, line) in signature_lines.split_terminator('\n').enumerate() {
        if place >= SIGNATURES_MAX {
            return Err(LedgerError::Note { rule: "has too many signature lines" });
        }
        let (name, id, signature) = split_signature_line(line)
            .ok_or(LedgerError::Note { rule: "has a signature line that is not one" })?;
        if name != key.name || id != key.id {
            continue;
        }
        UnparsedPublicKey::new(&ED25519, key.public_key)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| LedgerError::SignatureWrong)?;
        is_signed = true;
    }
    if is_signed { Ok(text) } else { Err(LedgerError::SignatureMissing) }
}

/// Divides a note at its last empty line, into the text and the signature lines.
fn split_note(note: &str) -> Result<(&str, &str), LedgerError> {
    let fault = |rule| LedgerError::Note { rule };
    if note.len() > NOTE_BYTES_MAX {
        return Err(fault("is too long"));
    }
    if note.contains(|character| is_control(character) && character != '\n') {
        return Err(fault("must hold no control character"));
    }
    let (before, signature_lines) =
        note.rsplit_once("\n\n").ok_or(fault("must have an empty line before its signatures"))?;
    let text = note.get(..=before.len()).ok_or(fault("must begin with a text"))?;
    if signature_lines.is_empty() || !signature_lines.ends_with('\n') {
        return Err(fault("must end with signature lines"));
    }
    Ok((text, signature_lines))
}

fn split_signature_line(line: &str) -> Option<(&str, [u8; KEY_ID_BYTES], Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_LINE_START)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk::<KEY_ID_BYTES>()?;
    if is_key_name(name) && !signature.is_empty() {
        Some((name, *id, signature.to_vec()))
    } else {
        None
    }
}

/// Checks that a newer checkpoint continues an older one of the same log, nothing rewritten and
/// nothing cut off.
///
/// Refuses: `OriginDiffers`, or `Consistency` with the reason; a smaller newer log is
///          `TreeError::OlderIsLarger`.
/// Source:  RFC 9162 section 2.1.4.2.
pub fn verify_growth(
    older: &Checkpoint,
    newer: &Checkpoint,
    path: &[Hash],
) -> Result<(), LedgerError> {
    if older.origin != newer.origin {
        return Err(LedgerError::OriginDiffers);
    }
    tree::verify_consistency(older.size, &older.root, newer.size, &newer.root, path)
        .map_err(LedgerError::Consistency)
}

#[cfg(test)]
mod tests;
