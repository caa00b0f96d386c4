//! One delivery in the recipient's hands.
//!
//! Owns: the delivery with its decoded message, and the three ways to settle it.
//! Promises: a delivery is acknowledged only by [`Incoming::acknowledge`]; one that is dropped
//! unsettled is offered again when its lease has run out.
//! Deliberately does not know: how settlements are batched and carried.

use super::SubscriptionError;
use super::recent::{DeliveryId, Recent};
use aws_lc_rs::digest;
use prost::bytes::Bytes;
use proto::exchange::v1::{Delivery, ReleasedMessage};
use proto::limits::NACK_DELAY_SECONDS_MAX;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What a recipient asks of the subscription's task.
pub(super) enum Command {
    /// The release is safe here.
    Acknowledge(Bytes, oneshot::Sender<()>),
    /// The release cannot be taken now.
    Refuse(Bytes, Duration, oneshot::Sender<()>),
    /// The release needs more time.
    Extend(Bytes),
    /// One delivery is no longer held.
    Freed,
    /// Nothing more is wanted.
    Close,
}

/// What every delivery of a subscription shares.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) recent: Arc<Mutex<Recent>>,
}

impl Handle {
    /// Whether this process acknowledged the delivery before.
    pub(super) fn knows(&self, id: &DeliveryId) -> bool {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

/// One delivery: what was delivered, and the means to settle it.
pub struct Incoming {
    /// The delivery as it came: ids, attempt, the exact bytes and the salt of their commitment.
    pub delivery: Delivery,
    /// The message, decoded from those bytes.
    pub message: ReleasedMessage,
    delivery_id: DeliveryId,
    place: Place,
}

impl Incoming {
    pub(super) fn new(
        delivery: Delivery,
        message: ReleasedMessage,
        delivery_id: DeliveryId,
        handle: Handle,
    ) -> Self {
        let place = Place { handle, is_free: AtomicBool::new(false) };
        Self { delivery, message, delivery_id, place }
    }

    /// The delivery's id, the same over attempts: keep it to act once only.
    #[must_use]
    pub const fn delivery_id(&self) -> DeliveryId {
        self.delivery_id
    }

    /// SHA-256(salt || body): what the ledger's release record commits to.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.delivery.salt);
        context.update(&self.delivery.body);
        let mut commitment = [0; 32];
        commitment.copy_from_slice(context.finish().as_ref());
        commitment
    }

    /// Says that the message is safe with the recipient. Goes out with others within 5 ms.
    ///
    /// Promise: from now on this process passes over repetitions of the delivery.
    /// The future is done once the broker has made the receipt durable; it need not be awaited.
    pub fn acknowledge(&self) -> Settlement {
        let recent = &self.place.handle.recent;
        recent.lock().unwrap_or_else(PoisonError::into_inner).insert(self.delivery_id);
        self.settle(Command::Acknowledge)
    }

    /// Says that the message cannot be taken now and is to come again after `delay` (at most 24
    /// hours; longer is cut to that). Counts as an attempt.
    pub fn refuse(&self, delay: Duration) -> Settlement {
        let delay = delay.min(Duration::from_secs(NACK_DELAY_SECONDS_MAX));
        self.settle(|release, done| Command::Refuse(release, delay, done))
    }

    /// Asks for another lease, for work that takes long.
    pub fn extend(&self) {
        self.place.send(Command::Extend(self.delivery.release_id.clone()));
    }

    fn settle(&self, command: impl FnOnce(Bytes, oneshot::Sender<()>) -> Command) -> Settlement {
        let (done, settled) = oneshot::channel();
        self.place.send(command(self.delivery.release_id.clone(), done));
        self.place.free();
        Settlement { settled }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Incoming")
            .field("number", &self.delivery.number)
            .field("attempt", &self.delivery.attempt)
            .finish_non_exhaustive()
    }
}

/// One delivery's share of the credit, given back once: when settled, or when dropped.
struct Place {
    handle: Handle,
    is_free: AtomicBool,
}

impl Place {
    fn send(&self, command: Command) {
        // With the task gone the subscription has ended; the settlement's future says so.
        let _ = self.handle.commands.send(command);
    }

    fn free(&self) {
        if !self.is_free.swap(true, Ordering::AcqRel) {
            self.send(Command::Freed);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.free();
    }
}

/// A settlement on its way. Dropping it does not undo it.
pub struct Settlement {
    settled: oneshot::Receiver<()>,
}

impl Future for Settlement {
    type Output = Result<(), SubscriptionError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let settled = Pin::new(&mut self.settled).poll(context);
        settled.map(|settled| settled.map_err(|_| SubscriptionError::Ended))
    }
}
