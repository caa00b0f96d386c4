//! Emergency accesses and their reviews that somebody changed beside the broker.
//!
//! Message 1 (entry 0) is an emergency access whose review entry 3 closed; message 2 (entry 1) one
//! whose review is open; message 3 (entry 2) is ordinary news.

use rusqlite::Connection;

use super::story::{reviewed, written};
use super::{FsckFault, differs, report_on, without_record, without_row};

#[track_caller]
fn breaks(sql: &str, expected: &[FsckFault]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, written(reviewed)).unwrap();
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    assert_eq!(report_on(&path).faults, expected, "{sql}");
}

#[test]
fn a_review_is_there_for_each_emergency_access_and_for_nothing_else() {
    breaks("", &[]);
    breaks("DELETE FROM review WHERE message = 2", &[without_row("review", 1)]);
    breaks(
        "DELETE FROM review WHERE message = 1",
        &[without_row("review", 0), without_row("review", 3)],
    );
    let row = "INSERT INTO review (message, entry, acting, second, opened_at)
                 SELECT ROW, 2, acting, second, opened_at FROM review WHERE message = 2";
    breaks(&row.replace("ROW", "3"), &[without_record("review", 3, 2)]);
    let dangling = FsckFault::Dangling { table: "review", row: 99 };
    breaks(&row.replace("ROW", "99"), &[dangling]);
}

#[test]
fn a_review_names_who_used_the_access_and_who_was_told() {
    for change in ["entry = 2", "acting = zeroblob(16)", "second = zeroblob(16)"] {
        breaks(
            &format!("UPDATE review SET {change} WHERE message = 2"),
            &[differs("review", 2, 1)],
        );
    }
}

#[test]
fn a_review_is_closed_as_its_entry_says_and_by_nobody_who_used_it() {
    let open = "closed = NULL, closed_by = NULL, finding = NULL, closed_at = NULL";
    for change in [open, "closed = 2", "closed_by = zeroblob(16)", "finding = 3"] {
        breaks(
            &format!("UPDATE review SET {change} WHERE message = 1"),
            &[differs("review", 1, 3)],
        );
    }
    breaks(
        "UPDATE review SET closed = 3, closed_by = zeroblob(16), finding = 1, closed_at = 0
           WHERE message = 2",
        &[without_record("review", 2, 3)],
    );
}
