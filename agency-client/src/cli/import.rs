//! The verbs `import hmpps` and `import releases`.
//!
//! Owns: reading files, reporting each outcome, and publishing what is for sharing.
//! Promises: with `--dry-run` nothing is connected to and no settings are needed, and it is said
//! what would be; nothing is called shared before the broker has it; the same file read twice gives
//! the same message ids, so importing again tells nobody twice, and what was sent before is no
//! failure.
//! Deliberately does not know: what an event means ([`crate::hmpps`]), and what a row of a
//! co-ordinator's list does ([`crate::flag_list`]).

use super::answer::{Answer, By, Teller};
use super::args::{ImportFlags, ImportHmpps, ImportReleases};
use super::error::CliError;
use super::now;
use super::output::{Output, complain, read_bytes};
use super::sending::Sending;
use super::shown::in_line;
use crate::connection::Connection;
use crate::files::read_start;
use crate::flag_list::{FlagFault, FlagListMapping, LIST_BYTES_MAX, read_flag_list};
use crate::hmpps::{
    ImportMemory, ImportProfile, Outcome, PAYLOAD_BYTES_MAX, QuarantineFolder, is_event_file,
    json_line, nobody_released, read_release_list, read_remembering,
};
use crate::publisher::{PublishOutcome, Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1::Message;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The largest release list that is opened, bytes; the reader has a bound of its own below it.
const LIST_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Publishes what imports give it, and counts.
pub(super) struct Sink {
    sending: Option<Sending>,
    tally: Tally,
}

/// What became of messages.
struct Tally {
    teller: Teller,
    sent: usize,
    failed: usize,
    /// Messages that the broker did not take, since that was last asked.
    not_taken: BTreeMap<String, Answer>,
}

impl Sink {
    /// Connects, unless this is a dry run.
    async fn open(settings: &Path, is_dry: bool) -> Result<Self, CliError> {
        if is_dry {
            return Ok(Self::over(None, By::Import));
        }
        let settings = Settings::load(settings)?;
        let connection = Connection::connect(&settings).await?;
        let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
        Ok(Self::over(Some(publisher), By::Import))
    }

    /// Publishes by this publisher; by none in a dry run.
    pub(super) fn over(publisher: Option<Publisher>, by: By) -> Self {
        let (teller, not_taken) = (Teller::new(by), BTreeMap::new());
        let tally = Tally { teller, sent: 0, failed: 0, not_taken };
        Self { sending: publisher.map(Sending::by), tally }
    }

    /// Sends one message, and says what became of those before it that were answered meanwhile.
    pub(super) async fn send(&mut self, message: Message, out: &Output) -> Result<(), CliError> {
        let Self { sending, tally } = self;
        let Some(sending) = sending else { return Ok(()) };
        tally.sent += 1;
        sending.send(message, |id, outcome| tally.count(id, outcome, out)).await
    }

    /// Waits for every answer; what was sent since the last time and not taken, by id.
    pub(super) async fn settle(
        &mut self,
        out: &Output,
    ) -> Result<BTreeMap<String, Answer>, CliError> {
        let Self { sending, tally } = self;
        if let Some(sending) = sending {
            sending.settle(|id, outcome| tally.count(id, outcome, out)).await?;
        }
        tally.teller.settled();
        Ok(std::mem::take(&mut tally.not_taken))
    }

    /// Ends, once everything is settled.
    pub(super) async fn close(self) {
        if let Some(sending) = self.sending {
            sending.close().await;
        }
    }

    /// Waits for every answer, sums up and ends.
    async fn finish(mut self, summary: &Summary, out: &Output) -> Result<(), CliError> {
        self.settle(out).await?;
        let Tally { sent, failed, .. } = self.tally;
        complain(&summary.text(self.sending.is_none(), sent - failed));
        self.close().await;
        if failed == 0 { Ok(()) } else { Err(CliError::NotAllPublished { failed, all: sent }) }
    }
}

impl Tally {
    fn count(&mut self, id: &str, outcome: &PublishOutcome, out: &Output) -> Result<(), CliError> {
        let answer = self.teller.say(id, outcome, out)?;
        match answer {
            Answer::Taken => {}
            Answer::Later | Answer::Refused => {
                self.failed += 1;
                self.not_taken.insert(id.to_owned(), answer);
            }
        }
        Ok(())
    }
}

/// What an import counts of what it read.
struct Summary {
    /// Events for sharing.
    for_sharing: usize,
    /// The rest, in words.
    others: String,
}

impl Summary {
    /// What was done, or in a dry run what would be.
    fn text(&self, is_dry: bool, taken: usize) -> String {
        let Self { for_sharing, others } = self;
        if is_dry {
            format!("{for_sharing} would be shared, {others}; nothing was sent")
        } else {
            format!("{taken} shared, {others}")
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
    let mut memory = match (&profile.memory_file, what.dry_run) {
        (Some(path), true) => Some(ImportMemory::without_saving(path, profile.id_key, now())?),
        (Some(_) | None, _) => memory(&profile)?,
    };
    let Found { files, not_read } = files_of(&what.paths)?;
    let mut sink = Sink::open(settings, what.dry_run).await?;
    let mut counts = [0_usize; 3];
    for path in files {
        let payload = File::open(&path)
            .and_then(|file| read_start(file, PAYLOAD_BYTES_MAX as u64))
            .map_err(CliError::file(&path))?;
        let outcome = read_remembering(&payload, &profile, memory.as_mut(), now())?;
        print_outcome(&path, &outcome, Sharing::of(what.dry_run), out)?;
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
    let others = format!("{not_shareable} not for sharing, {quarantined} held back");
    sink.finish(&Summary { for_sharing: shared, others }, out).await
}

/// What is said of an event before the broker has answered.
#[derive(Clone, Copy)]
pub(super) enum Sharing {
    /// It is being sent.
    Meant,
    /// It would be sent, were this not a dry run.
    Supposed,
}

impl Sharing {
    const fn of(is_dry: bool) -> Self {
        if is_dry { Self::Supposed } else { Self::Meant }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Meant => "for sharing",
            Self::Supposed => "would be shared",
        }
    }
}

/// Keeps a payload that cannot be used, where there is a place for it.
fn keep(
    folder: Option<&QuarantineFolder>,
    path: &Path,
    reason: crate::hmpps::QuarantineReason,
) -> Result<(), CliError> {
    let Some(folder) = folder else { return Ok(()) };
    let mut file = File::open(path).map_err(CliError::file(path))?;
    folder.keep(&mut file, reason)?;
    Ok(())
}

/// Prints how one payload was read.
pub(super) fn print_outcome(
    path: &Path,
    outcome: &Outcome,
    sharing: Sharing,
    out: &Output,
) -> Result<(), CliError> {
    let label = path.display().to_string();
    if out.is_json {
        return out.json_line(&json_line(&label, outcome));
    }
    let label = in_line(&label);
    out.text(&match outcome {
        Outcome::Shared(messages) => {
            let ids: Vec<&str> = messages.iter().map(|m| m.message_id.as_str()).collect();
            format!("{label}: {} as {}", sharing.words(), ids.join(", "))
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
    let nobody_is_on_it = list.rows.is_empty() && list.faults.is_empty();
    if what.nobody_by.is_some() && !nobody_is_on_it {
        let rule = "is for a list on which nobody stands, and this one has rows: nothing was sent";
        return Err(CliError::Argument { what: "--nobody-by", rule });
    }
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
    let (rows, sharing) = (list.rows.len(), Sharing::of(what.dry_run).words());
    match what.nobody_by {
        Some(person) => {
            let message = nobody_released(&profile, person, now());
            let id = message.message_id.clone();
            out.record(
                || json!({"outcome": "shared", "message_id": id}),
                || format!("nobody: {sharing} as {id}"),
            )?;
            sink.send(message, out).await?;
        }
        None if nobody_is_on_it => complain(
            "the list is empty: nothing is sent, and whoever waits for a list is alarmed as if none \
             had come. If nobody is released today, say so by --nobody-by",
        ),
        None => {}
    }
    for row in list.rows {
        let id = row.message.message_id.clone();
        out.record(
            // How the row was read, by the same word as of an event.
            || json!({"line": row.line, "outcome": "shared", "message_id": id}),
            || format!("line {}: {sharing} as {id}", row.line),
        )?;
        sink.send(row.message, out).await?;
    }
    sink.finish(&Summary { for_sharing: rows, others: format!("{faults} faults") }, out).await?;
    all_good(faults == 0)
}

/// `agency import flags`.
pub(super) async fn flags(
    settings: &Path,
    what: &ImportFlags,
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let mapping = FlagListMapping::load(&what.mapping)
        .map_err(|source| CliError::Mapping { path: what.mapping.clone(), source })?;
    let content = read_bytes(&what.file, LIST_BYTES_MAX as u64)?;
    let list = read_flag_list(&content, &profile, &mapping, now())
        .map_err(|source| CliError::FlagList { path: what.file.clone(), source })?;
    let mut sink = Sink::open(settings, what.dry_run).await?;
    let (good, faulty) = (list.rows.len(), list.faults.iter().map(|fault| fault.row));
    let faulty = faulty.collect::<BTreeSet<_>>().len();
    let sharing = Sharing::of(what.dry_run).words();
    let mut faults = list.faults.iter().peekable();
    let mut rows = BTreeMap::new();
    for row in list.rows {
        while let Some(fault) = faults.next_if(|fault| fault.row < row.row) {
            print_fault(fault, out)?;
        }
        let (number, id) = (row.row, row.message.message_id.clone());
        out.record(
            // How the row was read, by the same word as of an event.
            || json!({"row": number, "outcome": "shared", "message_id": id}),
            || format!("row {number}: {sharing} as {id}"),
        )?;
        rows.insert(id, number);
        sink.send(row.message, out).await?;
    }
    faults.try_for_each(|fault| print_fault(fault, out))?;
    // What the broker said of a message names it by its id; a co-ordinator looks for the row.
    let not_taken = sink.settle(out).await?;
    for (id, row) in rows.iter().filter(|(id, _)| not_taken.contains_key(*id)) {
        out.record(
            || json!({"row": row, "outcome": "not_taken", "message_id": id}),
            || format!("row {row}: was not taken; why is said above of {id}"),
        )?;
    }
    let others = format!("{faulty} rows with faults");
    sink.finish(&Summary { for_sharing: good, others }, out).await?;
    all_good(faulty == 0)
}

fn print_fault(fault: &FlagFault, out: &Output) -> Result<(), CliError> {
    out.record(
        || {
            json!({"row": fault.row, "outcome": "faulty", "column": fault.column,
                   "place": fault.place.map(|place| place.to_string()),
                   "rule": fault.rule.to_string()})
        },
        || fault.to_string(),
    )
}

/// Says that rows of a list have faults, once all others were dealt with.
fn all_good(is_so: bool) -> Result<(), CliError> {
    let rule = "has rows with faults; they are listed, and the other rows were dealt with";
    if is_so { Ok(()) } else { Err(CliError::Argument { what: "the list", rule }) }
}

/// Loads the footing of an import.
pub(super) fn profile(path: &Path) -> Result<ImportProfile, CliError> {
    ImportProfile::load(path).map_err(|source| CliError::Profile { path: path.to_owned(), source })
}

/// Opens the memory that a profile names.
pub(super) fn memory(profile: &ImportProfile) -> Result<Option<ImportMemory>, CliError> {
    let path = profile.memory_file.as_ref();
    Ok(path.map(|path| ImportMemory::open(path, profile.id_key, now())).transpose()?)
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
        let (mut sink, out) = (Sink::over(Some(publisher), By::Import), Output::new(true));
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
        let refused = BTreeMap::from([(ids.last().unwrap().clone(), Answer::Refused)]);
        assert_eq!(not_taken, refused);
        assert!(sink.settle(&out).await.unwrap().is_empty(), "each is named once");
        let summary = Summary { for_sharing: 3, others: String::new() };
        assert!(matches!(
            sink.finish(&summary, &out).await,
            Err(CliError::NotAllPublished { failed: 1, all: 3 })
        ));
    }

    #[test]
    fn a_summary_says_what_was_done_and_of_a_dry_run_what_would_be() {
        let summary = Summary { for_sharing: 3, others: "1 not for sharing, 0 held back".into() };
        assert_eq!(summary.text(false, 2), "2 shared, 1 not for sharing, 0 held back");
        assert_eq!(
            summary.text(true, 0),
            "3 would be shared, 1 not for sharing, 0 held back; nothing was sent"
        );
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
