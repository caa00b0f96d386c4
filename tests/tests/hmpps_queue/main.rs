//! Events of a queue become messages, at least once and never twice, whatever fails between.
//!
//! A real broker, the real command in a process of its own, and a service that answers as
//! Amazon SQS does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

mod gate;
mod moto;
mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use certs_dev::write_credential;
use gate::{Gate, SECRET, TOKEN};
use moto::{Moto, free_address};
use serde_json::Value;
use site::Site;
use tests::agency::until;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/hmpps");

fn payload(name: &str) -> String {
    fs::read_to_string(Path::new(DATA).join(name)).unwrap()
}

/// A release of an invented person, in its SNS wrapper.
fn release() -> String {
    payload("release-conditional-wrapped.json")
}

/// The rows of messages that the broker took, each with whether it had been recorded before.
fn taken(rows: &[Value]) -> Vec<(String, bool)> {
    let taken = rows.iter().filter(|row| row["outcome"] == "accepted");
    let said = |row: &Value| {
        let id = row["message_id"].as_str().unwrap().to_owned();
        (id, row["repeated_submission"].as_bool().unwrap())
    };
    taken.map(said).collect()
}

/// The row of a message that could not be sent and that the follower itself comes back to.
fn is_tried_again(row: &Value) {
    assert_eq!(row["outcome"], "not_sent");
    let sentence = row["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("tried again by itself: "), "{sentence}");
    assert!(
        !sentence.contains("publish it again") && !sentence.contains("telephone"),
        "{sentence}"
    );
}

/// A row without the name of where it came from.
fn nameless(mut row: Value) -> String {
    row.as_object_mut().unwrap().remove("file");
    row.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_on_a_queue_become_the_same_messages_as_in_a_folder() {
    let site = Site::set("same").await;
    let folder = site.path("in");
    fs::create_dir(&folder).unwrap();
    let mut put = BTreeMap::new();
    for entry in fs::read_dir(DATA).unwrap() {
        let path = entry.unwrap().path();
        // A queue carries text only.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            fs::write(folder.join(&name), &text).unwrap();
            put.insert(site.queue.put(&text), name);
        }
    }
    assert!(put.len() > 50, "all of our payloads");

    let endpoint = format!("http://{}", site.gate.address);
    let mut from_queue = site.follow_at(&endpoint, 10, &["--once"], |command| {
        command.env("RUST_LOG", "trace");
    });
    assert!(from_queue.ended().await.success(), "{}", from_queue.errors());
    let errors = from_queue.errors();
    assert!(errors.contains("TRACE"), "everything is logged that can be");
    for secret in [SECRET, TOKEN, "Z9001ZA"] {
        assert!(!errors.contains(secret), "and shows neither credentials nor people");
    }
    assert_eq!(site.queue.events(), 0, "everything left the queue");
    let ids: BTreeSet<String> = from_queue
        .rows()
        .iter()
        .flat_map(|row| row["messages"].as_array().cloned().unwrap_or_default())
        .map(|message| message["id"].as_str().unwrap().to_owned())
        .collect();
    let messages = site.messages();
    assert_eq!(messages, u64::try_from(ids.len()).unwrap(), "one message for each id");
    let said: BTreeSet<String> = taken(&from_queue.rows()).into_iter().map(|(id, _)| id).collect();
    assert_eq!(said, ids, "and each is said to be shared");
    for (name, outcome) in [
        ("release-conditional-wrapped.json", "shared"),
        ("release-curfew-bare.json", "shared"),
        ("court-out.json", "not_shareable"),
        ("cut-short.json", "quarantined"),
    ] {
        let of = |row: &&Value| row["file"].as_str().is_some_and(|file| put[file] == name);
        assert_eq!(from_queue.rows().iter().find(of).unwrap()["outcome"], outcome, "{name}");
    }

    let mut from_folder = site.follow_folder(&folder, 10, &["--once"]);
    assert!(from_folder.ended().await.success(), "{}", from_folder.errors());
    let read = |rows: Vec<Value>| {
        let events = rows.into_iter().filter(|row| row.get("file").is_some());
        let mut rows: Vec<String> = events.map(nameless).collect();
        rows.sort();
        rows
    };
    assert_eq!(read(from_queue.rows()), read(from_folder.rows()));
    let again = BTreeSet::from_iter(taken(&from_folder.rows()));
    assert_eq!(again, ids.into_iter().map(|id| (id, true)).collect(), "recorded before");
    assert_eq!(site.messages(), messages, "the same ids: nobody is told twice");
    let held = |name| BTreeSet::from_iter(site.quarantined(name));
    assert_eq!(held("held"), held("held-from-folder"));
    assert_eq!(site.gate.faults(), Vec::<String>::new(), "every call is signed by the rules");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_killed_between_acceptance_and_deletion_tells_nobody_twice() {
    let site = Site::set("killed").await;
    site.gate.hold(Some("DeleteMessage"));
    site.queue.put(&release());
    let mut first = site.follow(10, &[]);
    until("the event is to be deleted", || site.gate.calls("DeleteMessage") == 1).await;
    assert_eq!(site.messages(), 1, "deleted only after the broker has it");
    first.kill();

    site.gate.hold(None);
    let second = site.follow(10, &[]);
    until("the event left the queue", || site.queue.events() == 0).await;
    assert_eq!(site.gate.calls("DeleteMessage"), 2);
    let rows = second.rows();
    assert_eq!(rows.len(), 2, "it came again");
    assert_eq!(nameless(rows[0].clone()), nameless(first.rows()[0].clone()));
    let (new, repeated) = (taken(&first.rows()), taken(&rows));
    assert_eq!((new.len(), new[0].1, repeated.len(), repeated[0].1), (1, false, 1, true));
    assert_eq!(new[0].0, repeated[0].0);
    assert_eq!(site.messages(), 1, "and is one message");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_cannot_be_used_is_in_quarantine_before_it_leaves_the_queue() {
    let site = Site::set("faulty").await;
    site.gate.hold(Some("DeleteMessage"));
    let faulty = payload("cut-short.json");
    site.queue.put(&faulty);
    let follower = site.follow(10, &[]);
    until("the event is to be deleted", || site.gate.calls("DeleteMessage") == 1).await;
    assert_eq!(site.quarantined("held"), [faulty]);
    site.gate.hold(None);
    until("the event left the queue", || site.queue.events() == 0).await;
    assert_eq!(follower.rows()[0]["outcome"], "quarantined");
    assert_eq!(site.messages(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_down_events_stay_on_the_queue_and_are_not_received_again_and_again() {
    let mut site = Site::set("down").await;
    let follower = site.follow(1, &[]);
    until("the queue is asked", || site.gate.calls("ReceiveMessage") == 1).await;
    site.world.stop().await;
    site.queue.put(&release());
    until("the publisher gives up", || follower.rows().len() == 2).await;
    is_tried_again(&follower.rows()[1]);
    let received = site.gate.calls("ReceiveMessage");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(site.queue.events(), 1, "the event is still there");
    assert_eq!(site.gate.calls("ReceiveMessage"), received, "nothing is received meanwhile");
    assert_eq!(site.gate.calls("DeleteMessage"), 0);

    site.world.start().await;
    until("the event left the queue", || site.queue.events() == 0).await;
    assert_eq!(site.messages(), 1);
    assert_eq!(taken(&follower.rows()).len(), 1, "and it is said once that it was shared");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_down_files_stay_in_the_folder_and_are_sent_when_it_is_back() {
    let mut site = Site::set("folder-down").await;
    let folder = site.path("in");
    fs::create_dir(&folder).unwrap();
    let mut follower = site.follow_folder(&folder, 1, &["--every-seconds", "1"]);
    until("it has connected", || site.path("position").exists()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    site.world.stop().await;
    fs::write(folder.join("1.json"), release()).unwrap();
    until("the publisher gives up", || follower.rows().len() == 2).await;
    is_tried_again(&follower.rows()[1]);

    site.world.start().await;
    until("the broker has it", || site.messages() == 1).await;
    assert_eq!(site.quarantined("held-from-folder"), Vec::<String>::new());
    follower.terminate();
    assert!(follower.ended().await.success(), "nothing is left: {}", follower.errors());
    assert_eq!(taken(&follower.rows()).len(), 1, "and it is said once that it was shared");
    let mut again = site.follow_folder(&folder, 1, &["--once"]);
    assert!(again.ended().await.success() && again.rows().is_empty(), "the file is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_agency_is_suspended_events_stay_where_they_are_and_are_sent_afterwards() {
    let site = Site::set("suspended").await;
    let folder = site.path("in");
    fs::create_dir(&folder).unwrap();
    let from_queue = site.follow(10, &[]);
    let from_folder = site.follow_folder(&folder, 10, &["--every-seconds", "1"]);
    until("the queue is asked", || site.gate.calls("ReceiveMessage") == 1).await;
    until("the folder is looked at", || site.path("position").exists()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    site.world.suspend("hmpps-prisons", true).await;
    site.queue.put(&release());
    fs::write(folder.join("1.json"), payload("release-curfew-bare.json")).unwrap();
    let sentence = "Your agency's access is suspended; ring the broker's operators.";
    for follower in [&from_queue, &from_folder] {
        until("it says why it waits", || follower.errors().contains(sentence)).await;
    }
    assert_eq!((site.queue.events(), site.messages()), (1, 0), "nothing is lost or taken");

    site.world.suspend("hmpps-prisons", false).await;
    until("both are sent", || site.messages() == 2).await;
    until("the event left the queue", || site.queue.events() == 0).await;
    for mut follower in [from_queue, from_folder] {
        assert_eq!(follower.errors().matches(sentence).count(), 1, "{}", follower.errors());
        follower.terminate();
        assert!(follower.ended().await.success(), "{}", follower.errors());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_in_hand_is_hidden_from_other_readers_however_slow_the_broker() {
    let mut site = Site::set("slow").await;
    // A busy machine may be late by nearly half of that, and nothing lapses.
    site.visibility_seconds = 8;
    let mut follower = site.follow(60, &[]);
    until("the queue is asked", || site.gate.calls("ReceiveMessage") == 1).await;
    site.world.stop().await;
    site.queue.put(&release());
    until("the event is in hand", || follower.rows().len() == 1).await;
    // Three times as long as it would be hidden without being extended.
    for _ in 0..240 {
        assert_eq!(site.queue.given_to_another(), 0, "another reader is given nothing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(site.gate.calls("ChangeMessageVisibility") >= 3);

    // Told to end, it finishes what is in hand first.
    follower.terminate();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(follower.runs());
    site.world.start().await;
    assert!(follower.ended().await.success(), "{}", follower.errors());
    assert_eq!((site.queue.events(), site.messages()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_in_hand_is_hidden_however_slow_the_queue_is_to_delete_others() {
    let mut site = Site::set("slow-queue").await;
    site.visibility_seconds = 8;
    site.gate.hold(Some("DeleteMessage"));
    site.queue.put(&payload("court-out.json"));
    site.queue.put(&release());
    let mut follower = site.follow(10, &[]);
    until("something is to be deleted", || site.gate.calls("DeleteMessage") == 1).await;
    // Longer than they would be hidden without being extended, and less than a call may take.
    for _ in 0..120 {
        assert_eq!(site.queue.given_to_another(), 0, "another reader is given nothing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    site.gate.hold(None);
    until("everything left the queue", || site.queue.events() == 0).await;
    follower.terminate();
    assert!(follower.ended().await.success(), "{}", follower.errors());
    assert_eq!(site.messages(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_only_waits_ends_when_told_to() {
    let site = Site::set("waiting").await;
    let mut follower = site.follow(10, &[]);
    until("the queue is asked", || site.gate.calls("ReceiveMessage") == 1).await;
    follower.terminate();
    assert!(follower.ended().await.success(), "{}", follower.errors());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_has_lapsed_stops_nothing() {
    let site = Site::set("lapsed").await;
    site.gate.hold(Some("DeleteMessage"));
    site.queue.put(&release());
    let mut follower = site.follow(10, &[]);
    until("the event is to be deleted", || site.gate.calls("DeleteMessage") == 1).await;
    site.queue.purge();
    site.gate.hold(None);
    site.queue.put(&payload("release-curfew-bare.json"));
    until("the next event is deleted", || site.gate.calls("DeleteMessage") == 2).await;
    until("the next event left the queue", || site.queue.events() == 0).await;
    assert!(follower.runs(), "{}", follower.errors());
    assert_eq!(site.messages(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_cannot_be_reached_is_tried_again_and_spoken_of_once() {
    let mut site = Site::set("unreachable").await;
    let address = free_address();
    let mut follower = site.follow_at(&format!("http://{address}"), 10, &[], |_| {});
    until("it complains", || follower.errors().contains("cannot be reached")).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(follower.runs());
    // The queue is there, and holds the event, by the time that anybody answers.
    site.queue.put(&release());
    site.gate = Gate::at(address, site.queue.address);
    until("the event left the queue", || site.queue.events() == 0).await;
    let said: Vec<String> = follower.errors().lines().map(str::to_owned).collect();
    let of = |text: &str| said.iter().filter(|line| line.contains(text)).count();
    assert_eq!((of("cannot be reached"), of("the queue answers again")), (1, 1), "{said:?}");
    assert_eq!(site.messages(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_known_by_its_certificate() {
    let site = Site::set("encrypted").await;
    let folder = site.world.stage.folder();
    let server = site.world.stage.authority().server(&["localhost"]).unwrap();
    write_credential(folder, "queue", &server).unwrap();
    let (chain, key) = (folder.join("queue.pem"), folder.join("queue.key"));
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    let files = ["--ssl", "--ssl-cert", chain, "--ssl-key", key];
    let service = Moto::start(free_address(), &files);
    let endpoint = format!("https://localhost:{}", service.address.port());
    let known = folder.join("authorities.pem");
    let mut stranger = site.follow_at(&endpoint, 10, &["--once"], |_| {});
    assert!(!stranger.ended().await.success());
    assert!(stranger.errors().contains("certificate"), "{}", stranger.errors());

    let mut follower = site.follow_at(&endpoint, 10, &["--once"], |command| {
        command.env("SSL_CERT_FILE", known);
    });
    assert!(!follower.ended().await.success());
    let errors = follower.errors();
    // The service is spoken to, and has no such queue.
    assert!(errors.contains("QueueDoesNotExist") && errors.contains("--region"), "{errors}");
}
