//! The deliveries this process has acknowledged, as far back as memory is given to it.
//!
//! Owns: a bounded set of delivery ids, the least recently seen leaving first.
//! Promises: never more than its capacity; an id is here only because it was acknowledged here.
//! Deliberately does not know: earlier processes. A recipient that must never act twice keeps the
//! delivery ids with its own data.

use std::collections::{BTreeMap, HashMap};

/// A delivery's id: opaque, the same over attempts.
pub type DeliveryId = [u8; proto::limits::OPAQUE_ID_BYTES];

/// Delivery ids remembered.
pub(super) const RECENT_DELIVERIES_MAX: usize = 65_536;

/// A bounded set of delivery ids.
pub(super) struct Recent {
    seen: HashMap<DeliveryId, u64>,
    by_age: BTreeMap<u64, DeliveryId>,
    next: u64,
    capacity: usize,
}

impl Recent {
    /// An empty set that holds at most `capacity` ids.
    pub(super) fn new(capacity: usize) -> Self {
        Self { seen: HashMap::new(), by_age: BTreeMap::new(), next: 0, capacity }
    }

    /// Remembers an id, as the newest.
    pub(super) fn insert(&mut self, id: DeliveryId) {
        let age = self.next;
        self.next += 1;
        if let Some(former) = self.seen.insert(id, age) {
            self.by_age.remove(&former);
        }
        self.by_age.insert(age, id);
        while self.seen.len() > self.capacity {
            let Some((_, oldest)) = self.by_age.pop_first() else { return };
            self.seen.remove(&oldest);
        }
    }

    /// Whether an id is remembered; if so it becomes the newest.
    pub(super) fn contains(&mut self, id: &DeliveryId) -> bool {
        let is_known = self.seen.contains_key(id);
        if is_known {
            self.insert(*id);
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> DeliveryId {
        [n; 16]
    }

    #[test]
    fn only_what_was_put_in_is_known() {
        let mut recent = Recent::new(4);
        recent.insert(id(1));
        assert!(recent.contains(&id(1)));
        assert!(!recent.contains(&id(2)));
    }

    #[test]
    fn past_its_capacity_the_least_recently_seen_leaves() {
        let mut recent = Recent::new(2);
        recent.insert(id(1));
        recent.insert(id(2));
        assert!(recent.contains(&id(1)), "seen again, so newer than 2");
        recent.insert(id(3));
        assert!(recent.contains(&id(1)));
        assert!(!recent.contains(&id(2)));
        assert!(recent.contains(&id(3)));
    }

    #[test]
    fn putting_an_id_in_twice_takes_one_place() {
        let mut recent = Recent::new(2);
        recent.insert(id(1));
        recent.insert(id(2));
        recent.insert(id(2));
        assert!(recent.contains(&id(1)));
    }
}
