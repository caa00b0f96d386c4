//! Which certificates the directory knows, and what revocation lists say of them.

use std::time::Duration;

use proto::refusal::Refusal;

use super::made::{FROM, Signer, Sketch, TO, uri};
use super::*;

const PERSON: &str = "0f9d1c5e-6f0e-4c53-9c1b-0d8a0f3b7a11";
const SECOND: Duration = Duration::from_secs(1);

/// Two issuing keys: the first may name `gmp` and `idle`, the second may name `wyp`.
struct World {
    first: Signer,
    second: Signer,
    root: Signer,
    directory: Directory,
}

impl World {
    fn new() -> Self {
        let first = Signer::new("first");
        let second = Signer::new("second");
        let text = format!(
            r#"
            trust_domain = "pyramid.example"
            [[issuer]]
            key = "{}"
            agencies = ["gmp", "idle"]
            [[issuer]]
            key = "{}"
            agencies = ["wyp"]
            [[agency]]
            id = "gmp"
            name = "Invented force"
            kind = "police"
            dpo_contact = "dpo@gmp.example"
            [[agency.desk]]
            id = "desk"
            name = "Desk"
            function = "intelligence"
            regime = "part3"
            [[agency.node]]
            name = "stockport"
            desks = ["desk"]
            [[agency.person]]
            id = "{PERSON}"
            roles = ["auditor"]
            [[agency]]
            id = "wyp"
            name = "Another invented force"
            kind = "police"
            dpo_contact = "dpo@wyp.example"
            [[agency]]
            id = "idle"
            name = "An invented force without systems"
            kind = "police"
            dpo_contact = "dpo@idle.example"
            "#,
            hex::encode(first.key_id()),
            hex::encode(second.key_id()),
        );
        let directory = crate::directory::document::read(&text).unwrap();
        Self { first, second, root: Signer::new("root"), directory }
    }

    fn certificate(&self, issuing: &Signer, identity: &str) -> PeerCertificate {
        let sketch = Sketch { alternative_names: Some(vec![uri(identity)]), ..Sketch::good() };
        let chain = [
            sketch.signed(&Signer::new("own"), issuing),
            Sketch::authority(issuing.subject).signed(issuing, &self.root),
        ];
        PeerCertificate::parse(&chain).unwrap()
    }

    fn check(&self, identity: &str) -> Result<VerifiedPeer, IdentityError> {
        verify(&self.certificate(&self.first, identity), &self.directory, FROM)
    }
}

const NODE: &str = "pyramid://pyramid.example/agency/gmp/node/stockport";

#[test]
fn a_registered_node_is_known_with_its_desks() {
    let world = World::new();
    let peer = world.check(NODE).unwrap();
    assert_eq!(&**peer.agency(), "gmp");
    let desk = world.directory.desk_index("gmp", "desk").unwrap();
    assert_eq!(*peer.caller(), Caller::Node { name: Arc::from("stockport"), desks: vec![desk] });
    assert_eq!(peer.not_after(), TO);
    assert_eq!(peer.serial(), [7]);
}

#[test]
fn a_registered_person_is_known_with_roles() {
    let peer = World::new().check(&format!("pyramid://pyramid.example/agency/gmp/person/{PERSON}"));
    let roles = BTreeSet::from([Role::Auditor]);
    assert_eq!(*peer.unwrap().caller(), Caller::Person { id: Arc::from(PERSON), roles });
}

#[test]
fn what_the_directory_does_not_list_is_refused() {
    let person = format!("pyramid://pyramid.example/agency/idle/person/{PERSON}");
    for (identity, reason) in [
        ("pyramid://pyramid.example/agency/gmp/node/other", IdentityError::CallerNotRegistered),
        (
            "pyramid://pyramid.example/agency/idle/node/stockport",
            IdentityError::CallerNotRegistered,
        ),
        (&*person, IdentityError::CallerNotRegistered),
        ("pyramid://pyramid.example/agency/nobody/node/a", IdentityError::AgencyNotRegistered),
        ("pyramid://not-pyramid.example/agency/gmp/node/stockport", IdentityError::TrustDomain),
        ("pyramid://pyramid.example/agency/wyp/node/a", IdentityError::IssuerMayNotName),
    ] {
        assert_eq!(World::new().check(identity).unwrap_err(), reason, "{identity}");
    }
}

#[test]
fn an_issuing_key_names_only_its_own_agencies() {
    let world = World::new();
    let by_second = world.certificate(&world.second, NODE);
    let refused = verify(&by_second, &world.directory, FROM).unwrap_err();
    assert_eq!(refused, IdentityError::IssuerMayNotName);
    let by_unknown = world.certificate(&Signer::new("first"), NODE);
    let refused = verify(&by_unknown, &world.directory, FROM).unwrap_err();
    assert_eq!(refused, IdentityError::IssuerMayNotName);
}

#[test]
fn a_suspended_agency_is_refused_and_told_so() {
    let world = World::new();
    let directory = world.directory.with_standing("gmp", true).unwrap();
    let certificate = world.certificate(&world.first, NODE);
    let refused = verify(&certificate, &directory, FROM).unwrap_err();
    assert_eq!(refused, IdentityError::Suspended);
    assert_eq!(refused.refusal(), Refusal::Suspended);
}

#[test]
fn suspension_is_not_told_to_a_stranger() {
    let world = World::new();
    let directory = world.directory.with_standing("gmp", true).unwrap();
    let stranger = world.certificate(&world.second, NODE);
    let refused = verify(&stranger, &directory, FROM).unwrap_err();
    assert_eq!(refused.refusal(), Refusal::NotRegistered);
}

#[test]
fn a_certificate_holds_from_its_first_to_its_last_moment() {
    let world = World::new();
    let certificate = world.certificate(&world.first, NODE);
    let at = |now| verify(&certificate, &world.directory, now).map(|_| ());
    assert_eq!(at(FROM - SECOND), Err(IdentityError::NotYetValid));
    assert_eq!(at(FROM), Ok(()));
    assert_eq!(at(TO), Ok(()));
    assert_eq!(at(TO + SECOND), Err(IdentityError::Expired));
}

#[test]
fn every_reason_has_a_code_of_its_own() {
    let codes: BTreeSet<_> = IdentityError::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), 15);
}

#[test]
fn debug_names_neither_node_nor_person() {
    let peer = World::new()
        .check(&format!("pyramid://pyramid.example/agency/gmp/person/{PERSON}"))
        .unwrap();
    assert_eq!(format!("{peer:?}"), r#"VerifiedPeer { agency: "gmp", caller: Person, .. }"#);
}

#[test]
fn a_serial_is_revoked_under_its_own_issuer_only() {
    let world = World::new();
    let certificate = world.certificate(&world.first, NODE);
    let names = |lists: &[Vec<u8>]| Revoked::parse(lists).unwrap().names(&certificate);
    assert!(names(&[world.first.list(&[&[9], &[7]], Some(TO))]));
    assert!(names(&[world.first.list(&[&[0, 7]], Some(TO))]));
    assert!(!names(&[world.first.list(&[&[9]], Some(TO))]));
    assert!(!names(&[world.first.list(&[], Some(TO))]));
    assert!(!names(&[world.second.list(&[&[7]], Some(TO))]));
}

#[test]
fn a_revoked_issuing_certificate_takes_its_callers_with_it() {
    let world = World::new();
    let certificate = world.certificate(&world.first, NODE);
    // The sketch of an authority has the serial 2, given by the root.
    let revoked = Revoked::parse(&[world.root.list(&[&[2]], Some(TO))]).unwrap();
    assert!(revoked.names(&certificate));
}

#[test]
fn lists_of_one_issuer_are_joined() {
    let world = World::new();
    let certificate = world.certificate(&world.first, NODE);
    let lists = [world.first.list(&[&[7]], Some(TO)), world.first.list(&[], Some(TO))];
    assert!(Revoked::parse(&lists).unwrap().names(&certificate));
}

#[test]
fn lists_are_current_until_the_first_is_due() {
    let world = World::new();
    let certificate = world.certificate(&world.first, NODE);
    let lists = [world.first.list(&[], Some(TO)), world.second.list(&[], Some(FROM + 60 * SECOND))];
    let revoked = Revoked::parse(&lists).unwrap();
    assert_eq!(revoked.next_update(), FROM + 60 * SECOND);
    assert!(revoked.is_current(FROM + 59 * SECOND));
    assert!(!revoked.is_current(FROM + 60 * SECOND));
    // The lapsed list is another authority's: it does not stop this caller.
    assert!(revoked.is_current_for(&certificate, FROM + 60 * SECOND));
    assert!(!revoked.is_current_for(&certificate, TO));
}

#[test]
fn a_caller_whose_issuer_has_no_list_is_not_current() {
    let world = World::new();
    let certificate = world.certificate(&world.first, NODE);
    let revoked = Revoked::parse(&[world.second.list(&[], Some(TO))]).unwrap();
    assert!(!revoked.is_current_for(&certificate, FROM));
}

#[test]
fn lists_that_cannot_be_used_are_refused_together() {
    let world = World::new();
    let none: [Vec<u8>; 0] = [];
    let good = world.first.list(&[], Some(TO));
    let endless = world.first.list(&[], None);
    let mut trailing = good.clone();
    trailing.push(0);
    let refused = |lists: &[Vec<u8>]| Revoked::parse(lists).unwrap_err();
    assert_eq!(refused(&none), RevocationListError::None);
    assert_eq!(refused(&[good.clone(), trailing]), RevocationListError::Unreadable { position: 1 });
    assert_eq!(refused(&[good, endless]), RevocationListError::NoNextUpdate { position: 1 });
}
