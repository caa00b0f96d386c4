//! Which revocation list of each issuing key is the newest that was ever at work.
//!
//! Promises that a list is called older by its number (RFC 5280 section 5.2.3) or by its date,
//! whichever says so, and that this outlives the process: it is written as a line of text and
//! read back. Holds no name of an authority, only digests. Deliberately does not know: where it
//! is kept, or what becomes of whoever brings an older list.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::revocation_list::CertificateRevocationList;

/// SHA-256 over an issuer's name and, as an authority may be made anew under an old name, its
/// key's identifier (RFC 5280 section 5.2.1), both in DER.
type IssuingKey = [u8; 32];
/// As kept: the issuing key and the number, both hexadecimal, and seconds since 1970.
type Kept = (String, Option<String>, i64);

/// Which list of its issuer a list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edition {
    /// Big-endian, without leading noughts.
    number: Option<Vec<u8>>,
    /// Seconds since 1970.
    this_update: i64,
}

impl Edition {
    pub(super) fn of(list: &CertificateRevocationList<'_>) -> Self {
        let number = list.crl_number().map(|number| number.to_bytes_be());
        Self { number, this_update: list.last_update().timestamp() }
    }

    fn is_before(&self, other: &Self) -> bool {
        let by_number = self.number.as_ref().zip(other.number.as_ref());
        by_number.is_some_and(|(own, other)| (own.len(), own) < (other.len(), other))
            || self.this_update < other.this_update
    }
}

/// The newest list of each issuing key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editions(BTreeMap<IssuingKey, Edition>);

impl Editions {
    /// Notes a list unless a newer one of its issuing key is noted.
    pub(super) fn note(&mut self, issuer: &[u8], key_identifier: &[u8], edition: Edition) {
        let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
        let octets = [length.as_slice(), issuer, key_identifier].concat();
        let mut key = IssuingKey::default();
        for (to, from) in key.iter_mut().zip(digest(&SHA256, &octets).as_ref()) {
            *to = *from;
        }
        if self.0.get(&key).is_none_or(|known| known.is_before(&edition)) {
            self.0.insert(key, edition);
        }
    }

    /// How many lists here are older than what is known there of the same issuing key: whatever
    /// was revoked between the two would be forgotten.
    #[must_use]
    pub fn older_than(&self, known: &Self) -> usize {
        let older = |(key, edition): &(&IssuingKey, &Edition)| {
            known.0.get(*key).is_some_and(|known| edition.is_before(known))
        };
        self.0.iter().filter(older).count()
    }

    /// How many issuing keys have a list.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// When the newest of all was made, seconds since 1970. `None`: there is none.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.0.values().map(|edition| edition.this_update).max()
    }

    /// What is known once these were taken up: a key they are silent about keeps what it had.
    #[must_use]
    pub fn after(mut self, taken_up: &Self) -> Self {
        self.0.extend(taken_up.0.iter().map(|(key, edition)| (*key, edition.clone())));
        self
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let row = |(key, edition): (&IssuingKey, &Edition)| -> Kept {
            (hex::encode(key), edition.number.as_ref().map(hex::encode), edition.this_update)
        };
        let rows: Vec<Kept> = self.0.iter().map(row).collect();
        // Texts and whole numbers always have a form in JSON.
        serde_json::to_vec(&rows).unwrap_or_default()
    }

    /// What was kept. `None` if it is not what [`Editions::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(kept: &[u8]) -> Option<Self> {
        let rows: Vec<Kept> = serde_json::from_slice(kept).ok()?;
        let read = |(key, number, this_update): Kept| {
            let mut digest = IssuingKey::default();
            hex::decode_to_slice(key, &mut digest).ok()?;
            let number = number.map(hex::decode).transpose().ok()?;
            Some((digest, Edition { number, this_update }))
        };
        rows.into_iter().map(read).collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(number: Option<&[u8]>, this_update: i64) -> Edition {
        Edition { number: number.map(<[u8]>::to_vec), this_update }
    }

    fn of(issuer: &[u8], number: Option<&[u8]>, this_update: i64) -> Editions {
        let mut editions = Editions::default();
        editions.note(issuer, b"key", edition(number, this_update));
        editions
    }

    #[test]
    fn a_list_is_older_by_its_number_or_by_its_date() {
        // (number, date, older than number 0x0100 of second 50)
        let rows: [(Option<&[u8]>, i64, bool); 7] = [
            (Some(&[1, 0]), 50, false),
            (Some(&[1, 1]), 50, false),
            (Some(&[255]), 50, true),
            (Some(&[1, 1]), 49, true),
            (Some(&[255]), 51, true),
            (None, 50, false),
            (None, 49, true),
        ];
        let known = of(b"one", Some(&[1, 0]), 50);
        for (number, date, older) in rows {
            let found = of(b"one", number, date).older_than(&known);
            assert_eq!(found, usize::from(older), "{number:?} of {date}");
        }
        assert_eq!(of(b"other", Some(&[0]), 1).older_than(&known), 0, "another authority");
    }

    #[test]
    fn of_two_lists_of_one_key_the_newer_is_noted() {
        let mut editions = of(b"one", Some(&[2]), 50);
        editions.note(b"one", b"key", edition(Some(&[1]), 40));
        assert_eq!(editions, of(b"one", Some(&[2]), 50));
        editions.note(b"one", b"key", edition(Some(&[3]), 60));
        assert_eq!((editions.count(), editions.newest()), (1, Some(60)));
        editions.note(b"one", b"made anew", edition(Some(&[1]), 70));
        assert_eq!((editions.count(), editions.newest()), (2, Some(70)));
    }

    #[test]
    fn what_a_set_is_silent_about_is_still_known_after_it() {
        let known = of(b"one", Some(&[2]), 50).after(&of(b"other", None, 60));
        assert_eq!(of(b"one", Some(&[1]), 70).older_than(&known), 1);
        assert_eq!(of(b"other", None, 59).older_than(&known), 1);
    }

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else_is() {
        let known = of(b"one", Some(&[2]), 50).after(&of(b"other", None, 60));
        assert_eq!(Editions::from_bytes(&known.to_bytes()), Some(known));
        for text in ["", "{}", r#"[["ff",null,1]]"#, r#"[["zz",null]]"#] {
            assert_eq!(Editions::from_bytes(text.as_bytes()), None, "{text}");
        }
    }
}
