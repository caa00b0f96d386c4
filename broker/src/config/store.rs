//! `[store]`: where everything durable lies, and how much room is kept free.

use std::path::{Path, PathBuf};

use super::fault::Faults;
use super::section::Section;

/// Room kept free for releases and receipts, MiB.
pub const DISK_FLOOR_MIB_DEFAULT: u64 = 512;
/// Least room: a commit and the log before it must fit many times over.
const DISK_FLOOR_MIB_MIN: u64 = 64;
/// Most room, 1 TiB.
const DISK_FLOOR_MIB_MAX: u64 = 1024 * 1024;

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The SQLite file.
    pub path: PathBuf,
    /// With less free than this, MiB, publishing pauses. What is left is the reserve that
    /// releases, receipts and checkpoints go on from.
    pub disk_floor_mib: u64,
}

impl StoreConfig {
    /// The folder the file is in, whose file system must have room.
    #[must_use]
    pub fn folder(&self) -> &Path {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new("."))
    }
}

/// Reads the section.
pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> Option<StoreConfig> {
    let path = section.file("path", faults);
    let range = DISK_FLOOR_MIB_MIN..=DISK_FLOOR_MIB_MAX;
    let disk_floor_mib = section.whole("disk_floor_mib", DISK_FLOOR_MIB_DEFAULT, range, faults);
    section.finish(faults);
    Some(StoreConfig { path: path?, disk_floor_mib: disk_floor_mib? })
}
