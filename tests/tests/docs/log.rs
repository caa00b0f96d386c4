//! docs/operations.md lists every code of the log, with its level.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::{named, none_of, page, rows, top};

const LEVELS: [(&str, &str); 4] =
    [("error", "error"), ("warn", "warning"), ("info", "info"), ("debug", "debug")];

/// The broker's sources without their tests, each with its path.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let source = fs::read_to_string(&path).unwrap();
            let product = source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.to_string_lossy().into_owned(), product));
        }
    }
}

/// A line that the broker logs: its level, what stands before it in its file, and its arguments.
struct Line<'source> {
    level: &'static str,
    before: &'source str,
    arguments: &'source str,
}

fn lines(source: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (name, level) in LEVELS {
        let call = format!("tracing::{name}!(");
        for (at, _) in source.match_indices(&call) {
            let (before, rest) = source.split_at(at);
            let arguments = rest.split(')').next().unwrap();
            lines.push(Line { level, before, arguments });
        }
    }
    lines
}

/// The text after a mark, up to the next quotation mark.
fn text_after<'text>(text: &'text str, mark: &str) -> Option<&'text str> {
    text.split_once(mark)?.1.split('"').next()
}

/// The codes of a line: the one that stands in it, or those of the table before it.
fn codes<'source>(line: &Line<'source>) -> Vec<&'source str> {
    if let Some(code) = text_after(line.arguments, "code = \"") {
        return vec![code];
    }
    if !line.arguments.contains("(code,") {
        return Vec::new();
    }
    let table = line.before.rsplit("let code = match").next().unwrap();
    table.split("=> \"").skip(1).filter_map(|text| text.split('"').next()).collect()
}

#[test]
fn the_table_of_the_log_is_what_the_broker_logs() {
    let mut found = Vec::new();
    sources(&top().join("broker/src"), &mut found);
    let mut logged: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut without = Vec::new();
    for (path, source) in &found {
        for line in lines(source) {
            let codes = codes(&line);
            let grave = ["error", "warning"].contains(&line.level);
            if grave && codes.is_empty() && !line.arguments.contains("fault = ") {
                without.push(format!("{path}: {}", line.arguments));
            }
            for code in codes {
                logged.entry(code).or_default().insert(line.level);
            }
        }
    }
    none_of("a warning or error has a code, or the fault of TLS files", &without);
    let page = page("docs/operations.md");
    let rows = rows(&page, "The log");
    let told: BTreeMap<&str, BTreeSet<&str>> =
        rows.iter().map(|row| (named(row), row[1].split(", ").collect())).collect();
    assert_eq!(told.len(), rows.len(), "each code once");
    assert_eq!(told, logged);
}
