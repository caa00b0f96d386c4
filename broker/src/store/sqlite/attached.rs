//! Documents: what is written of them with a batch, and what is read.
//!
//! Every read touches one piece at most.

use rusqlite::{OptionalExtension as _, Transaction, params};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ledger::attached::{AttachmentChange, Attachments, GivenSection, Received, Staged};
use crate::ledger::journal::{ReleaseRow, StoreError};
use crate::message::MessageKey;
use crate::message::sections::SectionName;
use crate::register::DeskName;

use super::outbox::{STORED_COLUMNS, arc, read_stored};
use super::{SqliteReaders, count, micros, moment, stored};

const BEGIN: &str =
    "INSERT INTO attachment (agency, uuid, size, mark, wrapped_key, whole, changed_at)
     VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
/// The next piece of what is not whole, and no other.
const PIECE: &str = "INSERT INTO piece (attachment, place, sealed)
     SELECT a.id, ?3, ?4 FROM attachment a
     WHERE a.agency = ?1 AND a.uuid = ?2 AND a.whole = 0
       AND ?3 = (SELECT count(*) FROM piece p WHERE p.attachment = a.id)";
const TOUCH: &str = "UPDATE attachment SET changed_at = ?3 WHERE agency = ?1 AND uuid = ?2";
const WHOLE: &str = "UPDATE attachment SET whole = 1 WHERE agency = ?1 AND uuid = ?2 AND whole = 0";
const CLAIM: &str = "UPDATE attachment SET message = ?3, section = ?4
     WHERE agency = ?1 AND uuid = ?2 AND whole = 1 AND message IS NULL";
const DISCARD: [&str; 2] = [
    "DELETE FROM piece WHERE attachment IN (SELECT a.id FROM attachment a
       WHERE a.agency = ?1 AND a.uuid = ?2 AND a.message IS NULL)",
    "DELETE FROM attachment WHERE agency = ?1 AND uuid = ?2 AND message IS NULL",
];
const ERASE: [&str; 2] = [
    "DELETE FROM piece WHERE attachment IN (SELECT a.id FROM attachment a WHERE a.message = ?1)",
    "UPDATE attachment SET wrapped_key = x'' WHERE message = ?1",
];

pub(super) fn write(
    transaction: &Transaction<'_>,
    changes: &[AttachmentChange],
) -> Result<(), rusqlite::Error> {
    for change in changes {
        match change {
            AttachmentChange::Begin { key, size, mark, wrapped_key, at } => {
                let row =
                    params![&*key.agency, key.id.as_bytes(), size, mark, wrapped_key, micros(*at)];
                transaction.prepare_cached(BEGIN)?.execute(row)?;
            }
            AttachmentChange::Piece { key, place, sealed, at } => {
                let id = key.id.as_bytes();
                let row = params![&*key.agency, id, place, sealed];
                once(transaction.prepare_cached(PIECE)?.execute(row)?)?;
                let row = params![&*key.agency, id, micros(*at)];
                transaction.prepare_cached(TOUCH)?.execute(row)?;
            }
            AttachmentChange::Whole(key) => {
                let row = params![&*key.agency, key.id.as_bytes()];
                once(transaction.prepare_cached(WHOLE)?.execute(row)?)?;
            }
            AttachmentChange::Claim { key, message, section } => {
                let row = params![&*key.agency, key.id.as_bytes(), stored(*message), section];
                once(transaction.prepare_cached(CLAIM)?.execute(row)?)?;
            }
            AttachmentChange::Discard(key) => {
                for statement in DISCARD {
                    let row = params![&*key.agency, key.id.as_bytes()];
                    transaction.prepare_cached(statement)?.execute(row)?;
                }
            }
            AttachmentChange::Erase { message } => {
                for statement in ERASE {
                    transaction.prepare_cached(statement)?.execute([stored(*message)])?;
                }
            }
        }
    }
    Ok(())
}

/// Writes which documents may be fetched with a release.
pub(super) fn write_released(
    transaction: &Transaction<'_>,
    release: &ReleaseRow,
) -> Result<(), rusqlite::Error> {
    if release.sections.is_empty() {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO release_section (release_id, attachment)
         SELECT ?1, a.id FROM delivery d JOIN attachment a ON a.message = d.message
         WHERE d.id = ?2 AND a.section = ?3",
    )?;
    for section in &release.sections {
        once(insert.execute(params![release.id, stored(release.delivery), section])?)?;
    }
    Ok(())
}

/// A statement about one row found that one.
const fn once(changed: usize) -> Result<(), rusqlite::Error> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

impl Attachments for SqliteReaders {
    fn staged(&self, key: &MessageKey) -> Result<Option<Staged>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT a.id, a.size, a.mark, a.wrapped_key, a.whole, a.message IS NOT NULL,
                            (SELECT count(*) FROM piece p WHERE p.attachment = a.id)
                     FROM attachment a WHERE a.agency = ?1 AND a.uuid = ?2",
                )?
                .query_row(params![&*key.agency, key.id.as_bytes()], |row| {
                    Ok(Staged {
                        row: count(row.get(0)?),
                        size: row.get(1)?,
                        mark: row.get(2)?,
                        wrapped_key: row.get(3)?,
                        whole: row.get(4)?,
                        claimed: row.get(5)?,
                        pieces: row.get(6)?,
                    })
                })
                .optional()
        })
    }

    fn announced(&self, agency: &str) -> Result<(u64, u64), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(size), 0) FROM attachment
                     WHERE agency = ?1 AND message IS NULL",
                )?
                .query_row([agency], |row| Ok((count(row.get(0)?), count(row.get(1)?))))
        })
    }

    fn stale(&self, since: OffsetDateTime) -> Result<Vec<MessageKey>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT agency, uuid FROM attachment
                     WHERE message IS NULL AND changed_at < ?1 LIMIT 100",
                )?
                .query_map([micros(since)], |row| {
                    Ok(MessageKey { agency: arc(row, 0)?, id: Uuid::from_bytes(row.get(1)?) })
                })?
                .collect()
        })
    }

    fn piece(&self, row: u64, place: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT sealed FROM piece WHERE attachment = ?1 AND place = ?2")?
                .query_row(params![stored(row), place], |row| row.get(0))
                .optional()
        })
    }

    fn given_section(
        &self,
        release: &[u8; 16],
        section: &SectionName,
    ) -> Result<Option<GivenSection>, StoreError> {
        let found = self.with(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT s.agency, s.desk, d.task, d.delete_by,
                            EXISTS (SELECT 1 FROM message w WHERE w.withdraws = m.id)
                            OR EXISTS (SELECT 1 FROM attested t
                                       WHERE t.delivery = d.id AND t.attestation IN (4, 5)),
                            a.id, a.agency, a.uuid, a.size, a.wrapped_key, {STORED_COLUMNS}
                     FROM release r JOIN delivery d ON d.id = r.delivery
                     JOIN subscription s ON s.id = d.subscription
                     JOIN message m ON m.id = d.message
                     JOIN release_section x ON x.release_id = r.release_id
                     JOIN attachment a ON a.id = x.attachment
                     WHERE r.release_id = ?1 AND r.voided = 0 AND a.section = ?2"
                ))?
                .query_row(params![release, section], |row| {
                    let Some(message) = read_stored(row, 10)? else { return Ok(None) };
                    Ok(Some(GivenSection {
                        desk: DeskName { agency: arc(row, 0)?, desk: arc(row, 1)? },
                        task: row.get(2)?,
                        delete_by: row.get::<_, Option<i64>>(3)?.map(moment),
                        gone: row.get(4)?,
                        row: count(row.get(5)?),
                        key: MessageKey { agency: arc(row, 6)?, id: Uuid::from_bytes(row.get(7)?) },
                        size: row.get(8)?,
                        wrapped_key: row.get(9)?,
                        message,
                    }))
                })
                .optional()
        })?;
        found.map(|found| found.ok_or(StoreError::Damaged { table: "message" })).transpose()
    }

    fn received(&self, mark: &[u8; 32], agency: &str) -> Result<Vec<Received>, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT DISTINCT a.agency, a.message, a.section,
                            EXISTS (SELECT 1 FROM message w WHERE w.withdraws = a.message)
                     FROM attachment a JOIN release_section x ON x.attachment = a.id
                     JOIN release r ON r.release_id = x.release_id
                     JOIN delivery d ON d.id = r.delivery
                     JOIN subscription s ON s.id = d.subscription
                     WHERE a.mark = ?1 AND a.agency <> ?2 AND s.agency = ?2 AND r.voided = 0
                       AND NOT EXISTS (SELECT 1 FROM attachment o WHERE o.mark = ?1
                                       AND o.agency = ?2 AND o.message < a.message)",
                )?
                .query_map(params![mark, agency], |row| {
                    Ok(Received {
                        sender: arc(row, 0)?,
                        message: count(row.get(1)?),
                        section: row.get(2)?,
                        withdrawn: row.get(3)?,
                    })
                })?
                .collect()
        })
    }
}
