//! docs/directory.md lists every key and word that the reader of directory documents knows.

use std::collections::{BTreeMap, BTreeSet};

use crate::{none_of, page, rows};

const PAGE: &str = "docs/directory.md";
const DOCUMENT: &str = "broker/src/directory/document.rs";
const WORDS: &str = "broker/src/directory/mod.rs";

/// Which table of the page is about which row of the reader.
const TABLES: [(&str, &str, &str); 10] = [
    ("The document", DOCUMENT, "Document"),
    ("Issuers", DOCUMENT, "IssuerRow"),
    ("Areas", DOCUMENT, "AreaRow"),
    ("Agencies", DOCUMENT, "AgencyRow"),
    ("Desks", DOCUMENT, "DeskRow"),
    ("Systems", DOCUMENT, "NodeRow"),
    ("People", DOCUMENT, "PersonRow"),
    ("Feeds", "broker/src/directory/feed.rs", "FeedRow"),
    ("Flags", DOCUMENT, "FlagRow"),
    ("Parts in a case", DOCUMENT, "RoleRow"),
];

/// The keys of a row, and whether each must be given.
fn keys(path: &str, row: &str) -> BTreeMap<String, bool> {
    let source = page(path);
    let (_, fields) = source.split_once(&format!("struct {row} {{\n")).unwrap();
    let (fields, _) = fields.split_once("\n}").unwrap();
    let (mut keys, mut has_default) = (BTreeMap::new(), false);
    for line in fields.lines().map(str::trim) {
        if line.starts_with("#[serde(default") {
            has_default = true;
        } else if let Some((key, sort)) = line.split_once(": ") {
            keys.insert(key.to_owned(), !has_default && !sort.starts_with("Option<"));
            has_default = false;
        }
    }
    keys
}

/// The keys that a first cell names: `[[agency.desk]]` is the key `desk`.
fn named_keys(cell: &str) -> impl Iterator<Item = String> {
    let names = cell.split('`').skip(1).step_by(2);
    names.map(|name| {
        let name = name.trim_matches(['[', ']']);
        name.rsplit('.').next().unwrap().to_owned()
    })
}

#[test]
fn every_key_is_on_the_page_and_the_page_says_which_must_be_given() {
    let page = page(PAGE);
    let mut faults = Vec::new();
    for (heading, path, row) in TABLES {
        let read = keys(path, row);
        assert!(!read.is_empty(), "{row} must have keys");
        let mut told = BTreeMap::new();
        for cells in rows(&page, heading) {
            told.extend(named_keys(cells[0]).map(|key| (key, cells[1] == "yes")));
        }
        if told != read {
            faults.push(format!("{heading}: the page has {told:?}, the reader {read:?}"));
        }
    }
    none_of("the page and the reader differ", &faults);
}

#[test]
fn every_key_of_a_programme_is_on_the_page() {
    let page = page(PAGE);
    let told: BTreeSet<String> =
        rows(&page, "Programmes").iter().flat_map(|row| named_keys(row[0])).collect();
    let path = "broker/src/directory/programme/rows.rs";
    assert_eq!(told, keys(path, "ProgrammeRow").into_keys().collect());
    let rows = rows(&page, "Programmes");
    let party = rows.last().unwrap()[2];
    let missing = keys(path, "PartyRow").into_keys().filter(|key| !party.contains(&**key));
    none_of("the row of parties does not name these", &missing.collect::<Vec<_>>());
}

/// The written names of an enumeration, in its order.
fn written(name: &str) -> Vec<String> {
    let source = page(WORDS);
    let (_, body) = source.split_once(&format!("\nimpl {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let words =
        body.lines().filter_map(|line| line.trim().split_once(" => \"")?.1.strip_suffix("\","));
    words.map(str::to_owned).collect()
}

#[test]
fn every_word_of_the_directory_is_on_the_page() {
    let page = page(PAGE);
    let first = |heading| {
        let rows = rows(&page, heading);
        rows.iter().flat_map(|row| named_keys(row[0])).collect::<Vec<String>>()
    };
    assert_eq!(first("Kinds of agency"), written("AgencyKind"));
    assert_eq!(first("Functions of a desk"), written("Function"));
    assert_eq!(first("Roles of a person"), written("Role"));
    let desks = rows(&page, "Desks");
    let regime = desks.iter().find(|row| row[0] == "`regime`").unwrap();
    for word in written("Regime") {
        assert!(regime[2].contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn the_attributes_of_the_page_are_those_that_the_platform_reads() {
    let platform = page("broker/src/policy/platform.cedar");
    let mut read: BTreeSet<String> = platform
        .split("attributes.contains(\"")
        .skip(1)
        .map(|text| text.split('"').next().unwrap().to_owned())
        .collect();
    assert!(read.len() > 3, "the platform must read attributes");
    read.insert(broker::routing::DRUG_INTERVENTIONS.to_owned());
    let page = page(PAGE);
    let told = rows(&page, "Attributes of a desk");
    assert_eq!(told.iter().flat_map(|row| named_keys(row[0])).collect::<BTreeSet<_>>(), read);
}

/// A document with what stands in it behind `#` put to use: remarks have a blank after it.
fn uncommented(path: &str) -> String {
    let text = page(path);
    let used = text.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
        _ => line,
    });
    used.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_the_shipped_documents_show_behind_a_mark_can_be_put_to_use() {
    let shipped = uncommented("deploy/directory/greater-manchester.toml");
    let filled_in = uncommented("broker/src/command/init/directory.toml")
        .replace("64 hexadecimal digits", &"ab".repeat(32))
        .replace("a UUID", "00000001-0000-4000-8000-000000000001")
        .replace("another UUID", "00000001-0000-4000-8000-000000000002")
        .replace("a third UUID", "00000001-0000-4000-8000-000000000003");
    for text in [shipped, filled_in] {
        let read = broker::directory::document::read(&text)
            .unwrap_or_else(|error| panic!("{error}: {error:?}"));
        assert_eq!(read.feeds().count(), 1);
        assert!(read.desks().any(|(_, desk)| desk.duty_contact.is_some()));
        assert!(read.agencies().any(|agency| agency.lead_contact.is_some()));
        let on_call = [1, 3].map(|last| format!("00000001-0000-4000-8000-{last:012}"));
        let is_reached = |id: &String| read.person(id).is_some_and(|one| one.contact.is_some());
        assert!(on_call.iter().any(is_reached));
    }
}

#[test]
fn what_a_desk_may_raise_or_state_is_on_the_page() {
    use proto::exchange::v1::{AreaRole, FlagKind};
    use proto::text::Named as _;

    let page = page(PAGE);
    let words = |heading: &str| {
        let rows = rows(&page, heading);
        let row = rows.iter().find(|row| row[0] == "`kind`").unwrap();
        row[2].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    };
    for word in words("Flags") {
        assert!(FlagKind::from_name(&word).is_some(), "{word}");
    }
    for word in words("Parts in a case") {
        assert!(AreaRole::from_name(&word).is_some(), "{word}");
    }
    assert_eq!((words("Flags").len(), words("Parts in a case").len()), (9, 8));
}
