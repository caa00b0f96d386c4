//! Changes made while no broker runs: the first directory, and older revocation lists.
//!
//! Promises that such a change is a ledger entry like any other, under a signed head when it is
//! done, and that nobody else writes the store meanwhile. Blocks; not for an async task.
//! Deliberately does not know: who asked. Whoever may read the keys may do this.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};

use crate::admin::{AdminError, DIRECTORY_DOCUMENT, read_directory, seal_directory};
use crate::calendar::Calendar;
use crate::chance::SystemChance;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::directory::{Directory, document};
use crate::ledger::appender::{
    self, Change, ChangeWork, Live, LiveRelease, Queue, Seat, Shared, Work,
};
use crate::ledger::checkpoint::{self, Signer};
use crate::ledger::journal::{Journal as _, Start, StoreError};
use crate::ledger::record::BROKER_PARTY;
use crate::listen::{ListenError, TlsMaterial};
use crate::notify::Notices;
use crate::seal::Vault;
use crate::store::sqlite::{LockedJournal, SqliteReaders, open_journal};

use super::lists::{self, REVOCATION_LISTS_DOCUMENT};
use super::setup::{AppError, keys, rules};

/// Gives a new store its first directory, before any person can be known to it.
///
/// # Errors
/// The document is faulty, or the store has a directory already.
pub fn bootstrap(config: &Config, text: &str) -> Result<(), AppError> {
    let store = Offline::open(config)?;
    if store.start.documents.contains_key(DIRECTORY_DOCUMENT) {
        return Err(AppError::HasDirectory);
    }
    let directory = read_directory(text).map_err(|error| match error {
        AdminError::Faulty(_, faults) => AppError::Directory(faults),
        AdminError::Refused(_) => AppError::Directory(Vec::new()),
        AdminError::Store(error) => AppError::Store(error),
    })?;
    let directory = Arc::new(directory);
    let (items, _) = document::changes(&Directory::default(), &directory);
    let sealed = seal_directory(text, &store.vault, &SystemChance::default())?;
    let document = (DIRECTORY_DOCUMENT.to_owned(), sealed);
    store.change(Change::Directory(directory), "bootstrap", items, document)
}

/// Lets revocation lists that are older than those once at work come to work at the next start.
/// Answers how many of those that are configured now are older; nought changes nothing.
///
/// Why there is such a thing: an authority may have lost its count. What it has revoked under
/// numbers of its old count is then only in its new list if somebody saw to that.
///
/// # Errors
/// The configured files cannot be used, or a broker has the store.
pub fn accept_lists(config: &Config) -> Result<usize, AppError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let material = TlsMaterial::load(&config.listen.files, &clock).map_err(ListenError::from)?;
    let store = Offline::open(config)?;
    let known = lists::known(&store.start.documents)?;
    let found = material.revoked().editions();
    let older = found.older_than(&known);
    if older > 0 {
        let items = vec![format!("accept older revocation lists: {older}")];
        let document = (REVOCATION_LISTS_DOCUMENT.to_owned(), known.after(found).to_bytes());
        store.change(Change::Recorded, "accept-lists", items, document)?;
    }
    Ok(older)
}

/// A store that is ours alone.
struct Offline {
    vault: Arc<Vault>,
    signer: Signer,
    journal: LockedJournal,
    start: Start,
    readers: Arc<SqliteReaders>,
    cadence_seconds: u64,
}

impl Offline {
    fn open(config: &Config) -> Result<Self, AppError> {
        let (vault, signer) = keys(config)?;
        let mut journal = open_journal(&config.store.path)?;
        let start = journal.start()?;
        let readers = Arc::new(SqliteReaders::new(&config.store.path));
        let cadence_seconds = config.ledger.checkpoint_seconds;
        Ok(Self { vault, signer, journal, start, readers, cadence_seconds })
    }

    /// Makes one change, signs the head over it, and lets go of the store.
    fn change(
        self,
        change: Change,
        actor: &'static str,
        items: Vec<String>,
        document: (String, Vec<u8>),
    ) -> Result<(), AppError> {
        let clock = SystemClock::new();
        let (rules, bundle) = rules(&self.start, &self.vault, clock.now())?;
        let epochs = rules.epochs;
        let shared = Shared {
            rules: Arc::new(ArcSwap::from_pointee(rules)),
            changed: watch::channel(epochs).0,
            vault: self.vault,
            clock: Arc::new(clock),
            chance: Arc::new(SystemChance::default()),
            live: Arc::new(NobodyLive),
            figures: Arc::default(),
            notices: Notices::default(),
            calendar: Arc::new(Calendar::england_and_wales(BTreeSet::new())?),
            open_within: time::Duration::ZERO,
            cadence_seconds: self.cadence_seconds,
        };
        let recall = Arc::<SqliteReaders>::clone(&self.readers);
        let journal = Box::new(self.journal);
        let (queue, thread) = appender::start(journal, recall, &self.start, bundle, shared)?;
        let (reply, done) = oneshot::channel();
        let (agency, actor) = (Arc::from(BROKER_PARTY), Arc::from(actor));
        let documents = vec![document];
        let work = ChangeWork { change, agency, actor, items, documents, reply };
        put(&queue, Work::Change(work))?;
        done.blocking_recv().map_err(|_| stopped())??;
        sign(&self.signer, &self.start, &queue, &self.readers)?;
        drop(queue);
        thread.join().map_err(|_| stopped())?;
        Ok(())
    }
}

/// Signs the head as it is, so that a store with entries always has a signed one.
fn sign(
    signer: &Signer,
    start: &Start,
    queue: &Queue,
    readers: &SqliteReaders,
) -> Result<(), AppError> {
    let (reply, head) = oneshot::channel();
    put(queue, Work::Tick { leaves: 0, reply })?;
    let head = head.blocking_recv().map_err(|_| stopped())??;
    let last = start.documents.get(checkpoint::DOCUMENT);
    let last = last.and_then(|note| std::str::from_utf8(note).ok());
    let content = signer.sign(last, head, readers)?.into_bytes();
    let (reply, kept) = oneshot::channel();
    put(queue, Work::Keep { name: checkpoint::DOCUMENT, content, reply })?;
    Ok(kept.blocking_recv().map_err(|_| stopped())??)
}

fn put(queue: &Queue, work: Work) -> Result<(), StoreError> {
    queue.try_put(work).map_err(|_| stopped())
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the ledger's writer has stopped".into())
}

/// No stream is served while no broker runs.
struct NobodyLive;

impl Live for NobodyLive {
    fn reserve(&self, _subscription: u64) -> Option<Seat> {
        None
    }

    fn release_seats(&self, _seats: &[(u64, u64)]) {}

    fn committed(&self, _live: Vec<LiveRelease>, _waiting: &[u64]) {}
}
