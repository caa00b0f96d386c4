//! Who is calling: from a presented certificate to a registered caller in good standing.
//!
//! Owns the reading of certificates and revocation lists, and the evidence that a caller was
//! found in the directory. Promises that nothing but [`verify`] makes a [`VerifiedPeer`], that
//! the one URI of the certificate is the only name believed, and that whatever cannot be read
//! or found is refused. Deliberately does not know: sockets, files, or how a chain is verified
//! up to a root (`listen` does that before a certificate comes here).

mod certificate;
mod edition;
mod error;
mod name;
mod revocation;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

pub use certificate::{CHAIN_CERTIFICATES_MAX, CertificateOutline, PeerCertificate};
pub use edition::Editions;
pub use error::IdentityError;
pub use name::Holder;
pub use revocation::{RevocationListError, Revoked};

use crate::directory::{DeskIndex, Directory, Role};

/// A registered caller, as the directory of one moment describes it.
#[derive(Clone, PartialEq, Eq)]
pub enum Caller {
    /// An agency's system.
    Node {
        /// Its name inside the agency.
        name: Arc<str>,
        /// The desks it serves, by place in the snapshot it was verified against; the first is
        /// the desk it sends from.
        desks: Vec<DeskIndex>,
    },
    /// A person who acts for an agency.
    Person {
        /// Opaque id (UUID text in lower case).
        id: Arc<str>,
        /// What the person may do.
        roles: BTreeSet<Role>,
    },
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Node { .. } => "Node",
            Self::Person { .. } => "Person",
        })
    }
}

/// Evidence that a certificate names a caller who is registered and in good standing.
///
/// Promise: made by [`verify`] alone, so a function that takes one needs no further check.
/// Bound:   good for the directory and the moment it was verified against; a long-lived holder
///          verifies again when either moves on.
#[derive(Clone)]
pub struct VerifiedPeer {
    agency: Arc<str>,
    caller: Caller,
    not_after: OffsetDateTime,
    serial: Arc<[u8]>,
}

impl VerifiedPeer {
    /// The caller's agency.
    #[must_use]
    pub fn agency(&self) -> &Arc<str> {
        &self.agency
    }

    /// The node or person.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The last moment of the certificate: a stream opened with it ends then.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The certificate's serial, content octets of the DER integer.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }
}

impl fmt::Debug for VerifiedPeer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedPeer")
            .field("agency", &self.agency)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// Finds the caller a certificate names, in one directory and at one moment.
///
/// Promise: trust domain, issuing key, agency, node or person, standing and dates all hold.
/// Refuses: the first of them that does not, as an [`IdentityError`]; what the directory does
///          not list matches nothing.
/// Why standing comes last: that an agency is suspended is told only to a caller whose
///          certificate was good in every other respect.
///
/// # Errors
/// See above.
pub fn verify(
    certificate: &PeerCertificate,
    directory: &Directory,
    now: OffsetDateTime,
) -> Result<VerifiedPeer, IdentityError> {
    if now < certificate.not_before() {
        return Err(IdentityError::NotYetValid);
    }
    if now > certificate.not_after() {
        return Err(IdentityError::Expired);
    }
    if certificate.trust_domain() != directory.trust_domain {
        return Err(IdentityError::TrustDomain);
    }
    let agency =
        directory.agency(certificate.agency()).ok_or(IdentityError::AgencyNotRegistered)?;
    if !directory.issuer_may_name(certificate.issuer_key(), &agency.id) {
        return Err(IdentityError::IssuerMayNotName);
    }
    let caller = find_caller(certificate.holder(), &agency.id, directory)
        .ok_or(IdentityError::CallerNotRegistered)?;
    if agency.suspended {
        return Err(IdentityError::Suspended);
    }
    Ok(VerifiedPeer {
        agency: Arc::clone(&agency.id),
        caller,
        not_after: certificate.not_after(),
        serial: Arc::clone(certificate.serial()),
    })
}

fn find_caller(holder: &Holder, agency: &str, directory: &Directory) -> Option<Caller> {
    match holder {
        Holder::Node(name) => {
            let node = directory.node(agency, name)?;
            Some(Caller::Node { name: Arc::clone(&node.name), desks: node.desks.clone() })
        }
        Holder::Person(id) => {
            // Persons are registered under their id alone: the agency must be checked here.
            let person = directory.person(id).filter(|person| *person.agency == *agency)?;
            Some(Caller::Person { id: Arc::clone(&person.id), roles: person.roles.clone() })
        }
    }
}

#[cfg(test)]
mod made;
#[cfg(test)]
mod tests;
