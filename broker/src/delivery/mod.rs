//! Who is being served, what is on its way to them, and what still waits.
//!
//! Promises that order holds for each person on each subscription, that only a nack or a
//! lease that ran out counts as an attempt, and that one recipient's backlog touches nobody
//! else. Releases nothing itself: `exchange::deliver` does, with the ledger's leave.

pub mod hub;

pub mod outbox;

pub mod order;
