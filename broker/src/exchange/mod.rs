//! The spine: how a message is published and how it is delivered. READ FIRST.
//!
//! Two narrated functions decide the order of steps, and nothing else does.

pub mod publish;

pub mod deliver;

pub mod slots;

pub mod writers;

pub mod attach;

pub mod fetch;

pub mod overdue;

pub mod chase;

pub mod terms;

pub mod look;

pub mod worklist;

pub mod caseload;

pub mod reviews;

pub mod quota;
