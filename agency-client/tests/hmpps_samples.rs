//! Every stored payload ends as the hand-made table says.
//!
//! Two tables: our own payloads, always; and the public samples of the estate, where the
//! environment names the folder that holds them (`PYRAMID_HMPPS_SAMPLES`). Neither table was made
//! by the code under test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use agency_client::hmpps::{ImportProfile, Outcome, read};
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

fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

/// What became of a payload, in the words of the tables.
fn words(outcome: &Outcome) -> [String; 4] {
    match outcome {
        Outcome::Shared(messages) => {
            let [message] = messages.as_slice() else { unreachable!("one movement, one message") };
            let (event, certainty, urgency) = said(message);
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

fn said(message: &Message) -> (String, String, String) {
    let Some(Kind::Custody(custody)) = &message.kind else { unreachable!("custody news only") };
    (custody.event().name(), custody.certainty().name(), message.urgency().name())
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
    println!("{count} public samples were read");
}
