//! The stage that demo and tests play on: real certificates, a real broker, real clients.
//!
//! Owns the setting up of a broker in a folder of its own, with the shipped directory and
//! bundle. Never for production: it makes its own certificate authority.

pub mod stage;
