//! Reads of the ledger and of what was disclosed.

use proto::ledger::tree::Hash;
use rusqlite::{OptionalExtension as _, Row, params};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::directory::MessageKind;
use crate::ledger::journal::{
    Archive, DeliveredRow, DeliveryState, DisclosureFilter, DisclosureRow, Evidence, Fate, Outcome,
    SealedDecision, StoreError,
};
use crate::ledger::tree::TileId;
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::seal::Token;

use super::outbox::arc;
use super::{SqliteReaders, count, micros, moment, stored};

impl Archive for SqliteReaders {
    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT data FROM entry WHERE idx = ?1")?
                .query_row([stored(index)], |row| row.get(0))
                .optional()
        })
    }

    fn tile(&self, id: TileId) -> Result<Vec<Hash>, StoreError> {
        self.with(|connection| super::journal::read_tile(connection, id.level, id.index))
    }

    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT content FROM document WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()
        })
    }

    fn release_entry(&self, release: &[u8; 16], agency: &str) -> Result<Option<u64>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT r.entry FROM release r JOIN delivery d ON d.id = r.delivery
                     JOIN subscription s ON s.id = d.subscription
                     WHERE r.release_id = ?1 AND s.agency = ?2",
                )?
                .query_row(params![release, agency], |row| row.get(0).map(count))
                .optional()
        })
    }

    fn message_entry(&self, key: &MessageKey) -> Result<Option<u64>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT entry FROM message WHERE agency = ?1 AND uuid = ?2")?
                .query_row(params![&*key.agency, key.id.as_bytes()], |row| row.get(0).map(count))
                .optional()
        })
    }

    fn disclosures(&self, filter: &DisclosureFilter) -> Result<Vec<DisclosureRow>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(disclosures_by(filter))?;
            statement
                .query_map(
                    params![
                        stored(filter.after),
                        filter.party.as_deref(),
                        filter.message.as_ref().map(|key| key.agency.to_string()),
                        filter.message.as_ref().map(|key| key.id.as_bytes().to_vec()),
                        filter.from.map_or(0, micros),
                        filter.until.map_or(i64::MAX, micros),
                        filter.limit,
                    ],
                    read_disclosure,
                )?
                .collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "message" })).collect()
    }

    fn decision(&self, key: &MessageKey) -> Result<Option<SealedDecision>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT wrapped_key, decision FROM message WHERE agency = ?1 AND uuid = ?2",
                )?
                .query_row(params![&*key.agency, key.id.as_bytes()], |row| {
                    Ok(SealedDecision { wrapped_key: row.get(0)?, sealed: row.get(1)? })
                })
                .optional()
        })
    }

    fn followed(&self, key: &MessageKey) -> Result<Option<MessageKey>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT c.agency, c.uuid FROM message m JOIN message c ON c.id = m.settles
                     WHERE m.agency = ?1 AND m.uuid = ?2",
                )?
                .query_row(params![&*key.agency, key.id.as_bytes()], |row| {
                    Ok(MessageKey { agency: arc(row, 0)?, id: Uuid::from_bytes(row.get(1)?) })
                })
                .optional()
        })
    }

    fn outcomes(&self, key: &MessageKey) -> Result<Vec<Outcome>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT s.agency, s.desk, d.state, max(d.changed_at, m.accepted_at), d.id
                 FROM delivery d JOIN message m ON m.id = d.message
                 JOIN subscription s ON s.id = d.subscription
                 WHERE m.agency = ?1 AND m.uuid = ?2 AND d.task = 0 ORDER BY d.id",
            )?;
            let mut attested = connection.prepare_cached(
                "SELECT attestation, at FROM attested WHERE delivery = ?1 ORDER BY attestation",
            )?;
            let mut found = Vec::new();
            let mut rows = statement.query(params![&*key.agency, key.id.as_bytes()])?;
            while let Some(row) = rows.next()? {
                let said = attested.query_map([row.get::<_, i64>(4)?], |row| {
                    Ok((row.get(0)?, moment(row.get(1)?)))
                })?;
                let desk = DeskName { agency: arc(row, 0)?, desk: arc(row, 1)? };
                let (state, at) = (DeliveryState::from_number(row.get(2)?), moment(row.get(3)?));
                let attested = said.collect::<Result<Vec<_>, _>>()?;
                found.push(state.map(|state| Outcome { desk, state, at, attested }));
            }
            Ok(found)
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "delivery" })).collect()
    }

    fn evidence(&self, key: &MessageKey, agency: &str) -> Result<Evidence, StoreError> {
        let asked = params![&*key.agency, key.id.as_bytes(), agency];
        self.with(|connection| {
            let mut evidence = connection.prepare_cached(EVIDENCE)?.query_row(asked, |row| {
                let entry = |column| row.get::<_, Option<i64>>(column).map(|e| e.map(count));
                Ok(Evidence { released: entry(0)?, received: entry(1)?, attested: Vec::new() })
            })?;
            let mut attested = connection.prepare_cached(EVIDENCE_ATTESTED)?;
            evidence.attested = attested
                .query_map(asked, |row| Ok((row.get(0)?, count(row.get(1)?))))?
                .collect::<Result<_, _>>()?;
            Ok(evidence)
        })
    }

    fn register_history(&self) -> Result<Vec<(OffsetDateTime, Vec<u8>)>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT at, sealed FROM register ORDER BY id")?
                .query_map([], |row| Ok((seconds(row.get(0)?), row.get(1)?)))?
                .collect()
        })
    }

    fn delivered(
        &self,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<DeliveredRow>, StoreError> {
        let rows = self.with(|connection| {
            connection
                .prepare_cached(DELIVERED)?
                .query_map(params![micros(from), micros(until)], read_delivered)?
                .collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "message" })).collect()
    }

    fn fates(&self, key: &MessageKey) -> Result<Vec<Fate>, StoreError> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT d.delivery_id, s.agency, s.desk, d.task, d.state,
                        max(d.changed_at, m.accepted_at), r.entry, r.release_id, r.at, d.ended
                 FROM message m JOIN delivery d ON d.message = m.id
                 JOIN subscription s ON s.id = d.subscription
                 LEFT JOIN release r ON r.rowid =
                   (SELECT max(l.rowid) FROM release l WHERE l.delivery = d.id AND l.voided = 0)
                 WHERE m.agency = ?1 AND m.uuid = ?2 ORDER BY d.id LIMIT 1000",
            )?;
            statement
                .query_map(params![&*key.agency, key.id.as_bytes()], |row| {
                    let entry: Option<i64> = row.get(6)?;
                    let released = match entry {
                        Some(entry) => Some((count(entry), row.get(7)?, moment(row.get(8)?))),
                        None => None,
                    };
                    Ok(DeliveryState::from_number(row.get(4)?).map(|state| {
                        Ok::<_, rusqlite::Error>(Fate {
                            delivery_id: row.get(0)?,
                            desk: DeskName { agency: arc(row, 1)?, desk: arc(row, 2)? },
                            task: row.get(3)?,
                            state,
                            at: moment(row.get(5)?),
                            released,
                            ended: row.get::<_, Option<i64>>(9)?.map(count),
                        })
                    }))
                })?
                .map(|row| row.and_then(Option::transpose))
                .collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "delivery" })).collect()
    }

    fn size(&self) -> Result<u64, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT size FROM head")?
                .query_row([], |row| row.get(0).map(count))
                .optional()
                .map(|size| size.unwrap_or(0))
        })
    }
}

/// Deliveries by their first release: reads every release, once a month.
const DELIVERED: &str =
    "SELECT m.agency, m.uuid, m.kind, s.agency, s.desk, d.task, d.immediate, r.at,
       CASE d.state WHEN 2 THEN d.changed_at END,
       (SELECT min(a.at) FROM attested a WHERE a.delivery = d.id AND a.attestation = 2),
       d.state = 3, m.tokens
     FROM release r JOIN delivery d ON d.id = r.delivery JOIN message m ON m.id = d.message
     JOIN subscription s ON s.id = d.subscription
     WHERE r.at >= ?1 AND r.at < ?2 AND r.rowid =
       (SELECT min(l.rowid) FROM release l WHERE l.delivery = d.id AND l.voided = 0)
     ORDER BY r.rowid";

/// Reads a row of that statement. `None`: it holds a kind that no broker wrote.
fn read_delivered(row: &Row<'_>) -> Result<Option<DeliveredRow>, rusqlite::Error> {
    let Some(kind) = MessageKind::from_name(&row.get::<_, String>(2)?) else { return Ok(None) };
    Ok(Some(DeliveredRow {
        message: MessageKey { agency: arc(row, 0)?, id: Uuid::from_bytes(row.get(1)?) },
        kind,
        desk: DeskName { agency: arc(row, 3)?, desk: arc(row, 4)? },
        task: row.get(5)?,
        immediate: row.get(6)?,
        sent_at: moment(row.get(7)?),
        received_at: row.get::<_, Option<i64>>(8)?.map(moment),
        acted_at: row.get::<_, Option<i64>>(9)?.map(moment),
        is_dead: row.get(10)?,
        person: row.get_ref(11)?.as_blob()?.as_chunks().0.iter().min().copied().map(Token),
    }))
}

fn seconds(stored: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(stored).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The first release of a message to an agency by desks its sender named, and the first receipt. The
/// entry by which a delivery ended is its receipt only in the state of being received.
const EVIDENCE: &str = "SELECT
       min((SELECT min(r.entry) FROM release r WHERE r.delivery = d.id AND r.voided = 0)),
       min(CASE WHEN d.state = 2 THEN d.ended END)
     FROM message m JOIN delivery d ON d.message = m.id
     JOIN subscription s ON s.id = d.subscription
     WHERE m.agency = ?1 AND m.uuid = ?2 AND s.agency = ?3 AND d.named = 1";

const EVIDENCE_ATTESTED: &str = "SELECT a.attestation, min(a.entry)
     FROM message m JOIN delivery d ON d.message = m.id
     JOIN subscription s ON s.id = d.subscription JOIN attested a ON a.delivery = d.id
     WHERE m.agency = ?1 AND m.uuid = ?2 AND s.agency = ?3 AND d.named = 1
     GROUP BY a.attestation ORDER BY a.attestation";

/// The statement that reads no more than it must of what a filter asks for. `CROSS JOIN` holds
/// SQLite to the order of the tables: in any other it would read every release there is.
pub(super) const fn disclosures_by(filter: &DisclosureFilter) -> &'static str {
    match (&filter.message, &filter.party) {
        (Some(_), _) => BY_MESSAGE,
        (None, Some(_)) => BY_PARTY,
        (None, None) => BY_PLACE,
    }
}

macro_rules! disclosures {
    ($from:literal, $by:literal, $order:literal) => {
        concat!(
            "SELECT r.rowid, r.release_id, m.agency, m.uuid, m.kind, s.agency, s.desk, r.node,
                    r.entry, r.at, CASE d.state WHEN 2 THEN d.changed_at END FROM ",
            $from,
            " WHERE r.voided = 0 AND r.at >= ?5 AND r.at < ?6 AND ",
            $by,
            " ORDER BY ",
            $order,
            " LIMIT ?7",
        )
    };
}

const BY_PLACE: &str = disclosures!(
    "release r JOIN delivery d ON d.id = r.delivery JOIN message m ON m.id = d.message
     JOIN subscription s ON s.id = d.subscription",
    "r.rowid > ?1",
    "r.rowid"
);

const BY_PARTY: &str = disclosures!(
    "release_party p CROSS JOIN release r
       ON r.rowid BETWEEN max(p.block * 1024, ?1 + 1) AND p.block * 1024 + 1023
     JOIN delivery d ON d.id = r.delivery JOIN message m ON m.id = d.message
     JOIN subscription s ON s.id = d.subscription",
    "p.agency = ?2 AND p.block >= ?1 / 1024 AND (m.agency = ?2 OR s.agency = ?2)",
    "p.block, r.rowid"
);

const BY_MESSAGE: &str = disclosures!(
    "message m CROSS JOIN delivery d ON d.message = m.id CROSS JOIN release r ON r.delivery = d.id
     JOIN subscription s ON s.id = d.subscription",
    "m.agency = ?3 AND m.uuid = ?4 AND r.rowid > ?1
     AND (?2 IS NULL OR m.agency = ?2 OR s.agency = ?2)",
    "r.rowid"
);

/// Reads a row of those statements. `None`: it holds a kind that no broker wrote.
fn read_disclosure(row: &Row<'_>) -> Result<Option<DisclosureRow>, rusqlite::Error> {
    let Some(kind) = MessageKind::from_name(&row.get::<_, String>(4)?) else { return Ok(None) };
    Ok(Some(DisclosureRow {
        place: count(row.get(0)?),
        release_id: row.get(1)?,
        message: MessageKey { agency: arc(row, 2)?, id: Uuid::from_bytes(row.get(3)?) },
        kind,
        desk: DeskName { agency: arc(row, 5)?, desk: arc(row, 6)? },
        node: arc(row, 7)?,
        entry: count(row.get(8)?),
        at: moment(row.get(9)?),
        acknowledged_at: row.get::<_, Option<i64>>(10)?.map(moment),
    }))
}
