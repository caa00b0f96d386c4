//! The rows of a store, read once, and what no entry spoke of when all have been heard.
//!
//! Every row starts unseen; `against` marks it. Checks here what rows owe each other: one
//! identity each, no row named that is not there, sealed parts of a possible length.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::directory::MessageKind;
use crate::ledger::journal::StoreError;
use crate::seal::WRAPPED_BYTES;

use super::attached::Attached;
use super::documents::Documents;
use super::faults::{Faults, FsckFault};
use super::reviews::Review;
use super::{RawDelivery, RawHead, RawLedger, RawMessage, RawRelease, RawSubscription, Unreadable};

/// The shortest sealed text: a nonce of 12 bytes and a tag of 16 around nothing.
const SEALED_BYTES_MIN: u64 = 28;

pub(super) const MESSAGE: &str = "message";
pub(super) const DELIVERY: &str = "delivery";
pub(super) const RELEASE: &str = "release";
pub(super) const SUBSCRIPTION: &str = "subscription";
pub(super) const REASON: &str = "reason";
pub(super) const ATTESTED: &str = "attested";
pub(super) const REVIEW: &str = "review";

/// Words that occur often, each kept once.
#[derive(Default)]
pub(super) struct Words(HashMap<Box<str>, u32>);

impl Words {
    pub(super) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.0.get(word) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(word.into(), number);
        number
    }
}

/// Whether an entry has spoken of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Unseen,
    Seen,
    /// A fault has been told of it: nothing that follows from that is told again.
    Told,
}

/// Agency and desk, or agency and message id.
pub(super) type DeskKey = (u32, u32);
pub(super) type MessageKey = (u32, [u8; 16]);

pub(super) struct Subscription {
    pub(super) row: u64,
    pub(super) desk: DeskKey,
    pub(super) mailbox: bool,
}

pub(super) struct Message {
    pub(super) row: u64,
    pub(super) key: MessageKey,
    pub(super) digest: [u8; 32],
    pub(super) entry: u64,
    pub(super) kind: u32,
    pub(super) node: u32,
    pub(super) settles: Option<u64>,
    pub(super) withdraws: Option<u64>,
    /// Microseconds since 1970.
    pub(super) accepted_at: i64,
    pub(super) mark: Mark,
}

/// What the ledger has said of one delivery.
#[derive(Default)]
pub(super) struct Told {
    /// Place of its last release.
    pub(super) last_release: Option<usize>,
    /// Its last release was acknowledged.
    pub(super) last_acknowledged: bool,
    /// Its last release was given back.
    pub(super) last_given_back: bool,
    /// Any release was acknowledged.
    pub(super) acknowledged: bool,
    /// Any release was to be tried again.
    pub(super) again: bool,
    pub(super) expired: bool,
    pub(super) refused: bool,
    /// Ended by name as withdrawn.
    pub(super) withdrawn: bool,
    /// Ended, and neither released nor put back since.
    pub(super) ended: bool,
    /// Any release row is there, void or not.
    pub(super) released: bool,
    /// A release row that is not void is there.
    pub(super) disclosed: bool,
}

pub(super) struct Delivery {
    pub(super) row: u64,
    pub(super) entry: u64,
    pub(super) message: Option<usize>,
    pub(super) subscription: u64,
    pub(super) desk: Option<DeskKey>,
    pub(super) task: u64,
    pub(super) state: u64,
    pub(super) number: u64,
    pub(super) mark: Mark,
    pub(super) told: Told,
}

pub(super) struct Release {
    pub(super) row: u64,
    pub(super) delivery: Option<usize>,
    pub(super) entry: u64,
    pub(super) node: u32,
    pub(super) attempt: u64,
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) voided: bool,
    /// A bit for each field withheld.
    pub(super) withheld: u64,
    pub(super) void_recorded: bool,
    pub(super) mark: Mark,
}

/// Every row, and what the entries read so far say of it.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) words: Words,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) messages: Vec<Message>,
    pub(super) message_by_key: HashMap<MessageKey, usize>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) delivery_by_id: HashMap<[u8; 16], usize>,
    pub(super) releases: Vec<Release>,
    pub(super) release_by_id: HashMap<[u8; 16], usize>,
    /// Entries that a reason names and that have told of no look yet.
    pub(super) reasons: BTreeSet<u64>,
    /// The entry of every first word on a delivery: by its row and what was said.
    pub(super) attested: HashMap<(u64, i32), (u64, Mark)>,
    /// Emergency accesses, by the row of their message.
    pub(super) reviews: BTreeMap<u64, Review>,
    /// Time of the last entry read, seconds since 1970.
    pub(super) last_time: Option<u64>,
    /// Documents that go with messages.
    pub(super) attached: Attached,
    /// What the entries say was written of documents.
    pub(super) documents: Documents,
    /// Message and desk of every withdrawal.
    pub(super) withdrawn: HashSet<(usize, DeskKey)>,
    /// A delivery row is known to be missing, so numbers may have gaps.
    pub(super) delivery_missing: bool,
}

impl Rows {
    /// Reads every row.
    pub(super) fn load(
        raw: &dyn RawLedger,
        head: Option<&RawHead>,
        faults: &mut Faults,
    ) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        raw.for_each_subscription(&mut |row| {
            if let Some(row) = readable(SUBSCRIPTION, row, faults) {
                rows.add_subscription(&row);
            }
        })?;
        raw.for_each_message(&mut |row| {
            if let Some(row) = readable(MESSAGE, row, faults) {
                rows.add_message(&row, faults);
            }
        })?;
        raw.for_each_delivery(&mut |row| {
            if let Some(row) = readable(DELIVERY, row, faults) {
                rows.add_delivery(&row, faults);
            }
        })?;
        raw.for_each_release(&mut |row| {
            if let Some(row) = readable(RELEASE, row, faults) {
                rows.add_release(&row, faults);
            }
        })?;
        raw.for_each_reason(&mut |entry| match u64::try_from(entry) {
            Ok(entry) => {
                rows.reasons.insert(entry);
            }
            Err(_) => faults.add(FsckFault::RowUnreadable { table: REASON, row: entry }),
        })?;
        raw.for_each_attested(&mut |row| {
            if let Some(row) = readable(ATTESTED, row, faults) {
                rows.attested.insert((row.delivery, row.attestation), (row.entry, Mark::Unseen));
            }
        })?;
        rows.load_reviews(raw, faults)?;
        rows.check_settles(faults);
        rows.attached = Attached::load(raw, &rows.messages, &mut rows.words, faults)?;
        for (table, last, given) in [
            (
                SUBSCRIPTION,
                rows.subscriptions.last().map(|s| s.row),
                head.map(|h| h.last_subscription),
            ),
            (MESSAGE, rows.messages.last().map(|m| m.row), head.map(|h| h.last_message)),
            (DELIVERY, rows.deliveries.last().map(|d| d.row), head.map(|h| h.last_delivery)),
        ] {
            if last.unwrap_or(0) > given.unwrap_or(0) {
                faults.add(FsckFault::HeadCounter { table });
            }
        }
        Ok(rows)
    }

    /// Messages, deliveries and releases read.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.messages.len() as u64, self.deliveries.len() as u64, self.releases.len() as u64)
    }

    fn add_subscription(&mut self, raw: &RawSubscription) {
        let desk = (self.words.number(&raw.agency), self.words.number(&raw.desk));
        let mailbox = raw.name == "default";
        self.subscriptions.push(Subscription { row: raw.row, desk, mailbox });
    }

    fn add_message(&mut self, raw: &RawMessage, faults: &mut Faults) {
        let key = (self.words.number(&raw.agency), raw.id);
        let mut mark = Mark::Unseen;
        if self.message_by_key.contains_key(&key) {
            faults.add(FsckFault::RowTwice { table: MESSAGE, row: raw.row });
            mark = Mark::Told;
        } else {
            self.message_by_key.insert(key, self.messages.len());
        }
        if raw.wrapped_key_bytes != WRAPPED_BYTES as u64
            || raw.body_bytes < SEALED_BYTES_MIN
            || raw.decision_bytes < SEALED_BYTES_MIN
        {
            faults.add(FsckFault::SealedPart { row: raw.row });
        }
        self.messages.push(Message {
            row: raw.row,
            key,
            digest: raw.digest,
            entry: raw.entry,
            kind: self.words.number(&raw.kind),
            node: self.words.number(&raw.node),
            settles: raw.settles,
            withdraws: raw.withdraws,
            accepted_at: raw.accepted_at,
            mark,
        });
    }

    fn add_delivery(&mut self, raw: &RawDelivery, faults: &mut Faults) {
        let message = self.messages.binary_search_by_key(&raw.message, |m| m.row).ok();
        let found = self.subscriptions.binary_search_by_key(&raw.subscription, |s| s.row).ok();
        let desk = found.and_then(|place| self.subscriptions.get(place)).map(|s| s.desk);
        let mut mark = Mark::Unseen;
        if self.delivery_by_id.contains_key(&raw.id) {
            faults.add(FsckFault::RowTwice { table: DELIVERY, row: raw.row });
            mark = Mark::Told;
        } else {
            self.delivery_by_id.insert(raw.id, self.deliveries.len());
        }
        if message.is_none() || desk.is_none() {
            faults.add(FsckFault::Dangling { table: DELIVERY, row: raw.row });
            mark = Mark::Told;
        }
        self.deliveries.push(Delivery {
            row: raw.row,
            entry: raw.entry,
            message,
            subscription: raw.subscription,
            desk,
            task: raw.task,
            state: raw.state,
            number: raw.number,
            mark,
            told: Told::default(),
        });
    }

    fn add_release(&mut self, raw: &RawRelease, faults: &mut Faults) {
        let delivery = self.deliveries.binary_search_by_key(&raw.delivery, |d| d.row).ok();
        let mut mark = Mark::Unseen;
        if self.release_by_id.contains_key(&raw.id) {
            faults.add(FsckFault::RowTwice { table: RELEASE, row: raw.row });
            mark = Mark::Told;
        } else {
            self.release_by_id.insert(raw.id, self.releases.len());
        }
        if let Some(delivery) = delivery.and_then(|place| self.deliveries.get_mut(place)) {
            delivery.told.released = true;
            delivery.told.disclosed |= !raw.voided;
        } else {
            faults.add(FsckFault::Dangling { table: RELEASE, row: raw.row });
            mark = Mark::Told;
        }
        if !raw.listed {
            faults.add(FsckFault::Unlisted { row: raw.row });
        }
        self.releases.push(Release {
            row: raw.row,
            delivery,
            entry: raw.entry,
            node: self.words.number(&raw.node),
            attempt: raw.attempt,
            at: raw.at,
            voided: raw.voided,
            withheld: raw.withheld,
            void_recorded: false,
            mark,
        });
    }

    /// What a message follows is an earlier one of the same sender; or an action, whose outcome its
    /// owner tells. Nobody takes back what is another's.
    fn check_settles(&mut self, faults: &mut Faults) {
        let action = self.words.number(MessageKind::Action.name());
        for message in &self.messages {
            let Some(settles) = message.settles else { continue };
            let place = self.messages.binary_search_by_key(&settles, |m| m.row).ok();
            let first = place.and_then(|place| self.messages.get(place));
            let of_owner = message.kind == action && message.withdraws.is_none();
            let fits = |first: &Message| {
                first.key.0 == message.key.0 || (of_owner && first.kind == action)
            };
            if !first.is_some_and(|first| first.row < message.row && fits(first)) {
                faults.add(FsckFault::Dangling { table: MESSAGE, row: message.row });
            }
        }
        let wrong =
            self.messages.iter().filter(|m| m.withdraws.is_some_and(|_| m.withdraws != m.settles));
        for message in wrong {
            faults.add(FsckFault::Withdraws { row: message.row });
        }
    }

    /// Tells what no entry spoke of, then judges states and numbers; states only if the log is
    /// whole, because a missing entry may be the one that led to them.
    pub(super) fn finish(mut self, whole: bool, faults: &mut Faults) {
        for message in self.messages.iter().filter(|m| m.mark == Mark::Unseen) {
            unspoken(MESSAGE, message.row, message.entry, faults);
        }
        for delivery in self.deliveries.iter_mut().filter(|d| d.mark == Mark::Unseen) {
            unspoken(DELIVERY, delivery.row, delivery.entry, faults);
            delivery.mark = Mark::Told;
        }
        for release in &self.releases {
            if release.mark == Mark::Unseen {
                unspoken(RELEASE, release.row, release.entry, faults);
            }
            let void_unproved = release.voided && !release.void_recorded && whole;
            if void_unproved && release.mark == Mark::Seen {
                faults.add(FsckFault::VoidWithoutRecord { row: release.row });
            }
            // What rests on a release that is wrong is not told again.
            if (release.mark != Mark::Seen || void_unproved)
                && let Some(delivery) =
                    release.delivery.and_then(|place| self.deliveries.get_mut(place))
            {
                delivery.mark = Mark::Told;
            }
        }
        for ((delivery, _), (entry, mark)) in &self.attested {
            if *mark == Mark::Unseen {
                unspoken(ATTESTED, *delivery, *entry, faults);
            }
        }
        self.attached.finish(&self.messages, &self.releases, &self.release_by_id, faults);
        self.finish_reviews(faults);
        for entry in &self.reasons {
            unspoken(REASON, *entry, *entry, faults);
        }
        if whole {
            super::state::states(&self, faults);
        }
        super::state::numbers(&self, faults);
    }
}

pub(super) fn readable<T>(
    table: &'static str,
    row: Result<T, Unreadable>,
    faults: &mut Faults,
) -> Option<T> {
    row.map_err(|Unreadable { row }| faults.add(FsckFault::RowUnreadable { table, row })).ok()
}

pub(super) fn unspoken(table: &'static str, row: u64, entry: u64, faults: &mut Faults) {
    faults.add(FsckFault::RowWithoutRecord { table, row, entry });
}
