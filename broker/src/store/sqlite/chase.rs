//! Open chases, and who was given something about a number.
//!
//! Reads indexes and headers, and never a body: how long it takes says little of what is held.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use uuid::Uuid;

use crate::ledger::chase::{ChaseReads, Chases, GivenMessage, Pending, Word};
use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::seal::Token;

use super::outbox::{arc, read_tokens};
use super::recall::in_snapshot;
use super::{SqliteReaders, count, stored};

/// Chases read at once.
const OPEN_MAX: usize = 16;

/// Messages about a number, newest first. News of whose it is, and what is added to that, tells
/// nothing of a person: whoever has no more has nothing that another such piece of news is about.
const ABOUT: &str = "SELECT DISTINCT message FROM subject t WHERE token = ?1 AND message < ?2
     AND NOT EXISTS (SELECT 1 FROM chase c WHERE c.message = t.message AND c.word <> 3)
     ORDER BY message DESC";

/// Who was given a message.
const HOLDERS: &str = "SELECT s.agency, s.desk, d.id
     FROM delivery d JOIN subscription s ON s.id = d.subscription
     WHERE d.message = ?1
       AND EXISTS (SELECT 1 FROM release r WHERE r.delivery = d.id AND r.voided = 0)";

/// Messages that bear on whose a number is in another, ?2: those after it that merged or parted it,
/// and the last one before it by which it leads no more, unless it was parted since.
const BEARING: &str = "SELECT c.message FROM chase c WHERE c.token = ?1 AND c.word < 3
     AND NOT EXISTS (SELECT 1 FROM chase s WHERE s.message = ?2 AND s.word <> 3)
     AND (c.message > ?2 OR (c.word = 1 AND c.message =
       (SELECT max(p.message) FROM chase p WHERE p.token = ?1 AND p.word IN (1, 2)
          AND p.message < ?2)))";

impl ChaseReads for SqliteReaders {
    fn chases(&self) -> Result<Vec<Pending>, StoreError> {
        self.with(|connection| in_snapshot(connection, read_open))
    }

    fn given_about(
        &self,
        tokens: &[Token],
        before: u64,
        limit: u32,
    ) -> Result<Vec<GivenMessage>, StoreError> {
        self.with(|connection| {
            in_snapshot(connection, |snapshot| read_given(snapshot, tokens, before, limit as usize))
        })
    }

    fn bearing_on(&self, message: u64, tokens: &[Token]) -> Result<Vec<u64>, StoreError> {
        self.with(|connection| bearing_on(connection, message, tokens))
    }

    fn is_of_identity(&self, message: u64) -> Result<bool, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM chase WHERE message = ?1 AND word <> 3)",
                )?
                .query_row([stored(message)], |row| row.get(0))
        })
    }

    fn any_given(&self, deliveries: &[u64]) -> Result<bool, StoreError> {
        self.with(|connection| in_snapshot(connection, |snapshot| any_given(snapshot, deliveries)))
    }

    fn was_taken_back(&self, message: u64) -> Result<bool, StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM message WHERE withdraws = ?1)")?
                .query_row([stored(message)], |row| row.get(0))
        })
    }
}

fn read_open(snapshot: &Connection) -> Result<Vec<Pending>, rusqlite::Error> {
    let mut statement = snapshot.prepare_cached(
        "SELECT message, wanted, token, word FROM chase WHERE wanted > done ORDER BY message",
    )?;
    let mut open: BTreeMap<u64, Pending> = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (message, wanted) = (count(row.get(0)?), count(row.get(1)?));
        let Some(word) = Word::stored(row.get(3)?) else { continue };
        let number = (Token(row.get(2)?), word);
        if open.len() >= OPEN_MAX && !open.contains_key(&message) {
            break;
        }
        match open.entry(message) {
            Entry::Vacant(first) => {
                first.insert(Pending { message, wanted, numbers: vec![number] });
            }
            Entry::Occupied(mut known) => known.get_mut().numbers.push(number),
        }
    }
    Ok(open.into_values().collect())
}

fn read_given(
    snapshot: &Connection,
    tokens: &[Token],
    before: u64,
    limit: usize,
) -> Result<Vec<GivenMessage>, rusqlite::Error> {
    // The newest of each number: among them are the newest of all.
    let mut rows: BTreeSet<u64> = BTreeSet::new();
    let mut holders: BTreeMap<u64, Vec<(DeskName, u64)>> = BTreeMap::new();
    for token in tokens {
        let mut about = snapshot.prepare_cached(ABOUT)?;
        let mut found = about.query(params![token.0, stored(before)])?;
        let mut given = 0;
        while given < limit
            && let Some(row) = found.next()?
        {
            let message = count(row.get(0)?);
            let to = match holders.entry(message) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(first) => first.insert(read_holders(snapshot, message)?),
            };
            if !to.is_empty() {
                given += 1;
                rows.insert(message);
            }
        }
    }
    let mut header =
        snapshot.prepare_cached("SELECT agency, uuid, tokens FROM message WHERE id = ?1")?;
    rows.into_iter()
        .rev()
        .take(limit)
        .map(|row| {
            header.query_row([stored(row)], |found| {
                let key =
                    MessageKey { agency: arc(found, 0)?, id: Uuid::from_bytes(found.get(1)?) };
                let holders = holders.remove(&row).unwrap_or_default();
                Ok(GivenMessage { row, key, tokens: read_tokens(found, 2)?, holders })
            })
        })
        .collect()
}

fn read_holders(
    snapshot: &Connection,
    message: u64,
) -> Result<Vec<(DeskName, u64)>, rusqlite::Error> {
    let mut statement = snapshot.prepare_cached(HOLDERS)?;
    statement
        .query_map([stored(message)], |row| {
            Ok((DeskName { agency: arc(row, 0)?, desk: arc(row, 1)? }, count(row.get(2)?)))
        })?
        .collect()
}

fn any_given(snapshot: &Connection, deliveries: &[u64]) -> Result<bool, rusqlite::Error> {
    let mut statement = snapshot
        .prepare_cached("SELECT 1 FROM release WHERE delivery = ?1 AND voided = 0 LIMIT 1")?;
    for delivery in deliveries {
        let given: Option<i64> =
            statement.query_row([stored(*delivery)], |row| row.get(0)).optional()?;
        if given.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// As [`ChaseReads::bearing_on`], by the message's key.
pub(super) fn chasing(
    connection: &Connection,
    message: &MessageKey,
    tokens: &[Token],
) -> Result<Vec<u64>, rusqlite::Error> {
    let row = connection
        .prepare_cached("SELECT id FROM message WHERE agency = ?1 AND uuid = ?2")?
        .query_row(params![&*message.agency, message.id.as_bytes()], |row| row.get(0).map(count))
        .optional()?;
    row.map_or_else(|| Ok(Vec::new()), |row| bearing_on(connection, row, tokens))
}

fn bearing_on(
    connection: &Connection,
    message: u64,
    tokens: &[Token],
) -> Result<Vec<u64>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(BEARING)?;
    let mut found = BTreeSet::new();
    for token in tokens {
        let asked = params![token.0, stored(message)];
        for row in statement.query_map(asked, |row| row.get(0).map(count))? {
            found.insert(row?);
        }
    }
    Ok(found.into_iter().collect())
}

/// Opens chases, opens them again, and closes them.
pub(super) fn write(transaction: &Transaction<'_>, chases: &Chases) -> Result<(), rusqlite::Error> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO chase (message, token, word, wanted, done)
         VALUES (?1, ?2, ?3, ?4, 0)",
    )?;
    for chase in &chases.opened {
        for (token, word) in &chase.numbers {
            let wanted = u8::from(*word != Word::Added);
            insert.execute(params![stored(chase.message), token.0, *word as u8, wanted])?;
        }
    }
    let mut again =
        transaction.prepare_cached("UPDATE chase SET wanted = wanted + 1 WHERE message = ?1")?;
    for message in &chases.again {
        again.execute([stored(*message)])?;
    }
    let mut done = transaction.prepare_cached("UPDATE chase SET done = ?2 WHERE message = ?1")?;
    for (message, wanted) in &chases.closed {
        done.execute(params![stored(*message), stored(*wanted)])?;
    }
    Ok(())
}
