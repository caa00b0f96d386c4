//! Reading certificates back: what this crate must know of one it made earlier.
//!
//! Promises: reads the first certificate of a PEM text and nothing after it.
//! Deliberately does not know: whether a certificate should be trusted.

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::pem::parse_x509_pem;

use crate::error::CertsError;
use crate::serial::Serial;

/// The parts of a certificate that matter for saving, loading and revoking.
pub(crate) struct Summary {
    /// Its serial; `None` when it is not one this crate could have given.
    pub(crate) serial: Option<Serial>,
    /// The last moment it is valid.
    pub(crate) not_after: OffsetDateTime,
    /// The SubjectPublicKeyInfo, DER.
    pub(crate) public_key: Vec<u8>,
    /// The key identifier of the subject, if stated.
    pub(crate) subject_key: Option<Vec<u8>>,
    /// The key identifier of the issuer, if stated.
    pub(crate) authority_key: Option<Vec<u8>>,
}

/// Reads the first certificate of `pem`; `what` names it in an error.
pub(crate) fn summarise(what: &'static str, pem: &str) -> Result<Summary, CertsError> {
    let refused = || CertsError::Malformed { what, rule: "a certificate in PEM form" };
    let (_, section) = parse_x509_pem(pem.as_bytes()).map_err(|_| refused())?;
    let certificate = section.parse_x509().map_err(|_| refused())?;
    let mut summary = Summary {
        serial: Serial::from_bytes(certificate.raw_serial()),
        not_after: certificate.validity().not_after.to_datetime(),
        public_key: certificate.public_key().raw.to_vec(),
        subject_key: None,
        authority_key: None,
    };
    for extension in certificate.iter_extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(key) => {
                summary.subject_key = Some(key.0.to_vec());
            }
            ParsedExtension::AuthorityKeyIdentifier(authority) => {
                summary.authority_key = authority.key_identifier.as_ref().map(|key| key.0.to_vec());
            }
            // A foreign enum with many members: the other extensions say nothing we need.
            _ => {}
        }
    }
    Ok(summary)
}
