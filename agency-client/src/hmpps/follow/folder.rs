//! A folder that events are dropped into, read continuously and at least once.
//!
//! Owns: which files were dealt with. Promises: a file is offered until it is marked done, across
//! crashes; a file whose content changes is offered again; the saved position holds keyed digests
//! and no file names, which may carry prison numbers. Deliberately does not know: what is in a
//! file, and what becomes of it.
//!
//! Whoever writes into the folder must write under a name that begins with a dot, or outside it,
//! and then rename: files that begin with a dot are never read. Nor are files that are no events
//! by their names, [`is_event_file`]; they are counted.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::PAYLOAD_BYTES_MAX;
use super::super::keyed_ids::{self, Use};
use super::FollowError;
use crate::files::{read_start, write_whole};

/// How the name of an event's file ends, after the dot.
const EVENT_ENDING: &str = "json";
/// How many files more than lie in the folder the saved position may hold before it is written anew.
const GONE_MAX: usize = 256;

/// Whether a file in a folder is an event by its name: one that ends in `.json`, whatever the
/// case of its letters.
#[must_use]
pub fn is_event_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(EVENT_ENDING))
}

/// A file that was not yet dealt with, as it was seen: rewritten, it is another. `Debug` shows no
/// name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadFile {
    /// Where it is.
    pub path: PathBuf,
    seen: String,
}

impl fmt::Debug for UnreadFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UnreadFile { .. }")
    }
}

impl UnreadFile {
    /// The content, at most one byte more than `PAYLOAD_BYTES_MAX`: enough for
    /// [`crate::hmpps::read`] to see that it is too large.
    ///
    /// # Errors
    /// [`FollowError::Read`].
    pub fn content(&self) -> Result<Vec<u8>, FollowError> {
        File::open(&self.path)
            .and_then(|file| read_start(file, PAYLOAD_BYTES_MAX as u64))
            .map_err(FollowError::Read)
    }
}

/// A folder with a saved position.
pub struct FolderSource {
    dir: PathBuf,
    state_file: PathBuf,
    id_key: [u8; 32],
    done: BTreeSet<String>,
    log: File,
}

impl fmt::Debug for FolderSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FolderSource({} files done)", self.done.len())
    }
}

impl FolderSource {
    /// Opens a folder at its saved position; without a saved position, at the beginning.
    ///
    /// Bound: what is saved of files that have left the folder is dropped, here and once there are
    ///        more than 256 of them, so the state file is bounded by the folder. Its mode is 0600.
    ///
    /// # Errors
    /// [`FollowError::Read`] and [`FollowError::State`].
    pub fn open(dir: &Path, state_file: &Path, id_key: [u8; 32]) -> Result<Self, FollowError> {
        let saved = match fs::read_to_string(state_file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(FollowError::State(error)),
        };
        // A line cut short by a crash matches no file, so that file is offered once more.
        let saved: BTreeSet<&str> = saved.lines().collect();
        let done: BTreeSet<String> = look(dir, &id_key)?
            .events
            .into_iter()
            .map(|file| file.seen)
            .filter(|seen| saved.contains(seen.as_str()))
            .collect();
        let log = rewrite(state_file, &done).map_err(FollowError::State)?;
        Ok(Self { dir: dir.to_owned(), state_file: state_file.to_owned(), id_key, done, log })
    }

    /// The next files that are not done, in the order of their names.
    ///
    /// # Errors
    /// [`FollowError::Read`] and [`FollowError::State`].
    pub fn next_unread(&mut self, files_max: usize) -> Result<Vec<UnreadFile>, FollowError> {
        let state = self.state_file.canonicalize().map_err(FollowError::State)?;
        let events = look(&self.dir, &self.id_key)?.events;
        if self.done.len() > events.len() + GONE_MAX {
            self.drop_gone(&events).map_err(FollowError::State)?;
        }
        let unread = events.into_iter().filter(|file| {
            !self.done.contains(&file.seen)
                && file.path.canonicalize().ok().as_ref() != Some(&state)
        });
        Ok(unread.take(files_max).collect())
    }

    /// Drops what is saved of files that have left the folder.
    fn drop_gone(&mut self, present: &[UnreadFile]) -> std::io::Result<()> {
        let present: BTreeSet<&str> = present.iter().map(|file| file.seen.as_str()).collect();
        self.done.retain(|seen| present.contains(seen.as_str()));
        self.log = rewrite(&self.state_file, &self.done)?;
        Ok(())
    }

    /// How many files lie in the folder now that are no events by their names. The saved position
    /// is not counted.
    ///
    /// # Errors
    /// [`FollowError::Read`] and [`FollowError::State`].
    pub fn not_read(&self) -> Result<usize, FollowError> {
        let state = self.state_file.canonicalize().map_err(FollowError::State)?;
        let others = look(&self.dir, &self.id_key)?.others;
        Ok(others
            .into_iter()
            .filter(|path| path.canonicalize().ok().as_ref() != Some(&state))
            .count())
    }

    /// Records that a file was dealt with; true after a restart too, once this returns.
    ///
    /// # Errors
    /// [`FollowError::State`]; the file will then be offered again.
    pub fn mark_done(&mut self, file: &UnreadFile) -> Result<(), FollowError> {
        // A line of its own even where an earlier write was cut short.
        let line = format!("\n{}\n", file.seen);
        self.log.write_all(line.as_bytes()).map_err(FollowError::State)?;
        self.log.sync_data().map_err(FollowError::State)?;
        self.done.insert(file.seen.clone());
        Ok(())
    }
}

/// What lies in a folder.
#[derive(Default)]
struct Looked {
    /// Events, in the order of names.
    events: Vec<UnreadFile>,
    /// Files that are no events by their names.
    others: Vec<PathBuf>,
}

/// Every plain file of a folder that does not begin with a dot. Links are not followed: what is
/// read must lie in the folder.
fn look(dir: &Path, id_key: &[u8; 32]) -> Result<Looked, FollowError> {
    let mut looked = Looked::default();
    for entry in fs::read_dir(dir).map_err(FollowError::Read)? {
        let entry = entry.map_err(FollowError::Read)?;
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        // A file may be taken away between the listing and the look at it.
        let Ok(metadata) = entry.metadata() else { continue };
        if hidden || !metadata.is_file() {
            continue;
        }
        if !is_event_file(&entry.path()) {
            looked.others.push(entry.path());
            continue;
        }
        let version = format!("{} {} {}", metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        let name_hex = hex::encode(name.as_encoded_bytes());
        let seen = keyed_ids::digest(id_key, Use::FileSeen, &[&name_hex, &version]);
        looked.events.push(UnreadFile { path: entry.path(), seen: hex::encode(seen) });
    }
    looked.events.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(looked)
}

/// Writes the position anew, in full or not at all, and opens it to be added to.
fn rewrite(state_file: &Path, done: &BTreeSet<String>) -> std::io::Result<File> {
    let text: String = done.iter().flat_map(|seen| [seen.as_str(), "\n"]).collect();
    write_whole(state_file, text.as_bytes())?;
    OpenOptions::new().append(true).open(state_file)
}
