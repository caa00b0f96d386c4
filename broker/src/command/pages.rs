//! The commands that pages name are commands of this program.
//!
//! Owns: what is read of README.md, ARCHITECTURE.md, the runbook and docs/operations.md. Promises
//! that every fault is listed at once. Deliberately does not know: what a command does.

use clap::error::ErrorKind;

use super::*;

const PAGES: [(&str, &str); 5] = [
    ("README.md", include_str!("../../../README.md")),
    ("ARCHITECTURE.md", include_str!("../../../ARCHITECTURE.md")),
    ("deploy/runbook.md", include_str!("../../../deploy/runbook.md")),
    ("docs/operations.md", include_str!("../../../docs/operations.md")),
    ("docs/directory.md", include_str!("../../../docs/directory.md")),
];

/// What the runbook says stands behind `broker admin`.
const WHO_ASKS: &str = "--server-name broker.example --certificate c --key k --authority a";

/// Every command of a page: those of its blocks of shell, and those between back-ticks.
fn commands(page: &str) -> Vec<String> {
    let (mut commands, mut fenced, mut line) = (Vec::new(), false, String::new());
    for part in page.lines() {
        if part.starts_with("```") {
            fenced = part == "```sh";
            continue;
        }
        if fenced {
            line.push_str(part.trim_end_matches('\\'));
            if !part.ends_with('\\') {
                commands.push(std::mem::take(&mut line));
            }
        } else {
            commands.extend(part.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    let own = |command: &String| {
        let program = command.split_whitespace().next()?;
        let is_ours = program == "broker" || program.ends_with("/broker");
        (is_ours && !program.contains("..")).then(|| command.clone())
    };
    commands.iter().filter_map(own).collect()
}

/// The words of a command, quoted ones whole, with who asks where the page leaves it out.
fn words(command: &str) -> Vec<String> {
    let mut words = vec!["broker".to_owned()];
    for (place, part) in command.split('"').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        let skipped = usize::from(place == 0);
        for word in part.split_whitespace().skip(skipped) {
            match word {
                "…" | "..." if words.last().is_some_and(|last| last == "admin") => {
                    words.extend(WHO_ASKS.split(' ').map(str::to_owned));
                }
                word => words.push(word.to_owned()),
            }
        }
    }
    words
}

/// Whether it is a whole command, or a verb that leaves out what must be given.
fn is_taken(words: &[String]) -> bool {
    let Err(error) = Arguments::try_parse_from(words) else { return true };
    // `broker admin status`: one word behind each verb, and nothing where an argument belongs.
    let is_mention = words.len() <= 3;
    match error.kind() {
        ErrorKind::MissingRequiredArgument => is_mention,
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
        _ => false,
    }
}

#[test]
fn every_command_that_a_page_names_is_one_of_this_program() {
    let (mut faults, mut looked) = (Vec::new(), 0);
    for (path, page) in PAGES {
        for command in commands(page) {
            looked += 1;
            if !is_taken(&words(&command)) {
                faults.push(format!("{path}: {command}"));
            }
        }
    }
    assert!(looked > 30, "the pages must name commands: {looked}");
    assert!(faults.is_empty(), "the program does not take these:\n  {}", faults.join("\n  "));
}
