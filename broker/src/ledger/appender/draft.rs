//! A commit under construction: rows, the records they need, and the answers to give.
//!
//! Releases and receipts are gathered, so that each recipient has one release entry and one
//! receipt entry a batch.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::chance::Chance;
use crate::ledger::entry::{Entry, EntryError};
use crate::ledger::journal::{
    Attempts, Batch, DeliveryMark, DeliveryState, EntryRow, Head, ReleaseRow, StoreError, text_of,
};
use crate::ledger::record::{RecordType, Text};
use crate::ledger::tree::Edge;
use crate::register::DeskName;
use crate::seal::commitment;

use super::{Known, LiveRelease, ReleaseItem, Released, SettleItem, SettleWork, Settlement};

/// Rows and edge of the commit under construction.
pub(super) struct Draft {
    pub(super) batch: Batch,
    pub(super) edge: Edge,
    pub(super) subscriptions: Vec<Known>,
    /// Subscriptions that gained waiting deliveries, with how many.
    pub(super) waiting: BTreeMap<u64, u64>,
    /// Seats reserved: (subscription, stream).
    pub(super) seats: Vec<(u64, u64)>,
    /// Releases gathered by (subscription, node).
    releases: BTreeMap<(u64, Arc<str>), Vec<Pending>>,
    /// Deliveries this commit does something to.
    touched: HashSet<u64>,
    /// Settlements of what this very commit releases or settles: they are committed next.
    pub(super) deferred: Vec<SettleWork>,
    receipts: BTreeMap<(u64, Arc<str>), Vec<SettleItem>>,
    time: u64,
    at: time::OffsetDateTime,
    bundle: [u8; 32],
}

/// A release gathered for its entry.
pub(super) struct Pending {
    pub(super) item: ReleaseItem,
    pub(super) target: Target,
}

/// Where a release goes once it is committed.
#[derive(Clone)]
pub(super) enum Target {
    /// To a live stream: stream, tokens and what it settles.
    Live(u64, Vec<crate::seal::Token>, Option<Uuid>),
    /// Back to the work at this place of the batch.
    Work(usize),
}

/// What a finished draft hands on once it is committed.
#[derive(Default)]
pub(super) struct Finished {
    pub(super) live: Vec<LiveRelease>,
    pub(super) by_work: BTreeMap<usize, Vec<Released>>,
    pub(super) deferred: Vec<SettleWork>,
}

impl Draft {
    pub(super) fn new(
        head: &Head,
        edge: &Edge,
        subscriptions: &[Known],
        cadence: u64,
        bundle: [u8; 32],
        now: time::OffsetDateTime,
    ) -> Self {
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0).max(head.last_time);
        let mut batch = Batch { head: head.clone(), ..Batch::default() };
        batch.head.last_time = seconds;
        Self {
            batch,
            edge: edge.clone(),
            subscriptions: subscriptions.to_vec(),
            waiting: BTreeMap::new(),
            seats: Vec::new(),
            releases: BTreeMap::new(),
            touched: HashSet::new(),
            deferred: Vec::new(),
            receipts: BTreeMap::new(),
            time: seconds - seconds % cadence.max(1),
            at: now,
            bundle,
        }
    }

    /// Adds an entry of these records. Answers its index.
    pub(super) fn entry(
        &mut self,
        records: Vec<String>,
        chance: &dyn Chance,
    ) -> Result<u64, StoreError> {
        let entry = Entry::new(records, self.time, chance).map_err(unavailable)?;
        let index = self.edge.size();
        let hash = entry.hash().map_err(unavailable)?;
        self.edge
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
    pub(super) fn release(&mut self, subscription: u64, node: Arc<str>, pending: Pending) {
        self.touched.insert(pending.item.delivery);
        self.releases.entry((subscription, node)).or_default().push(pending);
    }

    /// Gathers a receipt for its recipient's entry.
    pub(super) fn receipt(&mut self, subscription: u64, node: &Arc<str>, item: SettleItem) {
        self.receipts.entry((subscription, Arc::clone(node))).or_default().push(item);
    }

    pub(super) fn subscription(&self, row: u64) -> Option<&Known> {
        self.subscriptions.iter().find(|known| known.row.row == row)
    }

    /// Writes the gathered entries and closes the head.
    pub(super) fn finish(&mut self, chance: &dyn Chance) -> Result<Finished, StoreError> {
        let mut finished = Finished::default();
        for ((subscription, node), pending) in std::mem::take(&mut self.releases) {
            self.release_entry(subscription, &node, pending, chance, &mut finished)?;
        }
        for ((subscription, node), items) in std::mem::take(&mut self.receipts) {
            self.receipt_entry(subscription, &node, &items, chance)?;
        }
        self.batch.head.size = self.edge.size();
        self.batch.head.frontier = self.edge.frontier();
        Ok(finished)
    }

    /// One entry for all that one node of one desk is given in this commit: a record for
    /// the recipient, and one for each sender about its own messages.
    fn release_entry(
        &mut self,
        subscription: u64,
        node: &Arc<str>,
        pending: Vec<Pending>,
        chance: &dyn Chance,
        finished: &mut Finished,
    ) -> Result<(), StoreError> {
        let known =
            self.subscription(subscription).ok_or(StoreError::Damaged { table: "subscription" })?;
        let desk = known.row.desk.clone();
        let mut last_number = known.last_number;
        let mut items = Vec::with_capacity(pending.len());
        let mut by_sender: BTreeMap<Arc<str>, Vec<Text>> = BTreeMap::new();
        let mut releases = Vec::with_capacity(pending.len());
        for Pending { item, target } in pending {
            let (release_id, salt) = fresh(chance)?;
            let number = if item.number == 0 {
                last_number += 1;
                last_number
            } else {
                item.number
            };
            items.push(release_text(&item, &release_id, &salt));
            by_sender.entry(Arc::clone(&item.sender)).or_default().push(
                Text::new().word("message", &text_of(item.message)).bytes("release", &release_id),
            );
            releases.push((item, target, release_id, salt, number));
        }
        let mut records = vec![release_record(&self.bundle, &desk, node, items)];
        records.extend(sender_records(RecordType::Disclosed, &desk.agency, by_sender));
        let entry = self.entry(records, chance)?;
        for (item, target, release_id, salt, number) in releases {
            self.release_rows(&item, release_id, number, entry, node);
            let released = Released {
                delivery: item.delivery,
                delivery_id: item.delivery_id,
                release_id,
                number,
                attempt: item.attempt,
                salt,
                body: item.parcel.bytes.clone(),
                _recorded: super::Recorded,
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
                    released,
                }),
            }
        }
        if let Some(known) = self.subscriptions.iter_mut().find(|k| k.row.row == subscription) {
            known.last_number = last_number;
            self.batch.numbers.push((subscription, last_number));
        }
        Ok(())
    }

    fn release_rows(
        &mut self,
        item: &ReleaseItem,
        release_id: [u8; 16],
        number: u64,
        entry: u64,
        node: &Arc<str>,
    ) {
        self.batch.releases.push(ReleaseRow {
            id: release_id,
            delivery: item.delivery,
            entry,
            at: self.at,
            node: Arc::clone(node),
            attempt: item.attempt,
        });
        self.mark(DeliveryMark {
            row: item.delivery,
            state: DeliveryState::Released,
            number: Some(number),
            attempts: Attempts::Kept,
            due: None,
            at: self.at,
        });
    }

    /// One entry for all that one node settles in this commit.
    fn receipt_entry(
        &mut self,
        subscription: u64,
        node: &Arc<str>,
        items: &[SettleItem],
        chance: &dyn Chance,
    ) -> Result<(), StoreError> {
        let known =
            self.subscription(subscription).ok_or(StoreError::Damaged { table: "subscription" })?;
        let desk = known.row.desk.clone();
        let of = |wanted: fn(&Settlement) -> bool| {
            let chosen = items.iter().filter(move |item| wanted(&item.settlement));
            chosen.map(|item| hex::encode(item.release_id)).collect::<Vec<_>>()
        };
        let mut by_sender: BTreeMap<Arc<str>, Vec<Text>> = BTreeMap::new();
        for item in items.iter().filter(|i| i.settlement == Settlement::Acknowledged) {
            by_sender.entry(Arc::clone(&item.sender)).or_default().push(
                Text::new()
                    .word("message", &text_of(item.message))
                    .bytes("release", &item.release_id),
            );
        }
        let mut records = vec![
            Text::new()
                .words("acknowledged", of(|s| matches!(s, Settlement::Acknowledged)))
                .words("again", of(|s| matches!(s, Settlement::Again(_))))
                .word("desk", &desk.desk)
                .word("format", proto::ledger::record::RECORD_FORMAT)
                .word("node", node)
                .word("operation", RecordType::Receipt.operation())
                .word("party", &desk.agency)
                .words("recalled", of(|s| matches!(s, Settlement::Recalled)))
                .word("type", RecordType::Receipt.name())
                .close(),
        ];
        records.extend(sender_records(RecordType::Received, &desk.agency, by_sender));
        self.entry(records, chance).map(|_| ())
    }
}

fn release_record(bundle: &[u8; 32], desk: &DeskName, node: &str, items: Vec<Text>) -> String {
    Text::new()
        .bytes("bundle", bundle)
        .objects("deliveries", items)
        .word("desk", &desk.desk)
        .word("format", proto::ledger::record::RECORD_FORMAT)
        .word("node", node)
        .word("operation", RecordType::Release.operation())
        .word("party", &desk.agency)
        .word("type", RecordType::Release.name())
        .close()
}

fn release_text(item: &ReleaseItem, release_id: &[u8; 16], salt: &[u8; 32]) -> Text {
    Text::new()
        .number("attempt", item.attempt.into())
        .bytes("commitment", &commitment(salt, &item.parcel.bytes))
        .bytes("delivery", &item.delivery_id)
        .word("kind", item.kind)
        .bytes("release", release_id)
        .words("rules", &item.rules)
        .word("sender", &item.sender)
        .fields("withheld", &item.parcel.withheld)
}

/// A record for each sender about its own messages, and about nobody else's.
fn sender_records(
    kind: RecordType,
    recipient: &str,
    by_sender: BTreeMap<Arc<str>, Vec<Text>>,
) -> impl Iterator<Item = String> {
    by_sender.into_iter().map(move |(sender, messages)| {
        Text::new()
            .word("agency", recipient)
            .word("format", proto::ledger::record::RECORD_FORMAT)
            .objects("messages", messages)
            .word("operation", kind.operation())
            .word("party", &sender)
            .word("type", kind.name())
            .close()
    })
}

pub(super) fn fresh(chance: &dyn Chance) -> Result<([u8; 16], [u8; 32]), StoreError> {
    let drawn: [u8; 48] = crate::chance::bytes(chance).map_err(|_| no_chance())?;
    let (mut id, mut salt) = ([0; 16], [0; 32]);
    for (to, from) in id.iter_mut().chain(salt.iter_mut()).zip(drawn) {
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
