//! A small store written by the real appender, then broken in one place at a time.

mod attached;
mod documents;
mod moments;
mod reviews;
mod story;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use proto::ledger::checkpoint::Checkpoint;
use proto::ledger::tree::Hash;
use rusqlite::Connection;

use super::{FsckFault, RawLedger as _, Report, check, check_with};
use crate::ledger::journal::Journal as _;
use crate::store::sqlite::{SqliteRaw, open_journal};

use story::{KEY_SEED, ORIGIN, hard_story, note, story, verifier, written};

fn sound_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| written(story))
}

/// A copy of the story's file, to be broken.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, sound_file()).unwrap();
    (folder, path)
}

fn report_on(path: &Path) -> Report {
    check(&SqliteRaw::open(path).unwrap(), Some(&verifier())).unwrap()
}

/// What is found after the file was changed.
fn found_after(change: impl FnOnce(&Connection)) -> Vec<FsckFault> {
    let (_folder, path) = copy();
    let connection = Connection::open(&path).unwrap();
    change(&connection);
    drop(connection);
    let report = report_on(&path);
    assert_eq!(report.faults_total, report.faults.len() as u64);
    report.faults
}

#[track_caller]
fn breaks(sql: &str, expected: &[FsckFault]) {
    let found = found_after(|connection| connection.execute_batch(sql).unwrap());
    assert_eq!(found, expected, "{sql}");
}

fn tile(level: u8, index: u64) -> FsckFault {
    FsckFault::Tile { level, index }
}

fn differs(table: &'static str, row: u64, entry: u64) -> FsckFault {
    FsckFault::RowDiffers { table, row, entry }
}

fn without_record(table: &'static str, row: u64, entry: u64) -> FsckFault {
    FsckFault::RowWithoutRecord { table, row, entry }
}

fn without_row(table: &'static str, entry: u64) -> FsckFault {
    FsckFault::RecordWithoutRow { table, entry }
}

#[test]
fn a_sound_store_has_no_fault() {
    let (_folder, path) = copy();
    let report = report_on(&path);
    let expected = Report {
        entries: 318,
        messages: 7,
        deliveries: 6,
        releases: 4,
        checkpoint_size: Some(313),
        faults: Vec::new(),
        faults_total: 0,
    };
    assert_eq!(report, expected);
    assert!(report.sound());
    let unsigned = check(&SqliteRaw::open(&path).unwrap(), None).unwrap();
    assert_eq!(unsigned, Report { checkpoint_size: None, ..expected });
}

#[test]
fn a_store_that_was_never_written_to_has_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    drop(open_journal(&path).unwrap());
    assert_eq!(report_on(&path), Report::default());
}

#[test]
fn whatever_the_broker_does_with_deliveries_leaves_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, written(hard_story)).unwrap();
    let report = report_on(&path);
    assert_eq!((report.faults, report.messages), (Vec::new(), 9));
    let connection = Connection::open(&path).unwrap();
    let query = "SELECT count(*) FROM delivery d JOIN message m ON m.id = d.message
                 WHERE d.entry > m.entry";
    let late: i64 = connection.query_row(query, [], |row| row.get(0)).unwrap();
    // The news, and the question where a person without an area is going.
    assert_eq!(late, 2, "the flag's owner was found after the news was out");
    drop(connection);
    // What was released and not settled waits again after a restart.
    open_journal(&path).unwrap().start().unwrap();
    assert_eq!(report_on(&path).faults, []);
}

#[test]
fn a_changed_byte_of_an_entry_shows_in_every_hash_above_it() {
    // Byte 0 is of the seed: the entry still reads, but nothing above it fits.
    let seed = "UPDATE entry SET data = CAST(x'5a' || substr(data, 2) AS BLOB) WHERE idx = 20";
    let above = FsckFault::CheckpointRoot { size: 313 };
    breaks(seed, &[tile(0, 0), above, tile(1, 0), FsckFault::HeadFrontier]);
    // The number of slots stands at byte 40.
    let slots =
        "UPDATE entry SET data = CAST(substr(data, 1, 40) || x'00000011' || substr(data, 45)
                                      AS BLOB) WHERE idx = 20";
    breaks(slots, &[FsckFault::EntryUnreadable { index: 20 }]);
    breaks(
        "UPDATE entry SET data = CAST(data || x'00' AS BLOB) WHERE idx = 20",
        &[FsckFault::EntryUnreadable { index: 20 }],
    );
    breaks(
        "UPDATE entry SET data = 'text' WHERE idx = 20",
        &[FsckFault::EntryUnreadable { index: 20 }],
    );
}

#[test]
fn a_record_that_is_not_canonical_is_named_by_its_slot() {
    let found = found_after(|connection| {
        let query = "SELECT data FROM entry WHERE idx = 9";
        let mut data: Vec<u8> = connection.query_row(query, [], |row| row.get(0)).unwrap();
        // The closing brace of the entry's only record.
        *data.last_mut().unwrap() = b' ';
        connection.execute("UPDATE entry SET data = ?1 WHERE idx = 9", [data]).unwrap();
    });
    let [form, rest @ ..] = &found[..] else { panic!("nothing was found") };
    assert!(matches!(form, FsckFault::RecordForm { index: 9, slot: 0..=15 }), "{form}");
    let expected = [
        tile(0, 0),
        FsckFault::CheckpointRoot { size: 313 },
        tile(1, 0),
        FsckFault::HeadFrontier,
        // Nothing else says that it expired.
        FsckFault::DeliveryState { row: 5 },
    ];
    assert_eq!(rest, expected);
}

/// What is found after a text inside an entry was replaced by one of the same length.
fn found_after_rewording(index: i64, from: &str, to: &str) -> Vec<FsckFault> {
    assert_eq!(from.len(), to.len());
    found_after(|connection| {
        let query = "SELECT data FROM entry WHERE idx = ?1";
        let mut data: Vec<u8> = connection.query_row(query, [index], |row| row.get(0)).unwrap();
        let place = data.windows(from.len()).position(|text| text == from.as_bytes()).unwrap();
        data[place..place + from.len()].copy_from_slice(to.as_bytes());
        let sql = "UPDATE entry SET data = ?2 WHERE idx = ?1";
        connection.execute(sql, rusqlite::params![index, data]).unwrap();
    })
}

#[test]
fn records_of_one_entry_agree_with_each_other() {
    let hashes =
        [tile(0, 0), FsckFault::CheckpointRoot { size: 313 }, tile(1, 0), FsckFault::HeadFrontier];
    let with_hashes = |own: &[FsckFault]| [own, &hashes].concat();
    // The sender is told that a message of his was given that he never sent.
    assert_eq!(
        found_after_rewording(6, "000000000001\",\"release", "000000000009\",\"release"),
        with_hashes(&[FsckFault::SendersUntold { index: 6 }]),
    );
    // The decision beside an acceptance is on another message: one not yet accepted, or none.
    let decision = |number: u8| format!("00000000000{number}\",\"operation\":\"consultation");
    assert_eq!(
        found_after_rewording(4, &decision(5), &decision(6)),
        with_hashes(&[FsckFault::DecisionMissing { index: 4 }]),
    );
    assert_eq!(
        found_after_rewording(4, &decision(5), &decision(9)),
        with_hashes(&[without_row("message", 4), FsckFault::DecisionMissing { index: 4 }]),
    );
    // A refused candidate that lists a delivery all the same.
    assert_eq!(
        found_after_rewording(1, "\"refusal\":0", "\"refusal\":1"),
        with_hashes(&[differs("delivery", 3, 1)]),
    );
}

#[test]
fn missing_entries_are_named_and_nothing_above_is_guessed_at() {
    breaks("DELETE FROM entry WHERE idx = 20", &[FsckFault::EntriesMissing { from: 20, count: 1 }]);
    breaks(
        "DELETE FROM entry WHERE idx >= 310",
        &[FsckFault::EntriesMissing { from: 310, count: 8 }],
    );
    // The entry that accepted message 2 and permitted its delivery.
    breaks(
        "DELETE FROM entry WHERE idx = 1",
        &[
            FsckFault::EntriesMissing { from: 1, count: 1 },
            without_record("message", 2, 1),
            without_record("delivery", 3, 1),
        ],
    );
    // The entry of three releases.
    breaks(
        "DELETE FROM entry WHERE idx = 6",
        &[
            FsckFault::EntriesMissing { from: 6, count: 1 },
            without_record("release", 1, 6),
            without_record("release", 2, 6),
            without_record("release", 3, 6),
        ],
    );
}

#[test]
fn a_cut_tail_contradicts_tiles_and_checkpoint_even_when_the_head_was_cut_too() {
    let mut faults = vec![FsckFault::CheckpointBeyond { size: 313 }];
    faults.extend((312..318).map(|index| FsckFault::EntryOutside { index }));
    faults.extend([tile(0, 1), FsckFault::HeadFrontier]);
    breaks("UPDATE head SET size = 312", &faults);
    breaks(
        "UPDATE head SET size = 250; DELETE FROM entry WHERE idx >= 250",
        &[
            FsckFault::CheckpointBeyond { size: 313 },
            tile(0, 0),
            FsckFault::HeadFrontier,
            FsckFault::TileSurplus { level: 0, index: 1 },
            FsckFault::TileSurplus { level: 1, index: 0 },
        ],
    );
}

#[test]
fn without_a_head_nothing_belongs_to_the_log() {
    let (_folder, path) = copy();
    Connection::open(&path).unwrap().execute("DELETE FROM head", []).unwrap();
    let report = report_on(&path);
    let expected = [
        FsckFault::HeadCounter { table: "subscription" },
        FsckFault::HeadCounter { table: "message" },
        FsckFault::HeadCounter { table: "delivery" },
        FsckFault::CheckpointBeyond { size: 313 },
        FsckFault::EntryOutside { index: 0 },
    ];
    assert_eq!(report.faults[..5], expected);
    // Those four, 318 entries, 3 tiles, and 17 rows of which no entry speaks.
    assert_eq!((report.entries, report.faults_total), (318, 4 + 318 + 3 + 17));
}

#[test]
fn swapped_entries_are_found_by_hash_rows_and_time() {
    let swap = |one: u64, other: u64| {
        format!(
            "UPDATE entry SET idx = -1 WHERE idx = {one};
             UPDATE entry SET idx = {one} WHERE idx = {other};
             UPDATE entry SET idx = {other} WHERE idx = -1;"
        )
    };
    let hashes =
        [tile(0, 0), FsckFault::CheckpointRoot { size: 313 }, tile(1, 0), FsckFault::HeadFrontier];
    breaks(&swap(20, 21), &hashes);
    let mut expected = vec![
        differs("message", 3, 1),
        differs("delivery", 4, 1),
        differs("message", 2, 2),
        differs("delivery", 3, 2),
    ];
    expected.extend(hashes.clone());
    let found = found_after(|connection| connection.execute_batch(&swap(1, 2)).unwrap());
    let sorted = |mut faults: Vec<FsckFault>| {
        faults.sort_by_key(|fault| format!("{fault:?}"));
        faults
    };
    assert_eq!(sorted(found), sorted(expected));
    // Entry 9 was made a minute before all that stand above it.
    let mut expected = vec![FsckFault::EntryTime { index: 20 }];
    expected.extend(hashes);
    breaks(&swap(9, 20), &expected);
}

#[test]
fn tiles_are_those_the_entries_give_and_no_others() {
    breaks("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0", &[tile(0, 0)]);
    breaks("UPDATE tile SET hashes = zeroblob(1984) WHERE level = 0 AND idx = 1", &[tile(0, 1)]);
    breaks("UPDATE tile SET hashes = x'' WHERE level = 1", &[tile(1, 0)]);
    breaks("DELETE FROM tile WHERE level = 0 AND idx = 1", &[tile(0, 1)]);
    breaks(
        "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 0 AND idx = 1",
        &[tile(0, 1)],
    );
    let surplus = |level, index| FsckFault::TileSurplus { level, index };
    breaks("INSERT INTO tile VALUES (0, 2, zeroblob(32))", &[surplus(0, 2)]);
    breaks("INSERT INTO tile VALUES (2, 0, zeroblob(32))", &[surplus(2, 0)]);
    breaks("INSERT INTO tile VALUES (-3, 0, zeroblob(32))", &[surplus(-3, 0)]);
    breaks("INSERT INTO tile VALUES (0, 'x', zeroblob(32))", &[surplus(0, -1)]);
}

#[test]
fn the_head_is_what_the_entries_lead_to() {
    breaks(
        "UPDATE head SET frontier = CAST(substr(frontier, 1, 20) || x'00' || substr(frontier, 22)
                                         AS BLOB)",
        &[FsckFault::HeadFrontier],
    );
    breaks("UPDATE head SET last_time = 5", &[FsckFault::HeadTime]);
    breaks("UPDATE head SET last_delivery = 5", &[FsckFault::HeadCounter { table: "delivery" }]);
    breaks("UPDATE head SET size = 319", &[FsckFault::EntriesMissing { from: 318, count: 1 }]);
    let (_folder, path) = copy();
    Connection::open(&path).unwrap().execute("UPDATE head SET size = -1", []).unwrap();
    assert!(check(&SqliteRaw::open(&path).unwrap(), None).is_err(), "no size, no check");
}

#[test]
fn the_checkpoint_is_signed_by_the_key_and_over_these_entries() {
    let keep = |text: String| {
        found_after(|connection| {
            let sql = "UPDATE document SET content = ?1 WHERE name = 'checkpoint'";
            connection.execute(sql, [text.into_bytes()]).unwrap();
        })
    };
    let zero = Hash::from([0; 32]);
    assert_eq!(keep(note(313, zero)), [FsckFault::CheckpointRoot { size: 313 }]);
    assert_eq!(keep(note(900, zero)), [FsckFault::CheckpointBeyond { size: 900 }]);
    assert_eq!(keep("not a note".into()), [FsckFault::CheckpointSignature]);
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let forged = Checkpoint { origin: ORIGIN.to_owned(), size: 313, root: zero };
    assert_eq!(keep(forged.sign(&other, ORIGIN).unwrap()), [FsckFault::CheckpointSignature]);
    let own = Ed25519KeyPair::from_seed_unchecked(&KEY_SEED).unwrap();
    let elsewhere = Checkpoint { origin: "ledger.example/other".to_owned(), ..forged };
    assert_eq!(keep(elsewhere.sign(&own, ORIGIN).unwrap()), [FsckFault::CheckpointSignature]);
}

#[test]
fn entries_without_a_checkpoint_are_held_against_one_that_was_kept_elsewhere() {
    let (_folder, path) = copy();
    let connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM document WHERE name = 'checkpoint'", []).unwrap();
    drop(connection);
    assert_eq!(report_on(&path).faults, [FsckFault::CheckpointMissing]);

    let kept = |note: String| proto::ledger::checkpoint::verify(&note, &verifier()).unwrap();
    let raw = SqliteRaw::open(&path).unwrap();
    let found = |kept| check_with(&raw, Some(&verifier()), &[kept]).unwrap();
    let (_whole, whole) = copy();
    let own = SqliteRaw::open(&whole).unwrap().document("checkpoint").unwrap().unwrap();
    let own = kept(String::from_utf8(own).unwrap());
    let report = found(own);
    assert_eq!((report.faults, report.checkpoint_size), (Vec::new(), Some(313)));
    let other = found(kept(note(200, Hash::from([1; 32]))));
    assert_eq!(other.faults, [FsckFault::CheckpointRoot { size: 200 }]);
}

#[test]
fn a_checkpoint_is_called_good_only_when_the_entries_give_its_root() {
    for (content, good) in [
        (note(313, Hash::from([0; 32])), None),
        (note(900, Hash::from([0; 32])), None),
        (note(0, Hash::of_empty_tree()), Some(0)),
    ] {
        let (_folder, path) = copy();
        let sql = "UPDATE document SET content = ?1 WHERE name = 'checkpoint'";
        Connection::open(&path).unwrap().execute(sql, [content.into_bytes()]).unwrap();
        assert_eq!(report_on(&path).checkpoint_size, good);
    }
}

#[test]
fn a_message_row_is_the_one_its_entry_accepted() {
    breaks("UPDATE message SET digest = zeroblob(32) WHERE id = 2", &[differs("message", 2, 1)]);
    breaks("UPDATE message SET entry = 3 WHERE id = 2", &[differs("message", 2, 1)]);
    breaks("UPDATE message SET kind = 'flag' WHERE id = 2", &[differs("message", 2, 1)]);
    // Nobody was to be given message 5: only its own record misses it.
    breaks("DELETE FROM message WHERE id = 5", &[without_row("message", 4)]);
    breaks(
        "UPDATE message SET agency = 'probation' WHERE id = 5",
        &[without_row("message", 4), without_record("message", 5, 4)],
    );
    breaks(
        "INSERT INTO message SELECT 8, agency, zeroblob(16), digest, entry, kind, node, desk,
           accepted_at, expires_at, not_before, wrapped_key, body, decision, tokens, 9, NULL
         FROM message WHERE id = 5;
         UPDATE head SET last_message = 8",
        &[FsckFault::Dangling { table: "message", row: 8 }, without_record("message", 8, 4)],
    );
    // Message 7 withdraws message 6; message 3 withdraws nothing.
    for (row, change) in [(7, "NULL"), (7, "5"), (3, "1")] {
        breaks(
            &format!("UPDATE message SET withdraws = {change} WHERE id = {row}"),
            &[FsckFault::Withdraws { row }],
        );
    }
    for part in ["wrapped_key", "body", "decision"] {
        breaks(
            &format!("UPDATE message SET {part} = x'' WHERE id = 2"),
            &[FsckFault::SealedPart { row: 2 }],
        );
    }
    breaks(
        "UPDATE message SET digest = x'00' WHERE id = 5",
        &[FsckFault::RowUnreadable { table: "message", row: 5 }, without_row("message", 4)],
    );
}

#[test]
fn a_delivery_row_is_one_its_entry_permits() {
    // Delivery 2 waits in probation's mailbox and was never released.
    breaks("DELETE FROM delivery WHERE id = 2", &[without_row("delivery", 0)]);
    breaks("UPDATE delivery SET entry = 1 WHERE id = 2", &[differs("delivery", 2, 0)]);
    breaks("UPDATE delivery SET task = 2 WHERE id = 2", &[differs("delivery", 2, 0)]);
    breaks("UPDATE delivery SET subscription = 1 WHERE id = 2", &[differs("delivery", 2, 0)]);
    breaks("UPDATE delivery SET message = 2 WHERE id = 2", &[differs("delivery", 2, 0)]);
    breaks(
        "UPDATE delivery SET message = 99 WHERE id = 2",
        &[FsckFault::Dangling { table: "delivery", row: 2 }],
    );
    // Message 5 was refused: a row for it has no permit, wherever it claims to come from.
    let surplus =
        "INSERT INTO delivery SELECT 7, ID, 5, subscription, task, named, 4, immediate, state,
                     number, attempts, due, changed_at, expires_at, ended, act_by, correct_by,
                     delete_by, open_by, remind_at, told, look_at FROM delivery WHERE id = 2;
                   UPDATE head SET last_delivery = 7";
    breaks(&surplus.replace("ID", "zeroblob(16)"), &[without_record("delivery", 7, 4)]);
    breaks(
        &surplus.replace("ID", "delivery_id"),
        &[FsckFault::RowTwice { table: "delivery", row: 7 }],
    );
}

#[test]
fn a_release_row_is_one_its_entry_records() {
    breaks(
        "DELETE FROM release WHERE rowid = 1",
        &[without_row("release", 6), without_row("release", 7)],
    );
    for change in ["node = 'other'", "attempt = 2", "entry = 7", "delivery = 3", "withheld = 1"] {
        breaks(
            &format!("UPDATE release SET {change} WHERE rowid = 1"),
            &[differs("release", 1, 6)],
        );
    }
    breaks(
        "INSERT INTO release VALUES (zeroblob(16), 2, 6, 0, 'duty', 1, 0, 1, 0)",
        &[FsckFault::Unlisted { row: 5 }, without_record("release", 5, 6)],
    );
    breaks(
        "INSERT INTO release VALUES (zeroblob(16), 99, 6, 0, 'duty', 1, 0, 1, 0)",
        &[FsckFault::Dangling { table: "release", row: 5 }],
    );
}

#[test]
fn whoever_sent_or_was_given_something_finds_it_among_its_disclosures() {
    for agency in ["prisons", "north-police"] {
        breaks(
            &format!("DELETE FROM release_party WHERE agency = '{agency}'"),
            &[1, 2, 3, 4].map(|row| FsckFault::Unlisted { row }),
        );
    }
}

#[test]
fn a_void_mark_and_its_record_stand_together() {
    breaks(
        "UPDATE release SET voided = 1 WHERE rowid = 1",
        &[FsckFault::VoidWithoutRecord { row: 1 }],
    );
    breaks("UPDATE release SET voided = 0 WHERE rowid = 3", &[differs("release", 3, 8)]);
}

#[test]
fn a_state_is_one_that_the_ledger_leads_to() {
    let state = |row: u64, states: &[u64]| {
        for state in states {
            breaks(
                &format!("UPDATE delivery SET state = {state} WHERE id = {row}"),
                &[FsckFault::DeliveryState { row }],
            );
        }
    };
    // Acknowledged: it must not go out again, nor be said to have ended otherwise.
    state(1, &[0, 1, 3, 4, 5, 6, 7]);
    // Waiting in the mailbox, never released.
    state(2, &[1, 2, 3, 4, 5, 6]);
    // Released for the second time; a restart may make it wait, a last failure dead.
    state(3, &[2, 4, 5, 6]);
    // Its only release is void.
    state(4, &[1, 2, 3, 4, 5, 6]);
    // Expired.
    state(5, &[0, 1, 2, 3, 5, 6]);
    // Withdrawn before release. The record names desks only, so waiting is not disproved.
    state(6, &[1, 2, 3, 4, 6]);
}

#[test]
fn numbers_are_given_once_each_from_one_on_and_with_a_release_only() {
    let numbers = FsckFault::Numbers { row: 1 };
    breaks("UPDATE delivery SET number = 2 WHERE id = 1", std::slice::from_ref(&numbers));
    breaks("UPDATE delivery SET number = 9 WHERE id = 4", std::slice::from_ref(&numbers));
    breaks(
        "UPDATE delivery SET number = 0 WHERE id = 1",
        &[FsckFault::DeliveryNumber { row: 1 }, numbers],
    );
    breaks("UPDATE delivery SET number = 1 WHERE id = 2", &[FsckFault::DeliveryNumber { row: 2 }]);
}

#[test]
fn a_thousand_faults_are_counted_and_a_hundred_kept() {
    let (_folder, path) = copy();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
               INSERT INTO tile SELECT 0, i, x'' FROM n";
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let report = report_on(&path);
    assert_eq!((report.faults.len(), report.faults_total), (100, 1_000));
    assert!(!report.sound());
}

#[test]
fn a_working_broker_is_checked_at_one_moment_and_nothing_is_written() {
    let (_folder, path) = copy();
    let before = std::fs::read(&path).unwrap();
    let raw = SqliteRaw::open(&path).unwrap();
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("DELETE FROM entry WHERE idx = 20").unwrap();
    assert!(check(&raw, Some(&verifier())).unwrap().sound(), "the snapshot is older than that");
    assert_eq!(raw.head().unwrap().map(|head| head.size), Some(318));
    let after = report_on(&path);
    assert_eq!(after.faults, [FsckFault::EntriesMissing { from: 20, count: 1 }]);
    drop(raw);
    assert_eq!(std::fs::read(&path).unwrap(), before, "the change stands in the log only");
    drop(writer);
}

#[test]
fn a_file_of_another_version_is_not_judged() {
    let (_folder, path) = copy();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(SqliteRaw::open(&path).is_err());
    assert!(SqliteRaw::open(&path.with_extension("absent")).is_err());
}

#[test]
fn no_fault_says_more_than_tables_rows_and_entries() {
    let faults = found_after(|connection| {
        connection.execute_batch("DELETE FROM entry WHERE idx < 12").unwrap();
    });
    for fault in faults {
        let text = format!("{fault} {fault:?}");
        for name in ["police", "probation", "prisons", "duty", "gate", "custody"] {
            assert!(!text.contains(name), "{text}");
        }
    }
}
