//! docs/agreements.md: its agreement is one, its tables name every key, and each mistake is found.

use std::collections::BTreeSet;

use broker::directory::{Directory, document};
use broker::policy::{Bundle, BundleError, BundleFile};

use crate::{block, named, none_of, page, rows};

const PAGE: &str = "docs/agreements.md";
const WHOLE: &str = "A whole agreement";
const FILE: &str = "agreements/homes-on-release.toml";

fn directory() -> Directory {
    document::read(&page("deploy/directory/greater-manchester.toml")).unwrap()
}

/// The faults of an agreement: place within the file, and rule.
fn faults(text: &str) -> Vec<(String, String)> {
    let file = BundleFile { path: FILE.to_owned(), text: text.to_owned() };
    match Bundle::read(&[file], &directory()) {
        Ok(_) => Vec::new(),
        Err(BundleError::Faulty(faults)) => {
            let place = |path: &str| path.trim_start_matches(FILE).trim_start_matches(": ").into();
            faults.iter().map(|fault| (place(&fault.path), fault.rule.to_string())).collect()
        }
    }
}

#[test]
fn the_agreement_of_the_page_is_one() {
    let text = block(&page(PAGE), WHOLE, "toml");
    assert_eq!(faults(&text), [], "the reader takes it");
}

#[test]
fn each_mistake_of_the_page_is_answered_as_it_says() {
    let (page, mut wrong) = (page(PAGE), Vec::new());
    let whole = block(&page, WHOLE, "toml");
    let mistakes = rows(&page, "What the reader refuses");
    assert!(mistakes.len() >= 8);
    for row in mistakes {
        let [right, mistaken, place, rule] = row.try_into().unwrap();
        let (right, mistaken) = (right.trim_matches('`'), mistaken.trim_matches('`'));
        assert!(whole.contains(right), "the agreement says {right}");
        let found = faults(&whole.replacen(right, mistaken, 1));
        let is_it = |fault: &(String, String)| {
            fault.0.starts_with(place.trim_matches('`')) && fault.1.contains(rule)
        };
        if !found.iter().any(is_it) {
            wrong.push(format!("{mistaken}: {found:?}"));
        }
    }
    none_of("a mistake is answered otherwise", &wrong);
}

/// To a key it does not know, the reader answers with those it knows.
#[test]
fn every_key_is_on_the_page_and_every_key_on_the_page_is_one() {
    let page = page(PAGE);
    let whole = block(&page, WHOLE, "toml");
    for (heading, before) in [
        ("The head", "id = \"homes-on-release\""),
        ("A party", "agency = \"stockport-council\""),
        ("A permit", "id = \"need-to-housing\""),
    ] {
        let text = whole.replacen(before, &format!("unlisted = 1\n{before}"), 1);
        let (_, answer) = faults(&text).pop().unwrap();
        let (_, list) = answer.split_once("expected one of").unwrap_or_default();
        let known: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
        let listed: BTreeSet<&str> = rows(&page, heading).iter().map(|row| named(row)).collect();
        assert_eq!(listed, known, "{heading}: {answer}");
    }
}

#[test]
fn the_commands_of_the_page_are_commands_of_the_broker() {
    let page_text = page(PAGE);
    let source = page("broker/src/command/admin/mod.rs") + &page("broker/src/command/connector.rs");
    let mut verbs = Vec::new();
    for part in page_text.split("```sh\n").skip(1) {
        let command = part.split("```").next().unwrap().replace("\\\n", " ");
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(words[..2], ["target/release/broker", "admin"]);
        let mut rest = words[2..].iter();
        let mut verb = Vec::new();
        while let Some(word) = rest.next() {
            match word.strip_prefix("--") {
                Some(option) => {
                    let field = format!("{}:", option.replace('-', "_"));
                    assert!(source.contains(&field), "--{option}");
                    rest.next();
                }
                None => verb.push((*word).to_owned()),
            }
        }
        verbs.push(verb);
    }
    let told = [&["bundle", "propose"][..], &["bundle", "approve"], &["status"]];
    let begins = |(verb, told): (&Vec<String>, &[&str])| told.iter().zip(verb).all(|(a, b)| a == b);
    assert!(verbs.iter().zip(told).all(begins), "{verbs:?}");
    assert_eq!(verbs.len(), told.len());
    for name in ["Bundle(Bundle)", "Propose {", "Approve {", "Status,"] {
        assert!(source.contains(name), "{name}");
    }
}
