//! The machine fails under the broker: its clock is set, its disk fills, a write is not kept.
//!
//! Promises, each from the outside: time that nobody can vouch for lets nothing fall due; a full
//! disk loses nothing that was acknowledged; and what the disk would not keep is never called
//! kept. Deliberately does not know: how the store does it.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::indexing_slicing, reason = "a field that is not there is seen as null")]
#![expect(clippy::panic, reason = "an answer nobody expected ends the test")]

#[path = "faults/clock.rs"]
mod clock;

#[path = "faults/disk.rs"]
mod disk;

#[path = "faults/embargo.rs"]
mod embargo;

#[path = "faults/site.rs"]
mod site;

#[path = "faults/sync.rs"]
mod sync;
