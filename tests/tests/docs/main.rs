//! The pages of documentation, held to what they speak of.
//!
//! Owns: how a page is read (headings, tables, fenced blocks), and one file for each sort of
//! promise a page makes: agreements, settings, commands, the directory, the log, messages, threats,
//! names in the code.
//! Promises: every fault of a page is listed at once.
//! Deliberately does not know: style, and links, which `tidy` follows.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where a page is not as it must be"
)]

mod agreements;

mod commands;

mod directory;

mod log;

mod messages;

mod names;

mod program;

mod settings;

mod stories;

mod threats;

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap()
}

/// Every page that is documentation, by its path.
fn named_pages() -> Vec<(String, String)> {
    let mut paths: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "deploy/runbook.md"].map(str::to_owned).into();
    for folder in ["docs", "docs/decisions"] {
        for entry in fs::read_dir(top().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                paths.push(format!("{folder}/{name}"));
            }
        }
    }
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), page(&path))).collect()
}

/// The lines between a heading and the next one of any depth.
fn section<'page>(page: &'page str, heading: &str) -> Vec<&'page str> {
    let (mut lines, mut inside, mut fenced) = (Vec::new(), false, false);
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        if line.starts_with('#') && !fenced {
            inside = line.trim_start_matches('#').trim() == heading;
        } else if inside {
            lines.push(line);
        }
    }
    assert!(!lines.is_empty(), "the page must have a section `{heading}`");
    lines
}

/// The cells of each table row of a section, without the head of the table.
fn rows<'page>(page: &'page str, heading: &str) -> Vec<Vec<&'page str>> {
    let lines = section(page, heading).into_iter().filter(|line| line.starts_with('|'));
    let cells = |line: &'page str| line.trim_matches('|').split('|').map(str::trim).collect();
    lines.skip(2).map(cells).collect()
}

/// The name in the first cell of a row.
fn named<'page>(row: &[&'page str]) -> &'page str {
    row[0].trim_matches('`')
}

/// The fenced block of a language in a section.
fn block(page: &str, heading: &str, language: &str) -> String {
    let opens = format!("```{language}");
    let lines = section(page, heading).into_iter().skip_while(|line| *line != opens);
    lines.skip(1).take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect()
}

/// What stands between back-ticks outside fenced blocks, line by line.
fn quoted(page: &str) -> Vec<&str> {
    let mut fenced = false;
    let prose = page.lines().filter(|line| {
        let edge = line.starts_with("```");
        fenced ^= edge;
        !edge && !fenced
    });
    prose.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

fn none_of(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}
