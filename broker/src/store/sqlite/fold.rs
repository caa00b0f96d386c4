//! Folding the write-ahead log into the file, beside the writer.
//!
//! SQLite would fold by itself inside a commit, but would make everybody wait for it, and would
//! not tell of a sync that failed on the way. Promises that a failed sync is told to the
//! writer, which must then stop.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::ledger::journal::StoreError;

use super::{connect, fault};

/// Pages of log that are folded beside the writer.
const PAGES_BESIDE: i64 = 1_024;
/// Pages of log after which the writer waits until all are folded: only then can SQLite begin
/// the log anew, and only then is its length bounded.
const PAGES_MAX: i64 = 16_384;

/// Folds the log on a thread of its own. Dropping it waits for the thread.
pub(super) struct Folding {
    wake: Option<SyncSender<()>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// One folds at a time: SQLite would turn the other away.
    turn: Mutex<()>,
    sync_failed: AtomicBool,
}

impl Folding {
    /// Starts the thread on a connection of its own.
    ///
    /// # Errors
    /// The file cannot be opened, or there are no threads.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = connect(path)?;
        let shared = Arc::new(Shared::default());
        let (wake, woken) = sync_channel(1);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("ledger-fold".into())
            .spawn(move || fold_when_woken(&connection, &woken, &theirs))
            .map_err(|error| StoreError::Unavailable(error.kind().to_string()))?;
        Ok(Self { wake: Some(wake), shared, thread: Some(thread) })
    }

    /// Looks how long the log has grown, and has it folded where it is long.
    ///
    /// # Errors
    /// [`StoreError::SyncFailed`]: what was committed may not be durable. Any other: the log
    /// stays as it is until the next look.
    pub(super) fn look(&self, writer: &Connection) -> Result<(), StoreError> {
        if self.shared.sync_failed.load(Ordering::Acquire) {
            return Err(StoreError::SyncFailed);
        }
        let (pages, folded) = checkpoint(writer, "PRAGMA wal_checkpoint(NOOP)")?;
        if pages >= PAGES_MAX {
            let _turn = self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
            return checkpoint(writer, "PRAGMA wal_checkpoint(PASSIVE)").map(|_| ());
        }
        if pages - folded >= PAGES_BESIDE
            && let Some(wake) = &self.wake
        {
            // Full: it is awake already.
            let _ = wake.try_send(());
        }
        Ok(())
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn fold_when_woken(connection: &Connection, woken: &Receiver<()>, shared: &Shared) {
    while woken.recv().is_ok() {
        let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            Ok(_) => {}
            Err(StoreError::SyncFailed) => shared.sync_failed.store(true, Ordering::Release),
            Err(_) => tracing::warn!(code = "log-not-folded", "the store's log was not folded"),
        }
    }
}

/// Runs a checkpoint. Answers the pages in the log, and how many of them are folded.
fn checkpoint(connection: &Connection, pragma: &str) -> Result<(i64, i64), StoreError> {
    let mut statement = connection.prepare_cached(pragma).map_err(fault)?;
    statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?))).map_err(fault)
}
