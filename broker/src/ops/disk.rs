//! The disk's floor: publishing pauses before the disk is full.
//!
//! Promises that below the floor no message is taken, so that what is left carries releases,
//! receipts and checkpoints; that publishing opens again only with a tenth more than the floor
//! free, so that it does not flutter; and that a disk which does not say what is free counts as
//! full. Keeps no reserve file: the reserve is the floor itself, so the store belongs on a file
//! system of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often the disk is looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Stands for "the disk does not say".
pub const UNKNOWN: u64 = u64::MAX;

const BYTES_PER_MIB: u64 = 1024 * 1024;

/// Watches the room where the store is.
pub struct DiskWatch {
    folder: PathBuf,
    floor_bytes: u64,
    at_floor: Arc<AtomicBool>,
    free_bytes: Arc<AtomicU64>,
}

impl DiskWatch {
    /// A watch over the file system of a folder, which sets `at_floor` while publishing must
    /// pause. Look once before anybody may publish.
    #[must_use]
    pub fn new(folder: &Path, floor_mib: u64, at_floor: Arc<AtomicBool>) -> Self {
        Self {
            folder: folder.to_owned(),
            floor_bytes: floor_mib.saturating_mul(BYTES_PER_MIB),
            at_floor,
            free_bytes: Arc::new(AtomicU64::new(UNKNOWN)),
        }
    }

    /// Bytes free at the last look; [`UNKNOWN`] if the disk did not say.
    #[must_use]
    pub fn free_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.free_bytes)
    }

    /// Looks once. Blocks as long as the disk does.
    pub fn look(&self) {
        let free = free_bytes(&self.folder).ok();
        let before = self.free_bytes.swap(free.unwrap_or(UNKNOWN), Ordering::Relaxed);
        // The first look has no pause to end: it asks for the floor and no more.
        let paused = before != UNKNOWN && self.at_floor.load(Ordering::Relaxed);
        let now = free.is_none_or(|free| at_floor(paused, free, self.floor_bytes));
        if self.at_floor.swap(now, Ordering::Relaxed) == now {
            return;
        }
        if now {
            let known = free.is_some();
            tracing::error!(
                code = "disk-floor",
                known,
                "the disk is at its floor; publishing pauses"
            );
        } else {
            tracing::info!(code = "disk-floor", "the disk has room; publishing is open");
        }
    }

    /// Looks for ever. A look that hangs leaves the last answer standing.
    pub async fn run(self) {
        let watch = Arc::new(self);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looking = Arc::clone(&watch);
            if tokio::task::spawn_blocking(move || looking.look()).await.is_err() {
                // Without a watch nothing may be taken.
                watch.at_floor.store(true, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// Bytes that may still be written in the file system of a folder, root's own share left out.
///
/// # Errors
/// The system's.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let known = rustix::fs::statvfs(folder)?;
    Ok(known.f_bavail.saturating_mul(known.f_frsize))
}

/// Whether publishing must pause, given whether it is paused: below the floor always, and once
/// paused until a tenth more than the floor is free.
#[must_use]
pub const fn at_floor(paused: bool, free_bytes: u64, floor_bytes: u64) -> bool {
    let open_above = floor_bytes.saturating_add(floor_bytes / 10);
    free_bytes < floor_bytes || (paused && free_bytes <= open_above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_pauses_below_the_floor_and_opens_a_tenth_above_it() {
        // (paused, free, paused afterwards), the floor being 1,000.
        let rows = [
            (false, 1_000, false),
            (false, 999, true),
            (false, 0, true),
            (true, 999, true),
            (true, 1_000, true),
            (true, 1_100, true),
            (true, 1_101, false),
            (false, 1_050, false),
        ];
        for (paused, free, expected) in rows {
            assert_eq!(at_floor(paused, free, 1_000), expected, "paused {paused}, {free} free");
        }
    }

    #[test]
    fn a_floor_above_the_whole_disk_pauses_and_one_far_below_opens() {
        let folder = tempfile::tempdir().unwrap();
        for (floor_mib, expected) in [(u64::MAX / BYTES_PER_MIB, true), (0, false)] {
            let at_floor = Arc::new(AtomicBool::new(!expected));
            let watch = DiskWatch::new(folder.path(), floor_mib, Arc::clone(&at_floor));
            watch.look();
            assert_eq!(at_floor.load(Ordering::Relaxed), expected);
            assert_ne!(watch.free_bytes().load(Ordering::Relaxed), UNKNOWN);
        }
    }

    #[test]
    fn a_disk_that_does_not_answer_counts_as_full() {
        let folder = tempfile::tempdir().unwrap();
        let at_floor = Arc::new(AtomicBool::new(false));
        let watch = DiskWatch::new(&folder.path().join("absent"), 0, Arc::clone(&at_floor));
        watch.look();
        assert!(at_floor.load(Ordering::Relaxed));
        assert_eq!(watch.free_bytes().load(Ordering::Relaxed), UNKNOWN);
    }
}
