//! One process at a time on a store.
//!
//! Promises that neither `serve` nor `bootstrap` opens a store that another process serves: at
//! its start a broker puts back what was released and not settled, which under a working broker
//! would send it twice. The lock lies beside the store, because a second descriptor on the
//! store's own file would loosen SQLite's locks when it is closed.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// A store that is ours until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Held {
    _lock: File,
}

impl Held {
    /// Takes a store, whether or not it is there yet.
    ///
    /// # Errors
    /// Another process has it, or the lock file cannot be made.
    pub(super) fn take(store: &Path) -> Result<Self, Failure> {
        let mut name = store.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let fault = |source| Failure::Write { path: path.clone(), source };
        let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = options.map_err(fault)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::StoreHeld(store.to_owned())),
            Err(TryLockError::Error(source)) => Err(fault(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_held_once_and_freed_when_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("pyramid.sqlite");
        let held = Held::take(&store).unwrap();
        assert!(matches!(Held::take(&store), Err(Failure::StoreHeld(_))));
        drop(held);
        assert!(Held::take(&store).is_ok());
        assert!(!store.exists(), "the lock makes no store");
    }
}
