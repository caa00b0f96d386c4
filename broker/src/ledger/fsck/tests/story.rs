//! Two stories, written by the real appender to a file of its own.
//!
//! All people, agencies and places are invented.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use proto::audit::v1::ReviewFinding;
use proto::exchange::v1 as wire;
use proto::ledger::checkpoint::{Checkpoint, VerifierKey};
use proto::ledger::tree::Hash;
use proto::refusal::Refusal;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::clock::{Clock as _, SetClock};
use crate::delivery::outbox::{Outbox as _, Waiting};
use crate::ledger::appender::{
    self, Change, ChangeWork, CloseReviewWork, CommittedHead, ConsultWork, EndItem, Live,
    LiveRelease, PublishOutcome, Queue, RedriveWork, Released, Seat, SettleItem, SettleWork,
    Settlement, Shared, SubscribeWork, Work,
};
use crate::ledger::journal::Journal as _;
use crate::ledger::town::{self, NOON, POLICE, PROBATION, VICTIMS, flag, news, of_known_person};
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::store::sqlite::{SqliteReaders, open_journal};

pub(super) const ORIGIN: &str = "ledger.example/fsck";
pub(super) const KEY_SEED: [u8; 32] = [7; 32];

/// Nobody listens: everything waits until a release is asked for.
struct Nobody;

impl Live for Nobody {
    fn reserve(&self, _: u64) -> Option<Seat> {
        None
    }
    fn release_seats(&self, _: &[(u64, u64)]) {}
    fn committed(&self, _: Vec<LiveRelease>, _: &[u64]) {}
}

pub(super) fn verifier() -> VerifierKey {
    VerifierKey::of(&Ed25519KeyPair::from_seed_unchecked(&KEY_SEED).unwrap(), ORIGIN).unwrap()
}

/// A note signed with the right key.
pub(super) fn note(size: u64, root: Hash) -> String {
    let key = Ed25519KeyPair::from_seed_unchecked(&KEY_SEED).unwrap();
    Checkpoint { origin: ORIGIN.to_owned(), size, root }.sign(&key, ORIGIN).unwrap()
}

/// The appender at work on one file.
pub(super) struct Store {
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
        told.blocking_recv().unwrap().unwrap()
    }

    fn publish(&self, message: wire::Message) {
        let now = self.clock.now();
        let prepared = town::prepared(message, &self.shared);
        let (sink, mut told) = mpsc::unbounded_channel();
        self.put(Work::Publish(prepared, sink));
        let outcomes = told.blocking_recv().unwrap();
        let accepted = PublishOutcome::Accepted { at: now, repeated: false };
        assert_eq!(outcomes.first().map(|(_, outcome)| outcome), Some(&accepted));
    }

    fn waiting(&self, subscription: u64) -> Vec<Waiting> {
        town::due(&self.readers, subscription, self.clock.now())
    }

    fn release(&self, subscription: u64, waiting: &[Waiting]) -> Vec<Released> {
        let (work, told) = town::release(subscription, waiting);
        self.put(work);
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
            reply,
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
        told.blocking_recv().unwrap().unwrap()
    }

    /// A change that writes these documents.
    fn change(&self, documents: &[(&str, &str)]) {
        let written = documents.iter().map(|(name, text)| ((*name).to_owned(), (*text).into()));
        let (reply, told) = oneshot::channel();
        self.put(Work::Change(ChangeWork {
            change: Change::Recorded,
            agency: "operations".into(),
            actor: "operator".into(),
            items: vec![],
            documents: written.collect(),
            reply,
        }));
        told.blocking_recv().unwrap().unwrap();
    }

    fn keep(&self, content: String) {
        let (reply, told) = oneshot::channel();
        self.put(Work::Keep { name: "checkpoint", content: content.into_bytes(), reply });
        told.blocking_recv().unwrap().unwrap();
    }
}

/// Runs a story on a new file and answers the file's bytes.
pub(super) fn written(story: impl FnOnce(&Store)) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut journal = open_journal(&path).unwrap();
    let start = journal.start().unwrap();
    let clock = Arc::new(SetClock::at(NOON));
    let (shared, bundle) = town::shared(Arc::clone(&clock), Arc::new(Nobody));
    let readers = SqliteReaders::new(&path);
    let recall = Arc::new(readers.clone());
    let (queue, thread) =
        appender::start(Box::new(journal), recall, &start, Some(bundle), shared.clone()).unwrap();
    let store = Store { queue, shared, clock, readers };
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
pub(super) fn story(store: &Store) {
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
    store.settle(police, &[(third, &released[2], Settlement::Unsent)]);
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

/// Dead letters, recalls, refusals at release, a late receipt, look-ups, a late stake, and a
/// mailbox that is served and then taken over with numbers in it.
pub(super) fn hard_story(store: &Store) {
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
    let mut waiting = store.waiting(police);
    store.end(police, &waiting.pop().unwrap(), Refusal::NoPermit);
    store.end(police, &waiting.pop().unwrap(), Refusal::Withdrawn);
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
        reread: None,
        reply,
    }));
    told.blocking_recv().unwrap().unwrap();
    let waiting = store.waiting(police);
    store.release(police, &waiting[..1]);
    // A flag raised after the news was out: its owner is found late, by an entry of its own.
    store.publish(of_known_person(news(8, &[POLICE], None)));
    store.publish(flag(9));
    let head = store.tick(0);
    store.keep(note(head.size, head.root));
}

/// Two emergency accesses, ordinary news, and the review of the first by somebody else.
pub(super) fn reviewed(store: &Store) {
    for number in [1, 2] {
        store.publish(town::emergency(number));
    }
    store.publish(news(3, &[POLICE], None));
    let (reply, told) = oneshot::channel();
    store.put(Work::CloseReview(CloseReviewWork {
        message: MessageKey { agency: "prisons".into(), id: Uuid::from_u128(1) },
        actor: town::REVIEWER,
        finding: ReviewFinding::Justified,
        reason: vec![0; 60],
        reply,
    }));
    told.blocking_recv().unwrap().unwrap().unwrap();
    let head = store.tick(0);
    store.keep(note(head.size, head.root));
}

/// Documents by two changes, entries 0 and 1; the second writes the directory anew.
pub(super) fn documents(store: &Store) {
    store.change(&[("directory", "older"), ("standing", r#"["probation"]"#)]);
    store.change(&[
        ("directory", "abc"),
        ("bundle/aa", "approved"),
        ("bundle/in-force", "aa"),
        ("revocation-lists", "newest"),
    ]);
    let head = store.tick(0);
    store.keep(note(head.size, head.root));
}

/// Two messages, between which the clock is set back by an hour.
pub(super) fn set_back(store: &Store) {
    store.publish(news(1, &[POLICE], None));
    store.clock.step(-time::Duration::HOUR);
    store.publish(news(2, &[POLICE], None));
    let head = store.tick(0);
    store.keep(note(head.size, head.root));
}
