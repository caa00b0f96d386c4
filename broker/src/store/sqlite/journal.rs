//! The writer: a whole batch in one transaction, prepared rows on the appender's thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::ledger::tree::Hash;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::ledger::journal::{
    Attempts, Batch, DeliveryMark, DeliveryState, Head, Journal, Start, StoreError, SubscriptionRow,
};
use crate::register::DeskName;
use crate::rules::Epochs;

use super::chase;
use super::fold::Folding;
use super::{RELEASE_BLOCK_ROWS, count, fault, micros, stored};

/// The writer of one SQLite file.
pub struct SqliteJournal {
    connection: Connection,
    folding: Folding,
}

impl SqliteJournal {
    pub(super) fn new(connection: Connection, folding: Folding) -> Self {
        Self { connection, folding }
    }
}

impl Journal for SqliteJournal {
    fn start(&mut self) -> Result<Start, StoreError> {
        let transaction = self.connection.transaction().map_err(fault)?;
        let start = read_start(&transaction).map_err(fault)?;
        // What was released and never settled is offered again, at once: this process
        // holds no leases of the last one.
        transaction
            .execute("UPDATE delivery SET state = 0, due = 0 WHERE state = 1", [])
            .map_err(fault)?;
        let subscriptions = read_subscriptions(&transaction).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(Start { subscriptions, ..start })
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(fault)?;
        write(&transaction, batch).map_err(fault)?;
        transaction.commit().map_err(fault)
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        self.folding.look(&self.connection)
    }
}

fn write(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    write_log(transaction, batch)?;
    write_messages(transaction, batch)?;
    write_redecided(transaction, batch)?;
    super::attached::write(transaction, &batch.attachments)?;
    write_deliveries(transaction, batch)?;
    let mut register =
        transaction.prepare_cached("INSERT INTO register (at, sealed) VALUES (?1, ?2)")?;
    for sealed in &batch.register {
        register.execute(params![stored(batch.head.last_time), sealed])?;
    }
    let mut documents = transaction.prepare_cached(
        "INSERT INTO document (name, content) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET content = excluded.content",
    )?;
    for (name, content) in &batch.documents {
        documents.execute(params![name, content])?;
    }
    let mut reasons =
        transaction.prepare_cached("INSERT INTO reason (entry, sealed) VALUES (?1, ?2)")?;
    for (entry, sealed) in &batch.reasons {
        reasons.execute(params![stored(*entry), sealed])?;
    }
    Ok(())
}

fn write_log(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut entries =
        transaction.prepare_cached("INSERT INTO entry (idx, data) VALUES (?1, ?2)")?;
    for entry in &batch.entries {
        entries.execute(params![stored(entry.index), entry.bytes])?;
    }
    let mut tiles = transaction.prepare_cached(
        "INSERT INTO tile (level, idx, hashes) VALUES (?1, ?2, ?3)
         ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes",
    )?;
    for (id, hashes) in &batch.tiles {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        tiles.execute(params![id.level, stored(id.index), bytes])?;
    }
    let head = &batch.head;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO head (id, size, frontier, last_time, epoch_policy, epoch_directory,
                           epoch_register, last_message, last_delivery, last_subscription)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET size = excluded.size, frontier = excluded.frontier,
           last_time = excluded.last_time, epoch_policy = excluded.epoch_policy,
           epoch_directory = excluded.epoch_directory, epoch_register = excluded.epoch_register,
           last_message = excluded.last_message, last_delivery = excluded.last_delivery,
           last_subscription = excluded.last_subscription",
    )?;
    statement.execute(params![
        stored(head.size),
        head.frontier,
        stored(head.last_time),
        stored(head.epochs.policy),
        stored(head.epochs.directory),
        stored(head.epochs.register),
        stored(head.last_message),
        stored(head.last_delivery),
        stored(head.last_subscription),
    ])?;
    Ok(())
}

fn write_messages(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO message (id, agency, uuid, digest, entry, kind, node, desk, accepted_at,
                              expires_at, not_before, wrapped_key, body, decision, tokens, settles,
                              withdraws)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    let mut subjects = transaction
        .prepare_cached("INSERT INTO subject (token, message, routes) VALUES (?1, ?2, ?3)")?;
    for message in &batch.messages {
        for (token, routes) in message.tokens.iter().zip(&message.routes) {
            subjects.execute(params![token.0, stored(message.row), routes])?;
        }
        let tokens: Vec<u8> = message.tokens.iter().flat_map(|token| token.0).collect();
        statement.execute(params![
            stored(message.row),
            &*message.key.agency,
            message.key.id.as_bytes(),
            message.digest,
            stored(message.entry),
            message.kind.name(),
            &*message.node,
            &*message.desk,
            micros(message.accepted_at),
            micros(message.expires_at),
            message.not_before.map(micros),
            message.wrapped_key,
            message.sealed_body,
            message.sealed_decision,
            tokens,
            message.settles.map(stored),
            message.settles.filter(|_| message.withdraws).map(stored),
        ])?;
    }
    Ok(())
}

fn write_redecided(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut statement =
        transaction.prepare_cached("UPDATE message SET decision = ?2 WHERE id = ?1")?;
    for (row, decision) in &batch.redecided {
        statement.execute(params![stored(*row), decision])?;
    }
    Ok(())
}

fn write_subscriptions(
    transaction: &Transaction<'_>,
    batch: &Batch,
) -> Result<(), rusqlite::Error> {
    let mut subscriptions = transaction.prepare_cached(
        "INSERT INTO subscription (id, agency, desk, name, last_number) VALUES (?1, ?2, ?3, ?4, 0)",
    )?;
    for row in &batch.subscriptions {
        subscriptions.execute(params![
            stored(row.row),
            &*row.desk.agency,
            &*row.desk.desk,
            &*row.name
        ])?;
    }
    Ok(())
}

fn write_marks(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut update = transaction.prepare_cached(
        "UPDATE delivery SET state = ?2, number = coalesce(?3, number), attempts = attempts * ?7 + ?4,
                             due = coalesce(?5, 0), changed_at = ?6, ended = ?8
         WHERE id = ?1",
    )?;
    for mark in &batch.marks {
        let changed = update.execute(params![
            stored(mark.row),
            mark.state as u8,
            mark.number.map(stored),
            i64::from(mark.attempts == Attempts::Used),
            mark.due.map(micros),
            micros(mark.at),
            i64::from(mark.attempts != Attempts::Afresh),
            mark.ended.map(stored),
        ])?;
        if changed != 1 {
            return Err(rusqlite::Error::StatementChangedRows(changed));
        }
        look_after(transaction, mark)?;
    }
    Ok(())
}

/// When somebody is to look at what ended. A statement of its own, because one that names the moment
/// writes its index anew, and a receipt, which is most of what is marked, does not move it.
fn look_after(transaction: &Transaction<'_>, mark: &DeliveryMark) -> Result<(), rusqlite::Error> {
    match mark.state {
        // That it did not arrive is told now.
        DeliveryState::Dead | DeliveryState::Expired => transaction
            .prepare_cached("UPDATE delivery SET look_at = ?2 WHERE id = ?1")?
            .execute(params![stored(mark.row), micros(mark.at)])?,
        // For what was never given nobody owes anything.
        DeliveryState::Withdrawn | DeliveryState::Refused => transaction
            .prepare_cached(
                "UPDATE delivery SET look_at = NULL WHERE id = ?1 AND number = 0 AND NOT EXISTS
                   (SELECT 1 FROM release r WHERE r.delivery = delivery.id AND r.voided = 0)",
            )?
            .execute([stored(mark.row)])?,
        DeliveryState::Waiting | DeliveryState::Released | DeliveryState::Acknowledged => 0,
    };
    Ok(())
}

fn write_deliveries(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    write_subscriptions(transaction, batch)?;
    write_marks(transaction, batch)?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO delivery (id, delivery_id, message, subscription, task, entry, immediate,
                               state, number, attempts, due, changed_at, expires_at,
                               act_by, correct_by, delete_by, look_at, named, open_by, remind_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                 ?17, ?18)",
    )?;
    for row in &batch.deliveries {
        insert.execute(params![
            stored(row.row),
            row.id,
            stored(row.message),
            stored(row.subscription),
            row.task,
            stored(row.entry),
            row.immediate,
            row.state as u8,
            stored(row.number),
            row.changed_at.map_or(0, micros),
            micros(row.expires_at),
            row.owes.act_by.map(micros),
            row.owes.correct_by.map(micros),
            row.owes.delete_by.map(micros),
            row.owes.first().map(micros),
            row.named,
            row.owes.open_by.map(micros),
            row.owes.remind_at.map(micros),
        ])?;
    }
    write_attested(transaction, batch)?;
    write_excused(transaction, batch)?;
    write_dates_past(transaction, batch)?;
    write_told(transaction, batch)?;
    write_pulled(transaction, batch)?;
    super::reviews::write(transaction, batch)?;
    write_numbers(transaction, batch)?;
    chase::write(transaction, &batch.chases)?;
    write_releases(transaction, batch)
}

/// Said twice, the first word counts. What is attested is owed no more. Whatever has been deleted or returned is not acted on either,
/// and a question that is answered was acted on.
const SETTLED: &str = "UPDATE delivery SET
       act_by = CASE WHEN ?2 IN (2, 4, 5, 6) THEN NULL ELSE act_by END,
       correct_by = CASE WHEN ?2 = 3 THEN NULL ELSE correct_by END,
       delete_by = CASE WHEN ?2 IN (4, 5) THEN NULL ELSE delete_by END,
       open_by = NULL,
       remind_at = CASE WHEN ?2 IN (4, 5) THEN NULL ELSE remind_at END
     WHERE id = ?1";

const LOOK_AGAIN: &str = "UPDATE delivery SET look_at = nullif(min(
       coalesce(act_by, 9223372036854775807), coalesce(correct_by, 9223372036854775807),
       coalesce(delete_by, 9223372036854775807), coalesce(open_by, 9223372036854775807),
       coalesce(CASE WHEN told & 8192 = 0 THEN remind_at END, 9223372036854775807)),
       9223372036854775807)
     WHERE id = ?1";

fn write_attested(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO attested (delivery, attestation, entry, at)
         VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut settle = transaction.prepare_cached(SETTLED)?;
    let mut next = transaction.prepare_cached(LOOK_AGAIN)?;
    for row in &batch.attested {
        insert.execute(params![
            stored(row.delivery),
            row.attestation,
            stored(row.entry),
            micros(row.at)
        ])?;
        settle.execute(params![stored(row.delivery), row.attestation])?;
        next.execute([stored(row.delivery)])?;
    }
    Ok(())
}

/// As if it had been acted on, but that nobody says so.
fn write_excused(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut settle = transaction.prepare_cached(SETTLED)?;
    let mut next = transaction.prepare_cached(LOOK_AGAIN)?;
    for row in &batch.excused {
        settle.execute(params![stored(*row), wire::Attestation::Acted as i32])?;
        next.execute([stored(*row)])?;
    }
    Ok(())
}

/// Of a date that is changed or taken back nobody is reminded.
fn write_dates_past(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut forget =
        transaction.prepare_cached("UPDATE delivery SET remind_at = NULL WHERE id = ?1")?;
    let mut next = transaction.prepare_cached(LOOK_AGAIN)?;
    for row in &batch.dates_past {
        forget.execute([stored(*row)])?;
        next.execute([stored(*row)])?;
    }
    Ok(())
}

fn write_pulled(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut update = transaction
        .prepare_cached("UPDATE delivery SET immediate = 1 WHERE id = ?1 AND state = 0")?;
    for row in &batch.pulled {
        update.execute([stored(*row)])?;
    }
    Ok(())
}

/// Where nothing is owed any more, nobody is told; and what ended while somebody looked is looked at
/// again: that it did not arrive is not told yet (bit 14, `owed::END_REPORTED`).
fn write_told(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut update = transaction.prepare_cached(
        "UPDATE delivery SET told = ?2, look_at = ?3 WHERE id = ?1 AND look_at IS NOT NULL
           AND (state NOT IN (3, 4) OR ?2 & 16384 <> 0)",
    )?;
    for row in &batch.told {
        let look_at = row.look_at.map_or(i64::MAX, micros);
        update.execute(params![stored(row.delivery), row.told, look_at])?;
    }
    Ok(())
}

/// Moves what waits, and dead letters, to another subscription.
pub(super) const MOVED: [&str; 2] = [
    "UPDATE delivery SET subscription = ?2, number = 0 WHERE subscription = ?1 AND state = 0",
    "UPDATE delivery SET subscription = ?2, number = 0 WHERE subscription = ?1 AND state = 3",
];

fn write_numbers(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut numbers =
        transaction.prepare_cached("UPDATE subscription SET last_number = ?2 WHERE id = ?1")?;
    for (subscription, last) in &batch.numbers {
        numbers.execute(params![stored(*subscription), stored(*last)])?;
    }
    for (from, to) in &batch.moved {
        // One state at a time: both at once would read every delivery there is.
        for statement in MOVED {
            transaction.execute(statement, params![stored(*from), stored(*to)])?;
        }
    }
    Ok(())
}

fn write_releases(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), rusqlite::Error> {
    let mut releases = transaction.prepare_cached(
        "INSERT INTO release (release_id, delivery, entry, at, node, attempt, voided, subjects,
                              withheld)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)",
    )?;
    let mut parties = BTreeSet::new();
    for release in &batch.releases {
        releases.execute(params![
            release.id,
            stored(release.delivery),
            stored(release.entry),
            micros(release.at),
            &*release.node,
            release.attempt,
            release.shown.subjects,
            release.shown.withheld.cast_signed(),
        ])?;
        let block = transaction.last_insert_rowid() / RELEASE_BLOCK_ROWS;
        super::attached::write_released(transaction, release)?;
        parties.extend([(&release.sender, block), (&release.recipient, block)]);
    }
    let mut listed = transaction
        .prepare_cached("INSERT OR IGNORE INTO release_party (agency, block) VALUES (?1, ?2)")?;
    for (agency, block) in parties {
        listed.execute(params![&**agency, block])?;
    }
    let mut voided =
        transaction.prepare_cached("UPDATE release SET voided = 1 WHERE release_id = ?1")?;
    for id in &batch.voided {
        voided.execute([id])?;
    }
    Ok(())
}

fn text(row: &rusqlite::Row<'_>, place: usize) -> Result<Arc<str>, rusqlite::Error> {
    row.get::<_, String>(place).map(Arc::from)
}

fn read_start(transaction: &Transaction<'_>) -> Result<Start, rusqlite::Error> {
    let head = transaction
        .query_row(
            "SELECT size, frontier, last_time, epoch_policy, epoch_directory, epoch_register,
                    last_message, last_delivery, last_subscription FROM head",
            [],
            |row| {
                Ok(Head {
                    size: count(row.get(0)?),
                    frontier: row.get(1)?,
                    last_time: count(row.get(2)?),
                    epochs: Epochs {
                        policy: count(row.get(3)?),
                        directory: count(row.get(4)?),
                        register: count(row.get(5)?),
                    },
                    last_message: count(row.get(6)?),
                    last_delivery: count(row.get(7)?),
                    last_subscription: count(row.get(8)?),
                })
            },
        )
        .optional()?
        .unwrap_or_else(|| Head {
            frontier: crate::ledger::tree::Edge::default().frontier(),
            ..Head::default()
        });
    let mut open_tiles: Vec<Vec<Hash>> = Vec::new();
    let mut width = head.size;
    while width > 0 {
        let level = open_tiles.len();
        let hashes = if width % 256 == 0 {
            Vec::new()
        } else {
            read_tile(transaction, u8::try_from(level).unwrap_or(u8::MAX), width / 256)?
        };
        open_tiles.push(hashes);
        width /= 256;
    }
    let mut statement = transaction.prepare("SELECT sealed FROM register ORDER BY id")?;
    let register = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut statement = transaction.prepare("SELECT name, content FROM document")?;
    let documents =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(Start { head, open_tiles, subscriptions: Vec::new(), register, documents })
}

fn read_subscriptions(
    transaction: &Transaction<'_>,
) -> Result<Vec<(SubscriptionRow, u64)>, rusqlite::Error> {
    let mut statement = transaction
        .prepare("SELECT id, agency, desk, name, last_number FROM subscription ORDER BY id")?;
    statement
        .query_map([], |row| {
            Ok((
                SubscriptionRow {
                    row: count(row.get(0)?),
                    desk: DeskName { agency: text(row, 1)?, desk: text(row, 2)? },
                    name: text(row, 3)?,
                },
                count(row.get(4)?),
            ))
        })?
        .collect()
}

pub(super) fn read_tile(
    connection: &Connection,
    level: u8,
    index: u64,
) -> Result<Vec<Hash>, rusqlite::Error> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT hashes FROM tile WHERE level = ?1 AND idx = ?2")?
        .query_row(params![level, stored(index)], |row| row.get(0))
        .optional()?;
    let (hashes, _) = bytes.as_deref().unwrap_or_default().as_chunks::<32>();
    Ok(hashes.iter().map(|hash| Hash::from(*hash)).collect())
}
