//! The root, the issuing authorities under it, and the good certificates they sign.
//!
//! Owns: names, serials and dates of everything issued under one root.
//! Promises: one URI identity for a client, checked against the strict grammar; one serial for
//! each certificate under the root.
//! Deliberately does not know: the clock (see [`Authority::set_now`]), the disk (see `folder`),
//! revocation (see `revocation`), or which agency an issuing key may name: that mapping is the
//! broker's directory.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use rcgen::{ExtendedKeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};

use crate::credential::Credential;
use crate::error::CertsError;
use crate::names::{
    check_issuer, check_person, check_segment, check_trust_domain, node_uri, person_uri,
};
use crate::serial::Serial;
use crate::signer::{Leaf, Signer, Subject, Validity};

/// The name of the issuing authority every [`Authority`] starts with.
pub const FIRST_ISSUER: &str = "first";

/// Allowed difference between the clocks of those who make and those who check certificates.
const CLOCK_SKEW: Duration = Duration::minutes(5);

/// The organisation in every subject, so that none of these is taken for a real one.
pub(crate) const ORGANISATION: &str = "Pyramid development, never production";

/// How an authority is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The trust domain in every identity, such as `pyramid.example`.
    pub trust_domain: String,
    /// The moment at which certificates and lists are made.
    pub now: OffsetDateTime,
    /// Days for which the root and the issuing authorities are valid.
    pub authority_days: u16,
    /// Days for which a leaf is valid, or until its issuing authority ends if that is sooner.
    pub leaf_days: u16,
    /// Days from a revocation list's making to its nextUpdate.
    pub crl_days: u16,
}

impl Options {
    /// Usual lengths: authorities 400 days, leaves 90, revocation lists 45. All are beyond the
    /// 30 days at which the broker starts to warn.
    pub fn new(trust_domain: &str, now: OffsetDateTime) -> Self {
        let trust_domain = trust_domain.to_owned();
        Self { trust_domain, now, authority_days: 400, leaf_days: 90, crl_days: 45 }
    }
}

/// Which issuing authority of one [`Authority`]; meaningless with any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IssuerId(pub(crate) usize);

/// An issuing authority: its name, its serial under the root, and its key.
pub(crate) struct Issuing {
    pub(crate) name: String,
    pub(crate) serial: Serial,
    pub(crate) signer: Signer,
}

/// A root with its issuing authorities and all they have issued and revoked.
pub struct Authority {
    pub(crate) options: Options,
    pub(crate) organisation: &'static str,
    pub(crate) root: Signer,
    pub(crate) issuers: Vec<Issuing>,
    pub(crate) last_serial: Serial,
}

/// What a client certificate should say, right or wrong.
pub(crate) struct Client<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) uris: Vec<String>,
    pub(crate) purpose: ExtendedKeyUsagePurpose,
    pub(crate) validity: Validity,
}

impl Authority {
    /// Makes a root and its first issuing authority, named [`FIRST_ISSUER`].
    ///
    /// Refuses: [`CertsError::Name`] for a trust domain outside `[a-z0-9.-]`;
    ///          [`CertsError::OutOfRange`] for dates beyond the year 9999.
    pub fn new(options: Options) -> Result<Self, CertsError> {
        Self::of_organisation(options, ORGANISATION)
    }

    pub(crate) fn of_organisation(
        options: Options,
        organisation: &'static str,
    ) -> Result<Self, CertsError> {
        check_trust_domain(&options.trust_domain)?;
        let validity = validity(options.now, options.authority_days)?;
        let subject = Subject { organisation, common_name: "root authority" };
        let root = Signer::root(subject, validity)?;
        let last_serial = Serial::ROOT;
        let mut authority = Self { options, organisation, root, issuers: Vec::new(), last_serial };
        authority.issuer(FIRST_ISSUER)?;
        Ok(authority)
    }

    /// Sets the moment at which everything from here on is made or revoked.
    pub fn set_now(&mut self, now: OffsetDateTime) {
        self.options.now = now;
    }

    /// Sets how far ahead nextUpdate lies in lists made from here on, in days.
    pub fn set_crl_days(&mut self, days: u16) {
        self.options.crl_days = days;
    }

    /// The trust domain in every identity.
    pub fn trust_domain(&self) -> &str {
        &self.options.trust_domain
    }

    /// The root certificate: the only thing a verifier needs to trust.
    pub fn root_pem(&self) -> &str {
        self.root.certificate_pem()
    }

    /// The issuing authority of that name, made now if there is none yet.
    ///
    /// One for each group of agencies: the broker maps an issuing key to the agencies it may
    /// name. A new one needs its revocation list loaded before any of its leaves is accepted.
    /// Refuses: [`CertsError::Name`] unless 1 to 40 characters of `a-z`, `0-9` and hyphen.
    pub fn issuer(&mut self, name: &str) -> Result<IssuerId, CertsError> {
        check_issuer(name)?;
        if let Ok(found) = self.find_issuer(name) {
            return Ok(found);
        }
        let validity = validity(self.options.now, self.options.authority_days)?;
        let common_name = format!("issuing authority {name}");
        let subject = Subject { organisation: self.organisation, common_name: &common_name };
        let serial = self.take_serial()?;
        let signer = self.root.subordinate(subject, serial, validity)?;
        self.issuers.push(Issuing { name: name.to_owned(), serial, signer });
        self.find_issuer(name)
    }

    /// The issuing authority of that name.
    ///
    /// Refuses: [`CertsError::UnknownIssuer`].
    pub fn find_issuer(&self, name: &str) -> Result<IssuerId, CertsError> {
        let position = self.issuers.iter().position(|issuing| issuing.name == name);
        position.map(IssuerId).ok_or(CertsError::UnknownIssuer)
    }

    /// The issuing authority every [`Authority`] starts with.
    pub fn first_issuer(&self) -> IssuerId {
        IssuerId(0)
    }

    /// Every issuing authority with its name, oldest first.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerId, &str)> {
        self.issuers.iter().enumerate().map(|(index, issuing)| (IssuerId(index), &*issuing.name))
    }

    /// SHA-256 of the issuing key's SubjectPublicKeyInfo DER, 64 lower-case hexadecimal digits:
    /// how the broker names an issuing key.
    ///
    /// Refuses: [`CertsError::UnknownIssuer`].
    pub fn issuer_key_id(&self, issuer: IssuerId) -> Result<String, CertsError> {
        self.issuers
            .get(issuer.0)
            .map(|issuing| issuing.signer.key_id())
            .ok_or(CertsError::UnknownIssuer)
    }

    /// A client certificate for an agency's node.
    ///
    /// Promise: exactly one alternative name, the URI
    ///          `pyramid://<trust-domain>/agency/<agency>/node/<node>`; clientAuth only.
    /// Refuses: [`CertsError::Name`], [`CertsError::UnknownIssuer`].
    pub fn node(
        &mut self,
        issuer: IssuerId,
        agency: &str,
        node: &str,
    ) -> Result<Credential, CertsError> {
        check_segment("agency", agency)?;
        check_segment("node", node)?;
        let uri = node_uri(self.trust_domain(), agency, node);
        self.with_uris(issuer, &[&uri])
    }

    /// A client certificate for a person acting for an agency.
    ///
    /// Promise: exactly one alternative name, the URI
    ///          `pyramid://<trust-domain>/agency/<agency>/person/<person>`; clientAuth only.
    /// Refuses: [`CertsError::Name`] unless `person` is a lower-case UUID, so that no name, rank
    ///          or warrant number slips into a certificate; [`CertsError::UnknownIssuer`].
    pub fn person(
        &mut self,
        issuer: IssuerId,
        agency: &str,
        person: &str,
    ) -> Result<Credential, CertsError> {
        check_segment("agency", agency)?;
        check_person(person)?;
        let uri = person_uri(self.trust_domain(), agency, person);
        self.with_uris(issuer, &[&uri])
    }

    /// A client certificate with whatever URIs are given, unchecked, for testing a parser of
    /// identities; right in every other respect.
    ///
    /// Refuses: [`CertsError::Make`] for a URI outside ASCII; [`CertsError::UnknownIssuer`].
    pub fn with_uris(&mut self, issuer: IssuerId, uris: &[&str]) -> Result<Credential, CertsError> {
        let client = Client::good(self.leaf_validity()?, uris.iter().map(|uri| (*uri).to_owned()));
        self.sign_client(issuer, client)
    }

    /// The broker's certificate, signed by the first issuing authority.
    ///
    /// Promise: the given DNS names and addresses, and always 127.0.0.1; serverAuth only.
    /// Refuses: [`CertsError::Make`] for a name outside ASCII.
    pub fn server(&mut self, names: &[&str]) -> Result<Credential, CertsError> {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut alternative_names = Vec::with_capacity(names.len().saturating_add(1));
        for name in names {
            match name.parse::<IpAddr>() {
                Ok(address) if address == loopback => {}
                Ok(address) => alternative_names.push(SanType::IpAddress(address)),
                Err(_) => alternative_names.push(SanType::DnsName(ascii(name)?)),
            }
        }
        alternative_names.push(SanType::IpAddress(loopback));
        let leaf = Leaf {
            subject: Subject { organisation: self.organisation, common_name: "broker" },
            alternative_names,
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
            validity: self.leaf_validity()?,
        };
        self.sign(self.first_issuer(), leaf)
    }

    pub(crate) fn leaf_validity(&self) -> Result<Validity, CertsError> {
        validity(self.options.now, self.options.leaf_days)
    }

    pub(crate) fn sign_client(
        &mut self,
        issuer: IssuerId,
        client: Client<'_>,
    ) -> Result<Credential, CertsError> {
        let uris = client.uris.iter().map(|uri| Ok(SanType::URI(ascii(uri)?)));
        let leaf = Leaf {
            subject: Subject { organisation: self.organisation, common_name: client.common_name },
            alternative_names: uris.collect::<Result<_, CertsError>>()?,
            purpose: client.purpose,
            validity: client.validity,
        };
        self.sign(issuer, leaf)
    }

    fn sign(&mut self, issuer: IssuerId, leaf: Leaf<'_>) -> Result<Credential, CertsError> {
        let serial = self.take_serial()?;
        let issuing = self.issuers.get_mut(issuer.0).ok_or(CertsError::UnknownIssuer)?;
        let signed = issuing.signer.leaf(serial, leaf)?;
        let chain_pem = signed.certificate_pem + issuing.signer.certificate_pem();
        let issuer_key_id = issuing.signer.key_id();
        Ok(Credential { chain_pem, key_pem: signed.key_pem, serial, issuer_key_id })
    }

    fn take_serial(&mut self) -> Result<Serial, CertsError> {
        self.last_serial = self.last_serial.next()?;
        Ok(self.last_serial)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authority")
            .field("options", &self.options)
            .field("issuers", &self.issuers.len())
            .finish_non_exhaustive()
    }
}

impl Client<'static> {
    /// A client certificate with nothing wrong but, perhaps, its URIs. Its common name says
    /// nothing, because an identity never comes from there.
    pub(crate) fn good(validity: Validity, uris: impl IntoIterator<Item = String>) -> Self {
        let uris = uris.into_iter().collect();
        let purpose = ExtendedKeyUsagePurpose::ClientAuth;
        Self { common_name: "client", uris, purpose, validity }
    }
}

fn validity(now: OffsetDateTime, days: u16) -> Result<Validity, CertsError> {
    let not_before = now.checked_sub(CLOCK_SKEW).ok_or(OUT_OF_RANGE)?;
    Ok(Validity { not_before, not_after: after(now, days)? })
}

/// The moment that many days after `now`.
pub(crate) fn after(now: OffsetDateTime, days: u16) -> Result<OffsetDateTime, CertsError> {
    now.checked_add(Duration::days(i64::from(days))).ok_or(OUT_OF_RANGE)
}

/// The moment that many days before `now`.
pub(crate) fn before(now: OffsetDateTime, days: u16) -> Result<OffsetDateTime, CertsError> {
    now.checked_sub(Duration::days(i64::from(days))).ok_or(OUT_OF_RANGE)
}

const OUT_OF_RANGE: CertsError = CertsError::OutOfRange { what: "a date" };

fn ascii(text: &str) -> Result<rcgen::string::Ia5String, CertsError> {
    text.try_into().map_err(|source| CertsError::Make { what: "an alternative name", source })
}
