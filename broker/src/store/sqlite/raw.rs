//! The file as it lies there, for checking it against its ledger.
//!
//! Promises to write nothing, not even a checkpoint of the write-ahead log when it closes, and
//! to answer every call from one snapshot, whether or not a broker is writing meanwhile. While
//! it is open the write-ahead log of a working broker keeps growing. Of sealed parts it reads
//! the lengths only.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};

use crate::ledger::fsck::{
    EachEntry, RawAttachment, RawAttested, RawDelivery, RawDocument, RawHead, RawLedger,
    RawMessage, RawRelease, RawReleaseSection, RawReview, RawSubscription, Unreadable,
};
use crate::ledger::journal::StoreError;

use super::{BUSY_MILLIS, MIGRATIONS, fault, stored};

/// A file, read-only, at the moment it was opened.
pub struct SqliteRaw {
    connection: Connection,
}

impl SqliteRaw {
    /// Opens a file and takes the snapshot.
    ///
    /// The folder must be writable even so: SQLite shares its index of the write-ahead log with
    /// a working broker through a file there.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or another version of the broker wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
        connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLIS)).map_err(fault)?;
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(fault)?;
        connection.execute_batch("BEGIN DEFERRED").map_err(fault)?;
        // The first read takes the snapshot that all others answer from.
        let version: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
        if usize::try_from(version) != Ok(MIGRATIONS.len()) {
            let text = "the store was written by another version of the broker";
            return Err(StoreError::Unavailable(text.into()));
        }
        Ok(Self { connection })
    }

    fn each<T>(
        &self,
        query: &str,
        read: fn(&Row<'_>) -> Result<T, rusqlite::Error>,
        each: &mut dyn FnMut(Result<T, Unreadable>),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(query).map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            // Every query names the row number first; SQLite holds it to be a whole number.
            let number = row.get(0).unwrap_or(-1);
            each(read(row).map_err(|_| Unreadable { row: number }));
        }
        Ok(())
    }
}

impl RawLedger for SqliteRaw {
    fn head(&self) -> Result<Option<RawHead>, StoreError> {
        let head = self
            .connection
            .query_row(
                "SELECT size, frontier, last_time, last_message, last_delivery, last_subscription
                 FROM head",
                [],
                |row| {
                    let head = (|| {
                        Ok::<_, rusqlite::Error>(RawHead {
                            size: whole(row, 0)?,
                            frontier: row.get(1)?,
                            last_time: whole(row, 2)?,
                            last_message: whole(row, 3)?,
                            last_delivery: whole(row, 4)?,
                            last_subscription: whole(row, 5)?,
                        })
                    })();
                    Ok(head.map_err(|_| StoreError::Damaged { table: "head" }))
                },
            )
            .optional()
            .map_err(fault)?;
        head.transpose()
    }

    fn for_each_entry(&self, each: &mut EachEntry<'_>) -> Result<(), StoreError> {
        let mut statement =
            self.connection.prepare("SELECT idx, data FROM entry ORDER BY idx").map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let bytes = row.get_ref(1).map_err(fault)?.as_blob().unwrap_or_default();
            each(row.get(0).map_err(fault)?, bytes)?;
        }
        Ok(())
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection
            .prepare_cached("SELECT hashes FROM tile WHERE level = ?1 AND idx = ?2")
            .map_err(fault)?
            .query_row(params![level, stored(index)], |row| Ok(row.get(0).unwrap_or_default()))
            .optional()
            .map_err(fault)
    }

    fn for_each_tile(&self, each: &mut dyn FnMut(i64, i64)) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT level, idx FROM tile ORDER BY level, idx")
            .map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            each(row.get(0).unwrap_or(-1), row.get(1).unwrap_or(-1));
        }
        Ok(())
    }

    fn for_each_subscription(
        &self,
        each: &mut dyn FnMut(Result<RawSubscription, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT id, agency, desk, name FROM subscription ORDER BY id",
            |row| {
                Ok(RawSubscription {
                    row: whole(row, 0)?,
                    agency: row.get(1)?,
                    desk: row.get(2)?,
                    name: row.get(3)?,
                })
            },
            each,
        )
    }

    fn for_each_message(
        &self,
        each: &mut dyn FnMut(Result<RawMessage, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT id, agency, uuid, digest, entry, kind, node, settles,
                    CASE typeof(wrapped_key) WHEN 'blob' THEN length(wrapped_key) ELSE 0 END,
                    CASE typeof(body) WHEN 'blob' THEN length(body) ELSE 0 END,
                    CASE typeof(decision) WHEN 'blob' THEN length(decision) ELSE 0 END,
                    withdraws, accepted_at
             FROM message ORDER BY id",
            |row| {
                Ok(RawMessage {
                    row: whole(row, 0)?,
                    agency: row.get(1)?,
                    id: row.get(2)?,
                    digest: row.get(3)?,
                    entry: whole(row, 4)?,
                    kind: row.get(5)?,
                    node: row.get(6)?,
                    settles: maybe(row, 7)?,
                    wrapped_key_bytes: whole(row, 8)?,
                    body_bytes: whole(row, 9)?,
                    decision_bytes: whole(row, 10)?,
                    withdraws: maybe(row, 11)?,
                    accepted_at: row.get(12)?,
                })
            },
            each,
        )
    }

    fn for_each_delivery(
        &self,
        each: &mut dyn FnMut(Result<RawDelivery, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT id, delivery_id, message, subscription, task, entry, state, number
             FROM delivery ORDER BY id",
            |row| {
                Ok(RawDelivery {
                    row: whole(row, 0)?,
                    id: row.get(1)?,
                    message: whole(row, 2)?,
                    subscription: whole(row, 3)?,
                    task: whole(row, 4)?,
                    entry: whole(row, 5)?,
                    state: whole(row, 6)?,
                    number: whole(row, 7)?,
                })
            },
            each,
        )
    }

    fn for_each_release(
        &self,
        each: &mut dyn FnMut(Result<RawRelease, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT r.rowid, r.release_id, r.delivery, r.entry, r.node, r.attempt, r.voided,
                    NOT EXISTS (SELECT 1 FROM delivery d
                      JOIN message m ON m.id = d.message JOIN subscription s ON s.id = d.subscription
                      WHERE d.id = r.delivery AND (SELECT count(*) FROM release_party p
                        WHERE p.agency IN (m.agency, s.agency) AND p.block = r.rowid / 1024)
                          < 1 + (m.agency <> s.agency)), r.at, r.withheld
             FROM release r ORDER BY r.rowid",
            |row| {
                Ok(RawRelease {
                    row: whole(row, 0)?,
                    id: row.get(1)?,
                    delivery: whole(row, 2)?,
                    entry: whole(row, 3)?,
                    node: row.get(4)?,
                    attempt: whole(row, 5)?,
                    voided: row.get(6)?,
                    listed: row.get(7)?,
                    at: row.get(8)?,
                    withheld: row.get::<_, i64>(9)?.cast_unsigned(),
                })
            },
            each,
        )
    }

    fn for_each_document(
        &self,
        each: &mut dyn FnMut(Result<RawDocument, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT rowid, name, content FROM document ORDER BY rowid",
            |row| Ok(RawDocument { name: row.get(1)?, content: row.get(2)? }),
            each,
        )
    }

    fn for_each_attested(
        &self,
        each: &mut dyn FnMut(Result<RawAttested, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT rowid, delivery, attestation, entry FROM attested ORDER BY rowid",
            |row| {
                Ok(RawAttested {
                    delivery: whole(row, 1)?,
                    attestation: row.get(2)?,
                    entry: whole(row, 3)?,
                })
            },
            each,
        )
    }

    fn for_each_attachment(
        &self,
        each: &mut dyn FnMut(Result<RawAttachment, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT a.id, a.agency, a.size, a.whole, a.message, a.section, length(a.wrapped_key),
                    (SELECT count(*) FROM piece p WHERE p.attachment = a.id),
                    (SELECT coalesce(sum(length(p.sealed)), 0) FROM piece p
                     WHERE p.attachment = a.id),
                    (SELECT coalesce(max(p.place) + 1, 0) FROM piece p WHERE p.attachment = a.id)
             FROM attachment a ORDER BY a.id",
            |row| {
                let (pieces, bytes, last) = (whole(row, 7)?, whole(row, 8)?, whole(row, 9)?);
                let named = match maybe(row, 4)? {
                    Some(message) => Some((message, row.get(5)?)),
                    None => None,
                };
                Ok(RawAttachment {
                    row: whole(row, 0)?,
                    agency: row.get(1)?,
                    size: whole(row, 2)?,
                    whole: row.get(3)?,
                    named,
                    wrapped_key_bytes: whole(row, 6)?,
                    pieces: (pieces == last).then_some((pieces, bytes)),
                })
            },
            each,
        )
    }

    fn for_each_lost_piece(&self, each: &mut dyn FnMut(u64)) -> Result<(), StoreError> {
        self.each(
            "SELECT rowid FROM piece WHERE attachment NOT IN (SELECT id FROM attachment)
             ORDER BY rowid",
            |row| whole(row, 0),
            &mut |row| each(row.unwrap_or(0)),
        )
    }

    fn for_each_release_section(
        &self,
        each: &mut dyn FnMut(Result<RawReleaseSection, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT rowid, release_id, attachment FROM release_section ORDER BY rowid",
            |row| {
                Ok(RawReleaseSection {
                    row: whole(row, 0)?,
                    release: row.get(1)?,
                    attachment: whole(row, 2)?,
                })
            },
            each,
        )
    }

    fn for_each_review(
        &self,
        each: &mut dyn FnMut(Result<RawReview, Unreadable>),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT message, entry, acting, second, closed, closed_by, finding
             FROM review ORDER BY message",
            |row| {
                let closed = match maybe(row, 4)? {
                    Some(entry) => Some((entry, row.get(5)?, row.get(6)?)),
                    None => None,
                };
                Ok(RawReview {
                    message: whole(row, 0)?,
                    entry: whole(row, 1)?,
                    acting: row.get(2)?,
                    second: row.get(3)?,
                    closed,
                })
            },
            each,
        )
    }

    fn for_each_reason(&self, each: &mut dyn FnMut(i64)) -> Result<(), StoreError> {
        let mut statement =
            self.connection.prepare("SELECT entry FROM reason ORDER BY entry").map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            each(row.get(0).unwrap_or(-1));
        }
        Ok(())
    }

    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection
            .query_row("SELECT content FROM document WHERE name = ?1", [name], |row| {
                Ok(row.get(0).unwrap_or_default())
            })
            .optional()
            .map_err(fault)
    }
}

/// A stored number that cannot be negative.
fn whole(row: &Row<'_>, place: usize) -> Result<u64, rusqlite::Error> {
    unsigned(place, row.get(place)?)
}

/// The same, where there may be none.
fn maybe(row: &Row<'_>, place: usize) -> Result<Option<u64>, rusqlite::Error> {
    row.get::<_, Option<i64>>(place)?.map(|number| unsigned(place, number)).transpose()
}

fn unsigned(place: usize, number: i64) -> Result<u64, rusqlite::Error> {
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(place, number))
}
