//! A small store written by the real appender, then broken in one place at a time.
//!
//! All people, agencies and places are invented.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use aws_lc_rs::signature::Ed25519KeyPair;
use proto::exchange::v1 as wire;
use proto::ledger::checkpoint::{Checkpoint, VerifierKey};
use proto::ledger::tree::Hash;
use proto::refusal::Refusal;
use rusqlite::Connection;
use time::macros::datetime;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::{FsckFault, RawLedger as _, Report, check};
use crate::chance::SystemChance;
use crate::clock::{Clock as _, SetClock};
use crate::delivery::outbox::{Outbox as _, Waiting};
use crate::directory::{Directory, document};
use crate::ledger::appender::{
    self, CommittedHead, ConsultWork, EndItem, Live, LiveRelease, PublishOutcome, Queue,
    RedriveWork, ReleaseItem, ReleaseWork, Released, Seat, SettleItem, SettleWork, Settlement,
    Shared, SubscribeWork, VoidItem, Work,
};
use crate::ledger::journal::Journal as _;
use crate::message::{self, Sender};
use crate::parcel::Parcel;
use crate::policy::{Bundle, BundleFile};
use crate::prepare::{cites, prepare};
use crate::register::{DeskName, Register};
use crate::rules::{Epochs, Rules};
use crate::seal::Vault;
use crate::store::sqlite::{SqliteRaw, SqliteReaders, open_journal};

const ORIGIN: &str = "ledger.example/fsck";
const KEY_SEED: [u8; 32] = [7; 32];

const DIRECTORY: &str = r#"
trust_domain = "test"
[[area]]
code = "T1"
name = "Invented town"
[[agency]]
id = "north-police"
name = "Invented police"
kind = "police"
dpo_contact = "dpo@north-police.test"
  [[agency.desk]]
  id = "offenders"
  name = "Offender management"
  function = "offender_management"
  regime = "part3"
[[agency]]
id = "probation"
name = "Invented probation"
kind = "probation"
dpo_contact = "dpo@probation.test"
  [[agency.desk]]
  id = "offenders"
  name = "Offender management"
  function = "offender_management"
  regime = "part3"
  [[agency.desk]]
  id = "victims"
  name = "Victim liaison"
  function = "victim_liaison"
  regime = "part3"
[[agency]]
id = "prisons"
name = "Invented prisons"
kind = "prison"
dpo_contact = "dpo@prisons.test"
  [[agency.desk]]
  id = "custody"
  name = "Custody"
  function = "custody"
  regime = "part3"
"#;

const AGREEMENT: &str = r#"
id = "town"
title = "An invented town's agreement"
start = "2026-01-01"
review = "2027-01-01"
expiry = "2028-01-01"
purposes = ["offender_management"]
gateways = [ { gateway = "cda1998_s115", basis = ["dpa2018_s35_task"] } ]
[[party]]
agency = "north-police"
dpo_contact = "dpo@north-police.test"
[[party]]
agency = "probation"
dpo_contact = "dpo@probation.test"
[[party]]
agency = "prisons"
dpo_contact = "dpo@prisons.test"
[[permit]]
id = "custody"
kinds = ["custody"]
from = { kinds = ["prison"] }
to = { kinds = ["police", "probation"], functions = ["offender_management"] }
categories = ["managed"]
stake = ["addressed"]
"#;

/// Nobody listens: everything waits until a release is asked for.
struct Nobody;

impl Live for Nobody {
    fn reserve(&self, _: u64) -> Option<Seat> {
        None
    }
    fn release_seats(&self, _: &[(u64, u64)]) {}
    fn committed(&self, _: Vec<LiveRelease>, _: &[(u64, u64)]) {}
}

fn verifier() -> VerifierKey {
    VerifierKey::of(&Ed25519KeyPair::from_seed_unchecked(&KEY_SEED).unwrap(), ORIGIN).unwrap()
}

/// A note signed with the right key.
fn note(size: u64, root: Hash) -> String {
    let key = Ed25519KeyPair::from_seed_unchecked(&KEY_SEED).unwrap();
    Checkpoint { origin: ORIGIN.to_owned(), size, root }.sign(&key, ORIGIN).unwrap()
}

fn rules() -> (Rules, Arc<Bundle>) {
    let directory: Directory = document::read(DIRECTORY).unwrap();
    let file = BundleFile { path: "agreements/town.toml".into(), text: AGREEMENT.into() };
    let bundle = Arc::new(Bundle::read(&[file], &directory).unwrap_or_else(|e| panic!("{e:?}")));
    let policy = Arc::new(bundle.in_force(&directory, datetime!(2026-06-01 12:00 UTC)));
    let rules = Rules {
        epochs: Epochs::default(),
        directory: Arc::new(directory),
        register: Arc::new(Register::default()),
        policy,
        bundle: bundle.hash(),
    };
    (rules, bundle)
}

/// News of an invented prisoner's release, or the withdrawal of an earlier message.
fn news(number: u128, to: &[(&str, &str)], withdraws: Option<u128>) -> wire::Message {
    use wire::message::Kind;
    let subject = wire::Subject {
        category: wire::SubjectCategory::Managed.into(),
        name: "Invented Person".into(),
        age: wire::AgeAssertion::Adult.into(),
        limited_access: wire::LimitedAccess::No.into(),
        ..wire::Subject::default()
    };
    let custody = wire::Custody {
        event: wire::CustodyEvent::Release.into(),
        certainty: wire::CustodyCertainty::Confirmed.into(),
        prison: "ZZI".into(),
        occurred_at: Some(message::stamp(datetime!(2026-06-01 9:00 UTC))),
        ..wire::Custody::default()
    };
    let kind = withdraws.map_or(Kind::Custody(custody), |first| {
        let message_id = Uuid::from_u128(first).to_string();
        Kind::Correction(wire::Correction { message_id, reason: String::new() })
    });
    wire::Message {
        message_id: Uuid::from_u128(number).to_string(),
        purpose: wire::Purpose::OffenderManagement.into(),
        gateway: wire::Gateway::Cda1998S115.into(),
        lawful_basis: wire::LawfulBasis::Dpa2018S35Task.into(),
        sensitive_condition: wire::SensitiveCondition::Sch8Statutory.into(),
        marking: wire::Marking::OfficialSensitive.into(),
        urgency: wire::Urgency::Routine.into(),
        subjects: vec![subject],
        addressees: to
            .iter()
            .map(|(agency, desk)| wire::Addressee {
                agency: (*agency).into(),
                desk: (*desk).into(),
            })
            .collect(),
        kind: Some(kind),
        ..wire::Message::default()
    }
}

/// The appender at work on one file.
struct Store {
    queue: Queue,
    shared: Shared,
    clock: Arc<SetClock>,
    readers: SqliteReaders,
}

impl Store {
    fn put(&self, work: Work) {
        assert!(self.queue.try_put(work).is_ok(), "the appender has room");
    }

    fn subscribe(&self, agency: &str, desk: &str, name: &str) -> u64 {
        let (reply, told) = oneshot::channel();
        let desk = DeskName { agency: agency.into(), desk: desk.into() };
        self.put(Work::Subscribe(SubscribeWork { desk, name: name.into(), reply }));
        told.blocking_recv().unwrap().unwrap().0
    }

    fn publish(&self, message: wire::Message) {
        let rules = self.shared.rules.load_full();
        let index = rules.directory.desk_index("prisons", "custody").unwrap();
        let desk = rules.directory.desk(index).unwrap();
        let sender = Sender {
            agency: Arc::clone(&desk.agency),
            kind: desk.agency_kind,
            node: "gate".into(),
            desk: index,
            desk_id: Arc::clone(&desk.id),
            regime: desk.regime,
        };
        let (vault, now) = (&self.shared.vault, self.clock.now());
        let admitted = message::admit(message, sender, vault, now)
            .unwrap_or_else(|rejection| panic!("{:?}", rejection.violations));
        let none: &[DeskName] = &[];
        let holders = cites(&admitted).map(|_| none);
        let prepared =
            prepare(Arc::new(admitted), holders, &rules, vault, &*self.shared.chance, now).unwrap();
        let (sink, mut told) = mpsc::unbounded_channel();
        self.put(Work::Publish(Box::new(prepared), sink));
        let outcomes = told.blocking_recv().unwrap();
        let accepted = PublishOutcome::Accepted { at: now, repeated: false };
        assert_eq!(outcomes.first().map(|(_, outcome)| outcome), Some(&accepted));
    }

    fn waiting(&self, subscription: u64) -> Vec<Waiting> {
        self.readers.waiting(subscription, 100).unwrap()
    }

    fn release(&self, subscription: u64, waiting: &[Waiting]) -> Vec<Released> {
        let items = waiting.iter().map(|waiting| ReleaseItem {
            delivery: waiting.delivery,
            delivery_id: waiting.delivery_id,
            sender: Arc::clone(&waiting.message.key.agency),
            message: waiting.message.key.id,
            kind: "custody",
            attempt: waiting.attempts + 1,
            number: waiting.number,
            rules: vec!["town/custody".into()],
            parcel: Parcel { bytes: vec![1, 2, 3].into(), withheld: Default::default() },
        });
        let (reply, told) = oneshot::channel();
        self.put(Work::Release(ReleaseWork {
            subscription,
            node: "duty".into(),
            epochs: Epochs::default(),
            items: items.collect(),
            reply,
        }));
        told.blocking_recv().unwrap().unwrap()
    }

    fn settle(&self, subscription: u64, settled: &[(&Waiting, &Released, Settlement)]) {
        let items = settled.iter().map(|(waiting, released, settlement)| SettleItem {
            delivery: released.delivery,
            release_id: released.release_id,
            sender: Arc::clone(&waiting.message.key.agency),
            message: waiting.message.key.id,
            attempt: released.attempt,
            settlement: *settlement,
        });
        let (reply, told) = oneshot::channel();
        self.put(Work::Settle(SettleWork {
            subscription,
            node: "duty".into(),
            items: items.collect(),
            reply: Some(reply),
        }));
        assert!(told.blocking_recv().unwrap());
    }

    fn end(&self, subscription: u64, waiting: &Waiting, refusal: Refusal) {
        self.put(Work::End(vec![EndItem {
            delivery: waiting.delivery,
            delivery_id: waiting.delivery_id,
            subscription,
            sender: Arc::clone(&waiting.message.key.agency),
            message: waiting.message.key.id,
            refusal,
        }]));
        self.tick(0);
    }

    fn tick(&self, leaves: usize) -> CommittedHead {
        let (reply, told) = oneshot::channel();
        self.put(Work::Tick { leaves, reply });
        told.blocking_recv().unwrap()
    }

    fn keep(&self, content: String) {
        let (reply, told) = oneshot::channel();
        self.put(Work::Keep { name: "checkpoint", content: content.into_bytes(), reply });
        told.blocking_recv().unwrap();
    }
}

/// Runs a story on a new file and answers the file's bytes.
fn written(story: impl FnOnce(&Store)) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut journal = open_journal(&path).unwrap();
    let start = journal.start().unwrap();
    let (rules, bundle) = rules();
    let clock = Arc::new(SetClock::at(datetime!(2026-06-01 12:00 UTC)));
    let shared = Shared {
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        changed: watch::channel(Epochs::default()).0,
        vault: Arc::new(Vault::new([1; 32].into(), &[2; 32])),
        clock: clock.clone(),
        chance: Arc::new(SystemChance::default()),
        live: Arc::new(Nobody),
        figures: Arc::default(),
        cadence_seconds: 10,
    };
    let (queue, thread) =
        appender::start(Box::new(journal), &start, Some(bundle), shared.clone()).unwrap();
    let store = Store { queue, shared, clock, readers: SqliteReaders::new(&path) };
    story(&store);
    let (reply, stopped) = oneshot::channel();
    store.put(Work::Stop(reply));
    stopped.blocking_recv().unwrap();
    drop(store);
    thread.join().unwrap();
    // Everything into the one file that is copied.
    let last = Connection::open(&path).unwrap();
    last.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(last);
    std::fs::read(&path).unwrap()
}

const POLICE: (&str, &str) = ("north-police", "offenders");
const PROBATION: (&str, &str) = ("probation", "offenders");
const VICTIMS: (&str, &str) = ("probation", "victims");

/// The story that every test breaks. Subscription 1 is the police's, 2 probation's mailbox.
///
/// | entry | what | rows |
/// |---|---|---|
/// | 0 | message 1, to police and probation | deliveries 1 (police), 2 (probation) |
/// | 1 to 3 | messages 2 to 4, to police | deliveries 3 to 5 |
/// | 4 | message 5, to a desk without a permit | none |
/// | 5 | message 6, to police | delivery 6 |
/// | 6 | deliveries 1, 3 and 4 released | releases 1 to 3, numbers 1 to 3 |
/// | 7 | 1 acknowledged, 3 to be tried again | |
/// | 8 | release 3 was never sent | delivery 4 waits |
/// | 9 | delivery 5 expired | |
/// | 10 | delivery 6 withdrawn | |
/// | 11 | message 7, the withdrawal: nobody had it | none |
/// | 12 | delivery 3 released again | release 4 |
/// | 13 to 312 | dummies; the checkpoint is at 313 | |
/// | 313 to 317 | dummies | |
fn story(store: &Store) {
    let police = store.subscribe(POLICE.0, POLICE.1, "duty");
    store.publish(news(1, &[POLICE, PROBATION], None));
    for number in 2..=4 {
        store.publish(news(number, &[POLICE], None));
    }
    store.publish(news(5, &[VICTIMS], None));
    store.publish(news(6, &[POLICE], None));
    let waiting = store.waiting(police);
    let [first, second, third, fourth, _fifth] = &waiting[..] else {
        panic!("five deliveries wait for the police")
    };
    let released = store.release(police, &waiting[..3]);
    let again = Settlement::Again(store.clock.now());
    store.settle(
        police,
        &[(first, &released[0], Settlement::Acknowledged), (second, &released[1], again)],
    );
    store.put(Work::Void(vec![VoidItem {
        delivery: third.delivery,
        release_id: released[2].release_id,
        subscription: police,
    }]));
    store.tick(0);
    store.end(police, fourth, Refusal::Expired);
    store.clock.advance(std::time::Duration::from_secs(60));
    store.publish(news(7, &[], Some(6)));
    let waiting = store.waiting(police);
    let second = waiting.iter().find(|waiting| waiting.delivery == 3).unwrap();
    store.release(police, std::slice::from_ref(second));
    let head = store.tick(300);
    store.keep(note(head.size, head.root));
    store.tick(5);
}

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

/// Dead letters, recalls, refusals at release, a late receipt, look-ups, and a mailbox that is
/// served and then taken over with numbers in it.
fn hard_story(store: &Store) {
    let mailbox = store.subscribe(PROBATION.0, PROBATION.1, "default");
    for number in 1..=5 {
        store.publish(news(number, &[POLICE, PROBATION], None));
    }
    let waiting = store.waiting(mailbox);
    let released = store.release(mailbox, &waiting[..3]);
    let recalled = [
        (&waiting[1], &released[1], Settlement::Recalled),
        (&waiting[2], &released[2], Settlement::Recalled),
    ];
    store.settle(mailbox, &recalled);
    // A receipt that comes after the lease ran out counts.
    store.settle(mailbox, &[(&waiting[1], &released[1], Settlement::Acknowledged)]);
    let named = store.subscribe(PROBATION.0, PROBATION.1, "team");
    store.publish(news(6, &[PROBATION], None));
    let waiting = store.waiting(named);
    assert_eq!(waiting.len(), 4, "what waited has moved, numbered or not");
    let released = store.release(named, &waiting);
    let all = waiting.iter().zip(&released);
    let all: Vec<_> = all.map(|(w, r)| (w, r, Settlement::Acknowledged)).collect();
    store.settle(named, &all);
    store.publish(news(7, &[], Some(6)));

    let police = store.subscribe(POLICE.0, POLICE.1, "duty");
    let refused = store.waiting(police).pop().unwrap();
    store.end(police, &refused, Refusal::NoPermit);
    for _ in 0..appender::ATTEMPTS_MAX {
        let mut first = store.waiting(police);
        first.truncate(1);
        let released = store.release(police, &first);
        let again = Settlement::Again(store.clock.now());
        store.settle(police, &[(&first[0], &released[0], again)]);
    }
    let desk = DeskName { agency: POLICE.0.into(), desk: POLICE.1.into() };
    let dead = store.readers.dead(&desk).unwrap().pop().unwrap();
    let (reply, told) = oneshot::channel();
    store.put(Work::Redrive(RedriveWork {
        delivery: dead.delivery,
        delivery_id: dead.delivery_id,
        subscription: police,
        actor: (POLICE.0.into(), "duty".into()),
        reply,
    }));
    assert!(told.blocking_recv().unwrap());
    let (reply, told) = oneshot::channel();
    store.put(Work::Consult(ConsultWork {
        agency: POLICE.0.into(),
        actor: "duty".into(),
        call: "disclosures",
        reason: vec![0; 60],
        reply,
    }));
    told.blocking_recv().unwrap().unwrap();
    let waiting = store.waiting(police);
    store.release(police, &waiting[..1]);
}

#[test]
fn whatever_the_broker_does_with_deliveries_leaves_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, written(hard_story)).unwrap();
    let report = report_on(&path);
    assert_eq!((report.faults, report.messages), (Vec::new(), 7));
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
           accepted_at, expires_at, not_before, wrapped_key, body, decision, tokens, 9
         FROM message WHERE id = 5;
         UPDATE head SET last_message = 8",
        &[FsckFault::Dangling { table: "message", row: 8 }, without_record("message", 8, 4)],
    );
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
    let surplus = "INSERT INTO delivery SELECT 7, ID, 5, subscription, task, 4, immediate, state,
                     number, attempts, due, changed_at FROM delivery WHERE id = 2;
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
    for change in ["node = 'other'", "attempt = 2", "entry = 7", "delivery = 3"] {
        breaks(
            &format!("UPDATE release SET {change} WHERE rowid = 1"),
            &[differs("release", 1, 6)],
        );
    }
    breaks(
        "INSERT INTO release VALUES (zeroblob(16), 2, 6, 0, 'duty', 1, 0)",
        &[without_record("release", 5, 6)],
    );
    breaks(
        "INSERT INTO release VALUES (zeroblob(16), 99, 6, 0, 'duty', 1, 0)",
        &[FsckFault::Dangling { table: "release", row: 5 }],
    );
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
    breaks("UPDATE delivery SET number = 2 WHERE id = 1", &[numbers.clone()]);
    breaks("UPDATE delivery SET number = 9 WHERE id = 4", &[numbers.clone()]);
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
