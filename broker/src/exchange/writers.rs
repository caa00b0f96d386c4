//! One stream at a time writes a document: the newest.
//!
//! Promises that while a stream has the turn no other writes to its document, so that two streams
//! never bring the same piece, of which the store would throw one out with everybody else's in its
//! batch. Bound: an entry for each document that is being put.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::message::MessageKey;

/// Which stream of a document is the newest. Writing while one writes.
type Newest = tokio::sync::Mutex<u64>;

/// The turn at a document, as long as it is held.
pub type Writing = OwnedMutexGuard<u64>;

/// The documents that are being put.
#[derive(Clone, Default)]
pub struct Writers(Arc<Mutex<HashMap<MessageKey, Arc<Newest>>>>);

/// The place of one stream of a document.
pub struct Writer {
    writers: Writers,
    key: MessageKey,
    newest: Arc<Newest>,
    number: u64,
}

impl Writers {
    /// Gives the turn to a new stream, once an older one has written what it was writing.
    pub async fn newest(&self, key: &MessageKey) -> Writer {
        let newest = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key.clone()).or_default())
        };
        let number = {
            let mut newest = newest.lock().await;
            *newest += 1;
            *newest
        };
        Writer { writers: self.clone(), key: key.clone(), newest, number }
    }
}

impl Writer {
    /// Keeps the turn as long as what is answered is held. `None`: a newer stream has it.
    pub async fn turn(&self) -> Option<Writing> {
        let newest = Arc::clone(&self.newest).lock_owned().await;
        Some(newest).filter(|newest| **newest == self.number)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut all = self.writers.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's own and this one: nobody else puts it, and nothing is being written.
        if Arc::strong_count(&self.newest) <= 2 {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn document(agency: &str) -> MessageKey {
        MessageKey { agency: agency.into(), id: Uuid::nil() }
    }

    #[tokio::test]
    async fn the_newest_stream_of_a_document_has_the_turn_and_others_have_theirs() {
        let writers = Writers::default();
        let older = writers.newest(&document("gmp")).await;
        let others = writers.newest(&document("hmcts")).await;
        assert!(older.turn().await.is_some());
        let newer = writers.newest(&document("gmp")).await;
        assert!(older.turn().await.is_none());
        assert!(newer.turn().await.is_some());
        assert!(others.turn().await.is_some());
        drop((older, newer, others));
        assert_eq!(writers.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 0);
    }

    #[tokio::test]
    async fn a_new_stream_waits_until_an_older_one_has_written() {
        let writers = Writers::default();
        let older = writers.newest(&document("gmp")).await;
        let writing = older.turn().await;
        let (again, key) = (writers.clone(), document("gmp"));
        let newer = tokio::spawn(async move { again.newest(&key).await });
        tokio::task::yield_now().await;
        assert!(!newer.is_finished());
        drop(writing);
        let newer = newer.await;
        assert!(older.turn().await.is_none());
        assert!(newer.is_ok_and(|newer| newer.number == 2));
    }
}
