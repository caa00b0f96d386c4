//! Whether the states and numbers of deliveries follow from what the ledger says of them.
//!
//! Judges only what holds whatever the order of works inside one commit: within it, receipts
//! and releases stand after the other entries, while states are written in the order of works.

use std::collections::{HashMap, HashSet};

use super::faults::{Faults, FsckFault};
use super::rows::{Delivery, Mark, Rows};

/// The stored numbers of states, as the schema has them.
mod stored {
    pub(super) const WAITING: u64 = 0;
    pub(super) const RELEASED: u64 = 1;
    pub(super) const ACKNOWLEDGED: u64 = 2;
    pub(super) const DEAD: u64 = 3;
    pub(super) const EXPIRED: u64 = 4;
    pub(super) const WITHDRAWN: u64 = 5;
    pub(super) const REFUSED: u64 = 6;
}

/// Judges every delivery of which no fault was told.
pub(super) fn states(rows: &Rows, faults: &mut Faults) {
    for delivery in rows.deliveries.iter().filter(|d| d.mark == Mark::Seen) {
        if delivery.told.released != (delivery.number > 0) {
            faults.add(FsckFault::DeliveryNumber { row: delivery.row });
        }
        if !follows(delivery, rows) {
            faults.add(FsckFault::DeliveryState { row: delivery.row });
        }
    }
}

fn follows(delivery: &Delivery, rows: &Rows) -> bool {
    let told = &delivery.told;
    let at_desk = delivery.message.zip(delivery.desk);
    let withdrawn = told.withdrawn || at_desk.is_some_and(|place| rows.withdrawn.contains(&place));
    // Its last body is known to have arrived, and nothing else was said of it since.
    let arrived = told.last_acknowledged
        && !told.last_given_back
        && !told.expired
        && !told.refused
        && !withdrawn;
    match delivery.state {
        stored::WAITING => !told.ended && !arrived,
        stored::RELEASED => told.disclosed && !told.ended && !arrived,
        stored::ACKNOWLEDGED => told.disclosed && told.acknowledged,
        stored::DEAD => told.disclosed && told.again && !told.ended && !arrived,
        stored::EXPIRED => told.expired,
        stored::WITHDRAWN => withdrawn,
        stored::REFUSED => told.refused,
        // No such state.
        _ => false,
    }
}

/// Judges the numbers of every subscription: each once, none left out.
pub(super) fn numbers(rows: &Rows, faults: &mut Faults) {
    let mut given: HashMap<u64, Vec<u64>> = HashMap::new();
    for delivery in rows.deliveries.iter().filter(|d| d.number > 0) {
        given.entry(delivery.subscription).or_default().push(delivery.number);
    }
    let mailboxes: HashSet<_> =
        rows.subscriptions.iter().filter(|s| s.mailbox).map(|s| s.desk).collect();
    let named: HashSet<_> =
        rows.subscriptions.iter().filter(|s| !s.mailbox).map(|s| s.desk).collect();
    let mut taken_over = HashSet::new();
    for subscription in &rows.subscriptions {
        let Some(numbers) = given.get_mut(&subscription.row) else { continue };
        numbers.sort_unstable();
        let unique = numbers.windows(2).all(|pair| pair.first() != pair.last());
        let dense = numbers.last().copied() == Some(numbers.len() as u64);
        let sound = if subscription.mailbox {
            // A mailbox that was taken over has lost what was waiting in it, numbered or not.
            let lost = named.contains(&subscription.desk) || rows.delivery_missing;
            unique && (dense || lost)
        } else if mailboxes.contains(&subscription.desk) && taken_over.insert(subscription.desk) {
            // And the first to be named has it, with the mailbox's numbers.
            true
        } else {
            unique && (dense || rows.delivery_missing)
        };
        if !sound {
            faults.add(FsckFault::Numbers { row: subscription.row });
        }
    }
}
