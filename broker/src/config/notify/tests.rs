//! The rules of `[notify]`, as rows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::Config;

use super::*;

const REST: &str = r#"
duty_route = "0161 496 0000 (invented)"
[listen]
address = "127.0.0.1:7443"
certificate = "tls/server.pem"
key = "tls/server.key"
authorities = "tls/authorities.pem"
revocation_lists = "tls/crls.pem"
[store]
path = "store/pyramid.sqlite"
[keys]
key_encryption_key = "keys/kek"
index_key = "keys/index"
ledger_key = "keys/ledger"
[ledger]
origin = "pyramid.example/ledger"
"#;

const MAIL: &str = r#"
operators = ["duty@operations.example"]
smtp_host = "relay.example"
smtp_authorities = "tls/relay.pem"
sender = "broker@pyramid.example"
"#;

const WEB: &str = r#"
webhook_url = "https://notices.example/duty"
webhook_authorities = "tls/receivers.pem"
webhook_key = "keys/webhook"
"#;

fn parse(lines: &str) -> Result<Config, ConfigError> {
    Config::parse(&format!("{REST}[notify]\n{lines}"), Path::new("/srv/pyramid"))
}

fn options(lines: &str) -> NotifyOptions {
    parse(lines).unwrap().notify.unwrap()
}

fn faults(lines: &str) -> Vec<String> {
    let error = parse(lines).expect_err(lines);
    let mut faults: Vec<_> = error.faults().iter().map(ToString::to_string).collect();
    faults.sort();
    faults
}

fn contact(text: &str) -> Contact {
    Contact::read(text).unwrap()
}

#[test]
fn without_the_section_nothing_leaves() {
    let config = Config::parse(REST, Path::new("/srv/pyramid")).unwrap();
    assert_eq!(config.notify, None);
    let secrets = config.read_notify_secrets().unwrap();
    assert!(secrets.mail.is_none() && secrets.web.is_none());
}

#[test]
fn a_relay_is_reached_over_tls_unless_it_is_on_this_machine() {
    let there = |port, implicit| Relay::There {
        host: "relay.example".into(),
        port,
        implicit,
        authorities: PathBuf::from("/srv/pyramid/tls/relay.pem"),
    };
    let here = MAIL
        .replace("relay.example", "127.0.0.1")
        .replace("smtp_authorities = \"tls/relay.pem\"", "smtp_tls = \"none\"");
    let rows = [
        (MAIL.to_owned(), there(587, false)),
        (format!("{MAIL}smtp_tls = \"starttls\"\nsmtp_port = 2525"), there(2_525, false)),
        (format!("{MAIL}smtp_tls = \"implicit\""), there(465, true)),
        (here, Relay::Here { address: [127, 0, 0, 1].into(), port: 25 }),
    ];
    for (lines, relay) in rows {
        assert_eq!(options(&lines).mail.unwrap().relay, relay, "{lines}");
    }
}

#[test]
fn what_is_not_set_has_a_default_and_notices_wait_beside_the_store() {
    let options = options(&format!("{MAIL}{WEB}"));
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(options.chain, Chain::new(minutes(30), minutes(120)).unwrap());
    assert_eq!(options.folder, PathBuf::from("/srv/pyramid/store/notices"));
    assert_eq!(options.mail.unwrap().credentials, None);
    let operators = [contact("duty@operations.example"), contact("https://notices.example/duty")];
    assert_eq!(options.operators, operators);
}

#[test]
fn the_shipped_section_is_good_once_it_is_no_comment() {
    let shipped = include_str!("../../../../deploy/broker.toml");
    let (_, section) = shipped.split_once("\n#[notify]\n").unwrap();
    let lines: String = section
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| format!("{}\n", &line[1..]))
        .collect();
    let options = options(&lines);
    assert!(options.mail.is_some() && options.web.is_some());
    assert_eq!(options.chain, Chain::default(), "what is shown is the default");
}

#[test]
fn either_way_is_enough() {
    assert!(options(MAIL).web.is_none());
    assert!(options(WEB).mail.is_none());
}

#[test]
fn what_could_leave_in_the_clear_or_reach_nobody_is_refused() {
    let rows = [
        (
            String::new(),
            vec![
                "notify.operators: is missing: somebody must be told",
                "notify.smtp_host: is missing, and so is webhook_key: nothing could leave",
            ],
        ),
        (
            MAIL.replace("smtp_authorities = \"tls/relay.pem\"", ""),
            vec!["notify.smtp_authorities: is missing: TLS needs a file of roots"],
        ),
        (
            MAIL.replace("smtp_authorities = \"tls/relay.pem\"", "smtp_tls = \"none\""),
            vec!["notify.smtp_host: is a loopback address such as 127.0.0.1, for smtp_tls is none"],
        ),
        (
            MAIL.replace("relay.example", "localhost") + "smtp_tls = \"none\"",
            vec![
                "notify.smtp_authorities: belongs to TLS, and smtp_tls is none",
                "notify.smtp_host: is a loopback address such as 127.0.0.1, for smtp_tls is none",
            ],
        ),
        (
            format!("{MAIL}smtp_tls = \"opportunistic\""),
            vec!["notify.smtp_tls: is starttls, implicit or none"],
        ),
        (
            MAIL.replace("relay.example", "relay.example:25"),
            vec!["notify.smtp_host: is the name in the relay's certificate, and nothing more"],
        ),
        (format!("{MAIL}smtp_password = \"secret\""), vec!["notify.smtp_password: no such key"]),
        (
            MAIL.replace("broker@pyramid.example", "https://pyramid.example"),
            vec!["notify.sender: is an e-mail address"],
        ),
        (
            MAIL.replace("duty@operations.example", "Duty <duty@operations.example>"),
            vec![
                "notify.operators: each is an e-mail address, or https:// with a host, and no query",
            ],
        ),
        (
            MAIL.replace("duty@operations.example", "https://notices.example"),
            vec!["notify.operators: has an address of a way that is not configured"],
        ),
        (
            MAIL.replace("operators = [\"duty@operations.example\"]", "operators = \"duty\""),
            vec!["notify.operators: is a list of at most 8 texts of one line"],
        ),
        (
            format!("{MAIL}duty_officer_minutes = 60\nagency_lead_minutes = 59"),
            vec!["notify.agency_lead_minutes: is no less than duty_officer_minutes"],
        ),
    ];
    for (lines, expected) in rows {
        assert_eq!(faults(&lines), expected, "{lines}");
    }
}

#[test]
fn what_belongs_to_a_way_that_is_not_there_is_refused() {
    let rows = [
        (
            WEB.replace("webhook_key = \"keys/webhook\"", "smtp_port = 25"),
            vec![
                "notify.smtp_port: does nothing without smtp_host",
                "notify.webhook_authorities: does nothing without webhook_key",
                "notify.webhook_url: does nothing without webhook_key",
            ],
        ),
        (
            WEB.replace("https://notices.example/duty", "https://notices.example?key=secret"),
            vec!["notify.webhook_url: is https:// with a host, and no query"],
        ),
    ];
    for (lines, expected) in rows {
        assert_eq!(faults(&lines), expected, "{lines}");
    }
}

#[test]
fn further_bank_holidays_are_days() {
    let with = |days: &str| format!("further_bank_holidays = {days}\n{REST}");
    let parse = |days: &str| Config::parse(&with(days), Path::new("/srv/pyramid"));
    let config = parse("[\"2031-06-11\", \"2031-09-01\"]").unwrap();
    let days: Vec<_> = config.further_bank_holidays.iter().map(ToString::to_string).collect();
    assert_eq!(days, ["2031-06-11", "2031-09-01"]);
    let expected = "further_bank_holidays: is a list of days such as 2031-06-11";
    for days in ["[\"2031-02-29\"]", "[\"11.6.2031\"]", "[\"2031-06\"]", "[\"\u{2212}2031\"]"] {
        let error = parse(days).expect_err(days);
        assert_eq!(error.faults()[0].to_string(), expected, "{days}");
    }
}

#[test]
fn secrets_are_read_from_files_that_only_their_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    let put = |name: &str, content: &str, mode| {
        let path = folder.path().join("keys").join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    put("relay", "pyramid\nsecret of the relay\n", 0o600);
    put("webhook", &"07".repeat(32), 0o600);
    let lines = format!("{MAIL}{WEB}smtp_credentials = \"keys/relay\"");
    let config = Config::parse(&format!("{REST}[notify]\n{lines}"), folder.path()).unwrap();
    let secrets = config.read_notify_secrets().unwrap();
    assert_eq!(
        format!("{secrets:?}"),
        "NotifySecrets { mail: Some(MailCredentials(..)), web: Some(WebKey(..)) }"
    );
    let mail = secrets.mail.unwrap();
    assert_eq!((mail.user.as_str(), mail.password.as_str()), ("pyramid", "secret of the relay"));
    assert_eq!(*secrets.web.unwrap().0, [7; 32]);
    put("relay", "pyramid\n", 0o600);
    fs::set_permissions(folder.path().join("keys/webhook"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let error = config.read_notify_secrets().unwrap_err();
    let faults: Vec<_> = error.faults().iter().map(ToString::to_string).collect();
    let expected = [
        "notify.smtp_credentials: the file must hold a user name and a password, each on a line \
         of its own",
        "notify.webhook_key: the file's mode must be 0600 or 0400: nobody but its owner may read it",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn every_file_the_section_names_is_known_by_its_key() {
    let config = parse(&format!("{MAIL}{WEB}smtp_credentials = \"keys/relay\"")).unwrap();
    let named: Vec<_> = config.paths().into_iter().map(|(key, _)| key).collect();
    for key in ["smtp_authorities", "smtp_credentials", "webhook_authorities", "webhook_key"] {
        assert!(named.contains(&format!("notify.{key}").as_str()), "{key}");
    }
}
