//! The messages that have no answer yet.
//!
//! Owns: which message is to be sent, which is on the stream, which waits to be sent again, and
//! when each is given up.
//! Promises: every message gets exactly one outcome; a lost answer makes a message uncertain, and
//! an uncertain message is called refused only by a word that says it was never recorded.
//! Deliberately does not know: streams, sockets and clocks. Time arrives as an argument.

use super::{Cause, PublishError, PublishOutcome};
use crate::backoff::BACKOFF;
use crate::errors::Refused;
use prost::Message as _;
use proto::exchange::v1::publish_result::Outcome;
use proto::exchange::v1::{Message, PublishRequest, PublishResponse, PublishResult};
use proto::limits::{FRAME_BYTES_MAX, MESSAGE_BYTES_MAX, PUBLISH_FRAME_MESSAGES_MAX};
use proto::refusal::Refusal;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

/// Bytes of messages in one frame; the rest is room for tags and lengths.
const FRAME_MESSAGE_BYTES_MAX: usize = FRAME_BYTES_MAX - 64 * 1024;
/// Tag and length that protobuf puts before each message of a frame, at most.
const MESSAGE_OVERHEAD_BYTES: usize = 8;

const _: () = assert!(MESSAGE_BYTES_MAX + MESSAGE_OVERHEAD_BYTES <= FRAME_MESSAGE_BYTES_MAX);

/// One message as it was handed over.
pub(super) struct Submission {
    /// Its id.
    pub(super) id: Uuid,
    /// Its encoded size.
    pub(super) bytes: usize,
    /// The message.
    pub(super) message: Message,
    /// When it is given up.
    pub(super) deadline: Instant,
    /// Where its outcome goes.
    pub(super) answer: oneshot::Sender<PublishOutcome>,
    /// Its place in the flight.
    pub(super) room: OwnedSemaphorePermit,
}

/// Checks what must hold before anything is sent, and gives the id and the encoded size; or the
/// field and the rule it breaks.
pub(crate) fn check(message: &Message) -> Result<(Uuid, usize), (&'static str, &'static str)> {
    let id = Some(&message.message_id)
        .filter(|text| text.len() == uuid::fmt::Hyphenated::LENGTH)
        .and_then(|text| Uuid::try_parse(text).ok())
        .ok_or(("message_id", "must be a UUID in its 36-character form"))?;
    let bytes = message.encoded_len();
    if bytes > MESSAGE_BYTES_MAX {
        return Err(("message", "must be at most 256 KiB when encoded"));
    }
    Ok((id, bytes))
}

struct Flight {
    id: Uuid,
    message: Message,
    bytes: usize,
    deadline: Instant,
    answers: Vec<(oneshot::Sender<PublishOutcome>, OwnedSemaphorePermit)>,
    /// Whether it is on the present stream and was not answered there.
    is_sent: bool,
    /// Whether an earlier attempt may have been recorded.
    is_uncertain: bool,
    /// Passing refusals in a row.
    refusals: u32,
    /// The last of them, until it is sent again.
    last: Option<Refused>,
    /// Until when that is waited out.
    again: Option<Instant>,
}

/// All messages without an answer, in the order they were handed over.
#[derive(Default)]
pub(super) struct Flights {
    flights: BTreeMap<u64, Flight>,
    by_id: HashMap<Uuid, u64>,
    to_send: BTreeSet<u64>,
    to_wait: BTreeSet<(Instant, u64)>,
    next: u64,
    /// The refusal of the last call, until another call carries something.
    at_the_door: Option<Refused>,
}

impl Flights {
    /// Whether every message has its answer.
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Whether some message is to be sent.
    pub(super) fn has_to_send(&self) -> bool {
        !self.to_send.is_empty()
    }

    /// Takes a message in, to be sent.
    pub(super) fn admit(&mut self, submission: Submission) {
        let Submission { id, bytes, message, deadline, answer, room } = submission;
        match self.by_id.entry(id) {
            Entry::Vacant(place) => {
                let order = self.next;
                self.next += 1;
                place.insert(order);
                let flight = Flight {
                    id,
                    message,
                    bytes,
                    deadline,
                    answers: vec![(answer, room)],
                    is_sent: false,
                    is_uncertain: false,
                    refusals: 0,
                    last: None,
                    again: None,
                };
                self.flights.insert(order, flight);
                self.to_send.insert(order);
            }
            Entry::Occupied(place) => match self.flights.get_mut(place.get()) {
                Some(flight) if flight.message == message => flight.answers.push((answer, room)),
                // Nobody may be waiting any more; then nobody is told.
                Some(_) | None => drop(answer.send(Err(PublishError::IdInFlight))),
            },
        }
    }

    /// The next frame to send, as full as the protocol allows; `None` when nothing is to be sent.
    pub(super) fn take_frame(&mut self) -> Option<PublishRequest> {
        let mut messages = Vec::new();
        let mut bytes = 0;
        while messages.len() < PUBLISH_FRAME_MESSAGES_MAX {
            let Some(order) = self.to_send.first().copied() else { break };
            let Some(flight) = self.flights.get_mut(&order) else {
                self.to_send.remove(&order);
                continue;
            };
            bytes += flight.bytes + MESSAGE_OVERHEAD_BYTES;
            if bytes > FRAME_MESSAGE_BYTES_MAX {
                break;
            }
            flight.is_sent = true;
            flight.last = None;
            messages.push(flight.message.clone());
            self.to_send.remove(&order);
        }
        if messages.is_empty() {
            return None;
        }
        self.at_the_door = None;
        Some(PublishRequest { messages })
    }

    /// Takes the broker's answers.
    pub(super) fn answer(&mut self, response: PublishResponse, now: Instant, chance: u64) {
        for PublishResult { message_id, outcome } in response.results {
            let order =
                Uuid::try_parse(&message_id).ok().and_then(|id| self.by_id.get(&id).copied());
            // An answer to what was answered already is the second of two attempts.
            let Some(order) = order else { continue };
            match outcome {
                Some(Outcome::Accepted(accepted)) => self.settle(order, &Ok(accepted)),
                Some(Outcome::Refused(refused)) => {
                    self.refused(order, Refused::from(refused), now, chance);
                }
                // An answer that says nothing leaves the message as it was: its deadline rules.
                None => {}
            }
        }
    }

    fn refused(&mut self, order: u64, refused: Refused, now: Instant, chance: u64) {
        let Some(flight) = self.flights.get_mut(&order) else { return };
        flight.is_sent = false;
        // Under a reused id the broker holds another message, so this one was never recorded. Any
        // other refusal may come before the broker looks whether it holds the message.
        flight.is_uncertain &= refused.refusal != Some(Refusal::MessageIdReused);
        flight.is_uncertain |= !refused.is_definite();
        flight.refusals = flight.refusals.saturating_add(1);
        let wait = BACKOFF.wait_asked(refused.retry_after, flight.refusals, chance);
        let again = now.checked_add(wait).filter(|again| *again < flight.deadline);
        if let Some(earlier) = flight.again.take() {
            // The second answer of two attempts finds the message waiting already.
            self.to_wait.remove(&(earlier, order));
        }
        match again {
            Some(again) if refused.may_pass() => {
                flight.last = Some(refused);
                flight.again = Some(again);
                self.to_wait.insert((again, order));
            }
            Some(_) | None => {
                let error = given_up(flight, refused.into());
                self.settle(order, &Err(error));
            }
        }
    }

    /// The broker refused the call and took nothing off its stream. Whatever is given up before the
    /// next call is told of this refusal.
    pub(super) fn call_refused(&mut self, refused: Refused) {
        self.at_the_door = Some(refused);
        for flight in self.flights.values_mut() {
            flight.is_sent = false;
        }
        self.send_again();
    }

    /// The stream broke: whatever was on it is to be sent again, first things first.
    pub(super) fn stream_broke(&mut self) {
        for flight in self.flights.values_mut() {
            flight.is_uncertain |= std::mem::take(&mut flight.is_sent);
        }
        self.send_again();
    }

    fn send_again(&mut self) {
        self.to_send.extend(self.flights.keys());
        // What was told to wait still waits.
        for (_, order) in &self.to_wait {
            self.to_send.remove(order);
        }
    }

    /// When something is next to be done: sent again, or given up.
    pub(super) fn next_time(&self) -> Option<Instant> {
        let again = self.to_wait.first().map(|(again, _)| *again);
        let given_up = self.flights.first_key_value().map(|(_, flight)| flight.deadline);
        again.into_iter().chain(given_up).min()
    }

    /// Does what is due: moves what has waited long enough, gives up what is past its deadline.
    pub(super) fn tick(&mut self, now: Instant) {
        while let Some((again, order)) = self.to_wait.first().copied().filter(|(at, _)| *at <= now)
        {
            self.to_wait.remove(&(again, order));
            if let Some(flight) = self.flights.get_mut(&order) {
                flight.again = None;
                self.to_send.insert(order);
            }
        }
        // One patience for all makes deadlines rise with the order.
        while let Some((order, flight)) = self.flights.first_key_value() {
            if flight.deadline > now {
                break;
            }
            // Not silence where the broker said why it takes nothing.
            let cause = self.at_the_door.clone().map_or(Cause::Silence, Cause::from);
            let (order, error) = (*order, given_up(flight, cause));
            self.settle(order, &Err(error));
        }
    }

    /// Gives up everything, for a reason that waiting cannot mend.
    pub(super) fn give_up(&mut self, cause: &Cause) {
        while let Some((order, flight)) = self.flights.first_key_value() {
            let (order, error) = (*order, given_up(flight, cause.clone()));
            self.settle(order, &Err(error));
        }
    }

    fn settle(&mut self, order: u64, outcome: &PublishOutcome) {
        let Some(flight) = self.flights.remove(&order) else { return };
        self.by_id.remove(&flight.id);
        self.to_send.remove(&order);
        if let Some(again) = flight.again {
            self.to_wait.remove(&(again, order));
        }
        for (answer, room) in flight.answers {
            // Room is made first, so that who wakes on the answer finds it.
            drop(room);
            drop(answer.send(outcome.clone()));
        }
    }
}

/// What is said of a message that is given up, by what the broker last said of the message itself
/// or else by what stood in the way. The one judge of it, wherever a refusal was met.
fn given_up(flight: &Flight, cause: Cause) -> PublishError {
    let cause = flight.last.clone().map_or(cause, Cause::from);
    if flight.is_uncertain || flight.is_sent {
        return PublishError::OutcomeUnknown { cause };
    }
    match cause.refused().filter(|refused| refused.is_definite()) {
        Some(refused) => PublishError::Refused(refused.clone()),
        None => PublishError::NotSent { cause },
    }
}
