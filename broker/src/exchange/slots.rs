//! How many transfers of documents run at once: of one agency, and in all.
//!
//! Each holds one piece and its seal in memory, so these bounds are the bound of memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Transfers of one agency at once, each way.
pub const TRANSFERS_PER_AGENCY_MAX: usize = 4;
/// Transfers of all agencies at once, each way.
pub const TRANSFERS_MAX: usize = 32;

/// The transfers that run, one way.
#[derive(Clone, Default)]
pub struct Slots(Arc<Mutex<HashMap<Arc<str>, usize>>>);

/// A transfer that runs; over when this is dropped.
pub struct Slot {
    slots: Slots,
    agency: Arc<str>,
}

impl Slots {
    /// Takes a slot. `None`: the agency has as many as it may, or all have.
    #[must_use]
    pub fn take(&self, agency: &Arc<str>) -> Option<Slot> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = running.values().sum();
        let own = running.get(agency).copied().unwrap_or(0);
        if own >= TRANSFERS_PER_AGENCY_MAX || all >= TRANSFERS_MAX {
            return None;
        }
        running.insert(Arc::clone(agency), own + 1);
        Some(Slot { slots: self.clone(), agency: Arc::clone(agency) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = running.get_mut(&self.agency) {
            *own -= 1;
            if *own == 0 {
                running.remove(&self.agency);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_has_its_own_bound_and_all_together_have_one() {
        let slots = Slots::default();
        let police: Arc<str> = "gmp".into();
        let mut own: Vec<Slot> = (0..4).map(|_| slots.take(&police).unwrap()).collect();
        assert!(slots.take(&police).is_none(), "a fifth of one agency");
        assert!(slots.take(&"hmcts".into()).is_some(), "others are not touched");
        own.pop();
        own.push(slots.take(&police).unwrap());
        let others = (0..7).flat_map(|agency| {
            let agency: Arc<str> = format!("agency-{agency}").into();
            (0..4).map(move |_| agency.clone())
        });
        let others: Vec<Slot> = others.map(|agency| slots.take(&agency).unwrap()).collect();
        assert!(slots.take(&"hmcts".into()).is_none(), "a thirty-third in all");
        drop(others);
        assert!(slots.take(&"hmcts".into()).is_some());
    }
}
