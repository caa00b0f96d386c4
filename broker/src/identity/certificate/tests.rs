//! What a caller's certificate must be, one rule each.

use time::macros::datetime;

use super::super::made::{FROM, GOOD_URI, Signer, Sketch, TO, dns, uri};
use super::*;

struct World {
    root: Signer,
    issuing: Signer,
    own: Signer,
}

impl World {
    fn new() -> Self {
        Self { root: Signer::new("root"), issuing: Signer::new("issuing"), own: Signer::new("own") }
    }

    fn authority(&self) -> Vec<u8> {
        Sketch::authority("issuing").signed(&self.issuing, &self.root)
    }

    fn chain(&self, sketch: &Sketch) -> Vec<Vec<u8>> {
        vec![sketch.signed(&self.own, &self.issuing), self.authority()]
    }

    fn check(&self, sketch: &Sketch) -> Result<PeerCertificate, IdentityError> {
        PeerCertificate::parse(&self.chain(sketch))
    }
}

fn refused(sketch: &Sketch) -> IdentityError {
    World::new().check(sketch).unwrap_err()
}

#[test]
fn a_good_certificate_gives_name_serial_dates_and_the_key_that_signed_it() {
    let world = World::new();
    let certificate = world.check(&Sketch::good()).unwrap();
    assert_eq!(certificate.trust_domain(), "pyramid.example");
    assert_eq!(&**certificate.agency(), "gmp");
    assert!(*certificate.holder() == Holder::Node(Arc::from("stockport")));
    assert_eq!(&**certificate.serial(), [7]);
    assert_eq!(certificate.not_before(), FROM);
    assert_eq!(certificate.not_after(), TO);
    assert_eq!(*certificate.issuer_key(), world.issuing.key_id());
}

#[test]
fn the_only_alternative_name_is_one_uri() {
    let second = uri("pyramid://pyramid.example/agency/gmp/node/second");
    for names in [
        None,
        Some(vec![]),
        Some(vec![dns("gmp.example")]),
        Some(vec![uri(GOOD_URI), second.clone()]),
        Some(vec![uri(GOOD_URI), uri(GOOD_URI)]),
        Some(vec![uri(GOOD_URI), dns("gmp.example")]),
        Some(vec![dns("gmp.example"), uri(GOOD_URI)]),
    ] {
        let sketch = Sketch { alternative_names: names, ..Sketch::good() };
        assert_eq!(refused(&sketch), IdentityError::AlternativeName);
    }
    let twice = Sketch { alternative_names_twice: true, ..Sketch::good() };
    assert_eq!(refused(&twice), IdentityError::AlternativeName);
}

#[test]
fn a_uri_that_is_no_identity_is_refused() {
    let names = Some(vec![uri("https://gmp.example/")]);
    let sketch = Sketch { alternative_names: names, ..Sketch::good() };
    assert_eq!(refused(&sketch), IdentityError::Grammar);
}

#[test]
fn a_common_name_is_no_identity() {
    // The good sketch has an identity of another agency as its common name.
    let certificate = World::new().check(&Sketch::good()).unwrap();
    assert_eq!(&**certificate.agency(), "gmp");
    let sketch = Sketch { subject: GOOD_URI, alternative_names: None, ..Sketch::good() };
    assert_eq!(refused(&sketch), IdentityError::AlternativeName);
}

#[test]
fn a_certificate_must_say_that_it_is_for_clients() {
    let none = Sketch { client_auth: false, ..Sketch::good() };
    assert_eq!(refused(&none), IdentityError::Purpose);
    let server = Sketch { client_auth: false, server_auth: true, ..Sketch::good() };
    assert_eq!(refused(&server), IdentityError::Purpose);
    let both = Sketch { server_auth: true, ..Sketch::good() };
    assert!(World::new().check(&both).is_ok());
}

#[test]
fn an_authority_is_no_caller() {
    let sketch = Sketch { authority: true, ..Sketch::good() };
    assert_eq!(refused(&sketch), IdentityError::LeafIsAuthority);
}

#[test]
fn another_signature_algorithm_is_refused() {
    let sketch = Sketch { says_rsa: true, ..Sketch::good() };
    assert_eq!(refused(&sketch), IdentityError::SignatureAlgorithm);
}

#[test]
fn a_changed_octet_is_refused() {
    let world = World::new();
    let mut chain = world.chain(&Sketch::good());
    // The agency inside the leaf, which the signature covers.
    let place = chain[0].windows(4).rposition(|four| four == b"gmp/").unwrap();
    chain[0][place..place + 3].copy_from_slice(b"met");
    let refused = PeerCertificate::parse(&chain).unwrap_err();
    assert_eq!(refused, IdentityError::IssuerNotPresented);
}

#[test]
fn the_issuing_key_is_the_one_that_signed_whatever_else_has_its_name() {
    let world = World::new();
    let other = Signer::new("issuing");
    let same_name = Sketch::authority("issuing").signed(&other, &world.root);
    let leaf = Sketch::good().signed(&world.own, &world.issuing);
    for chain in [
        [leaf.clone(), same_name.clone(), world.authority()],
        [leaf.clone(), world.authority(), same_name.clone()],
    ] {
        let certificate = PeerCertificate::parse(&chain).unwrap();
        assert_eq!(*certificate.issuer_key(), world.issuing.key_id());
    }
    let refused = PeerCertificate::parse(&[leaf, same_name]).unwrap_err();
    assert_eq!(refused, IdentityError::IssuerNotPresented);
}

#[test]
fn an_issuing_certificate_of_another_name_is_not_the_issuer() {
    let world = World::new();
    let renamed = Sketch::authority("renamed").signed(&world.issuing, &world.root);
    let leaf = Sketch::good().signed(&world.own, &world.issuing);
    let refused = PeerCertificate::parse(&[leaf, renamed]).unwrap_err();
    assert_eq!(refused, IdentityError::IssuerNotPresented);
}

#[test]
fn key_identifiers_that_differ_are_refused_and_one_alone_is_not() {
    for (stated, own, good) in [
        (Some(1), Some(1), true),
        (Some(1), None, true),
        (None, Some(1), true),
        (Some(1), Some(2), false),
    ] {
        let world = World::new();
        let authority = Sketch { key_identifier: own, ..Sketch::authority("issuing") };
        let leaf = Sketch { issuer_key_identifier: stated, ..Sketch::good() };
        let chain = [
            leaf.signed(&world.own, &world.issuing),
            authority.signed(&world.issuing, &world.root),
        ];
        assert_eq!(PeerCertificate::parse(&chain).is_ok(), good);
    }
}

#[test]
fn a_certificate_ends_with_the_one_that_issued_it() {
    let world = World::new();
    let june = datetime!(2026-06-01 00:00 UTC);
    let authority = Sketch { not_after: june, ..Sketch::authority("issuing") };
    let chain = [
        Sketch::good().signed(&world.own, &world.issuing),
        authority.signed(&world.issuing, &world.root),
    ];
    assert_eq!(PeerCertificate::parse(&chain).unwrap().not_after(), june);
}

#[test]
fn a_chain_has_one_to_four_certificates_and_nothing_after_any() {
    let world = World::new();
    let none: [Vec<u8>; 0] = [];
    assert_eq!(PeerCertificate::parse(&none).unwrap_err(), IdentityError::ChainLength);

    let mut chain = world.chain(&Sketch::good());
    chain.extend([world.authority(), world.authority()]);
    assert!(PeerCertificate::parse(&chain).is_ok());
    chain.push(world.authority());
    assert_eq!(PeerCertificate::parse(&chain).unwrap_err(), IdentityError::ChainLength);

    let mut trailing = world.chain(&Sketch::good());
    trailing[0].push(0);
    assert_eq!(PeerCertificate::parse(&trailing).unwrap_err(), IdentityError::Unreadable);
    let mut cut = world.chain(&Sketch::good());
    cut[1].pop();
    assert_eq!(PeerCertificate::parse(&cut).unwrap_err(), IdentityError::Unreadable);
}

#[test]
fn debug_shows_nothing_of_the_certificate() {
    let certificate = World::new().check(&Sketch::good()).unwrap();
    assert_eq!(format!("{certificate:?}"), "PeerCertificate { .. }");
}
