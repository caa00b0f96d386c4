//! How the bytes of a document are put, piece by piece.
//!
//! Promises that what is said to be kept is durable; that a document is whole only once the bytes on
//! disk, read back, give the digest announced; and that nothing of another agency's is told.
//! Bound: one piece and its seal in memory for each transfer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use proto::limits::ATTACHMENT_BYTES_MAX;
use proto::refusal::Refusal;
use time::Duration;
use tokio::sync::oneshot;

use super::slots::{Slot, Slots};
use super::writers::{Writer, Writers, Writing};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::ledger::appender::{AttachWork, Queue, Work};
use crate::ledger::attached::{
    AttachmentChange, Attachments, PIECE_BYTES, Staged, piece_bytes, place_of,
};
use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::seal::{BodyKey, Part, Vault};

/// Bytes that an agency may have announced for documents that no message names yet.
pub const STAGED_BYTES_MAX: u64 = 8 * ATTACHMENT_BYTES_MAX as u64;
/// Documents that an agency may have announced and no message names yet.
pub const STAGED_MAX: u64 = 64;
/// How long what no message names is kept after its last piece.
pub const STAGED_FOR: Duration = Duration::hours(24);

/// Everything putting documents needs.
pub struct Attaching {
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The way to the appender.
    pub queue: Queue,
    /// What is kept.
    pub reads: Arc<dyn Attachments>,
    /// Set while the disk is at its floor.
    pub disk_floor: Arc<AtomicBool>,
    /// What runs.
    pub slots: Slots,
    /// One announcement at a time, so that no two together pass an agency's bound.
    pub announcing: tokio::sync::Mutex<()>,
    /// Who writes each document that is being put.
    pub writers: Writers,
}

/// A document that is being put.
pub struct Upload {
    key: MessageKey,
    staged: Staged,
    seal: Arc<BodyKey>,
    writer: Writer,
    _slot: Slot,
}

/// What an upload is told when it cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPut {
    /// Why.
    Refused(Refusal),
    /// A piece is not as long as it must be.
    WrongLength,
}

impl From<Refusal> for NotPut {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Attaching {
    /// Begins a document, or goes on with it where it broke off. `digest`: of the whole.
    ///
    /// # Errors
    /// [`Refusal::AttachmentsFull`], [`Refusal::AttachmentDiffers`] where it was announced otherwise,
    /// or the broker cannot take it now. An older stream of the same document has lost its turn.
    pub async fn begin(&self, key: MessageKey, size: u32, digest: &[u8]) -> Result<Upload, NotPut> {
        let slot = self.slots.take(&key.agency).ok_or(Refusal::AttachmentsFull)?;
        let mark = self.vault.keyed_digest("document", digest);
        let writer = self.writers.newest(&key).await;
        let announcing = self.announcing.lock().await;
        let staged = match self.staged(&key).await? {
            Some(staged) => staged,
            None => {
                self.announce(&key, size, mark).await?;
                self.staged(&key).await?.ok_or(Refusal::StoreUnavailable)?
            }
        };
        drop(announcing);
        if staged.size != size || staged.mark != mark || staged.wrapped_key.is_empty() {
            return Err(Refusal::AttachmentDiffers.into());
        }
        let seal = self.vault.unwrap(&staged.wrapped_key).map_err(|_| Refusal::StoreUnavailable)?;
        Ok(Upload { key, staged, seal: Arc::new(seal), writer, _slot: slot })
    }

    async fn announce(&self, key: &MessageKey, size: u32, mark: [u8; 32]) -> Result<(), Refusal> {
        self.has_room()?;
        let (reads, agency) = (Arc::clone(&self.reads), Arc::clone(&key.agency));
        let (count, bytes) = beside(move || reads.announced(&agency)).await?;
        if count >= STAGED_MAX || bytes + u64::from(size) > STAGED_BYTES_MAX {
            return Err(Refusal::AttachmentsFull);
        }
        let sealing = self.vault.fresh_key(&*self.chance).map_err(|_| Refusal::StoreUnavailable)?;
        let wrapped_key = sealing.wrapped.to_vec();
        let at = self.clock.now();
        let begin = AttachmentChange::Begin { key: key.clone(), size, mark, wrapped_key, at };
        self.write(vec![begin]).await
    }

    /// Keeps a piece, durably before it returns.
    ///
    /// # Errors
    /// [`Refusal::AttachmentOutOfTurn`] unless it begins where the pieces kept end; a wrong length; or
    /// the broker cannot take it now.
    pub async fn piece(
        &self,
        upload: &mut Upload,
        offset: u32,
        content: &[u8],
    ) -> Result<(), NotPut> {
        let turn = upload.writer.turn().await.ok_or(Refusal::AttachmentOutOfTurn)?;
        let staged = &mut upload.staged;
        let next = piece_bytes(staged.size, staged.pieces);
        let in_turn = !staged.whole && staged.pieces.checked_mul(PIECE_BYTES) == Some(offset);
        let Some(length) = next.filter(|_| in_turn) else {
            return Err(Refusal::AttachmentOutOfTurn.into());
        };
        if u32::try_from(content.len()) != Ok(length) {
            return Err(NotPut::WrongLength);
        }
        self.has_room()?;
        let place = place_of(&upload.key, staged.size, staged.pieces);
        let sealed = upload.seal.seal(&*self.chance, Part::Document, &place, content);
        let piece = AttachmentChange::Piece {
            key: upload.key.clone(),
            place: staged.pieces,
            sealed: sealed.map_err(|_| Refusal::StoreUnavailable)?,
            at: self.clock.now(),
        };
        self.write_in_turn(piece, turn).await?;
        staged.pieces += 1;
        Ok(())
    }

    /// Ends an upload: reads back what is kept, and holds it to the digest announced.
    ///
    /// # Errors
    /// [`Refusal::AttachmentOutOfTurn`] where pieces are missing; [`Refusal::AttachmentDiffers`] where
    /// it is another document, of which then nothing is kept; or the store's.
    pub async fn finish(&self, upload: Upload) -> Result<(), NotPut> {
        let turn = upload.writer.turn().await.ok_or(Refusal::AttachmentOutOfTurn)?;
        if upload.staged.whole {
            return Ok(());
        }
        if piece_bytes(upload.staged.size, upload.staged.pieces).is_some() {
            return Err(Refusal::AttachmentOutOfTurn.into());
        }
        let (reads, vault) = (Arc::clone(&self.reads), Arc::clone(&self.vault));
        let (key, staged) = (upload.key.clone(), upload.staged.clone());
        let seal = Arc::clone(&upload.seal);
        let mark = beside(move || {
            let digest = digest_of(&*reads, &key, &staged, &seal)?;
            Ok(vault.keyed_digest("document", &digest))
        })
        .await?;
        if mark == upload.staged.mark {
            return Ok(self.write_in_turn(AttachmentChange::Whole(upload.key), turn).await?);
        }
        self.write_in_turn(AttachmentChange::Discard(upload.key), turn).await?;
        Err(Refusal::AttachmentDiffers.into())
    }

    /// How much of a document of an agency is kept, and whether it is whole. Of one that is not there,
    /// nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn find(&self, key: &MessageKey) -> Result<(u32, bool), Refusal> {
        let staged = self.staged(key).await?;
        Ok(staged.map_or((0, false), |staged| (staged.kept_bytes(), staged.whole)))
    }

    /// Lets go of what no message has named in time. Answers how many documents.
    ///
    /// # Errors
    /// The store's.
    pub async fn tidy(&self) -> Result<usize, Refusal> {
        let (reads, since) = (Arc::clone(&self.reads), self.clock.reading().settled() - STAGED_FOR);
        let stale = beside(move || reads.stale(since)).await?;
        let count = stale.len();
        for key in stale {
            // Each by itself: bytes are overwritten, and others' messages wait meanwhile.
            self.write(vec![AttachmentChange::Discard(key)]).await?;
        }
        Ok(count)
    }

    fn has_room(&self) -> Result<(), Refusal> {
        if self.disk_floor.load(Ordering::Relaxed) { Err(Refusal::DiskFloor) } else { Ok(()) }
    }

    async fn staged(&self, key: &MessageKey) -> Result<Option<Staged>, Refusal> {
        let (reads, key) = (Arc::clone(&self.reads), key.clone());
        beside(move || reads.staged(&key)).await
    }

    async fn write(&self, changes: Vec<AttachmentChange>) -> Result<(), Refusal> {
        write(&self.queue, changes).await
    }

    /// Writes while the turn is held, also where the stream ends meanwhile.
    async fn write_in_turn(&self, change: AttachmentChange, turn: Writing) -> Result<(), Refusal> {
        let queue = self.queue.clone();
        let written = tokio::spawn(async move {
            let written = write(&queue, vec![change]).await;
            drop(turn);
            written
        });
        written.await.unwrap_or(Err(Refusal::StoreUnavailable))
    }
}

async fn write(queue: &Queue, changes: Vec<AttachmentChange>) -> Result<(), Refusal> {
    let (reply, durable) = oneshot::channel();
    let work = Work::Attach(AttachWork { changes, reply });
    queue.put(work).await.map_err(|_| Refusal::ShuttingDown)?;
    match durable.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(StoreError::Full)) => Err(Refusal::DiskFloor),
        Ok(Err(_)) | Err(_) => Err(Refusal::StoreUnavailable),
    }
}

/// The digest of what is kept of a document, read one piece at a time.
fn digest_of(
    reads: &dyn Attachments,
    key: &MessageKey,
    staged: &Staged,
    seal: &BodyKey,
) -> Result<Vec<u8>, StoreError> {
    let mut context = Context::new(&SHA256);
    for place in 0..staged.pieces {
        context.update(&open_piece(reads, (key, staged.row, staged.size), place, seal)?);
    }
    Ok(context.finish().as_ref().to_vec())
}

/// Opens one piece of a document: of a key, row and size.
pub(super) fn open_piece(
    reads: &dyn Attachments,
    (key, row, size): (&MessageKey, u64, u32),
    place: u32,
    seal: &BodyKey,
) -> Result<Vec<u8>, StoreError> {
    let damaged = || StoreError::Damaged { table: "piece" };
    let sealed = reads.piece(row, place)?.ok_or_else(damaged)?;
    seal.open(Part::Document, &place_of(key, size, place), &sealed).map_err(|_| damaged())
}

/// Reads the store beside the threads that serve everybody's calls. Its words stay here.
pub(super) async fn beside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    let read = tokio::task::spawn_blocking(read).await;
    read.ok().and_then(Result::ok).ok_or_else(|| {
        tracing::error!(code = "attachment-unread", "what is kept of a document cannot be read");
        Refusal::StoreUnavailable
    })
}
