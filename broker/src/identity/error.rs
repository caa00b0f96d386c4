//! Why a certificate does not lead to a caller.
//!
//! Promises: each reason is one word for counters, and none carries a value from a certificate.
//! Deliberately does not know: what a caller is told; [`IdentityError::refusal`] is all of it.

use proto::refusal::Refusal;
use thiserror::Error;

/// The first rule a certificate broke, or what the directory did not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum IdentityError {
    /// A certificate of the chain is not one whole DER certificate.
    #[error("a presented certificate cannot be read")]
    Unreadable,
    /// No certificate, or more than [`super::CHAIN_CERTIFICATES_MAX`].
    #[error("the number of presented certificates is out of bounds")]
    ChainLength,
    /// The first certificate is an authority's.
    #[error("the caller's certificate is an authority's")]
    LeafIsAuthority,
    /// Not exactly one alternative name, or it is not a URI (RFC 5280 section 4.2.1.6).
    #[error("the certificate must have one alternative name, a URI")]
    AlternativeName,
    /// The URI breaks the grammar of an identity.
    #[error("the certificate's URI breaks the grammar of an identity")]
    Grammar,
    /// The extended key usage is absent or lacks clientAuth (RFC 5280 section 4.2.1.12).
    #[error("the certificate must be for client authentication")]
    Purpose,
    /// The certificate is not signed with ECDSA on P-256 and SHA-256.
    #[error("the certificate must be signed with ECDSA on P-256 and SHA-256")]
    SignatureAlgorithm,
    /// No presented certificate holds the key that signed the caller's.
    #[error("the certificate that issued the caller's was not presented")]
    IssuerNotPresented,
    /// Today is before notBefore.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Today is after notAfter, the caller's or its issuing certificate's.
    #[error("the certificate has expired")]
    Expired,
    /// The URI names another trust domain.
    #[error("the certificate belongs to another trust domain")]
    TrustDomain,
    /// The issuing key may not name this agency.
    #[error("the issuing key may not name this agency")]
    IssuerMayNotName,
    /// The directory has no such agency.
    #[error("the agency is not registered")]
    AgencyNotRegistered,
    /// The agency has no such node or person.
    #[error("the node or person is not registered")]
    CallerNotRegistered,
    /// The agency is suspended.
    #[error("the agency is suspended")]
    Suspended,
}

impl IdentityError {
    /// Every reason, each once.
    pub const ALL: &'static [IdentityError] = &[
        Self::Unreadable,
        Self::ChainLength,
        Self::LeafIsAuthority,
        Self::AlternativeName,
        Self::Grammar,
        Self::Purpose,
        Self::SignatureAlgorithm,
        Self::IssuerNotPresented,
        Self::NotYetValid,
        Self::Expired,
        Self::TrustDomain,
        Self::IssuerMayNotName,
        Self::AgencyNotRegistered,
        Self::CallerNotRegistered,
        Self::Suspended,
    ];

    /// The reason as a label of a counter or a log field.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "certificate_unreadable",
            Self::ChainLength => "certificate_chain_length",
            Self::LeafIsAuthority => "certificate_is_authority",
            Self::AlternativeName => "certificate_alternative_name",
            Self::Grammar => "certificate_grammar",
            Self::Purpose => "certificate_purpose",
            Self::SignatureAlgorithm => "certificate_signature_algorithm",
            Self::IssuerNotPresented => "certificate_issuer_not_presented",
            Self::NotYetValid => "certificate_not_yet_valid",
            Self::Expired => "certificate_expired",
            Self::TrustDomain => "trust_domain",
            Self::IssuerMayNotName => "issuer_may_not_name",
            Self::AgencyNotRegistered => "agency_not_registered",
            Self::CallerNotRegistered => "caller_not_registered",
            Self::Suspended => "agency_suspended",
        }
    }

    /// What the caller may know: suspension of its own agency, and otherwise one answer for all.
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Suspended => Refusal::Suspended,
            Self::Unreadable
            | Self::ChainLength
            | Self::LeafIsAuthority
            | Self::AlternativeName
            | Self::Grammar
            | Self::Purpose
            | Self::SignatureAlgorithm
            | Self::IssuerNotPresented
            | Self::NotYetValid
            | Self::Expired
            | Self::TrustDomain
            | Self::IssuerMayNotName
            | Self::AgencyNotRegistered
            | Self::CallerNotRegistered => Refusal::NotRegistered,
        }
    }
}
