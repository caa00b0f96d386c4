//! What a broker starts from: keys, store, and the rules the store holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::admin::{
    BUNDLE_DOCUMENT, DIRECTORY_DOCUMENT, Proposal, STANDING_DOCUMENT, proposal_document,
};
use crate::calendar::NoTimeZone;
use crate::config::{Config, ConfigError};
use crate::directory::{Directory, document};
use crate::ledger::checkpoint::{SignError, Signer};
use crate::ledger::journal::{Journal, Start, StoreError};
use crate::listen::ListenError;
use crate::message::Violation;
use crate::notify::NotifyError;
use crate::policy::{Bundle, InForce};
use crate::register::{Change, Register};
use crate::rules::Rules;
use crate::seal::{Part, Vault};
use crate::store::sqlite::OpenError;

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
    /// Notices cannot leave as configured.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// The program was built without the time zone.
    #[error(transparent)]
    TimeZone(#[from] NoTimeZone),
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

/// The directory that a store holds, by the keys that are configured, with every agency in good
/// standing. For who looks at a store from outside.
///
/// # Errors
/// A key file cannot be used, or the document was sealed under another.
pub fn open_directory(config: &Config, sealed: &[u8]) -> Result<Directory, AppError> {
    let (vault, _) = keys(config)?;
    unseal_directory(sealed, &vault)
}

fn unseal_directory(sealed: &[u8], vault: &Vault) -> Result<Directory, AppError> {
    let damaged = || StoreError::Damaged { table: "document" };
    let text = vault
        .open_alone(Part::Directory, DIRECTORY_DOCUMENT.as_bytes(), sealed)
        .map_err(|_| AppError::OtherKeys)?;
    let text = String::from_utf8(text).map_err(|_| damaged())?;
    Ok(document::read(&text).map_err(|_| damaged())?)
}

fn directory(documents: &BTreeMap<String, Vec<u8>>, vault: &Vault) -> Result<Directory, AppError> {
    let Some(sealed) = documents.get(DIRECTORY_DOCUMENT) else { return Ok(Directory::default()) };
    let damaged = || StoreError::Damaged { table: "document" };
    let mut directory = unseal_directory(sealed, vault)?;
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
    // A text that was edited where it lies has nobody's approval, nor has one that a version with
    // other rules of its own makes another bundle of: nothing is permitted until one is approved.
    if hex::encode(bundle.hash()) != hash {
        tracing::error!(code = "bundle-not-approved", "no bundle is in force: approve one anew");
        return Ok(None);
    }
    Ok(Some(Arc::new(bundle)))
}

/// The time of the last entry of a store: a broker was alive then.
pub(super) fn last_time(start: &Start) -> OffsetDateTime {
    let seconds = i64::try_from(start.head.last_time).unwrap_or(0);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_loaded_only_by_the_name_that_its_text_gives() {
        let directory = Directory::default();
        let proposal = br#"{"files":[],"approvers":["first","second"]}"#;
        let own = hex::encode(Bundle::read(&[], &directory).unwrap().hash());
        let kept = |name: &str| {
            BTreeMap::from([
                (BUNDLE_DOCUMENT.to_owned(), name.as_bytes().to_vec()),
                (format!("bundle/{name}"), proposal.to_vec()),
            ])
        };
        assert!(bundle(&kept(&own), &directory).unwrap().is_some());
        assert!(bundle(&kept(&"0".repeat(64)), &directory).unwrap().is_none());
    }
}
