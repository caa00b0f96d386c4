//! Documents that go with messages: whose each is, and how its bytes travel.
//!
//! Every test runs a real broker with the shipped directory and agreements. All people, documents and
//! meetings are invented.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

mod audience;
mod command;
mod gone;
mod killed;
mod onward;
mod putting;
mod town;
