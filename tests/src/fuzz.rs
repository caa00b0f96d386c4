//! Everything that reads what others wrote, as functions of any bytes.
//!
//! Owns one target for each reader, and what must hold whatever it is given: it comes back, and
//! what it takes it takes again in the form it made of it. Run by `tests/fuzz.rs` on corpus and
//! chance, and by `tests/fuzz/` under libFuzzer. Deliberately draws nothing itself.

use std::sync::{Arc, LazyLock};

use agency_client::cli::message_json::{self, MessageJsonError};
use agency_client::hmpps::{self, ImportProfile, Outcome};
use broker::directory::{Directory, document};
use broker::identity::{CertificateOutline, PeerCertificate, Revoked};
use broker::ledger::entry::Entry;
use broker::message::{self, Sender};
use broker::policy::{Bundle, BundleFile};
use broker::seal::Vault;
use prost::Message as _;
use proto::canonical::{parse_canonical, to_canonical};
use proto::exchange::v1 as wire;
use proto::identifier::{
    BirthDate, CurrentYear, Kind, LocalAuthority, PoliceForce, Postcode, PrisonCode, canonical,
};
use proto::ledger::checkpoint::{VerifierKey, verify};
use proto::ledger::leaf::{Leaf, LeafTime};
use proto::ledger::proof::Proof;
use proto::ledger::record::Record;
use proto::ledger::tree::Frontier;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use time::macros::datetime;

/// The moment at which every target reads.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
/// The page of the ledger's format: its worked example is the one genuine proof there is here.
pub const LEDGER_PAGE: &str = include_str!("../../docs/ledger-format.md");
/// The shipped directory.
pub const DIRECTORY: &str = include_str!("../../deploy/directory/greater-manchester.toml");
/// The key of the worked example: a published test key.
const EXAMPLE_KEY: &str =
    "ledger.example/worked+faf1c1cb+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
const EXAMPLE_SIZE: u64 = 3;
/// Whatever is longer is cut: the readers' own bounds are far below.
const BYTES_MAX: usize = 1024 * 1024;

/// A reader and the name it goes by.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name, as in `tests/fuzz/`.
    pub name: &'static str,
    /// Reads the bytes. Stops the program if something does not hold.
    pub read: fn(&[u8]),
    /// Readings that take about as long as one of a quick target: slow ones get fewer.
    pub weight: usize,
}

/// Every target.
pub const TARGETS: [Target; 14] = [
    Target { name: "message", read: message, weight: 1 },
    Target { name: "message_json", read: message_json, weight: 1 },
    Target { name: "released", read: released, weight: 1 },
    Target { name: "identifiers", read: identifiers, weight: 1 },
    Target { name: "hmpps_event", read: hmpps_event, weight: 1 },
    Target { name: "release_list", read: release_list, weight: 1 },
    Target { name: "directory", read: directory, weight: 10 },
    Target { name: "bundle", read: bundle, weight: 20 },
    Target { name: "entry", read: entry, weight: 1 },
    Target { name: "frontier", read: frontier, weight: 1 },
    Target { name: "proof", read: proof, weight: 1 },
    Target { name: "checkpoint", read: checkpoint, weight: 1 },
    Target { name: "canonical_json", read: canonical_json, weight: 1 },
    Target { name: "certificate", read: certificate, weight: 1 },
];

static SHIPPED: LazyLock<Option<Directory>> = LazyLock::new(|| document::read(DIRECTORY).ok());
static VAULT: LazyLock<Vault> = LazyLock::new(|| Vault::new([1; 32].into(), &[2; 32]));

fn shipped() -> Option<&'static Directory> {
    SHIPPED.as_ref()
}

fn text(bytes: &[u8]) -> &str {
    let bytes = bytes.get(..BYTES_MAX).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Up to the first fault: text readers are never given anything else.
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default())
            .unwrap_or_default(),
    }
}

/// The prisons, as the broker knows them from certificate and directory.
fn prisons() -> Option<Sender> {
    let desk = shipped()?.desk_index("hmpps-prisons", "movements")?;
    let known = shipped()?.desk(desk)?;
    Some(Sender {
        agency: Arc::clone(&known.agency),
        kind: known.agency_kind,
        node: "records".into(),
        desk,
        desk_id: Arc::clone(&known.id),
        regime: known.regime,
    })
}

/// A published message: admitted or refused with a reason; an admitted one is admitted again
/// in its normalised form, as the same message.
pub fn message(bytes: &[u8]) {
    let Ok(message) = wire::Message::decode(bytes) else { return };
    let Some(sender) = prisons() else { unreachable!("the shipped directory has prisons") };
    match message::admit(message, sender.clone(), &VAULT, NOW) {
        Ok(admitted) => {
            let encoded = admitted.message.encode_to_vec();
            let again = message::readmit(&encoded, sender, &VAULT, NOW);
            let digest = again.as_ref().map(|again| again.digest);
            assert_eq!(digest, Some(admitted.digest), "a message is normalised once");
        }
        Err(rejection) => {
            let named =
                rejection.refusal == Refusal::MarkingNotCarried || !rejection.violations.is_empty();
            assert!(named, "a message is refused for a reason");
        }
    }
}

/// A message as people write it: read the same twice, or refused with the fields that are wrong.
pub fn message_json(bytes: &[u8]) {
    let text = text(bytes);
    let year = CurrentYear::new(2026).ok();
    match message_json::read_message(text, year) {
        Ok(message) => {
            let again = message_json::read_message(text, year);
            assert!(again.is_ok_and(|again| again == message), "a file is read the same twice");
        }
        Err(MessageJsonError::Faults(faults)) => {
            assert!(!faults.is_empty(), "a file is refused for a reason");
        }
        Err(MessageJsonError::NotJson { line, .. }) => assert!(line > 0 || text.is_empty()),
    }
}

/// A released body, as its recipient decodes it.
pub fn released(bytes: &[u8]) {
    let Ok(message) = wire::ReleasedMessage::decode(bytes) else { return };
    let again = wire::ReleasedMessage::decode(message.encode_to_vec().as_slice());
    assert_eq!(again.as_ref(), Ok(&message), "a body is read as it was written");
}

/// A text as every sort of identifier: what is taken is taken again in its canonical form.
pub fn identifiers(bytes: &[u8]) {
    let text = text(bytes);
    let Ok(year) = CurrentYear::new(2026) else { unreachable!("2026 is a year") };
    for kind in [Kind::Pnc, Kind::Cro, Kind::Noms, Kind::Crn, Kind::Nhs, Kind::Asn] {
        if let Ok(first) = canonical(kind, text, year) {
            let again = canonical(kind, first.text(), year);
            let again = again.as_ref().map(|again| again.text());
            assert_eq!(again, Ok(first.text()), "{kind:?}: canonical once");
        }
    }
    if let Ok(first) = Postcode::parse(text) {
        assert!(Postcode::parse(first.canonical()).is_ok_and(|again| again == first));
    }
    if let Ok(first) = BirthDate::parse(text) {
        assert!(BirthDate::parse(first.canonical()).is_ok_and(|again| again == first));
    }
    if let Ok(first) = PrisonCode::parse(text) {
        assert!(PrisonCode::parse(first.canonical()).is_ok_and(|again| again == first));
    }
    if let Ok(first) = LocalAuthority::parse(text) {
        assert!(LocalAuthority::parse(first.canonical()).is_ok_and(|again| again == first));
    }
    if let Ok(first) = PoliceForce::parse(text) {
        assert!(PoliceForce::parse(first.canonical()).is_ok_and(|again| again == first));
    }
}

fn profile() -> ImportProfile {
    ImportProfile {
        purpose: wire::Purpose::OffenderManagement,
        gateway: wire::Gateway::Oma2007S14,
        lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
        sensitive_condition: wire::SensitiveCondition::Sch8Justice,
        marking: wire::Marking::OfficialSensitive,
        acting_person: "11111111-1111-4111-8111-111111111111".to_owned(),
        memory_file: None,
        id_key: [3; 32],
        shares: agency_client::hmpps::Shares::default(),
    }
}

fn admissible(message: wire::Message) {
    let Some(sender) = prisons() else { unreachable!("the shipped directory has prisons") };
    let admitted = message::admit(message, sender, &VAULT, NOW);
    let faults = admitted.err().map(|rejection| rejection.violations);
    assert_eq!(faults, None, "the broker admits what the adapter made");
}

/// A payload of the HMPPS feeds: one outcome, the same again; what is shared can be published.
pub fn hmpps_event(bytes: &[u8]) {
    let profile = profile();
    let outcome = hmpps::read(bytes, &profile, NOW);
    assert!(outcome == hmpps::read(bytes, &profile, NOW), "an event is read the same twice");
    if let Outcome::Shared(messages) = outcome {
        assert!(!messages.is_empty(), "something is shared");
        messages.into_iter().for_each(admissible);
    }
}

/// A release list: every good row can be published.
pub fn release_list(bytes: &[u8]) {
    let Ok(list) = hmpps::read_release_list(bytes, &profile(), NOW) else { return };
    list.rows.into_iter().for_each(|row| admissible(row.message));
}

/// A directory document: read the same twice.
pub fn directory(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(first) = document::read(text) {
        let Ok(second) = document::read(text) else { unreachable!("read a moment ago") };
        let (added, removed) = document::changes(&first, &second);
        assert!(added.is_empty() && removed.is_empty(), "a document is read the same twice");
    }
}

/// A file of a policy bundle, as an agreement and as an agency's own rules.
pub fn bundle(bytes: &[u8]) {
    let Some(directory) = shipped() else { unreachable!("the shipped directory is good") };
    for path in ["agreements/any.toml", "agencies/stockport-council.cedar"] {
        let file = BundleFile { path: path.to_owned(), text: text(bytes).to_owned() };
        if let Ok(bundle) = Bundle::read(std::slice::from_ref(&file), directory) {
            let bundle = Arc::new(bundle);
            let _ = bundle.in_force(directory, NOW);
            let again = Bundle::read(&[file], directory).map(|again| again.hash());
            assert!(again.is_ok_and(|again| again == bundle.hash()), "a bundle has one hash");
        }
    }
}

/// A stored entry: what is read is written as it was.
pub fn entry(bytes: &[u8]) {
    let Ok(entry) = Entry::from_bytes(bytes) else { return };
    assert_eq!(entry.to_bytes(), bytes, "an entry has one form");
    let _ = entry.hash();
}

/// A stored frontier: what is read is written as it was.
pub fn frontier(bytes: &[u8]) {
    let Ok(frontier) = Frontier::from_bytes(bytes) else { return };
    assert_eq!(frontier.to_bytes(), bytes, "a frontier has one form");
    let _ = frontier.root();
}

fn example_key() -> VerifierKey {
    match VerifierKey::parse(EXAMPLE_KEY) {
        Ok(key) => key,
        Err(_) => unreachable!("the worked example has a key"),
    }
}

/// A proof file: only the genuine record is ever shown to be in the log.
pub fn proof(bytes: &[u8]) {
    let Ok(proof) = Proof::from_json(text(bytes)) else { return };
    let again = Proof::from_json(&proof.to_json());
    assert!(again.is_ok_and(|again| again == proof), "a proof is read as it was written");
    if let Ok(verified) = proof.verify(&example_key()) {
        let genuine = LEDGER_PAGE.contains(verified.record().text());
        assert!(genuine && verified.index() < EXAMPLE_SIZE, "nobody else's record is proved");
    }
}

/// A signed checkpoint and a verifier's key: only the genuine checkpoint is ever trusted.
pub fn checkpoint(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(checkpoint) = verify(text, &example_key()) {
        assert_eq!(checkpoint.size, EXAMPLE_SIZE, "no other checkpoint was signed");
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.encode(), text, "a key has one form");
    }
}

/// Canonical JSON, records and leaves: what is taken has one form.
pub fn canonical_json(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(value) = parse_canonical(text) {
        assert_eq!(to_canonical(&value).as_deref(), Ok(text), "canonical JSON has one form");
    }
    if let Ok(record) = Record::parse(text) {
        assert_eq!(record.text(), text, "a record is kept as it was hashed");
    }
    if let Ok(leaf) = Leaf::parse(text) {
        assert_eq!(leaf.encode(), text, "a leaf has one form");
    }
    if let Ok(time) = LeafTime::parse(text) {
        assert_eq!(time.to_string(), text, "a leaf's time has one form");
    }
}

/// Certificates as a caller presents them, each preceded by its length in two bytes; and the
/// same bytes as a revocation list.
pub fn certificate(bytes: &[u8]) {
    let mut chain: Vec<&[u8]> = Vec::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (certificate, next) = after.split_at(length);
        chain.push(certificate);
        rest = next;
    }
    let _ = PeerCertificate::parse(&chain);
    for der in chain {
        let _ = CertificateOutline::parse(der);
        let _ = Revoked::parse(&[der]);
    }
}
