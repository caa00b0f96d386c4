//! The living streams: credit, what is outstanding on each, and fresh messages.
//!
//! Promises that a release is here, or settled on disk, or forgotten by a broker that stops:
//! what is being settled is kept until that is durable, and what a stream leaves behind until it
//! waits again. Each field of `Serving` is held under the hub's lock, never across an await or
//! a commit.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::exchange::v1 as wire;
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::clock::Clock;
use crate::ledger::appender::{Live, LiveRelease, Released, Seat};
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::seal::{Token, Vault};

/// How long a delivery may stay unsettled before it is offered again.
pub const LEASE: Duration = Duration::from_secs(30);

/// A release on its way or received, and not settled.
#[derive(Clone, Debug)]
pub struct Outstanding {
    /// Delivery row.
    pub delivery: u64,
    /// Release.
    pub release_id: [u8; 16],
    /// Number on the subscription: the order in which it was sent.
    pub number: u64,
    /// Sending agency.
    pub sender: Arc<str>,
    /// Message.
    pub message: Uuid,
    /// Attempt.
    pub attempt: u32,
    /// Persons it concerns.
    pub tokens: Arc<[Token]>,
    /// When the lease ends, monotonic: from the moment its bytes are handed to the transport.
    pub lease_ends: Option<Duration>,
}

/// A release that a stream leaves behind.
#[derive(Clone, Debug)]
pub struct Left {
    /// The release.
    pub release: Outstanding,
    /// Whether any of its bytes may have been written.
    pub sent: bool,
}

struct Serving {
    stream: u64,
    node: Arc<str>,
    credit: u32,
    /// Something may wait in the store: then nothing fresh goes out before it.
    backlog: bool,
    /// Counts additions to the backlog, so that a reader knows whether it saw the last.
    additions: u64,
    outstanding: BTreeMap<[u8; 16], Outstanding>,
    /// Received, until that is durable.
    receipts: BTreeMap<[u8; 16], Outstanding>,
    /// Going back to the store, until that is durable: nothing may pass them.
    returning: BTreeMap<[u8; 16], Outstanding>,
    /// What waits again only once that is durable: of this stream as it ends, or of another.
    left: BTreeMap<[u8; 16], Left>,
    out: mpsc::UnboundedSender<Vec<wire::Delivery>>,
    /// Whether bytes may leave now. Until it is told, nothing goes out fresh.
    may_release: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    wake: Arc<Notify>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Serving {
    /// Leaves behind everything that is not settled.
    fn leave(&mut self) {
        let unsettled = [&mut self.outstanding, &mut self.receipts, &mut self.returning];
        for release in unsettled.into_iter().flat_map(|kept| std::mem::take(kept).into_values()) {
            self.left.insert(release.release_id, Left { release, sent: true });
        }
    }

    /// Notes that something waits.
    fn has_backlog(&mut self) {
        self.backlog = true;
        self.additions += 1;
        self.wake.notify_one();
    }

    /// Whether something is on its way back, so that whatever follows it must wait.
    fn puts_back(&self) -> bool {
        !self.returning.is_empty() || !self.left.is_empty()
    }

    /// Takes everything outstanding that `test` holds for, to be offered again.
    fn take_back(&mut self, test: impl Fn(&Outstanding) -> bool) -> Vec<Outstanding> {
        let taken: Vec<Outstanding> =
            self.outstanding.extract_if(.., |_, o| test(o)).map(|(_, o)| o).collect();
        self.returning.extend(taken.iter().map(|o| (o.release_id, o.clone())));
        taken
    }
}

/// All living streams.
pub struct Hub {
    serving: Mutex<HashMap<u64, Serving>>,
    clock: Arc<dyn Clock>,
    vault: Arc<Vault>,
    known: Arc<Known>,
}

/// Whether a desk knows a message: something was released to it because of that.
pub type Known = dyn Fn(&DeskName, &MessageKey) -> bool + Send + Sync;

/// A stream's own handle. Whoever serves it puts back what it leaves, and closes it.
pub struct Stream {
    hub: Arc<Hub>,
    subscription: u64,
    stream: u64,
    /// Told when there may be something to send.
    pub wake: Arc<Notify>,
    /// Held by whoever serves the subscription: a stream that takes over begins when the one
    /// before it has put back what it was releasing.
    pub turn: Arc<tokio::sync::Mutex<()>>,
}

impl Hub {
    /// A hub that serves nobody yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, vault: Arc<Vault>, known: Arc<Known>) -> Self {
        Self { serving: Mutex::default(), clock, vault, known }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Serving>> {
        // A panic while the lock was held left a map that is still a map.
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to serve a subscription. The same node opening it again takes over, because
    /// its old connection may not know yet that it is dead; another node is refused.
    #[must_use]
    pub fn open(
        self: &Arc<Self>,
        subscription: u64,
        stream: u64,
        node: &Arc<str>,
        credit: u32,
        out: mpsc::UnboundedSender<Vec<wire::Delivery>>,
    ) -> Option<Stream> {
        let mut serving = self.lock();
        let (mut left, mut turn) = (BTreeMap::new(), Arc::default());
        if let Some(old) = serving.get_mut(&subscription) {
            if old.node != *node && !old.out.is_closed() {
                return None;
            }
            old.leave();
            (left, turn) = (std::mem::take(&mut old.left), Arc::clone(&old.turn));
            old.wake.notify_one();
        }
        let wake = Arc::new(Notify::new());
        wake.notify_one();
        let begun = Serving {
            stream,
            node: Arc::clone(node),
            credit,
            backlog: true,
            additions: 0,
            outstanding: BTreeMap::new(),
            receipts: BTreeMap::new(),
            returning: BTreeMap::new(),
            left,
            out,
            may_release: None,
            wake: Arc::clone(&wake),
            turn: Arc::clone(&turn),
        };
        serving.insert(subscription, begun);
        Some(Stream { hub: Arc::clone(self), subscription, stream, wake, turn })
    }

    /// A fresh release as it goes over the wire.
    fn frame(&self, live: &LiveRelease) -> wire::Delivery {
        let key = MessageKey { agency: Arc::clone(&live.sender), id: live.message };
        let settles = live.settles.as_ref().filter(|earlier| (self.known)(&live.desk, earlier));
        delivery(&self.vault, &live.desk, &key, settles, &live.released)
    }

    /// Streams served.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.lock().len()
    }

    /// Wakes every stream: rules moved or time passed.
    pub fn wake_all(&self) {
        self.lock().values_mut().for_each(Serving::has_backlog);
    }

    /// The reference by which a recipient agency knows a message.
    #[must_use]
    pub fn reference(&self, recipient: &str, message: &MessageKey) -> Vec<u8> {
        message.reference_of(recipient, &self.vault)
    }
}

/// A release as it goes over the wire. `settles`: the earlier message that it follows, where the
/// desk knows that one. Nobody else may learn that there was anything earlier.
#[must_use]
pub fn delivery(
    vault: &Vault,
    desk: &DeskName,
    message: &MessageKey,
    settles: Option<&MessageKey>,
    released: &Released,
) -> wire::Delivery {
    wire::Delivery {
        delivery_id: released.delivery_id.to_vec().into(),
        release_id: released.release_id.to_vec().into(),
        number: released.number,
        attempt: released.attempt,
        reference: message.reference_of(&desk.agency, vault).into(),
        settles_reference: settles
            .map(|key| key.reference_of(&desk.agency, vault))
            .unwrap_or_default()
            .into(),
        body: released.body.clone(),
        salt: released.salt.to_vec().into(),
    }
}

impl Stream {
    /// Runs `change` on the stream's state if it is still this stream's.
    fn with<T>(&self, change: impl FnOnce(&mut Serving) -> T) -> Option<T> {
        let mut serving = self.hub.lock();
        serving
            .get_mut(&self.subscription)
            .filter(|serving| serving.stream == self.stream)
            .map(change)
    }

    /// Whether another connection of the node has taken over.
    #[must_use]
    pub fn superseded(&self) -> bool {
        self.with(|_| ()).is_none()
    }

    /// Tells what fresh messages wait for besides credit: revocation lists that are current.
    pub fn releases_while(&self, may_release: &Arc<dyn Fn() -> bool + Send + Sync>) {
        self.with(|serving| serving.may_release = Some(Arc::clone(may_release)));
    }

    /// Adds credit. Together with what is outstanding it stays within the protocol's bound, so
    /// that a client which never reads is held for no more than that.
    pub fn grant(&self, deliveries: u32) {
        self.with(|serving| {
            let outstanding = u32::try_from(serving.outstanding.len()).unwrap_or(u32::MAX);
            let room = proto::limits::CREDIT_DELIVERIES_MAX.saturating_sub(outstanding);
            let granted = serving.credit.saturating_add(deliveries).min(room);
            serving.credit = granted.max(serving.credit);
            serving.wake.notify_one();
        });
    }

    /// Takes credit for the backlog: how many may be sent, and the backlog's mark.
    #[must_use]
    pub fn take_credit(&self) -> (u32, u64) {
        self.with(|serving| {
            if !serving.backlog || serving.puts_back() {
                return (0, serving.additions);
            }
            (std::mem::take(&mut serving.credit), serving.additions)
        })
        .unwrap_or((0, 0))
    }

    /// Gives back credit that was not used. With `drained`, nothing waited when the mark was
    /// taken, so fresh messages may go out directly again, unless something came since.
    pub fn give_back(&self, credit: u32, drained: Option<u64>) {
        self.with(|serving| {
            serving.credit = serving.credit.saturating_add(credit);
            if drained == Some(serving.additions) {
                serving.backlog = false;
            } else if drained.is_some() {
                serving.wake.notify_one();
            }
        });
    }

    /// Notes what is about to be sent.
    ///
    /// # Errors
    /// A newer connection has taken over: nothing may be sent, and all of it is to be put back.
    pub fn sending(&self, outstanding: Vec<Outstanding>) -> Result<(), Vec<Outstanding>> {
        let mut serving = self.hub.lock();
        let own = serving.get_mut(&self.subscription).filter(|s| s.stream == self.stream);
        let Some(serving) = own else { return Err(outstanding) };
        let released = outstanding.into_iter().map(|release| (release.release_id, release));
        serving.outstanding.extend(released);
        Ok(())
    }

    /// Begins the leases of releases whose bytes were handed to the transport.
    pub fn sent<'a>(&self, releases: impl IntoIterator<Item = &'a [u8]>) {
        let ends = self.hub.clock.monotonic() + LEASE;
        self.with(|serving| {
            for release in releases {
                if let Ok(release) = <[u8; 16]>::try_from(release)
                    && let Some(outstanding) = serving.outstanding.get_mut(&release)
                {
                    outstanding.lease_ends = Some(ends);
                }
            }
        });
    }

    /// Takes a release that was received; `None` for one that is not outstanding.
    #[must_use]
    pub fn received(&self, release: &[u8; 16]) -> Option<Outstanding> {
        self.with(|serving| {
            let received = serving.outstanding.remove(release)?;
            serving.receipts.insert(*release, received.clone());
            Some(received)
        })
        .flatten()
    }

    /// Takes a release that is to be offered again; `None` for one that is not outstanding.
    #[must_use]
    pub fn refused(&self, release: &[u8; 16]) -> Option<Outstanding> {
        self.with(|serving| serving.take_back(|o| o.release_id == *release).pop()).flatten()
    }

    /// Prolongs a lease.
    pub fn extend(&self, release: &[u8; 16]) {
        self.sent([release.as_slice()]);
    }

    /// Takes everything whose lease has run out.
    #[must_use]
    pub fn lapsed(&self) -> Vec<Outstanding> {
        let now = self.hub.clock.monotonic();
        let over = |o: &Outstanding| o.lease_ends.is_some_and(|ends| ends <= now);
        self.with(|serving| serving.take_back(over)).unwrap_or_default()
    }

    /// Takes everything that was sent later about a person of `first`.
    #[must_use]
    pub fn recall_after(&self, first: &Outstanding) -> Vec<Outstanding> {
        self.with(|serving| {
            serving.take_back(|later| {
                later.number > first.number
                    && later.tokens.iter().any(|token| first.tokens.contains(token))
            })
        })
        .unwrap_or_default()
    }

    /// Forgets what was settled. If that is not durable it is outstanding as before.
    pub fn settled(&self, releases: &[[u8; 16]], durable: bool) {
        self.with(|serving| {
            for release in releases {
                let kept =
                    serving.receipts.remove(release).or_else(|| serving.returning.remove(release));
                if let Some(kept) = kept.filter(|_| !durable) {
                    serving.outstanding.insert(*release, kept);
                }
            }
            if !serving.puts_back() {
                serving.wake.notify_one();
            }
        });
    }

    /// Notes that something waits again.
    pub fn has_backlog(&self) {
        self.with(Serving::has_backlog);
    }

    /// Ends the service: everything outstanding is left behind.
    pub fn leave(&self) {
        self.with(Serving::leave);
    }

    /// What is left behind, by this stream or one before it, and does not wait again yet.
    #[must_use]
    pub fn left(&self) -> Vec<Left> {
        self.with(|serving| serving.left.values().cloned().collect()).unwrap_or_default()
    }

    /// Notes that these wait again. Answers whether nothing else is left behind.
    #[must_use]
    pub fn put_back(&self, releases: &[Left]) -> bool {
        self.with(|serving| {
            for left in releases {
                serving.left.remove(&left.release.release_id);
            }
            serving.left.is_empty()
        })
        .unwrap_or(true)
    }

    /// Forgets the stream, unless another has taken over.
    pub fn close(&self) {
        let mut serving = self.hub.lock();
        if serving.get(&self.subscription).is_some_and(|s| s.stream == self.stream) {
            serving.remove(&self.subscription);
        }
    }

    /// Subscription row.
    #[must_use]
    pub const fn subscription(&self) -> u64 {
        self.subscription
    }
}

fn outstanding(release: LiveRelease) -> Outstanding {
    Outstanding {
        delivery: release.released.delivery,
        release_id: release.released.release_id,
        number: release.released.number,
        sender: release.sender,
        message: release.message,
        attempt: release.released.attempt,
        tokens: release.tokens,
        lease_ends: None,
    }
}

impl Live for Hub {
    fn reserve(&self, subscription: u64) -> Option<Seat> {
        let mut all = self.lock();
        let serving = all.get_mut(&subscription)?;
        if serving.backlog || serving.credit == 0 || serving.puts_back() || serving.out.is_closed()
        {
            return None;
        }
        if !serving.may_release.as_ref().is_some_and(|may_release| may_release()) {
            return None;
        }
        serving.credit -= 1;
        Some(Seat { stream: serving.stream, node: Arc::clone(&serving.node) })
    }

    fn release_seats(&self, seats: &[(u64, u64)]) {
        let mut all = self.lock();
        for (subscription, stream) in seats {
            if let Some(serving) = all.get_mut(subscription).filter(|s| s.stream == *stream) {
                serving.credit += 1;
            }
        }
    }

    fn committed(&self, live: Vec<LiveRelease>, waiting: &[u64]) {
        let mut frames: BTreeMap<u64, Vec<wire::Delivery>> = BTreeMap::new();
        let made: Vec<wire::Delivery> = live.iter().map(|live| self.frame(live)).collect();
        let mut all = self.lock();
        for subscription in waiting {
            if let Some(serving) = all.get_mut(subscription) {
                serving.has_backlog();
            }
        }
        for (release, frame) in live.into_iter().zip(made) {
            let (subscription, stream) = (release.subscription, release.stream);
            // A stream is forgotten only when nothing more can be released to it.
            let Some(serving) = all.get_mut(&subscription) else {
                tracing::error!(code = "release-without-stream", "waits for the next start");
                continue;
            };
            let release = outstanding(release);
            if serving.stream == stream && !serving.out.is_closed() {
                serving.outstanding.insert(release.release_id, release);
                frames.entry(subscription).or_default().push(frame);
            } else {
                // The stream ended between reservation and commit: no byte was written.
                serving.left.insert(release.release_id, Left { release, sent: false });
                serving.has_backlog();
            }
        }
        for (subscription, frame) in frames {
            if let Some(serving) = all.get(&subscription) {
                // A stream that ends now leaves behind what is outstanding.
                let _ = serving.out.send(frame);
            }
        }
    }
}

#[cfg(test)]
mod tests;
