//! Delivery's reads.
//!
//! Every query over open deliveries names the state as a literal: only then does SQLite see
//! that a partial index serves it.

use rusqlite::{OptionalExtension as _, Row, params};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::delivery::outbox::{Counts, Dead, Made, Outbox, Waiting};
use crate::directory::MessageKind;
use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::prepare::Stored;
use crate::register::DeskName;
use crate::seal::Token;

use super::{SqliteReaders, count, micros, moment, stored};

impl Outbox for SqliteReaders {
    fn waiting(&self, subscription: u64, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT d.id, d.delivery_id, d.task, d.immediate, d.number, d.attempts, d.due,
                            EXISTS (SELECT 1 FROM message w WHERE w.withdraws = m.id),
                            {STORED_COLUMNS}
                     FROM delivery d JOIN message m ON m.id = d.message
                     WHERE d.subscription = ?1 AND d.state = 0
                     ORDER BY d.immediate DESC, d.id LIMIT ?2"
            ))?;
            statement
                .query_map(params![stored(subscription), limit], read_waiting)?
                .collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "message" })).collect()
    }

    fn waiting_count(&self, subscription: u64) -> Result<u64, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM delivery
                     WHERE subscription = ?1 AND state = 0",
                )?
                .query_row([stored(subscription)], |row| row.get(0).map(count))
        })
    }

    fn release(&self, subscription: u64, release: &[u8; 16]) -> Result<Option<Made>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT d.id, d.delivery_id, m.agency, m.uuid, r.attempt
                     FROM release r JOIN delivery d ON d.id = r.delivery
                     JOIN message m ON m.id = d.message
                     WHERE r.release_id = ?1 AND d.subscription = ?2",
                )?
                .query_row(params![release, stored(subscription)], |row| {
                    Ok(Made {
                        delivery: count(row.get(0)?),
                        delivery_id: row.get(1)?,
                        sender: arc(row, 2)?,
                        message: Uuid::from_bytes(row.get(3)?),
                        attempt: row.get(4)?,
                    })
                })
                .optional()
        })
    }

    fn dead(&self, desk: &DeskName) -> Result<Vec<Dead>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT d.id, d.delivery_id, d.subscription, d.attempts, d.changed_at
                 FROM delivery d JOIN subscription s ON s.id = d.subscription
                 WHERE s.agency = ?1 AND s.desk = ?2 AND d.state = 3
                 ORDER BY d.id LIMIT 200",
            )?;
            statement
                .query_map(params![&*desk.agency, &*desk.desk], |row| {
                    Ok(Dead {
                        delivery: count(row.get(0)?),
                        delivery_id: row.get(1)?,
                        subscription: count(row.get(2)?),
                        attempts: row.get(3)?,
                        since: moment(row.get(4)?),
                    })
                })?
                .collect()
        })
    }

    fn expired(&self, now: OffsetDateTime) -> Result<Vec<(Made, u64)>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT d.id, d.delivery_id, m.agency, m.uuid, d.subscription
                 FROM delivery d JOIN message m ON m.id = d.message
                 WHERE d.state = 0 AND m.expires_at <= ?1 LIMIT 500",
            )?;
            statement
                .query_map([micros(now)], |row| {
                    let made = Made {
                        delivery: count(row.get(0)?),
                        delivery_id: row.get(1)?,
                        sender: arc(row, 2)?,
                        message: Uuid::from_bytes(row.get(3)?),
                        attempt: 0,
                    };
                    Ok((made, count(row.get(4)?)))
                })?
                .collect()
        })
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        self.with(|connection| {
            let number = |query: &str| {
                connection.prepare_cached(query)?.query_row([], |row| row.get(0).map(count))
            };
            let mut statement = connection.prepare_cached(
                "SELECT s.agency, min(accepted_at) FROM (
                   SELECT d.subscription AS subscription, m.accepted_at AS accepted_at
                   FROM delivery d JOIN message m ON m.id = d.message WHERE d.state = 0
                   UNION ALL
                   SELECT d.subscription, m.accepted_at
                   FROM delivery d JOIN message m ON m.id = d.message WHERE d.state = 1
                 ) JOIN subscription s ON s.id = subscription GROUP BY s.agency",
            )?;
            let oldest = statement
                .query_map([], |row| Ok((row.get(0)?, moment(row.get(1)?))))?
                .collect::<Result<_, _>>()?;
            Ok(Counts {
                waiting: number("SELECT count(*) FROM delivery WHERE state = 0")?,
                dead: number("SELECT count(*) FROM delivery WHERE state = 3")?,
                oldest_by_agency: oldest,
            })
        })
    }
}

/// `None`: the row holds a kind that no broker wrote.
fn read_waiting(row: &Row<'_>) -> Result<Option<Waiting>, rusqlite::Error> {
    let Some(message) = read_stored(row, 8)? else { return Ok(None) };
    Ok(Some(Waiting {
        delivery: count(row.get(0)?),
        delivery_id: row.get(1)?,
        task: row.get(2)?,
        immediate: row.get(3)?,
        number: count(row.get(4)?),
        attempts: row.get(5)?,
        due: moment(row.get(6)?),
        withdrawn: row.get(7)?,
        message,
    }))
}

/// The columns of a stored message, as [`read_stored`] reads them.
pub(super) const STORED_COLUMNS: &str =
    "m.agency, m.uuid, m.kind, m.node, m.desk, m.accepted_at, m.expires_at,
     m.not_before, m.wrapped_key, m.body, m.decision, m.tokens,
     (SELECT c.uuid FROM message c WHERE c.id = m.settles)";

/// Reads [`STORED_COLUMNS`] that begin at a place.
pub(super) fn read_stored(row: &Row<'_>, first: usize) -> Result<Option<Stored>, rusqlite::Error> {
    let Some(kind) = MessageKind::from_name(&row.get::<_, String>(first + 2)?) else {
        return Ok(None);
    };
    let tokens: Vec<u8> = row.get(first + 11)?;
    let (tokens, _) = tokens.as_chunks::<16>();
    Ok(Some(Stored {
        key: MessageKey { agency: arc(row, first)?, id: Uuid::from_bytes(row.get(first + 1)?) },
        kind,
        node: arc(row, first + 3)?,
        desk: arc(row, first + 4)?,
        accepted_at: moment(row.get(first + 5)?),
        expires_at: moment(row.get(first + 6)?),
        not_before: row.get::<_, Option<i64>>(first + 7)?.map(moment),
        wrapped_key: row.get(first + 8)?,
        body: row.get(first + 9)?,
        decision: row.get(first + 10)?,
        tokens: tokens.iter().map(|token| Token(*token)).collect(),
        settles: row.get::<_, Option<[u8; 16]>>(first + 12)?.map(Uuid::from_bytes),
    }))
}

pub(super) fn arc(row: &Row<'_>, place: usize) -> Result<Arc<str>, rusqlite::Error> {
    row.get::<_, String>(place).map(Arc::from)
}
