//! Settlements and credit on their way to the broker.
//!
//! Owns: the batch that is filling, the batches not yet said to be durable, and the credit to be
//! given back.
//! Promises: a batch is full at [`BATCH_RELEASES_MAX`] or due 5 ms after its first entry; a batch
//! that was sent and not echoed is kept, to be sent again on the next stream under its number.
//! Deliberately does not know: streams. Time arrives as an argument.

use super::incoming::Command;
use prost::bytes::Bytes;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::{GrantCredit, NegativeAcknowledgement, Settle, SubscribeRequest};
use proto::limits::SETTLE_FRAME_RELEASES_MAX;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Releases that make a batch full.
pub(super) const BATCH_RELEASES_MAX: usize = 256;
/// How long the first entry of a batch waits for others.
pub(super) const BATCH_AGE: Duration = Duration::from_millis(5);

const _: () = assert!(BATCH_RELEASES_MAX <= SETTLE_FRAME_RELEASES_MAX);

/// What is to be told to the broker.
pub(super) struct Settling {
    batch: Settle,
    waiters: Vec<oneshot::Sender<()>>,
    unsettled: BTreeMap<u64, (Settle, Vec<oneshot::Sender<()>>)>,
    next: u64,
    capacity: u32,
    /// Deliveries with the recipient, or on the way to it in this process.
    held: u32,
    /// Credit not yet given back.
    freed: u32,
    due: Option<Instant>,
}

impl Settling {
    /// For a subscription with this much credit.
    pub(super) fn new(capacity: u32) -> Self {
        Self {
            batch: Settle::default(),
            waiters: Vec::new(),
            unsettled: BTreeMap::new(),
            next: 1,
            capacity,
            held: 0,
            freed: 0,
            due: None,
        }
    }

    /// A delivery came in; `false` if it is more than the broker was granted.
    pub(super) fn received(&mut self) -> bool {
        self.held = self.held.saturating_add(1);
        self.held <= self.capacity
    }

    /// Takes what a recipient asks; `true` if that is to end the subscription.
    pub(super) fn take(&mut self, command: Command, now: Instant) -> bool {
        match command {
            Command::Acknowledge(release, done) => {
                self.batch.acknowledged.push(release);
                self.waiters.push(done);
            }
            Command::Refuse(release, delay, done) => {
                self.refuse(release, delay);
                self.waiters.push(done);
            }
            Command::Extend(release) => self.batch.extended.push(release),
            Command::Freed => {
                self.held = self.held.saturating_sub(1);
                self.freed = self.freed.saturating_add(1);
            }
            Command::Close => return true,
        }
        self.due.get_or_insert(now + BATCH_AGE);
        false
    }

    /// Refuses a release that never reached the recipient.
    pub(super) fn refuse_unread(&mut self, release: Bytes, delay: Duration, now: Instant) {
        self.refuse(release, delay);
        self.take(Command::Freed, now);
    }

    fn refuse(&mut self, release_id: Bytes, delay: Duration) {
        let delay = prost_types::Duration::try_from(delay).ok();
        self.batch.refused.push(NegativeAcknowledgement { release_id, delay });
    }

    /// Whether a frame is to leave without waiting: the batch is full, or half the credit is to
    /// be given back, so that the broker never stands still for want of it.
    pub(super) fn is_full(&self) -> bool {
        self.batch_length() >= BATCH_RELEASES_MAX || self.freed >= (self.capacity / 2).max(1)
    }

    /// When the batch is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether everything was said and echoed.
    pub(super) fn is_done(&self) -> bool {
        self.batch_length() == 0 && self.unsettled.is_empty()
    }

    /// Takes the frames that are to leave now.
    pub(super) fn flush(&mut self) -> Vec<SubscribeRequest> {
        self.due = None;
        let mut frames = Vec::new();
        if self.freed > 0 {
            let deliveries = std::mem::take(&mut self.freed);
            frames.push(frame(Step::Credit(GrantCredit { deliveries })));
        }
        if self.batch_length() > 0 {
            let mut settle = std::mem::take(&mut self.batch);
            settle.settlement = self.next;
            self.next += 1;
            let waiters = std::mem::take(&mut self.waiters);
            frames.push(frame(Step::Settle(settle.clone())));
            self.unsettled.insert(settle.settlement, (settle, waiters));
        }
        frames
    }

    /// The broker said that a batch is durable.
    pub(super) fn settled(&mut self, settlement: u64) {
        let waiters = self.unsettled.remove(&settlement).map(|(_, waiters)| waiters);
        for done in waiters.into_iter().flatten() {
            // Whoever dropped the future does not mind.
            let _ = done.send(());
        }
    }

    /// The credit to open a stream with; 0 while the recipient holds all it can.
    pub(super) fn credit_to_open(&self) -> u32 {
        self.capacity.saturating_sub(self.held)
    }

    /// A stream is being opened with [`Settling::credit_to_open`]: the frames to send after that.
    pub(super) fn reopen(&mut self) -> Vec<SubscribeRequest> {
        self.freed = 0;
        self.unsettled.values().map(|(settle, _)| frame(Step::Settle(settle.clone()))).collect()
    }

    fn batch_length(&self) -> usize {
        self.batch.acknowledged.len() + self.batch.refused.len() + self.batch.extended.len()
    }
}

/// A step as a frame.
pub(super) fn frame(step: Step) -> SubscribeRequest {
    SubscribeRequest { step: Some(step) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledge(settling: &mut Settling, n: u8, now: Instant) -> oneshot::Receiver<()> {
        let (done, settled) = oneshot::channel();
        settling.take(Command::Acknowledge(Bytes::copy_from_slice(&[n; 16]), done), now);
        settling.take(Command::Freed, now);
        settled
    }

    #[test]
    fn a_batch_is_due_five_milliseconds_after_its_first_entry() {
        let (mut settling, now) = (Settling::new(1_000), Instant::now());
        let _first = acknowledge(&mut settling, 1, now);
        let _second = acknowledge(&mut settling, 2, now + Duration::from_millis(3));
        assert_eq!(settling.due(), Some(now + Duration::from_millis(5)));
        assert!(!settling.is_full());
    }

    #[test]
    fn half_the_credit_is_given_back_at_once_and_credit_goes_before_settlements() {
        let (mut settling, now) = (Settling::new(4), Instant::now());
        for n in 1..=2 {
            settling.received();
            drop(acknowledge(&mut settling, n, now));
        }
        assert!(settling.is_full());
        let steps: Vec<_> = settling.flush().into_iter().filter_map(|frame| frame.step).collect();
        assert!(matches!(
            steps.as_slice(),
            [Step::Credit(GrantCredit { deliveries: 2 }), Step::Settle(settle)]
                if settle.acknowledged.len() == 2 && settle.settlement == 1
        ));
    }

    #[test]
    fn what_was_not_echoed_is_sent_again_under_its_number_and_resolves_once_echoed() {
        let (mut settling, now) = (Settling::new(8), Instant::now());
        settling.received();
        settling.received();
        let mut settled = acknowledge(&mut settling, 1, now);
        drop(settling.flush());
        assert_eq!(settling.credit_to_open(), 7, "one delivery is still held");
        let again: Vec<_> = settling.reopen().into_iter().filter_map(|frame| frame.step).collect();
        assert!(matches!(again.as_slice(), [Step::Settle(settle)] if settle.settlement == 1));
        assert!(settled.try_recv().is_err());
        settling.settled(1);
        assert!(settled.try_recv().is_ok());
        assert!(settling.is_done());
    }
}
