//! The rules of `certs-dev`, read from outside: certificates as another parser sees them, the
//! handshake as rustls judges it, and the folder as the file system shows it.
//!
//! Owns: the fixed moment and the invented names the rules are written with.
//! Deliberately does not know: how anything is made.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use certs_dev::{Authority, Options};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;
use time::macros::datetime;

mod certificates;
mod folder;
mod handshake;

/// Noon, when every certificate of these rules is made.
const NOON: OffsetDateTime = datetime!(2031-03-01 12:00 UTC);
const TRUST_DOMAIN: &str = "pyramid.example";
/// Invented agency, node and person.
const AGENCY: &str = "northshire-police";
const NODE: &str = "gateway-1";
const PERSON: &str = "5f0c3b5e-8a51-4d0b-9a3e-0c9d2f7b6a11";
const NODE_URI: &str = "pyramid://pyramid.example/agency/northshire-police/node/gateway-1";

fn authority() -> Authority {
    Authority::new(Options::new(TRUST_DOMAIN, NOON)).unwrap()
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap()
}

fn revocation_lists(pem: &str) -> Vec<CertificateRevocationListDer<'static>> {
    CertificateRevocationListDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap()
}
