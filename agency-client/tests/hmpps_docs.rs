//! The tables of `docs/hmpps-adapter.md` say of every event type what the adapter does with it.

use std::collections::BTreeSet;

use agency_client::hmpps::{ImportProfile, NotShareableReason, Outcome, json_line, read};
use serde_json::{Value, json};
use time::macros::datetime;

const PAGE: &str = include_str!("../../docs/hmpps-adapter.md");
const MAIN: &str = r#"
purpose = "offender_management"
gateway = "oma2007_s14"
lawful_basis = "dpa2018_s35_task"
marking = "official"
acting_person = "11111111-1111-4111-8111-111111111111"
id_key_file = "unused"
"#;

/// The cells of the rows of the table under a heading, without its first two lines.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let part = PAGE.split("\n## ").find(|part| part.starts_with(heading)).unwrap_or_default();
    let lines = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    lines.skip(1).map(|line| line.split(" | ").collect()).collect()
}

/// The texts in backticks.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// An event of any type about an invented person, with every detail that some type looks for.
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
fn told(event_type: &str, sections: &str) -> String {
    let profile = ImportProfile::from_toml(&format!("{MAIN}{sections}"), [1; 32]).unwrap();
    let event = json!({
        "eventType": event_type,
        "occurredAt": "2025-06-14T10:00:00+01:00",
        "personReference": { "identifiers": [
            { "type": "CRN", "value": "X000001" }, { "type": "NOMS", "value": "Z9001ZA" },
        ] },
        "additionalInformation": {
            "registrationId": "2500000001", "registerTypeCode": "MAPP",
            "registrationCategoryCode": "M1", "registrationLevelCode": "M2",
            "alertUuid": "6a0783ee-024e-4201-8e1f-000000000001", "alertCode": "OPPO",
            "contactOutcome": "DECISION_TO_RECALL",
            "nomsNumber": "Z9001ZA", "removedNomsNumber": "Z9002ZA",
            "sourceCRN": "X000002", "targetCRN": "X000001",
            "reactivatedCRN": "X000002", "unmergedCRN": "X000001",
        },
    });
    let outcome = read(event.to_string().as_bytes(), &profile, datetime!(2025-06-15 12:00 UTC));
    let line: Value = serde_json::from_str(&json_line("", &outcome)).unwrap();
    let word = |pointer| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match outcome {
        Outcome::Shared(_) => [word("/messages/0/kind"), word("/messages/0/event")].join(" "),
        Outcome::NotShareable(_) | Outcome::Quarantined(_) => word("/reason").to_owned(),
    }
}

fn every_section(register: &str) -> String {
    format!(
        "[mappa]\n[flags]\nowner_agency = \"probation\"\nowner_desk = \"iom\"\n[enforcement]\n\
         [placements]\n[identity]\nregister = \"{register}\"\n"
    )
}

#[test]
fn what_the_page_says_of_news_of_records_is_so() {
    let table = rows("News of records");
    assert_eq!(table.len(), 25);
    for row in table {
        let [event_type, section, with, without] = row.try_into().unwrap();
        let [event_type] = named(event_type).try_into().unwrap();
        let register = section.strip_prefix("identity, ").unwrap_or("crn");
        assert_eq!(told(event_type, &every_section(register)), with, "{event_type}, with");
        assert_eq!(told(event_type, ""), without, "{event_type}, without");
    }
}

#[test]
fn what_the_page_says_is_always_kept_is() {
    let table = rows("Kept under every profile");
    assert!(table.len() > 15, "{}", table.len());
    for row in table {
        let [reason, types] = row.try_into().unwrap();
        for name in named(types) {
            let name =
                if name.ends_with(['.', '-', '_']) { format!("{name}x") } else { name.to_owned() };
            for sections in ["".to_owned(), every_section("crn"), every_section("noms")] {
                assert_eq!(told(&name, &sections), reason, "{name}");
            }
        }
    }
}

#[test]
fn the_page_names_every_reason_to_keep_an_event() {
    let said: BTreeSet<&str> = PAGE
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-'))
        .collect();
    // Told in words in the tables of movements.
    let in_words = [NotShareableReason::AdministrativeMerge];
    for reason in NotShareableReason::ALL.iter().filter(|reason| !in_words.contains(reason)) {
        assert!(said.contains(reason.code()), "{}", reason.code());
    }
}
