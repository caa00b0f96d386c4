//! The machine: room on the disk, files that may be open, and a clock that can be believed.

use std::fs;
use std::path::Path;

use broker::config::Config;
use broker::ops::disk::free_bytes;
use time::{Duration, OffsetDateTime};

use super::finding::Finding;
use crate::command::process;

const BYTES_PER_MIB: u64 = 1024 * 1024;
/// Warned of with less than so many floors free.
const FLOORS_COMFORTABLE: u64 = 4;
/// Files and sockets besides agencies' connections.
const OPEN_FILES_BESIDES: u64 = 256;
/// How far a file's time may lie ahead of the clock.
const CLOCK_TOLERANCE: Duration = Duration::seconds(60);
/// No broker ran before: a clock that stands earlier has lost its time.
const EARLIEST_YEAR: i32 = 2026;

/// Room where the store is.
pub(super) fn disk(config: &Config) -> Finding {
    match free_bytes(config.store.folder()) {
        Ok(free) => of_free(free / BYTES_PER_MIB, config.store.disk_floor_mib),
        Err(_) => Finding::fail("disk", "does not say how much is free"),
    }
}

fn of_free(free_mib: u64, floor_mib: u64) -> Finding {
    const CHECK: &str = "disk";
    if free_mib < floor_mib {
        Finding::fail(CHECK, format!("{free_mib} MiB free, below the floor of {floor_mib}"))
    } else if free_mib < floor_mib.saturating_mul(FLOORS_COMFORTABLE) {
        Finding::warn(CHECK, format!("{free_mib} MiB free, near the floor of {floor_mib}"))
    } else {
        Finding::ok(CHECK, format!("{free_mib} MiB free"))
    }
}

/// Whether every connection that is allowed can be had.
pub(super) fn open_files(connections_max: usize) -> Finding {
    let connections = u64::try_from(connections_max).unwrap_or(u64::MAX);
    of_open_files(process::open_files_max(), connections)
}

fn of_open_files(most: Option<u64>, connections_max: u64) -> Finding {
    const CHECK: &str = "open files";
    let wanted = connections_max.saturating_add(OPEN_FILES_BESIDES);
    match most {
        Some(most) if most < wanted => Finding::warn(
            CHECK,
            format!("{most} allowed; listen.connections_max may need {wanted}"),
        ),
        Some(most) => Finding::ok(CHECK, format!("{most} allowed")),
        None => Finding::ok(CHECK, "no bound"),
    }
}

/// Whether the clock can be right: no file of the broker's may come from the future.
pub(super) fn clock(path: &Path, config: &Config, now: OffsetDateTime) -> Finding {
    let own = config.paths().into_iter().map(|(_, path)| path.as_path());
    let newest = own
        .chain([path])
        .filter_map(|path| fs::metadata(path).ok()?.modified().ok())
        .map(OffsetDateTime::from)
        .max();
    of_clock(now, newest)
}

fn of_clock(now: OffsetDateTime, newest: Option<OffsetDateTime>) -> Finding {
    const CHECK: &str = "clock";
    if now.year() < EARLIEST_YEAR {
        Finding::fail(CHECK, "stands before this broker was made")
    } else if newest.is_some_and(|newest| newest > now + CLOCK_TOLERANCE) {
        Finding::fail(CHECK, "stands before the time of a file of the broker's")
    } else {
        Finding::ok(CHECK, "after every file of the broker's")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn room_is_judged_by_the_floor() {
        let rows =
            [(511, Grade::Fail), (512, Grade::Warn), (2_047, Grade::Warn), (2_048, Grade::Ok)];
        for (free, expected) in rows {
            assert_eq!(of_free(free, 512).grade, expected, "{free} MiB");
        }
    }

    #[test]
    fn every_connection_needs_a_descriptor() {
        assert_eq!(of_open_files(Some(1_024), 4_096).grade, Grade::Warn);
        assert_eq!(of_open_files(Some(4_352), 4_096).grade, Grade::Ok);
        assert_eq!(of_open_files(None, 4_096).grade, Grade::Ok);
    }

    #[test]
    fn a_clock_behind_its_files_is_not_believed() {
        let now = datetime!(2026-03-02 12:00 UTC);
        assert_eq!(of_clock(now, None).grade, Grade::Ok);
        assert_eq!(of_clock(now, Some(datetime!(2026-03-02 12:01 UTC))).grade, Grade::Ok);
        assert_eq!(of_clock(now, Some(datetime!(2026-03-02 12:02 UTC))).grade, Grade::Fail);
        assert_eq!(of_clock(datetime!(1970-01-01 00:00 UTC), None).grade, Grade::Fail);
    }
}
