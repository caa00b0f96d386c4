//! Taking up new TLS files while connections live.
//!
//! Promises that files are taken up only when two looks in a row found the same content, so
//! that a set in the middle of being written is left alone; that a set which cannot be used
//! leaves the last good one at work and is seen in [`ReloadState`]; that no list of revoked
//! certificates gives way to an older one; and that every set taken up raises the generation,
//! after which living connections are walked. Deliberately does not know: connections.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::clock::Clock;

use super::counters::{ListenCounters, add_one};
use super::sweep::Watchman;
use super::tls::{FileSet, FilesDigest, Loaded, TlsError, TlsFiles};

/// Whether the files on disk are the ones at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReloadState {
    /// Since when the files on disk could not be used; `None` while all is well.
    pub failing_since: Option<OffsetDateTime>,
    /// Why not.
    pub last_error: Option<TlsError>,
}

impl ReloadState {
    /// The state after a look that failed: the beginning of the trouble is kept.
    fn failing(self, error: TlsError, now: OffsetDateTime) -> Self {
        Self { failing_since: self.failing_since.or(Some(now)), last_error: Some(error) }
    }
}

/// What one look at the files found.
type Look = Result<FilesDigest, TlsError>;

/// Waits until two looks in a row agree.
#[derive(Default)]
struct Steady {
    last: Option<Look>,
}

impl Steady {
    /// Whether this look found what the one before found.
    fn is_steady(&mut self, look: Look) -> bool {
        self.last.replace(look) == Some(look)
    }
}

pub(super) struct Reloader {
    pub(super) files: TlsFiles,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) loaded: Arc<ArcSwap<Loaded>>,
    pub(super) generation: watch::Sender<u64>,
    pub(super) state: watch::Sender<ReloadState>,
    pub(super) counters: Arc<ListenCounters>,
}

impl Reloader {
    /// Looks at the files for ever; ends only if a look panics.
    pub(super) async fn run(self, every: Duration, _watchman: Watchman) {
        let mut steady = Steady::default();
        // The set that last failed, so that one set is one failure however often it is seen.
        let mut failed: Option<Look> = None;
        loop {
            tokio::time::sleep(every).await;
            let Ok(seen) = self.look().await else {
                tracing::error!(code = "tls-look-failed", "the look at the TLS files failed");
                return;
            };
            let look = seen.as_ref().map(FileSet::digest).map_err(|error| *error);
            if !steady.is_steady(look) {
                continue;
            }
            if look == Ok(*self.loaded.load().digest()) {
                failed = None;
                self.state.send_if_modified(|state| {
                    let before = std::mem::take(state);
                    before != ReloadState::default()
                });
                continue;
            }
            if failed == Some(look) {
                continue;
            }
            let outcome = match seen {
                Ok(set) => self.understand(set).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(next) => {
                    failed = None;
                    self.take_up(next);
                }
                Err(error) => {
                    failed = Some(look);
                    self.report(error);
                }
            }
        }
    }

    /// Reads the files where blocking is allowed.
    async fn look(&self) -> Result<Result<FileSet, TlsError>, tokio::task::JoinError> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || FileSet::read(&files)).await
    }

    async fn understand(&self, set: FileSet) -> Result<Loaded, TlsError> {
        let clock = Arc::clone(&self.clock);
        let at_work = self.loaded.load_full();
        let building = tokio::task::spawn_blocking(move || {
            let generation = at_work.generation().saturating_add(1);
            Loaded::new(generation, set.digest(), set.material(&clock)?, at_work.editions())
        });
        building.await.unwrap_or(Err(TlsError::Refused))
    }

    fn take_up(&self, next: Loaded) {
        let generation = next.generation();
        self.loaded.store(Arc::new(next));
        self.generation.send_replace(generation);
        self.state.send_replace(ReloadState::default());
        add_one(&self.counters.reloads);
        tracing::info!(code = "tls-files-taken", generation, "new TLS files taken up");
        crate::spans::reload(generation);
    }

    fn report(&self, error: TlsError) {
        let now = self.clock.now();
        self.state.send_modify(|state| *state = state.failing(error, now));
        add_one(&self.counters.reload_failures);
        tracing::error!(fault = error.code(), "TLS files cannot be used; the last good stay");
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::tls::TlsFile;
    use super::*;

    const UNREADABLE: TlsError = TlsError::Unreadable(TlsFile::Key);

    #[test]
    fn files_are_steady_when_two_looks_in_a_row_agree() {
        let (one, other) = (Ok([1; 32]), Ok([2; 32]));
        let mut steady = Steady::default();
        let answers = [
            (one, false),
            (one, true),
            (other, false),
            (one, false),
            (Err(UNREADABLE), false),
            (Err(UNREADABLE), true),
            (Err(TlsError::TooLarge(TlsFile::Key)), false),
            (one, false),
            (one, true),
            (one, true),
        ];
        for (position, (look, answer)) in answers.into_iter().enumerate() {
            assert_eq!(steady.is_steady(look), answer, "look {position}");
        }
    }

    #[test]
    fn trouble_is_dated_from_its_beginning_and_told_by_its_latest_kind() {
        let first = datetime!(2026-01-01 00:00 UTC);
        let later = datetime!(2026-01-01 01:00 UTC);
        let state = ReloadState::default()
            .failing(UNREADABLE, first)
            .failing(TlsError::CertificateAndKey, later);
        assert_eq!(state.failing_since, Some(first));
        assert_eq!(state.last_error, Some(TlsError::CertificateAndKey));
    }
}
