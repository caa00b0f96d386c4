//! The last checkpoint this system saw, and the rule for taking a newer one.
//!
//! Owns: [`next_pin`], the words of its refusals, and the file the pin lies in (its signed note,
//! mode 0600).
//! Promises: a pin is replaced only by a checkpoint proved to continue it; the file is replaced
//! whole or not at all; a refused checkpoint is kept beside it, for it is signed evidence, and what
//! is kept is never overwritten.
//! Deliberately does not know: how a checkpoint or a proof is fetched.
//!
//! Why: with this a rewritten ledger, one cut short, or an old backup put back is found by every
//! client at its next connect, even when whoever did it holds the signing key.

use crate::files::write_whole;
use proto::ledger::LedgerError;
use proto::ledger::checkpoint::{Checkpoint, VerifierKey, verify, verify_growth};
use proto::ledger::tree::Hash;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What to do about a checkpoint that the broker showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is the one already pinned.
    Keep,
    /// Pin it.
    Pin,
    /// Ask for a consistency proof between these sizes, and decide again with it.
    AskConsistency {
        /// Size of the pinned checkpoint.
        old_size: u64,
        /// Size of the checkpoint shown.
        new_size: u64,
    },
}

/// Why a checkpoint is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The note is not a checkpoint signed by the configured key.
    #[error(
        "the broker's checkpoint cannot be trusted ({0}); check `verifier_key` with the broker's operators, and send nothing until it is settled"
    )]
    Untrusted(#[source] LedgerError),
    /// The ledger is shorter than it was.
    #[error(
        "the ledger went backwards: this system has seen {old_size} entries of {origin} and is now shown {new_size}. Send nothing, keep both checkpoints, and ring your information-governance lead"
    )]
    WentBackwards {
        /// The log.
        origin: String,
        /// Entries seen before.
        old_size: u64,
        /// Entries shown now.
        new_size: u64,
    },
    /// The ledger does not continue what was seen.
    #[error(
        "the ledger was rewritten: its {new_size} entries do not continue the {old_size} this system has seen of {origin} ({source}). Send nothing, keep both checkpoints, and ring your information-governance lead"
    )]
    Rewritten {
        /// The log.
        origin: String,
        /// Entries seen before.
        old_size: u64,
        /// Entries shown now.
        new_size: u64,
        /// What the proof lacks.
        source: LedgerError,
    },
    /// The broker serves another log.
    #[error(
        "the broker serves another ledger: this system last saw {old_origin} at {old_size} entries (root {old_root}), and is now shown {new_origin} at {new_size}. If they announced it, what {old_origin} recorded last may be missing from it: ask the operators for the gap, then run `agency accept-origin --origin {new_origin}`"
    )]
    OtherOrigin {
        /// The log pinned.
        old_origin: String,
        /// Its size when last seen.
        old_size: u64,
        /// Its root then, hex.
        old_root: String,
        /// The log shown now.
        new_origin: String,
        /// Its size.
        new_size: u64,
    },
    /// The operator named a ledger that is not the one served.
    #[error(
        "the broker serves {served} at {size} entries, not {asked}; name it only if its operators announced it"
    )]
    OriginNotServed {
        /// What the operator named.
        asked: String,
        /// What is served.
        served: String,
        /// Its size.
        size: u64,
    },
    /// The pin file cannot be read or written.
    #[error(
        "pin file {path}: {source}; its folder must exist and be writable by this system alone"
    )]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The pin file does not hold what was put there.
    #[error(
        "pin file {path}: does not hold a checkpoint by the configured key ({source}). It was altered, or `verifier_key` was changed: find out which before you remove it"
    )]
    FileFaulty {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: LedgerError,
    },
}

/// Decides about a checkpoint whose signature has been verified.
///
/// Promise: `Pin` is answered only for the first checkpoint ever seen, or for one that continues
///          the pinned one by proof.
/// Refuses: `WentBackwards`, `Rewritten`, `OtherOrigin`.
/// Source:  RFC 9162 section 2.1.4.
pub fn next_pin(
    old: Option<&Checkpoint>,
    new: &Checkpoint,
    consistency: Option<&[Hash]>,
) -> Result<Step, PinError> {
    let Some(old) = old else { return Ok(Step::Pin) };
    if old.origin != new.origin {
        return Err(PinError::OtherOrigin {
            old_origin: old.origin.clone(),
            old_size: old.size,
            old_root: old.root.to_hex(),
            new_origin: new.origin.clone(),
            new_size: new.size,
        });
    }
    let (old_size, new_size) = (old.size, new.size);
    if new_size < old_size {
        return Err(PinError::WentBackwards { origin: old.origin.clone(), old_size, new_size });
    }
    let no_hashes: &[Hash] = &[];
    let path = match consistency {
        Some(path) => path,
        // Nothing lies between an empty log, or the same head, and the one shown.
        None if old_size == 0 || old_size == new_size => no_hashes,
        None => return Ok(Step::AskConsistency { old_size, new_size }),
    };
    verify_growth(old, new, path).map_err(|source| PinError::Rewritten {
        origin: old.origin.clone(),
        old_size,
        new_size,
        source,
    })?;
    Ok(if old_size == new_size { Step::Keep } else { Step::Pin })
}

/// The file the pin lies in.
#[derive(Clone, Debug)]
pub struct PinFile {
    path: PathBuf,
}

impl PinFile {
    /// Names the file; nothing is read yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Reads the pinned note; `None` before the first connect.
    ///
    /// Refuses: `File`, `FileFaulty`.
    pub fn read(&self, key: &VerifierKey) -> Result<Option<(String, Checkpoint)>, PinError> {
        match fs::read_to_string(&self.path) {
            Ok(note) => {
                let checkpoint = verify(&note, key)
                    .map_err(|source| PinError::FileFaulty { path: self.path.clone(), source })?;
                Ok(Some((note, checkpoint)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.fault(source)),
        }
    }

    /// Replaces the pin, if it is still `expected`.
    ///
    /// Promise: after a crash the file holds the old note or the new one, whole. `false` means
    ///          that another process of this agency pinned meanwhile: read and decide again.
    /// Refuses: `File`.
    pub fn replace(&self, expected: Option<&str>, note: &str) -> Result<bool, PinError> {
        self.replace_locked(expected, note).map_err(|source| self.fault(source))
    }

    /// Keeps the note of a checkpoint beside the pin, under the pin's name with `.WHY-SIZE-ROOT`
    /// added. Used for what was refused and for the head of a ledger that was given up.
    ///
    /// Promise: each checkpoint has a file of its own, which holds the first note of it that was
    ///          kept, however many programs see it.
    /// Refuses: `File`.
    pub fn keep_beside(
        &self,
        why: &str,
        checkpoint: &Checkpoint,
        note: &str,
    ) -> Result<(), PinError> {
        let path = self.beside(&format!("{why}-{}-{}", checkpoint.size, checkpoint.root.to_hex()));
        let keep = || {
            let _lock = self.lock()?;
            if path.try_exists()? {
                return Ok(());
            }
            write_whole(&path, note.as_bytes())
        };
        keep().map_err(|source| PinError::File { path: path.clone(), source })
    }

    /// Whoever holds this is alone among this agency's programs in writing the pin and what lies
    /// beside it.
    fn lock(&self) -> io::Result<File> {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.beside("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn replace_locked(&self, expected: Option<&str>, note: &str) -> io::Result<bool> {
        let _lock = self.lock()?;
        let present = match fs::read_to_string(&self.path) {
            Ok(note) => Some(note),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if present.as_deref() != expected {
            return Ok(false);
        }
        write_whole(&self.path, note.as_bytes())?;
        Ok(true)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    }

    fn fault(&self, source: io::Error) -> PinError {
        PinError::File { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests;
