//! The disk takes what is written and then says that it could not keep it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use agency_client::{Publisher, PublisherOptions};
use proto::exchange::v1 as wire;
use tests::world::{PATIENCE, id, recall};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::site::Site;

/// Makes every fsync(2) and fdatasync(2) of a process fail once a file is there. Bound in front
/// of the C library, which is where SQLite calls them.
const SHIM: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long kept(long call, int file) {
    const char *trigger = getenv("SYNC_FAILS_ONCE_THERE_IS");
    if (trigger != NULL && access(trigger, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return syscall(call, file);
}

int fsync(int file) { return (int)kept(SYS_fsync, file); }
int fdatasync(int file) { return (int)kept(SYS_fdatasync, file); }
"#;

const SIGABRT: i32 = 6;
const IN_FLIGHT: usize = 8;
const AT_WORK: Duration = Duration::from_secs(1);
const DESK: (&str, &str) = ("gmp", "stockport");

fn shim(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("sync.c"), folder.join("libsync.so"));
    std::fs::write(&source, SHIM).unwrap();
    let done = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status();
    assert!(done.unwrap().success(), "the C compiler that built SQLite builds this too");
    library
}

/// Publishes one message after another. Answers those accepted, and the one whose outcome it was
/// never told.
async fn publish(publisher: Arc<Publisher>) -> (Vec<Uuid>, (Uuid, wire::Message)) {
    let mut accepted = Vec::new();
    loop {
        let message = id();
        let news = recall(message, "A9602AA").addressee(DESK.0, DESK.1).build().unwrap();
        if publisher.publish(news.clone()).await.is_err() {
            return (accepted, (message, news));
        }
        accepted.push(message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_stops_the_broker_before_it_acknowledges_anything_more() {
    let mut site = Site::set(|_| {}).await;
    let trigger = site.disk().join("trigger");
    let library = shim(site.stage.folder());
    let bound: [(&str, &Path); 2] =
        [("LD_PRELOAD", &library), ("SYNC_FAILS_ONCE_THERE_IS", &trigger)];
    site.first_start(&bound).await;
    let options = PublisherOptions { patience: PATIENCE / 2, ..PublisherOptions::default() };
    let connection = site.node("hmpps-prisons", "records").await;
    let publisher = Arc::new(Publisher::new(&connection, options));
    let mut publishers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        publishers.spawn(publish(Arc::clone(&publisher)));
    }
    sleep(AT_WORK).await;

    std::fs::write(&trigger, "").unwrap();
    let begun = Instant::now();
    let ended = loop {
        if let Some(signal) = site.signal() {
            break signal;
        }
        assert!(begun.elapsed() < PATIENCE, "it must not go on");
        sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(ended, SIGABRT);
    let mut unknown = Vec::new();
    for (accepted, last) in publishers.join_all().await {
        site.accepted.extend(accepted);
        unknown.push(last);
    }
    assert!(site.accepted.len() > IN_FLIGHT, "it was at work");
    site.nothing_is_lost();

    // Once the disk keeps what it is given, all goes on.
    std::fs::remove_file(&trigger).unwrap();
    site.start(&bound).await;
    let connection = site.node("hmpps-prisons", "records").await;
    let publisher = Publisher::new(&connection, PublisherOptions::default());
    for (message, news) in unknown {
        publisher.publish(news).await.unwrap();
        site.accepted.push(message);
    }
    let mut desk = site.desk(DESK.0, "records", DESK.1).await;
    for _ in 0..site.accepted.len() {
        tests::world::next(&mut desk).await.acknowledge().await.unwrap();
    }
    site.stop().await;
    let report = site.nothing_is_lost();
    assert_eq!(report.messages, u64::try_from(site.accepted.len()).unwrap(), "one for each id");
}
