//! The task that owns the subscribe stream.
//!
//! Owns: opening and reopening, turning frames into deliveries, and carrying settlements.
//! Promises: what recipients ask is taken up at any time, also while there is no stream; it ends
//! only when nobody receives any more, or at an error that waiting cannot mend, which it hands to
//! the receiver as the last word; how it ended says whether every settlement is durable. A
//! suspension of the agency ends with an operator's act and so is waited out, once the
//! subscription was open.
//! Deliberately does not know: how settlements are batched ([`super::settling`]).

use super::incoming::{Command, Handle, Incoming};
use super::recent::{DeliveryId, Recent};
use super::settling::{Settling, frame};
use super::{SubscriptionError, SubscriptionOptions};
use crate::backoff::{BACKOFF, draw};
use crate::connection::{Connection, exchange_on};
use crate::errors::{CallError, ConnectError, Refused};
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
use tonic::transport::Channel;

/// Frames handed to the transport ahead of its writing them.
const FRAMES_AHEAD: usize = 8;
/// When a body that cannot be decoded is to come again: time for people to update this system.
const UNREADABLE_DELAY: Duration = Duration::from_secs(60);
/// The lease assumed until the broker names one.
const LEASE_ASSUMED: Duration = Duration::from_secs(30);
/// How long closing waits for settlements to be durable.
pub(super) const CLOSE_TIME: Duration = Duration::from_secs(5);
/// The longest wait that is taken from a broker before a subscription is opened again.
const WAIT_ASKED_MAX: Duration = Duration::from_secs(60);
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
    /// Until when settlements are still carried, once nobody receives any more.
    close_at: Option<Instant>,
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
            close_at: None,
            failures: 0,
            failing_since: None,
            is_suspension_said: false,
        }
    }

    /// Works until nobody receives any more, or until an error that waiting cannot mend.
    ///
    /// Promise: `Ok` only if everything that was settled is durable at the broker.
    /// Refuses: the error that ended it; `Ended` if closing took too long.
    pub(super) async fn run(mut self) -> Result<(), SubscriptionError> {
        while !self.is_over() {
            let error = match self.stream().await {
                Ended::Closed => break,
                Ended::Broke(error) => error,
            };
            self.failures = self.failures.saturating_add(1);
            let since = *self.failing_since.get_or_insert_with(Instant::now);
            if self.is_over() {
                break;
            }
            if !self.may_pass(&error, since.elapsed()) {
                self.opened = None;
                // If nobody reads it, nobody receives any more.
                let _ = self.deliver.try_send(Err(error.clone()));
                return Err(error);
            }
            self.say(&error);
            self.rest(wait_after(&error, self.failures, draw())).await;
        }
        if self.settling.is_done() { Ok(()) } else { Err(SubscriptionError::Ended) }
    }

    /// Whether nobody receives any more, and all is durable or the time for that is over.
    fn is_over(&self) -> bool {
        self.close_at.is_some_and(|at| self.settling.is_done() || at <= Instant::now())
    }

    /// Waits before the next stream.
    async fn rest(&mut self, wait: Duration) {
        let again = sleep(wait);
        tokio::pin!(again);
        while !self.is_over() {
            tokio::select! {
                () = &mut again => return,
                () = self.work_without_stream() => {}
            }
        }
    }

    /// Takes up one thing that recipients ask while there is no stream, or waits for the end of
    /// closing. What makes a full batch is sent as one on the next stream.
    async fn work_without_stream(&mut self) {
        let close_at = self.close_at;
        tokio::select! {
            command = self.commands.recv(), if close_at.is_none() => self.take(command),
            () = until(close_at), if close_at.is_some() => {}
        }
        if self.settling.is_full() {
            drop(self.settling.flush());
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
        while self.settling.credit_to_open() == 0 && self.close_at.is_none() {
            self.work_without_stream().await;
        }
        let channel = match self.channel().await {
            Some(Ok(channel)) => channel,
            Some(Err(error)) => return Ended::Broke(SubscriptionError::Connect(Arc::new(error))),
            None => return Ended::Closed,
        };
        let mut client = exchange_on(channel);
        let (frames, outgoing) = mpsc::channel(FRAMES_AHEAD);
        let mut events =
            Inbound::new(async move { client.subscribe(ReceiverStream::new(outgoing)).await });
        let mut outbox = self.opening();
        let mut is_writable = true;
        loop {
            if self.settling.is_full() || self.close_at.is_some() {
                outbox.extend(self.settling.flush());
            }
            if self.is_over() {
                return Ended::Closed;
            }
            let (due, close_at) = (self.settling.due(), self.close_at);
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
                command = self.commands.recv(), if close_at.is_none() => self.take(command),
                () = until(due), if due.is_some() => outbox.extend(self.settling.flush()),
                () = until(close_at), if close_at.is_some() => return Ended::Closed,
            }
        }
    }

    /// A channel; `None` if the subscription is over before there is one.
    async fn channel(&mut self) -> Option<Result<Channel, ConnectError>> {
        let connection = self.connection.clone();
        let dial = connection.channel_once();
        tokio::pin!(dial);
        while !self.is_over() {
            tokio::select! {
                channel = &mut dial => return Some(channel),
                () = self.work_without_stream() => {}
            }
        }
        None
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
        let mut next = command.ok_or(mpsc::error::TryRecvError::Disconnected);
        loop {
            let is_last = match next {
                Ok(command) => self.settling.take(command, now),
                Err(mpsc::error::TryRecvError::Disconnected) => true,
                Err(mpsc::error::TryRecvError::Empty) => return,
            };
            if is_last {
                return self.close();
            }
            if self.settling.is_full() {
                return;
            }
            next = self.commands.try_recv();
        }
    }

    /// Nobody receives any more: from now on settlements alone are carried, for a time.
    fn close(&mut self) {
        self.close_at.get_or_insert_with(|| Instant::now() + CLOSE_TIME);
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
        if !self.settling.received() && self.close_at.is_none() {
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
            self.close();
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

/// The wait before the subscription is opened again, at most [`WAIT_ASKED_MAX`]. An agency that is suspended asks rarely, from
/// the first time on: people lift a suspension.
fn wait_after(error: &SubscriptionError, failures: u32, chance: u64) -> Duration {
    let refused = error.refused();
    if refused.is_some_and(Refused::is_suspension) {
        return BACKOFF.wait(u32::MAX, chance);
    }
    let asked = refused.and_then(|refused| refused.retry_after);
    let asked = asked.map(|asked| asked.min(WAIT_ASKED_MAX));
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
            (Refusal::ShuttingDown, 1, Some(Duration::from_secs(86_400)), 60_000, 60_000),
        ] {
            let error = refused(refusal, asked);
            let wait = |chance| wait_after(&error, failures, chance).as_millis();
            assert_eq!((wait(0), wait(u64::MAX)), (least, most), "{refusal:?} {asked:?}");
        }
    }
}
