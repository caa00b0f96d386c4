//! What the TLS library makes of each certificate: the wrong ones it must refuse, and why, and
//! the ones it lets through for identity to judge.
#![expect(clippy::indexing_slicing, reason = "a chain without a leaf stops the test")]
#![expect(clippy::panic, reason = "an answer no rule foresees stops the test")]

use std::sync::Arc;
use std::time::Duration;

use certs_dev::{Authority, Credential, Faulty, RefusedAt};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, ServerConfig,
    ServerConnection, version,
};
use time::OffsetDateTime;

use crate::{AGENCY, NODE, NOON, PERSON, authority, certificates, revocation_lists};

#[derive(Debug)]
struct At(OffsetDateTime);

impl At {
    fn moment(&self) -> UnixTime {
        let seconds = u64::try_from(self.0.unix_timestamp()).unwrap();
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }
}

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.moment())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn roots(authority: &Authority) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for root in certificates(authority.root_pem()) {
        roots.add(root).unwrap();
    }
    Arc::new(roots)
}

fn verifier(authority: &Authority, lists_pem: &str) -> Arc<dyn ClientCertVerifier> {
    WebPkiClientVerifier::builder_with_provider(roots(authority), provider())
        .with_crls(revocation_lists(lists_pem))
        .enforce_revocation_expiration()
        .build()
        .unwrap()
}

/// The verifier's answer in one word.
fn verdict(
    verifier: &dyn ClientCertVerifier,
    client: &Credential,
    at: OffsetDateTime,
) -> &'static str {
    let chain = certificates(&client.chain_pem);
    match verifier.verify_client_cert(&chain[0], &chain[1..], At(at).moment()) {
        Ok(_) => "accepted",
        Err(Error::InvalidCertificate(reason)) => match reason {
            CertificateError::ExpiredContext { .. } => "expired",
            CertificateError::NotValidYetContext { .. } => "not valid yet",
            CertificateError::UnknownIssuer => "unknown issuer",
            CertificateError::Revoked => "revoked",
            CertificateError::InvalidPurposeContext { .. } => "wrong purpose",
            CertificateError::UnknownRevocationStatus => "no list",
            CertificateError::ExpiredRevocationListContext { .. } => "lapsed list",
            other => panic!("unforeseen reason {other:?}"),
        },
        Err(other) => panic!("unforeseen error {other:?}"),
    }
}

fn verdict_now(authority: &Authority, client: &Credential) -> &'static str {
    let lists = authority.crls_pem().unwrap();
    verdict(&*verifier(authority, &lists), client, NOON)
}

#[test]
fn a_good_node_and_a_good_person_are_accepted() {
    let mut authority = authority();
    let first = authority.first_issuer();
    let second = authority.issuer("second").unwrap();
    let node = authority.node(first, AGENCY, NODE).unwrap();
    let person = authority.person(second, AGENCY, PERSON).unwrap();
    assert_eq!(verdict_now(&authority, &node), "accepted");
    assert_eq!(verdict_now(&authority, &person), "accepted");
}

#[test]
fn each_wrong_certificate_meets_its_own_answer() {
    let rows = [
        (Faulty::Expired, "expired"),
        (Faulty::NotYetValid, "not valid yet"),
        (Faulty::OtherAuthority, "unknown issuer"),
        (Faulty::NoSan, "accepted"),
        (Faulty::TwoSans, "accepted"),
        (Faulty::CommonNameOnly, "accepted"),
        (Faulty::WrongTrustDomain, "accepted"),
        (Faulty::AgencyOfAnotherIssuingKey, "accepted"),
        (Faulty::RevokedLeaf, "revoked"),
        (Faulty::RevokedIssuingAuthority, "revoked"),
        (Faulty::ServerAuthOnly, "wrong purpose"),
        (Faulty::Unregistered, "accepted"),
        (Faulty::Suspended, "accepted"),
        (Faulty::NonsenseGrammar, "accepted"),
        (Faulty::NonsenseExtraSegment, "accepted"),
    ];
    assert_eq!(rows.map(|(faulty, _)| faulty), Faulty::ALL);
    let mut authority = authority();
    let good = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    for (faulty, expected) in rows {
        let wrong = authority.faulty(faulty, AGENCY, NODE).unwrap();
        assert_eq!(verdict_now(&authority, &wrong), expected, "{}", faulty.name());
        let at_handshake = faulty.refused_at() == RefusedAt::Handshake;
        assert_eq!(at_handshake, expected != "accepted", "{}", faulty.name());
    }
    assert_eq!(verdict_now(&authority, &good), "accepted");
}

#[test]
fn a_revocation_bites_once_the_list_is_read_anew() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let before = authority.crls_pem().unwrap();
    authority.revoke(&node).unwrap();
    assert_eq!(verdict(&*verifier(&authority, &before), &node, NOON), "accepted");
    assert_eq!(verdict_now(&authority, &node), "revoked");
}

#[test]
fn revoking_an_issuing_authority_takes_its_leaves_and_no_others() {
    let mut authority = authority();
    let second = authority.issuer("second").unwrap();
    let of_first = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let of_second = authority.node(second, AGENCY, NODE).unwrap();
    authority.revoke_issuer(second).unwrap();
    assert_eq!(verdict_now(&authority, &of_first), "accepted");
    assert_eq!(verdict_now(&authority, &of_second), "revoked");
}

#[test]
fn a_list_that_has_lapsed_accepts_nobody() {
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let day = time::Duration::days(1);
    let lapsed = authority.crls_pem_between(NOON - 2 * day, NOON - day).unwrap();
    assert_eq!(verdict(&*verifier(&authority, &lapsed), &node, NOON), "lapsed list");
}

#[test]
fn a_new_issuing_authority_is_refused_until_its_list_is_loaded() {
    let mut authority = authority();
    let before = authority.crls_pem().unwrap();
    let second = authority.issuer("second").unwrap();
    let node = authority.node(second, AGENCY, NODE).unwrap();
    assert_eq!(verdict(&*verifier(&authority, &before), &node, NOON), "no list");
    assert_eq!(verdict_now(&authority, &node), "accepted");
}

fn key(credential: &Credential) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(credential.key_pem.as_bytes()).unwrap()
}

/// Shakes hands in memory, TLS 1.3 only, and gives the server's verdict.
fn shake_hands(
    authority: &Authority,
    server: &Credential,
    client: &Credential,
    name: &str,
) -> Result<(), Error> {
    let server_config = ServerConfig::builder_with_details(provider(), Arc::new(At(NOON)))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier(authority, &authority.crls_pem().unwrap()))
        .with_single_cert(certificates(&server.chain_pem), key(server))
        .unwrap();
    let client_config = ClientConfig::builder_with_details(provider(), Arc::new(At(NOON)))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_root_certificates(roots(authority))
        .with_client_auth_cert(certificates(&client.chain_pem), key(client))
        .unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut near = ClientConnection::new(Arc::new(client_config), name).unwrap();
    let mut far = ServerConnection::new(Arc::new(server_config)).unwrap();
    let mut wire = Vec::new();
    while near.is_handshaking() || far.is_handshaking() {
        near.write_tls(&mut wire).unwrap();
        far.read_tls(&mut std::mem::take(&mut wire).as_slice()).unwrap();
        far.process_new_packets()?;
        far.write_tls(&mut wire).unwrap();
        near.read_tls(&mut std::mem::take(&mut wire).as_slice()).unwrap();
        near.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_good_node_and_the_broker_shake_hands_by_name_and_by_address() {
    let mut authority = authority();
    let server = authority.server(&["broker.example"]).unwrap();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    shake_hands(&authority, &server, &node, "broker.example").unwrap();
    shake_hands(&authority, &server, &node, "127.0.0.1").unwrap();
    let refused = shake_hands(&authority, &server, &node, "elsewhere.example").unwrap_err();
    let reason = matches!(
        refused,
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
    );
    assert!(reason);
}

#[test]
fn a_node_cannot_pose_as_the_broker_nor_the_broker_as_a_node() {
    let mut authority = authority();
    let server = authority.server(&["broker.example"]).unwrap();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    let purpose = |outcome: Result<(), Error>| {
        let error = outcome.unwrap_err();
        matches!(error, Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. }))
    };
    assert!(purpose(shake_hands(&authority, &node, &node, "broker.example")));
    assert!(purpose(shake_hands(&authority, &server, &server, "broker.example")));
}

#[test]
fn a_revoked_node_does_not_get_through_a_whole_handshake() {
    let mut authority = authority();
    let server = authority.server(&["broker.example"]).unwrap();
    let wrong = authority.faulty(Faulty::RevokedLeaf, AGENCY, NODE).unwrap();
    let refused = shake_hands(&authority, &server, &wrong, "broker.example").unwrap_err();
    assert_eq!(refused, Error::InvalidCertificate(CertificateError::Revoked));
}
