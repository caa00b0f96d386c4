//! The subscriptions a commit knows, found by row and by desk.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::journal::SubscriptionRow;
use crate::register::DeskName;

/// Name of a desk's mailbox.
const MAILBOX: &str = "default";

/// All subscriptions and the last number given on each. Cheap to clone: rows are shared.
#[derive(Clone, Default)]
pub(super) struct Subscriptions {
    rows: Arc<Rows>,
    last_numbers: Vec<u64>,
}

#[derive(Clone, Default)]
struct Rows {
    all: Vec<SubscriptionRow>,
    place: HashMap<u64, usize>,
    of_desk: HashMap<DeskName, Vec<usize>>,
}

impl Subscriptions {
    /// Those of a store.
    pub(super) fn of(stored: &[(SubscriptionRow, u64)]) -> Self {
        let mut subscriptions = Self::default();
        for (row, last_number) in stored {
            subscriptions.add(row.clone(), *last_number);
        }
        subscriptions
    }

    /// Adds one.
    pub(super) fn add(&mut self, row: SubscriptionRow, last_number: u64) {
        let rows = Arc::make_mut(&mut self.rows);
        let place = rows.all.len();
        rows.place.insert(row.row, place);
        rows.of_desk.entry(row.desk.clone()).or_default().push(place);
        rows.all.push(row);
        self.last_numbers.push(last_number);
    }

    /// One by its row.
    pub(super) fn get(&self, row: u64) -> Option<&SubscriptionRow> {
        self.rows.all.get(*self.rows.place.get(&row)?)
    }

    /// The last number given on one.
    pub(super) fn last_number(&self, row: u64) -> u64 {
        let place = self.rows.place.get(&row);
        place.and_then(|place| self.last_numbers.get(*place)).copied().unwrap_or(0)
    }

    /// Gives the next number on one; 0 where there is no such subscription.
    pub(super) fn next_number(&mut self, row: u64) -> u64 {
        let place = self.rows.place.get(&row);
        let last = place.and_then(|place| self.last_numbers.get_mut(*place));
        last.map_or(0, |last| {
            *last += 1;
            *last
        })
    }

    /// A desk's mailbox, if it has one.
    pub(super) fn mailbox(&self, desk: &DeskName) -> Option<u64> {
        self.of_desk(desk).find(|known| &*known.name == MAILBOX).map(|known| known.row)
    }

    /// A desk's named subscriptions.
    pub(super) fn named(&self, desk: &DeskName) -> impl Iterator<Item = &SubscriptionRow> {
        self.of_desk(desk).filter(|known| &*known.name != MAILBOX)
    }

    /// A desk's subscription of a name.
    pub(super) fn find(&self, desk: &DeskName, name: &str) -> Option<u64> {
        self.of_desk(desk).find(|known| &*known.name == name).map(|known| known.row)
    }

    fn of_desk(&self, desk: &DeskName) -> impl Iterator<Item = &SubscriptionRow> {
        let places = self.rows.of_desk.get(desk).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.rows.all.get(*place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: u64, desk: &str, name: &str) -> SubscriptionRow {
        let desk = DeskName { agency: "gmp".into(), desk: desk.into() };
        SubscriptionRow { row, desk, name: name.into() }
    }

    #[test]
    fn a_desk_has_its_mailbox_and_its_named_subscriptions_and_no_other_desks() {
        let stored = [
            (row(3, "stockport", "default"), 7),
            (row(5, "stockport", "night"), 0),
            (row(9, "wigan", "night"), 2),
        ];
        let mut known = Subscriptions::of(&stored);
        let stockport = DeskName { agency: "gmp".into(), desk: "stockport".into() };
        assert_eq!(known.mailbox(&stockport), Some(3));
        assert_eq!(known.named(&stockport).map(|known| known.row).collect::<Vec<_>>(), [5]);
        assert_eq!(known.find(&stockport, "night"), Some(5));
        assert_eq!((known.last_number(3), known.last_number(4)), (7, 0));
        let before = known.clone();
        assert_eq!(known.next_number(3), 8);
        known.add(row(10, "stockport", "day"), 0);
        assert_eq!((known.last_number(3), before.last_number(3)), (8, 7));
        assert_eq!((known.named(&stockport).count(), before.named(&stockport).count()), (2, 1));
        assert_eq!(known.get(9).map(|known| &*known.desk.desk), Some("wigan"));
    }
}
