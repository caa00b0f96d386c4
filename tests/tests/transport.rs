//! Connections over their whole life: the files behind them change, callers fall out of grace,
//! clients misbehave, and everybody else is served as if nothing had happened.
//!
//! Promises that whatever must happen within 5 seconds is watched on a broker with the times it
//! ships with. Deliberately does not know: what the messages say.

#![expect(clippy::unwrap_used, reason = "a test may stop where its world breaks")]
#![expect(clippy::expect_used, reason = "a test may stop, and says what was to hold")]
#![expect(clippy::panic, reason = "a test may stop, and says what came instead")]

#[path = "transport/at_work.rs"]
mod at_work;

#[path = "transport/reloading.rs"]
mod reloading;

#[path = "transport/closing.rs"]
mod closing;

#[path = "transport/bounds.rs"]
mod bounds;
