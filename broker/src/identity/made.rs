//! Certificates and revocation lists for the tests of this module, written octet by octet.
//!
//! Promises only what a test asks: no rule of RFC 5280 is kept unless the sketch says so, which
//! is the point. Deliberately does not know: files, PEM, or what the reader makes of them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use time::OffsetDateTime;
use time::macros::datetime;

/// 2026-01-01, the first moment of every certificate here.
pub(super) const FROM: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
/// 2027-01-01, the last moment unless a sketch says otherwise.
pub(super) const TO: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);
/// The URI of the good caller.
pub(super) const GOOD_URI: &str = "pyramid://pyramid.example/agency/gmp/node/stockport";

const ECDSA_WITH_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const SHA256_WITH_RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const COMMON_NAME: &[u8] = &[0x06, 3, 0x55, 4, 3];
const CLIENT_AUTH: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
const SERVER_AUTH: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];

pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match u16::try_from(content.len()).unwrap() {
        length @ 0..=127 => out.push(u8::try_from(length).unwrap()),
        length => out.extend([&[0x82][..], &length.to_be_bytes()].concat()),
    }
    out.extend(content);
    out
}

fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// A distinguished name with one common name.
pub(super) fn name(common_name: &str) -> Vec<u8> {
    let attribute = seq(&[COMMON_NAME, &tlv(0x0c, &[common_name.as_bytes()])]);
    seq(&[&tlv(0x31, &[&attribute])])
}

/// One URI of an alternative name.
pub(super) fn uri(text: &str) -> Vec<u8> {
    tlv(0x86, &[text.as_bytes()])
}

/// One DNS name of an alternative name.
pub(super) fn dns(text: &str) -> Vec<u8> {
    tlv(0x82, &[text.as_bytes()])
}

/// A signing key with the subject it signs as.
pub(super) struct Signer {
    pub(super) subject: &'static str,
    key: EcdsaKeyPair,
}

impl Signer {
    pub(super) fn new(subject: &'static str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { subject, key }
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        let point = tlv(0x03, &[&[0], self.key.public_key().as_ref()]);
        seq(&[&seq(&[EC_PUBLIC_KEY, P256]), &point])
    }

    pub(super) fn key_id(&self) -> [u8; 32] {
        digest(&SHA256, &self.public_key()).as_ref().try_into().unwrap()
    }

    fn sign(&self, body: &[u8], algorithm: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(&SystemRandom::new(), body).unwrap();
        seq(&[body, algorithm, &tlv(0x03, &[&[0], signature.as_ref()])])
    }

    /// A revocation list of this key.
    pub(super) fn list(&self, serials: &[&[u8]], next_update: Option<OffsetDateTime>) -> Vec<u8> {
        let rows: Vec<u8> =
            serials.iter().flat_map(|serial| seq(&[&tlv(0x02, &[serial]), &utc(FROM)])).collect();
        let algorithm = seq(&[ECDSA_WITH_SHA256]);
        let next_update = next_update.map(utc).unwrap_or_default();
        let rows = if rows.is_empty() { rows } else { seq(&[&rows]) };
        let body = seq(&[
            &tlv(0x02, &[&[1]]),
            &algorithm,
            &name(self.subject),
            &utc(FROM),
            &next_update,
            &rows,
        ]);
        self.sign(&body, &algorithm)
    }
}

fn utc(moment: OffsetDateTime) -> Vec<u8> {
    let text = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        moment.year() % 100,
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    );
    tlv(0x17, &[text.as_bytes()])
}

/// What a certificate is to say.
pub(super) struct Sketch {
    pub(super) subject: &'static str,
    pub(super) serial: Vec<u8>,
    pub(super) not_after: OffsetDateTime,
    pub(super) alternative_names: Option<Vec<Vec<u8>>>,
    pub(super) alternative_names_twice: bool,
    pub(super) client_auth: bool,
    pub(super) server_auth: bool,
    pub(super) authority: bool,
    pub(super) key_identifier: Option<u8>,
    pub(super) issuer_key_identifier: Option<u8>,
    pub(super) says_rsa: bool,
}

impl Sketch {
    /// A caller's certificate with nothing wrong.
    pub(super) fn good() -> Self {
        Self {
            subject: "pyramid://pyramid.example/agency/ignored/node/ignored",
            serial: vec![7],
            not_after: TO,
            alternative_names: Some(vec![uri(GOOD_URI)]),
            alternative_names_twice: false,
            client_auth: true,
            server_auth: false,
            authority: false,
            key_identifier: None,
            issuer_key_identifier: None,
            says_rsa: false,
        }
    }

    /// An issuing authority's certificate.
    pub(super) fn authority(subject: &'static str) -> Self {
        Self {
            subject,
            serial: vec![2],
            alternative_names: None,
            client_auth: false,
            authority: true,
            ..Self::good()
        }
    }

    /// The certificate of `subject_key` for this sketch, signed by `issuer`.
    pub(super) fn signed(&self, subject_key: &Signer, issuer: &Signer) -> Vec<u8> {
        let algorithm = if self.says_rsa {
            seq(&[SHA256_WITH_RSA, &[0x05, 0]])
        } else {
            seq(&[ECDSA_WITH_SHA256])
        };
        let body = seq(&[
            &tlv(0xa0, &[&tlv(0x02, &[&[2]])]),
            &tlv(0x02, &[&self.serial]),
            &algorithm,
            &name(issuer.subject),
            &seq(&[&utc(FROM), &utc(self.not_after)]),
            &name(self.subject),
            &subject_key.public_key(),
            &tlv(0xa3, &[&seq(&[&self.extensions()])]),
        ]);
        issuer.sign(&body, &algorithm)
    }

    fn extensions(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut add = |id: u8, value: Vec<u8>| {
            all.extend(seq(&[&[0x06, 3, 0x55, 29, id], &tlv(0x04, &[&value])]));
        };
        if let Some(names) = &self.alternative_names {
            add(17, seq(&[&names.concat()]));
            if self.alternative_names_twice {
                add(17, seq(&[&names.concat()]));
            }
        }
        let mut purposes = Vec::new();
        if self.client_auth {
            purposes.extend(CLIENT_AUTH);
        }
        if self.server_auth {
            purposes.extend(SERVER_AUTH);
        }
        if !purposes.is_empty() {
            add(37, seq(&[&purposes]));
        }
        if self.authority {
            add(19, seq(&[&[0x01, 1, 0xff]]));
        }
        if let Some(octet) = self.key_identifier {
            add(14, tlv(0x04, &[&[octet; 20]]));
        }
        if let Some(octet) = self.issuer_key_identifier {
            add(35, seq(&[&tlv(0x80, &[&[octet; 20]])]));
        }
        all
    }
}
