//! Delivery's reads.
//!
//! Every query over open deliveries names the state as a literal: only then does SQLite see
//! that a partial index serves it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::delivery::outbox::{
    Counts, Dead, Had, InLine, Made, Outbox, Overdue, Owed, Place, Waiting, Which,
};
use crate::directory::MessageKind;
use crate::ledger::journal::StoreError;
use crate::ledger::owed::Given;
use crate::message::MessageKey;
use crate::parcel::Shown;
use crate::prepare::Stored;
use crate::register::DeskName;
use crate::seal::Token;

use super::chase;
use super::{SqliteReaders, count, micros, moment, stored};

impl Outbox for SqliteReaders {
    fn line(
        &self,
        subscription: u64,
        after: Option<Place>,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<InLine>, StoreError> {
        // Lane by lane: only with its lane fixed does a place lead straight into the index.
        let lanes = match after {
            None => vec![(true, 0), (false, 0)],
            Some(Place { immediate: true, delivery }) => vec![(true, delivery), (false, 0)],
            Some(Place { immediate: false, delivery }) => vec![(false, delivery)],
        };
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT d.id, d.delivery_id, d.task, d.immediate, d.number, d.attempts, d.due,
                            EXISTS (SELECT 1 FROM message w WHERE w.withdraws = m.id)
                              OR (m.kind = 'correction' AND EXISTS (SELECT 1 FROM message w
                                WHERE w.withdraws = m.settles AND w.id > m.id)),
                            {STORED_COLUMNS}
                     FROM delivery d JOIN message m ON m.id = d.message
                     WHERE d.subscription = ?1 AND d.state = 0 AND d.immediate = ?2 AND d.id > ?3
                     ORDER BY d.id LIMIT ?4"
            ))?;
            let mut rows: Vec<Option<InLine>> = Vec::new();
            for (immediate, from) in lanes {
                let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(rows.len());
                let room = i64::try_from(room).unwrap_or(i64::MAX);
                let asked = params![stored(subscription), immediate, stored(from), room];
                let page = statement.query_map(asked, |row| read_in_line(row, now))?;
                for row in page {
                    rows.push(row?);
                }
            }
            Ok(rows)
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "message" })).collect()
    }

    fn waiting_count(&self, subscription: u64) -> Result<u64, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM
                       (SELECT 1 FROM delivery WHERE subscription = ?1 AND state = 0 LIMIT 1000)",
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

    fn given(
        &self,
        desk: &DeskName,
        releases: &[[u8; 16]],
        attestation: i32,
    ) -> Result<Vec<Given>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT d.id, m.agency, m.uuid, d.named, m.id, d.task, r.subjects, r.withheld
                 FROM release r JOIN delivery d ON d.id = r.delivery
                 JOIN message m ON m.id = d.message JOIN subscription s ON s.id = d.subscription
                 WHERE r.release_id = ?1 AND r.voided = 0 AND s.agency = ?2 AND s.desk = ?3
                   AND NOT EXISTS (SELECT 1 FROM attested a
                                   WHERE a.delivery = d.id AND a.attestation = ?4)",
            )?;
            let mut found = Vec::new();
            for release in releases {
                let asked = params![release, &*desk.agency, &*desk.desk, attestation];
                let given = statement.query_row(asked, |row| {
                    Ok(Given {
                        release_id: *release,
                        delivery: count(row.get(0)?),
                        sender: arc(row, 1)?,
                        message: Uuid::from_bytes(row.get(2)?),
                        named: row.get(3)?,
                        row: count(row.get(4)?),
                        task: row.get(5)?,
                        shown: Shown {
                            subjects: row.get(6)?,
                            withheld: row.get::<_, i64>(7)?.cast_unsigned(),
                        },
                    })
                });
                found.extend(given.optional()?);
            }
            Ok(found)
        })
    }

    fn was_given(&self, desk: &DeskName, message: &MessageKey) -> Result<bool, StoreError> {
        self.with(|connection| has_had(connection, desk, message, false))
    }

    fn shown(&self, desk: &DeskName, message: &MessageKey) -> Result<Vec<Shown>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.subjects, r.withheld FROM message m JOIN delivery d ON d.message = m.id
                   JOIN subscription s ON s.id = d.subscription JOIN release r ON r.delivery = d.id
                 WHERE m.agency = ?1 AND m.uuid = ?2 AND s.agency = ?3 AND s.desk = ?4
                   AND r.voided = 0 AND d.task = 0",
            )?;
            let of = params![&*message.agency, message.id.as_bytes(), &*desk.agency, &*desk.desk];
            let shown = statement.query_map(of, |row| {
                Ok(Shown { subjects: row.get(0)?, withheld: row.get::<_, i64>(1)?.cast_unsigned() })
            })?;
            shown.collect()
        })
    }

    fn was_told_of(&self, desk: &DeskName, message: &MessageKey) -> Result<bool, StoreError> {
        self.with(|connection| has_had(connection, desk, message, true))
    }

    fn chasing(&self, message: &MessageKey, tokens: &[Token]) -> Result<Vec<u64>, StoreError> {
        self.with(|connection| chase::chasing(connection, message, tokens))
    }

    fn had(
        &self,
        desk: &DeskName,
        which: Which,
        now: OffsetDateTime,
    ) -> Result<Vec<Had>, StoreError> {
        super::had::read(self, desk, which, now)
    }

    fn owed(&self, desk: &DeskName) -> Result<Vec<Owed>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(OWED)?;
            let rows = statement
                .query_map(params![&*desk.agency, &*desk.desk], |row| {
                    let message =
                        MessageKey { agency: arc(row, 1)?, id: Uuid::from_bytes(row.get(2)?) };
                    let (release_id, delivery_id) = (row.get(0)?, row.get(6)?);
                    // In the order of the columns: acted, corrected, deleted, and opened.
                    let moments = [(2, 3), (3, 4), (4, 5), (1, 7)];
                    moments
                        .into_iter()
                        .map(|(attestation, column)| {
                            Ok(row.get::<_, Option<i64>>(column)?.map(|due| Owed {
                                release_id,
                                delivery_id,
                                message: message.clone(),
                                attestation,
                                due: moment(due),
                            }))
                        })
                        .filter_map(Result::transpose)
                        .collect::<Result<Vec<_>, rusqlite::Error>>()
                })?
                .collect::<Result<Vec<_>, _>>()?;
            let mut owed: Vec<Owed> = rows.into_iter().flatten().collect();
            owed.sort_by_key(|owed| owed.due);
            owed.truncate(500);
            Ok(owed)
        })
    }

    fn overdue(&self, now: OffsetDateTime) -> Result<Vec<Overdue>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(OVERDUE)?;
            statement
                .query_map([micros(now)], |row| {
                    let due = |column| row.get::<_, Option<i64>>(column);
                    Ok(Overdue {
                        delivery: count(row.get(0)?),
                        delivery_id: row.get(1)?,
                        desk: DeskName { agency: arc(row, 2)?, desk: arc(row, 3)? },
                        act_by: due(4)?.map(moment),
                        correct_by: due(5)?.map(moment),
                        delete_by: due(6)?.map(moment),
                        open_by: due(9)?.map(moment),
                        remind_at: due(10)?.map(moment),
                        told: row.get(7)?,
                        released: row.get(8)?,
                        notice_only: Shown { subjects: row.get(14)?, withheld: 0 }.notice_only(),
                        message: count(row.get(11)?),
                        task: row.get(12)?,
                        ended: matches!(row.get(13)?, 3_u8 | 4),
                        runs_out: row.get::<_, u8>(13)? == 4,
                    })
                })?
                .collect()
        })
    }

    fn accepted(
        &self,
        (agency, node, kind): (&str, Option<&str>, MessageKind),
        after: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(ACCEPTED)?;
            let asked = params![agency, node, kind.name(), micros(after), micros(until)];
            statement.query_row(asked, |row| row.get(0).map(count))
        })
    }

    fn accepted_without_numbers(
        &self,
        (agency, node, kind): (&str, Option<&str>, MessageKind),
        after: OffsetDateTime,
        until: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(&accepted_without_numbers())?;
            let asked = params![agency, node, kind.name(), micros(after), micros(until), limit];
            statement.query_map(asked, |row| read_stored(row, 0))?.collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "message" })).collect()
    }

    fn expired(&self, now: OffsetDateTime) -> Result<Vec<(Made, u64)>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(EXPIRED)?;
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
            let mut statement = connection.prepare_cached(OLDEST)?;
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

/// Whether anything was released to a desk because of a message: the message itself, or with
/// `or_task` a task about it as well.
fn has_had(
    connection: &Connection,
    desk: &DeskName,
    message: &MessageKey,
    or_task: bool,
) -> Result<bool, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message m JOIN delivery d ON d.message = m.id
               JOIN subscription s ON s.id = d.subscription JOIN release r ON r.delivery = d.id
               WHERE m.agency = ?1 AND m.uuid = ?2 AND s.agency = ?3 AND s.desk = ?4
                 AND r.voided = 0 AND (d.task = 0 OR ?5))",
        )?
        .query_row(
            params![&*message.agency, message.id.as_bytes(), &*desk.agency, &*desk.desk, or_task],
            |row| row.get(0),
        )
}

/// What a desk owes for what it was given: the last release of each that was not void.
const OWED: &str = "SELECT r.release_id, m.agency, m.uuid, d.act_by, d.correct_by, d.delete_by,
       d.delivery_id, d.open_by
     FROM subscription s JOIN delivery d ON d.subscription = s.id
     JOIN message m ON m.id = d.message
     JOIN release r ON r.rowid =
       (SELECT max(l.rowid) FROM release l WHERE l.delivery = d.id AND l.voided = 0)
     WHERE s.agency = ?1 AND s.desk = ?2 AND d.look_at IS NOT NULL
       AND coalesce(d.act_by, d.correct_by, d.delete_by, d.open_by) IS NOT NULL
     ORDER BY min(coalesce(d.act_by, d.correct_by, d.delete_by, d.open_by),
                  coalesce(d.correct_by, d.delete_by, d.open_by, d.act_by),
                  coalesce(d.delete_by, d.open_by, d.act_by, d.correct_by),
                  coalesce(d.open_by, d.act_by, d.correct_by, d.delete_by)) LIMIT 500";

/// What is owed and to be looked at by now, of every desk.
const OVERDUE: &str = "SELECT d.id, d.delivery_id, s.agency, s.desk, d.act_by, d.correct_by,
       d.delete_by, d.told,
       EXISTS (SELECT 1 FROM release r WHERE r.delivery = d.id AND r.voided = 0),
       d.open_by, d.remind_at, d.message, d.task, d.state,
       coalesce((SELECT r.subjects FROM release r WHERE r.delivery = d.id AND r.voided = 0
         ORDER BY r.rowid DESC LIMIT 1), 0)
     FROM subscription s JOIN delivery d ON d.subscription = s.id
     WHERE d.look_at IS NOT NULL AND d.look_at <= ?1 LIMIT 500";

/// Accepted messages of a kind in a while that name somebody by a number, each news once. `message_accepted` serves it.
pub(super) const ACCEPTED: &str = "SELECT count(*) FROM message
     WHERE agency = ?1 AND kind = ?3 AND accepted_at > ?4 AND accepted_at <= ?5
       AND (?2 IS NULL OR node = ?2) AND settles IS NULL AND length(tokens) > 0";

/// Those of them that name nobody by a number, and were not taken back.
fn accepted_without_numbers() -> String {
    format!(
        "SELECT {STORED_COLUMNS} FROM message m
         WHERE m.agency = ?1 AND m.kind = ?3 AND m.accepted_at > ?4 AND m.accepted_at <= ?5
           AND (?2 IS NULL OR m.node = ?2) AND m.settles IS NULL AND length(m.tokens) = 0
           AND NOT EXISTS (SELECT 1 FROM message w WHERE w.withdraws = m.id)
         ORDER BY m.id DESC LIMIT ?6"
    )
}

/// What has run out and still waits.
pub(super) const EXPIRED: &str = "SELECT d.id, d.delivery_id, m.agency, m.uuid, d.subscription
     FROM delivery d JOIN message m ON m.id = d.message
     WHERE d.state = 0 AND d.expires_at <= ?1 LIMIT 500";

/// The oldest unread deliveries: rows are made in the order of acceptance, so that the first of
/// each line is enough, however long the line.
pub(super) const OLDEST: &str = "SELECT s.agency, min(m.accepted_at)
     FROM subscription s CROSS JOIN delivery d ON d.id IN (
       (SELECT min(id) FROM delivery WHERE subscription = s.id AND immediate = 1 AND state = 0),
       (SELECT min(id) FROM delivery WHERE subscription = s.id AND immediate = 0 AND state = 0),
       (SELECT min(id) FROM delivery WHERE subscription = s.id AND state = 1))
     CROSS JOIN message m ON m.id = d.message GROUP BY s.agency";

/// Reads a row of a line; of one whose time has not come, no body. `None`: the row holds a
/// kind that no broker wrote.
fn read_in_line(row: &Row<'_>, now: OffsetDateTime) -> Result<Option<InLine>, rusqlite::Error> {
    let place = Place { immediate: row.get(3)?, delivery: count(row.get(0)?) };
    let not_before: Option<i64> = row.get(STORED_FROM + 7)?;
    if not_before.map(moment).is_some_and(|from| from > now) {
        return Ok(Some(InLine::Embargoed(place)));
    }
    if moment(row.get(6)?) > now {
        let tokens = read_tokens(row, STORED_FROM + 11)?;
        return Ok(Some(InLine::Delayed { place, tokens }));
    }
    let Some(message) = read_stored(row, STORED_FROM)? else { return Ok(None) };
    Ok(Some(InLine::Due(Box::new(Waiting {
        delivery: place.delivery,
        delivery_id: row.get(1)?,
        task: row.get(2)?,
        immediate: place.immediate,
        number: count(row.get(4)?),
        attempts: row.get(5)?,
        withdrawn: row.get(7)?,
        message,
    }))))
}

pub(super) fn read_tokens(row: &Row<'_>, place: usize) -> Result<Vec<Token>, rusqlite::Error> {
    let tokens: Vec<u8> = row.get(place)?;
    let (tokens, _) = tokens.as_chunks::<16>();
    Ok(tokens.iter().map(|token| Token(*token)).collect())
}

/// Where [`STORED_COLUMNS`] begin in a row of a line.
const STORED_FROM: usize = 8;

/// The columns of a stored message, as [`read_stored`] reads them.
pub(super) const STORED_COLUMNS: &str =
    "m.agency, m.uuid, m.kind, m.node, m.desk, m.accepted_at, m.expires_at,
     m.not_before, m.wrapped_key, m.body, m.decision, m.tokens,
     (SELECT c.uuid FROM message c WHERE c.id = m.settles),
     (SELECT c.agency FROM message c WHERE c.id = m.settles)";

/// Reads [`STORED_COLUMNS`] that begin at a place.
pub(super) fn read_stored(row: &Row<'_>, first: usize) -> Result<Option<Stored>, rusqlite::Error> {
    let Some(kind) = MessageKind::from_name(&row.get::<_, String>(first + 2)?) else {
        return Ok(None);
    };
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
        tokens: read_tokens(row, first + 11)?,
        settles: read_settles(row, first + 12)?,
    }))
}

/// The key of the message that one follows: id, then agency.
fn read_settles(row: &Row<'_>, place: usize) -> Result<Option<MessageKey>, rusqlite::Error> {
    let id = row.get::<_, Option<[u8; 16]>>(place)?.map(Uuid::from_bytes);
    let agency = row.get::<_, Option<String>>(place + 1)?.map(Arc::from);
    Ok(id.zip(agency).map(|(id, agency)| MessageKey { agency, id }))
}

pub(super) fn arc(row: &Row<'_>, place: usize) -> Result<Arc<str>, rusqlite::Error> {
    row.get::<_, String>(place).map(Arc::from)
}
