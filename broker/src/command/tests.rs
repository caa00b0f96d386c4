//! What operators may type.

use clap::CommandFactory as _;

use super::*;

fn accepts(line: &str) -> bool {
    Arguments::try_parse_from(line.split(' ')).is_ok()
}

#[test]
fn the_command_line_is_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn every_verb_takes_what_it_needs_and_no_less() {
    let reach = "--server-name broker.example --certificate c --key k --authority a";
    let rows = [
        ("broker init DIR --duty-route 01614960160", true),
        ("broker init DIR --duty-route 1 --origin o --trust-domain d", true),
        ("broker init DIR", false),
        ("broker init --duty-route 01614960160", false),
        ("broker bootstrap --config broker.toml --directory directory.toml", true),
        ("broker bootstrap --config broker.toml", false),
        ("broker serve", true),
        ("broker serve --config broker.toml", true),
        ("broker serve broker.toml", false),
        ("broker check-config --config broker.toml", true),
        ("broker accept-lists", true),
        ("broker accept-lists --config broker.toml", true),
        ("broker doctor --config broker.toml", true),
        ("broker fsck", true),
        ("broker fsck --config broker.toml", true),
        ("broker fsck --store s --key k", true),
        ("broker fsck --store s --key k --checkpoint c", true),
        ("broker fsck --checkpoint c", true),
        ("broker fsck --store s", false),
        ("broker fsck --key k", false),
        ("broker fsck --config broker.toml --store s --key k", false),
        ("broker admin status", false),
        (&format!("broker admin {reach} status"), true),
        (&format!("broker admin {reach} --address 127.0.0.1:7443 status"), true),
        (&format!("broker admin {reach}"), false),
        (&format!("broker admin {reach} suspend gmp"), true),
        (&format!("broker admin {reach} suspend"), false),
        (&format!("broker admin {reach} restore gmp"), true),
        (&format!("broker admin {reach} directory apply directory.toml"), true),
        (&format!("broker admin {reach} directory apply directory.toml --check"), true),
        (&format!("broker admin {reach} bundle propose policies"), true),
        (&format!("broker admin {reach} bundle approve 00ff"), true),
        (&format!("broker admin {reach} bundle approve"), false),
        (&format!("broker admin {reach} clock confirm 2026-03-02T12:00:00Z"), true),
        (&format!("broker admin {reach} clock confirm"), false),
        ("broker", false),
        ("broker drop-everything", false),
    ];
    for (line, expected) in rows {
        assert_eq!(accepts(line), expected, "{line}");
    }
}

#[test]
fn a_failure_names_every_fault_and_cause() {
    let error = broker::config::Config::parse("extra = 1", std::path::Path::new(""))
        .expect_err("an extra key is a fault");
    let lines = Failure::from(error).lines();
    assert_eq!(
        lines.first().map(String::as_str),
        Some("broker: the configuration has faults (12)")
    );
    assert!(lines.contains(&"  extra: no such key".to_owned()));
    let source = std::io::Error::from(std::io::ErrorKind::NotFound);
    let lines = Failure::Read { path: "a".into(), source }.lines();
    assert_eq!(lines, ["broker: a cannot be read", "  because: entity not found"]);
}

#[test]
fn a_verb_whose_reader_has_gone_ends_failing_and_without_a_word() {
    let (reader, mut closed) = std::io::pipe().unwrap();
    drop(reader);
    let failure = say_to(&mut closed, "in force").unwrap_err();
    assert_eq!(failure.lines(), Vec::<String>::new());
    assert_eq!(complain(&failure), ExitCode::FAILURE);

    let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let lines = say_to(&mut full, "in force").unwrap_err().lines();
    assert_eq!(lines.first().map(String::as_str), Some("broker: the output cannot be written"));
}
