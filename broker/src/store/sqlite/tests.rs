//! Reads that must not grow with the store, and what they answer.

use std::sync::Arc;

use rusqlite::Connection;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::archive::disclosures_by;
use super::journal::MOVED;
use super::outbox::{EXPIRED, OLDEST};
use super::{LockedJournal, SqliteReaders, open_journal};
use crate::delivery::outbox::Outbox as _;
use crate::directory::MessageKind;
use crate::ledger::journal::{
    Archive as _, Attempts, Batch, DeliveryMark, DeliveryRow, DeliveryState, DisclosureFilter,
    Journal as _, MessageRow, ReleaseRow, SubscriptionRow,
};
use crate::ledger::owed::{Owes, Told};
use crate::message::MessageKey;
use crate::parcel::Shown;
use crate::register::DeskName;

const NOON: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
const HOUR: time::Duration = time::Duration::HOUR;

/// A store that is written by hand.
struct Written {
    _folder: tempfile::TempDir,
    store: LockedJournal,
    path: std::path::PathBuf,
    batch: Batch,
}

impl Written {
    /// With a subscription each of the police, row 1, and of the mentors, row 2.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let mut store = open_journal(&path).unwrap();
        store.start().unwrap();
        let mut batch = Batch::default();
        for (row, agency) in [(1, "police"), (2, "mentors")] {
            let desk = DeskName { agency: agency.into(), desk: "duty".into() };
            batch.subscriptions.push(SubscriptionRow { row, desk, name: "default".into() });
        }
        Self { _folder: folder, store, path, batch }
    }

    /// A message of an agency, whose number is its row, its id and its entry.
    fn message(&mut self, row: u64, agency: &str, accepted_at: OffsetDateTime) {
        self.batch.messages.push(MessageRow {
            row,
            key: key(agency, row),
            digest: [0; 32],
            entry: row,
            kind: MessageKind::Custody,
            node: "gate".into(),
            desk: "custody".into(),
            accepted_at,
            expires_at: accepted_at + HOUR,
            not_before: None,
            wrapped_key: vec![1],
            sealed_body: vec![1],
            sealed_decision: vec![1],
            tokens: Vec::new(),
            routes: Vec::new(),
            settles: None,
            withdraws: false,
        });
    }

    /// A delivery of a message that was written before it.
    fn delivery(&mut self, row: u64, message: u64, subscription: u64, state: DeliveryState) {
        let first = self.batch.messages.iter().find(|first| first.row == message).unwrap();
        self.batch.deliveries.push(DeliveryRow {
            row,
            id: u128::from(row).to_be_bytes(),
            message,
            subscription,
            task: 0,
            named: false,
            entry: message,
            immediate: row.is_multiple_of(2),
            state,
            number: 0,
            changed_at: None,
            expires_at: first.expires_at,
            owes: Owes::default(),
        });
    }

    /// So many releases of a delivery, from an agency to another.
    fn releases(&mut self, delivery: u64, sender: &str, recipient: &str, count: usize) {
        for _ in 0..count {
            let place = self.batch.releases.len() as u128 + 1;
            self.batch.releases.push(ReleaseRow {
                id: place.to_be_bytes(),
                delivery,
                entry: 9,
                at: NOON,
                sender: sender.into(),
                recipient: recipient.into(),
                node: "duty".into(),
                attempt: 1,
                sections: Vec::new(),
                shown: Shown::default(),
            });
        }
    }

    fn read(mut self) -> (Self, SqliteReaders) {
        self.store.commit(&self.batch).unwrap();
        let readers = SqliteReaders::new(&self.path);
        (self, readers)
    }
}

fn key(agency: &str, number: u64) -> MessageKey {
    MessageKey { agency: agency.into(), id: Uuid::from_u128(number.into()) }
}

/// What SQLite does for a statement, step by step.
fn plan(store: &Connection, statement: &str) -> Vec<String> {
    let mut explained = store.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let steps = explained.raw_query();
    steps.mapped(|row| row.get(3)).collect::<Result<_, _>>().unwrap()
}

#[test]
fn no_read_walks_what_it_was_not_asked_for() {
    let (written, _) = Written::new().read();
    let store = Connection::open(&written.path).unwrap();
    let (party, message) = (Some(Arc::from("mentors")), Some(key("prisons", 1)));
    let of_party = DisclosureFilter { party: party.clone(), ..DisclosureFilter::default() };
    let of_message = DisclosureFilter { party, message, ..DisclosureFilter::default() };
    let page = plan(&store, disclosures_by(&of_party));
    assert!(page[0].contains("release_party_key (agency=? AND block>?)"), "{page:?}");
    assert!(page[1].contains("SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"));
    assert!(!page.iter().any(|step| step.contains("TEMP")), "or it would read all: {page:?}");
    let explained = plan(&store, disclosures_by(&of_message));
    for index in ["message_key (agency=? AND uuid=?)", "delivery_message", "release_delivery"] {
        assert!(explained.iter().any(|step| step.contains(index)), "{index}: {explained:?}");
    }
    assert!(plan(&store, EXPIRED)[0].contains("delivery_expiry (expires_at<?)"));
    for statement in MOVED {
        assert!(plan(&store, statement)[0].contains("(subscription=?"), "{statement}");
    }
    for statement in [disclosures_by(&of_party), disclosures_by(&of_message), EXPIRED] {
        let plan = plan(&store, statement);
        assert!(plan.iter().all(|step| !step.contains("SCAN")), "{plan:?}");
    }
    let oldest = plan(&store, OLDEST);
    let walked: Vec<_> = oldest.iter().filter(|step| step.contains("SCAN")).collect();
    assert!(matches!(&walked[..], [one] if one.starts_with("SCAN s ")), "{oldest:?}");
}

#[test]
fn a_party_reads_its_own_disclosures_wherever_they_stand_among_others() {
    let mut town = Written::new();
    town.message(1, "prisons", NOON);
    town.message(2, "mentors", NOON);
    for (row, message, subscription) in [(1, 1, 1), (2, 1, 2), (3, 2, 1)] {
        town.delivery(row, message, subscription, DeliveryState::Acknowledged);
    }
    town.releases(1, "prisons", "police", 1_023);
    town.releases(2, "prisons", "mentors", 1);
    town.releases(1, "prisons", "police", 3_000);
    town.releases(2, "prisons", "mentors", 2);
    town.releases(3, "mentors", "police", 1);
    town.releases(1, "prisons", "police", 1);
    let (_town, readers) = town.read();
    let places = |filter: DisclosureFilter| {
        let rows = readers.disclosures(&filter).unwrap();
        rows.into_iter().map(|row| row.place).collect::<Vec<_>>()
    };
    let party = |agency: &str, after, limit| DisclosureFilter {
        party: Some(agency.into()),
        after,
        limit,
        ..DisclosureFilter::default()
    };
    assert_eq!(places(party("mentors", 0, 100)), [1_024, 4_025, 4_026, 4_027]);
    assert_eq!(places(party("mentors", 0, 2)), [1_024, 4_025]);
    assert_eq!(places(party("mentors", 1_023, 2)), [1_024, 4_025]);
    assert_eq!(places(party("mentors", 4_025, 2)), [4_026, 4_027]);
    assert_eq!(places(party("mentors", 4_027, 2)), [0; 0]);
    assert_eq!(places(party("police", 1_022, 3)), [1_023, 1_025, 1_026]);
    assert_eq!(places(party("nobody", 0, 9)), [0; 0]);
    let message = Some(key("prisons", 1));
    let of_message =
        |party: DisclosureFilter| DisclosureFilter { message: message.clone(), ..party };
    assert_eq!(places(of_message(party("mentors", 0, 9))), [1_024, 4_025, 4_026]);
    assert_eq!(places(of_message(party("prisons", 1_022, 3))), [1_023, 1_024, 1_025]);
    let all = DisclosureFilter { party: None, ..party("", 1_022, 3) };
    assert_eq!(places(all), [1_023, 1_024, 1_025]);
}

#[test]
fn what_ran_out_and_waits_is_found_and_nothing_else() {
    use DeliveryState::{Acknowledged, Dead, Released, Waiting};
    let mut town = Written::new();
    town.message(1, "prisons", NOON - 2 * HOUR);
    town.message(2, "prisons", NOON);
    for (row, message, state) in [
        (1, 1, Acknowledged),
        (2, 1, Released),
        (3, 1, Waiting),
        (4, 1, Dead),
        (5, 2, Waiting),
        (6, 1, Waiting),
    ] {
        town.delivery(row, message, 1, state);
    }
    let (_town, readers) = town.read();
    let expired = |now| {
        let rows = readers.expired(now).unwrap();
        rows.iter().map(|(made, _)| made.delivery).collect::<Vec<_>>()
    };
    assert_eq!(expired(NOON), [3, 6]);
    assert_eq!(expired(NOON - HOUR), [3, 6], "the end itself is too late");
    assert_eq!(expired(NOON - HOUR - time::Duration::MICROSECOND), [0; 0]);
}

#[test]
fn the_oldest_unread_delivery_of_an_agency_waits_or_was_released_in_either_lane() {
    use DeliveryState::{Acknowledged, Released, Waiting};
    let oldest = |rows: &[(u64, u64, DeliveryState)]| {
        let mut town = Written::new();
        for hour in 0..8 {
            town.message(hour + 1, "prisons", NOON + HOUR * i32::try_from(hour).unwrap());
        }
        for (row, subscription, state) in rows {
            town.delivery(*row, *row, *subscription, *state);
        }
        let (_town, readers) = town.read();
        let counts = readers.counts().unwrap();
        let hours = |at: OffsetDateTime| (at - NOON).whole_hours();
        let oldest = counts.oldest_by_agency.into_iter();
        oldest.map(|(agency, at)| (agency, hours(at))).collect::<Vec<_>>()
    };
    let is = |agency: &str, hours| (agency.to_owned(), hours);
    assert_eq!(oldest(&[(1, 1, Acknowledged)]), []);
    assert_eq!(oldest(&[(1, 1, Acknowledged), (2, 1, Waiting)]), [is("police", 1)]);
    assert_eq!(oldest(&[(3, 1, Waiting), (4, 1, Waiting)]), [is("police", 2)]);
    assert_eq!(
        oldest(&[(2, 2, Released), (3, 2, Waiting), (5, 1, Waiting), (6, 1, Waiting)]),
        [is("mentors", 1), is("police", 4)]
    );
}

/// Everybody was told that it is overdue, or what waits was moved and then refused: neither ends what is
/// owed for what was given.
#[test]
fn what_is_owed_is_listed_the_most_overdue_first_until_it_is_settled() {
    let mut town = Written::new();
    for row in 1..=4 {
        town.message(row, "prisons", NOON);
        town.delivery(row, row, 1, DeliveryState::Waiting);
        let delete_by = Some(NOON + HOUR * i32::try_from(5 - row).unwrap());
        town.batch.deliveries.last_mut().unwrap().owes = Owes { delete_by, ..Owes::default() };
    }
    for delivery in 1..=3 {
        town.releases(delivery, "prisons", "police", 1);
    }
    let (mut town, readers) = town.read();
    let ends = |row| DeliveryMark {
        row,
        state: DeliveryState::Refused,
        number: None,
        attempts: Attempts::Kept,
        due: None,
        at: NOON,
        ended: Some(9),
    };
    let told = Told { delivery: 3, told: 7, look_at: None };
    let marks = vec![ends(2), ends(4)];
    town.store.commit(&Batch { marks, told: vec![told], ..Batch::default() }).unwrap();
    let desk = DeskName { agency: "police".into(), desk: "duty".into() };
    let owed = readers.owed(&desk).unwrap();
    let listed: Vec<u128> = owed.iter().map(|one| one.message.id.as_u128()).collect();
    assert_eq!(listed, [3, 2, 1], "and nothing of what was never given");
    let due = readers.overdue(NOON + HOUR * 9).unwrap();
    let due: Vec<u64> = due.iter().map(|one| one.delivery).collect();
    assert_eq!(due, [2, 1], "of the third everybody was told");
}
