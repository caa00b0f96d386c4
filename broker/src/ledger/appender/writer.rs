//! The thread that makes drafts durable, and tells everybody once they are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use crate::ledger::journal::{Journal, Start, StoreError};

use super::Shared;
use super::answer::answer;
use super::commit::{Drafted, Failed};

/// The way to the writing thread. Dropping it waits for the thread.
pub(super) struct Writer {
    desk: Arc<Desk>,
    drafts: Option<std::sync::mpsc::Sender<Drafted>>,
    /// What became of each draft that was handed over.
    pub(super) written: mpsc::UnboundedReceiver<Result<Box<Drafted>, Failed>>,
    thread: Option<JoinHandle<()>>,
}

/// What writing needs. The journal is locked for one commit at a time.
struct Desk {
    journal: Mutex<Box<dyn Journal>>,
    shared: Shared,
}

impl Writer {
    pub(super) fn start(journal: Box<dyn Journal>, shared: Shared) -> Result<Self, std::io::Error> {
        let desk = Arc::new(Desk { journal: Mutex::new(journal), shared });
        let (drafts, waiting) = std::sync::mpsc::channel::<Drafted>();
        let (done, written) = mpsc::unbounded_channel();
        let writing = Arc::clone(&desk);
        let thread = std::thread::Builder::new().name("ledger-writer".into()).spawn(move || {
            while let Ok(drafted) = waiting.recv() {
                let drafted = Box::new(drafted);
                let outcome = match writing.write(&drafted) {
                    Ok(()) => Ok(drafted),
                    Err(error) => Err(Failed { drafted, error }),
                };
                if done.send(outcome).is_err() {
                    break;
                }
                writing.tidy();
            }
        })?;
        Ok(Self { desk, drafts: Some(drafts), written, thread: Some(thread) })
    }

    /// Hands a draft to the thread. `Err`: there is no thread any more.
    pub(super) fn hand(&self, drafted: Drafted) -> Result<(), Box<Drafted>> {
        let Some(drafts) = &self.drafts else { return Err(Box::new(drafted)) };
        drafts.send(drafted).map_err(|unsent| Box::new(unsent.0))
    }

    /// Writes a draft on the caller's thread.
    pub(super) fn write(&self, drafted: &Drafted) -> Result<(), StoreError> {
        self.desk.write(drafted)
    }

    /// Sends what a written draft released, and answers each of its works.
    pub(super) fn tell(&self, mut drafted: Drafted) {
        let live = std::mem::take(&mut drafted.finished.live);
        self.desk.shared.live.committed(live, &drafted.waiting);
        answer(drafted.works, drafted.answers, drafted.finished, drafted.head);
    }

    /// Tidies the store up after a draft that was written on the caller's thread.
    pub(super) fn tidy(&self) {
        self.desk.tidy();
    }

    /// Reads everything from disk, as after a start.
    pub(super) fn reload(&self) -> Result<Start, StoreError> {
        let start = self.desk.journal().start();
        stop_if_unsynced(&start);
        start
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.drafts = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has answered nobody; nothing more can be done here.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn journal(&self) -> std::sync::MutexGuard<'_, Box<dyn Journal>> {
        // A panic inside a commit leaves a connection that rolled back.
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, drafted: &Drafted) -> Result<(), StoreError> {
        if drafted.empty {
            return Ok(());
        }
        let started = self.shared.clock.monotonic();
        let commit = || self.journal().commit(&drafted.batch);
        // A panic is an unknown outcome like any other: both threads go on.
        let written = catch_unwind(AssertUnwindSafe(commit))
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a commit ended in a panic".into())));
        stop_if_unsynced(&written);
        written?;
        let took = self.shared.clock.monotonic().saturating_sub(started);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let figures = &self.shared.figures;
        figures.commits.fetch_add(1, Ordering::Relaxed);
        figures.items.fetch_add(drafted.works.len() as u64, Ordering::Relaxed);
        figures.commit_micros.fetch_add(micros, Ordering::Relaxed);
        crate::spans::commit(drafted.works.len(), drafted.batch.entries.len() as u64, micros);
        Ok(())
    }

    fn tidy(&self) {
        let tidied = self.journal().tidy();
        stop_if_unsynced(&tidied);
        if tidied.is_err() {
            tracing::warn!(code = "store-not-tidied", "the store's log grows until it can be");
        }
    }
}

/// What was promised durable may not be: stop before promising more.
fn stop_if_unsynced<T>(outcome: &Result<T, StoreError>) {
    if matches!(outcome, Err(StoreError::SyncFailed)) {
        tracing::error!(code = "sync-failed", "the store could not make data durable");
        std::process::abort();
    }
}
