//! A document as people send one: with the command, from a file to a file.

use std::process::Command;

use serde_json::{Value, json};
use tests::agency::Agency;
use tests::world::{World, id, next};

use crate::town::{CHAIR, Files, POLICE, bytes};

/// Runs the command to its end and gives what it printed.
async fn run(world: &World, settings: &str, arguments: &[&str]) -> (bool, String) {
    let folder = world.stage.folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    let settings = folder.join(format!("{settings}.toml"));
    command.arg("--settings").arg(settings).arg("--json").args(arguments);
    let mut agency = Agency::start(&mut command, folder);
    let done = agency.ended().await.success();
    (done, if done { agency.output() } else { agency.errors() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_attach_prints_goes_into_a_message_and_fetch_brings_the_same_file() {
    let world = World::shipped().await;
    let mut police = world.mailbox(POLICE.0, POLICE.1, POLICE.2).await;
    let files = Files::new();
    let content = bytes(300_000, 4);
    let minutes = files.with("minutes.pdf", &content);
    let chair = format!("{}.{}", CHAIR.0, CHAIR.1);
    world.stage.node(CHAIR.0, CHAIR.1).unwrap();
    let path = minutes.to_str().unwrap();
    let arguments = [
        "attach",
        path,
        "--kind",
        "mappa_minutes",
        "--form",
        "pdf",
        "--for",
        "gmp:public_protection",
        "--onward",
        "gmp",
    ];
    let (done, said) = run(&world, &chair, &arguments).await;
    assert!(done, "{said}");
    let section: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(section["audience"], json!([{"agency": "gmp", "function": "public_protection"}]));
    assert!(!said.contains("minutes.pdf"), "a file's name stays where the file is");

    let sample =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../agency-client/examples/messages/mappa.json");
    let mut message: Value =
        serde_json::from_str(&std::fs::read_to_string(sample).unwrap()).unwrap();
    message["message_id"] = id().to_string().into();
    message["attachments"] = json!([section]);
    let message = files.with("message.json", message.to_string().as_bytes());
    let (done, said) = run(&world, &chair, &["publish", message.to_str().unwrap()]).await;
    assert!(done, "{said}");

    let came = next(&mut police).await;
    let shown = &agency_client::cli::released_json::message(&came.message)["sections"][0];
    assert_eq!(shown["onward"], true);
    let of = |name: &str| shown[name].as_str().unwrap().to_owned();
    let (release, to) = (hex::encode(&came.delivery.release_id), files.path("received.pdf"));
    let (name, digest, salt) = (of("section"), of("digest"), of("salt"));
    let size = shown["size_bytes"].to_string();
    let mut arguments = vec![
        "fetch",
        &release,
        &name,
        "--digest",
        &digest,
        "--salt",
        &salt,
        "--size",
        &size,
        "--to",
        to.to_str().unwrap(),
    ];
    let police = format!("{}.{}", POLICE.0, POLICE.1);
    let (done, said) = run(&world, &police, &arguments).await;
    assert!(done, "{said}");
    assert_eq!(std::fs::read(&to).unwrap(), content);
    // A digest that does not belong to the name is seen before anything is asked for.
    let other = "00".repeat(32);
    arguments[4] = &other;
    let (done, said) = run(&world, &police, &arguments).await;
    assert!(!done && said.contains("does not belong"), "{said}");
    assert_eq!(world.records("fetch").len(), 1);
}
