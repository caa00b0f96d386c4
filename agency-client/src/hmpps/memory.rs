//! What an import has told, kept so that the end of something can name its beginning.
//!
//! Owns: the memory file. Promises: it holds keyed digests, times and message ids and nothing that
//! was read, so that nobody without the key learns from it whose events they were; what is noted
//! lasts before anything that rests on it is sent; a line cut short by a crash is passed over, and
//! its event, read again, notes the same. One program at a time has it.
//! Deliberately does not know: what an event means, and whether the broker took its message.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::follow::FollowError;
use super::keyed_ids::{self, Use};
use crate::files::write_whole;

/// How long a beginning is remembered, in days: as long as the longest time after which an
/// agreement that ships with the broker has recipients delete what they were told.
const REMEMBERED_DAYS: i64 = 731;

/// What an import told, by keyed digests. `Debug` shows how much and nothing else.
pub struct ImportMemory {
    id_key: [u8; 32],
    /// Beginnings by digest: when each was, in seconds since 1970, and its message.
    begun: BTreeMap<String, BTreeSet<(i64, Uuid)>>,
    /// Messages that were taken back.
    taken_back: BTreeSet<Uuid>,
    /// `None` where nothing is written.
    log: Option<File>,
    /// Held for as long as this lives.
    _lock: Option<File>,
}

impl fmt::Debug for ImportMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ImportMemory({} beginnings)", self.begun.len())
    }
}

/// What a message began or took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// Something began then: later news may end it.
    Begun {
        /// What it is known by, as [`ImportMemory::digest`] gives it.
        digest: String,
        /// When.
        at: OffsetDateTime,
    },
    /// The message of this id is taken back, and ends no more.
    TakenBack(Uuid),
}

impl ImportMemory {
    /// Opens a memory, and makes it with mode 0600 if it is missing.
    ///
    /// Bound: what began more than 731 days before `now` is forgotten here.
    ///
    /// # Errors
    /// [`FollowError::Memory`], also where another program has it open.
    pub fn open(path: &Path, id_key: [u8; 32], now: OffsetDateTime) -> Result<Self, FollowError> {
        let lock = lock(path).map_err(FollowError::Memory)?;
        let mut memory = Self::without_saving(path, id_key, now)?;
        write_whole(path, memory.text().as_bytes()).map_err(FollowError::Memory)?;
        let log = OpenOptions::new().append(true).open(path).map_err(FollowError::Memory)?;
        memory.log = Some(log);
        memory._lock = Some(lock);
        Ok(memory)
    }

    /// Reads a memory and writes nothing of what it is told to it: for a dry run.
    ///
    /// # Errors
    /// [`FollowError::Memory`].
    pub fn without_saving(
        path: &Path,
        id_key: [u8; 32],
        now: OffsetDateTime,
    ) -> Result<Self, FollowError> {
        let saved = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(FollowError::Memory(error)),
        };
        let mut memory = Self {
            id_key,
            begun: BTreeMap::new(),
            taken_back: BTreeSet::new(),
            log: None,
            _lock: None,
        };
        for line in saved.lines() {
            memory.take_line(line);
        }
        memory.forget_before(now - Duration::days(REMEMBERED_DAYS));
        Ok(memory)
    }

    /// By what something is known that begins and ends.
    pub(super) fn digest(id_key: &[u8; 32], facts: &[&str]) -> String {
        hex::encode(keyed_ids::digest(id_key, Use::Remembered, facts))
    }

    /// The message that told the newest beginning by then; none that was taken back.
    pub(super) fn newest(&self, facts: &[&str], by: OffsetDateTime) -> Option<Uuid> {
        let begun = self.begun.get(&Self::digest(&self.id_key, facts))?;
        let by = by.unix_timestamp();
        let stands = |(at, id): &&(i64, Uuid)| *at <= by && !self.taken_back.contains(id);
        begun.iter().rev().find(stands).map(|(_, id)| *id)
    }

    /// Notes what a message began or took back; it lasts once this returns.
    ///
    /// # Errors
    /// [`FollowError::Memory`]; the message must not be sent.
    pub(super) fn note(&mut self, noted: &Noted, message_id: &str) -> Result<(), FollowError> {
        let line = match noted {
            Noted::Begun { digest, at } => {
                format!("{digest} {} {message_id}", at.unix_timestamp())
            }
            Noted::TakenBack(id) => format!("back 0 {id}"),
        };
        if !self.take_line(&line) {
            return Ok(());
        }
        let Some(log) = &mut self.log else { return Ok(()) };
        // A line of its own even where an earlier write was cut short.
        log.write_all(format!("\n{line}\n").as_bytes()).map_err(FollowError::Memory)?;
        log.sync_data().map_err(FollowError::Memory)
    }

    /// Takes in a line; whether it said anything new.
    fn take_line(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        let (Some(key), Some(at), Some(id), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return false;
        };
        let (Ok(at), Ok(id)) = (at.parse::<i64>(), Uuid::try_parse(id)) else { return false };
        match key {
            "back" => self.taken_back.insert(id),
            _ if key.len() == 64 => self.begun.entry(key.to_owned()).or_default().insert((at, id)),
            _ => false,
        }
    }

    fn forget_before(&mut self, oldest: OffsetDateTime) {
        let oldest = oldest.unix_timestamp();
        self.begun.retain(|_, begun| {
            begun.retain(|(at, _)| *at >= oldest);
            !begun.is_empty()
        });
        let known: BTreeSet<Uuid> = self.begun.values().flatten().map(|(_, id)| *id).collect();
        self.taken_back.retain(|id| known.contains(id));
    }

    fn text(&self) -> String {
        let begun = self.begun.iter().flat_map(|(digest, begun)| {
            begun.iter().map(move |(at, id)| format!("{digest} {at} {id}\n"))
        });
        begun.chain(self.taken_back.iter().map(|id| format!("back 0 {id}\n"))).collect()
    }
}

/// Keeps others out: two programs would each rest on what the other does not know.
fn lock(path: &Path) -> std::io::Result<File> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.with_file_name(name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ErrorKind::ResourceBusy.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
