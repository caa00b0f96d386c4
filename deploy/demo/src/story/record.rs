//! The ledger of a story, read as it grows.
//!
//! Owns what the runner needs of each record: what was decided for whom, what was released, what
//! ended, and how many records of each type each party has. Promises to read the ledger itself and
//! nothing the broker says about it. Deliberately does not know: what should stand in it.

use std::collections::{BTreeMap, BTreeSet};

use broker::ledger::entry::Entry;
use broker::ledger::journal::Archive;
use proto::exchange::v1::Field;
use proto::refusal::Refusal;
use proto::text::Named as _;
use serde_json::Value;

use super::model::{Count, Desk};
use super::read::refusal_words;
use crate::stage::StageError;

/// One candidate of one decision.
pub(super) struct Candidate {
    /// Agency that sent the message.
    pub(super) sender: String,
    /// The message's id at its sender.
    pub(super) message: String,
    /// Desk.
    pub(super) desk: Desk,
    /// What it is asked to settle, by number; 0 for the message itself.
    pub(super) task: i32,
    /// Ids of its deliveries, hex.
    deliveries: Vec<String>,
    /// Number of the refusal; 0 if it was permitted.
    pub(super) refusal: u32,
    /// Rules that decided.
    pub(super) rules: Vec<String>,
}

/// One release of one delivery.
pub(super) struct Release {
    /// Desk.
    pub(super) desk: Desk,
    /// Its delivery, hex.
    pub(super) delivery: String,
    /// Fields withheld.
    pub(super) withheld: BTreeSet<Field>,
}

/// One delivery that ended without receipt.
pub(super) struct Ending {
    /// Its delivery, hex.
    pub(super) delivery: String,
    /// Why.
    pub(super) refusal: Option<Refusal>,
}

/// The ledger as far as it was read.
pub(super) struct Book {
    archive: Box<dyn Archive>,
    next: u64,
    /// Candidates, as they were decided.
    pub(super) candidates: Vec<Candidate>,
    /// Releases by their ids, hex.
    pub(super) releases: BTreeMap<String, Release>,
    /// Releases after which no byte was written.
    pub(super) voided: BTreeSet<String>,
    /// Deliveries that ended without receipt.
    pub(super) ended: Vec<Ending>,
    counts: BTreeMap<(String, String), usize>,
}

impl Book {
    /// Begins to read behind what stands in the ledger now: that is the setting of the stage.
    pub(super) fn open(archive: Box<dyn Archive>) -> Result<Self, StageError> {
        let mut book = Self {
            archive,
            next: 0,
            candidates: Vec::new(),
            releases: BTreeMap::new(),
            voided: BTreeSet::new(),
            ended: Vec::new(),
            counts: BTreeMap::new(),
        };
        while book.archive.entry(book.next)?.is_some() {
            book.next += 1;
        }
        Ok(book)
    }

    /// Reads what was added.
    ///
    /// # Errors
    /// The store cannot be read, or an entry is no entry.
    pub(super) fn read(&mut self) -> Result<(), StageError> {
        while let Some(bytes) = self.archive.entry(self.next)? {
            for (_, text) in Entry::from_bytes(&bytes)?.records() {
                self.record(&serde_json::from_str(text)?);
            }
            self.next += 1;
        }
        Ok(())
    }

    fn record(&mut self, record: &Value) {
        let kind = text(record, "type");
        let party = text(record, "party");
        let one_each = |name: &str| list(record, name).len();
        match kind.as_str() {
            "decided" => self.decided(record),
            "release" => {
                self.count("release", &party, one_each("deliveries"));
                self.released(record, &party);
            }
            "disclosed" => self.count("disclosed", &party, one_each("messages")),
            "receipt" => self.count("receipt", &party, one_each("acknowledged")),
            "received" => self.count("received", &party, one_each("messages")),
            "void" => {
                self.count("void", &party, 1);
                self.voided.insert(text(record, "release"));
            }
            "ended" => self.ending(record),
            // A change is counted for whom it is about, where it is about somebody.
            "change" => match text(record, "agency").as_str() {
                "" => self.count("change", &party, 1),
                agency => self.count("change", agency, 1),
            },
            // Refused calls are written down minute by minute of the machine's own clock, so how
            // many such records there are says nothing.
            "refusals" => {}
            other => self.count(other, &party, 1),
        }
    }

    fn count(&mut self, kind: &str, party: &str, by: usize) {
        if by > 0 {
            *self.counts.entry((kind.to_owned(), party.to_owned())).or_default() += by;
        }
    }

    fn decided(&mut self, record: &Value) {
        for row in list(record, "candidates") {
            let refusal = number(row, "refusal");
            let outcome = if refusal == 0 { "permitted" } else { "refused" };
            self.count("decided", outcome, 1);
            self.candidates.push(Candidate {
                sender: text(record, "sender"),
                message: text(record, "message"),
                desk: Desk { agency: text(row, "agency"), desk: text(row, "desk") },
                task: i32::try_from(number(row, "task")).unwrap_or_default(),
                deliveries: texts(row, "deliveries"),
                refusal,
                rules: texts(row, "rules"),
            });
        }
    }

    fn released(&mut self, record: &Value, party: &str) {
        for row in list(record, "deliveries") {
            let withheld = texts(row, "withheld");
            let release = Release {
                desk: Desk { agency: party.to_owned(), desk: text(record, "desk") },
                delivery: text(row, "delivery"),
                withheld: withheld.iter().filter_map(|name| Field::from_name(name)).collect(),
            };
            self.releases.insert(text(row, "release"), release);
        }
    }

    fn ending(&mut self, record: &Value) {
        let refusal = if text(record, "reason") == "withdrawn" {
            Some(Refusal::Withdrawn)
        } else {
            Refusal::from_code(number(record, "refusal"))
        };
        let mut deliveries: Vec<String> =
            list(record, "deliveries").iter().map(|row| text(row, "delivery")).collect();
        if deliveries.is_empty() {
            deliveries.push(text(record, "delivery"));
        }
        let words = refusal.map_or_else(|| "unsaid".to_owned(), refusal_words);
        self.count("ended", &words, deliveries.len());
        let ended = deliveries.into_iter().map(|delivery| Ending { delivery, refusal });
        self.ended.extend(ended);
    }

    /// The candidate whose delivery this is.
    pub(super) fn of_delivery(&self, delivery: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|one| one.deliveries.iter().any(|id| id == delivery))
    }

    /// Whether a delivery of this candidate was released, bytes written or not.
    pub(super) fn is_released(&self, candidate: &Candidate) -> bool {
        self.releases.values().any(|release| candidate.deliveries.contains(&release.delivery))
    }

    /// Whether every delivery of this candidate has ended.
    pub(super) fn has_ended(&self, candidate: &Candidate) -> bool {
        let ended = |id: &String| self.ended.iter().any(|ending| ending.delivery == *id);
        candidate.deliveries.iter().all(ended)
    }

    /// How many records there are of each type, party by party, in order.
    pub(super) fn counts(&self) -> Vec<Count> {
        let count = |((kind, party), count): (&(String, String), &usize)| Count {
            kind: kind.clone(),
            party: party.clone(),
            count: *count,
        };
        self.counts.iter().map(count).collect()
    }
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> u32 {
    let number = value.get(key).and_then(Value::as_u64).unwrap_or_default();
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
