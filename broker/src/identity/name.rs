//! The grammar of an identity: `pyramid://<trust-domain>/agency/<agency>/node/<name>`, or
//! `/person/<uuid>` in place of the node.
//!
//! Promises that one identity has one spelling: no case folding, no escapes, no port, query or
//! trailing slash, so that equal text is equal identity. Deliberately does not know: whether
//! anybody is registered under the name.

use std::sync::Arc;

use crate::directory::document::is_directory_id;

use super::IdentityError;

/// What every identity begins with.
const SCHEME: &str = "pyramid://";
/// Characters of a trust domain (RFC 1123 section 2.1).
const TRUST_DOMAIN_CHARACTERS_MAX: usize = 253;
/// Characters between two dots of a trust domain (RFC 1035 section 2.3.4).
const TRUST_DOMAIN_LABEL_CHARACTERS_MAX: usize = 63;

/// Whom a certificate is for, inside its agency.
#[derive(Clone, PartialEq, Eq)]
pub enum Holder {
    /// A system, by name.
    Node(Arc<str>),
    /// A person, by opaque id.
    Person(Arc<str>),
}

/// An identity taken apart.
pub(super) struct IdentityName {
    pub(super) trust_domain: Arc<str>,
    pub(super) agency: Arc<str>,
    pub(super) holder: Holder,
}

/// Takes an identity apart.
///
/// Refuses: [`IdentityError::Grammar`] for every text that is not exactly an identity.
pub(super) fn parse(uri: &str) -> Result<IdentityName, IdentityError> {
    take_apart(uri).ok_or(IdentityError::Grammar)
}

fn take_apart(uri: &str) -> Option<IdentityName> {
    let (trust_domain, path) = uri.strip_prefix(SCHEME)?.split_once('/')?;
    let (agency, holder) = path.strip_prefix("agency/")?.split_once('/')?;
    let holder = if let Some(node) = holder.strip_prefix("node/") {
        is_directory_id(node).then(|| Holder::Node(Arc::from(node)))?
    } else {
        let person = holder.strip_prefix("person/")?;
        is_person_id(person).then(|| Holder::Person(Arc::from(person)))?
    };
    (is_trust_domain(trust_domain) && is_directory_id(agency)).then(|| IdentityName {
        trust_domain: Arc::from(trust_domain),
        agency: Arc::from(agency),
        holder,
    })
}

fn is_trust_domain(text: &str) -> bool {
    text.len() <= TRUST_DOMAIN_CHARACTERS_MAX
        && text.split('.').all(|label| {
            (1..=TRUST_DOMAIN_LABEL_CHARACTERS_MAX).contains(&label.len())
                && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        })
}

/// A person is named by a hyphenated UUID in lower case, the only spelling the directory takes.
fn is_person_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(uri: &str) {
        assert!(parse(uri).is_err(), "{uri:?} must be no identity");
    }

    #[test]
    fn a_node_is_named_by_domain_agency_and_name() {
        let name = parse("pyramid://pyramid.example/agency/gmp/node/stockport-1").unwrap();
        assert_eq!(&*name.trust_domain, "pyramid.example");
        assert_eq!(&*name.agency, "gmp");
        assert!(name.holder == Holder::Node(Arc::from("stockport-1")));
    }

    #[test]
    fn a_person_is_named_by_a_lower_case_uuid() {
        let name = parse(
            "pyramid://pyramid.example/agency/gmp/person/0f9d1c5e-6f0e-4c53-9c1b-0d8a0f3b7a11",
        )
        .unwrap();
        assert!(name.holder == Holder::Person(Arc::from("0f9d1c5e-6f0e-4c53-9c1b-0d8a0f3b7a11")));
    }

    #[test]
    fn an_identity_has_one_spelling() {
        for uri in [
            "",
            "pyramid://",
            "pyramid:///agency/gmp/node/a",
            "PYRAMID://pyramid.example/agency/gmp/node/a",
            "https://pyramid.example/agency/gmp/node/a",
            "spiffe://pyramid.example/agency/gmp/node/a",
            " pyramid://pyramid.example/agency/gmp/node/a",
            "pyramid://pyramid.example/agency/gmp/node/a ",
            "pyramid://pyramid.example/agency/gmp/node/a\n",
            "pyramid://pyramid.example/agency/gmp/node/a\0",
            "pyramid://pyramid.example/agency/gmp/node/a/",
            "pyramid://pyramid.example/agency/gmp/node/a/extra",
            "pyramid://pyramid.example/agency/gmp/node/a?b",
            "pyramid://pyramid.example/agency/gmp/node/a#b",
            "pyramid://pyramid.example/agency/gmp/node/a%2db",
            "pyramid://pyramid.example/agency/GMP/node/a",
            "pyramid://pyramid.example/agency/gmp/node/",
            "pyramid://pyramid.example/agency/gmp/node",
            "pyramid://pyramid.example/agency//node/a",
            "pyramid://pyramid.example/agency/gmp//node/a",
            "pyramid://pyramid.example/agency/gmp/desk/a",
            "pyramid://pyramid.example/force/gmp/node/a",
            "pyramid://pyramid.example//agency/gmp/node/a",
            "pyramid://pyramid.example:443/agency/gmp/node/a",
            "pyramid://user@pyramid.example/agency/gmp/node/a",
            "pyramid://pyramid..example/agency/gmp/node/a",
            "pyramid://pyramid.example./agency/gmp/node/a",
            "pyramid://pyramid.example/agency/gm_p/node/a",
            "pyramid://pyramid.example/agency/gm\u{440}/node/a",
            "pyramid://pyramid.example/agency/../node/a",
        ] {
            check_refused(uri);
        }
    }

    #[test]
    fn a_person_has_no_other_name() {
        for id in [
            "jo-invented",
            "0F9D1C5E-6F0E-4C53-9C1B-0D8A0F3B7A11",
            "0f9d1c5e6f0e4c539c1b0d8a0f3b7a11",
            "{0f9d1c5e-6f0e-4c53-9c1b-0d8a0f3b7a11}",
            "urn:uuid:0f9d1c5e-6f0e-4c53-9c1b-0d8a0f3b7a11",
            "0f9d1c5e-6f0e-4c53-9c1b-0d8a0f3b7a11/",
        ] {
            check_refused(&format!("pyramid://pyramid.example/agency/gmp/person/{id}"));
        }
    }

    #[test]
    fn an_agency_and_a_node_have_at_most_40_characters() {
        let (longest, too_long) = ("a".repeat(40), "a".repeat(41));
        let uri = |agency: &str, node: &str| {
            format!("pyramid://pyramid.example/agency/{agency}/node/{node}")
        };
        assert!(parse(&uri(&longest, &longest)).is_ok());
        check_refused(&uri(&too_long, "a"));
        check_refused(&uri("gmp", &too_long));
    }

    #[test]
    fn a_trust_domain_has_at_most_63_characters_a_label_and_253_in_all() {
        let uri = |domain: &str| format!("pyramid://{domain}/agency/gmp/node/a");
        assert!(parse(&uri(&"a".repeat(63))).is_ok());
        check_refused(&uri(&"a".repeat(64)));
        check_refused(&uri(&["a"; 128].join(".")));
    }
}
