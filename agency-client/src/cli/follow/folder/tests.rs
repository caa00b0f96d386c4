//! A follower of a folder whose files are taken away, spoilt and rewritten, and a scripted broker.

use super::*;
use crate::cli::follow::scripted::{KEY, PROFILE, RELEASE, answer};
use crate::stub::{Stub, next};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// Takes every message or, while it is told to, refuses each for good.
async fn broker(mut stub: Stub, is_refusing: Arc<AtomicBool>) {
    let mut call = next(&mut stub.publishing).await;
    loop {
        for message in call.hear().await.messages {
            call.say(answer(message, !is_refusing.load(Ordering::SeqCst)));
        }
    }
}

struct Site {
    folder: TempDir,
    is_refusing: Arc<AtomicBool>,
}

impl Site {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("in").join(name)
    }

    fn put(&self, name: &str) {
        fs::write(self.path(name), RELEASE).unwrap();
    }
}

async fn site(out: &Output) -> (Site, Follower<'_>) {
    let stub = Stub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (dir, state) = (folder.path().join("in"), folder.path().join("position"));
    fs::create_dir(&dir).unwrap();
    let connection = stub.connection();
    let publisher = Publisher::new(&connection, PublisherOptions::default());
    let follower = Follower {
        profile: ImportProfile::from_toml(PROFILE, KEY).unwrap(),
        memory: None,
        source: FolderSource::open(&dir, &state, KEY).unwrap(),
        quarantine: QuarantineFolder::open(&folder.path().join("held"), KEY).unwrap(),
        sink: Sink::over(Some(publisher), By::Follower),
        broker_rest: BrokerRest::new(connection),
        set_aside: BTreeSet::new(),
        waiting: 0,
        taken: 0,
        out,
    };
    let is_refusing = Arc::new(AtomicBool::new(false));
    tokio::spawn(broker(stub, Arc::clone(&is_refusing)));
    (Site { folder, is_refusing }, follower)
}

#[tokio::test]
async fn a_file_that_is_taken_away_or_cannot_be_read_stops_no_other() {
    let out = Output::new(true);
    let (site, mut follower) = site(&out).await;
    for name in ["1.json", "2.json", "3.json"] {
        site.put(name);
    }
    let unread = follower.unread().unwrap();
    assert_eq!(unread.len(), 3);
    fs::remove_file(site.path("1.json")).unwrap();
    // Whoever runs the test, a folder in its place is no file that can be read.
    fs::remove_file(site.path("2.json")).unwrap();
    fs::create_dir(site.path("2.json")).unwrap();
    follower.round(&unread).await.unwrap();
    assert_eq!((follower.taken, follower.set_aside.len()), (1, 1));
    assert_eq!(follower.unread().unwrap(), []);

    fs::remove_dir(site.path("2.json")).unwrap();
    site.put("2.json");
    let unread = follower.unread().unwrap();
    follower.round(&unread).await.unwrap();
    assert_eq!((follower.taken, follower.set_aside.len()), (2, 0), "it is read once it can be");
}

#[tokio::test]
async fn a_file_that_was_refused_for_good_is_tried_again_once_it_is_rewritten() {
    let out = Output::new(true);
    let (site, mut follower) = site(&out).await;
    site.put("1.json");
    site.is_refusing.store(true, Ordering::SeqCst);
    let unread = follower.unread().unwrap();
    follower.round(&unread).await.unwrap();
    assert_eq!((follower.taken, follower.set_aside.len()), (0, 1));
    assert_eq!(follower.unread().unwrap(), [], "it is not tried again as it is");

    site.is_refusing.store(false, Ordering::SeqCst);
    fs::write(site.path("1.json"), format!("{RELEASE}\n")).unwrap();
    let unread = follower.unread().unwrap();
    follower.round(&unread).await.unwrap();
    assert_eq!((follower.taken, follower.set_aside.len()), (1, 0));
}
