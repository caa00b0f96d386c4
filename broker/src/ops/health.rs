//! Whether the broker can do its work at this moment.
//!
//! Promises that "ready" was true when it was asked: the store answered a read, the ledger's
//! writer committed, no revocation list is overdue, and the broker has not begun to stop.
//! Deliberately leaves out the disk's floor, where publishing pauses and releases go on, and a
//! clock that has moved, by which nothing expires and everything else goes on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use crate::ledger::appender::Work;

use super::{ANSWER_TIME, Watched};

/// The document, always empty, that is written to see whether anything can be.
pub const DOCUMENT: &str = "health";

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The store answered a read in time.
    pub store: bool,
    /// The ledger's writer committed in time.
    pub ledger: bool,
    /// No revocation list is overdue.
    pub revocation_lists: bool,
    /// The broker has not begun to stop.
    pub serving: bool,
    /// Publishing is not paused for want of disk. Says nothing about being ready.
    pub publishing: bool,
    /// The wall clock is believed. Says nothing about being ready.
    pub clock: bool,
}

impl Health {
    /// Whether work may be sent here.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.store && self.ledger && self.revocation_lists && self.serving
    }
}

impl fmt::Display for Health {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            (self.store, "store: answers", "store: does not answer"),
            (self.ledger, "ledger: commits", "ledger: does not commit"),
            (self.revocation_lists, "revocation lists: current", "revocation lists: overdue"),
            (self.serving, "broker: serving", "broker: stopping"),
            (self.publishing, "publishing: open", "publishing: paused, the disk is at its floor"),
            (
                self.clock,
                "clock: believed",
                "clock: moved, nothing expires and no embargo ends until it is confirmed",
            ),
        ];
        for (good, well, ill) in lines {
            writeln!(formatter, "{}", if good { well } else { ill })?;
        }
        Ok(())
    }
}

/// Asks store and writer side by side.
///
/// Bound: [`ANSWER_TIME`].
pub async fn ask(watched: &Watched) -> Health {
    let sources = &watched.sources;
    let archive = Arc::clone(&sources.archive);
    let read = || tokio::task::spawn_blocking(move || archive.size().is_ok());
    let queue = sources.queue.clone();
    let commit = || {
        tokio::spawn(async move {
            let (reply, kept) = oneshot::channel();
            // A work that writes nothing would be answered without the disk.
            let work = Work::Keep { name: DOCUMENT, content: Vec::new(), reply };
            queue.put(work).await.is_ok() && matches!(kept.await, Ok(Ok(())))
        })
    };
    let (store, ledger) = tokio::join!(
        watched.store_size.ask(ANSWER_TIME, read),
        watched.appender.ask(ANSWER_TIME, commit),
    );
    Health {
        store: store == Some(true),
        ledger: ledger == Some(true),
        revocation_lists: sources.loaded.load().revocation_current(sources.clock.now()),
        serving: !sources.draining.load(Ordering::Relaxed),
        publishing: !sources.disk_floor.load(Ordering::Relaxed),
        clock: sources.clock.reading().agrees(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Health = Health {
        store: true,
        ledger: true,
        revocation_lists: true,
        serving: true,
        publishing: true,
        clock: true,
    };

    #[test]
    fn any_one_trouble_is_enough_not_to_be_ready_but_disk_and_clock_are_not() {
        let rows = [
            (WELL, true),
            (Health { store: false, ..WELL }, false),
            (Health { ledger: false, ..WELL }, false),
            (Health { revocation_lists: false, ..WELL }, false),
            (Health { serving: false, ..WELL }, false),
            (Health { publishing: false, ..WELL }, true),
            (Health { clock: false, ..WELL }, true),
        ];
        for (health, ready) in rows {
            assert_eq!(health.is_ready(), ready, "{health}");
        }
    }

    #[test]
    fn the_answer_says_what_is_wrong() {
        let health = Health { store: false, publishing: false, ..WELL };
        let expected = "store: does not answer\nledger: commits\nrevocation lists: current\n\
                        broker: serving\npublishing: paused, the disk is at its floor\nclock: believed\n";
        assert_eq!(health.to_string(), expected);
    }
}
