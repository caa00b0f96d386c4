//! Every stored payload ends as the hand-made table says.
//!
//! Three tables: our own payloads, always; and, where the environment names the folder that holds
//! them (`PYRAMID_HMPPS_SAMPLES`), the public samples of the estate, under a profile that shares
//! movements alone and under one that shares every kind. The third table names only what ends
//! otherwise than in the second. None was made by the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use agency_client::hmpps::{ImportProfile, Outcome, json_line, read};
use proto::exchange::v1::{Message, message::Kind};
use proto::text::Named as _;
use time::OffsetDateTime;
use time::macros::datetime;

const PROFILE: &str = r#"
purpose = "offender_management"
gateway = "oma2007_s14"
lawful_basis = "dpa2018_s35_task"
sensitive_condition = "sch8_justice"
marking = "official_sensitive"
acting_person = "11111111-1111-4111-8111-111111111111"
id_key_file = "unused"
"#;

/// Every kind beside movements; whose merges, the register says.
const SECTIONS: &str = r#"
[mappa]
gateway = "cja2003_s325"
[flags]
owner_agency = "probation-greater-manchester"
owner_desk = "stockport"
[enforcement]
[placements]
[identity]
"#;

fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

/// What became of a payload, in the words of the tables.
fn words(outcome: &Outcome) -> [String; 4] {
    match outcome {
        Outcome::Shared(messages) => {
            let [message] = messages.as_slice() else { unreachable!("one event, one message") };
            let (event, certainty, urgency) =
                said(message).unwrap_or_else(|| (line(outcome), String::new(), String::new()));
            ["shared".to_owned(), event, certainty, urgency]
        }
        Outcome::NotShareable(kept) => {
            ["not_shareable", kept.reason.code(), "", ""].map(str::to_owned)
        }
        Outcome::Quarantined(held) => {
            ["quarantined", held.reason.code(), "", ""].map(str::to_owned)
        }
    }
}

/// What a movement's message says.
fn said(message: &Message) -> Option<(String, String, String)> {
    let Some(Kind::Custody(custody)) = &message.kind else { return None };
    Some((custody.event().name(), custody.certainty().name(), message.urgency().name()))
}

/// Kind and step of any other message, as the line for machines names them.
fn line(outcome: &Outcome) -> String {
    let line: serde_json::Value = serde_json::from_str(&json_line("", outcome)).unwrap_or_default();
    let word = |pointer| line.pointer(pointer).and_then(serde_json::Value::as_str);
    let words = [word("/messages/0/kind"), word("/messages/0/event")];
    words.map(Option::unwrap_or_default).join(" ")
}

/// Compares a folder with its table, both ways. Gives the number of payloads.
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
fn check(folder: &Path, table: &str, now: OffsetDateTime) -> usize {
    let profile = ImportProfile::from_toml(PROFILE, [42; 32]).unwrap();
    let rows = rows(table);
    let mut wrong = Vec::new();
    for row in &rows {
        let (file, expected) = row.split_first().unwrap();
        let payload = fs::read(folder.join(file)).unwrap();
        let found = words(&read(&payload, &profile, now));
        if expected.iter().zip(&found).any(|(expected, found)| expected != found) {
            wrong.push(format!("{file}: the table says {expected:?}, the adapter {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed: BTreeSet<String> =
        rows.iter().map(|row| (*row.first().unwrap()).to_owned()).collect();
    let present: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(present, listed, "folder and table list the same files");
    rows.len()
}

#[test]
fn our_own_payloads_end_as_the_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/hmpps");
    let table = include_str!("../../tests/data/hmpps/expected.tsv");
    assert_eq!(check(&folder, table, datetime!(2025-06-15 12:00 UTC)), 60);
}

#[test]
fn the_public_samples_end_as_the_table_says() {
    let Some(folder) = std::env::var_os("PYRAMID_HMPPS_SAMPLES") else {
        println!("PYRAMID_HMPPS_SAMPLES is not set: only the project's own payloads were read");
        return;
    };
    let table = include_str!("hmpps_expected.tsv");
    let count = check(Path::new(&folder), table, datetime!(2026-12-01 12:00 UTC));
    assert_eq!(count, 81);
}

#[test]
fn under_a_profile_that_shares_every_kind_the_named_samples_end_otherwise() {
    let Some(folder) = std::env::var_os("PYRAMID_HMPPS_SAMPLES") else { return };
    for register in ["crn", "noms"] {
        let text = format!("{PROFILE}{SECTIONS}register = \"{register}\"\n");
        let profile = ImportProfile::from_toml(&text, [42; 32]).unwrap();
        let mut expected: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for row in rows(include_str!("hmpps_expected.tsv")) {
            let [file, outcome, event] = row.try_into().unwrap();
            expected.insert(file, (outcome, event));
        }
        for row in rows(include_str!("hmpps_expected_sections.tsv")) {
            let [file, whose, outcome, event] = row.try_into().unwrap();
            if whose == "any" || whose == register {
                assert!(expected.insert(file, (outcome, event)).is_some(), "{file} is a sample");
            }
        }
        for (file, (outcome, event)) in expected {
            let payload = fs::read(Path::new(&folder).join(file)).unwrap();
            let now = datetime!(2026-12-01 12:00 UTC);
            let [found, said, ..] = words(&read(&payload, &profile, now));
            assert_eq!((found.as_str(), said.as_str()), (outcome, event), "{file}, {register}");
        }
    }
}
