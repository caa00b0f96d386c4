//! What the appender is asked to do, and what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use proto::audit::v1::ReviewFinding;
use proto::exchange::v1::{Attestation, Purpose};
use proto::ledger::tree::Hash;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::ledger::advice::Advice;
use crate::ledger::attached::AttachmentChange;
use crate::ledger::chase::HolderOfPerson;
use crate::ledger::journal::StoreError;
use crate::ledger::owed::{Given, Told};
use crate::ledger::review::{Review, ToldRow};
use crate::message::MessageKey;
use crate::message::sections::SectionName;
use crate::notify::Notices;
use crate::policy::Bundle;
use crate::prepare::Prepared;
use crate::register::{self, DeskName};
use crate::rules::{Epochs, Rules};
use crate::seal::{Token, Vault};

/// What became of a published message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Durable.
    Accepted {
        /// When it was committed.
        at: OffsetDateTime,
        /// Whether this answers an earlier submission.
        repeated: bool,
    },
    /// Not accepted.
    Refused(Refusal),
}

/// A publisher's stream, as far as answers go.
pub type PublishSink = mpsc::UnboundedSender<Vec<(Uuid, PublishOutcome)>>;

/// Something for the appender to do.
pub enum Work {
    /// Record a message.
    Publish(Box<Prepared>, PublishSink),
    /// Record releases before their bytes leave.
    Release(ReleaseWork),
    /// Record receipts and attempts.
    Settle(SettleWork),
    /// Record ends: expired, refused at release.
    End(Vec<EndItem>),
    /// Find or make a subscription.
    Subscribe(SubscribeWork),
    /// Change directory, standing, bundle or register.
    Change(ChangeWork),
    /// Record a look-up.
    Consult(ConsultWork),
    /// Put a dead letter back.
    Redrive(RedriveWork),
    /// Record what a recipient did with what it was given.
    Attest(AttestWork),
    /// Keep, or let go of, bytes of documents that no message names yet.
    Attach(AttachWork),
    /// Record that a document is fetched.
    Fetch(FetchWork),
    /// Tell desks what the broker has to say, each thing once.
    Advise(AdviseWork),
    /// Keep whom chains of alarms have told.
    Told(Vec<Told>),
    /// Tell whoever was given something about numbers that were merged or parted.
    Chase(ChaseWork),
    /// Close the review of an emergency access.
    CloseReview(CloseReviewWork),
    /// Keep who was told of emergency accesses.
    ReviewsTold(Vec<ToldRow>),
    /// Record refused calls, coalesced: agency, refusal code and how many.
    Refusals(Vec<(Arc<str>, u32, u64)>),
    /// Add padding leaves and tell the committed head.
    Tick {
        /// Leaves to add.
        leaves: usize,
        /// Told the head once it is durable, or why it was not written.
        reply: oneshot::Sender<Result<CommittedHead, StoreError>>,
    },
    /// Keep a document that decisions do not rest on: a signed checkpoint.
    Keep {
        /// Its name.
        name: &'static str,
        /// Its content.
        content: Vec<u8>,
        /// Told when durable, or why it was not written.
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    /// Finish what is queued and stop.
    Stop(oneshot::Sender<()>),
}

/// A head that is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommittedHead {
    /// Entries.
    pub size: u64,
    /// Root.
    pub root: Hash,
}

/// Releases to one subscription's stream.
pub struct ReleaseWork {
    /// Subscription row.
    pub subscription: u64,
    /// Node the bytes go to.
    pub node: Arc<str>,
    /// The moment the items were decided.
    pub epochs: Epochs,
    /// Items.
    pub items: Vec<ReleaseItem>,
    /// Released items, or why none was.
    pub reply: oneshot::Sender<Result<Vec<Released>, ReleaseRefused>>,
}

/// Why a release did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseRefused {
    /// The rules moved: decide again.
    RulesMoved,
    /// The store failed; nothing may be sent.
    Store,
}

/// One delivery to release.
#[derive(Clone)]
pub struct ReleaseItem {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Sending agency.
    pub sender: Arc<str>,
    /// Its message id.
    pub message: Uuid,
    /// Kind's written name.
    pub kind: &'static str,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Number, if it was released before.
    pub number: u64,
    /// Rules that permit it.
    pub rules: Arc<[Arc<str>]>,
    /// What is sent.
    pub parcel: crate::parcel::Parcel,
    /// Rows of the messages that merged or parted numbers of its persons since it was accepted.
    pub chased: Vec<u64>,
}

/// A recorded release: the only thing whose bytes may leave. Made only by the appender,
/// after its commit.
#[derive(Clone)]
pub struct Released {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Release id.
    pub release_id: [u8; 16],
    /// Number on the subscription.
    pub number: u64,
    /// Attempt.
    pub attempt: u32,
    /// Salt of the commitment.
    pub salt: [u8; 32],
    /// The bytes committed to.
    pub body: prost::bytes::Bytes,
    pub(super) _recorded: Recorded,
}

/// That the release stands in a commit. Only the appender can say so.
#[derive(Clone)]
pub(super) struct Recorded;

/// Settlements of one subscription.
pub struct SettleWork {
    /// Subscription row.
    pub subscription: u64,
    /// Node that settles.
    pub node: Arc<str>,
    /// Items.
    pub items: Vec<SettleItem>,
    /// Told whether it is durable.
    pub reply: oneshot::Sender<bool>,
}

/// One settlement.
#[derive(Clone, Debug)]
pub struct SettleItem {
    /// Delivery row.
    pub delivery: u64,
    /// Release settled.
    pub release_id: [u8; 16],
    /// Sending agency.
    pub sender: Arc<str>,
    /// Its message id.
    pub message: Uuid,
    /// Attempts made so far, this one included.
    pub attempt: u32,
    /// How.
    pub settlement: Settlement,
}

/// How a release was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Received and safe.
    Acknowledged,
    /// To be tried again after this, an attempt used up.
    Again(OffsetDateTime),
    /// To be tried again at once, no attempt used up: the stream ended or order demands it.
    Recalled,
    /// As recalled, and no byte was written: the release is void.
    Unsent,
}

/// A delivery that ends without release.
pub struct EndItem {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Subscription row.
    pub subscription: u64,
    /// Sending agency.
    pub sender: Arc<str>,
    /// Its message id.
    pub message: Uuid,
    /// Why.
    pub refusal: Refusal,
}

/// Finds or makes a subscription.
pub struct SubscribeWork {
    /// Desk.
    pub desk: DeskName,
    /// Name.
    pub name: Arc<str>,
    /// Its row.
    pub reply: oneshot::Sender<Result<u64, StoreError>>,
}

/// A change of what decisions rest on.
pub struct ChangeWork {
    /// What.
    pub change: Change,
    /// Acting agency.
    pub agency: Arc<str>,
    /// Acting person (opaque id) or node.
    pub actor: Arc<str>,
    /// Names of the items changed, for the record: directory ids only.
    pub items: Vec<String>,
    /// Documents to keep.
    pub documents: Vec<(String, Vec<u8>)>,
    /// Told when durable.
    pub reply: oneshot::Sender<Result<(), StoreError>>,
}

/// What changes.
pub enum Change {
    /// The directory.
    Directory(Arc<Directory>),
    /// The bundle in force.
    Bundle(Arc<Bundle>),
    /// The register.
    Register(Vec<register::Change>),
    /// Nothing that decisions rest on, but a record all the same: a proposal, an approval.
    Recorded,
}

/// What a desk reads again of what it was given.
pub struct Reread {
    /// Desk.
    pub desk: Arc<str>,
    /// Person who reads (opaque id).
    pub person: Uuid,
    /// Why.
    pub purpose: Purpose,
    /// How many items.
    pub count: u64,
    /// Commits to whom was asked about and to what is read; the salt stands in the sealed reason.
    pub commitment: [u8; 32],
}

/// A look-up to record before its answer is given.
pub struct ConsultWork {
    /// Who looks: agency.
    pub agency: Arc<str>,
    /// Person (opaque id) or node.
    pub actor: Arc<str>,
    /// What was called.
    pub call: &'static str,
    /// Sealed reason.
    pub reason: Vec<u8>,
    /// What is read again of what a desk was given; `None` for any other look-up.
    pub reread: Option<Reread>,
    /// Told when durable: entries so far.
    pub reply: oneshot::Sender<Result<u64, StoreError>>,
}

/// Puts a dead letter back.
pub struct RedriveWork {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Subscription row.
    pub subscription: u64,
    /// Acting agency and node.
    pub actor: (Arc<str>, Arc<str>),
    /// Whether it waits again.
    pub reply: oneshot::Sender<bool>,
}

/// What a desk says it did with deliveries.
pub struct AttestWork {
    /// Desk.
    pub desk: DeskName,
    /// Node that says so.
    pub node: Arc<str>,
    /// Person who did it (opaque id).
    pub person: Option<Uuid>,
    /// What.
    pub attestation: Attestation,
    /// The deliveries, none of which it had said this of.
    pub items: Vec<Given>,
    /// Of how many it was recorded; `None`: the store failed.
    pub reply: oneshot::Sender<Option<u32>>,
}

/// Changes of what is kept of documents.
pub struct AttachWork {
    /// What changes, in this order.
    pub changes: Vec<AttachmentChange>,
    /// Told when durable, or why it is not.
    pub reply: oneshot::Sender<Result<(), StoreError>>,
}

/// A fetch to record before its first byte.
pub struct FetchWork {
    /// Desk that was given the document.
    pub desk: DeskName,
    /// Node that fetches.
    pub node: Arc<str>,
    /// Agency that sent it.
    pub sender: Arc<str>,
    /// Its message.
    pub message: Uuid,
    /// Release by which the desk was given that.
    pub release_id: [u8; 16],
    /// The document's name.
    pub section: SectionName,
    /// From which byte on.
    pub offset: u32,
    /// The moment it was decided.
    pub epochs: Epochs,
    /// Told when durable, or why nothing may be sent.
    pub reply: oneshot::Sender<Result<(), ReleaseRefused>>,
}

/// Holders of numbers that were merged or parted, to be told; or those who are to be asked.
pub struct ChaseWork {
    /// Row of the message that merged or parted the numbers, or asks about them.
    pub message: u64,
    /// How often the chase had been opened when they were looked for.
    pub wanted: u64,
    /// The holders.
    pub holders: BTreeMap<DeskName, HolderOfPerson>,
    /// Where it is a question: everybody who sent or was given something about the persons.
    pub asked: Option<BTreeSet<DeskName>>,
    /// Whether they are told.
    pub reply: oneshot::Sender<bool>,
}

/// Closes the review of an emergency access.
pub struct CloseReviewWork {
    /// The message, of the agency of whoever closes it.
    pub message: MessageKey,
    /// Who closes it.
    pub actor: Uuid,
    /// What was found.
    pub finding: ReviewFinding,
    /// Why, sealed.
    pub reason: Vec<u8>,
    /// The review as it stands then, or why it may not be closed, once that is on record.
    pub reply: oneshot::Sender<Result<Result<Review, Refusal>, StoreError>>,
}

/// What the broker has to say to desks.
pub struct AdviseWork {
    /// What, and to whom.
    pub advice: Vec<Advice>,
    /// Whether it is durable, or was before.
    pub reply: oneshot::Sender<bool>,
}

/// A live subscriber that a fresh message may go to in the commit that accepts it.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Its stream.
    pub stream: u64,
    /// Its node.
    pub node: Arc<str>,
}

/// What delivery must know of a fresh release.
pub struct LiveRelease {
    /// Stream.
    pub stream: u64,
    /// Subscription row.
    pub subscription: u64,
    /// Sending agency.
    pub sender: Arc<str>,
    /// Message id.
    pub message: Uuid,
    /// The earlier message that it follows.
    pub settles: Option<MessageKey>,
    /// Tokens of its subjects.
    pub tokens: Arc<[Token]>,
    /// Desk it goes to.
    pub desk: DeskName,
    /// The release.
    pub released: Released,
}

/// The appender's view of live delivery.
pub trait Live: Send + Sync {
    /// Reserves one delivery of credit on the stream that serves a subscription, if there is
    /// one and nothing waits on it.
    fn reserve(&self, subscription: u64) -> Option<Seat>;
    /// Gives reservations back: the commit did not happen.
    fn release_seats(&self, seats: &[(u64, u64)]);
    /// Committed: send these, and these subscriptions have something waiting.
    fn committed(&self, live: Vec<LiveRelease>, waiting: &[u64]);
}

/// What the appender shares with the rest of the broker.
#[derive(Clone)]
pub struct Shared {
    /// Rules in force, swapped after the commit that changed them.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Told of every swap.
    pub changed: watch::Sender<Epochs>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// Live delivery.
    pub live: Arc<dyn Live>,
    /// Figures.
    pub figures: Arc<Figures>,
    /// The way to tell people outside the broker.
    pub notices: Notices,
    /// Working days, and the time people keep.
    pub calendar: Arc<Calendar>,
    /// How soon somebody must have opened what is immediate.
    pub open_within: time::Duration,
    /// Leaf times are rounded down to this many seconds.
    pub cadence_seconds: u64,
}

/// Figures of the appender, for the ops page.
#[derive(Default)]
pub struct Figures {
    /// Commits.
    pub commits: std::sync::atomic::AtomicU64,
    /// Items committed.
    pub items: std::sync::atomic::AtomicU64,
    /// Microseconds spent in commits.
    pub commit_micros: std::sync::atomic::AtomicU64,
    /// Commits that failed.
    pub failures: std::sync::atomic::AtomicU64,
    /// Candidates refused.
    pub refused: std::sync::atomic::AtomicU64,
    /// Immediate messages that nobody was entitled to: operators must look at once.
    pub immediate_unheard: std::sync::atomic::AtomicU64,
    /// Messages shared by emergency access.
    pub break_glass: std::sync::atomic::AtomicU64,
    /// Messages decided again because the rules had moved.
    pub decided_again: std::sync::atomic::AtomicU64,
}

/// The way to the appender.
#[derive(Clone)]
pub struct Queue(pub(super) mpsc::Sender<Work>);

impl Queue {
    /// Waits for room and hands a work over. `Err`: the appender has stopped.
    ///
    /// # Errors
    /// The broker is stopping.
    pub async fn put(&self, work: Work) -> Result<(), Stopped> {
        self.0.send(work).await.map_err(|_| Stopped)
    }

    /// Returns when the appender has stopped.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    /// Hands a work over from a place that cannot wait.
    ///
    /// # Errors
    /// The queue is full or the broker is stopping.
    pub fn try_put(&self, work: Work) -> Result<(), Stopped> {
        self.0.try_send(work).map_err(|_| Stopped)
    }
}

/// The appender has stopped; nothing more will be recorded.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the ledger's writer has stopped")]
pub struct Stopped;
