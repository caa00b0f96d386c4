//! What each certificate and each revocation list says, read by an independent parser.

use aws_lc_rs::digest;
use certs_dev::{Authority, CertsError, Faulty, IssuerId, OTHER_AGENCIES_ISSUER, Options};
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::prelude::{CertificateRevocationList, X509Certificate};

use crate::{
    AGENCY, NODE, NODE_URI, NOON, PERSON, TRUST_DOMAIN, authority, certificates, revocation_lists,
};

/// What a leaf or an authority says, in words.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    names: Vec<String>,
    usages: String,
    purposes: Vec<&'static str>,
    authority_over: Option<Option<u32>>,
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Some(names) = certificate.subject_alternative_name().unwrap() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::URI(uri) => format!("URI {uri}"),
        GeneralName::DNSName(dns) => format!("DNS {dns}"),
        GeneralName::IPAddress(octets) => format!("IP {octets:?}"),
        other => format!("other {other:?}"),
    };
    names.value.general_names.iter().map(name).collect()
}

fn said(der: &[u8]) -> Said {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let mut purposes = Vec::new();
    if let Some(stated) = certificate.extended_key_usage().unwrap() {
        purposes.extend(stated.value.client_auth.then_some("clientAuth"));
        purposes.extend(stated.value.server_auth.then_some("serverAuth"));
        purposes.extend(stated.value.any.then_some("any"));
        assert!(stated.value.other.is_empty());
    }
    let constraints = certificate.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical);
    let usages = certificate.key_usage().unwrap().unwrap();
    assert!(usages.critical);
    Said {
        names: names(&certificate),
        usages: usages.value.to_string(),
        purposes,
        authority_over: constraints.value.ca.then_some(constraints.value.path_len_constraint),
    }
}

fn client(names: &[&str]) -> Said {
    Said {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        usages: "Digital Signature".to_owned(),
        purposes: vec!["clientAuth"],
        authority_over: None,
    }
}

fn dates(der: &[u8]) -> (OffsetDateTime, OffsetDateTime) {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let validity = certificate.validity();
    (validity.not_before.to_datetime(), validity.not_after.to_datetime())
}

fn key_identifiers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    let (mut own, mut signer) = (Vec::new(), Vec::new());
    for extension in certificate.iter_extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(key) => own = key.0.to_vec(),
            ParsedExtension::AuthorityKeyIdentifier(key) => {
                signer = key.key_identifier.as_ref().unwrap().0.to_vec();
            }
            _ => {}
        }
    }
    assert!(!own.is_empty() && !signer.is_empty());
    (own, signer)
}

#[test]
fn a_node_is_named_by_one_uri_and_nothing_else() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let chain = certificates(&node.chain_pem);
    assert_eq!(chain.len(), 2);
    assert_eq!(said(&chain[0]), client(&[&format!("URI {NODE_URI}")]));
}

#[test]
fn a_person_is_named_by_one_uri_that_says_nothing_of_who_it_is() {
    let mut authority = authority();
    let person = authority.person(authority.first_issuer(), AGENCY, PERSON).unwrap();
    let expected = "URI pyramid://pyramid.example/agency/northshire-police/person/\
                    5f0c3b5e-8a51-4d0b-9a3e-0c9d2f7b6a11";
    assert_eq!(said(&certificates(&person.chain_pem)[0]), client(&[expected]));
}

#[test]
fn the_broker_has_its_names_and_loopback_and_may_only_serve() {
    let mut authority = authority();
    let server = authority.server(&["broker.example", "localhost", "127.0.0.1", "10.1.2.3"]);
    let expected = Said {
        purposes: vec!["serverAuth"],
        ..client(&["DNS broker.example", "DNS localhost", "IP [10, 1, 2, 3]", "IP [127, 0, 0, 1]"])
    };
    assert_eq!(said(&certificates(&server.unwrap().chain_pem)[0]), expected);
}

#[test]
fn an_authority_signs_certificates_and_lists_and_nothing_else() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let expected = |below| Said {
        names: Vec::new(),
        usages: "Key Cert Sign, CRL Sign".to_owned(),
        purposes: Vec::new(),
        authority_over: Some(Some(below)),
    };
    assert_eq!(said(&certificates(authority.root_pem())[0]), expected(1));
    assert_eq!(said(&certificates(&node.chain_pem)[1]), expected(0));
}

#[test]
fn each_certificate_points_to_the_key_that_signed_it() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let chain = certificates(&node.chain_pem);
    let (leaf, leaf_signer) = key_identifiers(&chain[0]);
    let (issuing, issuing_signer) = key_identifiers(&chain[1]);
    let (root, root_signer) = key_identifiers(&certificates(authority.root_pem())[0]);
    assert_eq!((leaf_signer, issuing_signer, root_signer), (issuing, root.clone(), root));
    assert!(!leaf.is_empty());
}

#[test]
fn every_key_is_on_the_curve_p_256() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let mut all = certificates(&node.chain_pem);
    all.extend(certificates(authority.root_pem()));
    assert_eq!(all.len(), 3);
    for der in all {
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let curve = certificate.public_key().algorithm.parameters.as_ref().unwrap();
        assert_eq!(curve.as_oid().unwrap().to_string(), "1.2.840.10045.3.1.7");
        assert_eq!(certificate.signature_algorithm.algorithm.to_string(), "1.2.840.10045.4.3.2");
    }
}

#[test]
fn a_leaf_begins_five_minutes_ago_and_lasts_its_days() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let (not_before, not_after) = dates(&certificates(&node.chain_pem)[0]);
    assert_eq!(not_before, NOON - Duration::minutes(5));
    assert_eq!(not_after, NOON + Duration::days(90));
}

#[test]
fn no_leaf_outlives_the_authority_that_signed_it() {
    let mut authority = authority();
    authority.set_now(NOON + Duration::days(350));
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let (_, not_after) = dates(&certificates(&node.chain_pem)[0]);
    assert_eq!(not_after, NOON + Duration::days(400));
}

#[test]
fn every_authority_has_a_list_of_what_it_revoked() {
    let mut authority = authority();
    let second = authority.issuer("second").unwrap();
    let kept = authority.node(second, AGENCY, "kept").unwrap();
    let revoked = authority.node(second, AGENCY, NODE).unwrap();
    authority.revoke(&revoked).unwrap();
    authority.revoke_issuer(authority.first_issuer()).unwrap();
    // The root is 1, the first issuing authority 2, the second 3, the kept leaf 4.
    assert_eq!((kept.serial.as_u64(), revoked.serial.as_u64()), (4, 5));
    assert_eq!(listed(&authority), [vec![2], vec![], vec![5]]);
}

fn listed(authority: &Authority) -> Vec<Vec<u64>> {
    let serials = |der: &[u8]| {
        let (_, list) = CertificateRevocationList::from_der(der).unwrap();
        list.iter_revoked_certificates()
            .map(|entry| entry.serial().to_string().parse().unwrap())
            .collect()
    };
    revocation_lists(&authority.crls_pem().unwrap()).iter().map(|list| serials(list)).collect()
}

#[test]
fn a_list_names_its_next_update_and_a_number_that_grows() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let issuing_list = |authority: &Authority| {
        let lists = revocation_lists(&authority.crls_pem().unwrap());
        let (_, list) = CertificateRevocationList::from_der(&lists[1]).unwrap();
        let number: u64 = list.crl_number().unwrap().to_string().parse().unwrap();
        (number, list.last_update().to_datetime(), list.next_update().unwrap().to_datetime())
    };
    let (first, made, next) = issuing_list(&authority);
    assert_eq!((made, next), (NOON, NOON + Duration::days(45)));
    authority.revoke(&node).unwrap();
    let (second, ..) = issuing_list(&authority);
    authority.set_now(NOON + Duration::seconds(1));
    authority.set_crl_days(7);
    let (third, made, next) = issuing_list(&authority);
    assert!(first < second && second < third);
    assert_eq!(made, NOON + Duration::seconds(1));
    assert_eq!(next, NOON + Duration::seconds(1) + Duration::days(7));
}

#[test]
fn an_issuing_key_is_named_by_the_hash_of_its_public_key() {
    let mut authority = authority();
    let first = authority.first_issuer();
    let second = authority.issuer("second").unwrap();
    let hashed = |authority: &mut Authority, issuer: IssuerId| {
        let node = authority.node(issuer, AGENCY, NODE).unwrap();
        let chain = certificates(&node.chain_pem);
        let (_, issuing) = X509Certificate::from_der(&chain[1]).unwrap();
        let hash = digest::digest(&digest::SHA256, issuing.public_key().raw);
        assert_eq!(node.issuer_key_id, hex::encode(hash));
        node.issuer_key_id
    };
    let (first_key, second_key) = (hashed(&mut authority, first), hashed(&mut authority, second));
    assert_eq!(authority.issuer_key_id(first).unwrap(), first_key);
    assert_eq!(authority.issuer_key_id(second).unwrap(), second_key);
    assert_ne!(first_key, second_key);
    assert_eq!(authority.issuer("second").unwrap(), second);
}

#[test]
fn a_name_outside_the_grammar_makes_no_certificate() {
    let mut authority = authority();
    let first = authority.first_issuer();
    for (agency, node) in [
        ("", NODE),
        ("Northshire", NODE),
        ("north/shire", NODE),
        (AGENCY, "gate_way"),
        (AGENCY, "é"),
    ] {
        let refused = authority.node(first, agency, node).unwrap_err();
        assert!(matches!(refused, CertsError::Name { .. }));
    }
    for person in ["invented-name", "5F0C3B5E-8A51-4D0B-9A3E-0C9D2F7B6A11", "5f0c3b5e8a514d0b9a3e"]
    {
        let refused = authority.person(first, AGENCY, person).unwrap_err();
        assert!(matches!(refused, CertsError::Name { field: "person", .. }));
        assert!(!refused.to_string().contains(person));
    }
    for domain in ["", "pyramid..example", "Pyramid.example", "pyramid.example/agency"] {
        let refused = Authority::new(Options::new(domain, NOON)).unwrap_err();
        assert!(matches!(refused, CertsError::Name { field: "trust domain", .. }));
    }
    assert!(authority.issuer("../root").is_err());
}

#[test]
fn another_authoritys_certificate_is_not_revoked_here_by_its_number() {
    let mut ours = authority();
    let mut theirs = authority();
    let own = ours.node(ours.first_issuer(), AGENCY, NODE).unwrap();
    let foreign = theirs.node(theirs.first_issuer(), AGENCY, NODE).unwrap();
    assert_eq!(own.serial, foreign.serial);
    assert!(matches!(ours.revoke(&foreign), Err(CertsError::UnknownIssuer)));
    assert!(matches!(ours.revoke_pem(&foreign.chain_pem), Err(CertsError::UnknownIssuer)));
    assert!(matches!(ours.revoke_serial("ff".parse().unwrap()), Err(CertsError::UnknownSerial)));
    assert_eq!(listed(&ours), [Vec::<u64>::new(), Vec::new()]);
    assert_eq!(ours.revoke_pem(&own.chain_pem).unwrap(), own.serial);
    assert_eq!(listed(&ours), [vec![], vec![3]]);
}

#[test]
fn debug_output_shows_neither_key_nor_identity() {
    let mut authority = authority();
    let person = authority.person(authority.first_issuer(), AGENCY, PERSON).unwrap();
    let shown = format!("{person:?} {authority:?}");
    assert!(!shown.contains("PRIVATE") && !shown.contains("BEGIN") && !shown.contains(PERSON));
}

#[test]
fn each_wrong_certificate_says_what_its_name_promises() {
    let good: &[&str] = &["pyramid://pyramid.example/agency/northshire-police/node/gateway-1"];
    let rows: [(Faulty, &[&str]); 15] = [
        (Faulty::Expired, good),
        (Faulty::NotYetValid, good),
        (Faulty::OtherAuthority, good),
        (Faulty::NoSan, &[]),
        (
            Faulty::TwoSans,
            &[
                "pyramid://pyramid.example/agency/northshire-police/node/gateway-1",
                "pyramid://pyramid.example/agency/northshire-police/node/second-identity",
            ],
        ),
        (Faulty::CommonNameOnly, &[]),
        (
            Faulty::WrongTrustDomain,
            &["pyramid://not-pyramid.example/agency/northshire-police/node/gateway-1"],
        ),
        (Faulty::AgencyOfAnotherIssuingKey, good),
        (Faulty::RevokedLeaf, good),
        (Faulty::RevokedIssuingAuthority, good),
        (Faulty::ServerAuthOnly, good),
        (
            Faulty::Unregistered,
            &["pyramid://pyramid.example/agency/unregistered-agency/node/unregistered-node"],
        ),
        (Faulty::Suspended, &["pyramid://pyramid.example/agency/suspended-agency/node/gateway-1"]),
        (
            Faulty::NonsenseGrammar,
            &["pyramid://pyramid.example/agency/NORTHSHIRE-POLICE/node/gateway-1"],
        ),
        (
            Faulty::NonsenseExtraSegment,
            &["pyramid://pyramid.example/agency/northshire-police/node/gateway-1/extra"],
        ),
    ];
    assert_eq!(rows.map(|(faulty, _)| faulty), Faulty::ALL);
    let mut authority = authority();
    for (faulty, uris) in rows {
        let wrong = authority.faulty(faulty, AGENCY, NODE).unwrap();
        let uris: Vec<_> = uris.iter().map(|uri| format!("URI {uri}")).collect();
        let expected = Said {
            names: uris,
            purposes: vec![if faulty == Faulty::ServerAuthOnly {
                "serverAuth"
            } else {
                "clientAuth"
            }],
            ..client(&[])
        };
        assert_eq!(said(&certificates(&wrong.chain_pem)[0]), expected, "{}", faulty.name());
    }
}

#[test]
fn the_common_name_holds_an_identity_only_where_that_is_the_fault() {
    let mut authority = authority();
    let common_name = |pem: &str| {
        let chain = certificates(pem);
        let (_, leaf) = X509Certificate::from_der(&chain[0]).unwrap();
        let name = leaf.subject().iter_common_name().next().unwrap();
        name.as_str().unwrap().to_owned()
    };
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let wrong = authority.faulty(Faulty::CommonNameOnly, AGENCY, NODE).unwrap();
    assert_eq!(common_name(&node.chain_pem), "client");
    assert_eq!(common_name(&wrong.chain_pem), NODE_URI);
}

#[test]
fn the_agency_of_another_issuing_key_is_signed_by_a_key_one_can_ask_for() {
    let mut authority = authority();
    let other = authority.issuer(OTHER_AGENCIES_ISSUER).unwrap();
    let wrong = authority.faulty(Faulty::AgencyOfAnotherIssuingKey, AGENCY, NODE).unwrap();
    assert_eq!(wrong.issuer_key_id, authority.issuer_key_id(other).unwrap());
    assert_ne!(wrong.issuer_key_id, authority.issuer_key_id(authority.first_issuer()).unwrap());
    assert_eq!(authority.trust_domain(), TRUST_DOMAIN);
}
