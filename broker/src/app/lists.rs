//! What is remembered of revocation lists from one run to the next.
//!
//! Promises that an older list than one that was at work is known for older at a later start too,
//! when nothing in memory would tell: a node that was revoked in between would get in again.
//! Deliberately does not know: how a list is read, or who compares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};

use crate::identity::Editions;
use crate::ledger::appender::{Change, ChangeWork, Queue, Work};
use crate::ledger::journal::StoreError;
use crate::ledger::record::BROKER_PARTY;
use crate::listen::Loaded;

/// The document that says which lists were at work.
pub const REVOCATION_LISTS_DOCUMENT: &str = "revocation-lists";
/// Rest before what could not be written is tried again.
const REST: Duration = Duration::from_secs(5);

/// What a store knows of them. A store that never served knows of none.
pub(super) fn known(documents: &BTreeMap<String, Vec<u8>>) -> Result<Editions, StoreError> {
    let Some(kept) = documents.get(REVOCATION_LISTS_DOCUMENT) else {
        return Ok(Editions::default());
    };
    Editions::from_bytes(kept).ok_or(StoreError::Damaged { table: "document" })
}

/// Remembers what is at work now. An entry says so, so that nobody takes it back unseen.
pub(super) async fn keep(queue: &Queue, loaded: &Loaded) -> Result<(), StoreError> {
    let stopped = || StoreError::Unavailable("the ledger's writer did not keep it".into());
    let (reply, kept) = oneshot::channel();
    let work = ChangeWork {
        change: Change::Recorded,
        agency: Arc::from(BROKER_PARTY),
        actor: Arc::from(BROKER_PARTY),
        items: vec!["revocation lists at work".to_owned()],
        documents: vec![(REVOCATION_LISTS_DOCUMENT.to_owned(), loaded.editions().to_bytes())],
        reply,
    };
    queue.put(Work::Change(work)).await.map_err(|_| stopped())?;
    kept.await.map_err(|_| stopped())?
}

/// Remembers each set that is taken up, until the broker stops. A set that cannot be remembered
/// is at work all the same: it is the newer one.
pub(super) async fn follow(
    queue: Queue,
    loaded: Arc<ArcSwap<Loaded>>,
    mut generation: watch::Receiver<u64>,
) {
    while generation.changed().await.is_ok() {
        while keep(&queue, &loaded.load_full()).await.is_err() {
            tracing::error!(
                code = "revocation-lists-not-kept",
                "the revocation lists at work could not be remembered; tried again"
            );
            tokio::time::sleep(REST).await;
        }
    }
}
