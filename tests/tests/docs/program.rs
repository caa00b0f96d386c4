//! What docs/agency.md says a program of one's own depends on is what the examples use.

use std::collections::BTreeSet;

use crate::{block, page};

const PAGE: &str = "docs/agency.md";

/// The crates that an example names in `use` and attributes.
fn crates(source: &str) -> BTreeSet<String> {
    let used = source.lines().filter_map(|line| {
        let path = line.trim().trim_start_matches("#[").trim_start_matches("use ");
        let named = line.trim() != path && path.contains("::");
        named.then(|| path.split("::").next().unwrap().replace('_', "-"))
    });
    let is_crate = |name: &String| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    used.filter(|name| is_crate(name) && name != "std").collect()
}

#[test]
fn the_dependencies_of_the_page_are_those_of_the_examples() {
    let text = block(&page(PAGE), "From a program", "toml");
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    let told: BTreeSet<String> =
        manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
    let mut used = BTreeSet::new();
    for example in ["publish", "subscribe"] {
        let source = page(&format!("agency-client/examples/{example}.rs"));
        assert!(source.contains("println!"), "{example} must say what came of it");
        used.extend(crates(&source));
    }
    assert_eq!(told, used);
    let workspace: toml::Table = toml::from_str(&page("Cargo.toml")).unwrap();
    let ours = &workspace["workspace"]["dependencies"];
    for name in ["time", "tokio", "uuid"] {
        let version = |entry: &toml::Value| {
            let text = entry.as_str().or_else(|| entry.get("version")?.as_str()).unwrap();
            text.split('.').next().unwrap().to_owned()
        };
        assert_eq!(version(&manifest["dependencies"][name]), version(&ours[name]), "{name}");
    }
}

#[test]
fn what_a_publish_may_end_as_is_on_the_page() {
    let source = page("agency-client/src/publisher/mod.rs");
    let (_, body) = source.split_once("pub enum PublishError {\n").unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let named =
        body.lines().filter_map(|line| line.strip_prefix("    ")?.split([' ', ',', '(']).next());
    let declared: BTreeSet<&str> =
        named.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase())).collect();
    let page = page(PAGE);
    let lines = crate::section(&page, "From a program");
    for name in declared {
        assert!(lines.iter().any(|line| line.contains(&format!("`{name}`"))), "{name}");
    }
}
