//! The grammar of identities and of the names this crate writes to disk.
//!
//! Promises: a good identity URI is `pyramid://<trust-domain>/agency/<agency>/node/<name>` or
//! `.../person/<uuid>` with every part checked.
//! Deliberately does not know: which agencies exist, and the broker's own parser, so that each
//! is a check on the other.

use crate::error::CertsError;

/// Longest agency or node, in bytes: what the protocol allows an id of the directory.
const SEGMENT_BYTES_MAX: usize = 40;
/// Longest label of a trust domain, in bytes: one DNS label.
const LABEL_BYTES_MAX: usize = 63;
/// Longest name of a pair of files, in bytes: room for an agency, a dot, a node and what is
/// added to it on disk, within the 255 of a file system.
const FILE_NAME_BYTES_MAX: usize = 200;
/// Longest name of an issuing authority, in bytes, so that its common name keeps to the 64
/// characters of X.520.
const ISSUER_NAME_BYTES_MAX: usize = 40;
/// Longest trust domain, in bytes: one DNS name.
const TRUST_DOMAIN_BYTES_MAX: usize = 253;
/// Hexadecimal digits in each group of a UUID (RFC 9562 section 4).
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

fn is_segment(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len())
        && text.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Checks one path segment of an identity.
pub(crate) fn check_segment(field: &'static str, text: &str) -> Result<(), CertsError> {
    if is_segment(text, SEGMENT_BYTES_MAX) {
        return Ok(());
    }
    Err(CertsError::Name { field, rule: "1 to 40 characters of a-z, 0-9 and hyphen" })
}

/// Checks the name of an issuing authority.
pub(crate) fn check_issuer(text: &str) -> Result<(), CertsError> {
    if is_segment(text, ISSUER_NAME_BYTES_MAX) {
        return Ok(());
    }
    Err(CertsError::Name {
        field: "issuing authority",
        rule: "1 to 40 characters of a-z, 0-9 and hyphen",
    })
}

/// Checks a trust domain: segments joined by single dots.
pub(crate) fn check_trust_domain(text: &str) -> Result<(), CertsError> {
    let parts_hold = text.split('.').all(|part| is_segment(part, LABEL_BYTES_MAX));
    if parts_hold && text.len() <= TRUST_DOMAIN_BYTES_MAX {
        return Ok(());
    }
    Err(CertsError::Name {
        field: "trust domain",
        rule: "at most 253 characters, labels of a-z, 0-9 and hyphen joined by dots",
    })
}

/// Checks the name of a pair of files: no path separator, and not hidden.
pub(crate) fn check_file_name(text: &str) -> Result<(), CertsError> {
    let parts_hold = text.split('.').all(|part| is_segment(part, FILE_NAME_BYTES_MAX));
    if parts_hold && text.len() <= FILE_NAME_BYTES_MAX {
        return Ok(());
    }
    Err(CertsError::Name {
        field: "file name",
        rule: "at most 200 characters, parts of a-z, 0-9 and hyphen joined by dots",
    })
}

/// Checks that a person is named by a lower-case UUID and by nothing that says who they are.
pub(crate) fn check_person(text: &str) -> Result<(), CertsError> {
    let is_digit = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let lengths = text.split('-').map(str::len);
    if lengths.eq(UUID_GROUPS) && text.bytes().all(|octet| octet == b'-' || is_digit(octet)) {
        return Ok(());
    }
    Err(CertsError::Name { field: "person", rule: "a UUID in lower case, hyphenated" })
}

/// The identity of an agency's node.
pub(crate) fn node_uri(trust_domain: &str, agency: &str, node: &str) -> String {
    format!("pyramid://{trust_domain}/agency/{agency}/node/{node}")
}

/// The identity of a person acting for an agency.
pub(crate) fn person_uri(trust_domain: &str, agency: &str, person: &str) -> String {
    format!("pyramid://{trust_domain}/agency/{agency}/person/{person}")
}
