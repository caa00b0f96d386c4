//! The ledger: every acceptance, decision, release, receipt and change, in one log.
//!
//! Promises that nothing is said to be recorded before it is durable, that a delivery row
//! exists only through the entry that permits it, and that index order is commit order.
//! Holds no personal data. Knows nothing of sockets.

pub mod record;

pub mod entry;

pub mod tree;

pub mod owed;

pub mod chase;

pub mod review;

pub mod journal;

pub mod attached;

pub mod fared;

pub mod named;

pub mod advice;

pub mod appender;

pub mod checkpoint;

pub mod proof;

pub mod fsck;

#[cfg(test)]
mod town;
