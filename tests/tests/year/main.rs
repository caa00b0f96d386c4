//! What must not go unnoticed: what is waited for and does not come, what is immediate and nobody
//! opens, what does not arrive, dates that draw near, days of flags; and a whole year of that.
//!
//! Owns: the rules of silence, against a real broker on a clock that is set. Expectations are
//! dates and names written by hand. Deliberately does not know: how letters are carried.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

mod briefing;
mod dates;

mod feeds;

mod lost;

mod nudges;

mod town;

mod unread;

mod whole_year;
