//! A presented chain, read once per connection.
//!
//! Owns the rules a caller's own certificate must keep. Promises that the agency, holder, dates
//! and issuing key come from certificates whose signatures were checked: the issuing key is the
//! one that really signed the caller's certificate, whatever else was presented beside it.
//! Deliberately does not know: roots, revocation, the directory, or the time.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::IdentityError;
use super::name::{self, Holder, IdentityName};

/// Certificates of a chain: the caller's, its issuing authority's, and two more.
pub const CHAIN_CERTIFICATES_MAX: usize = 4;

/// What one certificate is called by a revocation list: its issuer's name (DER) and its serial.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) issuer: Box<[u8]>,
    pub(super) serial: Arc<[u8]>,
}

/// A caller's certificate and what was learnt from those presented with it.
#[derive(Clone)]
pub struct PeerCertificate {
    name: Arc<IdentityName>,
    /// Every presented certificate, the caller's own first.
    listed: Arc<[Listed]>,
    serial: Arc<[u8]>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    issuer_key: [u8; 32],
}

impl PeerCertificate {
    /// Reads a chain, the caller's own certificate first, each DER.
    ///
    /// Promise: the caller's certificate has one alternative name, a URI of the identity
    ///          grammar; is for client authentication; and is signed, with ECDSA on P-256 and
    ///          SHA-256, by the key this value names as issuing key.
    /// Bound:   [`CHAIN_CERTIFICATES_MAX`] certificates, so as many signature checks less one.
    /// Refuses: [`IdentityError`], the first rule broken. The common name is never read.
    /// Why a signature and not a name: a caller may present several certificates with the same
    ///          subject; only the key that signed says which authority answers for the identity.
    ///
    /// # Errors
    /// See above.
    pub fn parse(chain: &[impl AsRef<[u8]>]) -> Result<Self, IdentityError> {
        if chain.len() > CHAIN_CERTIFICATES_MAX {
            return Err(IdentityError::ChainLength);
        }
        let certificates: Vec<X509Certificate<'_>> =
            chain.iter().map(|der| read(der.as_ref())).collect::<Result<_, _>>()?;
        let (leaf, others) = certificates.split_first().ok_or(IdentityError::ChainLength)?;
        check_use(leaf)?;
        let name = Arc::new(identity(leaf)?);
        let issuer = issuing(leaf, others)?;
        let issuer_key = key_id(issuer.public_key());
        // An issuing certificate may be presented more than once under one key; none of them
        // may outlive another, so the earliest end counts.
        let not_after = others
            .iter()
            .filter(|other| key_id(other.public_key()) == issuer_key)
            .map(|other| other.validity().not_after.to_datetime())
            .fold(leaf.validity().not_after.to_datetime(), OffsetDateTime::min);
        Ok(Self {
            name,
            listed: certificates.iter().map(listed).collect(),
            serial: Arc::from(leaf.raw_serial()),
            not_before: leaf.validity().not_before.to_datetime(),
            not_after,
            issuer_key,
        })
    }

    /// The trust domain the certificate claims.
    #[must_use]
    pub fn trust_domain(&self) -> &str {
        &self.name.trust_domain
    }

    /// The agency the certificate claims. Nobody has checked yet that it is registered.
    #[must_use]
    pub fn agency(&self) -> &Arc<str> {
        &self.name.agency
    }

    /// The node or person the certificate claims.
    #[must_use]
    pub fn holder(&self) -> &Holder {
        &self.name.holder
    }

    /// The serial, content octets of the DER integer.
    #[must_use]
    pub fn serial(&self) -> &Arc<[u8]> {
        &self.serial
    }

    /// The first moment of validity.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last moment at which both this certificate and its issuing one are valid.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed the certificate.
    #[must_use]
    pub fn issuer_key(&self) -> &[u8; 32] {
        &self.issuer_key
    }

    /// Every presented certificate as revocation lists call it, the caller's own first.
    pub(super) fn listed(&self) -> &[Listed] {
        &self.listed
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PeerCertificate").finish_non_exhaustive()
    }
}

/// The little that must be known of an authority's or the broker's own certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateOutline {
    /// Subject, DER.
    pub subject: Vec<u8>,
    /// The last moment of validity.
    pub not_after: OffsetDateTime,
    /// SHA-256 of its public key, as the directory names issuing keys.
    pub key: [u8; 32],
}

impl CertificateOutline {
    /// Reads one DER certificate.
    ///
    /// # Errors
    /// [`IdentityError::Unreadable`].
    pub fn parse(der: &[u8]) -> Result<Self, IdentityError> {
        let certificate = read(der)?;
        Ok(Self {
            subject: certificate.subject().as_raw().to_vec(),
            not_after: certificate.validity().not_after.to_datetime(),
            key: key_id(certificate.public_key()),
        })
    }
}

fn read(der: &[u8]) -> Result<X509Certificate<'_>, IdentityError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) | Err(_) => Err(IdentityError::Unreadable),
    }
}

fn listed(certificate: &X509Certificate<'_>) -> Listed {
    Listed {
        issuer: Box::from(certificate.issuer().as_raw()),
        serial: Arc::from(certificate.raw_serial()),
    }
}

fn check_use(leaf: &X509Certificate<'_>) -> Result<(), IdentityError> {
    let constraints = leaf.basic_constraints().map_err(|_| IdentityError::Unreadable)?;
    if constraints.is_some_and(|constraints| constraints.value.ca) {
        return Err(IdentityError::LeafIsAuthority);
    }
    match leaf.extended_key_usage() {
        Ok(Some(usage)) if usage.value.client_auth => Ok(()),
        Ok(_) | Err(_) => Err(IdentityError::Purpose),
    }
}

fn identity(leaf: &X509Certificate<'_>) -> Result<IdentityName, IdentityError> {
    // A second extension of the kind is an error of the parser, as RFC 5280 section 4.2 wants.
    let names = leaf
        .subject_alternative_name()
        .map_err(|_| IdentityError::AlternativeName)?
        .ok_or(IdentityError::AlternativeName)?;
    match names.value.general_names.as_slice() {
        [GeneralName::URI(uri)] => name::parse(uri),
        _ => Err(IdentityError::AlternativeName),
    }
}

/// The presented certificate whose key signed the leaf.
fn issuing<'a, 'd>(
    leaf: &X509Certificate<'_>,
    others: &'a [X509Certificate<'d>],
) -> Result<&'a X509Certificate<'d>, IdentityError> {
    if !is_ecdsa_with_sha256(&leaf.signature_algorithm)
        || leaf.tbs_certificate.signature != leaf.signature_algorithm
    {
        return Err(IdentityError::SignatureAlgorithm);
    }
    others
        .iter()
        .find(|candidate| {
            candidate.subject().as_raw() == leaf.issuer().as_raw()
                && key_identifiers_agree(leaf, candidate)
                && signed_by(leaf, candidate.public_key())
        })
        .ok_or(IdentityError::IssuerNotPresented)
}

fn is_ecdsa_with_sha256(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    // RFC 5758 section 3.2: the parameters are absent.
    algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256 && algorithm.parameters.is_none()
}

fn signed_by(leaf: &X509Certificate<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
    if key.algorithm.algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY || curve != Some(OID_EC_P256) {
        return false;
    }
    let (point, signature) = (&key.subject_public_key, &leaf.signature_value);
    if point.unused_bits != 0 || signature.unused_bits != 0 {
        return false;
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point.data)
        .verify(leaf.tbs_certificate.as_ref(), &signature.data)
        .is_ok()
}

/// Where both certificates state the issuing key's identifier, they must agree (RFC 5280
/// section 4.2.1.1).
fn key_identifiers_agree(leaf: &X509Certificate<'_>, candidate: &X509Certificate<'_>) -> bool {
    let stated = leaf.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => {
            authority.key_identifier.as_ref().map(|key| key.0)
        }
        _ => None,
    });
    let own =
        candidate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
            _ => None,
        });
    stated.zip(own).is_none_or(|(stated, own)| stated == own)
}

fn key_id(key: &SubjectPublicKeyInfo<'_>) -> [u8; 32] {
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(digest(&SHA256, key.raw).as_ref()) {
        *to = *from;
    }
    id
}

#[cfg(test)]
mod tests;
