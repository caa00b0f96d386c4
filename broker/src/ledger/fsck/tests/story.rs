//! Two stories, written by the real appender to a file of its own.
//!
//! All people, agencies and places are invented.

use std::sync::Arc;

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

use crate::chance::SystemChance;
use crate::clock::{Clock as _, SetClock};
use crate::delivery::outbox::{InLine, Outbox as _, Waiting};
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
use crate::store::sqlite::{SqliteReaders, open_journal};

pub(super) const ORIGIN: &str = "ledger.example/fsck";
pub(super) const KEY_SEED: [u8; 32] = [7; 32];

const DIRECTORY: &str = r#"
trust_domain = "test"
[[flag]]
kind = "ppo"
raised_by = ["prison"]
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
  kinds = ["custody"]
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
  kinds = ["custody"]
  [[agency.desk]]
  id = "victims"
  name = "Victim liaison"
  function = "victim_liaison"
  regime = "part3"
  kinds = ["custody"]
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
stake = ["addressed", "flag_owner"]
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

pub(super) fn verifier() -> VerifierKey {
    VerifierKey::of(&Ed25519KeyPair::from_seed_unchecked(&KEY_SEED).unwrap(), ORIGIN).unwrap()
}

/// A note signed with the right key.
pub(super) fn note(size: u64, root: Hash) -> String {
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

/// The same news of a person with an identifier.
fn of_known_person(mut news: wire::Message) -> wire::Message {
    let known =
        wire::Identifier { r#type: wire::IdentifierType::Noms.into(), value: "Z9999ZZ".into() };
    news.subjects[0].identifiers.push(known);
    news
}

/// The known person comes on a list that probation keeps.
fn flag(number: u128) -> wire::Message {
    let flag = wire::Flag {
        flag_kind: wire::FlagKind::Ppo.into(),
        action: wire::FlagAction::Raise.into(),
        owner: Some(wire::Addressee { agency: PROBATION.0.into(), desk: PROBATION.1.into() }),
        review_date: "2027-01-01".into(),
        panel_decision_id: Uuid::from_u128(99).to_string(),
    };
    let kind = Some(wire::message::Kind::Flag(flag));
    of_known_person(wire::Message { kind, ..news(number, &[], None) })
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
        let line = self.readers.line(subscription, None, self.clock.now(), 100).unwrap();
        let due = line.into_iter().filter_map(|row| match row {
            InLine::Due(waiting) => Some(*waiting),
            InLine::Embargoed(_) | InLine::Delayed { .. } => None,
        });
        due.collect()
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
            rules: ["town/custody".into()].into(),
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
pub(super) fn written(story: impl FnOnce(&Store)) -> Vec<u8> {
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
        reply,
    }));
    told.blocking_recv().unwrap().unwrap();
    let waiting = store.waiting(police);
    store.release(police, &waiting[..1]);
    // A flag raised after the news was out: its owner is found late, by an entry of its own.
    store.publish(of_known_person(news(8, &[POLICE], None)));
    store.publish(flag(9));
}
