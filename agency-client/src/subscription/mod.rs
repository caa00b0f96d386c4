//! Receiving: one desk's durable subscription, as a stream or with a handler.
//!
//! Owns: opening, the handle a caller receives by, and automatic extension in `run`.
//! Promises: at least once. Only deliveries this process has acknowledged are passed over; a body
//! that cannot be decoded is refused, to be tried again and in the end to become a dead letter
//! that people see. The broker is never granted more than the credit asked for.
//! Deliberately does not know: what the messages mean.

mod engine;
mod incoming;
mod recent;
mod settling;

use crate::connection::Connection;
use crate::errors::{CallError, ConnectError, Refused};
use crate::settings::is_id;
use engine::Opened;
use incoming::{Command, Handle};
use proto::limits::{
    CREDIT_DELIVERIES_MAX, DIRECTORY_ID_CHARACTERS_MAX, SUBSCRIPTION_NAME_CHARACTERS_MAX,
};
use recent::{RECENT_DELIVERIES_MAX, Recent};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::Stream;

pub use incoming::{Incoming, Settlement};
pub use recent::DeliveryId;

/// The desk's own mailbox.
pub const DEFAULT_SUBSCRIPTION: &str = "default";
/// Deliveries held at once unless asked otherwise.
pub const CREDIT_DELIVERIES_DEFAULT: u32 = 256;

/// Which subscription, and how much of it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionOptions {
    /// Directory id of one of the node's desks.
    pub desk: String,
    /// Name, `[a-z0-9-]{1,32}`.
    pub name: String,
    /// Deliveries held unsettled at once, 1 to 4,096.
    pub credit: u32,
}

impl SubscriptionOptions {
    /// A desk's own mailbox with the usual credit.
    #[must_use]
    pub fn of_desk(desk: &str) -> Self {
        Self {
            desk: desk.to_owned(),
            name: DEFAULT_SUBSCRIPTION.to_owned(),
            credit: CREDIT_DELIVERIES_DEFAULT,
        }
    }

    fn check(&self) -> Result<(), SubscriptionError> {
        let fault = |field, rule| Err(SubscriptionError::Faulty { field, rule });
        if !is_id(&self.desk, DIRECTORY_ID_CHARACTERS_MAX) {
            return fault("desk", "must be 1 to 40 of a-z, 0-9 and -");
        }
        if !is_id(&self.name, SUBSCRIPTION_NAME_CHARACTERS_MAX) {
            return fault("name", "must be 1 to 32 of a-z, 0-9 and -");
        }
        if !(1..=CREDIT_DELIVERIES_MAX).contains(&self.credit) {
            return fault("credit", "must be 1 to 4096");
        }
        Ok(())
    }
}

/// Why a subscription ended, or never began.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// An option breaks its rule.
    #[error("{field} {rule}")]
    Faulty {
        /// The option.
        field: &'static str,
        /// Its rule.
        rule: &'static str,
    },
    /// There is no connection, and waiting will not mend it.
    #[error(transparent)]
    Connect(Arc<ConnectError>),
    /// The broker refused, or failed in a way that waiting will not mend.
    #[error(transparent)]
    Call(CallError),
    /// The broker sent more than it was granted.
    #[error("the broker sent more deliveries than were asked for; ring its operators")]
    BeyondCredit,
    /// The subscription was closed before this was settled. The delivery will come again.
    #[error("the subscription ended before this was settled; the delivery will come again")]
    Ended,
}

impl SubscriptionError {
    /// The refusal, where the broker gave one.
    fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Connect(error) => error.refused(),
            Self::Call(error) => error.refused(),
            Self::Faulty { .. } | Self::BeyondCredit | Self::Ended => None,
        }
    }
}

/// What a handler makes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is safe here: acknowledge it.
    Acknowledge,
    /// It cannot be taken now: offer it again after this time (at most 24 hours).
    Later(Duration),
    /// It is safe here, and no more are wanted.
    AcknowledgeAndStop,
}

/// A durable subscription. A [`Stream`] that ends after its first error.
///
/// Must run inside a tokio runtime. Breaks are mended behind it, and receiving resumes. So it does
/// after a suspension of the agency: until that is lifted it is tried again every 5 to 10 seconds.
pub struct Subscription {
    incoming: mpsc::Receiver<Result<Incoming, SubscriptionError>>,
    handle: Handle,
    opened: Opened,
    task: JoinHandle<Result<(), SubscriptionError>>,
}

impl Subscription {
    /// Opens a subscription and waits until the broker says so.
    ///
    /// Bound:   the connection's patience.
    /// Refuses: `Faulty`, `Connect`, `Call`.
    pub async fn open(
        connection: &Connection,
        options: SubscriptionOptions,
    ) -> Result<Self, SubscriptionError> {
        options.check()?;
        let (commands, queue) = mpsc::unbounded_channel();
        let recent = Arc::new(Mutex::new(Recent::new(RECENT_DELIVERIES_MAX)));
        let handle = Handle { commands, recent };
        // One place more than the credit, so that the last word always fits.
        let (deliver, mut incoming) = mpsc::channel(options.credit as usize + 1);
        let (tell, told) = oneshot::channel();
        let engine =
            engine::Engine::new(connection.clone(), options, queue, &handle, deliver, tell);
        let task = tokio::spawn(engine.run());
        if let Ok(opened) = told.await {
            return Ok(Self { incoming, handle, opened, task });
        }
        match incoming.recv().await {
            Some(Err(error)) => Err(error),
            Some(Ok(_)) | None => Err(SubscriptionError::Ended),
        }
    }

    /// Deliveries that waited when it was opened, counted to 1,000.
    #[must_use]
    pub const fn waiting(&self) -> u32 {
        self.opened.waiting
    }

    /// How long a delivery may stay unsettled before it is offered again.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        self.opened.lease
    }

    /// The next delivery; `None` after the subscription ended.
    pub async fn next(&mut self) -> Option<Result<Incoming, SubscriptionError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Gives each delivery to a handler, one at a time, and settles it by the verdict.
    ///
    /// Promise: while the handler works the lease is extended; at the end every verdict given is
    ///          durable at the broker, or an error says that it may not be.
    /// Refuses: what ended the subscription.
    pub async fn run<H>(mut self, mut handler: H) -> Result<(), SubscriptionError>
    where
        H: AsyncFnMut(&Incoming) -> Verdict,
    {
        let half_lease = (self.lease() / 2).max(Duration::from_secs(1));
        while let Some(incoming) = self.next().await {
            let incoming = incoming?;
            let verdict = {
                let work = handler(&incoming);
                tokio::pin!(work);
                loop {
                    tokio::select! {
                        verdict = &mut work => break verdict,
                        () = tokio::time::sleep(half_lease) => incoming.extend(),
                    }
                }
            };
            match verdict {
                Verdict::Acknowledge => drop(incoming.acknowledge()),
                Verdict::Later(delay) => drop(incoming.refuse(delay)),
                Verdict::AcknowledgeAndStop => {
                    drop(incoming.acknowledge());
                    break;
                }
            }
        }
        self.close().await
    }

    /// Ends the subscription after what was settled is durable, waiting at most 5 seconds for
    /// that. What came in and was not settled will come again.
    ///
    /// Promise: `Ok` only if everything that was settled is durable at the broker.
    /// Refuses: what had ended the subscription already; `Ended` if the broker did not say in
    ///          time that all is durable. What it does not have will come again.
    pub async fn close(self) -> Result<(), SubscriptionError> {
        let Self { incoming, handle, opened: _, task } = self;
        drop(incoming);
        // If the task has ended already, it says why.
        let _ = handle.commands.send(Command::Close);
        // The task bounds itself. One that was aborted with its runtime carried nothing more.
        task.await.unwrap_or(Err(SubscriptionError::Ended))
    }
}

impl Stream for Subscription {
    type Item = Result<Incoming, SubscriptionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Poll::Ready(next) = self.incoming.poll_recv(context) else { return Poll::Pending };
            match next {
                Some(Ok(incoming)) if self.handle.knows(&incoming.delivery_id()) => {
                    // The broker did not hear of the first acknowledgement in time.
                    drop(incoming.acknowledge());
                }
                other => return Poll::Ready(other),
            }
        }
    }
}

#[cfg(test)]
mod tests;
