//! Every reader of others' bytes, on genuine samples, on damaged ones, and on noise.
//!
//! The seed is printed: `PYRAMID_TEST_SEED` repeats a run, `PYRAMID_TEST_LONG` makes it longer.
//! `PYRAMID_FUZZ_CORPUS` names a folder in which to leave the samples, for `tests/fuzz/run`.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::indexing_slicing, reason = "places are drawn within what there is")]
#![expect(clippy::print_stdout, reason = "a failed run is repeated from its printed seed")]

use std::path::{Path, PathBuf};

use agency_client::cli::message_json::read_message;
use agency_client::compose::{self, Grade};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use broker::chance::SystemChance;
use broker::ledger::entry::Entry;
use certs_dev::{Authority, Options};
use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::released_message::Kind as ReleasedKind;
use proto::ledger::tree::{Frontier, Hash};
use tests::draws::{Draws, long, seed};
use tests::fuzz::{DIRECTORY, LEDGER_PAGE, NOW, TARGETS};
use tests::load::mix::{Mix, Sender};

/// Readings of each target with weight 1.
const READINGS: usize = 3_000;
const READINGS_LONG: usize = 200_000;
/// Longest noise, bytes.
const NOISE_BYTES_MAX: usize = 600;

/// Pieces that readers treat specially.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"\"",
    b"{",
    b"[[",
    b"\\u0000",
    b"\n\n",
    b"-1",
    b"9007199254740993",
    b"1e400",
    b"2026-02-30",
    b"0001-01-01",
    b"9999-12-31T23:59:60Z",
    b"2099-12-31",
    b"\xe2\x80\x8b",
    b"null",
    b"A1234AA",
    b"00/0000000A",
    b",,,,,,,,",
    b"\r\n",
    b"permit(principal,action,resource);",
    b"when { true };",
    b"'",
    b"=",
];

fn file(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Genuine samples of a target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    match target {
        "message" => messages().iter().map(wire::Message::encode_to_vec).collect(),
        "message_json" => files(SAMPLES),
        "released" => messages().iter().map(released).collect(),
        "identifiers" => identifiers(),
        "hmpps_event" => files("tests/data/hmpps"),
        "release_list" => vec![RELEASE_LIST.as_bytes().to_vec()],
        "directory" => {
            vec![DIRECTORY.as_bytes().to_vec(), file("broker/src/command/init/directory.toml")]
        }
        "bundle" => {
            let agreements = files("deploy/policies/stockport/agreements");
            agreements.into_iter().chain(files("deploy/policies/stockport/agencies")).collect()
        }
        "entry" => [1, 2, 20].map(entry).to_vec(),
        "frontier" => [0, 1, 7, 200].map(frontier).to_vec(),
        "proof" | "checkpoint" | "canonical_json" => ledger_samples(),
        "certificate" => certificates(),
        unknown => unreachable!("no corpus for {unknown}"),
    }
}

/// One message of each kind, as people write it.
const SAMPLES: &str = "agency-client/examples/messages";

const RELEASE_LIST: &str = "noms_number,name,birth_date,release_date,prison,release_area,offence_class,limited_access,movement_reason\n\
    A9001AA,\"Invented, One\",1988-04-12,2026-11-30,FBI,E08000007,Burglary,no,CR\n\
    A9002AA,Invented Two,1990-02-29,2026-11-21,FBI,,,yes,\n\
    A9003AA,Invented Three,,2026-11-22,MRI,E08000003,,,HR\n\
    A9004AA,\u{200b},2099-01-01,2026-11-22,MRI,,\u{3164},no,\n";

fn messages() -> Vec<wire::Message> {
    let mix = Mix::new(1, 5, 1_000, 1_024, NOW);
    let senders = [Sender::Prisons, Sender::Bureau];
    let mut messages: Vec<_> = (0..8)
        .flat_map(|sequence| senders.map(|sender| mix.message(sequence, sender).unwrap()))
        .collect();
    messages.push(mix.flags().unwrap().swap_remove(0));
    let mut withdrawal = messages[0].clone();
    withdrawal.kind = Some(Kind::Correction(wire::Correction {
        message_id: messages[1].message_id.clone(),
        reason: "Invented.".to_owned(),
        action: wire::CorrectionAction::Withdraw.into(),
    }));
    withdrawal.expires_at = Some(compose::timestamp(NOW + time::Duration::days(3)));
    withdrawal.not_before = Some(compose::timestamp(NOW));
    messages.push(withdrawal);
    let grade = Grade {
        scheme: wire::GradingScheme::FiveFiveFive,
        written: "B24".to_owned(),
        conditions: Vec::new(),
    };
    let id = uuid::Uuid::from_u128(9);
    let grounds = tests::world::FLAG_GROUNDS;
    let topic = wire::IntelligenceTopic::default();
    let draft = compose::intelligence(id, grounds, grade, topic, "INVENTED/0001");
    messages.push(draft.person(tests::world::adult("A9001AA", "Invented")).build().unwrap());
    messages.extend(files(SAMPLES).iter().map(|file| {
        let text = str::from_utf8(file).unwrap();
        read_message(text, None).unwrap()
    }));
    messages
}

/// The kind as a recipient is given it, nothing withheld.
fn released_kind(kind: Kind) -> ReleasedKind {
    match kind {
        Kind::Intelligence(kind) => ReleasedKind::Intelligence(kind),
        Kind::Mappa(kind) => ReleasedKind::Mappa(kind),
        Kind::Custody(kind) => ReleasedKind::Custody(kind),
        Kind::Flag(kind) => ReleasedKind::Flag(kind),
        Kind::Correction(kind) => ReleasedKind::Correction(kind),
        Kind::DrugTest(kind) => ReleasedKind::DrugTest(kind),
        Kind::Enforcement(kind) => ReleasedKind::Enforcement(kind),
        Kind::Action(kind) => ReleasedKind::Action(kind),
        Kind::Placement(kind) => ReleasedKind::Placement(kind),
        Kind::Referral(kind) => ReleasedKind::Referral(kind),
        Kind::Court(kind) => ReleasedKind::Court(kind),
        Kind::Request(kind) => ReleasedKind::Request(kind),
        Kind::Response(kind) => ReleasedKind::Response(kind),
    }
}

fn released(message: &wire::Message) -> Vec<u8> {
    wire::ReleasedMessage {
        sending_agency: "hmpps-prisons".to_owned(),
        subjects: message.subjects.clone(),
        statements: message.statements.clone(),
        act_by: message.act_by,
        withheld: vec![wire::Field::Narrative.into()],
        kind: message.kind.clone().map(released_kind),
        ..wire::ReleasedMessage::default()
    }
    .encode_to_vec()
}

fn identifiers() -> Vec<Vec<u8>> {
    let samples = [
        "A9001AA",
        "1999/0123456B",
        "99/123456B",
        "SF39/012345A",
        "012345/99A",
        "X123456",
        "943 476 5919",
        "06/00XX/01/012345A",
        "SK1 3XE",
        "1988-04-12",
        "29/02/1988",
        "FBI",
        "E08000007",
        "06",
        "Greater Manchester",
    ];
    samples.iter().map(|sample| sample.as_bytes().to_vec()).collect()
}

fn entry(records: usize) -> Vec<u8> {
    let text = |number| {
        format!(
            "{{\"format\":\"pyramid-record/1\",\"party\":\"agency-{number}\",\"type\":\"release\"}}"
        )
    };
    let records = (0..records).map(text).collect();
    Entry::new(records, 1_790_000_000, &SystemChance::default()).unwrap().to_bytes()
}

fn frontier(leaves: u8) -> Vec<u8> {
    let mut frontier = Frontier::new();
    (0..leaves).for_each(|leaf| frontier.push(Hash::from([leaf; 32])).unwrap());
    frontier.to_bytes()
}

/// The fenced blocks of the page of the ledger's format, and their lines.
fn ledger_samples() -> Vec<Vec<u8>> {
    let blocks = LEDGER_PAGE.split("```").skip(1).step_by(2);
    let blocks: Vec<&str> =
        blocks.filter_map(|block| block.split_once('\n')).map(|(_, content)| content).collect();
    let lines = blocks.iter().flat_map(|block| block.lines());
    blocks.iter().copied().chain(lines).map(|sample| sample.as_bytes().to_vec()).collect()
}

fn der(pem: &str) -> Vec<Vec<u8>> {
    let bodies = pem.split("-----BEGIN").skip(1).filter_map(|block| {
        let body: String =
            block.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).ok()
    });
    bodies.collect()
}

fn chained(certificates: &[Vec<u8>]) -> Vec<u8> {
    let with_length = |der: &Vec<u8>| {
        let length = u16::try_from(der.len()).unwrap().to_be_bytes();
        length.into_iter().chain(der.iter().copied()).collect::<Vec<u8>>()
    };
    certificates.iter().flat_map(with_length).collect()
}

fn certificates() -> Vec<Vec<u8>> {
    let mut authority = Authority::new(Options::new("pyramid.example", NOW)).unwrap();
    let issuer = authority.first_issuer();
    let node = authority.node(issuer, "gmp", "records").unwrap();
    let person = authority.person(issuer, "gmp", "00000001-0000-4000-8000-000000000002").unwrap();
    authority.revoke(&node).unwrap();
    let mut samples: Vec<Vec<u8>> =
        [node, person].iter().map(|credential| chained(&der(&credential.chain_pem))).collect();
    samples.push(chained(&der(&authority.crls_pem().unwrap())));
    samples
}

/// A sample, damaged a little or much; or noise.
fn draw(corpus: &[Vec<u8>], draws: &mut Draws) -> Vec<u8> {
    if draws.below(10) == 0 {
        let length = draws.below(NOISE_BYTES_MAX);
        return draws.bytes(length);
    }
    let mut bytes = corpus[draws.below(corpus.len())].clone();
    for _ in 0..=draws.below(4) {
        let at = draws.below(bytes.len() + 1);
        match draws.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << draws.below(8),
            1 if at < bytes.len() => bytes[at] = draws.bytes(1)[0],
            2 => bytes.truncate(at),
            3 => {
                let end = at + draws.below(bytes.len() - at + 1).min(64);
                bytes.drain(at..end);
            }
            4 => {
                let end = at + draws.below(bytes.len() - at + 1).min(64);
                let repeated = bytes[at..end].to_vec();
                bytes.splice(at..at, repeated);
            }
            5 => {
                let other = &corpus[draws.below(corpus.len())];
                let from = draws.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let piece = PIECES[draws.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

/// Leaves the samples of a target as files where `tests/fuzz/run` asks for them.
fn write_out(name: &str, corpus: &[Vec<u8>]) {
    let Some(folder) = std::env::var_os("PYRAMID_FUZZ_CORPUS") else { return };
    let folder = Path::new(&folder).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, sample) in corpus.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), sample).unwrap();
    }
}

fn put_through(name: &str) {
    let seed = seed();
    println!("seed {seed}");
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let corpus = corpus(name);
    write_out(name, &corpus);
    corpus.iter().for_each(|sample| (target.read)(sample));
    (target.read)(&[]);
    let readings = if long() { READINGS_LONG } else { READINGS } / target.weight;
    let mut draws = Draws::new(seed);
    for reading in 0..readings {
        let bytes = draw(&corpus, &mut draws);
        let read = std::panic::catch_unwind(|| (target.read)(&bytes));
        assert!(
            read.is_ok(),
            "{name}: PYRAMID_TEST_SEED={seed}, reading {reading}: {}",
            hex::encode(&bytes)
        );
    }
}

macro_rules! targets {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            put_through($name);
        })*

        #[test]
        fn every_target_has_its_test_and_its_libfuzzer_wrapper() {
            let tested = [$($name),*];
            for target in TARGETS {
                assert!(tested.contains(&target.name), "{} has no test", target.name);
                let wrapper = format!("tests/fuzz/fuzz_targets/{}.rs", target.name);
                let wrapper = String::from_utf8(file(&wrapper)).unwrap();
                assert!(wrapper.contains(&format!("tests::fuzz::{}(", target.name)));
            }
            assert_eq!(tested.len(), TARGETS.len());
        }
    };
}

targets! {
    any_message_is_admitted_whole_or_refused_with_a_reason: "message",
    any_message_file_is_read_or_refused_by_field: "message_json",
    any_released_body_is_read_as_it_was_written: "released",
    any_identifier_has_one_canonical_form: "identifiers",
    any_hmpps_payload_ends_as_one_outcome: "hmpps_event",
    any_release_list_gives_messages_the_broker_admits: "release_list",
    any_directory_is_taken_or_refused: "directory",
    any_bundle_is_taken_or_refused: "bundle",
    any_entry_has_one_form: "entry",
    any_frontier_has_one_form: "frontier",
    no_proof_but_the_genuine_one_convinces: "proof",
    no_checkpoint_but_the_genuine_one_is_trusted: "checkpoint",
    any_canonical_text_has_one_form: "canonical_json",
    any_chain_is_read_or_refused: "certificate",
}
