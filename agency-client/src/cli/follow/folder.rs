//! The verb `follow` on a folder.
//!
//! Owns: the round of looking at a folder, publishing, and moving the saved position on.
//! Promises: a file is marked done only after everything in it was accepted, found not for
//! sharing, or kept in quarantine. A file whose messages were refused stays unread and is tried
//! again at the next start, after people have looked. When told to end, the round in hand is
//! finished first: what it sent is answered, and what was taken is marked done.
//! Deliberately does not know: what an event means ([`crate::hmpps`]).

use super::super::args::Follow;
use super::super::error::CliError;
use super::super::import::{Sink, keep, print_not_read, print_outcome, profile};
use super::super::output::Output;
use super::super::{now, told_to_end};
use crate::hmpps::{FolderSource, ImportProfile, Outcome, QuarantineFolder, UnreadFile, read};
use proto::exchange::v1::Message;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files of one round.
const ROUND_FILES_MAX: usize = 256;

struct Follower<'run> {
    profile: ImportProfile,
    source: FolderSource,
    quarantine: QuarantineFolder,
    sink: Sink,
    /// Files whose messages were refused in this run.
    refused: BTreeSet<PathBuf>,
    out: &'run Output,
}

/// `agency follow … FOLDER`.
pub(super) async fn follow(
    settings: &Path,
    what: &Follow,
    (folder, state): (&Path, &Path),
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let source = FolderSource::open(folder, state, profile.id_key)?;
    let quarantine = QuarantineFolder::open(&what.quarantine, profile.id_key)?;
    let sink = Sink::open(settings, false).await?;
    let mut follower =
        Follower { profile, source, quarantine, sink, refused: BTreeSet::new(), out };
    print_not_read(follower.source.not_read()?, out)?;
    let end = told_to_end();
    tokio::pin!(end);
    let mut rest = Duration::ZERO;
    loop {
        // Only a wait is broken off by the end; a round is finished.
        tokio::select! {
            biased;
            () = &mut end => break,
            () = tokio::time::sleep(rest) => {}
        }
        let is_idle = follower.round().await? == 0;
        if is_idle && what.once {
            break;
        }
        rest = if is_idle { Duration::from_secs(what.every_seconds) } else { Duration::ZERO };
    }
    follower.sink.finish(out).await
}

impl Follower<'_> {
    /// Deals with the next files; how many there were.
    async fn round(&mut self) -> Result<usize, CliError> {
        let unread = self.source.next_unread(ROUND_FILES_MAX + self.refused.len())?;
        let unread: Vec<UnreadFile> =
            unread.into_iter().filter(|file| !self.refused.contains(&file.path)).collect();
        let mut shared: Vec<(&UnreadFile, Vec<Message>)> = Vec::new();
        for file in &unread {
            let outcome = read(&file.content()?, &self.profile, now());
            print_outcome(&file.path, &outcome, self.out)?;
            match outcome {
                Outcome::Shared(messages) => {
                    shared.push((file, messages));
                }
                Outcome::NotShareable(_) => self.source.mark_done(file)?,
                Outcome::Quarantined(held) => {
                    keep(Some(&self.quarantine), &file.path, held.reason)?;
                    self.source.mark_done(file)?;
                }
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
        for (file, ids) in in_hand {
            if ids.iter().any(|id| not_taken.contains(id)) {
                self.refused.insert(file.path.clone());
            } else {
                self.source.mark_done(file)?;
            }
        }
        Ok(unread.len())
    }
}
