//! Documents that somebody changed beside the broker, each found by its name.

use std::sync::OnceLock;

use rusqlite::Connection;

use super::story::{documents, written};
use super::{FsckFault, report_on};

/// What is found after the file was changed.
fn found(sql: &str) -> Vec<FsckFault> {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, FILE.get_or_init(|| written(documents))).unwrap();
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    report_on(&path).faults
}

#[test]
fn a_document_is_what_the_last_entry_that_wrote_it_says() {
    assert_eq!(found(""), []);
    for (name, content) in [
        ("bundle/in-force", "bb"),
        ("bundle/aa", "edited"),
        ("standing", "[]"),
        ("revocation-lists", "older"),
        // What an earlier entry wrote.
        ("directory", "older"),
    ] {
        let set = format!("UPDATE document SET content = CAST('{content}' AS BLOB)");
        let differs = FsckFault::DocumentDiffers { name: name.to_owned() };
        assert_eq!(found(&format!("{set} WHERE name = '{name}'")), [differs]);
        let missing = FsckFault::DocumentMissing { name: name.to_owned() };
        assert_eq!(found(&format!("DELETE FROM document WHERE name = '{name}'")), [missing]);
    }
}

#[test]
fn every_document_but_the_checkpoint_was_written_by_an_entry() {
    for name in ["bundle/in-force", "bundle/planted", "directory", "standing"] {
        let planted = super::found_after(|connection| {
            let sql = "INSERT INTO document VALUES (?1, x'00')";
            connection.execute(sql, [name]).unwrap();
        });
        assert_eq!(planted, [FsckFault::DocumentWithoutRecord { name: name.to_owned() }]);
    }
}

#[test]
fn the_record_of_a_change_names_each_document_by_the_hash_of_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, written(documents)).unwrap();
    let query = "SELECT data FROM entry WHERE idx = 1";
    let entry: Vec<u8> =
        Connection::open(&path).unwrap().query_row(query, [], |row| row.get(0)).unwrap();
    // SHA-256 of the three letters, as FIPS 180-4 has it.
    let named = concat!(
        r#""documents":[{"hash":"#,
        r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","#,
        r#""name":"directory"},{"hash":""#
    );
    assert!(String::from_utf8_lossy(&entry).contains(named));
}
