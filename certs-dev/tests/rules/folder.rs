//! What lies on disk, who may read it, and that an authority goes on where it was left.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use certs_dev::{Authority, CertsError, Faulty, Serial, write_credential};
use tempfile::TempDir;
use time::Duration;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::{AGENCY, NODE, NOON, PERSON, authority, revocation_lists};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_key_is_for_its_owner_only_and_a_certificate_for_anyone() {
    let folder = TempDir::new().unwrap();
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    write_credential(folder.path(), "gateway", &node).unwrap();
    assert_eq!(listing(folder.path()), ["gateway.key", "gateway.pem"]);
    assert_eq!(mode(&folder.path().join("gateway.key")), 0o600);
    assert_eq!(mode(&folder.path().join("gateway.pem")), 0o644);
}

#[test]
fn a_pair_is_replaced_whole_and_leaves_nothing_else_behind() {
    let folder = TempDir::new().unwrap();
    let mut authority = authority();
    let first = authority.first_issuer();
    let old = authority.node(first, AGENCY, NODE).unwrap();
    let new = authority.node(first, AGENCY, NODE).unwrap();
    write_credential(folder.path(), "gateway", &old).unwrap();
    fs::set_permissions(folder.path().join("gateway.key"), fs::Permissions::from_mode(0o644))
        .unwrap();
    write_credential(folder.path(), "gateway", &new).unwrap();
    assert_eq!(listing(folder.path()), ["gateway.key", "gateway.pem"]);
    assert_eq!(fs::read_to_string(folder.path().join("gateway.key")).unwrap(), new.key_pem);
    assert_eq!(fs::read_to_string(folder.path().join("gateway.pem")).unwrap(), new.chain_pem);
    assert_eq!(mode(&folder.path().join("gateway.key")), 0o600);
}

#[test]
fn a_file_name_cannot_leave_the_folder_or_hide_in_it() {
    let folder = TempDir::new().unwrap();
    let mut authority = authority();
    let node = authority.node(authority.first_issuer(), AGENCY, NODE).unwrap();
    for name in ["", "../gateway", "a/b", ".hidden", "a..b", "Gateway"] {
        let refused = write_credential(folder.path(), name, &node).unwrap_err();
        assert!(matches!(refused, CertsError::Name { field: "file name", .. }));
    }
    assert!(listing(folder.path()).is_empty());
}

#[test]
fn a_saved_authority_is_closed_to_others() {
    let above = TempDir::new().unwrap();
    let folder = above.path().join("authority");
    authority().save(&folder).unwrap();
    assert_eq!(listing(&folder), ["authority.toml", "crls.pem", "issuing", "root.key", "root.pem"]);
    assert_eq!(listing(&folder.join("issuing")), ["first.key", "first.pem"]);
    for (name, expected) in [
        ("", 0o700),
        ("issuing", 0o700),
        ("root.key", 0o600),
        ("issuing/first.key", 0o600),
        ("authority.toml", 0o600),
        ("root.pem", 0o644),
        ("issuing/first.pem", 0o644),
        ("crls.pem", 0o644),
    ] {
        assert_eq!(mode(&folder.join(name)), expected, "{name}");
    }
}

#[test]
fn a_save_that_stops_at_the_lists_loses_no_revocation() {
    let folder = TempDir::new().unwrap();
    let mut saved = authority();
    let revoked = saved.node(saved.first_issuer(), AGENCY, NODE).unwrap();
    saved.save(folder.path()).unwrap();
    let lists = folder.path().join("crls.pem");
    fs::remove_file(&lists).unwrap();
    // A folder in their place cannot be replaced by a file.
    fs::create_dir(&lists).unwrap();
    saved.revoke(&revoked).unwrap();
    assert!(matches!(saved.save(folder.path()), Err(CertsError::Write { .. })));

    fs::remove_dir(&lists).unwrap();
    Authority::load(folder.path(), NOON).unwrap().save(folder.path()).unwrap();
    assert_eq!(revoked_serials(&fs::read_to_string(&lists).unwrap()), [revoked.serial]);
}

#[test]
fn a_loaded_authority_goes_on_where_it_was_saved() {
    let folder = TempDir::new().unwrap();
    let mut saved = authority();
    let second = saved.issuer("second").unwrap();
    let revoked = saved.node(second, AGENCY, NODE).unwrap();
    saved.revoke(&revoked).unwrap();
    saved.save(folder.path()).unwrap();

    let mut loaded = Authority::load(folder.path(), NOON + Duration::days(1)).unwrap();
    assert_eq!(loaded.root_pem(), saved.root_pem());
    let second = loaded.find_issuer("second").unwrap();
    assert_eq!(loaded.issuer_key_id(second).unwrap(), revoked.issuer_key_id);
    let names: Vec<_> = loaded.issuers().map(|(_, name)| name).collect();
    assert_eq!(names, ["first", "second"]);
    let next = loaded.person(second, AGENCY, PERSON).unwrap();
    assert_eq!(next.serial.as_u64(), revoked.serial.as_u64() + 1);
    assert_eq!(revoked_serials(&loaded.crls_pem().unwrap()), [revoked.serial]);
    loaded.save(folder.path()).unwrap();
    loaded.revoke_serial(next.serial).unwrap();
    assert_eq!(revoked_serials(&loaded.crls_pem().unwrap()), [revoked.serial, next.serial]);
}

fn revoked_serials(pem: &str) -> Vec<Serial> {
    let mut serials = Vec::new();
    for list in revocation_lists(pem) {
        let (_, list) = CertificateRevocationList::from_der(&list).unwrap();
        for entry in list.iter_revoked_certificates() {
            serials.push(format!("{:x}", entry.serial()).parse().unwrap());
        }
    }
    serials
}

#[test]
fn a_folder_that_holds_anything_else_is_left_alone() {
    let another = TempDir::new().unwrap();
    let first = authority();
    first.save(another.path()).unwrap();
    assert!(matches!(authority().save(another.path()), Err(CertsError::FolderInUse)));
    assert_eq!(fs::read_to_string(another.path().join("root.pem")).unwrap(), first.root_pem());

    let strange = TempDir::new().unwrap();
    fs::write(strange.path().join("letter.txt"), "dear reader").unwrap();
    fs::set_permissions(strange.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(authority().save(strange.path()), Err(CertsError::FolderInUse)));
    assert_eq!(listing(strange.path()), ["letter.txt"]);
    assert_eq!(mode(strange.path()), 0o755);
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_refused() {
    let folder = TempDir::new().unwrap();
    authority().save(folder.path()).unwrap();
    fs::copy(folder.path().join("root.key"), folder.path().join("issuing/first.key")).unwrap();
    let refused = Authority::load(folder.path(), NOON).unwrap_err();
    assert!(matches!(refused, CertsError::Malformed { .. }));
}

fn certs_dev(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_certs-dev")).args(arguments).output().unwrap()
}

fn text(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn the_command_works_one_step_at_a_time() {
    let above = TempDir::new().unwrap();
    let folder = above.path().join("authority");
    let dir = text(above.path(), "authority");
    for arguments in [
        vec!["init", &dir, "--trust-domain", "pyramid.example", "--crl-days", "3"],
        vec!["issuer", &dir, "second"],
        vec!["server", &dir, "broker.example"],
        vec!["node", &dir, AGENCY, NODE, "--issuer", "second"],
        vec!["person", &dir, AGENCY, PERSON],
        vec!["revoke", &dir, &text(&folder, "issued/northshire-police.gateway-1.pem")],
        // The root is 1, the issuing authorities 2 and 3, the three leaves 4, 5 and 6.
        vec!["revoke", &dir, "6"],
        vec!["crl", &dir, "--days", "2"],
    ] {
        let output = certs_dev(&arguments);
        assert!(output.status.success(), "{arguments:?} {output:?}");
    }
    let six_then_five: [Serial; 2] = ["6".parse().unwrap(), "5".parse().unwrap()];
    let lists = fs::read_to_string(folder.join("crls.pem")).unwrap();
    assert_eq!(revoked_serials(&lists), six_then_five);
    let issued = listing(&folder.join("issued"));
    let person = format!("person-{PERSON}");
    let expected = ["northshire-police.gateway-1", &person, "server"]
        .into_iter()
        .flat_map(|name| [format!("{name}.key"), format!("{name}.pem")]);
    assert_eq!(issued, expected.collect::<Vec<_>>());
    assert_eq!(mode(&folder.join("issued/server.key")), 0o600);
}

#[test]
fn commands_at_once_never_give_out_one_serial_twice() {
    let above = TempDir::new().unwrap();
    let dir = text(above.path(), "authority");
    assert!(certs_dev(&["init", &dir]).status.success());
    let spoken: Vec<_> = ["north", "south", "east", "west"]
        .map(|node| {
            Command::new(env!("CARGO_BIN_EXE_certs-dev"))
                .args(["node", &dir, AGENCY, node])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .into_iter()
        .map(|command| String::from_utf8(command.wait_with_output().unwrap().stdout).unwrap())
        .collect();
    let mut serials: Vec<_> =
        spoken.iter().map(|said| said.trim().rsplit(' ').next().unwrap()).collect();
    serials.sort_unstable();
    assert_eq!(serials, ["3", "4", "5", "6"]);
}

#[test]
fn the_command_writes_every_wrong_certificate_by_name() {
    let above = TempDir::new().unwrap();
    let folder = above.path().join("authority");
    let dir = text(above.path(), "authority");
    assert!(certs_dev(&["init", &dir]).status.success());
    assert!(certs_dev(&["faulty", &dir]).status.success());
    let names = listing(&folder.join("faulty"));
    assert_eq!(names.len(), 30);
    for faulty in Faulty::ALL {
        assert!(names.contains(&format!("{}.pem", faulty.name())));
        assert!(names.contains(&format!("{}.key", faulty.name())));
    }
}

#[test]
fn the_command_refuses_plainly_and_changes_nothing() {
    let above = TempDir::new().unwrap();
    let folder = above.path().join("authority");
    let dir = text(above.path(), "authority");
    assert!(!certs_dev(&["node", &dir, AGENCY, NODE]).status.success());
    assert!(!folder.exists());
    assert!(certs_dev(&["init", &dir]).status.success());
    let before = fs::read_to_string(folder.join("authority.toml")).unwrap();
    for arguments in [
        vec!["init", &dir],
        vec!["node", &dir, "Northshire", NODE],
        vec!["node", &dir, AGENCY, NODE, "--issuer", "third"],
        vec!["person", &dir, AGENCY, "invented-name"],
        vec!["revoke", &dir, "99"],
        vec!["revoke", &dir, "xyz"],
    ] {
        let output = certs_dev(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert_eq!(fs::read_to_string(folder.join("authority.toml")).unwrap(), before);
    assert_eq!(listing(&folder), ["authority.toml", "crls.pem", "issuing", "root.key", "root.pem"]);
}
