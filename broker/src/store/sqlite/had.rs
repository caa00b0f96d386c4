//! What a desk was given, read again for its worklist.
//!
//! Read by way of the blocks of releases in which its agency has a part, the last first, as
//! disclosures are. Promises that nobody asked about decides what is read.

use rusqlite::{Connection, Row, params};
use time::OffsetDateTime;

use crate::delivery::outbox::{Had, Which};
use crate::ledger::journal::StoreError;
use crate::ledger::owed::Owes;
use crate::parcel::Shown;
use crate::register::DeskName;

use super::outbox::{STORED_COLUMNS, read_stored};
use super::{SqliteReaders, count, micros, moment, stored};

/// Where [`STORED_COLUMNS`] begin.
const STORED_FROM: usize = 13;

pub(super) fn read(
    readers: &SqliteReaders,
    desk: &DeskName,
    which: Which,
    now: OffsetDateTime,
) -> Result<Vec<Had>, StoreError> {
    let (from, before, limit) = match which {
        Which::Before(before, limit) => (0, before, limit),
        Which::At(place) => (place, place.saturating_add(1), 1),
    };
    let rows = readers.with(|connection| {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT r.rowid, d.delivery_id, r.release_id, r.at, d.task, r.subjects, r.withheld,
                    EXISTS (SELECT 1 FROM message w WHERE w.withdraws = m.id)
                      OR (m.kind = 'correction' AND EXISTS (SELECT 1 FROM message w
                        WHERE w.withdraws = m.settles AND w.id > m.id)),
                    d.act_by, d.correct_by, d.delete_by, d.id, d.state,
                    {STORED_COLUMNS}
             FROM release_party p CROSS JOIN release r
               ON r.rowid BETWEEN max(p.block * 1024, ?3) AND min(p.block * 1024 + 1023, ?4 - 1)
             JOIN delivery d ON d.id = r.delivery JOIN message m ON m.id = d.message
             JOIN subscription s ON s.id = d.subscription
             WHERE p.agency = ?1 AND p.block BETWEEN ?3 / 1024 AND ?4 / 1024
               AND s.agency = ?1 AND s.desk = ?2 AND d.expires_at > ?5
               AND r.rowid =
                 (SELECT max(l.rowid) FROM release l WHERE l.delivery = d.id AND l.voided = 0)
             ORDER BY p.block DESC, r.rowid DESC LIMIT ?6"
        ))?;
        let asked =
            params![&*desk.agency, &*desk.desk, stored(from), stored(before), micros(now), limit,];
        let mut had = Vec::new();
        let mut rows = statement.query(asked)?;
        while let Some(row) = rows.next()? {
            had.push(read_row(row, connection)?);
        }
        Ok(had)
    })?;
    rows.into_iter().map(|row| row.ok_or(StoreError::Damaged { table: "message" })).collect()
}

/// `None`: the row holds a kind that no broker wrote.
fn read_row(row: &Row<'_>, connection: &Connection) -> Result<Option<Had>, rusqlite::Error> {
    let Some(message) = read_stored(row, STORED_FROM)? else { return Ok(None) };
    let due = |column| row.get::<_, Option<i64>>(column).map(|due| due.map(moment));
    let mut attested = connection.prepare_cached(
        "SELECT attestation, at FROM attested WHERE delivery = ?1 ORDER BY attestation",
    )?;
    let said = attested
        .query_map([row.get::<_, i64>(11)?], |row| Ok((row.get(0)?, moment(row.get(1)?))))?;
    let shown = Shown { subjects: row.get(5)?, withheld: row.get::<_, i64>(6)?.cast_unsigned() };
    let refused = row.get::<_, u8>(12)? == crate::ledger::journal::DeliveryState::Refused as u8;
    Ok(Some(Had {
        place: count(row.get(0)?),
        delivery_id: row.get(1)?,
        release_id: row.get(2)?,
        at: moment(row.get(3)?),
        task: row.get(4)?,
        shown,
        // A refusal at a later attempt is final, and what it ends is as good as taken back.
        withdrawn: row.get::<_, bool>(7)? || refused,
        owes: Owes { act_by: due(8)?, correct_by: due(9)?, delete_by: due(10)?, ..Owes::default() },
        attested: said.collect::<Result<_, _>>()?,
        message,
    }))
}
