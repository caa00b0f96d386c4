//! Every stored payload ends as the hand-made table says.
//!
//! Three tables: our own payloads, always; and, where the environment names the folder that holds
//! them (`PYRAMID_HMPPS_SAMPLES`), the public samples of the estate, under a profile that shares
//! movements alone and under one that shares every kind. The third table names only what ends
//! otherwise than in the second. None was made by the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use agency_client::hmpps::{
    ImportMemory, ImportProfile, Outcome, json_line, read, read_remembering,
};
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

/// No sample is a departure, or the end of an entry that is shared: so real payloads stand for both,
/// with their type or code exchanged in memory.
#[test]
fn with_a_memory_the_samples_of_what_ended_name_what_began() {
    let Some(folder) = std::env::var_os("PYRAMID_HMPPS_SAMPLES") else { return };
    let text = format!("{PROFILE}{SECTIONS}register = \"crn\"\n");
    let profile = ImportProfile::from_toml(&text, [42; 32]).unwrap();
    let now = datetime!(2024-07-03 12:00 UTC);
    let dir = tempfile::tempdir().unwrap();
    let mut memory = ImportMemory::open(&dir.path().join("memory"), [42; 32], now).unwrap();
    let mut told = |file: &str, exchanged: &[(&str, &str)]| {
        let mut payload = fs::read_to_string(Path::new(&folder).join(file)).unwrap();
        for (from, to) in exchanged {
            assert!(payload.contains(from), "{file}");
            payload = payload.replace(from, to);
        }
        read_remembering(payload.as_bytes(), &profile, Some(&mut memory), now).unwrap()
    };
    let id = |outcome: &Outcome| match outcome {
        Outcome::Shared(messages) => messages.first().map(|message| message.message_id.clone()),
        Outcome::NotShareable(_) | Outcome::Quarantined(_) => None,
    };
    for file in ["ap-person-arrived.json", "asyncapi-auto-accommodation-cas3-person-arrived.json"] {
        let left = [(".person.arrived", ".person.departed")];
        assert_eq!(words(&told(file, &left))[1], "arrival_untold", "{file}");
        let arrival = id(&told(file, &[])).unwrap();
        let Outcome::Shared(departures) = told(file, &left) else { unreachable!("{file}") };
        let Some(Kind::Placement(placement)) = &departures[0].kind else { unreachable!("{file}") };
        assert_eq!(placement.settles_message_id, arrival, "{file}");
    }
    let alert = [("PEEP", "OPPO")];
    let made = told("asyncapi-schemas-alerts-person-alert-created.json", &alert);
    let ended = told("asyncapi-schemas-alerts-person-alert-inactive.json", &alert);
    assert_eq!(words(&ended)[1], "correction supplement");
    let Outcome::Shared(supplements) = &ended else { unreachable!("shared") };
    let Some(Kind::Correction(correction)) = &supplements[0].kind else { unreachable!("shared") };
    assert_eq!(Some(&correction.message_id), id(&made).as_ref());
    let register = [("RHRH", "IIOM")];
    let end = "asyncapi-auto-probation-case-registration-deregistered.json";
    assert_eq!(words(&told(end, &register))[1], "decision_untold", "nothing was told of him");
    let person = [("RHRH", "IIOM"), ("X777978", "X777528"), ("2024-06-14T09", "2024-06-12T09")];
    let now_told = told("asyncapi-auto-probation-case-registration-added.json", &person);
    assert_eq!(words(&now_told)[1], "overtaken", "three weeks later it is no news");
}
