//! The look at the ledger's head that belongs to each connect.
//!
//! Owns: fetching the checkpoint and the proof, and writing the pin.
//! Promises: the pin on disk is only ever moved by [`crate::pin::next_pin`]'s leave, or by the
//! operator's own decision in [`accept`].
//! Deliberately does not know: the rule itself, nor TLS.

use crate::errors::{CallError, ConnectError};
use crate::pin::{PinError, PinFile, Step, next_pin};
use crate::settings::Settings;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::audit::v1::{GetCheckpointRequest, GetConsistencyRequest};
use proto::ledger::checkpoint::{Checkpoint, verify};
use proto::ledger::tree::{HASH_BYTES, Hash};
use std::time::Duration;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request};

/// How long one of these calls may take.
const CALL_TIME: Duration = Duration::from_secs(10);
/// How often the check is begun anew because another process moved the pin meanwhile.
const ROUNDS_MAX: u32 = 8;
/// The most hashes a consistency path may have (RFC 9162 section 2.1.4, sizes below 2^64).
const PATH_HASHES_MAX: usize = 64;

/// A head that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The head.
    pub(crate) checkpoint: Checkpoint,
    /// Whether nothing was pinned before it, so that it continues nothing.
    pub(crate) is_first: bool,
}

/// Checks the head against the pin, and moves the pin to it.
///
/// Refuses: `Call`, `Pin`. A refused checkpoint is kept beside the pin file as `refused`; where it
///          cannot be, that is logged and the refusal is told all the same.
pub(super) async fn check(channel: Channel, settings: &Settings) -> Result<Head, ConnectError> {
    let mut audit = AuditServiceClient::new(channel);
    let file = PinFile::new(&settings.pin_file);
    for _ in 0..ROUNDS_MAX {
        let pinned = file.read(&settings.verifier_key)?;
        let (note, head) = fetch(&mut audit, settings).await?;
        let (old_note, old_head) = pinned.unzip();
        let step = match next_pin(old_head.as_ref(), &head, None) {
            Ok(Step::AskConsistency { old_size, new_size }) => {
                let path = consistency(&mut audit, old_size, new_size).await?;
                next_pin(old_head.as_ref(), &head, Some(&path))
            }
            decided => decided,
        };
        let step = match step {
            Ok(step) => step,
            Err(error) => {
                if let Err(not_kept) = file.keep_beside("refused", &head, &note) {
                    tracing::error!(error = %not_kept, "a refused checkpoint could not be kept");
                }
                return Err(error.into());
            }
        };
        let is_done = match step {
            Step::Keep => true,
            Step::Pin => file.replace(old_note.as_deref(), &note)?,
            // With a path given the rule never asks for one.
            Step::AskConsistency { .. } => false,
        };
        if is_done {
            let is_first = old_head.is_none();
            if is_first {
                tracing::info!(
                    origin = head.origin,
                    size = head.size,
                    "the first checkpoint seen is pinned"
                );
            }
            return Ok(Head { checkpoint: head, is_first });
        }
    }
    Err(CallError::Failed(Code::Aborted).into())
}

/// Pins the head of a ledger called `origin` in place of whatever is pinned.
pub(super) async fn accept(
    channel: Channel,
    settings: &Settings,
    origin: &str,
) -> Result<(Option<Checkpoint>, Checkpoint), ConnectError> {
    let mut audit = AuditServiceClient::new(channel.clone());
    let file = PinFile::new(&settings.pin_file);
    let (old_note, old_head) = file.read(&settings.verifier_key)?.unzip();
    let (note, head) = fetch(&mut audit, settings).await?;
    if head.origin != origin {
        return Err(PinError::OriginNotServed {
            asked: origin.to_owned(),
            served: head.origin,
            size: head.size,
        }
        .into());
    }
    if let (Some(old_note), Some(old)) = (&old_note, &old_head) {
        // Accepting is for another ledger only: within one, the proof decides and nobody else.
        if old.origin == head.origin {
            return Ok((old_head, check(channel, settings).await?.checkpoint));
        }
        file.keep_beside("former", old, old_note)?;
    }
    if !file.replace(old_note.as_deref(), &note)? {
        return Err(CallError::Failed(Code::Aborted).into());
    }
    Ok((old_head, head))
}

async fn fetch(
    audit: &mut AuditServiceClient<Channel>,
    settings: &Settings,
) -> Result<(String, Checkpoint), ConnectError> {
    let call = audit.get_checkpoint(Request::new(GetCheckpointRequest {}));
    let answer = timeout(CALL_TIME, call)
        .await
        .map_err(|_| CallError::Failed(Code::DeadlineExceeded))?
        .map_err(CallError::from)?;
    let note = answer.into_inner().checkpoint;
    let head = verify(&note, &settings.verifier_key).map_err(PinError::Untrusted)?;
    Ok((note, head))
}

async fn consistency(
    audit: &mut AuditServiceClient<Channel>,
    old_size: u64,
    new_size: u64,
) -> Result<Vec<Hash>, ConnectError> {
    let call = audit.get_consistency(Request::new(GetConsistencyRequest { old_size, new_size }));
    let answer = timeout(CALL_TIME, call)
        .await
        .map_err(|_| CallError::Failed(Code::DeadlineExceeded))?
        .map_err(CallError::from)?
        .into_inner();
    // A hash of another length, or too many, proves nothing: the rule then says so.
    let path: Option<Vec<Hash>> = answer
        .path
        .iter()
        .take(PATH_HASHES_MAX + 1)
        .map(|bytes| <[u8; HASH_BYTES]>::try_from(bytes.as_ref()).ok().map(Hash::from))
        .collect();
    Ok(path.unwrap_or_default())
}
