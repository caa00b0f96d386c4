//! What one node of one desk is given, and what it settles, in one commit.
//!
//! Texts are written as things come, so that little is left to do when the draft is closed.
//! Each sender has a record about its own messages, and about nobody else's; and where it named the
//! desk, one for each message, so that a proof of it shows no other message that the desk was given.
//! An entry has never more than the fewest slots: their number would tell how much a desk is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::ledger::record::{RECORD_FORMAT, SLOTS_MIN};
use uuid::Uuid;

use crate::ledger::record::{Objects, RecordType, Text};
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::seal::{Token, commitment};

use super::{ReleaseItem, SettleItem, Settlement};

/// A release on its way into a draft.
pub(super) struct Pending {
    pub(super) item: ReleaseItem,
    pub(super) target: Target,
}

/// Where a release goes once it is committed.
#[derive(Clone)]
pub(super) enum Target {
    /// To a live stream: stream, tokens and what it settles.
    Live(u64, Arc<[Token]>, Option<MessageKey>),
    /// Back to the work at this place of the batch.
    Work(usize),
}

/// A release with its id, salt and number.
pub(super) struct Made {
    pub(super) item: ReleaseItem,
    pub(super) target: Target,
    pub(super) release_id: [u8; 16],
    pub(super) salt: [u8; 32],
    pub(super) number: u64,
}

/// Releases to one node of one desk.
pub(super) struct Releases {
    pub(super) desk: DeskName,
    pub(super) made: Vec<Made>,
    items: Objects,
    by_sender: BySender,
}

impl Releases {
    pub(super) fn to(desk: DeskName) -> Self {
        Self { desk, made: Vec::new(), items: Objects::default(), by_sender: BySender::default() }
    }

    /// Whether what comes next needs another entry.
    pub(super) fn is_full(&self) -> bool {
        self.by_sender.is_full()
    }

    pub(super) fn add(&mut self, made: Made, named: bool) {
        let (item, release_id) = (&made.item, &made.release_id);
        self.items.add(|text| {
            let text = text
                .number("attempt", item.attempt.into())
                .bytes("commitment", &commitment(&made.salt, &item.parcel.bytes))
                .bytes("delivery", &item.delivery_id)
                .word("kind", item.kind)
                .bytes("release", release_id)
                .words("rules", item.rules.iter());
            let sections = &item.parcel.sections;
            let text =
                if sections.is_empty() { text } else { text.list_of_bytes("sections", sections) };
            text.word("sender", &item.sender).fields("withheld", &item.parcel.withheld)
        });
        self.by_sender.add(&item.sender, item.message, release_id, named);
        self.made.push(made);
    }

    /// A record for the recipient and those for senders, and what was released.
    pub(super) fn close(self, bundle: &[u8; 32], node: &str) -> (Vec<String>, Vec<Made>) {
        let release = Text::new()
            .bytes("bundle", bundle)
            .objects("deliveries", &self.items)
            .word("desk", &self.desk.desk)
            .word("format", RECORD_FORMAT)
            .word("node", node)
            .word("operation", RecordType::Release.operation())
            .word("party", &self.desk.agency)
            .word("type", RecordType::Release.name())
            .close();
        let mut records = vec![release];
        records.extend(self.by_sender.records(RecordType::Disclosed, &self.desk.agency));
        (records, self.made)
    }
}

/// What one node of one desk settles.
pub(super) struct Receipts {
    desk: DeskName,
    acknowledged: Vec<[u8; 16]>,
    again: Vec<[u8; 16]>,
    recalled: Vec<[u8; 16]>,
    received: Vec<u64>,
    by_sender: BySender,
}

impl Receipts {
    pub(super) fn of(desk: DeskName) -> Self {
        let (acknowledged, again, recalled) = (Vec::new(), Vec::new(), Vec::new());
        let (received, by_sender) = (Vec::new(), BySender::default());
        Self { desk, acknowledged, again, recalled, received, by_sender }
    }

    /// Whether what comes next needs another entry.
    pub(super) fn is_full(&self) -> bool {
        self.by_sender.is_full()
    }

    pub(super) fn add(&mut self, item: &SettleItem, named: bool) {
        match item.settlement {
            Settlement::Acknowledged => {
                self.by_sender.add(&item.sender, item.message, &item.release_id, named);
                self.received.push(item.delivery);
                self.acknowledged.push(item.release_id);
            }
            Settlement::Again(_) => self.again.push(item.release_id),
            Settlement::Recalled => self.recalled.push(item.release_id),
            // It has a record of its own.
            Settlement::Unsent => {}
        }
    }

    /// A record for the recipient and those for senders, and the deliveries that were received.
    pub(super) fn close(self, node: &str) -> (Vec<String>, Vec<u64>) {
        let receipt = Text::new()
            .list_of_bytes("acknowledged", self.acknowledged)
            .list_of_bytes("again", self.again)
            .word("desk", &self.desk.desk)
            .word("format", RECORD_FORMAT)
            .word("node", node)
            .word("operation", RecordType::Receipt.operation())
            .word("party", &self.desk.agency)
            .list_of_bytes("recalled", self.recalled)
            .word("type", RecordType::Receipt.name())
            .close();
        let mut records = vec![receipt];
        records.extend(self.by_sender.records(RecordType::Received, &self.desk.agency));
        (records, self.received)
    }
}

/// Records that fit an entry of the fewest slots beside the recipient's own.
pub(super) const SENDERS_RECORDS_MAX: usize = SLOTS_MIN as usize - 1;

/// Messages and releases, by who sent them. A message whose sender named the desk stands alone.
#[derive(Default)]
struct BySender(BTreeMap<(Arc<str>, Option<Uuid>), Objects>);

impl BySender {
    fn is_full(&self) -> bool {
        self.0.len() >= SENDERS_RECORDS_MAX
    }

    fn add(&mut self, sender: &Arc<str>, message: Uuid, release_id: &[u8; 16], named: bool) {
        let alone = named.then_some(message);
        let messages = self.0.entry((Arc::clone(sender), alone)).or_default();
        messages.add(|text| text.id("message", message).bytes("release", release_id));
    }

    fn records(self, kind: RecordType, recipient: &str) -> impl Iterator<Item = String> {
        self.0.into_iter().map(move |((sender, _), messages)| {
            Text::new()
                .word("agency", recipient)
                .word("format", RECORD_FORMAT)
                .objects("messages", &messages)
                .word("operation", kind.operation())
                .word("party", &sender)
                .word("type", kind.name())
                .close()
        })
    }
}
