//! What an agency can show afterwards: receipts that a sender takes away and anybody can check, and
//! the month's report of an area, out of which nobody can work out a person.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

mod cohort;
mod receipts;
