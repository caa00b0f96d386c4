//! The verb `follow`.
//!
//! Owns: the round of looking at a folder, publishing, and moving the saved position on.
//! Promises: a file is marked done only after everything in it was accepted, found not for
//! sharing, or kept in quarantine. A file whose messages were refused stays unread and is tried
//! again at the next start, after people have looked.
//! Deliberately does not know: what an event means ([`crate::hmpps`]).

use super::args::Follow;
use super::error::CliError;
use super::import::{Sink, keep, print_outcome, profile};
use super::output::Output;
use super::{now, told_to_end};
use crate::hmpps::{FolderSource, ImportProfile, Outcome, QuarantineFolder, UnreadFile, read};
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

/// `agency follow`.
pub(super) async fn follow(settings: &Path, what: &Follow, out: &Output) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let source = FolderSource::open(&what.folder, &what.state, profile.id_key)?;
    let quarantine = QuarantineFolder::open(&what.quarantine, profile.id_key)?;
    let sink = Sink::open(settings, false).await?;
    let mut follower =
        Follower { profile, source, quarantine, sink, refused: BTreeSet::new(), out };
    let end = told_to_end();
    tokio::pin!(end);
    loop {
        let is_idle = tokio::select! {
            round = follower.round() => round? == 0,
            () = &mut end => break,
        };
        if is_idle && what.once {
            break;
        }
        if is_idle {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(what.every_seconds)) => {}
                () = &mut end => break,
            }
        }
    }
    follower.sink.finish(out).await
}

impl Follower<'_> {
    /// Deals with the next files; how many there were.
    async fn round(&mut self) -> Result<usize, CliError> {
        let unread = self.source.next_unread(ROUND_FILES_MAX + self.refused.len())?;
        let unread: Vec<UnreadFile> =
            unread.into_iter().filter(|file| !self.refused.contains(&file.path)).collect();
        let mut shared = Vec::new();
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
        // All of a round fly together; if any was not accepted, each is asked by itself, so that
        // it is known which. The broker answers a repeated id with its first answer.
        for (_, messages) in &shared {
            for message in messages {
                self.sink.send(message.clone(), self.out).await?;
            }
        }
        let all_accepted = self.sink.settle(self.out).await?;
        for (file, messages) in shared {
            let is_accepted = all_accepted || self.are_accepted(messages).await?;
            if is_accepted {
                self.source.mark_done(file)?;
            } else {
                self.refused.insert(file.path.clone());
            }
        }
        Ok(unread.len())
    }

    async fn are_accepted(
        &mut self,
        messages: Vec<proto::exchange::v1::Message>,
    ) -> Result<bool, CliError> {
        for message in messages {
            self.sink.send(message, self.out).await?;
        }
        self.sink.settle(self.out).await
    }
}
