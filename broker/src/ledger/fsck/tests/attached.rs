//! Documents that somebody changed beside the broker.

use super::{FsckFault, breaks, without_record};

/// A document of the first message's sender; `message` names it.
fn document(wrapped_key: &str, whole: u8, message: &str, pieces: &[(u32, u32)]) -> String {
    let pieces: Vec<String> = pieces
        .iter()
        .map(|(place, bytes)| format!("INSERT INTO piece VALUES (1, {place}, zeroblob({bytes}));"))
        .collect();
    format!(
        "INSERT INTO attachment SELECT 1, agency, zeroblob(16), 262145, zeroblob(32), {wrapped_key},
           {whole}, 0, {message}, CASE WHEN {message} IS NULL THEN NULL ELSE zeroblob(32) END
         FROM message WHERE id = 1; {}",
        pieces.join(" ")
    )
}

const KEY: &str = "zeroblob(40)";
/// Both pieces of 262,145 bytes, each with its seal.
const BOTH: [(u32, u32); 2] = [(0, 262_172), (1, 29)];

#[test]
fn a_document_that_waits_for_a_message_or_is_on_its_way_is_no_fault() {
    breaks(&document(KEY, 1, "NULL", &BOTH), &[]);
    breaks(&document(KEY, 0, "NULL", &BOTH[..1]), &[]);
    breaks(&document(KEY, 0, "NULL", &[]), &[]);
}

#[test]
fn a_document_that_a_message_has_stands_in_the_record_of_its_acceptance() {
    breaks(&document(KEY, 1, "1", &BOTH), &[without_record("attachment", 1, 0)]);
    let dangling = FsckFault::Dangling { table: "attachment", row: 1 };
    breaks(&document(KEY, 1, "999", &BOTH), std::slice::from_ref(&dangling));
    // One that is not whole cannot have been named.
    breaks(&document(KEY, 0, "1", &BOTH), &[dangling]);
}

#[test]
fn key_and_pieces_are_those_of_its_length() {
    let faulty = [FsckFault::Pieces { row: 1 }];
    breaks(&document("x''", 1, "NULL", &BOTH), &faulty);
    breaks(&document(KEY, 1, "NULL", &BOTH[..1]), &faulty);
    breaks(&document(KEY, 0, "NULL", &BOTH[1..]), &faulty);
    breaks(&document(KEY, 1, "NULL", &[(0, 262_172), (1, 30)]), &faulty);
    breaks(&document(KEY, 0, "NULL", &[(0, 262_172), (1, 29), (2, 29)]), &faulty);
}

#[test]
fn pieces_and_what_may_be_fetched_are_of_a_document_that_is_there() {
    let lost = FsckFault::Dangling { table: "piece", row: 1 };
    breaks("INSERT INTO piece VALUES (7, 0, zeroblob(29))", &[lost]);
    let dangling = FsckFault::Dangling { table: "release_section", row: 1 };
    breaks("INSERT INTO release_section SELECT release_id, 7 FROM release LIMIT 1", &[dangling]);
    let named = document(KEY, 1, "1", &BOTH)
        + "INSERT INTO release_section SELECT release_id, 1 FROM release WHERE rowid = 1;";
    let faults = [without_record("attachment", 1, 0), without_record("release_section", 1, 6)];
    breaks(&named, &faults);
}
