//! The configuration's rules, as rows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::ops::traces::TracesOptions;

const GOOD: &str = r#"
duty_route = "0161 496 0000 (invented)"
[listen]
address = "127.0.0.1:7443"
certificate = "tls/server.pem"
key = "tls/server.key"
authorities = "/etc/pyramid/authorities.pem"
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

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/srv/pyramid"))
}

/// The faults of a document as `path: rule`, sorted.
fn faults(text: &str) -> Vec<String> {
    let error = parse(text).expect_err("the document has faults");
    let mut faults: Vec<_> = error.faults().iter().map(ToString::to_string).collect();
    faults.sort();
    faults
}

#[test]
fn what_is_not_set_has_a_safe_default() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.listen.handshake_timeout, Duration::from_secs(5));
    assert_eq!(config.listen.connections_max, 4_096);
    assert_eq!(config.store.disk_floor_mib, 512);
    assert_eq!(config.ledger.checkpoint_seconds, 10);
    assert_eq!(config.ops.metrics_address, Some("127.0.0.1:9464".parse().unwrap()));
    assert_eq!(config.ops.drain_seconds, 20);
    assert_eq!(config.ops.traces, None);
}

#[test]
fn a_relative_path_begins_at_the_folder_of_the_document() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.store.path, PathBuf::from("/srv/pyramid/store/pyramid.sqlite"));
    assert_eq!(config.listen.files.authorities, PathBuf::from("/etc/pyramid/authorities.pem"));
}

#[test]
fn every_fault_is_reported_at_once() {
    let text = r#"
        duty_rout = "0161 496 0000"
        [listen]
        address = "everywhere"
        certificate = 3
        key = "tls/server.key"
        authorities = "tls/authorities.pem"
        revocation_lists = " "
        handshake_seconds = 0
        [store]
        disk_floor_mib = "much"
        [ledger]
        origin = "two words"
        [ops]
        metrics_address = "0.0.0.0:9464"
        drain_seconds = -1
        [extra]
    "#;
    let expected = [
        "duty_rout: no such key",
        "duty_route: is missing",
        "extra: no such key",
        "keys.index_key: is missing",
        "keys.key_encryption_key: is missing",
        "keys.ledger_key: is missing",
        "ledger.origin: has no white space and no +",
        "listen.address: is an IP address and a port, such as 0.0.0.0:7443",
        "listen.certificate: is a text",
        "listen.handshake_seconds: is a whole number from 1 to 60",
        "listen.revocation_lists: is one line of 1 to 4096 characters, not blank",
        "ops.drain_seconds: is a whole number from 1 to 600",
        "ops.metrics_address: is an address of this machine such as 127.0.0.1:9464, or off",
        "store.disk_floor_mib: is a whole number from 64 to 1048576",
        "store.path: is missing",
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn a_key_itself_is_refused_and_not_repeated() {
    let pasted = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let text = GOOD.replace("keys/kek", pasted);
    let expected =
        ["keys.key_encryption_key: is a path to a file; the key itself never stands here"];
    assert_eq!(faults(&text), expected);
}

#[test]
fn what_is_not_toml_is_told_by_its_line_and_not_quoted() {
    assert_eq!(faults("duty_route = \"x\"\nsecret secret\n"), ["line 2: cannot be read as TOML"]);
}

#[test]
fn the_operators_listener_can_be_switched_off() {
    let config = parse(&format!("{GOOD}[ops]\nmetrics_address = \"off\"\n")).unwrap();
    assert_eq!(config.ops.metrics_address, None);
}

/// The document with these lines in `[ops]`.
fn with_ops(lines: &str) -> String {
    format!("{GOOD}[ops]\n{lines}\n")
}

#[test]
fn traces_go_to_a_collector_on_this_machine_or_to_one_that_proves_its_name() {
    let here = |address: &str| Collector::Here(address.parse().unwrap());
    let there = |host: &str, port| Collector::There {
        host: host.into(),
        port,
        authorities: PathBuf::from("/srv/pyramid/tls/roots.pem"),
    };
    let roots = "\notlp_authorities = \"tls/roots.pem\"";
    let rows = [
        ("http://127.0.0.1:4317", "", here("127.0.0.1:4317")),
        ("http://127.0.0.2", "", here("127.0.0.2:4317")),
        ("http://[::1]:9000/", "", here("[::1]:9000")),
        ("https://collector.example", roots, there("collector.example", 4_317)),
        ("https://192.0.2.7:443", roots, there("192.0.2.7", 443)),
    ];
    for (endpoint, rest, collector) in rows {
        let text = with_ops(&format!("otlp_endpoint = \"{endpoint}\"{rest}"));
        let expected = TracesOptions { collector, sampled_percent: 100 };
        assert_eq!(parse(&text).unwrap().ops.traces, Some(expected), "{endpoint}");
    }
    let few = with_ops("otlp_endpoint = \"http://127.0.0.1\"\notlp_sampled_percent = 5");
    assert_eq!(parse(&few).unwrap().ops.traces.unwrap().sampled_percent, 5);
    let without = with_ops("otlp_sampled_percent = 5");
    assert_eq!(parse(&without).unwrap().ops.traces, None, "without an endpoint there are none");
}

#[test]
fn an_endpoint_that_would_send_spans_in_the_clear_is_refused() {
    let rule = "ops.otlp_endpoint: is http:// and an address of this machine such as \
                http://127.0.0.1:4317, or https:// and the name in the collector's certificate";
    let endpoints = [
        "http://192.0.2.7:4317",
        "http://0.0.0.0:4317",
        "http://[2001:db8::1]:4317",
        "http://collector.example:4317",
        "http://localhost:4317",
        "http://127.0.0.1.example:4317",
        "http://127.0.0.1:4317@192.0.2.7",
        "http://127.0.0.1:",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:4317/v1/traces",
        "http://127.0.0.1:4317/?token=1",
        "127.0.0.1:4317",
        "grpc://127.0.0.1:4317",
        "collector",
    ];
    for endpoint in endpoints {
        let text = with_ops(&format!("otlp_endpoint = \"{endpoint}\""));
        assert_eq!(faults(&text), [rule], "{endpoint}");
    }
}

#[test]
fn roots_stand_with_tls_and_only_there() {
    let rows = [
        (
            "otlp_endpoint = \"https://collector.example\"",
            "ops.otlp_authorities: is missing: https:// needs a file of roots",
        ),
        (
            "otlp_endpoint = \"http://127.0.0.1\"\notlp_authorities = \"roots.pem\"",
            "ops.otlp_authorities: belongs to https://, and the endpoint is http://",
        ),
        (
            "otlp_endpoint = \"http://127.0.0.1\"\notlp_sampled_percent = 0",
            "ops.otlp_sampled_percent: is a whole number from 1 to 100",
        ),
        ("otlp_endpoint = 4317", "ops.otlp_endpoint: is a text"),
        ("otlp_headers = \"key=secret\"", "ops.otlp_headers: no such key"),
    ];
    for (lines, fault) in rows {
        assert_eq!(faults(&with_ops(lines)), [fault], "{lines}");
    }
}

/// Three good key files in a folder of their own, and a document that names them.
fn with_keys() -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    put(folder.path(), "kek", &[1; 32], 0o600);
    put(folder.path(), "index", format!("{}\n", "02".repeat(32)).as_bytes(), 0o400);
    put(folder.path(), "ledger", b"\x30\x03\x02\x01\x00", 0o600);
    let config = Config::parse(GOOD, folder.path()).unwrap();
    (folder, config)
}

fn put(folder: &Path, name: &str, content: &[u8], mode: u32) {
    let path = folder.join("keys").join(name);
    fs::remove_file(&path).ok();
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

fn key_faults(config: &Config) -> Vec<String> {
    let error = config.read_keys().expect_err("the key files have faults");
    error.faults().iter().map(ToString::to_string).collect()
}

#[test]
fn keys_are_raw_or_hexadecimal() {
    let (_folder, config) = with_keys();
    let keys = config.read_keys().unwrap();
    assert_eq!(*keys.kek, [1; 32]);
    assert_eq!(*keys.index, [2; 32]);
    assert_eq!(*keys.ledger_pkcs8, b"\x30\x03\x02\x01\x00");
    assert_eq!(format!("{keys:?}"), "KeyMaterial(..)");
}

#[test]
fn a_key_file_that_others_may_read_is_refused_by_name() {
    for mode in [0o640, 0o604, 0o644, 0o660, 0o700] {
        let (folder, config) = with_keys();
        put(folder.path(), "index", &[2; 32], mode);
        let expected = [
            "keys.index_key: the file's mode must be 0600 or 0400: nobody but its owner may read it",
        ];
        assert_eq!(key_faults(&config), expected, "mode {mode:o}");
    }
}

#[test]
fn every_faulty_key_file_is_named_at_once() {
    let (folder, config) = with_keys();
    put(folder.path(), "kek", &[1; 31], 0o600);
    fs::remove_file(folder.path().join("keys/index")).unwrap();
    put(folder.path(), "ledger", b"-----BEGIN PRIVATE KEY-----", 0o600);
    let expected = [
        "keys.key_encryption_key: the file must hold 32 bytes, or 64 hexadecimal digits",
        "keys.index_key: the file cannot be read",
        "keys.ledger_key: the file must hold a PKCS#8 key in DER, or its hexadecimal digits",
    ];
    assert_eq!(key_faults(&config), expected);
}

#[test]
fn one_key_is_not_used_for_two_purposes() {
    let (folder, config) = with_keys();
    put(folder.path(), "index", &[1; 32], 0o600);
    let expected = ["keys.index_key: is not the key-encryption key over again"];
    assert_eq!(key_faults(&config), expected);
}

#[test]
fn a_folder_or_a_large_file_is_no_key() {
    let (folder, config) = with_keys();
    fs::remove_file(folder.path().join("keys/kek")).unwrap();
    fs::create_dir(folder.path().join("keys/kek")).unwrap();
    put(folder.path(), "index", &[2; 2_000], 0o600);
    let expected = [
        "keys.key_encryption_key: is not a regular file",
        "keys.index_key: the file is larger than 1 KiB",
    ];
    assert_eq!(key_faults(&config), expected);
}
