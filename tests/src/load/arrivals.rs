//! What arrived where: proof that nothing was lost, and how long it took.
//!
//! Owns one mark for each message and agency. Promises that a delivery counts once, however
//! often it comes. Deliberately does not know how deliveries travel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prost::Message as _;
use prost::bytes::Bytes;
use proto::exchange::v1 as wire;
use tokio::time::Instant;

use super::latencies::Latencies;
use super::mix::sequence_of;
use crate::receiver::Taker;

/// Messages that one run can tell apart.
pub const MESSAGES_MAX: u64 = 3_000_000;

/// What every agency received.
pub struct Arrivals {
    begun: Instant,
    agencies: Vec<Agency>,
    /// When each message was sent, nanoseconds since the beginning; 0: not yet.
    sent_nanos: Vec<AtomicU64>,
    /// Only messages sent in this span are timed.
    timed_from: AtomicU64,
    timed_until: AtomicU64,
}

#[derive(Default)]
struct Agency {
    distinct: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    marks: Vec<u64>,
    latencies: Latencies,
    duplicates: u64,
    foreign: u64,
    redacted: u64,
}

/// All agencies together.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Deliveries, each counted once.
    pub delivered: u64,
    /// Repeated ones.
    pub duplicates: u64,
    /// Those that are of no message of this run.
    pub foreign: u64,
    /// Those with a field withheld.
    pub redacted: u64,
    /// From publish to delivery.
    pub latencies: Latencies,
}

impl Arrivals {
    /// Nothing has arrived yet.
    #[must_use]
    pub fn new(agencies: usize, messages_max: u64) -> Arc<Self> {
        let messages = usize::try_from(messages_max).unwrap_or(usize::MAX);
        Arc::new(Self {
            begun: Instant::now(),
            agencies: (0..agencies).map(|_| Agency::default()).collect(),
            sent_nanos: (0..messages).map(|_| AtomicU64::new(0)).collect(),
            timed_from: AtomicU64::new(u64::MAX),
            timed_until: AtomicU64::new(u64::MAX),
        })
    }

    /// Nanoseconds since the beginning.
    #[must_use]
    pub fn nanos(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Notes that a message is sent now. Answers when that is.
    pub fn sent(&self, sequence: u64) -> u64 {
        let now = self.nanos();
        if let Some(sent) = usize::try_from(sequence).ok().and_then(|at| self.sent_nanos.get(at)) {
            sent.store(now, Ordering::Relaxed);
        }
        now
    }

    /// Messages sent from now on are timed.
    pub fn begin_timing(&self) {
        self.timed_from.store(self.nanos(), Ordering::Relaxed);
    }

    /// Messages sent from now on are not.
    pub fn end_timing(&self) {
        self.timed_until.store(self.nanos(), Ordering::Relaxed);
    }

    /// Whether a message sent at that time is timed.
    #[must_use]
    pub fn timed(&self, sent_nanos: u64) -> bool {
        let from = self.timed_from.load(Ordering::Relaxed);
        (from..self.timed_until.load(Ordering::Relaxed)).contains(&sent_nanos)
    }

    /// Messages that the slowest agency has.
    #[must_use]
    pub fn slowest(&self) -> u64 {
        let distinct = self.agencies.iter().map(|agency| agency.distinct.load(Ordering::Relaxed));
        distinct.min().unwrap_or(0)
    }

    /// Deliveries so far, each counted once.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.agencies.iter().map(|agency| agency.distinct.load(Ordering::Relaxed)).sum()
    }

    /// Waits until so many deliveries have come. Answers how many are missing in the end.
    pub async fn wait_for(&self, deliveries: u64, patience: Duration) -> u64 {
        let begun = Instant::now();
        while self.delivered() < deliveries && begun.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        deliveries.saturating_sub(self.delivered())
    }

    /// All agencies together.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { delivered: self.delivered(), ..Totals::default() };
        for agency in &self.agencies {
            let seen = agency.lock();
            totals.duplicates += seen.duplicates;
            totals.foreign += seen.foreign;
            totals.redacted += seen.redacted;
            totals.latencies.merge(&seen.latencies);
        }
        totals
    }

    fn take(&self, agency: usize, bodies: impl Iterator<Item = Bytes>) {
        let Some(agency) = self.agencies.get(agency) else { return };
        let (now, mut fresh) = (self.nanos(), 0);
        let mut seen = agency.lock();
        for body in bodies {
            let message = wire::ReleasedMessage::decode(body).ok();
            let known = message.and_then(|message| {
                let sequence = sequence_of(&message)?;
                let sent = self.sent_nanos.get(usize::try_from(sequence).ok()?)?;
                let sent = sent.load(Ordering::Relaxed);
                (sent != 0).then_some((sequence, sent, !message.withheld.is_empty()))
            });
            let Some((sequence, sent, redacted)) = known else {
                seen.foreign += 1;
                continue;
            };
            if seen.mark(sequence) {
                seen.duplicates += 1;
                continue;
            }
            fresh += 1;
            seen.redacted += u64::from(redacted);
            if self.timed(sent) {
                seen.latencies.add(now.saturating_sub(sent));
            }
        }
        drop(seen);
        agency.distinct.fetch_add(fresh, Ordering::Relaxed);
    }

    /// The taker of one agency's deliveries.
    #[must_use]
    pub fn of_agency(self: &Arc<Self>, agency: usize) -> ArrivalsOf {
        ArrivalsOf { arrivals: Arc::clone(self), agency }
    }
}

impl Agency {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Marks a message as seen. Answers whether it was marked before.
    fn mark(&mut self, sequence: u64) -> bool {
        let place = usize::try_from(sequence / 64).unwrap_or(usize::MAX);
        if place >= self.marks.len() {
            self.marks.resize(place + 1, 0);
        }
        let bit = 1 << (sequence % 64);
        self.marks.get_mut(place).is_some_and(|word| {
            let before = *word & bit != 0;
            *word |= bit;
            before
        })
    }
}

/// Acknowledges everything an agency is given, and marks it.
pub struct ArrivalsOf {
    arrivals: Arc<Arrivals>,
    agency: usize,
}

impl Taker for ArrivalsOf {
    fn take(&mut self, deliveries: Vec<wire::Delivery>) -> Vec<Bytes> {
        let releases = deliveries.iter().map(|delivery| delivery.release_id.clone()).collect();
        self.arrivals.take(self.agency, deliveries.into_iter().map(|delivery| delivery.body));
        releases
    }

    fn settled(&mut self, _releases: Vec<Bytes>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::mix::{AGENCIES_MAX, Mix, PEOPLE_MIN, Sender};
    use time::OffsetDateTime;

    fn body(sequence: u64) -> Bytes {
        let mix = Mix::new(1, AGENCIES_MAX, PEOPLE_MIN, 1_024, OffsetDateTime::UNIX_EPOCH);
        let act_by = mix.message(sequence, Sender::Prisons).unwrap().act_by;
        let released = wire::ReleasedMessage { act_by, ..wire::ReleasedMessage::default() };
        released.encode_to_vec().into()
    }

    #[tokio::test]
    async fn repetitions_and_strangers_are_not_deliveries() {
        let arrivals = Arrivals::new(2, 100);
        arrivals.sent(3);
        arrivals.take(0, [body(3), body(3), body(4), Bytes::new()].into_iter());
        arrivals.take(1, [body(3)].into_iter());
        let totals = arrivals.totals();
        assert_eq!((totals.delivered, totals.duplicates, totals.foreign), (2, 1, 2));
        assert_eq!(arrivals.slowest(), 1);
        assert_eq!(arrivals.wait_for(3, Duration::ZERO).await, 1);
    }
}
