//! The gRPC surface: one handler each, behind one gate.
//!
//! Converts between the wire and the broker by hand, and decides nothing.

pub mod access;

pub mod status;

mod call;

pub mod gate;

pub mod exchange;

pub mod attachment;

pub mod directory;

pub mod audit;

mod reviews;

pub mod admin;

use std::sync::Arc;

use proto::refusal::Refusal;
use tonic::{Request, Status};

use crate::identity::VerifiedPeer;
use crate::ledger::journal::StoreError;

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

/// Reads the store beside the threads that serve everybody's calls, which a long read would
/// hold up.
///
/// # Errors
/// The read's own.
pub(crate) async fn beside<T, E>(
    read: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let stopped = |_| Err(StoreError::Unavailable("a reader stopped".into()).into());
    tokio::task::spawn_blocking(read).await.unwrap_or_else(stopped)
}
