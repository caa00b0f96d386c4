//! Publishing: many messages in flight over one stream, each with its own answer.
//!
//! Owns: the handle a caller publishes with, the future of one answer, and the errors of both.
//! Promises: a message whose answer was lost is sent again under the same id until it is answered
//! or its patience is spent; then its outcome is said to be unknown, never guessed.
//! Deliberately does not know: what the messages say.

mod engine;
mod flight;

use crate::connection::Connection;
use crate::errors::{CallError, ConnectError, Refused};
use crate::settings::{
    FLIGHT_MESSAGES_DEFAULT, FLIGHT_MESSAGES_MAX, PATIENCE_SECONDS_DEFAULT, Settings,
};
use flight::Submission;
pub(crate) use flight::check;
use proto::exchange::v1::{Accepted, Message};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How a publisher behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherOptions {
    /// Messages that may be unanswered at once, 1 to [`FLIGHT_MESSAGES_MAX`].
    pub flight_messages: usize,
    /// How long one message is tried.
    pub patience: Duration,
}

impl Default for PublisherOptions {
    fn default() -> Self {
        Self {
            flight_messages: FLIGHT_MESSAGES_DEFAULT,
            patience: Duration::from_secs(PATIENCE_SECONDS_DEFAULT),
        }
    }
}

impl From<&Settings> for PublisherOptions {
    fn from(settings: &Settings) -> Self {
        Self { flight_messages: settings.flight_messages, patience: settings.publish_patience }
    }
}

/// What stood in the way of an answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Cause {
    /// There was no connection.
    #[error(transparent)]
    Connect(Arc<ConnectError>),
    /// The stream, or the broker on it, failed.
    #[error(transparent)]
    Call(CallError),
    /// Nothing was heard in time.
    #[error("the broker did not answer in time")]
    Silence,
    /// The publisher's task ended, as when its runtime is shut down.
    #[error("this program stopped publishing")]
    Stopped,
}

impl Cause {
    /// The refusal, where the broker gave one.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Connect(error) => error.refused(),
            Self::Call(error) => error.refused(),
            Self::Silence | Self::Stopped => None,
        }
    }
}

impl From<Refused> for Cause {
    fn from(refused: Refused) -> Self {
        Self::Call(refused.into())
    }
}

/// Why a message has no acceptance.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PublishError {
    /// The message cannot be sent at all; nothing left this system.
    #[error("{field}: {rule}; nothing was sent")]
    Faulty {
        /// The field.
        field: &'static str,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// A different message with this id is still unanswered.
    #[error(
        "message_id: is in use by a different message that is not yet answered; nothing was sent"
    )]
    IdInFlight,
    /// The broker refused it, or the call or connection that would have carried it, by number;
    /// nothing of it was stored. Never said while an earlier attempt may have been recorded.
    #[error(transparent)]
    Refused(Refused),
    /// It was sent, and whether it was recorded is not known.
    #[error(
        "it is not known whether the message was recorded ({cause}); publish it again with the same id, and if it is urgent use the telephone"
    )]
    OutcomeUnknown {
        /// What stood in the way.
        cause: Cause,
    },
    /// It was never sent.
    #[error(
        "the message was not sent ({cause}); publish it again, and if it is urgent use the telephone"
    )]
    NotSent {
        /// What stood in the way.
        cause: Cause,
    },
}

/// What becomes of one message.
pub type PublishOutcome = Result<Accepted, PublishError>;

/// Publishes over one stream, which it opens at the first message and again after a break.
///
/// Must run inside a tokio runtime. Dropping it lets what is in flight finish.
pub struct Publisher {
    submissions: mpsc::UnboundedSender<Submission>,
    room: Arc<Semaphore>,
    patience: Duration,
    task: JoinHandle<()>,
}

impl Publisher {
    /// Starts a publisher; nothing is sent yet.
    #[must_use]
    pub fn new(connection: &Connection, options: PublisherOptions) -> Self {
        let flight = options.flight_messages.clamp(1, FLIGHT_MESSAGES_MAX);
        // The semaphore is the bound; the queue itself never holds more than it allows.
        let (submissions, queue) = mpsc::unbounded_channel();
        let task = tokio::spawn(engine::run(connection.clone(), queue));
        Self {
            submissions,
            room: Arc::new(Semaphore::new(flight)),
            patience: options.patience,
            task,
        }
    }

    /// Hands a message over and waits for its answer.
    ///
    /// Promise: `Ok` is said only after the broker made the message durable.
    /// Bound:   waits for room in the flight, then at most the patience.
    /// Refuses: see [`PublishError`].
    pub async fn publish(&self, message: Message) -> PublishOutcome {
        self.send(message).await?.await
    }

    /// Hands a message over and gives the future of its answer. Waits only for room.
    ///
    /// Promise: messages leave in the order they were handed over. A message equal to one in
    ///          flight shares its answer.
    /// Refuses: `Faulty`, `NotSent` when the publisher has stopped.
    pub async fn send(&self, message: Message) -> Result<Pending, PublishError> {
        let faulty = |(field, rule)| PublishError::Faulty { field, rule };
        let (id, bytes) = check(&message).map_err(faulty)?;
        let stopped = || PublishError::NotSent { cause: Cause::Stopped };
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| stopped())?;
        let (answer, pending) = oneshot::channel();
        let deadline = Instant::now() + self.patience;
        self.submissions
            .send(Submission { id, bytes, message, deadline, answer, room })
            .map_err(|_| stopped())?;
        Ok(Pending { answer: pending })
    }

    /// Waits until everything in flight has its answer.
    pub async fn close(self) {
        drop(self.submissions);
        // The task ends by itself; if it was aborted with its runtime, so was what it owed.
        let _ = self.task.await;
    }
}

/// The answer to one message, to come.
#[must_use = "an answer nobody reads may be a refusal nobody sees"]
pub struct Pending {
    answer: oneshot::Receiver<PublishOutcome>,
}

impl Future for Pending {
    type Output = PublishOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<PublishOutcome> {
        Pin::new(&mut self.answer).poll(context).map(|answer| {
            answer.unwrap_or(Err(PublishError::OutcomeUnknown { cause: Cause::Stopped }))
        })
    }
}

#[cfg(test)]
mod tests;
