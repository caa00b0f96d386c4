//! An appender at work on a store that a test holds in its hand.
//!
//! Owns the verbs in which the tests are written. Promises that a test never waits longer than
//! [`PATIENCE`], and that a closed world was checked: its ledger recomputed, no entry missing,
//! nothing sent that was not recorded.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use rusqlite::Connection;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::chance::{Chance, NoChance, SystemChance};
use crate::clock::{Clock as _, SetClock};
use crate::delivery::outbox::Waiting;
use crate::ledger::appender::{
    self, CommittedHead, EndItem, PublishOutcome, Queue, RedriveWork, Released, SettleItem,
    SettleWork, Settlement, Shared, SubscribeWork, Work,
};
use crate::ledger::attached::Attachments;
use crate::ledger::chase::{ChaseReads, GivenMessage, Pending};
use crate::ledger::fsck;
use crate::ledger::journal::{
    DeliveryState, Held, Journal as _, Known, Recall, ReleasedTo, Stands, StoreError,
};
use crate::ledger::review::{Review, ReviewFilter, Reviews};
use crate::ledger::town::{self, NOON, POLICE, Releases};
use crate::message::MessageKey;
use crate::prepare::{Prepared, Stored};
use crate::register::DeskName;
use crate::seal::Token;
use crate::store::sqlite::{SqliteRaw, SqliteReaders, open_journal};

use super::gate::{Gate, GatedJournal};
use super::streams::Streams;

/// How long a test waits for what must come.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How long a test waits for what must not come.
const LULL: Duration = Duration::from_millis(30);
/// More works than the appender writes on its own thread.
const MANY: usize = 6;

/// Opens a store beside its writer.
pub(super) fn connect(path: &Path) -> Connection {
    let store = Connection::open(path).unwrap();
    store.busy_timeout(PATIENCE).unwrap();
    store
}

/// Asks again and again until there is an answer.
#[track_caller]
pub(super) fn soon<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    const STEP: Duration = Duration::from_micros(500);
    for _ in 0..PATIENCE.as_micros() / STEP.as_micros() {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(STEP);
    }
    panic!("{what} did not come")
}

/// Something that will be answered once.
pub(super) struct Reply<T>(oneshot::Receiver<T>);

impl<T> Reply<T> {
    /// The answer, when it comes.
    #[track_caller]
    pub(super) fn told(&mut self) -> T {
        soon("an answer", || match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => panic!("it will never be answered"),
        })
    }

    /// The answer, if it is there.
    pub(super) fn told_already(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// A message that was submitted.
pub(super) struct Submitted {
    pub(super) digest: [u8; 32],
    told: mpsc::UnboundedReceiver<Vec<(Uuid, PublishOutcome)>>,
}

impl Submitted {
    /// What became of it, if that was told.
    pub(super) fn told_already(&mut self) -> Option<PublishOutcome> {
        self.told.try_recv().ok().map(|outcomes| outcomes[0].1.clone())
    }

    /// What became of it, when it is told.
    #[track_caller]
    pub(super) fn told(&mut self) -> PublishOutcome {
        soon("an outcome", || self.told_already())
    }

    /// It was accepted for the first time. Answers when.
    #[track_caller]
    pub(super) fn accepted(&mut self) -> OffsetDateTime {
        match self.told() {
            PublishOutcome::Accepted { at, repeated: false } => at,
            other => panic!("{other:?}"),
        }
    }

    /// It repeats one that was accepted. Answers when that was.
    #[track_caller]
    pub(super) fn repeated(&mut self) -> OffsetDateTime {
        match self.told() {
            PublishOutcome::Accepted { at, repeated: true } => at,
            other => panic!("{other:?}"),
        }
    }
}

/// All were accepted for the first time.
#[track_caller]
pub(super) fn all_accepted<'all>(all: impl IntoIterator<Item = &'all mut Submitted>) {
    for message in all {
        message.accepted();
    }
}

/// The appender's reads, noted, so that a test knows when something is being drafted.
struct Looks {
    readers: SqliteReaders,
    messages: Mutex<HashMap<u128, usize>>,
    deliveries: Mutex<HashMap<u64, usize>>,
    failing: AtomicU32,
}

impl Looks {
    fn messages(&self, id: u128) -> usize {
        let looks = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(&id).copied().unwrap_or(0)
    }

    fn deliveries(&self, row: u64) -> usize {
        let looks = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(&row).copied().unwrap_or(0)
    }
}

impl ChaseReads for Looks {
    fn chases(&self) -> Result<Vec<Pending>, StoreError> {
        self.readers.chases()
    }

    fn given_about(
        &self,
        tokens: &[Token],
        before: u64,
        limit: u32,
    ) -> Result<Vec<GivenMessage>, StoreError> {
        self.readers.given_about(tokens, before, limit)
    }

    fn bearing_on(&self, message: u64, tokens: &[Token]) -> Result<Vec<u64>, StoreError> {
        self.readers.bearing_on(message, tokens)
    }

    fn is_of_identity(&self, message: u64) -> Result<bool, StoreError> {
        self.readers.is_of_identity(message)
    }

    fn any_given(&self, deliveries: &[u64]) -> Result<bool, StoreError> {
        self.readers.any_given(deliveries)
    }

    fn was_taken_back(&self, message: u64) -> Result<bool, StoreError> {
        self.readers.was_taken_back(message)
    }
}

impl Reviews for Looks {
    fn review(&self, key: &MessageKey) -> Result<Option<Review>, StoreError> {
        self.readers.review(key)
    }

    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError> {
        self.readers.reviews(filter)
    }

    fn reviews_to_tell(&self, now: OffsetDateTime) -> Result<Vec<Review>, StoreError> {
        self.readers.reviews_to_tell(now)
    }
}

impl Recall for Looks {
    fn known(&self, keys: &[MessageKey]) -> Result<Vec<Option<Known>>, StoreError> {
        let failing = &self.failing;
        let fails = failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        let answer = match fails {
            Ok(_) => Err(StoreError::Unavailable("as the test told it".into())),
            Err(_) => self.readers.known(keys),
        };
        let mut looks = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().for_each(|key| *looks.entry(key.id.as_u128()).or_default() += 1);
        answer
    }

    fn held(&self, message: u64) -> Result<Vec<Held>, StoreError> {
        self.readers.held(message)
    }

    fn live_custody(
        &self,
        tokens: &[Token],
        now: OffsetDateTime,
    ) -> Result<Vec<(u64, Stored)>, StoreError> {
        self.readers.live_custody(tokens, now)
    }

    fn message(&self, row: u64) -> Result<Option<Stored>, StoreError> {
        self.readers.message(row)
    }

    fn concerned(&self, tokens: &[Token]) -> Result<BTreeSet<DeskName>, StoreError> {
        self.readers.concerned(tokens)
    }

    fn released(&self, release: &[u8; 16]) -> Result<Option<ReleasedTo>, StoreError> {
        self.readers.released(release)
    }

    fn attachments(&self) -> &dyn Attachments {
        &self.readers
    }

    fn states(&self, rows: &[u64]) -> Result<HashMap<u64, Stands>, StoreError> {
        let answer = self.readers.states(rows);
        let mut looks = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().for_each(|row| *looks.entry(*row).or_default() += 1);
        answer
    }
}

/// Chance that fails the appender's thread when it is told to.
#[derive(Default)]
struct Luck {
    chance: SystemChance,
    failing: AtomicU32,
}

impl Chance for Luck {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance> {
        let fails = || {
            let failing = &self.failing;
            failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
        };
        if std::thread::current().name() == Some("appender") && fails() {
            return Err(NoChance);
        }
        self.chance.fill(bytes)
    }
}

/// The appender at work.
pub(super) struct World {
    folder: tempfile::TempDir,
    path: PathBuf,
    queue: Queue,
    thread: JoinHandle<()>,
    pub(super) shared: Shared,
    looks: Arc<Looks>,
    luck: Arc<Luck>,
    pub(super) clock: Arc<SetClock>,
    pub(super) readers: SqliteReaders,
    pub(super) gate: Arc<Gate>,
    pub(super) streams: Arc<Streams>,
    /// The police's subscription.
    pub(super) police: u64,
}

impl World {
    /// A new store, with a subscription of the police in it.
    pub(super) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let mut store = open_journal(&path).unwrap();
        let start = store.start().unwrap();
        let (gate, clock) = (Arc::<Gate>::default(), Arc::new(SetClock::at(NOON)));
        let (streams, luck) = (Arc::new(Streams::on(&path)), Arc::<Luck>::default());
        let (mut shared, bundle) = town::shared(Arc::clone(&clock), streams.clone());
        shared.chance = luck.clone();
        let readers = SqliteReaders::new(&path);
        let looks = Arc::new(Looks {
            readers: readers.clone(),
            messages: Mutex::default(),
            deliveries: Mutex::default(),
            failing: AtomicU32::new(0),
        });
        let journal = Box::new(GatedJournal { store, gate: Arc::clone(&gate) });
        let (queue, thread) =
            appender::start(journal, looks.clone(), &start, Some(bundle), shared.clone()).unwrap();
        let mut world = Self {
            folder,
            path,
            queue,
            thread,
            shared,
            looks,
            luck,
            clock,
            readers,
            gate,
            streams,
            police: 0,
        };
        world.police = world.subscribe(POLICE, "duty");
        world
    }

    /// Hands a work over.
    pub(super) fn put(&self, work: Work) {
        assert!(self.queue.try_put(work).is_ok(), "the appender has room");
    }

    pub(super) fn subscribe(&self, desk: (&str, &str), name: &str) -> u64 {
        let (reply, told) = oneshot::channel();
        let desk = DeskName { agency: desk.0.into(), desk: desk.1.into() };
        self.put(Work::Subscribe(SubscribeWork { desk, name: name.into(), reply }));
        Reply(told).told().unwrap()
    }

    /// A message ready to be submitted.
    pub(super) fn prepare(&self, message: wire::Message) -> Box<Prepared> {
        town::prepared(message, &self.shared)
    }

    /// Submits a message that is ready.
    pub(super) fn submit(&self, prepared: Box<Prepared>) -> Submitted {
        let (sink, told) = mpsc::unbounded_channel();
        let digest = prepared.admitted.digest;
        self.put(Work::Publish(prepared, sink));
        Submitted { digest, told }
    }

    /// Submits a message.
    pub(super) fn publish(&self, message: wire::Message) -> Submitted {
        self.submit(self.prepare(message))
    }

    /// Submits a message and waits until it has been drafted.
    #[track_caller]
    pub(super) fn publish_drafted(&self, message: wire::Message) -> Submitted {
        let prepared = self.prepare(message);
        let id = prepared.admitted.key.id.as_u128();
        let before = self.looks.messages(id);
        let submitted = self.submit(prepared);
        self.wait_for_look(id, before + 1);
        submitted
    }

    /// How often a message was looked up to be drafted.
    pub(super) fn looks(&self, message: u128) -> usize {
        self.looks.messages(message)
    }

    #[track_caller]
    pub(super) fn wait_for_look(&self, message: u128, looks: usize) {
        soon("a look-up", || (self.looks.messages(message) >= looks).then_some(()));
    }

    /// The next look at messages fails.
    pub(super) fn look_fails(&self) {
        self.looks.failing.store(1, Ordering::SeqCst);
    }

    /// The appender has no chance the next time it draws.
    pub(super) fn chance_fails(&self) {
        self.luck.failing.store(1, Ordering::SeqCst);
    }

    /// The store refuses a message from now on, by a rule of its own.
    pub(super) fn forbid(&self, message: u128) {
        let rule = format!(
            "CREATE TRIGGER forbidden_{message} BEFORE INSERT ON message
             WHEN NEW.uuid = x'{message:032x}' BEGIN SELECT RAISE(ABORT, 'forbidden'); END"
        );
        connect(&self.path).execute_batch(&rule).unwrap();
    }

    /// What a subscription has to send now.
    pub(super) fn due(&self, subscription: u64) -> Vec<Waiting> {
        town::due(&self.readers, subscription, self.clock.now())
    }

    /// Asks for releases.
    pub(super) fn release(&self, subscription: u64, waiting: &[Waiting]) -> Reply<Releases> {
        let (work, told) = town::release(subscription, waiting);
        self.put(work);
        Reply(told)
    }

    /// Releases all that the police have waiting, which are so many.
    #[track_caller]
    pub(super) fn release_all(&self, expected: usize) -> Vec<Released> {
        let waiting = self.due(self.police);
        let released = self.release(self.police, &waiting).told().unwrap();
        assert_eq!(released.len(), expected);
        released
    }

    /// Settles a release.
    pub(super) fn settle(
        &self,
        subscription: u64,
        released: &Released,
        settlement: Settlement,
    ) -> Reply<bool> {
        let item = SettleItem {
            delivery: released.delivery,
            release_id: released.release_id,
            sender: "prisons".into(),
            message: Uuid::from_u128(message_of(&self.path, released.delivery)),
            attempt: released.attempt,
            settlement,
        };
        let (reply, told) = oneshot::channel();
        let (node, items) = ("duty".into(), vec![item]);
        self.put(Work::Settle(SettleWork { subscription, node, items, reply }));
        Reply(told)
    }

    /// The police settle one release. Waits until that has been drafted.
    #[track_caller]
    pub(super) fn settle_drafted(&self, released: &Released, how: Settlement) -> Reply<bool> {
        let before = self.looks.deliveries(released.delivery);
        let reply = self.settle(self.police, released, how);
        let looked = || self.looks.deliveries(released.delivery) > before;
        soon("a look-up", || looked().then_some(()));
        reply
    }

    /// The police put a dead letter back.
    pub(super) fn redrive(&self, delivery: &Released) -> Reply<bool> {
        let (reply, told) = oneshot::channel();
        self.put(Work::Redrive(RedriveWork {
            delivery: delivery.delivery,
            delivery_id: delivery.delivery_id,
            subscription: self.police,
            actor: (POLICE.0.into(), "duty".into()),
            reply,
        }));
        Reply(told)
    }

    /// A delivery ends unreleased.
    pub(super) fn end(&self, delivery: &Released, message: u128) {
        self.put(Work::End(vec![EndItem {
            delivery: delivery.delivery,
            delivery_id: delivery.delivery_id,
            subscription: self.police,
            sender: "prisons".into(),
            message: Uuid::from_u128(message),
            refusal: Refusal::Expired,
        }]));
    }

    /// Adds entries that say nothing.
    pub(super) fn tick(&self, leaves: usize) -> Reply<Result<CommittedHead, StoreError>> {
        let (reply, told) = oneshot::channel();
        self.put(Work::Tick { leaves, reply });
        Reply(told)
    }

    /// A way to the appender of its own.
    pub(super) fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// Asks the appender to stop.
    pub(super) fn stop(&self) -> Reply<()> {
        let (reply, told) = oneshot::channel();
        self.put(Work::Stop(reply));
        Reply(told)
    }

    /// Holds a small commit on the appender's own thread, so that all that `put` hands over
    /// is there when it ends.
    pub(super) fn behind_a_commit<T>(&self, put: impl FnOnce() -> T) -> T {
        self.gate.hold();
        let asked = self.gate.count();
        let before = self.tick(1);
        self.gate.wait_for(asked + 1);
        let put = put();
        drop(before);
        put
    }

    /// Brings what `put` hands over into a draft that the writing thread is held with.
    pub(super) fn in_flight<T>(&self, put: impl FnOnce() -> T) -> T {
        let asked = self.gate.count();
        let put = self.behind_a_commit(put);
        for _ in 0..MANY {
            self.tick(1);
        }
        self.gate.let_one_through();
        self.gate.wait_for(asked + 2);
        put
    }

    /// Lets time go by in which nothing must come.
    pub(super) fn lull() {
        std::thread::sleep(LULL);
    }

    /// Stops the appender, and checks everything.
    #[track_caller]
    pub(super) fn close(self) -> Disk {
        self.gate.open();
        self.stop().told();
        self.ended()
    }

    /// Nobody can reach the appender any more.
    #[track_caller]
    pub(super) fn abandon(self) -> Disk {
        self.ended()
    }

    #[track_caller]
    fn ended(self) -> Disk {
        let Self { folder, path, queue, thread, streams, .. } = self;
        drop(queue);
        soon("the appender's end", || thread.is_finished().then_some(()));
        thread.join().unwrap();
        drop(open_journal(&path).unwrap());
        assert_eq!(streams.faults(), Vec::<String>::new());
        let report = fsck::check(&SqliteRaw::open(&path).unwrap(), None).unwrap();
        assert_eq!(report.faults, []);
        let disk = Disk { _folder: folder, store: connect(&path) };
        let entries = disk.count("SELECT count(*) FROM entry");
        assert_eq!(entries, disk.count("SELECT coalesce(max(idx) + 1, 0) FROM entry"));
        assert_eq!(entries, disk.count("SELECT size FROM head"));
        disk
    }
}

/// A row number as it is stored.
pub(super) fn row_number(row: u64) -> i64 {
    i64::try_from(row).unwrap()
}

/// The number in the id of a delivery's message.
fn message_of(path: &Path, delivery: u64) -> u128 {
    let query = "SELECT m.uuid FROM delivery d JOIN message m ON m.id = d.message WHERE d.id = ?1";
    let id: [u8; 16] =
        connect(path).query_row(query, [row_number(delivery)], |row| row.get(0)).unwrap();
    u128::from_be_bytes(id)
}

/// A store that nobody writes any more.
pub(super) struct Disk {
    _folder: tempfile::TempDir,
    pub(super) store: Connection,
}

impl Disk {
    pub(super) fn count(&self, query: &str) -> i64 {
        self.store.query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The numbers in the ids of the messages, in the order of their rows.
    pub(super) fn messages(&self) -> Vec<u128> {
        self.digests().into_iter().map(|(id, _)| id).collect()
    }

    /// The messages with their digests, in the order of their rows.
    pub(super) fn digests(&self) -> Vec<(u128, [u8; 32])> {
        let mut query = self.store.prepare("SELECT uuid, digest FROM message ORDER BY id").unwrap();
        let rows = query.query_map([], |row| {
            Ok((u128::from_be_bytes(row.get::<_, [u8; 16]>(0)?), row.get(1)?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// How a delivery stands.
    pub(super) fn state(&self, delivery: u64) -> DeliveryState {
        let query = "SELECT state FROM delivery WHERE id = ?1";
        let state: u8 =
            self.store.query_row(query, [row_number(delivery)], |row| row.get(0)).unwrap();
        DeliveryState::from_number(state).unwrap()
    }
}
