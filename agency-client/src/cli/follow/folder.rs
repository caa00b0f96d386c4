//! The verb `follow` on a folder.
//!
//! Owns: the round of looking at a folder, publishing, and moving the saved position on.
//! Promises: a file is marked done only after everything in it was accepted, found not for
//! sharing, or kept in quarantine. What the broker cannot take now stays unread and is tried again
//! once the broker can be reached, as often as it needs; a file that cannot be read, or whose
//! messages were refused for good, stays unread too, and is tried again once it is rewritten or at
//! the next start, after people have looked. No one file stops the others. When told to end, the
//! round in hand is finished first: what it sent is answered, and what was taken is marked done.
//! Deliberately does not know: what an event means ([`crate::hmpps`]).

use super::super::answer::{Answer, By};
use super::super::args::Follow;
use super::super::error::CliError;
use super::super::import::{Sharing, Sink, memory, print_not_read, print_outcome, profile};
use super::super::output::Output;
use super::super::shown::in_line;
use super::super::{now, told_to_end};
use super::broker_rest::BrokerRest;
use crate::connection::Connection;
use crate::hmpps::{
    FolderSource, FollowError, ImportMemory, ImportProfile, Outcome, QuarantineFolder, UnreadFile,
    read_remembering,
};
use crate::publisher::{Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1::Message;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Files of one round.
const ROUND_FILES_MAX: usize = 256;

struct Follower<'run> {
    profile: ImportProfile,
    memory: Option<ImportMemory>,
    source: FolderSource,
    quarantine: QuarantineFolder,
    sink: Sink,
    broker_rest: BrokerRest,
    /// Files, as they were seen, that cannot be read or whose messages were refused for good in
    /// this run.
    set_aside: BTreeSet<UnreadFile>,
    /// Files of the last round that the broker could not take then.
    waiting: usize,
    /// Files whose messages the broker has, in this run.
    taken: usize,
    out: &'run Output,
}

/// What a round came to.
enum Round {
    /// There was nothing to read.
    Idle,
    /// All was dealt with.
    Done,
    /// The broker could not take everything.
    Waiting,
}

/// `agency follow … FOLDER`.
pub(super) async fn follow(
    settings: &Path,
    what: &Follow,
    (folder, state): (&Path, &Path),
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let memory = memory(&profile)?;
    let source = FolderSource::open(folder, state, profile.id_key)?;
    let quarantine = QuarantineFolder::open(&what.quarantine, profile.id_key)?;
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
    let mut follower = Follower {
        profile,
        memory,
        source,
        quarantine,
        sink: Sink::over(Some(publisher), By::follower(what.once)),
        broker_rest: BrokerRest::new(connection),
        set_aside: BTreeSet::new(),
        waiting: 0,
        taken: 0,
        out,
    };
    print_not_read(follower.source.not_read()?, out)?;
    follower.run(what).await?;
    let Follower { sink, set_aside, waiting, taken, .. } = follower;
    sink.close().await;
    match set_aside.len() + waiting {
        0 => Ok(()),
        failed => Err(CliError::NotAllPublished { failed, all: taken + failed }),
    }
}

impl Follower<'_> {
    async fn run(&mut self, what: &Follow) -> Result<(), CliError> {
        let end = told_to_end();
        tokio::pin!(end);
        let mut last = Round::Done;
        loop {
            let every = Duration::from_secs(what.every_seconds);
            let rest = async {
                match last {
                    Round::Idle => tokio::time::sleep(every).await,
                    Round::Done => {}
                    Round::Waiting => self.broker_rest.wait().await?,
                }
                Ok::<_, CliError>(())
            };
            // Only a wait is broken off by the end; a round is finished.
            tokio::select! {
                biased;
                () = &mut end => return Ok(()),
                rested = rest => rested?,
            }
            let unread = self.unread()?;
            last = self.round(&unread).await?;
            if what.once && !matches!(last, Round::Done) {
                return Ok(());
            }
        }
    }

    /// The next files to deal with.
    fn unread(&mut self) -> Result<Vec<UnreadFile>, CliError> {
        let mut unread = self.source.next_unread(ROUND_FILES_MAX + self.set_aside.len())?;
        unread.retain(|file| !self.set_aside.contains(file));
        // What lies there now in its place counts, not what did.
        for file in &unread {
            self.set_aside.retain(|earlier| earlier.path != file.path);
        }
        Ok(unread)
    }

    /// Sets a file aside that cannot be read, and says so; one that was taken away meanwhile is
    /// passed by.
    fn not_read(&mut self, file: &UnreadFile, error: &io::Error) -> Result<(), CliError> {
        if error.kind() == io::ErrorKind::NotFound {
            return Ok(());
        }
        self.set_aside.insert(file.clone());
        let path = file.path.display().to_string();
        let sentence = format!("cannot be read ({error}); the others are");
        self.out.record(
            || json!({"file": path, "outcome": "unreadable", "sentence": sentence}),
            || format!("{}: {sentence}", in_line(&path)),
        )
    }

    /// Deals with these files.
    async fn round(&mut self, unread: &[UnreadFile]) -> Result<Round, CliError> {
        let mut shared: Vec<(&UnreadFile, Vec<Message>)> = Vec::new();
        for file in unread {
            let content = match file.content() {
                Ok(content) => content,
                Err(FollowError::Read(error)) => {
                    self.not_read(file, &error)?;
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            let memory = self.memory.as_mut();
            let outcome = read_remembering(&content, &self.profile, memory, now())?;
            print_outcome(&file.path, &outcome, Sharing::Meant, self.out)?;
            match outcome {
                Outcome::Shared(messages) => {
                    shared.push((file, messages));
                }
                Outcome::NotShareable(_) => self.source.mark_done(file)?,
                // All of the file is kept, however much of it was read.
                Outcome::Quarantined(held) => match File::open(&file.path) {
                    Ok(mut whole) => {
                        self.quarantine.keep(&mut whole, held.reason)?;
                        self.source.mark_done(file)?;
                    }
                    Err(error) => self.not_read(file, &error)?,
                },
            }
        }
        // All of a round fly together. One message may stand for several files.
        let mut in_hand = Vec::new();
        for (file, messages) in shared {
            let ids: Vec<String> = messages.iter().map(|m| m.message_id.clone()).collect();
            in_hand.push((file, ids));
            for message in messages {
                self.sink.send(message, self.out).await?;
            }
        }
        let not_taken = self.sink.settle(self.out).await?;
        self.waiting = 0;
        for (file, ids) in in_hand {
            let answers: BTreeSet<Answer> =
                ids.iter().filter_map(|id| not_taken.get(id)).copied().collect();
            if answers.contains(&Answer::Later) {
                self.waiting += 1;
            } else if answers.contains(&Answer::Refused) {
                self.set_aside.insert(file.clone());
            } else {
                self.source.mark_done(file)?;
                self.taken += 1;
            }
        }
        self.broker_rest.note(self.waiting > 0);
        Ok(match (self.waiting, unread.len()) {
            (0, 0) => Round::Idle,
            (0, _) => Round::Done,
            (_, _) => Round::Waiting,
        })
    }
}

#[cfg(test)]
mod tests;
