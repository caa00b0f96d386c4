//! A commit under construction: rows, the records they need, and the answers to give.
//!
//! Releases and receipts are gathered, so that each recipient has one release entry and one
//! receipt entry a batch, or a few: an entry holds no more records than the fewest slots.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::chance::Chance;
use crate::ledger::entry::{self, EntryError};
use crate::ledger::journal::{
    Attempts, Batch, DeliveryMark, DeliveryRow, DeliveryState, EntryRow, ReleaseRow, Stands,
    StoreError,
};
use crate::register::DeskName;
use proto::exchange::v1::Attestation;

use super::gathered::{Made, Pending, Receipts, Releases, Target};
use super::work::Recorded;
use super::{Live, LiveRelease, ReleaseItem, Released, Seat, SettleItem, Standing};

/// Rows and edge of the commit under construction.
pub(super) struct Draft {
    pub(super) batch: Batch,
    pub(super) standing: Standing,
    /// Subscriptions that gained waiting deliveries.
    waiting: BTreeSet<u64>,
    /// Subscriptions on which the draft that is being written leaves something waiting.
    passed: HashSet<u64>,
    /// Seats reserved: (subscription, stream).
    seats: Vec<(u64, u64)>,
    /// Releases gathered by (subscription, node).
    releases: BTreeMap<(u64, Arc<str>), Vec<Releases>>,
    /// How the deliveries of this commit stand on disk.
    stored: HashMap<u64, Stands>,
    /// Deliveries this commit does something to.
    touched: HashSet<u64>,
    receipts: BTreeMap<(u64, Arc<str>), Vec<Receipts>>,
    /// Row of its first delivery.
    first_delivery: u64,
    time: u64,
    at: time::OffsetDateTime,
    bundle: [u8; 32],
}

/// What a finished draft hands on once it is committed.
#[derive(Default)]
pub(super) struct Finished {
    pub(super) live: Vec<LiveRelease>,
    pub(super) by_work: BTreeMap<usize, Vec<Released>>,
}

/// A closed draft.
pub(super) struct Parts {
    /// What is written.
    pub(super) batch: Batch,
    /// Where the ledger then stands.
    pub(super) standing: Standing,
    /// Subscriptions that gained waiting deliveries.
    pub(super) waiting: Vec<u64>,
    /// Seats it took on live streams.
    pub(super) seats: Vec<(u64, u64)>,
}

impl Draft {
    pub(super) fn new(
        standing: &Standing,
        cadence: u64,
        bundle: [u8; 32],
        passed: HashSet<u64>,
        now: time::OffsetDateTime,
    ) -> Self {
        let head = standing.head.clone();
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0).max(head.last_time);
        let first_delivery = head.last_delivery + 1;
        let mut batch = Batch { head, ..Batch::default() };
        batch.head.last_time = seconds;
        Self {
            batch,
            standing: standing.clone(),
            waiting: BTreeSet::new(),
            passed,
            seats: Vec::new(),
            releases: BTreeMap::new(),
            stored: HashMap::new(),
            touched: HashSet::new(),
            receipts: BTreeMap::new(),
            first_delivery,
            time: seconds - seconds % cadence.max(1),
            at: now,
            bundle,
        }
    }

    /// The index of the entry that is added next.
    pub(super) fn next_entry(&self) -> u64 {
        self.standing.edge.size()
    }

    /// Adds an entry of these records. Answers its index.
    pub(super) fn entry(
        &mut self,
        records: Vec<String>,
        chance: &dyn Chance,
    ) -> Result<u64, StoreError> {
        let entry = entry::Entry::new(records, self.time, chance).map_err(unavailable)?;
        let index = self.next_entry();
        let hash = entry.hash().map_err(unavailable)?;
        self.standing
            .edge
            .push(hash, &mut self.batch.tiles)
            .map_err(|_| StoreError::Unavailable("the ledger is full".into()))?;
        self.batch.entries.push(EntryRow { index, bytes: entry.to_bytes() });
        Ok(index)
    }

    /// Whether there is nothing to write.
    pub(super) fn empty(&self) -> bool {
        self.batch.entries.is_empty()
            && self.batch.subscriptions.is_empty()
            && self.batch.documents.is_empty()
            && self.batch.told.is_empty()
            && self.batch.attachments.is_empty()
            && self.batch.chases.closed.is_empty()
            && self.batch.reviews.told.is_empty()
    }

    /// Notes how deliveries stand on disk.
    pub(super) fn remember(&mut self, stored: HashMap<u64, Stands>) {
        self.stored.extend(stored);
    }

    /// How a delivery stands on disk; `None` for one that is not there.
    pub(super) fn stored_state(&self, delivery: u64) -> Option<DeliveryState> {
        self.stored.get(&delivery).map(|stands| stands.state)
    }

    /// Whether the sender of a delivery on disk named its desk.
    fn is_named(&self, delivery: u64) -> bool {
        self.stored.get(&delivery).is_some_and(|stands| stands.named)
    }

    /// Whether this commit already does something to a delivery.
    pub(super) fn touches(&self, delivery: u64) -> bool {
        self.touched.contains(&delivery)
    }

    /// Changes a delivery.
    pub(super) fn mark(&mut self, mark: DeliveryMark) {
        self.touched.insert(mark.row);
        self.batch.marks.push(mark);
    }

    /// Gathers a release for its recipient's entry.
    pub(super) fn release(
        &mut self,
        subscription: u64,
        node: Arc<str>,
        pending: Pending,
        chance: &dyn Chance,
    ) -> Result<(), StoreError> {
        let Pending { item, target } = pending;
        let (release_id, salt) = fresh(self.at, chance)?;
        let number = if item.number == 0 {
            self.standing.subscriptions.next_number(subscription)
        } else {
            item.number
        };
        self.touched.insert(item.delivery);
        let named = match self.made(item.delivery) {
            Some(made) => made.named,
            None => self.is_named(item.delivery),
        };
        let gathered = self.releases.entry((subscription, node)).or_default();
        if gathered.last().is_none_or(Releases::is_full) {
            gathered.push(Releases::to(desk_of(&self.standing, subscription)?));
        }
        if let Some(gathered) = gathered.last_mut() {
            gathered.add(Made { item, target, release_id, salt, number }, named);
        }
        Ok(())
    }

    /// Gathers a receipt for its recipient's entry.
    pub(super) fn receipt(
        &mut self,
        subscription: u64,
        node: &Arc<str>,
        item: &SettleItem,
    ) -> Result<(), StoreError> {
        let named = self.is_named(item.delivery);
        let gathered = self.receipts.entry((subscription, Arc::clone(node))).or_default();
        if gathered.last().is_none_or(Receipts::is_full) {
            gathered.push(Receipts::of(desk_of(&self.standing, subscription)?));
        }
        if let Some(gathered) = gathered.last_mut() {
            gathered.add(item, named);
        }
        Ok(())
    }

    /// Adds a delivery that waits. Answers its row.
    pub(super) fn deliver(&mut self, delivery: DeliveryRow) -> u64 {
        let row = self.batch.head.last_delivery + 1;
        self.batch.head.last_delivery = row;
        self.batch.deliveries.push(DeliveryRow { row, ..delivery });
        row
    }

    /// Whether this commit records an attestation of a delivery already.
    pub(super) fn attests(&self, delivery: u64, attestation: Attestation) -> bool {
        let mut known = self.batch.attested.iter();
        known.any(|row| row.delivery == delivery && row.attestation == attestation as i32)
    }

    /// Notes that something waits on a subscription.
    pub(super) fn waits(&mut self, subscription: u64) {
        self.waiting.insert(subscription);
    }

    /// Takes a seat on the stream that serves a subscription. `None` where nobody is ready, or
    /// where something waits already: nothing fresh may pass it.
    pub(super) fn seat(&mut self, subscription: u64, live: &dyn Live) -> Option<Seat> {
        if self.waiting.contains(&subscription) || self.passed.contains(&subscription) {
            return None;
        }
        let seat = live.reserve(subscription)?;
        self.seats.push((subscription, seat.stream));
        Some(seat)
    }

    /// The seats taken, to be given back if this is never written.
    pub(super) fn seats(&self) -> &[(u64, u64)] {
        &self.seats
    }

    /// How the deliveries stand that this commit touches, once it is written.
    pub(super) fn states(&self) -> HashMap<u64, Stands> {
        let made = self.batch.deliveries.iter();
        let made = made.map(|made| (made.row, Stands { state: made.state, named: made.named }));
        let marked = self.batch.marks.iter();
        let marked = marked
            .map(|mark| (mark.row, Stands { state: mark.state, named: self.is_named(mark.row) }));
        made.chain(marked).collect()
    }

    /// What is left when it is closed.
    pub(super) fn into_parts(self) -> Parts {
        let head = self.batch.head.clone();
        let standing = Standing { head, ..self.standing };
        let waiting = self.waiting.into_iter().collect();
        Parts { batch: self.batch, standing, waiting, seats: self.seats }
    }

    /// Writes the gathered entries and closes the head.
    pub(super) fn finish(&mut self, chance: &dyn Chance) -> Result<Finished, StoreError> {
        let mut finished = Finished::default();
        for ((subscription, node), all) in std::mem::take(&mut self.releases) {
            for releases in all {
                self.release_entry(subscription, &node, releases, chance, &mut finished)?;
            }
        }
        let mut received = HashMap::new();
        for ((_, node), all) in std::mem::take(&mut self.receipts) {
            for receipts in all {
                let (records, deliveries) = receipts.close(&node);
                let entry = self.entry(records, chance)?;
                received.extend(deliveries.into_iter().map(|delivery| (delivery, entry)));
            }
        }
        for mark in &mut self.batch.marks {
            mark.ended = mark.ended.or(received.get(&mark.row).copied());
        }
        let edge = &self.standing.edge;
        self.batch.tiles.extend(edge.open_tiles());
        self.batch.head.size = edge.size();
        self.batch.head.frontier = edge.frontier();
        Ok(finished)
    }

    /// One entry for what one node of one desk is given in this commit.
    fn release_entry(
        &mut self,
        subscription: u64,
        node: &Arc<str>,
        releases: Releases,
        chance: &dyn Chance,
        finished: &mut Finished,
    ) -> Result<(), StoreError> {
        let desk = releases.desk.clone();
        let (records, made) = releases.close(&self.bundle, node);
        let entry = self.entry(records, chance)?;
        for Made { item, target, release_id, salt, number } in made {
            self.release_rows(&item, release_id, number, entry, (&desk.agency, node));
            let released = Released {
                delivery: item.delivery,
                delivery_id: item.delivery_id,
                release_id,
                number,
                attempt: item.attempt,
                salt,
                body: item.parcel.bytes,
                _recorded: Recorded,
            };
            match target {
                Target::Work(place) => finished.by_work.entry(place).or_default().push(released),
                Target::Live(stream, tokens, settles) => finished.live.push(LiveRelease {
                    stream,
                    subscription,
                    sender: item.sender,
                    message: item.message,
                    settles,
                    tokens,
                    desk: desk.clone(),
                    released,
                }),
            }
        }
        let last_number = self.standing.subscriptions.last_number(subscription);
        self.batch.numbers.push((subscription, last_number));
        Ok(())
    }

    /// The delivery that this commit makes, by its row.
    fn made(&self, delivery: u64) -> Option<&DeliveryRow> {
        self.place_of(delivery).and_then(|place| self.batch.deliveries.get(place))
    }

    fn place_of(&self, delivery: u64) -> Option<usize> {
        let place = delivery.checked_sub(self.first_delivery)?;
        usize::try_from(place).ok()
    }

    fn release_rows(
        &mut self,
        item: &ReleaseItem,
        release_id: [u8; 16],
        number: u64,
        entry: u64,
        (recipient, node): (&Arc<str>, &Arc<str>),
    ) {
        self.batch.releases.push(ReleaseRow {
            id: release_id,
            delivery: item.delivery,
            entry,
            at: self.at,
            sender: Arc::clone(&item.sender),
            recipient: Arc::clone(recipient),
            node: Arc::clone(node),
            attempt: item.attempt,
            sections: item.parcel.sections.clone(),
            shown: item.parcel.shown,
        });
        // A delivery that this commit makes is written once, as released.
        let made = self.place_of(item.delivery);
        match made.and_then(|place| self.batch.deliveries.get_mut(place)) {
            Some(made) => {
                (made.state, made.number) = (DeliveryState::Released, number);
                made.changed_at = Some(self.at);
            }
            None => self.mark(DeliveryMark {
                row: item.delivery,
                state: DeliveryState::Released,
                number: Some(number),
                attempts: Attempts::Kept,
                due: None,
                at: self.at,
                ended: None,
            }),
        }
    }
}

fn desk_of(standing: &Standing, subscription: u64) -> Result<DeskName, StoreError> {
    let known = standing.subscriptions.get(subscription);
    known.map(|known| known.desk.clone()).ok_or(StoreError::Damaged { table: "subscription" })
}

/// A release id and the salt of its commitment. The id begins with the commit's time in
/// milliseconds, so that a store adds it at the end of its index; 80 bits are drawn.
fn fresh(
    at: time::OffsetDateTime,
    chance: &dyn Chance,
) -> Result<([u8; 16], [u8; 32]), StoreError> {
    let drawn: [u8; 42] = crate::chance::bytes(chance).map_err(|_| no_chance())?;
    let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    let (mut id, mut salt) = ([0; 16], [0; 32]);
    let bytes = millis.to_be_bytes().into_iter().skip(2).chain(drawn);
    for (to, from) in id.iter_mut().chain(salt.iter_mut()).zip(bytes) {
        *to = from;
    }
    Ok((id, salt))
}

pub(super) fn no_chance() -> StoreError {
    StoreError::Unavailable("no random bytes".into())
}

fn unavailable(error: EntryError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
