//! The stage that demo and tests play on: real certificates, a real broker, real clients.
//!
//! Owns the setting up of a broker in a folder of its own, with the shipped directory and
//! bundle, the night that the command `demo` plays on it, and the stories that it and the tests
//! play. Never for production: it makes its own certificate authority.

pub mod stage;

mod words;

mod cast;

mod acts;

mod night;

mod expected;

mod auditor;

mod report;

mod judge;

mod silence;

mod proofs;

pub mod play;

mod scenes;

mod ending;

pub mod story;
