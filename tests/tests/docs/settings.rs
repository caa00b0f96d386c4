//! docs/agency.md says of each setting what the client makes of it.

use std::collections::BTreeSet;
use std::path::Path;

use agency_client::Settings;
use agency_client::hmpps::{ImportProfile, ProfileError};
use agency_client::settings::SettingsError;
use proto::ledger::checkpoint::VerifierKey;

use crate::{block, named, none_of, page, rows};

const PAGE: &str = "docs/agency.md";
const PROFILE: &str = "The profile of an import";

/// The page's file of settings, with a verifier key that is one.
fn file() -> String {
    let key = VerifierKey::new("ledger.example", [7; 32]).unwrap().encode();
    block(&page(PAGE), "Settings", "toml").replace("VERIFIER-KEY", &key)
}

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::parse(text, Path::new("/srv/agency"))
}

/// The file without one setting, or with another value for it.
fn with(file: &str, setting: &str, value: Option<&str>) -> String {
    let start = format!("{setting} = ");
    let mut found = false;
    let mut text = String::new();
    for line in file.lines() {
        if line.starts_with(&start) {
            found = true;
            text.extend(value.map(|value| format!("{start}{value}\n")));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(found, "the page's file must give `{setting}`");
    text
}

/// The settings of the page's table.
fn listed(heading: &str) -> BTreeSet<String> {
    rows(&page(PAGE), heading).iter().map(|row| named(row).to_owned()).collect()
}

/// The settings of a page's file.
fn given(file: &str) -> BTreeSet<String> {
    file.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
}

#[test]
fn every_setting_of_a_system_is_on_the_page_and_every_one_on_the_page_is_a_setting() {
    // To a setting it does not know, the client answers with those it knows.
    let unknown = parse("unlisted = 1\n").unwrap_err().to_string();
    let known: BTreeSet<String> =
        unknown.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(known.contains("pin_file"), "{unknown}");
    assert_eq!(listed("Settings"), known);
    assert_eq!(given(&file()), known);
    parse(&file()).unwrap();
}

#[test]
fn a_setting_that_must_be_given_must_be_and_each_other_has_the_default_of_the_page() {
    let whole = parse(&file()).unwrap();
    let mut faults = Vec::new();
    for row in rows(&page(PAGE), "Settings") {
        let (name, default) = (named(&row), row[2]);
        match (default, parse(&with(&file(), name, None))) {
            ("must be given", Err(error)) if error.to_string().contains(name) => {}
            ("must be given", _) | (_, Err(_)) => faults.push(name.to_owned()),
            // The page's file gives every number its default.
            (_, Ok(without)) => {
                let numbers =
                    |of: &Settings| (of.flight_messages, of.connect_patience, of.publish_patience);
                assert_eq!(numbers(&without), numbers(&whole), "{name}");
                assert_eq!(without.server_name, whole.server_name);
                let number = with(&file(), name, None).len() != file().len()
                    && file().contains(&format!("{name} = {default}\n"));
                if !number && !["desks", "server_name"].contains(&name) {
                    faults.push(format!("{name}: the file does not give {default}"));
                }
            }
        }
    }
    none_of("the page is wrong about what must be given", &faults);
    assert!(parse(&with(&file(), "desks", None)).unwrap().desks.is_empty());
}

#[test]
fn a_number_is_held_to_the_bounds_of_the_page() {
    let mut held = BTreeSet::new();
    for row in rows(&page(PAGE), "Settings") {
        let name = named(&row);
        let Some((least, most)) = row[3].split_once(" to ") else { continue };
        let (Ok(least), Ok(most)) = (least.parse::<u64>(), most.parse::<u64>()) else { continue };
        for (value, is_taken) in
            [(least - 1, false), (least, true), (most, true), (most + 1, false)]
        {
            let parsed = parse(&with(&file(), name, Some(&value.to_string())));
            match parsed {
                Ok(_) => assert!(is_taken, "{name} = {value}"),
                Err(SettingsError::Faults(faults)) => {
                    assert!(!is_taken && faults[0].key == name, "{name} = {value}");
                }
                Err(other) => panic!("{name} = {value}: {other}"),
            }
        }
        held.insert(name.to_owned());
    }
    let numbers = ["connect_patience_seconds", "flight_messages", "publish_patience_seconds"];
    assert_eq!(held, BTreeSet::from(numbers.map(str::to_owned)));
}

#[test]
fn every_setting_of_an_import_is_on_the_page_and_every_one_on_the_page_is_a_setting() {
    let file = block(&page(PAGE), PROFILE, "toml");
    let parse = |text: &str| ImportProfile::from_toml(text, [1; 32]);
    parse(&file).unwrap();
    assert_eq!(listed(PROFILE), given(&file));
    assert_eq!(listed(PROFILE), keys_of_a_profile());
    for row in rows(&page(PAGE), PROFILE) {
        let name = named(&row);
        match parse(&with(&file, name, None)) {
            Ok(_) => assert_ne!(row[1], "must be given", "{name}"),
            Err(ProfileError::Faults(faults)) => {
                assert_eq!(row[1], "must be given", "{name}");
                assert_eq!((&*faults[0].key, faults[0].rule), (name, "must be given"));
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

/// The keys that the reader of profiles lists: it names only those that are missing.
fn keys_of_a_profile() -> BTreeSet<String> {
    let source = page("agency-client/src/hmpps/profile.rs");
    let (_, list) = source.split_once("const KEYS: ").expect("the reader lists its keys");
    let (list, _) = list.split_once("];").unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
