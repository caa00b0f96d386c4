//! The task that walks living connections: every turn, and at once after each change.
//!
//! Promises that a connection which would no longer be let in is closed at the next turn, and
//! that if this task or the reloading one ends, for whatever reason, accepting stops and every
//! connection is closed: nobody is left unwatched. Deliberately does not know: what a sweep asks.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

use super::CurrentDirectory;
use super::connections::Connections;
use super::tls::Loaded;

/// Closes the door and everything behind it when dropped. Held by each task that must not end.
pub(super) struct Watchman {
    connections: Arc<Connections>,
    accepting: CancellationToken,
}

impl Watchman {
    pub(super) fn new(connections: Arc<Connections>, accepting: CancellationToken) -> Self {
        Self { connections, accepting }
    }
}

impl Drop for Watchman {
    fn drop(&mut self) {
        self.accepting.cancel();
        self.connections.shut();
    }
}

pub(super) struct Sweeper {
    pub(super) connections: Arc<Connections>,
    pub(super) loaded: Arc<ArcSwap<Loaded>>,
    pub(super) directory: CurrentDirectory,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) generation: watch::Receiver<u64>,
}

impl Sweeper {
    /// Sweeps for ever; ends only if a sweep panics or reloading has ended.
    pub(super) async fn run(mut self, every: Duration, _watchman: Watchman) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = self.connections.nudged() => {}
                changed = self.generation.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
            if self.sweep().await.is_err() {
                tracing::error!(code = "sweep-failed", "the sweep of connections failed");
                return;
            }
        }
    }

    /// One sweep, off the tasks that serve connections: verifying chains takes its time.
    async fn sweep(&self) -> Result<usize, tokio::task::JoinError> {
        let (connections, clock) = (Arc::clone(&self.connections), Arc::clone(&self.clock));
        let (loaded, directory) = (Arc::clone(&self.loaded), Arc::clone(&self.directory));
        tokio::task::spawn_blocking(move || {
            connections.sweep(&directory(), &loaded.load_full(), clock.now())
        })
        .await
    }
}
