//! Where payloads that could not be used wait for a person.
//!
//! Owns: the folder, its names and its reason files. Promises: content is kept as received, all of
//! it, readable by its owner alone (mode 0600); a name is a keyed digest of the content, so that
//! the same payload is held once and the name tells nothing; a payload leaves only by
//! [`QuarantineFolder::release`]. Deliberately does not know: why a payload is tried again, or
//! where it came from.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use serde_json::json;

use super::follow::FollowError;
use super::outcome::QuarantineReason;
use crate::files::write_whole;

const PAYLOAD: &str = "payload";
const REASON: &str = "reason";
/// Bytes copied at a time.
const COPY_BYTES: usize = 64 * 1024;
/// Copies begun by this process.
static COPIES: AtomicU64 = AtomicU64::new(0);

/// A folder of payloads that are held back.
#[derive(Clone)]
pub struct QuarantineFolder {
    dir: PathBuf,
    id_key: [u8; 32],
}

impl fmt::Debug for QuarantineFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("QuarantineFolder { .. }")
    }
}

/// A payload that is held back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldPayload {
    /// Its name: 64 hexadecimal digits, a keyed digest of its content.
    pub name: String,
    /// The code of the reason; empty if the reason file is missing or damaged.
    pub reason_code: String,
}

impl QuarantineFolder {
    /// Opens the folder, and makes it with mode 0700 if it is missing.
    ///
    /// # Errors
    /// [`FollowError::Quarantine`].
    pub fn open(dir: &Path, id_key: [u8; 32]) -> Result<Self, FollowError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(FollowError::Quarantine)?;
        Ok(Self { dir: dir.to_owned(), id_key })
    }

    /// Keeps a payload, of any size, with the reason beside it; gives the name it is held under.
    ///
    /// Promise: when this returns, both files last. The reason stands before the payload, so that
    ///          no payload is ever held without one. Keeping the same content again is harmless.
    ///
    /// # Errors
    /// [`FollowError::Quarantine`]; nothing is then held that was not held before.
    pub fn keep(
        &self,
        content: &mut dyn Read,
        reason: QuarantineReason,
    ) -> Result<String, FollowError> {
        // A name of its own for each copy under way, so that two never write into one file.
        let turn = COPIES.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.dir.join(format!(".{}.{turn}.unfinished", std::process::id()));
        self.keep_by_way_of(&unfinished, content, reason).map_err(|error| {
            // What is left of the copy is of no use; that it could not be removed changes nothing.
            let _ = fs::remove_file(&unfinished);
            FollowError::Quarantine(error)
        })
    }

    fn keep_by_way_of(
        &self,
        unfinished: &Path,
        content: &mut dyn Read,
        reason: QuarantineReason,
    ) -> std::io::Result<String> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(unfinished)?;
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.id_key));
        context.update(b"pyramid hmpps quarantine 1");
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let length = content.read(&mut buffer)?;
            let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
            context.update(piece);
            file.write_all(piece)?;
        }
        file.sync_all()?;
        let name = hex::encode(context.sign().as_ref());
        let why = json!({ "reason": reason.code(), "sentence": reason.sentence() });
        write_whole(&self.path(&name, REASON), format!("{why}\n").as_bytes())?;
        fs::rename(unfinished, self.path(&name, PAYLOAD))?;
        File::open(&self.dir)?.sync_all()?;
        Ok(name)
    }

    /// Everything that is held, in the order of names.
    ///
    /// # Errors
    /// [`FollowError::Quarantine`].
    pub fn held(&self) -> Result<Vec<HeldPayload>, FollowError> {
        let mut held = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(FollowError::Quarantine)? {
            let path = entry.map_err(FollowError::Quarantine)?.path();
            let is_payload = path.extension().is_some_and(|extension| extension == PAYLOAD);
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if is_payload && is_name(name) {
                held.push(HeldPayload { name: name.to_owned(), reason_code: self.reason(name) });
            }
        }
        held.sort();
        Ok(held)
    }

    fn reason(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(name, REASON)).unwrap_or_default();
        let why: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let code = why.get("reason").and_then(serde_json::Value::as_str);
        // Only codes of ours, whatever someone may have written into the file.
        let known = QuarantineReason::ALL.iter().find(|reason| Some(reason.code()) == code);
        known.map(|reason| reason.code().to_owned()).unwrap_or_default()
    }

    /// A held payload, as received, to be tried again.
    ///
    /// # Errors
    /// [`FollowError::NotHeld`] and [`FollowError::Quarantine`].
    pub fn content(&self, name: &str) -> Result<Vec<u8>, FollowError> {
        if !is_name(name) {
            return Err(FollowError::NotHeld);
        }
        fs::read(self.path(name, PAYLOAD)).map_err(not_held)
    }

    /// Lets a payload go, after it was shared or found to be not for sharing.
    ///
    /// # Errors
    /// [`FollowError::NotHeld`] and [`FollowError::Quarantine`].
    pub fn release(&self, name: &str) -> Result<(), FollowError> {
        if !is_name(name) {
            return Err(FollowError::NotHeld);
        }
        fs::remove_file(self.path(name, PAYLOAD)).map_err(not_held)?;
        fs::remove_file(self.path(name, REASON)).map_err(FollowError::Quarantine)
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.dir.join(format!("{name}.{extension}"))
    }
}

fn not_held(error: std::io::Error) -> FollowError {
    if error.kind() == std::io::ErrorKind::NotFound {
        FollowError::NotHeld
    } else {
        FollowError::Quarantine(error)
    }
}

/// Whether a text is a name of ours, and so cannot lead out of the folder.
fn is_name(text: &str) -> bool {
    text.len() == 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
