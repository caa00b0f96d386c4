//! The task that owns the subscribe stream.
//!
//! Owns: opening and reopening, turning frames into deliveries, and carrying settlements.
//! Promises: it ends only when nobody receives any more, or at an error that waiting cannot mend,
//! which it hands to the receiver as the last word. A suspension of the agency ends with an
//! operator's act and so is waited out, once the subscription was open.
//! Deliberately does not know: how settlements are batched ([`super::settling`]).

use super::incoming::{Command, Handle, Incoming};
use super::recent::{DeliveryId, Recent};
use super::settling::{Settling, frame};
use super::{SubscriptionError, SubscriptionOptions};
use crate::backoff::{BACKOFF, draw};
use crate::connection::{Connection, exchange_on};
use crate::errors::{CallError, Refused};
use crate::stream::Inbound;
use prost::Message as _;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use proto::exchange::v1::{Delivery, OpenSubscription, ReleasedMessage, SubscriptionOpened};
use proto::limits::OPAQUE_ID_BYTES;
use proto::refusal::Refusal;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

/// Frames handed to the transport ahead of its writing them.
const FRAMES_AHEAD: usize = 8;
/// When a body that cannot be decoded is to come again: time for people to update this system.
const UNREADABLE_DELAY: Duration = Duration::from_secs(60);
/// The lease assumed until the broker names one.
const LEASE_ASSUMED: Duration = Duration::from_secs(30);
/// How long closing waits for settlements to be durable.
pub(super) const CLOSE_TIME: Duration = Duration::from_secs(5);
/// How long another node's hold on the subscription is waited out: after a break the other node
/// may be this one, on a connection the broker has not yet given up.
const BUSY_PATIENCE: Duration = Duration::from_secs(60);

/// What the broker said on opening.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// Deliveries waiting.
    pub(super) waiting: u32,
    /// The lease.
    pub(super) lease: Duration,
}

/// Why work on a stream ended.
enum Ended {
    /// Nobody receives any more.
    Closed,
    /// The stream broke.
    Broke(SubscriptionError),
}

/// The task's state over all its streams.
pub(super) struct Engine {
    connection: Connection,
    options: SubscriptionOptions,
    commands: mpsc::UnboundedReceiver<Command>,
    /// Weak, so that the task does not keep its own queue of commands open.
    sender: mpsc::WeakUnboundedSender<Command>,
    recent: Arc<Mutex<Recent>>,
    deliver: mpsc::Sender<Result<Incoming, SubscriptionError>>,
    opened: Option<oneshot::Sender<Opened>>,
    settling: Settling,
    is_closing: bool,
    failures: u32,
    failing_since: Option<Instant>,
    /// Whether it was said, since the subscription was last open, that the agency is suspended.
    is_suspension_said: bool,
}

impl Engine {
    pub(super) fn new(
        connection: Connection,
        options: SubscriptionOptions,
        commands: mpsc::UnboundedReceiver<Command>,
        handle: &Handle,
        deliver: mpsc::Sender<Result<Incoming, SubscriptionError>>,
        opened: oneshot::Sender<Opened>,
    ) -> Self {
        let settling = Settling::new(options.credit);
        Self {
            connection,
            options,
            commands,
            sender: handle.commands.downgrade(),
            recent: Arc::clone(&handle.recent),
            deliver,
            opened: Some(opened),
            settling,
            is_closing: false,
            failures: 0,
            failing_since: None,
            is_suspension_said: false,
        }
    }

    /// Works until nobody receives any more, or until an error that waiting cannot mend.
    pub(super) async fn run(mut self) {
        loop {
            let error = match self.stream().await {
                Ended::Closed => return,
                Ended::Broke(error) => error,
            };
            self.failures = self.failures.saturating_add(1);
            let since = *self.failing_since.get_or_insert_with(Instant::now);
            if self.is_closing || self.commands.is_closed() {
                return;
            }
            if !self.may_pass(&error, since.elapsed()) {
                self.opened = None;
                // If nobody reads it, nobody receives any more.
                let _ = self.deliver.try_send(Err(error));
                return;
            }
            self.say(&error);
            sleep(wait_after(&error, self.failures, draw())).await;
        }
    }

    /// Says why the subscription is opened again; of a suspension once, however long it lasts.
    fn say(&mut self, error: &SubscriptionError) {
        let Some(refused) = error.refused().filter(|refused| refused.is_suspension()) else {
            tracing::warn!(failures = self.failures, "the subscription broke; opening it again");
            return;
        };
        if !self.is_suspension_said {
            self.is_suspension_said = true;
            tracing::warn!("the subscription waits until its agency is restored; {refused}");
        }
    }

    /// Opens a stream and works on it until it ends.
    async fn stream(&mut self) -> Ended {
        while self.settling.credit_to_open() == 0 && !self.is_closing {
            let command = self.commands.recv().await;
            self.take(command);
        }
        if self.is_closing && self.settling.is_done() {
            return Ended::Closed;
        }
        let channel = match self.connection.channel_once().await {
            Ok(channel) => channel,
            Err(error) => return Ended::Broke(SubscriptionError::Connect(Arc::new(error))),
        };
        let mut client = exchange_on(channel);
        let (frames, outgoing) = mpsc::channel(FRAMES_AHEAD);
        let mut events =
            Inbound::new(async move { client.subscribe(ReceiverStream::new(outgoing)).await });
        let mut outbox = self.opening();
        let mut is_writable = true;
        let mut close_at = None;
        loop {
            if self.settling.is_full() || self.is_closing {
                outbox.extend(self.settling.flush());
            }
            if self.is_closing && self.settling.is_done() {
                return Ended::Closed;
            }
            if self.is_closing {
                close_at.get_or_insert_with(|| Instant::now() + CLOSE_TIME);
            }
            let due = self.settling.due();
            tokio::select! {
                event = events.next() => match event {
                    Ok(Some(response)) => if let Err(error) = self.hear(response.event) {
                        return Ended::Broke(error);
                    },
                    Ok(None) => return broke(CallError::Failed(Code::Unavailable)),
                    Err(status) => return broke(CallError::from(status)),
                },
                room = frames.reserve(), if is_writable && !outbox.is_empty() => match room {
                    Ok(room) => if let Some(frame) = outbox.pop_front() {
                        room.send(frame);
                    },
                    // The reason comes by way of the events.
                    Err(_) => is_writable = false,
                },
                command = self.commands.recv(), if !self.is_closing => self.take(command),
                () = until(due), if due.is_some() => outbox.extend(self.settling.flush()),
                () = until(close_at), if close_at.is_some() => return Ended::Closed,
            }
        }
    }

    /// The frames every stream begins with.
    fn opening(&mut self) -> VecDeque<proto::exchange::v1::SubscribeRequest> {
        let SubscriptionOptions { desk, name, .. } = self.options.clone();
        // While closing, one delivery of credit is asked for because none is not allowed.
        let credit = self.settling.credit_to_open().max(1);
        let open = frame(Step::Open(OpenSubscription { desk, name, credit }));
        std::iter::once(open).chain(self.settling.reopen()).collect()
    }

    fn take(&mut self, command: Option<Command>) {
        let now = Instant::now();
        let Some(command) = command else {
            self.is_closing = true;
            return;
        };
        self.is_closing |= self.settling.take(command, now);
        while !self.settling.is_full() && !self.is_closing {
            let Ok(command) = self.commands.try_recv() else { return };
            self.is_closing |= self.settling.take(command, now);
        }
    }

    fn hear(&mut self, event: Option<Event>) -> Result<(), SubscriptionError> {
        match event {
            Some(Event::Opened(opened)) => self.open(opened),
            Some(Event::Deliveries(batch)) => {
                for delivery in batch.deliveries {
                    self.hand_over(delivery)?;
                }
            }
            Some(Event::Settled(settled)) => self.settling.settled(settled.settlement),
            // A later broker may say more than this version knows.
            None => {}
        }
        Ok(())
    }

    fn open(&mut self, opened: SubscriptionOpened) {
        self.failures = 0;
        self.failing_since = None;
        if std::mem::take(&mut self.is_suspension_said) {
            tracing::warn!("the agency is restored; the subscription is open again");
        }
        let lease = opened.lease.and_then(|lease| Duration::try_from(lease).ok());
        let facts = Opened { waiting: opened.waiting, lease: lease.unwrap_or(LEASE_ASSUMED) };
        if let Some(tell) = self.opened.take() {
            // If nobody waits for it, the commands end and close this task.
            let _ = tell.send(facts);
        }
    }

    fn hand_over(&mut self, delivery: Delivery) -> Result<(), SubscriptionError> {
        if !self.settling.received() && !self.is_closing {
            return Err(SubscriptionError::BeyondCredit);
        }
        let now = Instant::now();
        let (release, body) = (delivery.release_id.clone(), delivery.body.clone());
        let delivery_id = DeliveryId::try_from(delivery.delivery_id.as_ref()).ok();
        let message = ReleasedMessage::decode(body).ok();
        let (Some(delivery_id), Some(message), OPAQUE_ID_BYTES) =
            (delivery_id, message, release.len())
        else {
            tracing::error!(
                number = delivery.number,
                "a delivery cannot be read and was refused; this system may need an update"
            );
            self.settling.refuse_unread(release, UNREADABLE_DELAY, now);
            return Ok(());
        };
        let Some(commands) = self.sender.upgrade() else {
            self.is_closing = true;
            return Ok(());
        };
        let handle = Handle { commands, recent: Arc::clone(&self.recent) };
        let incoming = Incoming::new(delivery, message, delivery_id, handle);
        match self.deliver.try_send(Ok(incoming)) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(SubscriptionError::BeyondCredit),
            // Nobody receives any more; what was not settled will come again.
            Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    fn may_pass(&self, error: &SubscriptionError, failing: Duration) -> bool {
        let is_first = self.opened.is_some();
        if error.refused().is_some_and(Refused::is_suspension) {
            // Whoever opens it now is there to be told; whoever receives on it may not be.
            return !is_first;
        }
        let passes = match error {
            SubscriptionError::Connect(error) => error.may_pass(),
            SubscriptionError::Call(CallError::Refused(Refused {
                refusal: Some(Refusal::SubscriptionBusy),
                ..
            })) => return failing < BUSY_PATIENCE.min(self.connection.patience()),
            SubscriptionError::Call(error) => error.may_pass(),
            SubscriptionError::Faulty { .. }
            | SubscriptionError::BeyondCredit
            | SubscriptionError::Ended => false,
        };
        // Once it was open there is somebody who relies on it: then it is tried for ever.
        passes && (!is_first || failing < self.connection.patience())
    }
}

fn broke(error: CallError) -> Ended {
    Ended::Broke(SubscriptionError::Call(error))
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The wait before the subscription is opened again. An agency that is suspended asks rarely, from
/// the first time on: people lift a suspension.
fn wait_after(error: &SubscriptionError, failures: u32, chance: u64) -> Duration {
    let refused = error.refused();
    if refused.is_some_and(Refused::is_suspension) {
        return BACKOFF.wait(u32::MAX, chance);
    }
    let asked = refused.and_then(|refused| refused.retry_after);
    BACKOFF.wait_asked(asked, failures, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal, retry_after: Option<Duration>) -> SubscriptionError {
        SubscriptionError::Call(CallError::Refused(Refused {
            refusal: Some(refusal),
            code: refusal.code(),
            sentence: String::new(),
            violations: Vec::new(),
            retry_after,
        }))
    }

    #[test]
    fn a_suspended_agency_asks_at_the_longest_wait_and_nobody_asks_without_a_wait() {
        let none_at_all = Some(Duration::ZERO);
        for (refusal, failures, asked, least, most) in [
            (Refusal::Suspended, 1, None, 5_000, 10_000),
            (Refusal::Suspended, 1, none_at_all, 5_000, 10_000),
            (Refusal::ShuttingDown, 1, none_at_all, 50, 50),
            (Refusal::ShuttingDown, 1, None, 50, 100),
            (Refusal::ShuttingDown, 1, Some(Duration::from_secs(30)), 30_000, 30_000),
        ] {
            let error = refused(refusal, asked);
            let wait = |chance| wait_after(&error, failures, chance).as_millis();
            assert_eq!((wait(0), wait(u64::MAX)), (least, most), "{refusal:?} {asked:?}");
        }
    }
}
