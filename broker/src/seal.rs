//! Sealing of everything about people, and the tokens by which it is found.
//!
//! A body is sealed with AES-256-GCM under a key of its own, which is wrapped by AES-KW
//! (RFC 3394) under the key-encryption key (KEK). Identifiers become tokens: HMAC-SHA256
//! under the index key. Both keys live in files of their own, never in the store.
//! Promises that what is sealed opens only for the message and part it was sealed for.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use crate::chance::{Chance, NoChance};

/// Bytes of the key-encryption key and of the index key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a wrapped key (RFC 3394 adds 8).
pub const WRAPPED_BYTES: usize = KEY_BYTES + 8;
const NONCE_BYTES: usize = 12;
const FORMAT: &[u8] = b"pyramid-sealed/1";

/// What a sealed text is part of; bound into the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// The normalised message.
    Message = 1,
    /// The full input of its decisions.
    Decision = 2,
    /// A row of the register.
    Register = 3,
    /// The directory document.
    Directory = 4,
    /// The reason of a consultation.
    Reason = 5,
    /// A piece of a document.
    Document = 6,
}

/// Why sealing or opening failed. Says nothing of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness for a key or nonce.
    #[error("no random bytes for a key")]
    Chance,
    /// The content does not open: other key, other message, or changed.
    #[error("sealed content does not open: wrong key, wrong place or changed bytes")]
    Broken,
}

impl From<NoChance> for SealError {
    fn from(_: NoChance) -> Self {
        Self::Chance
    }
}

/// An opaque stand-in for an identifier: equal identifiers give equal tokens under one
/// index key, and a token says nothing without that key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub [u8; 16]);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The two keys, and what is done with them.
pub struct Vault {
    kek: Zeroizing<[u8; KEY_BYTES]>,
    index: hmac::Key,
}

/// A message's own key.
pub struct BodyKey {
    key: LessSafeKey,
    /// The key as it is stored.
    pub wrapped: [u8; WRAPPED_BYTES],
}

impl Vault {
    /// A vault of the given keys.
    #[must_use]
    pub fn new(kek: Zeroizing<[u8; KEY_BYTES]>, index: &[u8; KEY_BYTES]) -> Self {
        Self { kek, index: hmac::Key::new(hmac::HMAC_SHA256, index) }
    }

    /// A fresh key, wrapped.
    ///
    /// # Errors
    /// No randomness, or the library refuses the KEK.
    pub fn fresh_key(&self, chance: &dyn Chance) -> Result<BodyKey, SealError> {
        let mut plain = Zeroizing::new([0u8; KEY_BYTES]);
        chance.fill(plain.as_mut_slice())?;
        let mut wrapped = [0u8; WRAPPED_BYTES];
        AesKek::new(&AES_256, self.kek.as_slice())
            .and_then(|kek| kek.wrap(plain.as_slice(), &mut wrapped).map(|_| ()))
            .map_err(|_| SealError::Broken)?;
        Ok(BodyKey { key: aead_key(&plain)?, wrapped })
    }

    /// The key that was wrapped.
    ///
    /// # Errors
    /// It was wrapped under another KEK or changed.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<BodyKey, SealError> {
        let kept: [u8; WRAPPED_BYTES] = wrapped.try_into().map_err(|_| SealError::Broken)?;
        let mut plain = Zeroizing::new([0u8; KEY_BYTES]);
        AesKek::new(&AES_256, self.kek.as_slice())
            .and_then(|kek| kek.unwrap(wrapped, plain.as_mut_slice()).map(|_| ()))
            .map_err(|_| SealError::Broken)?;
        Ok(BodyKey { key: aead_key(&plain)?, wrapped: kept })
    }

    /// The token of a text in a class: classes never share tokens.
    #[must_use]
    pub fn token(&self, class: &str, text: &str) -> Token {
        let digest = self.keyed_digest(class, text.as_bytes());
        let mut token = [0; 16];
        for (to, from) in token.iter_mut().zip(digest) {
            *to = from;
        }
        Token(token)
    }

    /// A digest under the index key, so that equal contents can be recognised by us alone.
    #[must_use]
    pub fn keyed_digest(&self, class: &str, content: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(class.as_bytes());
        context.update(&[0]);
        context.update(content);
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        digest
    }

    /// Seals a text with a key of its own: the wrapped key stands before the text.
    ///
    /// # Errors
    /// As [`Vault::fresh_key`].
    pub fn seal_alone(
        &self,
        chance: &dyn Chance,
        part: Part,
        place: &[u8],
        text: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let key = self.fresh_key(chance)?;
        let mut sealed = key.wrapped.to_vec();
        sealed.extend(key.seal(chance, part, place, text)?);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal_alone`] made.
    ///
    /// # Errors
    /// It does not open.
    pub fn open_alone(
        &self,
        part: Part,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let (wrapped, text) = sealed.split_at_checked(WRAPPED_BYTES).ok_or(SealError::Broken)?;
        self.unwrap(wrapped)?.open(part, place, text)
    }
}

impl BodyKey {
    /// Seals a part that stands at `place` (for a message: agency and id).
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(
        &self,
        chance: &dyn Chance,
        part: Part,
        place: &[u8],
        text: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; NONCE_BYTES];
        chance.fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + text.len() + 16);
        sealed.extend_from_slice(text);
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(additional_data(part, place)),
                &mut sealed,
            )
            .map_err(|_| SealError::Broken)?;
        sealed.extend_from_slice(&nonce);
        Ok(sealed)
    }

    /// Opens a part.
    ///
    /// # Errors
    /// It was sealed for another part or place, or was changed.
    pub fn open(&self, part: Part, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let cut = sealed.len().checked_sub(NONCE_BYTES).ok_or(SealError::Broken)?;
        let (text, nonce) = sealed.split_at_checked(cut).ok_or(SealError::Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
        let mut text = text.to_vec();
        let length = self
            .key
            .open_in_place(nonce, Aad::from(additional_data(part, place)), &mut text)
            .map_err(|_| SealError::Broken)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

fn aead_key(plain: &[u8; KEY_BYTES]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, plain).map(LessSafeKey::new).map_err(|_| SealError::Broken)
}

fn additional_data(part: Part, place: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(FORMAT.len() + 1 + place.len());
    data.extend_from_slice(FORMAT);
    data.push(part as u8);
    data.extend_from_slice(place);
    data
}

/// SHA-256 of a salt and a body: what a release record commits to.
#[must_use]
pub fn commitment(salt: &[u8; 32], body: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(salt);
    context.update(body);
    let mut digest = [0; 32];
    for (to, from) in digest.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SystemChance;

    fn vault() -> Vault {
        Vault::new(Zeroizing::new([7; 32]), &[9; 32])
    }

    #[test]
    fn a_sealed_part_opens_only_at_its_own_place_and_part() {
        let (vault, chance) = (vault(), SystemChance::default());
        let key = vault.fresh_key(&chance).unwrap();
        let sealed = key.seal(&chance, Part::Message, b"gmp/1", b"invented text").unwrap();
        let key = vault.unwrap(&key.wrapped).unwrap();
        assert_eq!(key.open(Part::Message, b"gmp/1", &sealed).unwrap(), b"invented text");
        assert_eq!(key.open(Part::Message, b"gmp/2", &sealed), Err(SealError::Broken));
        assert_eq!(key.open(Part::Decision, b"gmp/1", &sealed), Err(SealError::Broken));
        let mut changed = sealed.clone();
        changed[3] ^= 1;
        assert_eq!(key.open(Part::Message, b"gmp/1", &changed), Err(SealError::Broken));
    }

    #[test]
    fn another_key_encryption_key_opens_nothing() {
        let chance = SystemChance::default();
        let key = vault().fresh_key(&chance).unwrap();
        let other = Vault::new(Zeroizing::new([8; 32]), &[9; 32]);
        assert!(other.unwrap(&key.wrapped).is_err());
    }

    #[test]
    fn tokens_of_different_classes_differ() {
        let vault = vault();
        assert_eq!(vault.token("noms", "A1234AA"), vault.token("noms", "A1234AA"));
        assert_ne!(vault.token("noms", "A1234AA"), vault.token("crn", "A1234AA"));
    }
}
