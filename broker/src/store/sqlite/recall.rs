//! The appender's reads, beside its writer: each call answers from one snapshot.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension as _, params};
use time::OffsetDateTime;

use crate::directory::MessageKind;
use crate::ledger::attached::Attachments;
use crate::ledger::journal::{DeliveryState, Held, Known, Recall, ReleasedTo, Stands, StoreError};
use crate::message::MessageKey;
use crate::prepare::Stored;
use crate::register::DeskName;
use crate::seal::Token;

use super::outbox::{STORED_COLUMNS, arc, read_stored};
use super::{SqliteReaders, count, micros, moment, stored};

impl Recall for SqliteReaders {
    fn attachments(&self) -> &dyn Attachments {
        self
    }

    fn known(&self, keys: &[MessageKey]) -> Result<Vec<Option<Known>>, StoreError> {
        self.with(|connection| in_snapshot(connection, |snapshot| read_known(snapshot, keys)))
    }

    fn held(&self, message: u64) -> Result<Vec<Held>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT d.id, s.agency, s.desk, d.state,
                        EXISTS (SELECT 1 FROM release r WHERE r.delivery = d.id AND r.voided = 0),
                        d.delivery_id, d.task
                 FROM delivery d JOIN subscription s ON s.id = d.subscription
                 WHERE d.message = ?1",
            )?;
            statement
                .query_map([stored(message)], |row| {
                    let state = DeliveryState::from_number(row.get(3)?);
                    let desk = DeskName { agency: arc(row, 1)?, desk: arc(row, 2)? };
                    Ok(state.map(|state| {
                        Ok::<_, rusqlite::Error>(Held {
                            delivery: count(row.get(0)?),
                            delivery_id: row.get(5)?,
                            desk,
                            state,
                            released: row.get(4)?,
                            is_task: row.get::<_, i32>(6)? != 0,
                        })
                    }))
                })?
                .map(|row| row.and_then(Option::transpose))
                .collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "delivery" })).collect()
    }

    fn live_custody(
        &self,
        tokens: &[Token],
        now: OffsetDateTime,
    ) -> Result<Vec<(u64, Stored)>, StoreError> {
        let found = self.with(|connection| {
            in_snapshot(connection, |snapshot| read_live_custody(snapshot, tokens, now))
        })?;
        whole(found)
    }

    fn message(&self, row: u64) -> Result<Option<Stored>, StoreError> {
        let found = self.with(|connection| {
            connection
                .prepare_cached(&format!("SELECT {STORED_COLUMNS} FROM message m WHERE m.id = ?1"))?
                .query_row([stored(row)], |row| read_stored(row, 0))
                .optional()
        })?;
        found.map(|found| found.ok_or(StoreError::Damaged { table: "message" })).transpose()
    }

    fn concerned(&self, tokens: &[Token]) -> Result<BTreeSet<DeskName>, StoreError> {
        self.with(|connection| {
            in_snapshot(connection, |snapshot| {
                let mut statement = snapshot.prepare_cached(
                    "SELECT m.agency, m.desk FROM subject t JOIN message m ON m.id = t.message
                     WHERE t.token = ?1 AND t.routes = 1 AND m.kind <> 'request'
                     UNION
                     SELECT s.agency, s.desk FROM subject t JOIN message m ON m.id = t.message
                       JOIN delivery d ON d.message = t.message
                       JOIN subscription s ON s.id = d.subscription
                       JOIN release r ON r.delivery = d.id
                     WHERE t.token = ?1 AND t.routes = 1 AND m.kind <> 'request'
                       AND d.task = 0 AND r.voided = 0",
                )?;
                let mut found = BTreeSet::new();
                for token in tokens {
                    let desks = statement.query_map([token.0], |row| {
                        Ok(DeskName { agency: arc(row, 0)?, desk: arc(row, 1)? })
                    })?;
                    for desk in desks {
                        found.insert(desk?);
                    }
                }
                Ok(found)
            })
        })
    }

    fn released(&self, release: &[u8; 16]) -> Result<Option<ReleasedTo>, StoreError> {
        let found = self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT s.agency, m.agency, m.uuid, m.kind, m.desk
                 FROM release r JOIN delivery d ON d.id = r.delivery
                 JOIN subscription s ON s.id = d.subscription JOIN message m ON m.id = d.message
                 WHERE r.release_id = ?1 AND r.voided = 0 AND d.task = 0",
            )?;
            statement
                .query_row([release], |row| {
                    let message = MessageKey {
                        agency: arc(row, 1)?,
                        id: uuid::Uuid::from_bytes(row.get(2)?),
                    };
                    let kind = MessageKind::from_name(&row.get::<_, String>(3)?);
                    let (recipient, desk) = (arc(row, 0)?, arc(row, 4)?);
                    Ok(kind.map(|kind| ReleasedTo { recipient, message, kind, desk }))
                })
                .optional()
        })?;
        found.map(|found| found.ok_or(StoreError::Damaged { table: "message" })).transpose()
    }

    fn states(&self, deliveries: &[u64]) -> Result<HashMap<u64, Stands>, StoreError> {
        self.with(|connection| {
            in_snapshot(connection, |snapshot| {
                let mut states = HashMap::with_capacity(deliveries.len());
                let mut statement =
                    snapshot.prepare_cached("SELECT state, named FROM delivery WHERE id = ?1")?;
                for row in deliveries {
                    let found: Option<(u8, bool)> = statement
                        .query_row([stored(*row)], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()?;
                    let Some((state, named)) = found else { continue };
                    let state = DeliveryState::from_number(state);
                    states.extend(state.map(|state| (*row, Stands { state, named })));
                }
                Ok(states)
            })
        })
    }
}

/// Rows of which none holds a kind that no broker wrote.
fn whole(
    rows: impl IntoIterator<Item = (u64, Option<Stored>)>,
) -> Result<Vec<(u64, Stored)>, StoreError> {
    rows.into_iter()
        .map(|(row, stored)| {
            stored.map(|stored| (row, stored)).ok_or(StoreError::Damaged { table: "message" })
        })
        .collect()
}

/// Reads in one transaction: statements of their own would each lock the file anew.
pub(super) fn in_snapshot<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let snapshot = connection.unchecked_transaction()?;
    let answer = read(&snapshot)?;
    snapshot.commit()?;
    Ok(answer)
}

fn read_known(
    snapshot: &Connection,
    keys: &[MessageKey],
) -> Result<Vec<Option<Known>>, rusqlite::Error> {
    let mut statement = snapshot.prepare_cached(
        "SELECT id, digest, accepted_at FROM message WHERE agency = ?1 AND uuid = ?2",
    )?;
    keys.iter()
        .map(|key| {
            statement
                .query_row(params![&*key.agency, key.id.as_bytes()], |row| {
                    Ok(Known {
                        row: count(row.get(0)?),
                        digest: row.get(1)?,
                        accepted_at: moment(row.get(2)?),
                    })
                })
                .optional()
        })
        .collect()
}

/// `None` for a row that holds a kind that no broker wrote.
fn read_live_custody(
    snapshot: &Connection,
    tokens: &[Token],
    now: OffsetDateTime,
) -> Result<BTreeMap<u64, Option<Stored>>, rusqlite::Error> {
    let mut found = BTreeMap::new();
    let mut statement = snapshot.prepare_cached(&format!(
        "SELECT m.id, {STORED_COLUMNS}
         FROM subject t JOIN message m ON m.id = t.message
         WHERE t.token = ?1 AND m.kind = 'custody' AND m.expires_at > ?2
           AND NOT EXISTS (SELECT 1 FROM message w WHERE w.withdraws = m.id)
         ORDER BY m.id DESC LIMIT 200"
    ))?;
    for token in tokens {
        let rows = statement.query_map(params![token.0, micros(now)], |row| {
            Ok((count(row.get(0)?), read_stored(row, 1)?))
        })?;
        for row in rows {
            let (row, stored) = row?;
            found.insert(row, stored);
        }
    }
    Ok(found)
}
