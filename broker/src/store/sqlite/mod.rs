//! The embedded store: one SQLite file, one writer, a pool of readers.
//!
//! WAL, `synchronous=FULL`, pages of 16 KiB, plain rowid tables. Promises that a batch is
//! written whole and durably or not at all. Personal data reaches it sealed only.

mod archive;

mod attached;

mod chase;

mod fold;

mod had;

mod journal;

mod lock;

mod outbox;

mod raw;

mod recall;

mod reviews;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use time::OffsetDateTime;

use crate::ledger::journal::StoreError;

use fold::Folding;
pub use journal::SqliteJournal;
pub use lock::{LockedJournal, OpenError, StoreLock};
pub use raw::SqliteRaw;

const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/sqlite/0001_initial.sql")];
const READERS: usize = 4;
/// Pages that the writer keeps, so that a batch neither reads nor spills what it just wrote.
const WRITER_CACHE_KIBIBYTES: i64 = 24 * 1024;
const BUSY_MILLIS: u64 = 5_000;
/// Releases of one block: that an agency has a part in any is noted once for them all. The
/// statements that read by party name it too.
const RELEASE_BLOCK_ROWS: i64 = 1_024;

/// Opens the writer, making the file and its schema when there is none. Nobody else can until
/// it is dropped.
///
/// # Errors
/// Another writer has the store; the file cannot be opened or is of a newer broker.
pub fn open_journal(path: &Path) -> Result<LockedJournal, OpenError> {
    let lock = StoreLock::take(path)?;
    let connection = connect(path)?;
    migrate(&connection)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIBIBYTES).map_err(fault)?;
    // The log is folded beside, where a failed sync is seen.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(fault)?;
    Ok(LockedJournal::new(SqliteJournal::new(connection, Folding::start(path)?), lock))
}

/// Readers of one file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteReaders {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl SqliteReaders {
    /// Readers of a file that a journal has opened before.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Arc::default() }
    }

    /// Closes every reader that is not at work.
    pub fn close(&self) {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let idle = || self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let kept = idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path)?;
                connection.pragma_update(None, "query_only", true).map_err(fault)?;
                connection
            }
        };
        let result = read(&connection).map_err(fault);
        let mut idle = idle();
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }
}

/// Folds the write-ahead log into the file, so that the file alone is the store. For a store
/// that nobody writes any more; with a reader left, some of the log may stay.
///
/// # Errors
/// The file cannot be opened.
pub fn fold(path: &Path) -> Result<(), StoreError> {
    connect(path)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fault)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(fault)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLIS)).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "page_size", 16_384).map_err(fault)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
        .map_err(fault)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
    connection.pragma_update(None, "secure_delete", true).map_err(fault)?;
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(fault)?;
    Ok(connection)
}

fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(StoreError::Unavailable("the store was written by a newer broker".into()));
    }
    for (place, step) in MIGRATIONS.iter().enumerate().skip(done) {
        let next = place + 1;
        let text = format!("BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {next};\nCOMMIT;");
        connection.execute_batch(&text).map_err(fault)?;
    }
    Ok(())
}

/// What an SQLite failure means to the ledger.
fn fault(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    use rusqlite::ffi;
    let code = match &error {
        rusqlite::Error::SqliteFailure(code, _) => code,
        // One work of a batch names a row that is not there: the others need not fail with it.
        rusqlite::Error::StatementChangedRows(_) => {
            return StoreError::Refused("a row is missing".into());
        }
        _ => return StoreError::Unavailable("a stored row cannot be read".into()),
    };
    // Only codes are kept: SQLite's own texts may quote what was written.
    match (code.code, code.extended_code) {
        (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => StoreError::SyncFailed,
        (ErrorCode::DiskFull, _) => StoreError::Full,
        (ErrorCode::ConstraintViolation | ErrorCode::TooBig, extended) => {
            StoreError::Refused(format!("code {extended}"))
        }
        (_, extended) => StoreError::Unavailable(format!("code {extended}")),
    }
}

/// Microseconds since 1970.
fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The moment of stored microseconds.
fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A stored row number as the ledger counts.
fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A number of the ledger as it is stored.
fn stored(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
