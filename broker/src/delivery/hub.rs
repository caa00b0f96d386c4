//! The living streams: credit, what is outstanding on each, and fresh messages.
//!
//! Each field of `Serving` is held under the hub's lock, for as long as a few map
//! operations take and never across an await or a commit.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use proto::exchange::v1 as wire;
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::clock::Clock;
use crate::ledger::appender::{
    Live, LiveRelease, Queue, Released, Seat, VoidItem, WeakQueue, Work,
};
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
    /// When the lease ends, monotonic.
    pub lease_ends: Duration,
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
    out: mpsc::UnboundedSender<Vec<wire::Delivery>>,
    /// Whether bytes may leave now. Until it is told, nothing goes out fresh.
    may_release: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    wake: Arc<Notify>,
}

/// All living streams.
pub struct Hub {
    serving: Mutex<HashMap<u64, Serving>>,
    queue: OnceLock<WeakQueue>,
    clock: Arc<dyn Clock>,
    vault: Arc<Vault>,
}

/// A stream's own handle. Dropping it ends the service; what was outstanding is recalled by
/// whoever holds it.
pub struct Stream {
    hub: Arc<Hub>,
    subscription: u64,
    stream: u64,
    /// Told when there may be something to send.
    pub wake: Arc<Notify>,
}

impl Hub {
    /// A hub that serves nobody yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, vault: Arc<Vault>) -> Self {
        Self { serving: Mutex::default(), queue: OnceLock::new(), clock, vault }
    }

    /// Gives the hub the way to the appender, once.
    pub fn connect(&self, queue: &Queue) {
        // Weakly: the appender holds the hub, and must end when nobody else can reach it.
        let _ = self.queue.set(queue.downgrade());
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
    ) -> Option<(Stream, Vec<Outstanding>)> {
        let mut serving = self.lock();
        let mut left = Vec::new();
        if let Some(old) = serving.get(&subscription) {
            if old.node != *node && !old.out.is_closed() {
                return None;
            }
            left = old.outstanding.values().cloned().collect();
            old.wake.notify_one();
        }
        let wake = Arc::new(Notify::new());
        serving.insert(
            subscription,
            Serving {
                stream,
                node: Arc::clone(node),
                credit,
                backlog: true,
                additions: 0,
                outstanding: BTreeMap::new(),
                out,
                may_release: None,
                wake: Arc::clone(&wake),
            },
        );
        wake.notify_one();
        Some((Stream { hub: Arc::clone(self), subscription, stream, wake }, left))
    }

    /// A fresh release as it goes over the wire.
    fn frame(&self, live: &LiveRelease) -> wire::Delivery {
        let key = MessageKey { agency: Arc::clone(&live.sender), id: live.message };
        delivery(&self.vault, &live.desk, &key, live.settles, &live.released)
    }

    /// Streams served.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.lock().len()
    }

    /// Wakes every stream: rules moved or time passed.
    pub fn wake_all(&self) {
        for serving in self.lock().values_mut() {
            serving.backlog = true;
            serving.additions += 1;
            serving.wake.notify_one();
        }
    }

    /// The reference by which a recipient agency knows a message.
    #[must_use]
    pub fn reference(&self, recipient: &str, message: &MessageKey) -> Vec<u8> {
        reference(&self.vault, recipient, message)
    }
}

/// The reference by which a recipient agency knows a message: its own, so that no two
/// agencies can compare theirs.
#[must_use]
pub fn reference(vault: &Vault, recipient: &str, message: &MessageKey) -> Vec<u8> {
    let mut text = recipient.as_bytes().to_vec();
    text.push(0);
    text.extend(message.place());
    vault.keyed_digest("reference", &text).into_iter().take(16).collect()
}

/// A release as it goes over the wire.
#[must_use]
pub fn delivery(
    vault: &Vault,
    desk: &DeskName,
    message: &MessageKey,
    settles: Option<Uuid>,
    released: &Released,
) -> wire::Delivery {
    let settles = settles.map(|id| MessageKey { agency: Arc::clone(&message.agency), id });
    wire::Delivery {
        delivery_id: released.delivery_id.to_vec().into(),
        release_id: released.release_id.to_vec().into(),
        number: released.number,
        attempt: released.attempt,
        reference: reference(vault, &desk.agency, message).into(),
        settles_reference: settles
            .map(|key| reference(vault, &desk.agency, &key))
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

    /// Adds credit, up to the protocol's bound.
    pub fn grant(&self, deliveries: u32) {
        self.with(|serving| {
            serving.credit =
                serving.credit.saturating_add(deliveries).min(proto::limits::CREDIT_DELIVERIES_MAX);
            serving.wake.notify_one();
        });
    }

    /// Takes credit for the backlog: how many may be sent, and the backlog's mark.
    #[must_use]
    pub fn take_credit(&self) -> (u32, u64) {
        self.with(|serving| {
            if !serving.backlog {
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
    /// A newer connection has taken over: nothing may be sent, and all of it is to be recalled.
    pub fn sending(&self, outstanding: Vec<Outstanding>) -> Result<(), Vec<Outstanding>> {
        let mut serving = self.hub.lock();
        let own = serving.get_mut(&self.subscription).filter(|s| s.stream == self.stream);
        let Some(serving) = own else { return Err(outstanding) };
        let released = outstanding.into_iter().map(|release| (release.release_id, release));
        serving.outstanding.extend(released);
        Ok(())
    }

    /// Takes a release that is being settled; `None` for one that is not outstanding.
    #[must_use]
    pub fn settle(&self, release: &[u8; 16]) -> Option<Outstanding> {
        self.with(|serving| serving.outstanding.remove(release)).flatten()
    }

    /// Prolongs a lease.
    pub fn extend(&self, release: &[u8; 16]) {
        let ends = self.hub.clock.monotonic() + LEASE;
        self.with(|serving| {
            if let Some(outstanding) = serving.outstanding.get_mut(release) {
                outstanding.lease_ends = ends;
            }
        });
    }

    /// Takes everything whose lease has run out.
    #[must_use]
    pub fn lapsed(&self) -> Vec<Outstanding> {
        let now = self.hub.clock.monotonic();
        self.with(|serving| take_where(serving, |o| o.lease_ends <= now)).unwrap_or_default()
    }

    /// Takes everything that was sent later about a person of `first`.
    #[must_use]
    pub fn recall_after(&self, first: &Outstanding) -> Vec<Outstanding> {
        self.with(|serving| {
            take_where(serving, |later| {
                later.number > first.number
                    && later.tokens.iter().any(|token| first.tokens.contains(token))
            })
        })
        .unwrap_or_default()
    }

    /// Notes that something waits again.
    pub fn has_backlog(&self) {
        self.with(|serving| {
            serving.backlog = true;
            serving.additions += 1;
            serving.wake.notify_one();
        });
    }

    /// Ends the service and takes everything outstanding.
    #[must_use]
    pub fn close(&self) -> Vec<Outstanding> {
        let mut serving = self.hub.lock();
        if serving.get(&self.subscription).is_some_and(|s| s.stream == self.stream) {
            return serving
                .remove(&self.subscription)
                .map(|ended| ended.outstanding.into_values().collect())
                .unwrap_or_default();
        }
        Vec::new()
    }

    /// Subscription row.
    #[must_use]
    pub const fn subscription(&self) -> u64 {
        self.subscription
    }
}

fn take_where(serving: &mut Serving, test: impl Fn(&Outstanding) -> bool) -> Vec<Outstanding> {
    let chosen: Vec<[u8; 16]> =
        serving.outstanding.values().filter(|o| test(o)).map(|o| o.release_id).collect();
    chosen.iter().filter_map(|release| serving.outstanding.remove(release)).collect()
}

fn outstanding(release: LiveRelease, lease_ends: Duration) -> Outstanding {
    Outstanding {
        delivery: release.released.delivery,
        release_id: release.released.release_id,
        number: release.released.number,
        sender: release.sender,
        message: release.message,
        attempt: release.released.attempt,
        tokens: release.tokens,
        lease_ends,
    }
}

impl Live for Hub {
    fn reserve(&self, subscription: u64) -> Option<Seat> {
        let mut all = self.lock();
        let serving = all.get_mut(&subscription)?;
        if serving.backlog || serving.credit == 0 || serving.out.is_closed() {
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

    fn committed(&self, live: Vec<LiveRelease>, waiting: &[(u64, u64)]) {
        let mut void = Vec::new();
        let mut frames: BTreeMap<u64, Vec<wire::Delivery>> = BTreeMap::new();
        let made: Vec<wire::Delivery> = live.iter().map(|live| self.frame(live)).collect();
        let mut all = self.lock();
        for (subscription, _) in waiting {
            if let Some(serving) = all.get_mut(subscription) {
                serving.backlog = true;
                serving.additions += 1;
                serving.wake.notify_one();
            }
        }
        let lease_ends = self.clock.monotonic() + LEASE;
        for (release, frame) in live.into_iter().zip(made) {
            let serving = all
                .get_mut(&release.subscription)
                .filter(|s| s.stream == release.stream && !s.out.is_closed());
            let Some(serving) = serving else {
                // The stream ended between reservation and commit: no byte was written.
                void.push(VoidItem {
                    delivery: release.released.delivery,
                    release_id: release.released.release_id,
                    subscription: release.subscription,
                });
                continue;
            };
            let subscription = release.subscription;
            serving
                .outstanding
                .insert(release.released.release_id, outstanding(release, lease_ends));
            frames.entry(subscription).or_default().push(frame);
        }
        for (subscription, frame) in frames {
            if let Some(serving) = all.get(&subscription) {
                // A stream that ends now recalls what is outstanding when it closes.
                let _ = serving.out.send(frame);
            }
        }
        drop(all);
        if !void.is_empty()
            && let Some(queue) = self.queue.get()
            && queue.try_put(Work::Void(void)).is_err()
        {
            // Recorded as released and never sent: the next start offers it again.
            tracing::warn!(code = "void-not-recorded", "a void release waits for the next start");
        }
    }
}
