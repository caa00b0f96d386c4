//! Everything a decision rests on, at one moment, under one set of epochs.
//!
//! A decision made under one set of epochs is good only while none of them moves; the
//! appender compares them when it commits.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::{Reading, Span};
use crate::directory::Directory;
use crate::policy::InForce;
use crate::register::Register;

/// Counters of change. They stand in the ledger's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Epochs {
    /// Policy bundles and the dates of agreements.
    pub policy: u64,
    /// Directory and standing.
    pub directory: u64,
    /// Flags, links, interests, marks of limited access, and parts in a case.
    pub register: u64,
}

/// The rules of one moment.
#[derive(Clone)]
pub struct Rules {
    /// Which moment.
    pub epochs: Epochs,
    /// Who takes part.
    pub directory: Arc<Directory>,
    /// What is known of people.
    pub register: Arc<Register>,
    /// What may be shared.
    pub policy: Arc<InForce>,
    /// Hash of the bundle in force; zeros when there is none.
    pub bundle: [u8; 32],
}

impl Rules {
    /// The rules that are held, where they are of this moment. `None`: an agreement may have started
    /// or ended since they were made, and nothing may leave on the strength of it. They are made
    /// anew at the next entry.
    #[must_use]
    pub fn of_moment(held: &ArcSwap<Self>, moment: &Reading) -> Option<Arc<Self>> {
        let rules = held.load_full();
        (!rules.outdated(moment.span())).then_some(rules)
    }

    /// Whether other agreements are in force now than when the policy was made: one has
    /// started or ended since, or may have.
    #[must_use]
    pub fn outdated(&self, now: impl Into<Span>) -> bool {
        !self.policy.holds(now)
    }
}
