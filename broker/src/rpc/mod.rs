//! The gRPC surface: one handler each, behind one gate.
//!
//! Converts between the wire and the broker by hand, and decides nothing.

pub mod access;

pub mod status;

mod call;

pub mod gate;

pub mod exchange;

pub mod directory;

pub mod audit;

pub mod admin;

use std::sync::Arc;

use proto::refusal::Refusal;
use tonic::{Request, Status};

use crate::identity::VerifiedPeer;

/// The peer the gate verified for this call.
///
/// # Errors
/// The gate was not passed: nobody is let in.
pub(crate) fn peer<T>(request: &Request<T>) -> Result<Arc<VerifiedPeer>, Status> {
    request
        .extensions()
        .get::<Arc<VerifiedPeer>>()
        .cloned()
        .ok_or_else(|| status::refused(Refusal::NotRegistered))
}
