//! The verbs `import hmpps` and `import releases`.
//!
//! Owns: reading files, reporting each outcome, and publishing what is shareable.
//! Promises: with `--dry-run` nothing is connected to and no settings are needed; the same file
//! read twice gives the same message ids, so importing again tells nobody twice.
//! Deliberately does not know: what an event means ([`crate::hmpps`]).

use super::args::{ImportHmpps, ImportReleases};
use super::error::CliError;
use super::exchange::report;
use super::now;
use super::output::{Output, complain, read_bytes};
use crate::connection::Connection;
use crate::hmpps::{
    ImportProfile, Outcome, PAYLOAD_BYTES_MAX, QuarantineFolder, json_line, read, read_release_list,
};
use crate::publisher::{Pending, Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1::Message;
use serde_json::json;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// The largest release list that is opened, bytes; the reader has a bound of its own below it.
const LIST_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Answers that may be owed before one is waited for.
const OWED_MAX: usize = 4_096;

/// Publishes what imports give it, and counts.
pub(super) struct Sink {
    publisher: Option<Publisher>,
    owed: VecDeque<(String, Pending)>,
    sent: usize,
    failed: usize,
}

impl Sink {
    /// Connects, unless this is a dry run.
    pub(super) async fn open(settings: &Path, is_dry: bool) -> Result<Self, CliError> {
        let publisher = if is_dry {
            None
        } else {
            let settings = Settings::load(settings)?;
            let connection = Connection::connect(&settings).await?;
            Some(Publisher::new(&connection, PublisherOptions::from(&settings)))
        };
        Ok(Self { publisher, owed: VecDeque::new(), sent: 0, failed: 0 })
    }

    /// Sends one message; answers are read as they are needed.
    pub(super) async fn send(&mut self, message: Message, out: &Output) -> Result<(), CliError> {
        let Some(publisher) = &self.publisher else { return Ok(()) };
        self.sent += 1;
        let id = message.message_id.clone();
        match publisher.send(message).await {
            Ok(answer) => self.owed.push_back((id, answer)),
            Err(error) => {
                self.failed += 1;
                report(&id, &Err(error), out)?;
            }
        }
        if self.owed.len() >= OWED_MAX {
            self.settle_first(out).await?;
        }
        Ok(())
    }

    /// Waits for every answer; whether all were accepted since the last time.
    pub(super) async fn settle(&mut self, out: &Output) -> Result<bool, CliError> {
        let failed = self.failed;
        while !self.owed.is_empty() {
            self.settle_first(out).await?;
        }
        Ok(self.failed == failed)
    }

    async fn settle_first(&mut self, out: &Output) -> Result<(), CliError> {
        let Some((id, answer)) = self.owed.pop_front() else { return Ok(()) };
        let outcome = answer.await;
        // Acceptance is the rule; the line of the event has said what was sent.
        if outcome.is_err() {
            self.failed += 1;
            report(&id, &outcome, out)?;
        }
        Ok(())
    }

    /// Waits for every answer and ends.
    pub(super) async fn finish(mut self, out: &Output) -> Result<(), CliError> {
        self.settle(out).await?;
        if let Some(publisher) = self.publisher {
            publisher.close().await;
        }
        match self.failed {
            0 => Ok(()),
            failed => Err(CliError::NotAllPublished { failed, all: self.sent }),
        }
    }
}

/// `agency import hmpps`.
pub(super) async fn hmpps(
    settings: &Path,
    what: &ImportHmpps,
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let quarantine = match (&what.quarantine, what.dry_run) {
        (Some(dir), false) => Some(QuarantineFolder::open(dir, profile.id_key)?),
        (Some(_) | None, _) => None,
    };
    let files = files_of(&what.paths)?;
    let mut sink = Sink::open(settings, what.dry_run).await?;
    let mut counts = [0_usize; 3];
    for path in files {
        // One byte more than is read shows the reader that there is more.
        let payload = read_start(&path, PAYLOAD_BYTES_MAX + 1)?;
        let outcome = read(&payload, &profile, now());
        print_outcome(&path, &outcome, out)?;
        let [shared, not_shareable, quarantined] = &mut counts;
        match outcome {
            Outcome::Shared(messages) => {
                *shared += 1;
                for message in messages {
                    sink.send(message, out).await?;
                }
            }
            Outcome::NotShareable(_) => *not_shareable += 1,
            Outcome::Quarantined(held) => {
                *quarantined += 1;
                keep(quarantine.as_ref(), &path, held.reason)?;
            }
        }
    }
    let [shared, not_shareable, quarantined] = counts;
    complain(&format!("{shared} shared, {not_shareable} not for sharing, {quarantined} held back"));
    sink.finish(out).await
}

/// Keeps a payload that cannot be used, where there is a place for it.
pub(super) fn keep(
    folder: Option<&QuarantineFolder>,
    path: &Path,
    reason: crate::hmpps::QuarantineReason,
) -> Result<(), CliError> {
    let Some(folder) = folder else { return Ok(()) };
    let mut file = std::fs::File::open(path).map_err(CliError::file(path))?;
    folder.keep(&mut file, reason)?;
    Ok(())
}

/// Prints what became of one payload.
pub(super) fn print_outcome(path: &Path, outcome: &Outcome, out: &Output) -> Result<(), CliError> {
    let label = path.display().to_string();
    if out.is_json {
        return out.line(&json_line(&label, outcome));
    }
    out.line(&match outcome {
        Outcome::Shared(messages) => {
            let ids: Vec<&str> = messages.iter().map(|m| m.message_id.as_str()).collect();
            format!("{label}: to be shared as {}", ids.join(", "))
        }
        Outcome::NotShareable(kept) => format!("{label}: not for sharing. {}", kept.reason),
        Outcome::Quarantined(held) => format!("{label}: held back. {}", held.reason),
    })
}

/// `agency import releases`.
pub(super) async fn releases(
    settings: &Path,
    what: &ImportReleases,
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let content = read_bytes(&what.file, LIST_FILE_BYTES_MAX)?;
    let list = read_release_list(&content, &profile, now())
        .map_err(|source| CliError::List { path: what.file.clone(), source })?;
    let mut sink = Sink::open(settings, what.dry_run).await?;
    for fault in &list.faults {
        out.record(
            || {
                json!({"line": fault.line, "outcome": "faulty", "column": fault.column,
                       "rule": fault.rule.to_string()})
            },
            || fault.to_string(),
        )?;
    }
    let faults = list.faults.len();
    for row in list.rows {
        let id = row.message.message_id.clone();
        out.record(
            || json!({"line": row.line, "outcome": "shared", "message_id": id}),
            || format!("line {}: to be shared as {id}", row.line),
        )?;
        sink.send(row.message, out).await?;
    }
    sink.finish(out).await?;
    if faults == 0 {
        Ok(())
    } else {
        let rule = "has rows with faults; they are listed, and the other rows were dealt with";
        Err(CliError::Argument { what: "the list", rule })
    }
}

/// Loads the footing of an import.
pub(super) fn profile(path: &Path) -> Result<ImportProfile, CliError> {
    ImportProfile::load(path).map_err(|source| CliError::Profile { path: path.to_owned(), source })
}

/// The files named, and the plain files of the folders named, in the order of names.
fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(CliError::file(path))? {
            let entry = entry.map_err(CliError::file(path))?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !is_hidden && entry.path().is_file() {
                inside.push(entry.path());
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// The first bytes of a file, at most `bytes_max`.
fn read_start(path: &Path, bytes_max: usize) -> Result<Vec<u8>, CliError> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(CliError::file(path))?;
    let mut bytes = Vec::new();
    file.take(bytes_max as u64).read_to_end(&mut bytes).map_err(CliError::file(path))?;
    Ok(bytes)
}
