//! One authority key: what it signed, what it revoked, and its revocation list.
//!
//! Owns: the signing key, its certificate and the register of serials it signed.
//! Promises: every certificate it signs is in the register before it is handed out; only a
//! serial from that register can be revoked; a revocation list names all of them revoked so far.
//! Deliberately does not know: what an agency, a node or a wrong certificate is.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, RevocationReason, RevokedCertParams, SanType,
    SerialNumber,
};
use time::OffsetDateTime;

use crate::certificate::summarise;
use crate::error::CertsError;
use crate::serial::Serial;

/// Bits below the seconds in a revocation list's number, left for revocations within one second.
const CRL_NUMBER_REVOCATION_BITS: u32 = 20;

/// The first and the last moment of a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

/// A name for a certificate's subject. It carries no identity: that is the URI alone.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) common_name: &'a str,
}

/// What a leaf certificate should say.
pub(crate) struct Leaf<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) alternative_names: Vec<SanType>,
    pub(crate) purpose: ExtendedKeyUsagePurpose,
    pub(crate) validity: Validity,
}

/// A signed leaf and its key, both PEM.
pub(crate) struct SignedLeaf {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

/// Each serial signed, with the moment it was revoked, if it was.
pub(crate) type Register = BTreeMap<Serial, Option<OffsetDateTime>>;

/// One authority's key, certificate and register.
pub(crate) struct Signer {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
    key_identifier: Vec<u8>,
    not_after: OffsetDateTime,
    register: Register,
}

impl Signer {
    /// Makes a root that may stand over one level of issuing authorities.
    pub(crate) fn root(subject: Subject<'_>, validity: Validity) -> Result<Self, CertsError> {
        let key = generate()?;
        let params = authority_params(subject, Serial::ROOT, validity, 1);
        let certificate = params.self_signed(&key).map_err(make("the root certificate"))?;
        Self::restore(certificate.pem(), key, Register::new())
    }

    /// Signs a new issuing authority, which may sign leaves only.
    pub(crate) fn subordinate(
        &mut self,
        subject: Subject<'_>,
        serial: Serial,
        validity: Validity,
    ) -> Result<Self, CertsError> {
        let key = generate()?;
        let params = authority_params(subject, serial, self.within(validity), 0);
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(make("an issuing certificate"))?;
        self.register.insert(serial, None);
        Self::restore(certificate.pem(), key, Register::new())
    }

    /// Signs one leaf with a new key of its own.
    pub(crate) fn leaf(
        &mut self,
        serial: Serial,
        leaf: Leaf<'_>,
    ) -> Result<SignedLeaf, CertsError> {
        let key = generate()?;
        let mut params = params(leaf.subject, serial, self.within(leaf.validity));
        params.subject_alt_names = leaf.alternative_names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![leaf.purpose];
        params.is_ca = IsCa::ExplicitNoCa;
        let certificate = params.signed_by(&key, &self.issuer).map_err(make("a certificate"))?;
        self.register.insert(serial, None);
        Ok(SignedLeaf { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    /// Puts an authority together from its parts, new or saved.
    ///
    /// Refuses: [`CertsError::Malformed`] if the key is not the one the certificate names.
    pub(crate) fn restore(
        certificate_pem: String,
        key: KeyPair,
        register: Register,
    ) -> Result<Self, CertsError> {
        let what = "an authority's certificate";
        let summary = summarise(what, &certificate_pem)?;
        if summary.public_key != key.subject_public_key_info() {
            return Err(CertsError::Malformed { what, rule: "must belong to the key beside it" });
        }
        let key_identifier = summary
            .subject_key
            .ok_or(CertsError::Malformed { what, rule: "must state its key identifier" })?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key).map_err(make(what))?;
        Ok(Self { certificate_pem, issuer, key_identifier, not_after: summary.not_after, register })
    }

    /// Marks a serial as revoked; a second time keeps the first moment.
    pub(crate) fn revoke(&mut self, serial: Serial, at: OffsetDateTime) -> Result<(), CertsError> {
        let entry = self.register.get_mut(&serial).ok_or(CertsError::UnknownSerial)?;
        entry.get_or_insert(at);
        Ok(())
    }

    /// Signs the list of everything revoked so far (RFC 5280 section 5), as PEM.
    pub(crate) fn crl_pem(
        &self,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<String, CertsError> {
        let revoked_certs: Vec<_> = self
            .register
            .iter()
            .filter_map(|(serial, revoked_at)| Some((serial, (*revoked_at)?)))
            .map(|(serial, revocation_time)| RevokedCertParams {
                serial_number: SerialNumber::from(serial.to_bytes()),
                revocation_time,
                reason_code: Some(RevocationReason::PrivilegeWithdrawn),
                invalidity_date: None,
            })
            .collect();
        let out_of_range = CertsError::OutOfRange { what: "the revocation list's number" };
        let crl_number = crl_number(this_update, revoked_certs.len()).ok_or(out_of_range)?;
        let what = "a revocation list";
        CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(crl_number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::PreSpecified(self.key_identifier.clone()),
        }
        .signed_by(&self.issuer)
        .and_then(|list| list.pem())
        .map_err(make(what))
    }

    /// SHA-256 of the SubjectPublicKeyInfo, lower-case hexadecimal: how a key is named.
    pub(crate) fn key_id(&self) -> String {
        let public_key = self.issuer.key().subject_public_key_info();
        hex::encode(digest::digest(&digest::SHA256, &public_key))
    }

    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub(crate) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    pub(crate) fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    pub(crate) fn register(&self) -> &Register {
        &self.register
    }

    /// No certificate outlives the one that signed it.
    fn within(&self, validity: Validity) -> Validity {
        Validity { not_after: validity.not_after.min(self.not_after), ..validity }
    }
}

/// A number that grows with time, and within one second with every revocation, so that no two
/// different lists of one key share it (RFC 5280 section 5.2.3) and nothing need be stored.
fn crl_number(this_update: OffsetDateTime, revocations: usize) -> Option<u64> {
    let seconds = u64::try_from(this_update.unix_timestamp()).ok()?;
    let revocations = u64::try_from(revocations).ok()?;
    seconds.checked_mul(1 << CRL_NUMBER_REVOCATION_BITS)?.checked_add(revocations)
}

fn generate() -> Result<KeyPair, CertsError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(make("a key"))
}

fn make(what: &'static str) -> impl FnOnce(rcgen::Error) -> CertsError {
    move |source| CertsError::Make { what, source }
}

fn params(subject: Subject<'_>, serial: Serial, validity: Validity) -> CertificateParams {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, subject.organisation);
    name.push(DnType::CommonName, subject.common_name);
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from(serial.to_bytes()));
    params.distinguished_name = name;
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority_params(
    subject: Subject<'_>,
    serial: Serial,
    validity: Validity,
    authorities_below: u8,
) -> CertificateParams {
    let mut params = params(subject, serial, validity);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(authorities_below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
