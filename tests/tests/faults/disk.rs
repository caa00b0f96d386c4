//! The disk fills up under a broker at work, and has room again.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use agency_client::Subscription;
use broker::ops::disk::free_bytes;
use proto::refusal::Refusal;
use tests::world::{World, next, nothing};

use super::site::{FLOOR_MIB, Site};

const MIB: u64 = 1024 * 1024;
const DISK_MIB: u64 = 2 * FLOOR_MIB;
/// Fetches what it is sent.
const READER: (&str, &str) = ("gmp", "stockport");
/// Fetches nothing until the disk has been full.
const LATE: (&str, &str) = ("merseyside-police", "wirral");
const BOTH: &[(&str, &str)] = &[READER, LATE];
/// Set where a test runs in namespaces of its own: it does not try again there.
const IN_NAMESPACE: &str = "PYRAMID_TEST_IN_NAMESPACE";
const NOT_STORED: [u32; 2] = [Refusal::DiskFloor.code(), Refusal::StoreUnavailable.code()];

fn run(program: &str, arguments: &[&str], path: &Path) -> bool {
    Command::new(program).args(arguments).arg(path).status().is_ok_and(|status| status.success())
}

/// A file system in memory, gone again when this is dropped.
struct Small(PathBuf);

impl Small {
    /// `None`: this process may not mount.
    fn over(folder: &Path) -> Option<Self> {
        let size = format!("size={DISK_MIB}m");
        let options = ["-t", "tmpfs", "-o", &size, "tmpfs"];
        run("mount", &options, folder).then(|| Self(folder.to_owned()))
    }

    /// Takes all room but so much.
    fn leave(&self, bytes: u64) {
        let filler = OpenOptions::new().create(true).append(true).open(self.filler());
        let mut filler = filler.unwrap();
        let block = vec![0x5a; 64 * 1024];
        while let Some(over) = free_bytes(&self.0).unwrap().checked_sub(bytes).filter(|b| *b > 0) {
            let part = block.get(..usize::try_from(over).unwrap()).unwrap_or(&block);
            if filler.write_all(part).is_err() {
                break;
            }
        }
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.0);
    }
}

/// Runs a test of this program in namespaces of its own, in which it is root and may mount.
fn again_where_one_may_mount(test: &str) {
    const MISSING: &str = "this test fills a file system that it mounts: run it as root, or where \
        a user may make namespaces (unshare(1) of util-linux, user.max_user_namespaces above 0)";
    assert!(std::env::var_os(IN_NAMESPACE).is_none(), "{MISSING}");
    let again = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(IN_NAMESPACE, "1")
        .output();
    let again = again.unwrap_or_else(|error| panic!("{MISSING}: {error}"));
    let said = String::from_utf8_lossy(&again.stdout);
    let passed = again.status.success() && said.contains("1 passed");
    assert!(passed, "{MISSING}\n{said}{}", String::from_utf8_lossy(&again.stderr));
}

/// Takes and acknowledges so many.
async fn takes(desk: &mut Subscription, count: usize) {
    for _ in 0..count {
        next(desk).await.acknowledge().await.unwrap();
    }
}

#[tokio::test]
async fn at_the_floor_releases_go_on_and_a_full_disk_stops_all_and_loses_nothing() {
    let mut small = None;
    let mut site = Site::set(|folder| small = Small::over(folder)).await;
    let Some(small) = small else {
        return again_where_one_may_mount(
            "disk::at_the_floor_releases_go_on_and_a_full_disk_stops_all_and_loses_nothing",
        );
    };
    site.first_start(&[]).await;
    for _ in 0..5 {
        assert_eq!(site.publish(BOTH).await, 0);
    }

    // At the floor: nothing comes in, and what is there goes out from the reserve.
    small.leave((FLOOR_MIB - 4) * MIB);
    site.publish_until(Refusal::DiskFloor.code(), BOTH).await;
    let waiting = site.accepted.len();
    let mut reader = site.desk(READER.0, "records", READER.1).await;
    takes(&mut reader, waiting).await;

    // Full to the last byte: a release that cannot be recorded does not leave.
    small.leave(0);
    assert_eq!(free_bytes(&site.disk()).unwrap(), 0);
    let mut late = site.desk(LATE.0, "records", LATE.1).await;
    nothing(&mut late).await;
    assert_eq!(site.publish(BOTH).await, Refusal::DiskFloor.code());
    nothing(&mut late).await;
    assert_eq!(site.signal(), None, "it waits for room");

    // Room again: all goes on, in order and without anybody's help.
    small.make_room();
    takes(&mut late, waiting).await;
    site.publish_until(0, BOTH).await;
    takes(&mut reader, 1).await;
    takes(&mut late, 1).await;
    nothing(&mut late).await;
    site.stop().await;
    let report = site.nothing_is_lost();
    assert_eq!(report.messages, u64::try_from(site.accepted.len()).unwrap());
    assert_eq!(report.deliveries, 2 * report.messages);
}

#[tokio::test]
async fn an_operator_who_asks_is_told_that_publishing_is_paused() {
    let world = World::without_bundle().await;
    let at_floor = Arc::clone(&world.app.as_ref().unwrap().sources.disk_floor);
    for paused in [false, true, false] {
        at_floor.store(paused, Ordering::Relaxed);
        assert_eq!(world.status().await.publishing_paused, paused);
    }
}

/// The most bytes that any file of a process may have (setrlimit(2), `RLIMIT_FSIZE`).
fn limit_files(process: u32, bytes: &str) {
    let options = ["--pid", &process.to_string(), &format!("--fsize={bytes}:unlimited")];
    assert!(Command::new("prlimit").args(options).status().unwrap().success());
}

#[tokio::test]
async fn files_that_cannot_grow_lose_nothing_and_are_written_on_once_they_can() {
    let mut site = Site::set(|_| {}).await;
    site.first_start(&[]).await;
    for _ in 0..5 {
        assert_eq!(site.publish(BOTH).await, 0);
    }
    let mut log = site.store().into_os_string();
    log.push("-wal");
    let log = std::fs::metadata(log).unwrap().len();
    // Not at the end of a page: a write that is cut short is a fault of its own.
    limit_files(site.pid(), &(log + 100_000).to_string());
    let (mut refused, mut rounds) = (0, 0);
    while refused < 5 {
        let answer = site.publish(BOTH).await;
        assert!(answer == 0 || NOT_STORED.contains(&answer), "answered {answer}");
        refused += u32::from(answer != 0);
        rounds += 1;
        assert!(rounds < 100, "the limit must be felt");
    }
    let waiting = site.accepted.len();
    let mut late = site.desk(LATE.0, "records", LATE.1).await;
    nothing(&mut late).await;
    assert_eq!(site.signal(), None, "it waits for room");

    limit_files(site.pid(), "unlimited");
    takes(&mut late, waiting).await;
    site.publish_until(0, BOTH).await;
    takes(&mut late, 1).await;
    nothing(&mut late).await;
    site.stop().await;
    let report = site.nothing_is_lost();
    assert_eq!(report.messages, u64::try_from(site.accepted.len()).unwrap());
}
