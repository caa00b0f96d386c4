//! Times and reasons that somebody changed beside the broker.

use rusqlite::Connection;

use super::story::{hard_story, set_back, written};
use super::{FsckFault, breaks, report_on, without_record, without_row};

const DAYS: &str = "40 * 86400 * 1000000";

fn dated(table: &'static str, row: u64, entry: u64) -> FsckFault {
    FsckFault::RowTime { table, row, entry }
}

#[test]
fn a_release_is_dated_as_the_entry_that_records_it() {
    let all = [(1, 6), (2, 6), (3, 6), (4, 12)].map(|(row, entry)| dated("release", row, entry));
    breaks(&format!("UPDATE release SET at = at - {DAYS}"), &all);
    breaks(&format!("UPDATE release SET at = at + {DAYS}"), &all);
    breaks("UPDATE release SET at = at - 1000 WHERE rowid = 3", &[dated("release", 3, 6)]);
}

#[test]
fn a_message_is_dated_as_the_entry_that_accepted_it() {
    let later =
        |row: u64, by: &str| format!("UPDATE message SET accepted_at = {by} WHERE id = {row}");
    let first = dated("message", 1, 0);
    breaks(&later(2, &format!("accepted_at + {DAYS}")), &[dated("message", 2, 1)]);
    breaks(&later(1, "accepted_at + 3600 * 1000000"), std::slice::from_ref(&first));
    // An entry's time is rounded down, by an hour at most.
    breaks(&later(1, "accepted_at + 3600 * 1000000 - 1"), &[]);
    breaks(&later(1, "accepted_at - 1"), std::slice::from_ref(&first));
    breaks(&later(1, "-1"), std::slice::from_ref(&first));
    breaks(&format!("UPDATE message SET accepted_at = accepted_at - {DAYS}"), &[first]);
}

/// A clock is set back by an hour between two messages.
#[test]
fn a_clock_that_was_set_back_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, written(set_back)).unwrap();
    let connection = Connection::open(&path).unwrap();
    let query = "SELECT max(accepted_at) - min(accepted_at), count(*) FROM message";
    let found: (i64, i64) =
        connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(found, (3_600 * 1_000_000, 2));
    drop(connection);
    assert_eq!(report_on(&path).faults, []);
}

#[test]
fn each_look_has_its_reason_and_each_reason_its_look() {
    breaks("INSERT INTO reason VALUES (3, x'00')", &[without_record("reason", 3, 3)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, written(hard_story)).unwrap();
    assert_eq!(report_on(&path).faults, []);
    let connection = Connection::open(&path).unwrap();
    let query = "SELECT entry FROM reason";
    let look: u32 = connection.query_row(query, [], |row| row.get(0)).unwrap();
    connection.execute_batch("DELETE FROM reason").unwrap();
    drop(connection);
    assert_eq!(report_on(&path).faults, [without_row("reason", look.into())]);
}
