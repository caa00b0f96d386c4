//! Signing of committed heads, on a cadence and never outside it.
//!
//! Adds a random number of padding leaves before each head, so that growth tells a publisher
//! nothing. Promises that a head is signed only when it is on disk and provably extends the
//! last one signed.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use proto::ledger::checkpoint::{Checkpoint, VerifierKey, verify};
use proto::ledger::tree::verify_consistency;
use tokio::sync::oneshot;

use crate::chance::Chance;
use crate::ledger::appender::{CommittedHead, Queue, Work};
use crate::ledger::journal::{Archive, StoreError};
use crate::ledger::tree::consistency;

/// The document that holds the last signed note.
pub const DOCUMENT: &str = "checkpoint";
/// Padding leaves before a head, at most.
pub const PADDING_LEAVES_MAX: u8 = 15;

/// The ledger's name and signing key.
pub struct Signer {
    key: Ed25519KeyPair,
    /// Origin line of every checkpoint.
    pub origin: String,
    verifier: VerifierKey,
}

/// A head was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key file is not an Ed25519 key.
    #[error("the ledger key is not an Ed25519 key in PKCS#8 form")]
    Key,
    /// The broker is stopping: nothing will be signed any more.
    #[error("the ledger's writer has stopped")]
    Stopped,
    /// The store failed, or a commit did: the next attempt may succeed.
    #[error("the store failed while a checkpoint was made")]
    Store(#[from] StoreError),
    /// The new head does not extend the last one signed: it is never signed.
    #[error("the ledger's head does not extend the last signed checkpoint; nothing is signed")]
    Inconsistent,
}

impl Signer {
    /// A signer with a key in PKCS#8 form.
    ///
    /// # Errors
    /// It is not an Ed25519 key, or the origin cannot name one.
    pub fn new(origin: &str, pkcs8: &[u8]) -> Result<Self, SignError> {
        let key = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| SignError::Key)?;
        let public: [u8; 32] = key.public_key().as_ref().try_into().map_err(|_| SignError::Key)?;
        let verifier = VerifierKey::new(origin, public).map_err(|_| SignError::Key)?;
        Ok(Self { key, origin: origin.to_owned(), verifier })
    }

    /// The key that checks its signatures, in the text form clients configure.
    #[must_use]
    pub fn verifier_key(&self) -> String {
        self.verifier.encode()
    }

    /// The key that checks its signatures.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a head if it extends the last signed one.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign(
        &self,
        last: Option<&str>,
        head: CommittedHead,
        archive: &dyn Archive,
    ) -> Result<String, SignError> {
        if let Some(last) = last {
            let old = verify(last, &self.verifier).map_err(|_| SignError::Inconsistent)?;
            if old.size > head.size {
                return Err(SignError::Inconsistent);
            }
            let path = consistency(archive, old.size, head.size)?;
            verify_consistency(old.size, &old.root, head.size, &head.root, &path)
                .map_err(|_| SignError::Inconsistent)?;
        }
        let checkpoint =
            Checkpoint { origin: self.origin.clone(), size: head.size, root: head.root };
        checkpoint.sign(&self.key, &self.origin).map_err(|_| SignError::Key)
    }
}

/// Adds padding leaves, signs the committed head and keeps the note.
///
/// # Errors
/// See [`SignError`].
pub async fn sign_once(
    signer: &Signer,
    queue: &Queue,
    archive: &Arc<dyn Archive>,
    chance: &dyn Chance,
) -> Result<String, SignError> {
    let mut draw = [0u8];
    chance.fill(&mut draw).map_err(|_| SignError::Key)?;
    let [draw] = draw;
    let (reply, head) = oneshot::channel();
    let leaves = usize::from(draw % (PADDING_LEAVES_MAX + 1));
    queue.put(Work::Tick { leaves, reply }).await.map_err(|_| SignError::Stopped)?;
    let head = head.await.map_err(|_| unanswered())??;
    let last = archive.document(DOCUMENT)?;
    let last = last.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let note = signer.sign(last, head, &**archive)?;
    let (reply, kept) = oneshot::channel();
    let content = note.clone().into_bytes();
    queue
        .put(Work::Keep { name: DOCUMENT, content, reply })
        .await
        .map_err(|_| SignError::Stopped)?;
    kept.await.map_err(|_| unanswered())??;
    Ok(note)
}

/// Whether the writer is still there is only known by whether it takes another work.
fn unanswered() -> StoreError {
    StoreError::Unavailable("the ledger's writer gave no answer".into())
}

/// Signs on a cadence until the ledger's writer has stopped. A head that cannot be signed is an
/// alarm, whatever the cause, and is tried again at the next cadence.
pub async fn run(
    signer: Arc<Signer>,
    queue: Queue,
    archive: Arc<dyn Archive>,
    chance: Arc<dyn Chance>,
    cadence: Duration,
) {
    loop {
        match sign_once(&signer, &queue, &archive, &*chance).await {
            Ok(_) => {}
            Err(SignError::Stopped) => return,
            Err(SignError::Key | SignError::Store(_) | SignError::Inconsistent) => {
                tracing::error!(code = "checkpoint-not-signed", "a checkpoint was not signed");
            }
        }
        tokio::time::sleep(cadence).await;
    }
}
