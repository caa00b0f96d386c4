//! Emergency accesses and their reviews: written with the batch that says so, read beside it.

use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::directory::MessageKind;
use crate::ledger::journal::{Batch, StoreError};
use crate::ledger::review::{Closing, Review, ReviewFilter, Reviews};
use crate::message::MessageKey;

use super::outbox::arc;
use super::{SqliteReaders, count, micros, moment, stored};

const COLUMNS: &str = "SELECT r.message, m.agency, m.uuid, m.kind, m.desk, r.opened_at, r.acting,
    r.second, r.told, r.closed, r.closed_by, r.finding, r.closed_at
    FROM review r JOIN message m ON m.id = r.message WHERE ";

/// Writes what a batch says of reviews. A review is closed once.
pub(super) fn write(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let rows = &batch.reviews;
    let mut open = transaction.prepare_cached(
        "INSERT INTO review (message, entry, acting, second, opened_at, look_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?;
    for row in &rows.opened {
        let (message, entry) = (stored(row.message), stored(row.entry));
        let (acting, second) = (row.acting.as_bytes(), row.second.as_bytes());
        open.execute(params![message, entry, acting, second, micros(row.at)])?;
    }
    let mut close = transaction.prepare_cached(
        "UPDATE review SET closed = ?2, closed_by = ?3, finding = ?4, closed_at = ?5,
                           look_at = NULL
         WHERE message = ?1 AND closed IS NULL",
    )?;
    for row in &rows.closed {
        let closing = &row.closing;
        let changed = close.execute(params![
            stored(row.message),
            stored(closing.entry),
            closing.by.as_bytes(),
            closing.finding,
            micros(closing.at),
        ])?;
        if changed != 1 {
            return Err(rusqlite::Error::StatementChangedRows(changed));
        }
    }
    // Of one that was closed meanwhile nobody is told any more.
    let mut told = transaction.prepare_cached(
        "UPDATE review SET told = ?2, look_at = ?3 WHERE message = ?1 AND closed IS NULL",
    )?;
    for row in &rows.told {
        told.execute(params![stored(row.message), row.told, row.look_at.map(micros)])?;
    }
    Ok(())
}

impl Reviews for SqliteReaders {
    fn review(&self, key: &MessageKey) -> Result<Option<Review>, StoreError> {
        let found = self.with(|connection| {
            connection
                .prepare_cached(&format!("{COLUMNS} m.agency = ?1 AND m.uuid = ?2"))?
                .query_row(params![&*key.agency, key.id.as_bytes()], read)
                .optional()
        })?;
        found.map(known).transpose()
    }

    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError> {
        self.all(
            "r.message > ?1 AND (?2 IS NULL OR m.agency = ?2) AND (?3 OR r.closed IS NULL)
             ORDER BY r.message LIMIT ?4",
            params![
                stored(filter.after),
                filter.agency.as_deref(),
                filter.closed_too,
                filter.limit
            ],
        )
    }

    fn reviews_to_tell(&self, now: OffsetDateTime) -> Result<Vec<Review>, StoreError> {
        self.all("r.look_at <= ?1 ORDER BY r.look_at LIMIT 500", params![micros(now)])
    }
}

impl SqliteReaders {
    fn all(&self, which: &str, with: &[&dyn rusqlite::ToSql]) -> Result<Vec<Review>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!("{COLUMNS} {which}"))?;
            statement.query_map(with, read)?.collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(known).collect()
    }
}

/// One that names a kind that no broker wrote is damaged.
fn known(row: Option<Review>) -> Result<Review, StoreError> {
    row.ok_or(StoreError::Damaged { table: "message" })
}

/// `None`: it holds a kind that no broker wrote.
fn read(row: &Row<'_>) -> Result<Option<Review>, rusqlite::Error> {
    let Some(kind) = MessageKind::from_name(&row.get::<_, String>(3)?) else { return Ok(None) };
    let id = |place| row.get::<_, [u8; 16]>(place).map(Uuid::from_bytes);
    let closed = match row.get::<_, Option<i64>>(9)? {
        Some(entry) => Some(Closing {
            entry: count(entry),
            by: id(10)?,
            finding: row.get(11)?,
            at: moment(row.get(12)?),
        }),
        None => None,
    };
    Ok(Some(Review {
        row: count(row.get(0)?),
        message: MessageKey { agency: arc(row, 1)?, id: id(2)? },
        kind,
        desk: arc(row, 4)?,
        opened_at: moment(row.get(5)?),
        acting: id(6)?,
        second: id(7)?,
        told: row.get(8)?,
        closed,
    }))
}
