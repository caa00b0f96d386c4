//! Commands on pages are commands of the program, and none of the program's is missing.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::{named_pages, none_of, page, quoted};

/// The page of the command, and those that explain more of it.
const PAGE: &str = "docs/agency.md";
const PAGES: [&str; 2] = [PAGE, "docs/hmpps-adapter.md"];

fn agency(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agency_under_test"))
        .current_dir(folder.path())
        .env_remove("PYRAMID_AGENCY_SETTINGS")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The arguments of each command `agency` in the blocks of a page.
fn commands(page: &str) -> Vec<Vec<String>> {
    let (mut commands, mut inside, mut line) = (Vec::new(), false, String::new());
    for part in page.lines() {
        if part.starts_with("```") {
            inside = part == "```sh";
            continue;
        }
        line.push_str(part.trim_end_matches('\\'));
        if part.ends_with('\\') {
            continue;
        }
        let mut words = line.split_whitespace();
        let program = words.next().and_then(|word| word.rsplit('/').next());
        if inside && program == Some("agency") {
            commands.push(words.map(str::to_owned).collect());
        }
        line.clear();
    }
    commands
}

/// The words that begin the lines under a heading of a help text.
fn under(help: &str, heading: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let own = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    own.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The long name of the option that a line of a help text is about.
fn option_of(line: &str) -> Option<&str> {
    line.split([' ', ',']).find(|word| word.starts_with("--"))
}

fn help(folder: &TempDir, verb: &[&str]) -> String {
    let output = agency(folder, &[verb, &["--help"]].concat());
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Every verb of the program, `import hmpps` as two words.
fn verbs(folder: &TempDir) -> Vec<Vec<String>> {
    let mut verbs = Vec::new();
    let own = |verb: &[&str]| {
        let mut own = under(&help(folder, verb), "Commands:");
        own.retain(|verb| verb != "help");
        own
    };
    for verb in own(&[]) {
        let inner = own(&[&verb]);
        if inner.is_empty() {
            verbs.push(vec![verb]);
        } else {
            verbs.extend(inner.into_iter().map(|inner| vec![verb.clone(), inner]));
        }
    }
    verbs
}

#[test]
fn every_command_on_a_page_has_arguments_that_the_program_takes() {
    let folder = TempDir::new().unwrap();
    let mut faults = Vec::new();
    for (path, page) in named_pages() {
        let commands = commands(&page);
        assert!(commands.len() > 3 || ![PAGE, "README.md"].contains(&&*path), "{path}: too few");
        for command in commands {
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            let output = agency(&folder, &arguments);
            // 1: there are no settings here. 2 would be: there is no such argument.
            if output.status.code() != Some(1) {
                faults.push(format!("{path}: agency {}", command.join(" ")));
            }
        }
    }
    none_of("the program does not take these", &faults);
}

/// What the program says where a mention leaves out what a whole command must give.
const LEFT_OUT: [&str; 2] = ["required arguments were not provided", "a value is required for"];

/// Whether a mention names a verb, or some of one, and then nothing or options of it.
fn mentions(verbs: &[Vec<String>], words: &[&str]) -> bool {
    let plain = words.iter().take_while(|word| !word.starts_with("--")).count();
    verbs.iter().any(|verb| plain <= verb.len() && verb.iter().zip(&words[..plain]).all(is_same))
}

fn is_same((one, other): (&String, &&str)) -> bool {
    one == other
}

#[test]
fn every_command_in_a_sentence_is_whole_or_a_verb_with_options_of_its_own() {
    let folder = TempDir::new().unwrap();
    let verbs = verbs(&folder);
    let (mut faults, mut looked) = (Vec::new(), 0);
    for (path, page) in named_pages() {
        for text in quoted(&page) {
            // A line of a document that names an agency is no command.
            let command = text.strip_prefix("agency ").filter(|rest| !rest.starts_with('='));
            let Some(command) = command else { continue };
            let words: Vec<&str> = command.split_whitespace().collect();
            looked += 1;
            let is_mention = mentions(&verbs, &words);
            let is_part = is_mention && words.iter().all(|word| !word.starts_with("--"));
            let output = agency(&folder, &words);
            let said = String::from_utf8_lossy(&output.stderr);
            let is_short = is_mention && LEFT_OUT.iter().any(|words| said.contains(words));
            if output.status.code() != Some(1) && !is_part && !is_short {
                faults.push(format!("{path}: {text}"));
            }
        }
    }
    assert!(looked > 20, "the pages must name commands");
    none_of("the program does not take these", &faults);
}

#[test]
fn every_verb_and_option_of_the_program_is_on_its_page() {
    let folder = TempDir::new().unwrap();
    let shown = commands(&page(PAGE));
    let pages: String = PAGES.map(page).concat();
    let words: BTreeSet<&str> = pages.split([' ', '\n', '`', '[', ']', ',', '.', '|']).collect();
    let (verbs, mut faults) = (verbs(&folder), Vec::new());
    assert!(verbs.len() > 10, "the program must have verbs");
    for verb in verbs {
        let is_verb = |command: &Vec<String>| {
            let own = command.iter().filter(|word| !word.starts_with("--"));
            own.zip(&verb).filter(|(one, other)| one == other).count() == verb.len()
        };
        if !shown.iter().any(is_verb) {
            faults.push(format!("no command `agency {}`", verb.join(" ")));
        }
        let arguments: Vec<&str> = verb.iter().map(String::as_str).collect();
        let help = help(&folder, &arguments);
        let options = help.lines().filter(|line| line.trim_start().starts_with('-'));
        for option in options.filter_map(option_of) {
            if !words.contains(option) && option != "--help" {
                faults.push(format!("no word of `{option}` of `agency {}`", verb.join(" ")));
            }
        }
    }
    none_of("docs/agency.md does not show it", &faults);
}

#[test]
fn exit_codes_are_those_of_the_page() {
    let folder = TempDir::new().unwrap();
    let code = |arguments: &[&str]| agency(&folder, arguments).status.code().unwrap();
    let page = page(PAGE);
    let codes: Vec<i32> =
        crate::rows(&page, "Exit codes").iter().map(|row| row[0].parse::<i32>().unwrap()).collect();
    assert_eq!(codes, [code(&["--version"]), code(&["whoami"]), code(&["no-such-verb"])]);
}
