//! Proofs that hold without the broker, the check of the whole ledger, and what finds a change.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use agency_client::Connection;
use agency_client::verify::{VerifyError, verify_proof};
use broker::ledger::fsck::{self, Report};
use broker::store::sqlite::{SqliteRaw, open_journal};
use proto::audit::v1::GetProofRequest;
use proto::audit::v1::get_proof_request::Of;
use proto::ledger::checkpoint::VerifierKey;
use proto::ledger::proof::Proof;
use tokio::time::{Instant, sleep};
use tonic::Code;

use crate::stage::StageError;

/// How long a checkpoint that covers an entry is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fetches a proof as soon as a signed checkpoint covers it, and saves it.
///
/// # Errors
/// The broker gives none in time, or the file cannot be written.
pub(crate) async fn fetch(
    connection: &Connection,
    of: Of,
    path: &Path,
) -> Result<String, StageError> {
    let end = Instant::now() + PATIENCE;
    loop {
        let request = GetProofRequest { of: Some(of.clone()) };
        match connection.audit().await?.get_proof(request).await {
            Ok(answer) => {
                let proof = answer.into_inner().proof;
                fs::write(path, &proof)?;
                return Ok(proof);
            }
            Err(status) if status.code() == Code::NotFound && Instant::now() < end => {
                sleep(Duration::from_millis(100)).await;
            }
            Err(status) => return Err(status.into()),
        }
    }
}

/// A release as a client holds it, to be looked for in the proof of it.
pub(crate) struct Held {
    /// Release id.
    pub(crate) release_id: Vec<u8>,
    /// SHA-256(salt || body) of what was received.
    pub(crate) commitment: [u8; 32],
}

/// Whether a proven release record commits to the very bytes that a client received.
///
/// # Errors
/// The proof does not hold.
pub(crate) fn commits_to(proof: &str, key: &str, held: &Held) -> Result<bool, StageError> {
    let verified = verify_proof(proof, key)?;
    let record: serde_json::Value = serde_json::from_str(verified.record().text())?;
    let deliveries = record.get("deliveries").and_then(|list| list.as_array());
    let is = |delivery: &serde_json::Value, name: &str, bytes: &[u8]| {
        delivery.get(name).and_then(|text| text.as_str()) == Some(hex::encode(bytes).as_str())
    };
    Ok(deliveries.into_iter().flatten().any(|delivery| {
        is(delivery, "release", &held.release_id) && is(delivery, "commitment", &held.commitment)
    }))
}

/// The same proof with one letter of its record changed, and what checking it says.
///
/// # Errors
/// It is no proof.
pub(crate) fn with_one_letter_changed(proof: &str, key: &str) -> Result<VerifyError, StageError> {
    let mut changed = Proof::from_json(proof)?;
    let at = changed.record.find("\"party\":\"").ok_or("a record names its party")? + 9;
    let letter = changed.record.get(at..=at).ok_or("a party has a name")?.to_owned();
    let other = if letter == "x" { "y" } else { "x" };
    changed.record.replace_range(at..=at, other);
    let said = verify_proof(&changed.to_json(), key).err();
    said.ok_or_else(|| "a changed proof was taken for good".into())
}

/// Recomputes the ledger of a stopped broker and holds every row against it.
///
/// # Errors
/// The store cannot be read at all.
pub(crate) fn check(store: &Path, key: &str) -> Result<Report, StageError> {
    let key = VerifierKey::parse(key)?;
    let raw = SqliteRaw::open(store)?;
    Ok(fsck::check(&raw, Some(&key))?)
}

/// Copies a store and changes one byte of the entry that holds this proof's record.
///
/// # Errors
/// The copy cannot be made, or the record is not found in it.
pub(crate) fn copy_with_one_byte_changed(
    store: &Path,
    copy: &Path,
    proof: &str,
) -> Result<PathBuf, StageError> {
    fs::create_dir_all(copy)?;
    let name = store.file_name().ok_or("a store has a file name")?;
    let copied = copy.join(name);
    fs::copy(store, &copied)?;
    match fs::copy(with_ending(store, "-wal"), with_ending(&copied, "-wal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    // What lies in the write-ahead log is folded in when its only connection closes.
    drop(open_journal(&copied)?);
    let proof = Proof::from_json(proof)?;
    let needle = proof.record.as_bytes();
    let mut bytes = fs::read(&copied)?;
    // A page may hold an older copy of a row that was moved: each one is changed alike.
    let windows = bytes.windows(needle.len()).enumerate();
    let places: Vec<usize> =
        windows.filter(|(_, window)| *window == needle).map(|(at, _)| at).collect();
    if places.is_empty() {
        return Err("the record's entry was not found in the copied store".into());
    }
    for at in places {
        let byte = bytes.get_mut(at + needle.len() / 2).ok_or("the place lies in the file")?;
        *byte ^= 1;
    }
    fs::write(&copied, bytes)?;
    Ok(copied)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut longer = path.as_os_str().to_owned();
    longer.push(ending);
    PathBuf::from(longer)
}
