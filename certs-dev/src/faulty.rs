//! Every wrong client certificate, by name.
//!
//! Promises: each is wrong in exactly one respect, the one its name says, and right in all
//! others, so that a refusal can have one cause only.
//! Deliberately does not know: the broker's refusal codes, and the directory. Those that are
//! wrong only there (`Unregistered`, `Suspended`, `AgencyOfAnotherIssuingKey`) name an agency,
//! a node or an issuing key in a constant, and the test's directory must be made to fit.

use rcgen::ExtendedKeyUsagePurpose;

use crate::authority::{Authority, Client, IssuerId, Options, after, before};
use crate::credential::Credential;
use crate::error::CertsError;
use crate::names::{check_segment, node_uri};
use crate::signer::Validity;

/// The agency no directory may register, named by [`Faulty::Unregistered`].
pub const UNREGISTERED_AGENCY: &str = "unregistered-agency";
/// The node no directory may register, named by [`Faulty::Unregistered`].
pub const UNREGISTERED_NODE: &str = "unregistered-node";
/// The agency a directory must register and suspend, named by [`Faulty::Suspended`].
pub const SUSPENDED_AGENCY: &str = "suspended-agency";
/// The issuing authority that signs [`Faulty::AgencyOfAnotherIssuingKey`]. A directory should
/// know its key and let it name agencies, but not the one the test asks for.
pub const OTHER_AGENCIES_ISSUER: &str = "other-agencies";
/// The issuing authority that signs [`Faulty::RevokedIssuingAuthority`], on the root's list.
pub const WITHDRAWN_ISSUER: &str = "withdrawn";

/// The organisation of [`Faulty::OtherAuthority`].
const OTHER_ORGANISATION: &str = "Another development authority, never production";
/// How long ago the expired certificate began.
const EXPIRED_BEGAN_DAYS: u16 = 30;
/// How long ago the expired certificate ended, and how long until the early one begins: more
/// than any clock is wrong.
const APART_DAYS: u16 = 1;

/// A way in which a client certificate is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Faulty {
    /// notAfter was a day ago.
    Expired,
    /// notBefore is a day ahead.
    NotYetValid,
    /// Signed under a root nobody here trusts.
    OtherAuthority,
    /// No alternative name at all.
    NoSan,
    /// Two URIs, each of which would be good alone; the asked one comes first.
    TwoSans,
    /// No alternative name; the good URI stands in the common name.
    CommonNameOnly,
    /// A trust domain that ends in the right one.
    WrongTrustDomain,
    /// A good identity, signed by [`OTHER_AGENCIES_ISSUER`], which may not name that agency.
    AgencyOfAnotherIssuingKey,
    /// On the revocation list of its issuing authority.
    RevokedLeaf,
    /// Signed by [`WITHDRAWN_ISSUER`], which is on the root's revocation list.
    RevokedIssuingAuthority,
    /// Extended key usage serverAuth in place of clientAuth.
    ServerAuthOnly,
    /// Well formed; names [`UNREGISTERED_AGENCY`] and [`UNREGISTERED_NODE`].
    Unregistered,
    /// Well formed; names [`SUSPENDED_AGENCY`].
    Suspended,
    /// The agency is written in upper case.
    NonsenseGrammar,
    /// One path segment too many after the node.
    NonsenseExtraSegment,
}

/// Which step of the broker should turn a certificate away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedAt {
    /// The TLS handshake: chain, dates, purpose, revocation.
    Handshake,
    /// Identity: the handshake succeeds, the URI or the directory does not allow it.
    Identity,
}

impl Faulty {
    /// Every way, each once.
    pub const ALL: [Faulty; 15] = [
        Faulty::Expired,
        Faulty::NotYetValid,
        Faulty::OtherAuthority,
        Faulty::NoSan,
        Faulty::TwoSans,
        Faulty::CommonNameOnly,
        Faulty::WrongTrustDomain,
        Faulty::AgencyOfAnotherIssuingKey,
        Faulty::RevokedLeaf,
        Faulty::RevokedIssuingAuthority,
        Faulty::ServerAuthOnly,
        Faulty::Unregistered,
        Faulty::Suspended,
        Faulty::NonsenseGrammar,
        Faulty::NonsenseExtraSegment,
    ];

    /// Its name in file names and test output: lower case, hyphenated.
    pub fn name(self) -> &'static str {
        match self {
            Faulty::Expired => "expired",
            Faulty::NotYetValid => "not-yet-valid",
            Faulty::OtherAuthority => "other-authority",
            Faulty::NoSan => "no-san",
            Faulty::TwoSans => "two-sans",
            Faulty::CommonNameOnly => "common-name-only",
            Faulty::WrongTrustDomain => "wrong-trust-domain",
            Faulty::AgencyOfAnotherIssuingKey => "agency-of-another-issuing-key",
            Faulty::RevokedLeaf => "revoked-leaf",
            Faulty::RevokedIssuingAuthority => "revoked-issuing-authority",
            Faulty::ServerAuthOnly => "server-auth-only",
            Faulty::Unregistered => "unregistered",
            Faulty::Suspended => "suspended",
            Faulty::NonsenseGrammar => "nonsense-grammar",
            Faulty::NonsenseExtraSegment => "nonsense-extra-segment",
        }
    }

    /// Which step should turn it away.
    pub fn refused_at(self) -> RefusedAt {
        match self {
            Faulty::Expired
            | Faulty::NotYetValid
            | Faulty::OtherAuthority
            | Faulty::RevokedLeaf
            | Faulty::RevokedIssuingAuthority
            | Faulty::ServerAuthOnly => RefusedAt::Handshake,
            Faulty::NoSan
            | Faulty::TwoSans
            | Faulty::CommonNameOnly
            | Faulty::WrongTrustDomain
            | Faulty::AgencyOfAnotherIssuingKey
            | Faulty::Unregistered
            | Faulty::Suspended
            | Faulty::NonsenseGrammar
            | Faulty::NonsenseExtraSegment => RefusedAt::Identity,
        }
    }
}

impl Authority {
    /// A node certificate that is wrong in the way `faulty` says, for an agency and node that
    /// would otherwise be good. Signed by the first issuing authority unless the name says else.
    ///
    /// May add an issuing authority and revocations: read [`Authority::crls_pem`] afterwards,
    /// or the certificate is refused for want of a list and not for its own fault.
    /// Refuses: as [`Authority::node`].
    pub fn faulty(
        &mut self,
        faulty: Faulty,
        agency: &str,
        node: &str,
    ) -> Result<Credential, CertsError> {
        check_segment("agency", agency)?;
        check_segment("node", node)?;
        let first = self.first_issuer();
        let uri = node_uri(self.trust_domain(), agency, node);
        match faulty {
            Faulty::Expired => self.dated(first, uri, self.ended()?),
            Faulty::NotYetValid => self.dated(first, uri, self.to_come()?),
            Faulty::OtherAuthority => other_authority(&self.options, agency, node),
            Faulty::NoSan => self.with_uris(first, &[]),
            Faulty::TwoSans => {
                let second = node_uri(self.trust_domain(), agency, "second-identity");
                self.with_uris(first, &[&uri, &second])
            }
            Faulty::CommonNameOnly => {
                let good = Client::good(self.leaf_validity()?, []);
                self.sign_client(first, Client { common_name: &uri, ..good })
            }
            Faulty::WrongTrustDomain => {
                let longer = format!("not-{}", self.trust_domain());
                self.with_uris(first, &[&node_uri(&longer, agency, node)])
            }
            Faulty::AgencyOfAnotherIssuingKey => {
                let other = self.issuer(OTHER_AGENCIES_ISSUER)?;
                self.node(other, agency, node)
            }
            Faulty::RevokedLeaf => {
                let credential = self.node(first, agency, node)?;
                self.revoke(&credential)?;
                Ok(credential)
            }
            Faulty::RevokedIssuingAuthority => {
                let withdrawn = self.issuer(WITHDRAWN_ISSUER)?;
                self.revoke_issuer(withdrawn)?;
                self.node(withdrawn, agency, node)
            }
            Faulty::ServerAuthOnly => {
                let purpose = ExtendedKeyUsagePurpose::ServerAuth;
                let good = Client::good(self.leaf_validity()?, [uri]);
                self.sign_client(first, Client { purpose, ..good })
            }
            Faulty::Unregistered => self.node(first, UNREGISTERED_AGENCY, UNREGISTERED_NODE),
            Faulty::Suspended => self.node(first, SUSPENDED_AGENCY, node),
            Faulty::NonsenseGrammar => {
                let shouted = agency.to_ascii_uppercase();
                self.with_uris(first, &[&node_uri(self.trust_domain(), &shouted, node)])
            }
            Faulty::NonsenseExtraSegment => self.with_uris(first, &[&format!("{uri}/extra")]),
        }
    }

    fn dated(
        &mut self,
        issuer: IssuerId,
        uri: String,
        validity: Validity,
    ) -> Result<Credential, CertsError> {
        self.sign_client(issuer, Client::good(validity, [uri]))
    }

    fn ended(&self) -> Result<Validity, CertsError> {
        let now = self.options.now;
        let not_before = before(now, EXPIRED_BEGAN_DAYS)?;
        Ok(Validity { not_before, not_after: before(now, APART_DAYS)? })
    }

    fn to_come(&self) -> Result<Validity, CertsError> {
        let not_before = after(self.options.now, APART_DAYS)?;
        Ok(Validity { not_before, not_after: after(not_before, self.options.leaf_days)? })
    }
}

/// A complete authority of someone else's, used once and dropped.
fn other_authority(options: &Options, agency: &str, node: &str) -> Result<Credential, CertsError> {
    let mut other = Authority::of_organisation(options.clone(), OTHER_ORGANISATION)?;
    other.node(other.first_issuer(), agency, node)
}
