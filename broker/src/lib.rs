//! The Pyramid broker.
//!
//! The modules below are in the order in which a message meets them, and a module imports
//! only modules listed above its own. Read `exchange::publish` and `exchange::deliver` first.

// Kernel and reference data.
pub mod clock;

pub mod calendar;

pub mod chance;

pub mod spans;

pub mod seal;

pub mod directory;

pub mod register;

// The path.
pub mod identity;

pub mod listen;

pub mod message;

pub mod policy;

pub mod routing;

pub mod rules;

pub mod decision;

pub mod parcel;

pub mod prepare;

pub mod notify;

pub mod ledger;

pub mod delivery;

pub mod exchange;

pub mod admin;

pub mod report;

pub mod audit;

pub mod rpc;

pub mod ops;

pub mod store;

pub mod config;

// Assembly.
pub mod app;
