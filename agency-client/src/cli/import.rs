//! The verbs `import hmpps` and `import releases`.
//!
//! Owns: reading files, reporting each outcome, and publishing what is shareable.
//! Promises: with `--dry-run` nothing is connected to and no settings are needed; the same file
//! read twice gives the same message ids, so importing again tells nobody twice, and what was
//! sent before is no failure.
//! Deliberately does not know: what an event means ([`crate::hmpps`]).

use super::answer::{Answer, say};
use super::args::{ImportHmpps, ImportReleases};
use super::error::CliError;
use super::now;
use super::output::{Output, complain, read_bytes};
use super::shown::in_line;
use crate::connection::Connection;
use crate::hmpps::{
    ImportProfile, Outcome, PAYLOAD_BYTES_MAX, QuarantineFolder, is_event_file, json_line, read,
    read_release_list,
};
use crate::publisher::{Pending, PublishOutcome, Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1::Message;
use serde_json::json;
use std::collections::{BTreeSet, VecDeque};
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
    /// Ids of messages that the broker did not take, since that was last asked.
    not_taken: BTreeSet<String>,
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
        Ok(Self::over(publisher))
    }

    const fn over(publisher: Option<Publisher>) -> Self {
        let owed = VecDeque::new();
        Self { publisher, owed, sent: 0, failed: 0, not_taken: BTreeSet::new() }
    }

    /// Sends one message; answers are read as they are needed.
    pub(super) async fn send(&mut self, message: Message, out: &Output) -> Result<(), CliError> {
        let Some(publisher) = &self.publisher else { return Ok(()) };
        self.sent += 1;
        let id = message.message_id.clone();
        match publisher.send(message).await {
            Ok(answer) => self.owed.push_back((id, answer)),
            Err(error) => self.count(&id, &Err(error), out)?,
        }
        if self.owed.len() >= OWED_MAX {
            self.settle_first(out).await?;
        }
        Ok(())
    }

    /// Waits for every answer; the ids of what was sent since the last time and not taken.
    pub(super) async fn settle(&mut self, out: &Output) -> Result<BTreeSet<String>, CliError> {
        while !self.owed.is_empty() {
            self.settle_first(out).await?;
        }
        Ok(std::mem::take(&mut self.not_taken))
    }

    async fn settle_first(&mut self, out: &Output) -> Result<(), CliError> {
        let Some((id, answer)) = self.owed.pop_front() else { return Ok(()) };
        self.count(&id, &answer.await, out)
    }

    fn count(&mut self, id: &str, outcome: &PublishOutcome, out: &Output) -> Result<(), CliError> {
        let answer = Answer::of(outcome);
        match answer {
            Answer::Taken => {}
            Answer::Later | Answer::Refused => {
                self.failed += 1;
                self.not_taken.insert(id.to_owned());
            }
        }
        say(id, outcome, answer, out)
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
    let Found { files, not_read } = files_of(&what.paths)?;
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
    print_not_read(not_read, out)?;
    let [shared, not_shareable, quarantined] = counts;
    let ending = ending(what.dry_run);
    complain(&format!(
        "{shared} to be shared, {not_shareable} not for sharing, {quarantined} held back{ending}"
    ));
    sink.finish(out).await
}

/// How a summary ends.
const fn ending(is_dry: bool) -> &'static str {
    if is_dry { "; nothing was sent" } else { "" }
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
        return out.json_line(&json_line(&label, outcome));
    }
    let label = in_line(&label);
    out.text(&match outcome {
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
    let (rows, ending) = (list.rows.len(), ending(what.dry_run));
    for row in list.rows {
        let id = row.message.message_id.clone();
        out.record(
            || json!({"line": row.line, "outcome": "shared", "message_id": id}),
            || format!("line {}: to be shared as {id}", row.line),
        )?;
        sink.send(row.message, out).await?;
    }
    complain(&format!("{rows} to be shared, {faults} faults{ending}"));
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

/// What is to be read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// The files, in the order of names within each folder.
    files: Vec<PathBuf>,
    /// Plain files of the folders that are no events by their names.
    not_read: usize,
}

/// The files named, whatever they are called, and the events in the folders named: plain files
/// whose names end in `.json`. Names that begin with a dot are unfinished and not counted.
fn files_of(paths: &[PathBuf]) -> Result<Found, CliError> {
    let mut found = Found::default();
    for path in paths {
        if !path.is_dir() {
            found.files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(CliError::file(path))? {
            let entry = entry.map_err(CliError::file(path))?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if is_hidden || !entry.path().is_file() {
                continue;
            }
            if is_event_file(&entry.path()) {
                inside.push(entry.path());
            } else {
                found.not_read += 1;
            }
        }
        inside.sort();
        found.files.extend(inside);
    }
    Ok(found)
}

/// Says in one line how many files of the folders were passed by.
pub(super) fn print_not_read(count: usize, out: &Output) -> Result<(), CliError> {
    if count == 0 {
        return Ok(());
    }
    out.record(
        || json!({"outcome": "not_read", "files": count, "rule": "not .json"}),
        || match count {
            1 => "1 file not read: not .json".to_owned(),
            _ => format!("{count} files not read: not .json"),
        },
    )
}

/// The first bytes of a file, at most `bytes_max`.
fn read_start(path: &Path, bytes_max: usize) -> Result<Vec<u8>, CliError> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(CliError::file(path))?;
    let mut bytes = Vec::new();
    file.take(bytes_max as u64).read_to_end(&mut bytes).map_err(CliError::file(path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{Stub, next};
    use proto::exchange::v1::publish_result::Outcome as Told;
    use proto::exchange::v1::{Accepted, PublishResponse, PublishResult, Refused};
    use proto::refusal::Refusal;

    #[tokio::test]
    async fn what_was_sent_at_another_time_of_the_same_event_is_no_failure() {
        let mut stub = Stub::start().await;
        let publisher = Publisher::new(&stub.connection(), PublisherOptions::default());
        let (mut sink, out) = (Sink::over(Some(publisher)), Output::new(true));
        let refused = |refusal: Refusal| {
            Told::Refused(Refused { code: refusal.code(), ..Refused::default() })
        };
        let rows = [
            Told::Accepted(Accepted::default()),
            refused(Refusal::MessageIdReused),
            refused(Refusal::InvalidMessage),
        ];
        let ids = ["a", "b", "c"].map(|end| format!("00000000-0000-8000-8000-00000000000{end}"));
        for id in &ids {
            let message = Message { message_id: id.clone(), ..Message::default() };
            sink.send(message, &out).await.unwrap();
        }
        let mut call = next(&mut stub.publishing).await;
        for (message_id, told) in ids.iter().cloned().zip(rows) {
            let results = vec![PublishResult { message_id, outcome: Some(told) }];
            call.say(PublishResponse { results });
        }
        let mut heard = 0;
        while heard < ids.len() {
            heard += call.hear().await.messages.len();
        }
        let not_taken = sink.settle(&out).await.unwrap();
        assert_eq!(not_taken, BTreeSet::from([ids.last().unwrap().clone()]));
        assert!(sink.settle(&out).await.unwrap().is_empty(), "each is named once");
        assert!(matches!(
            sink.finish(&out).await,
            Err(CliError::NotAllPublished { failed: 1, all: 3 })
        ));
    }

    #[test]
    fn of_a_folder_only_events_are_read_and_the_other_files_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["b.json", "A.JSON", "README.md", "expected.tsv", "json", ".c.json", ".hidden"]
        {
            std::fs::write(path(name), "{}").unwrap();
        }
        std::fs::create_dir(path("older.json")).unwrap();
        let files = vec![path("A.JSON"), path("b.json")];
        assert_eq!(
            files_of(&[folder.path().to_owned()]).unwrap(),
            Found { files: files.clone(), not_read: 3 }
        );
        let named = [path("README.md"), folder.path().to_owned()];
        let found = files_of(&named).unwrap();
        assert_eq!(found.files.first(), Some(&path("README.md")), "a file that is named is read");
        assert_eq!(found.files.get(1..), Some(files.as_slice()));
    }
}
