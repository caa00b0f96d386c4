//! What the revocation lists say, as a set that can be asked cheaply and often.
//!
//! Promises that a serial is looked up under its issuer's name, so that two authorities who
//! count alike are told apart, and that what a list says can only close, never open: a
//! signature is not checked here, so `listen` has every chain verified against the same lists.
//! Deliberately does not know: where the lists come from, or the time.

use std::collections::{HashMap, HashSet};
use std::fmt;

use thiserror::Error;
use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::PeerCertificate;
use super::edition::{Edition, Editions};

/// A set of revocation lists cannot be used. Positions count from nought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum RevocationListError {
    /// There is no list. Without one nothing would be checked.
    #[error("there is no revocation list")]
    None,
    /// It is not one whole DER revocation list.
    #[error("revocation list {position} cannot be read")]
    Unreadable {
        /// Which list.
        position: usize,
    },
    /// It does not say when the next is due (RFC 5280 section 5.1.2.5).
    #[error("revocation list {position} has no next update")]
    NoNextUpdate {
        /// Which list.
        position: usize,
    },
}

/// What one issuer has revoked.
struct IssuerLists {
    next_update: OffsetDateTime,
    serials: HashSet<Box<[u8]>>,
}

/// Every revoked certificate of a set of lists.
pub struct Revoked {
    by_issuer: HashMap<Box<[u8]>, IssuerLists>,
    editions: Editions,
    next_update: OffsetDateTime,
}

impl Revoked {
    /// Reads lists, each DER. Several lists of one issuer are joined.
    ///
    /// # Errors
    /// The first list that breaks a rule; then none is used.
    pub fn parse(lists: &[impl AsRef<[u8]>]) -> Result<Self, RevocationListError> {
        let mut by_issuer: HashMap<Box<[u8]>, IssuerLists> = HashMap::new();
        let mut editions = Editions::default();
        let mut earliest: Option<OffsetDateTime> = None;
        for (position, der) in lists.iter().enumerate() {
            let Ok(([], list)) = CertificateRevocationList::from_der(der.as_ref()) else {
                return Err(RevocationListError::Unreadable { position });
            };
            let next_update = list
                .next_update()
                .ok_or(RevocationListError::NoNextUpdate { position })?
                .to_datetime();
            earliest = Some(earliest.map_or(next_update, |earliest| earliest.min(next_update)));
            editions.note(list.issuer().as_raw(), key_identifier(&list), Edition::of(&list));
            let issuer = by_issuer
                .entry(Box::from(list.issuer().as_raw()))
                .or_insert_with(|| IssuerLists { next_update, serials: HashSet::new() });
            issuer.next_update = issuer.next_update.min(next_update);
            let serials = list.iter_revoked_certificates();
            issuer.serials.extend(serials.map(|revoked| Box::from(shortest(revoked.raw_serial()))));
        }
        let next_update = earliest.ok_or(RevocationListError::None)?;
        Ok(Self { by_issuer, editions, next_update })
    }

    /// Which lists these are.
    #[must_use]
    pub fn editions(&self) -> &Editions {
        &self.editions
    }

    /// Whether any certificate that was presented with a caller's, its own included, is revoked.
    ///
    /// Why any: which of several issuing certificates verified the chain is not known here, and
    /// a caller who presents a revoked one has no claim to be heard.
    #[must_use]
    pub fn names(&self, certificate: &PeerCertificate) -> bool {
        certificate.listed().iter().any(|listed| {
            self.by_issuer
                .get(&listed.issuer)
                .is_some_and(|issuer| issuer.serials.contains(shortest(&listed.serial)))
        })
    }

    /// Whether an issuer, by its name in DER, has a list here.
    #[must_use]
    pub fn covers(&self, issuer: &[u8]) -> bool {
        self.by_issuer.contains_key(issuer)
    }

    /// The earliest moment at which a list is overdue.
    #[must_use]
    pub fn next_update(&self) -> OffsetDateTime {
        self.next_update
    }

    /// Whether no list is overdue.
    #[must_use]
    pub fn is_current(&self, now: OffsetDateTime) -> bool {
        now < self.next_update
    }

    /// Whether the lists that bear on one caller's chain are there and none is overdue.
    #[must_use]
    pub fn is_current_for(&self, certificate: &PeerCertificate, now: OffsetDateTime) -> bool {
        let own_issuer = certificate.listed().first().map(|own| &own.issuer);
        own_issuer.is_some_and(|issuer| self.covers(issuer))
            && certificate
                .listed()
                .iter()
                .filter_map(|listed| self.by_issuer.get(&listed.issuer))
                .all(|issuer| now < issuer.next_update)
    }
}

impl fmt::Debug for Revoked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Revoked")
            .field("issuers", &self.by_issuer.len())
            .finish_non_exhaustive()
    }
}

fn key_identifier<'list>(list: &'list CertificateRevocationList<'_>) -> &'list [u8] {
    let identifier = list.extensions().iter().find_map(|extension| {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref(),
            // Every other extension, known to the library or not, names no key.
            _ => None,
        }
    });
    identifier.map(|identifier| identifier.0).unwrap_or_default()
}

/// A serial without leading zero octets, so that a careless encoder's list still bites.
fn shortest(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    serial.get(zeros..).unwrap_or_default()
}
