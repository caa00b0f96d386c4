//! What a broker starts from: keys, store, and the rules the store holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};

use crate::admin::{
    AdminError, BUNDLE_DOCUMENT, DIRECTORY_DOCUMENT, Proposal, STANDING_DOCUMENT,
    proposal_document, read_directory, seal_directory,
};
use crate::chance::SystemChance;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, ConfigError};
use crate::directory::{Directory, document};
use crate::ledger::appender::{self, ChangeWork, Live, LiveRelease, Seat, Shared, Work};
use crate::ledger::checkpoint::{SignError, Signer};
use crate::ledger::journal::{Journal, Start, StoreError};
use crate::ledger::record::BROKER_PARTY;
use crate::listen::ListenError;
use crate::message::Violation;
use crate::policy::{Bundle, InForce};
use crate::register::{Change, Register};
use crate::rules::Rules;
use crate::seal::{Part, Vault};
use crate::store::sqlite::{OpenError, SqliteReaders, open_journal};

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration or a key file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be opened, or another broker has it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ledger's signing key.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Certificates or address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// What the store holds does not open under these keys.
    #[error("the store was sealed under other keys than those configured")]
    OtherKeys,
    /// The approved bundle does not fit this broker.
    #[error("the bundle in force has faults in this version: {}", list(.0))]
    Bundle(Vec<Violation>),
    /// A directory document is faulty.
    #[error("the directory document has faults: {}", list(.0))]
    Directory(Vec<Violation>),
    /// There is a directory already: change it as an operator, through the broker.
    #[error(
        "this broker has a directory already; an operator changes it with `broker admin directory apply`"
    )]
    HasDirectory,
}

fn list(faults: &[Violation]) -> String {
    let lines: Vec<String> =
        faults.iter().map(|fault| format!("{}: {}", fault.field, fault.rule)).collect();
    lines.join("; ")
}

pub(super) fn keys(config: &Config) -> Result<(Arc<Vault>, Signer), AppError> {
    let keys = config.read_keys()?;
    let signer = Signer::new(&config.ledger.origin, &keys.ledger_pkcs8)?;
    Ok((Arc::new(Vault::new(keys.kek, &keys.index)), signer))
}

pub(super) fn read_store(journal: &mut dyn Journal) -> Result<Start, AppError> {
    Ok(journal.start()?)
}

/// The rules that the store holds.
pub(super) fn rules(
    start: &Start,
    vault: &Vault,
    now: OffsetDateTime,
) -> Result<(Rules, Option<Arc<Bundle>>), AppError> {
    let directory = directory(&start.documents, vault)?;
    let mut register = Register::default();
    for sealed in &start.register {
        let text = vault
            .open_alone(Part::Register, b"register", sealed)
            .map_err(|_| AppError::OtherKeys)?;
        let change: Change =
            serde_json::from_slice(&text).map_err(|_| StoreError::Damaged { table: "register" })?;
        register.apply(&change);
    }
    let bundle = bundle(&start.documents, &directory)?;
    let policy = bundle.as_ref().map_or_else(InForce::nothing, |b| b.in_force(&directory, now));
    let mut epochs = start.head.epochs;
    // Agreements may have started or ended while no broker ran.
    epochs.policy += 1;
    let rules = Rules {
        epochs,
        directory: Arc::new(directory),
        register: Arc::new(register),
        policy: Arc::new(policy),
        bundle: bundle.as_ref().map_or([0; 32], |bundle| bundle.hash()),
    };
    Ok((rules, bundle))
}

fn directory(documents: &BTreeMap<String, Vec<u8>>, vault: &Vault) -> Result<Directory, AppError> {
    let Some(sealed) = documents.get(DIRECTORY_DOCUMENT) else { return Ok(Directory::default()) };
    let damaged = || StoreError::Damaged { table: "document" };
    let text = vault
        .open_alone(Part::Directory, DIRECTORY_DOCUMENT.as_bytes(), sealed)
        .map_err(|_| AppError::OtherKeys)?;
    let text = String::from_utf8(text).map_err(|_| damaged())?;
    let mut directory = document::read(&text).map_err(|_| damaged())?;
    let standing: Vec<String> = documents
        .get(STANDING_DOCUMENT)
        .map(|text| serde_json::from_slice(text).map_err(|_| damaged()))
        .transpose()?
        .unwrap_or_default();
    for agency in standing {
        if let Some(changed) = directory.with_standing(&agency, true) {
            directory = changed;
        }
    }
    Ok(directory)
}

fn bundle(
    documents: &BTreeMap<String, Vec<u8>>,
    directory: &Directory,
) -> Result<Option<Arc<Bundle>>, AppError> {
    let Some(hash) = documents.get(BUNDLE_DOCUMENT) else { return Ok(None) };
    let damaged = || StoreError::Damaged { table: "document" };
    let hash = std::str::from_utf8(hash).map_err(|_| damaged())?;
    let text = documents.get(&proposal_document(hash)).ok_or_else(damaged)?;
    let proposal: Proposal = serde_json::from_slice(text).map_err(|_| damaged())?;
    let bundle = Bundle::read(&proposal.bundle_files(), directory).map_err(|error| {
        let crate::policy::BundleError::Faulty(faults) = error;
        let faults = faults.into_iter().map(|f| Violation { field: f.path, rule: f.rule });
        AppError::Bundle(faults.collect())
    })?;
    Ok(Some(Arc::new(bundle)))
}

/// Gives a new store its first directory, before any person can be known to it. Blocks; not
/// for an async task.
///
/// # Errors
/// The document is faulty, or the store has a directory already.
pub fn bootstrap(config: &Config, text: &str) -> Result<(), AppError> {
    let clock = SystemClock::new();
    let (vault, _) = keys(config)?;
    let mut journal = open_journal(&config.store.path)?;
    let start = journal.start()?;
    if start.documents.contains_key(DIRECTORY_DOCUMENT) {
        return Err(AppError::HasDirectory);
    }
    let directory = read_directory(text).map_err(|error| match error {
        AdminError::Faulty(_, faults) => AppError::Directory(faults),
        AdminError::Refused(_) => AppError::Directory(Vec::new()),
        AdminError::Store(error) => AppError::Store(error),
    })?;
    let directory = Arc::new(directory);
    let (items, _) = document::changes(&Directory::default(), &directory);
    let sealed = seal_directory(text, &vault, &SystemChance::default())?;
    let documents = vec![(DIRECTORY_DOCUMENT.to_owned(), sealed)];
    let (reply, done) = oneshot::channel();
    let work = ChangeWork {
        change: appender::Change::Directory(directory),
        agency: Arc::from(BROKER_PARTY),
        actor: Arc::from("bootstrap"),
        items,
        documents,
        reply,
    };
    let (rules, _) = rules(&start, &vault, clock.now())?;
    let epochs = rules.epochs;
    let shared = Shared {
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        changed: watch::channel(epochs).0,
        vault,
        clock: Arc::new(clock),
        chance: Arc::new(SystemChance::default()),
        live: Arc::new(NobodyLive),
        figures: Arc::default(),
        cadence_seconds: config.ledger.checkpoint_seconds,
    };
    let recall = Arc::new(SqliteReaders::new(&config.store.path));
    let (queue, thread) = appender::start(Box::new(journal), recall, &start, None, shared)?;
    let stopped = || StoreError::Unavailable("the ledger's writer has stopped".into());
    queue.try_put(Work::Change(work)).map_err(|_| stopped())?;
    done.blocking_recv().map_err(|_| stopped())??;
    drop(queue);
    thread.join().map_err(|_| stopped())?;
    Ok(())
}

/// No stream is served while a store is being set up.
struct NobodyLive;

impl Live for NobodyLive {
    fn reserve(&self, _subscription: u64) -> Option<Seat> {
        None
    }

    fn release_seats(&self, _seats: &[(u64, u64)]) {}

    fn committed(&self, _live: Vec<LiveRelease>, _waiting: &[(u64, u64)]) {}
}
