//! One writer at a time on a store, in whichever process.
//!
//! Promises that nobody opens a store for writing while another writes it: at its start a broker
//! puts back what was released and not settled, which under a working broker would send it
//! twice. The lock lies beside the store, because a second descriptor on the store's own file
//! would loosen SQLite's locks when it is closed. Deliberately does not know: readers. They may
//! come at any time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::ledger::journal::{Batch, Journal, Start, StoreError};

use super::SqliteJournal;

/// Why a store could not be opened for writing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another writer has it, in this process or another.
    #[error("another process has the store {}; stop it first", .0.display())]
    Held(PathBuf),
    /// The lock beside the store cannot be made.
    #[error("{} cannot be locked", path.display())]
    Lock {
        /// The lock.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store that is ours until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Takes a store, whether or not it is there yet.
    ///
    /// # Errors
    /// Another writer has it, or the lock cannot be made.
    pub fn take(store: &Path) -> Result<Self, OpenError> {
        let mut name = store.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let fault = |source| OpenError::Lock { path: path.clone(), source };
        let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = options.map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Held(store.to_owned())),
            Err(TryLockError::Error(source)) => Err(fault(source)),
        }
    }
}

/// The writer of a store that is locked for as long as the writer lives.
pub struct LockedJournal {
    // The order matters: the store is closed before it is let go.
    journal: SqliteJournal,
    _lock: StoreLock,
}

impl LockedJournal {
    pub(super) fn new(journal: SqliteJournal, lock: StoreLock) -> Self {
        Self { journal, _lock: lock }
    }
}

impl Journal for LockedJournal {
    fn start(&mut self) -> Result<Start, StoreError> {
        self.journal.start()
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.journal.commit(batch)
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        self.journal.tidy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open_journal;

    #[test]
    fn a_store_is_held_once_and_freed_when_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("pyramid.sqlite");
        let held = StoreLock::take(&store).unwrap();
        assert!(matches!(StoreLock::take(&store), Err(OpenError::Held(_))));
        drop(held);
        assert!(StoreLock::take(&store).is_ok());
        assert!(!store.exists(), "the lock makes no store");
    }

    #[test]
    fn a_store_has_one_writer_even_within_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("pyramid.sqlite");
        let writer = open_journal(&store).unwrap();
        assert!(matches!(open_journal(&store), Err(OpenError::Held(_))));
        drop(writer);
        assert!(open_journal(&store).is_ok());
    }
}
