//! A broker that is killed under load, again and again, and loses nothing.
//!
//! The seed is printed: `PYRAMID_TEST_SEED` repeats the moments of the kills,
//! `PYRAMID_TEST_LONG` makes them many.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::panic, reason = "a refusal ends the test with what was refused")]
#![expect(clippy::indexing_slicing, reason = "agencies and releases are those noted before")]
#![expect(clippy::disallowed_methods, reason = "the broker under test runs on the real clock")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agency_client::{Connection, PublishError, Publisher};
use broker::ledger::entry::Entry;
use broker::ledger::fsck::{Report, check};
use broker::ledger::journal::Archive as _;
use broker::message::MessageKey;
use broker::store::sqlite::{SqliteRaw, SqliteReaders};
use prost::Message as _;
use prost::bytes::Bytes;
use proto::audit::v1 as audit;
use proto::audit::v1::get_proof_request::Of;
use proto::exchange::v1 as wire;
use proto::exchange::v1::exchange_service_client::ExchangeServiceClient;
use proto::exchange::v1::publish_result::Outcome;
use proto::ledger::checkpoint::VerifierKey;
use proto::ledger::proof::Proof;
use proto::refusal::Refusal;
use serde_json::Value;
use tests::draws::{Draws, long, seed};
use tests::load::mix::{AGENCIES_MAX, Mix, RECIPIENTS, Sender, sequence_of};
use tests::load::site::Site;
use tests::receiver::{Taker, receive};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

const KILLS: u32 = 5;
const KILLS_LONG: u32 = 200;
/// Longest time a broker lives before it is killed, milliseconds from when it listens.
const LIFE_MS_MAX: usize = 900;
/// Messages unanswered at once on each of the two publishing connections.
const IN_FLIGHT: usize = 48;
const PEOPLE: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(120);
/// Proofs fetched and checked for each agency.
const PROOFS: usize = 10;

/// What all desks were given.
#[derive(Default)]
struct Seen {
    /// Agency and message of each delivery.
    deliveries: HashMap<Bytes, (usize, u64)>,
    /// Agency and delivery of each release.
    releases: HashMap<Bytes, (usize, Bytes)>,
    /// Deliveries whose receipt the broker called durable.
    settled: HashSet<Bytes>,
    faults: Vec<String>,
}

#[derive(Clone)]
struct Desk {
    agency: usize,
    seen: Arc<Mutex<Seen>>,
}

impl Taker for Desk {
    fn take(&mut self, deliveries: Vec<wire::Delivery>) -> Vec<Bytes> {
        let mut seen = self.seen.lock().unwrap();
        let mut releases = Vec::new();
        for delivery in deliveries {
            let message = wire::ReleasedMessage::decode(delivery.body).unwrap();
            let sequence = sequence_of(&message).unwrap();
            let of = (self.agency, sequence);
            let known = seen.deliveries.insert(delivery.delivery_id.clone(), of);
            if known.is_some_and(|known| known != of) {
                seen.faults.push(format!("message {sequence} bears another delivery's id"));
            }
            let release = (self.agency, delivery.delivery_id);
            if seen.releases.insert(delivery.release_id.clone(), release).is_some() {
                seen.faults.push(format!("message {sequence} came twice under one release"));
            }
            releases.push(delivery.release_id);
        }
        releases
    }

    fn settled(&mut self, releases: Vec<Bytes>) {
        let mut seen = self.seen.lock().unwrap();
        for release in releases {
            let (_, delivery) = seen.releases[&release].clone();
            seen.settled.insert(delivery);
        }
    }
}

/// What publishers share.
struct Night {
    mix: Mix,
    next: AtomicU64,
    stop: AtomicBool,
    accepted: Mutex<BTreeMap<u64, Sender>>,
}

impl Night {
    /// Publishes one message after another, each until it is accepted.
    async fn publish(self: Arc<Self>, sender: Sender, publisher: Arc<Publisher>) {
        while !self.stop.load(Ordering::Relaxed) {
            let sequence = self.next.fetch_add(1, Ordering::Relaxed);
            let message = self.mix.message(sequence, sender).unwrap();
            loop {
                match publisher.publish(message.clone()).await {
                    Ok(_) => break,
                    Err(PublishError::OutcomeUnknown { .. } | PublishError::NotSent { .. }) => {}
                    Err(error) => panic!("message {sequence}: {error}"),
                }
            }
            self.accepted.lock().unwrap().insert(sequence, sender);
            if sequence.is_multiple_of(16) {
                let again = publisher.publish(message).await;
                assert!(again.is_ok_and(|again| again.repeated_submission), "an id is for ever");
            }
        }
    }
}

async fn site() -> Site {
    Site::set(Path::new(env!("CARGO_BIN_EXE_broker_under_test")), None).await.unwrap()
}

fn mix() -> Mix {
    let run = Uuid::new_v4().as_u64_pair().0;
    Mix::new(run, AGENCIES_MAX, PEOPLE, 1_024, OffsetDateTime::now_utc())
}

async fn open_desks(site: &Site, seen: &Arc<Mutex<Seen>>) -> JoinSet<()> {
    let mut desks = JoinSet::new();
    for (agency, recipient) in RECIPIENTS.iter().enumerate() {
        for desk in recipient.desks() {
            let connection = site.connect(recipient.agency, desk.node).await.unwrap();
            let taker = Desk { agency, seen: Arc::clone(seen) };
            desks.spawn(receive(connection, desk.desk.to_owned(), taker));
        }
    }
    desks
}

/// The whole ledger recomputed, and the store held against it.
fn fsck(site: &Site) -> Report {
    let stage = site.outside.stage();
    let key = VerifierKey::parse(stage.verifier_key()).unwrap();
    let raw = SqliteRaw::open(&stage.config().store.path).unwrap();
    let report = check(&raw, Some(&key)).unwrap();
    assert!(report.sound(), "{} faults: {:?}", report.faults_total, report.faults);
    report
}

fn id_of(id: &[u8]) -> [u8; 16] {
    id.try_into().unwrap()
}

/// Waits until every accepted message is with every agency and every receipt is durable.
async fn everything_arrives(night: &Night, seen: &Mutex<Seen>) {
    let begun = Instant::now();
    loop {
        let expected: BTreeSet<(usize, u64)> = {
            let accepted = night.accepted.lock().unwrap();
            accepted.keys().flat_map(|s| (0..AGENCIES_MAX).map(|agency| (agency, *s))).collect()
        };
        let (arrived, settled) = {
            let seen = seen.lock().unwrap();
            let arrived: BTreeSet<_> = seen.deliveries.values().copied().collect();
            (arrived, seen.deliveries.keys().all(|delivery| seen.settled.contains(delivery)))
        };
        if settled && expected == arrived {
            return;
        }
        let missing: Vec<_> = expected.difference(&arrived).take(10).collect();
        assert!(
            begun.elapsed() < PATIENCE,
            "accepted and never delivered (agency, message): {missing:?}; all settled: {settled}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Fetches some proofs of releases as their recipients, and checks them.
async fn proofs_hold(site: &Site, seen: &Mutex<Seen>) {
    let key = VerifierKey::parse(site.outside.stage().verifier_key()).unwrap();
    for (agency, recipient) in RECIPIENTS.iter().enumerate() {
        let connection = site.connect(recipient.agency, recipient.custody.node).await.unwrap();
        let mut client = connection.audit().await.unwrap();
        let releases: Vec<Bytes> = {
            let seen = seen.lock().unwrap();
            let own = seen.releases.iter().filter(|(_, (to, _))| *to == agency);
            own.map(|(release, _)| release.clone()).take(PROOFS).collect()
        };
        for release in releases {
            let of = Some(Of::ReleaseId(release.clone()));
            let begun = Instant::now();
            let proof = loop {
                // Until a checkpoint covers it there is none.
                match client.get_proof(audit::GetProofRequest { of: of.clone() }).await {
                    Ok(proof) => break proof.into_inner().proof,
                    Err(status) => assert!(begun.elapsed() < Duration::from_secs(20), "{status}"),
                }
                sleep(Duration::from_millis(200)).await;
            };
            let verified = Proof::from_json(&proof).unwrap().verify(&key).unwrap();
            assert_eq!(verified.record().party(), recipient.agency);
            let named = verified.record().text().contains(&hex::encode(&release));
            assert!(named, "the record names the release");
        }
    }
}

/// Looks for the record of everything that was accepted and of everything that was received.
fn all_is_recorded(site: &Site, night: &Night, seen: &Seen) {
    let archive = SqliteReaders::new(&site.outside.stage().config().store.path);
    for (sequence, sender) in night.accepted.lock().unwrap().iter() {
        let key = MessageKey { agency: sender.name().0.into(), id: night.mix.id(*sequence) };
        let entry = archive.message_entry(&key).unwrap();
        assert!(entry.is_some(), "message {sequence} was accepted and is not there");
    }
    for (release, (agency, _)) in &seen.releases {
        let entry = archive.release_entry(&id_of(release), RECIPIENTS[*agency].agency).unwrap();
        assert!(entry.is_some(), "a release without a record reached agency {agency}");
    }
}

/// The ids that a record names under a key: of texts, or of one field of objects.
fn ids(record: &Value, key: &str, field: &str) -> Vec<String> {
    let named = record.get(key).and_then(Value::as_array).into_iter().flatten();
    let ids = named.filter_map(|item| item.get(field).unwrap_or(item).as_str());
    ids.map(str::to_owned).collect()
}

/// Reads the ledger through: what was acknowledged is never released again. A delivery may
/// still come in after its receipt, if it was released before: both were on their way.
fn nothing_is_released_after_its_receipt(site: &Site) {
    let archive = SqliteReaders::new(&site.outside.stage().config().store.path);
    let (mut delivery_of, mut acknowledged) = (HashMap::new(), HashMap::new());
    let mut faults = Vec::new();
    for index in 0..archive.size().unwrap() {
        let entry = Entry::from_bytes(&archive.entry(index).unwrap().unwrap()).unwrap();
        for (_, text) in entry.records() {
            let record: Value = serde_json::from_str(text).unwrap();
            let releases = ids(&record, "deliveries", "release");
            for (delivery, release) in
                ids(&record, "deliveries", "delivery").into_iter().zip(releases)
            {
                if let Some(receipt) = acknowledged.get(&delivery) {
                    faults.push(format!("released by entry {index}, received by entry {receipt}"));
                }
                delivery_of.insert(release, delivery);
            }
            for release in ids(&record, "acknowledged", "") {
                acknowledged.insert(delivery_of[&release].clone(), index);
            }
        }
    }
    assert!(faults.is_empty(), "{} faults: {:?}", faults.len(), faults.first());
    assert!(!acknowledged.is_empty(), "receipts were recorded");
}

async fn kill_again_and_again(site: &mut Site, kills: u32, draws: &mut Draws) {
    for number in 1..=kills {
        sleep(Duration::from_millis(draws.below(LIFE_MS_MAX).try_into().unwrap())).await;
        site.outside.kill().unwrap();
        if number <= KILLS || number.is_multiple_of(20) {
            fsck(site);
        }
        site.outside.start().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_under_load_loses_nothing_it_accepted_and_releases_nothing_unrecorded() {
    let seed = seed();
    println!("seed {seed}");
    let mut draws = Draws::new(seed);
    let (mut site, mix, seen) = (site().await, mix(), Arc::new(Mutex::new(Seen::default())));
    site.raise_flags(&mix).await.unwrap();
    let desks = open_desks(&site, &seen).await;
    let night = Arc::new(Night {
        mix,
        next: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        accepted: Mutex::default(),
    });
    let mut publishers = JoinSet::new();
    for sender in [Sender::Prisons, Sender::Bureau] {
        let (agency, node) = sender.name();
        let publisher = Arc::new(site.publisher(agency, node).await.unwrap());
        for _ in 0..IN_FLIGHT {
            publishers.spawn(Arc::clone(&night).publish(sender, Arc::clone(&publisher)));
        }
    }

    let kills = if long() { KILLS_LONG } else { KILLS };
    kill_again_and_again(&mut site, kills, &mut draws).await;

    night.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = publishers.join_next().await {
        ended.unwrap();
    }
    everything_arrives(&night, &seen).await;
    proofs_hold(&site, &seen).await;
    drop(desks);
    site.outside.stop().await.unwrap();

    let seen = seen.lock().unwrap();
    assert!(seen.faults.is_empty(), "PYRAMID_TEST_SEED={seed}: {:?}", seen.faults);
    all_is_recorded(&site, &night, &seen);
    nothing_is_released_after_its_receipt(&site);
    let report = fsck(&site);
    let accepted = u64::try_from(night.accepted.lock().unwrap().len()).unwrap();
    assert_eq!(report.messages, accepted + PEOPLE, "one message for each id");
    assert_eq!(report.deliveries, accepted * AGENCIES_MAX as u64);
    println!("{kills} kills, {accepted} messages, {} releases", seen.releases.len());
}

/// Publishes a message so many times on one stream. Answers what each was told.
async fn publish_times(
    connection: Connection,
    message: wire::Message,
    frames: usize,
    in_frame: usize,
) -> Vec<Outcome> {
    let mut client = ExchangeServiceClient::new(connection.channel().await.unwrap());
    let messages = vec![message; in_frame];
    let requests = vec![wire::PublishRequest { messages }; frames];
    let answers = client.publish(tokio_stream::iter(requests)).await.unwrap();
    let (mut answers, mut outcomes) = (answers.into_inner(), Vec::new());
    while let Some(answer) = answers.message().await.unwrap() {
        outcomes.extend(answer.results.into_iter().filter_map(|result| result.outcome));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_a_thousand_times_at_once_is_one_message_and_one_delivery_each() {
    let (mut site, mix, seen) = (site().await, mix(), Arc::new(Mutex::new(Seen::default())));
    site.raise_flags(&mix).await.unwrap();
    let desks = open_desks(&site, &seen).await;
    let message = mix.message(0, Sender::Prisons).unwrap();
    let (agency, node) = Sender::Prisons.name();
    let mut senders = JoinSet::new();
    for _ in 0..5 {
        let connection = site.connect(agency, node).await.unwrap();
        senders.spawn(publish_times(connection, message.clone(), 20, 10));
    }
    let outcomes: Vec<Outcome> = senders.join_all().await.into_iter().flatten().collect();
    let repeated = |outcome: &Outcome| match outcome {
        Outcome::Accepted(accepted) => accepted.repeated_submission,
        Outcome::Refused(refused) => panic!("refused: {}", refused.code),
    };
    assert_eq!(outcomes.len(), 1_000);
    assert_eq!(outcomes.iter().filter(|outcome| !repeated(outcome)).count(), 1);

    let mut other = mix.message(1, Sender::Prisons).unwrap();
    other.message_id = message.message_id;
    let connection = site.connect(agency, node).await.unwrap();
    let told = publish_times(connection, other, 1, 1).await;
    let [Outcome::Refused(refused)] = told.as_slice() else { panic!("another message, same id") };
    assert_eq!(refused.code, Refusal::MessageIdReused.code());

    sleep(Duration::from_secs(1)).await;
    drop(desks);
    site.outside.stop().await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.faults.is_empty(), "{:?}", seen.faults);
    let mut arrived: Vec<_> = seen.deliveries.values().copied().collect();
    arrived.sort_unstable();
    assert_eq!(arrived, [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]);
    let report = fsck(&site);
    assert_eq!((report.messages, report.deliveries), (1 + PEOPLE, 5));
}
