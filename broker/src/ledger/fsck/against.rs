//! One entry held against the rows that its records name.
//!
//! A record that names a row and says the same makes it seen; one that says something else is a
//! fault, told once. What one record owes another of the same entry is checked here too: an
//! acceptance its decision, a recipient's record what the senders were told.

use std::collections::BTreeSet;

use proto::exchange::v1::{Attestation, Field};
use proto::refusal::Refusal;
use proto::text::Named as _;
use uuid::Uuid;

use crate::parcel::field_bits;

use super::attached::RELEASE_SECTION;
use super::faults::{Faults, FsckFault};
use super::reader::StoredEntry;
use super::records::{self, Record};
use super::rows::{ATTESTED, DELIVERY, MESSAGE, Mark, MessageKey, REASON, RELEASE, Rows};

/// The longest cadence by which a broker rounds the time of an entry down, in seconds.
const CADENCE_SECONDS_MAX: u64 = 3_600;

/// What one entry says, gathered over its records.
#[derive(Default)]
struct Said {
    /// Its time, seconds since 1970.
    time: u64,
    /// The entry in front of it has that time too: the clock may have been set back since.
    stands: bool,
    accepted: BTreeSet<MessageKey>,
    decided: BTreeSet<MessageKey>,
    /// Sender, recipient, message, release: as the recipient's record has it.
    owed: BTreeSet<(MessageKey, u32, [u8; 16])>,
    /// The same, as the senders were told.
    told: BTreeSet<(MessageKey, u32, [u8; 16])>,
    /// Some of it could not be read or looked up: the sets are not complete.
    incomplete: bool,
}

impl Said {
    /// Whether what was done at a moment, in microseconds since 1970, can have this entry: its
    /// time is that moment's, rounded down, or later if the clock was set back.
    fn dates(&self, micros: i64) -> bool {
        let Ok(seconds) = u64::try_from(micros.div_euclid(1_000_000)) else { return false };
        seconds < self.time.saturating_add(CADENCE_SECONDS_MAX)
            && (seconds >= self.time || self.stands)
    }
}

/// The moment with which the id of a release begins: milliseconds since 1970, six bytes.
fn milliseconds(id: &[u8; 16]) -> i64 {
    id.iter().take(6).fold(0, |moment, byte| (moment << 8) | i64::from(*byte))
}

impl Rows {
    /// Holds one entry against the rows.
    pub(super) fn entry(&mut self, index: u64, entry: &StoredEntry<'_>, faults: &mut Faults) {
        let time = entry.time();
        let stands = self.last_time.replace(time).is_some_and(|last| last >= time);
        let mut said = Said { time, stands, ..Said::default() };
        for (slot, text) in entry.records() {
            match Record::read(text) {
                Some(record) => self.record(index, &record, &mut said, faults),
                None => {
                    faults.add(FsckFault::RecordForm { index, slot: *slot });
                    said.incomplete = true;
                }
            }
        }
        if said.incomplete {
            return;
        }
        self.decisions(index, &said, faults);
        if said.owed != said.told {
            faults.add(FsckFault::SendersUntold { index });
        }
    }

    /// An acceptance stands with its decision. A decision alone is a later one, on a message
    /// that was accepted before: it was found to concern somebody else as well.
    fn decisions(&self, index: u64, said: &Said, faults: &mut Faults) {
        let mut sound = said.accepted.is_subset(&said.decided) && said.decided.len() <= 1;
        for late in said.decided.difference(&said.accepted) {
            let place = self.message_by_key.get(late);
            match place.and_then(|place| self.messages.get(*place)) {
                Some(message) => sound &= message.entry < index,
                None => missing(MESSAGE, index, faults),
            }
        }
        if !sound {
            faults.add(FsckFault::DecisionMissing { index });
        }
    }

    fn record(&mut self, index: u64, record: &Record, said: &mut Said, faults: &mut Faults) {
        match record {
            Record::Accepted(accepted) => self.accepted(index, accepted, said, faults),
            Record::Decided(decided) => self.decided(index, decided, said, faults),
            Record::Release(release) => self.released(index, release, said, faults),
            Record::Receipt(receipt) => self.receipt(index, receipt, said, faults),
            Record::Told(told) => {
                let (sender, agency) =
                    (self.words.number(&told.party), self.words.number(&told.agency));
                for message in &told.messages {
                    let key = (sender, message.message.into_bytes());
                    said.told.insert((key, agency, message.release.0));
                }
            }
            Record::Void(void) => self.void(index, void, faults),
            Record::Ended(ended) => self.ended(index, ended, faults),
            Record::Withdrawn(withdrawn) => self.withdraw(index, withdrawn, faults),
            Record::Redriven(redriven) => match self.delivery_by_id.get(&redriven.delivery.0) {
                Some(place) => {
                    if let Some(delivery) = self.deliveries.get_mut(*place) {
                        delivery.told.ended = false;
                    }
                }
                None => missing(DELIVERY, index, faults),
            },
            Record::Change(change) => self.documents.wrote(change),
            Record::Attested(attested) => self.attested(index, attested, faults),
            Record::Fetch(fetch) => self.fetched(index, fetch, faults),
            Record::Reviewed(reviewed) => self.reviewed(index, reviewed, faults),
            Record::Consultation => {
                if !self.reasons.remove(&index) {
                    missing(REASON, index, faults);
                }
            }
            Record::Other => {}
        }
    }

    fn accepted(
        &mut self,
        index: u64,
        accepted: &records::Accepted,
        said: &mut Said,
        faults: &mut Faults,
    ) {
        let key = (self.words.number(&accepted.party), accepted.message.into_bytes());
        let (kind, node) = (self.words.number(&accepted.kind), self.words.number(&accepted.node));
        said.accepted.insert(key);
        let place = self.message_by_key.get(&key);
        let Some(row) = place.and_then(|place| self.messages.get_mut(*place)) else {
            missing(MESSAGE, index, faults);
            return;
        };
        let same = row.entry == index
            && row.digest == accepted.digest.0
            && row.kind == kind
            && row.node == node;
        see(MESSAGE, row.row, &mut row.mark, same, index, faults);
        if same && !said.dates(row.accepted_at) {
            faults.add(FsckFault::RowTime { table: MESSAGE, row: row.row, entry: index });
        }
        let (number, withdraws) = (row.row, row.withdraws);
        self.attached.accepted(number, &accepted.sections, index, faults);
        // Told already, with the rows.
        let withdraws_another = withdraws.is_some() && withdraws != row.settles;
        self.emergency(index, number, accepted, faults);
        let first = withdraws
            .and_then(|row| self.messages.binary_search_by_key(&row, |message| message.row).ok());
        let first = first.and_then(|place| self.messages.get(place)).map(|first| first.key.1);
        if first != accepted.supersedes.map(Uuid::into_bytes) && !withdraws_another {
            faults.add(FsckFault::Withdraws { row: number });
        }
    }

    fn decided(
        &mut self,
        index: u64,
        decided: &records::Decided,
        said: &mut Said,
        faults: &mut Faults,
    ) {
        let key = (self.words.number(&decided.sender), decided.message.into_bytes());
        said.decided.insert(key);
        for candidate in &decided.candidates {
            let desk = (self.words.number(&candidate.agency), self.words.number(&candidate.desk));
            for id in &candidate.deliveries {
                let place = self.delivery_by_id.get(&id.0);
                let Some(row) = place.and_then(|place| self.deliveries.get_mut(*place)) else {
                    missing(DELIVERY, index, faults);
                    self.delivery_missing = true;
                    continue;
                };
                let message = row.message.and_then(|place| self.messages.get(place));
                let same = candidate.refusal == 0
                    && row.entry == index
                    && row.task == candidate.task
                    && row.desk == Some(desk)
                    && message.is_some_and(|message| message.key == key);
                see(DELIVERY, row.row, &mut row.mark, same, index, faults);
            }
        }
    }

    fn released(
        &mut self,
        index: u64,
        release: &records::Release,
        said: &mut Said,
        faults: &mut Faults,
    ) {
        let desk = (self.words.number(&release.party), self.words.number(&release.desk));
        let node = self.words.number(&release.node);
        for item in &release.deliveries {
            let sender = self.words.number(&item.sender);
            let named = self.delivery_by_id.get(&item.delivery.0).copied();
            let Some(place) = self.release_by_id.get(&item.release.0).copied() else {
                missing(RELEASE, index, faults);
                said.incomplete = true;
                self.doubt(named);
                continue;
            };
            let Some(row) = self.releases.get_mut(place) else { continue };
            let withheld = field_bits(item.withheld.iter().map(|name| Field::from_name(name)));
            let delivery = row.delivery.and_then(|place| self.deliveries.get_mut(place));
            let message = delivery.as_ref().and_then(|d| d.message);
            let key = message.and_then(|place| self.messages.get(place)).map(|m| m.key);
            let same = row.entry == index
                && row.node == node
                && row.attempt == item.attempt
                && row.withheld == withheld
                && row.delivery == named
                && key.is_some_and(|key| key.0 == sender)
                && delivery.as_ref().is_some_and(|d| d.desk == Some(desk) && d.entry < index);
            see(RELEASE, row.row, &mut row.mark, same, index, faults);
            if same && milliseconds(&item.release.0) != row.at.div_euclid(1_000) {
                faults.add(FsckFault::RowTime { table: RELEASE, row: row.row, entry: index });
            }
            if !same {
                self.doubt(named);
                said.incomplete = true;
                continue;
            }
            self.attached.released(&item.release.0, &item.sections, index, faults);
            match (key, delivery) {
                (Some((_, id)), Some(delivery)) => {
                    said.owed.insert(((sender, id), desk.0, item.release.0));
                    delivery.told.last_release = Some(place);
                    delivery.told.last_acknowledged = false;
                    delivery.told.last_given_back = false;
                    delivery.told.ended = false;
                }
                (None, _) | (_, None) => said.incomplete = true,
            }
        }
    }

    /// State and number of a delivery rest on a release of which a fault was told.
    fn doubt(&mut self, delivery: Option<usize>) {
        if let Some(delivery) = delivery.and_then(|place| self.deliveries.get_mut(place)) {
            delivery.mark = Mark::Told;
        }
    }

    fn receipt(
        &mut self,
        index: u64,
        receipt: &records::Receipt,
        said: &mut Said,
        faults: &mut Faults,
    ) {
        let desk = (self.words.number(&receipt.party), self.words.number(&receipt.desk));
        let all = receipt
            .acknowledged
            .iter()
            .map(|id| (id, Settled::Acknowledged))
            .chain(receipt.again.iter().map(|id| (id, Settled::Again)))
            .chain(receipt.recalled.iter().map(|id| (id, Settled::Recalled)));
        for (id, settled) in all {
            let place = self.release_by_id.get(&id.0).copied();
            let Some(row) = place.and_then(|place| self.releases.get_mut(place)) else {
                missing(RELEASE, index, faults);
                said.incomplete = true;
                continue;
            };
            let sound = row.delivery.filter(|_| row.mark != Mark::Told);
            let Some(delivery) = sound.and_then(|place| self.deliveries.get_mut(place)) else {
                said.incomplete = true;
                continue;
            };
            if delivery.desk != Some(desk) {
                differs(RELEASE, row.row, &mut row.mark, index, faults);
            }
            let last = delivery.told.last_release == place;
            match settled {
                Settled::Acknowledged => {
                    delivery.told.acknowledged = true;
                    delivery.told.last_acknowledged |= last;
                    let message = delivery.message.and_then(|place| self.messages.get(place));
                    match message {
                        Some(message) => {
                            said.owed.insert((message.key, desk.0, id.0));
                        }
                        None => said.incomplete = true,
                    }
                }
                Settled::Again => {
                    delivery.told.again = true;
                    delivery.told.last_given_back |= last;
                }
                Settled::Recalled => delivery.told.last_given_back |= last,
            }
        }
    }

    fn void(&mut self, index: u64, void: &records::Void, faults: &mut Faults) {
        let party = self.words.number(&void.party);
        let place = self.release_by_id.get(&void.release.0);
        let Some(row) = place.and_then(|place| self.releases.get_mut(*place)) else {
            missing(RELEASE, index, faults);
            return;
        };
        let delivery = row.delivery.and_then(|place| self.deliveries.get_mut(place));
        let own = delivery.as_ref().is_none_or(|d| d.desk.is_none_or(|desk| desk.0 == party));
        row.void_recorded = true;
        if !(row.voided && own && row.entry < index) {
            differs(RELEASE, row.row, &mut row.mark, index, faults);
            // Whether it was disclosed rests on the row that is wrong.
            if let Some(delivery) = delivery {
                delivery.mark = Mark::Told;
            }
        }
    }

    fn ended(&mut self, index: u64, ended: &records::Ended, faults: &mut Faults) {
        let key = (self.words.number(&ended.sender), ended.message.into_bytes());
        let place = self.delivery_by_id.get(&ended.delivery.0);
        let Some(row) = place.and_then(|place| self.deliveries.get_mut(*place)) else {
            missing(DELIVERY, index, faults);
            return;
        };
        let message = row.message.and_then(|place| self.messages.get(place));
        if message.is_none_or(|message| message.key != key) {
            differs(DELIVERY, row.row, &mut row.mark, index, faults);
        }
        row.told.ended = true;
        if ended.refusal == u64::from(Refusal::Expired.code()) {
            row.told.expired = true;
        } else if ended.refusal == u64::from(Refusal::Withdrawn.code()) {
            row.told.withdrawn = true;
        } else {
            row.told.refused = true;
        }
    }

    /// The first word on a delivery has a row; what is said again has none.
    fn attested(&mut self, index: u64, attested: &records::Attested, faults: &mut Faults) {
        let party = self.words.number(&attested.party);
        let Some(what) = Attestation::from_name(&attested.attestation) else {
            missing(ATTESTED, index, faults);
            return;
        };
        for release in &attested.releases {
            let place = self.release_by_id.get(&release.0);
            let delivery = place
                .and_then(|place| self.releases.get(*place)?.delivery)
                .and_then(|place| self.deliveries.get(place));
            let own = delivery.is_some_and(|d| d.desk.is_none_or(|desk| desk.0 == party));
            let first = delivery.and_then(|d| self.attested.get_mut(&(d.row, what as i32)));
            match first {
                Some((entry, mark)) if own && *entry == index => *mark = Mark::Seen,
                Some((entry, _)) if own && *entry < index => {}
                Some(_) | None => missing(ATTESTED, index, faults),
            }
        }
    }

    /// Whoever fetches a document was given it before.
    fn fetched(&mut self, index: u64, fetch: &records::Fetch, faults: &mut Faults) {
        let desk = (self.words.number(&fetch.party), self.words.number(&fetch.desk));
        let place = self.release_by_id.get(&fetch.release.0);
        let release = place.and_then(|place| self.releases.get(*place));
        let delivery = release.and_then(|r| r.delivery).and_then(|d| self.deliveries.get(d));
        let own = delivery.is_some_and(|d| d.desk.is_none_or(|known| known == desk))
            && release.is_some_and(|release| release.entry < index)
            && self.attached.may_fetch(&fetch.release.0, &fetch.section.0);
        if !own {
            missing(RELEASE_SECTION, index, faults);
        }
    }

    fn withdraw(&mut self, index: u64, withdrawn: &records::Withdrawn, faults: &mut Faults) {
        let key = (self.words.number(&withdrawn.sender), withdrawn.message.into_bytes());
        let Some(place) = self.message_by_key.get(&key).copied() else {
            missing(MESSAGE, index, faults);
            return;
        };
        for desk in &withdrawn.deliveries {
            let desk = (self.words.number(&desk.agency), self.words.number(&desk.desk));
            self.withdrawn.insert((place, desk));
        }
    }
}

/// How a receipt settles a release.
#[derive(Clone, Copy)]
enum Settled {
    Acknowledged,
    Again,
    Recalled,
}

pub(super) fn missing(table: &'static str, entry: u64, faults: &mut Faults) {
    faults.add(FsckFault::RecordWithoutRow { table, entry });
}

/// Notes that an entry permits a row: once only, and saying the same.
fn see(
    table: &'static str,
    row: u64,
    mark: &mut Mark,
    same: bool,
    entry: u64,
    faults: &mut Faults,
) {
    if same && *mark == Mark::Unseen {
        *mark = Mark::Seen;
    } else {
        differs(table, row, mark, entry, faults);
    }
}

fn differs(table: &'static str, row: u64, mark: &mut Mark, entry: u64, faults: &mut Faults) {
    if *mark != Mark::Told {
        *mark = Mark::Told;
        faults.add(FsckFault::RowDiffers { table, row, entry });
    }
}
