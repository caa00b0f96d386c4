//! Names of tests, files, types and modules on a page are those of the tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{none_of, page, quoted, rows, top};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const THREATS: &str = "docs/threats.md";

/// A Rust file of ours: the words of its path, and what is declared in it.
struct Source {
    place: BTreeSet<String>,
    declared: BTreeSet<String>,
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    for folder in ["agency-client", "broker", "certs-dev", "deploy/demo", "proto", "tests"] {
        gather(&top().join(folder), &mut files);
    }
    let source = |file: &PathBuf| Source {
        place: words(&file.with_extension("").to_string_lossy()).map(str::to_owned).collect(),
        declared: declared(&fs::read_to_string(file).unwrap()),
    };
    files.iter().map(source).collect()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            gather(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
}

/// Every name that follows a word of declaration, and variants, which stand first on their line.
fn declared(source: &str) -> BTreeSet<String> {
    let kinds = ["struct", "enum", "trait", "type", "mod", "fn", "const"];
    let mut names = BTreeSet::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let pairs = words(line).zip(words(line).skip(1));
        names.extend(pairs.filter(|(kind, _)| kinds.contains(kind)).map(|(_, name)| name));
        let first = words(line.trim_start()).next().unwrap_or_default();
        if first.starts_with(|character: char| character.is_ascii_uppercase()) {
            names.insert(first);
        }
    }
    names.into_iter().map(str::to_owned).collect()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether the name of a test: a sentence in lower case.
fn is_sentence(text: &str) -> bool {
    is_word(text) && text.to_lowercase() == text && text.matches('_').count() >= 3
}

#[test]
fn every_test_that_a_threat_cites_is_there_by_that_name() {
    let (page, sources) = (page(THREATS), sources());
    let cited: BTreeSet<&str> =
        quoted(&page).into_iter().filter(|text| is_sentence(text)).collect();
    assert!(cited.len() > 20, "the page must cite tests");
    let is_there = |name: &&str| sources.iter().any(|source| source.declared.contains(*name));
    let missing = cited.into_iter().filter(|name| !is_there(name));
    none_of("no such test", &missing.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn every_row_of_a_threat_cites_what_shows_it() {
    let page = page(THREATS);
    let tests = top().join("tests/tests");
    let shows = |text: &&str| {
        is_sentence(text)
            || tests.join(text).is_dir()
            || tests.join(format!("{text}.rs")).is_file()
            || (text.ends_with(".rs") && top().join(text).is_file())
    };
    let headings = ["The operator", "The recipient", "The sender", "The insider at a publisher"];
    let mut faults = Vec::new();
    for heading in headings {
        for row in rows(&page, heading) {
            let shown = *row.last().unwrap();
            if !quoted(shown).iter().any(shows) {
                faults.push(format!("{heading}: {}", row[0]));
            }
        }
    }
    none_of("nothing shows it", &faults);
}

#[test]
fn the_table_of_modules_is_the_list_in_the_code() {
    let library = page("broker/src/lib.rs");
    let listed =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let page = page(ARCHITECTURE);
    let told = rows(&page, "The modules, in the order of the path");
    let told: Vec<&str> = told.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(told, listed.collect::<Vec<_>>());
}

#[test]
fn every_name_in_code_type_is_real() {
    let (page, sources) = (page(ARCHITECTURE), sources());
    let protocol = crate::page(PROTOCOL);
    let generated = |name: &&str| protocol.contains(&format!("message {name} {{"));
    let mut faults = Vec::new();
    for text in quoted(&page) {
        let exists = if text.contains('/') || text.ends_with(".rs") {
            top().join(text).exists()
        } else if text.split("::").all(is_word) {
            // What others declare: the prefix of generated types, a trait of the language.
            let own = text.split("::").filter(|part| !["wire", "Debug"].contains(part));
            let parts: Vec<&str> = own.filter(|part| !generated(part)).collect();
            // The parts belong together: in one file all of them are declared, or lead to it.
            let holds = |source: &Source, part: &str| {
                source.declared.contains(part) || source.place.contains(part)
            };
            top().join(text).is_dir()
                || sources.iter().any(|source| parts.iter().all(|part| holds(source, part)))
        } else {
            // A command, or words: `broker serve`.
            true
        };
        if !exists {
            faults.push(text.to_owned());
        }
    }
    none_of("ARCHITECTURE.md names what is not there", &faults);
}

const PROTOCOL: &str = "proto/pyramid/exchange/v1/exchange.proto";

#[test]
fn every_page_of_documentation_can_be_found_from_the_readme() {
    let readme = page("README.md");
    let mut faults = Vec::new();
    for entry in fs::read_dir(top().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && !readme.contains(&format!("](docs/{name})")) {
            faults.push(format!("docs/{name}"));
        }
    }
    none_of("README.md leads to no such page", &faults);
}
