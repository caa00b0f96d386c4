//! The task that owns the publish stream.
//!
//! Owns: opening the stream, keeping it fed, reading its answers, and opening it again.
//! Promises: what is queued leaves at once, in frames as full as the queue makes them; it never
//! waits for a fuller frame.
//! Deliberately does not know: what becomes of each message: that is [`super::flight`]'s.

use super::Cause;
use super::flight::{Flights, Submission};
use crate::backoff::{BACKOFF, draw};
use crate::connection::{Connection, exchange_on};
use crate::errors::{CallError, Refused};
use crate::stream::Inbound;
use proto::exchange::v1::PublishResponse;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Frames handed to the transport ahead of its writing them. More would only hide from the queue
/// that the broker is slow.
const FRAMES_AHEAD: usize = 4;
/// How long the task sleeps when nothing is in flight that could fall due.
const NOTHING_DUE: Duration = Duration::from_secs(3600);

struct Engine {
    connection: Connection,
    queue: mpsc::UnboundedReceiver<Submission>,
    flights: Flights,
    /// Whether anyone can still publish.
    is_open: bool,
    /// Streams that broke in a row without an answer on them.
    failures: u32,
}

/// How a stream ended before its time.
struct Broke {
    cause: Cause,
    /// The broker refused the call by this number and took nothing off the stream.
    at_the_door: Option<Refused>,
}

impl From<Cause> for Broke {
    /// There was no stream, so nothing was taken off it. A broker that refuses a whole connection
    /// does so on the call that belongs to connecting.
    fn from(cause: Cause) -> Self {
        let at_the_door = match &cause {
            Cause::Connect(error) => error.refused().filter(|refused| refused.is_definite()),
            Cause::Call(_) | Cause::Silence | Cause::Stopped => None,
        };
        Self { at_the_door: at_the_door.cloned(), cause }
    }
}

/// What a status means that came before (`is_taken_up` false) or after the call was taken up.
fn broke(status: &Status, is_taken_up: bool) -> Broke {
    let error = CallError::from(status);
    let definite = error.refused().filter(|refused| !is_taken_up && refused.is_definite());
    Broke { at_the_door: definite.cloned(), cause: Cause::Call(error) }
}

/// Runs until nobody can publish any more and every message has its answer.
pub(super) async fn run(connection: Connection, queue: mpsc::UnboundedReceiver<Submission>) {
    let mut engine =
        Engine { connection, queue, flights: Flights::default(), is_open: true, failures: 0 };
    loop {
        while engine.flights.is_empty() {
            if !engine.is_open {
                return;
            }
            engine.take_submissions().await;
        }
        let Err(Broke { cause, at_the_door }) = engine.stream().await else { return };
        match at_the_door {
            Some(refused) => engine.flights.call_refused(refused),
            None => engine.flights.stream_broke(),
        }
        engine.failures = engine.failures.saturating_add(1);
        if may_pass(&cause) {
            tracing::warn!(
                failures = engine.failures,
                "the publish stream broke; opening it again"
            );
            engine.rest(&cause).await;
        } else {
            engine.flights.give_up(&cause);
        }
    }
}

impl Engine {
    /// Opens a stream and works on it until it breaks (`Err`) or there is nothing more to do.
    async fn stream(&mut self) -> Result<(), Broke> {
        let mut client = exchange_on(self.channel().await?);
        let (frames, outgoing) = mpsc::channel(FRAMES_AHEAD);
        let mut answers =
            Inbound::new(async move { client.publish(ReceiverStream::new(outgoing)).await });
        let mut is_writable = true;
        // Asked before the first wait too: all may have been given up while this was dialled.
        while self.is_open || !self.flights.is_empty() {
            let next = self.next_time();
            tokio::select! {
                answer = answers.next() => {
                    let response: Option<PublishResponse> =
                        answer.map_err(|status| broke(&status, answers.is_taken_up()))?;
                    // A stream that ends in good order with answers owed is a draining broker.
                    let ended = Cause::Call(CallError::Failed(Code::Unavailable));
                    self.flights.answer(response.ok_or(ended)?, Instant::now(), draw());
                    self.failures = 0;
                }
                room = frames.reserve(), if is_writable && self.flights.has_to_send() => match room {
                    Ok(room) => if let Some(frame) = self.flights.take_frame() {
                        room.send(frame);
                    },
                    // The reason comes by way of the answers.
                    Err(_) => is_writable = false,
                },
                first = self.queue.recv(), if self.is_open => self.admit(first),
                () = sleep_until(next) => self.flights.tick(Instant::now()),
            }
        }
        Ok(())
    }

    /// A channel, while messages are still taken in and given up in time.
    async fn channel(&mut self) -> Result<Channel, Cause> {
        let connection = self.connection.clone();
        let dial = connection.channel_once();
        tokio::pin!(dial);
        loop {
            let next = self.next_time();
            tokio::select! {
                channel = &mut dial => {
                    return channel.map_err(|error| Cause::Connect(Arc::new(error)));
                }
                first = self.queue.recv(), if self.is_open => self.admit(first),
                () = sleep_until(next) => self.flights.tick(Instant::now()),
            }
        }
    }

    /// Waits before the next stream, while messages are still taken in and given up in time.
    async fn rest(&mut self, cause: &Cause) {
        let asked = cause.refused().and_then(|refused| refused.retry_after);
        let wait = sleep(BACKOFF.wait_asked(asked, self.failures, draw()));
        tokio::pin!(wait);
        while !self.flights.is_empty() {
            let next = self.next_time();
            tokio::select! {
                () = &mut wait => return,
                first = self.queue.recv(), if self.is_open => self.admit(first),
                () = sleep_until(next) => self.flights.tick(Instant::now()),
            }
        }
    }

    async fn take_submissions(&mut self) {
        let first = self.queue.recv().await;
        self.admit(first);
    }

    /// Takes in one submission and all that queued behind it; `None` means nobody can publish.
    fn admit(&mut self, first: Option<Submission>) {
        let Some(first) = first else {
            self.is_open = false;
            return;
        };
        self.flights.admit(first);
        while let Ok(submission) = self.queue.try_recv() {
            self.flights.admit(submission);
        }
    }

    fn next_time(&self) -> Instant {
        self.flights.next_time().unwrap_or_else(|| Instant::now() + NOTHING_DUE)
    }
}

fn may_pass(cause: &Cause) -> bool {
    match cause {
        Cause::Connect(error) => error.may_pass(),
        Cause::Call(error) => error.may_pass(),
        Cause::Silence | Cause::Stopped => false,
    }
}
