//! The briefing as an officer draws it: with the command, for one desk, to a screen or a page.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use proto::exchange::v1 as wire;
use serde_json::Value;
use tests::agency::Agency;
use tests::world::{World, id, now};

use super::{OFFICER, POLICE, PRISONS, flag, publish, release, takes};

/// Runs the command to its end: whether it did what was asked, and what it said.
async fn run(world: &World, settings: &str, arguments: &[&str]) -> (bool, String, String) {
    let folder = world.stage.folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    let settings = folder.join(format!("{settings}.toml"));
    let mut agency = Agency::start(command.arg("--settings").arg(settings).args(arguments), folder);
    let done = agency.ended().await.success();
    (done, agency.output(), agency.errors())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_prints_what_its_desk_was_given_and_writes_a_page_for_its_owner_alone() {
    let world = World::shipped().await;
    for (agency, node) in [("gmp", "records"), ("gmp", "intelligence")] {
        world.stage.node(agency, node).unwrap();
    }
    flag(&world).await;
    let news = release(id(), wire::CustodyCertainty::Confirmed, now()).build().unwrap();
    publish(&world, PRISONS, news).await;
    takes(&world, POLICE, 1).await;

    let briefing = |desk: &'static str| ["briefing", "--desk", desk, "--person", OFFICER];
    let (done, said, errors) = run(&world, "gmp.records", &briefing("stockport")).await;
    assert!(done && said.contains("Invented Brook"), "{said}{errors}");
    let json = [&["--json"], briefing("stockport").as_slice()].concat();
    let (done, said, errors) = run(&world, "gmp.records", &json).await;
    assert!(done, "{errors}");
    let items: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(items.len(), 1);

    // Another desk of the same force was given nothing.
    let (done, said, errors) =
        run(&world, "gmp.intelligence", &briefing("public-protection")).await;
    assert!(done && !said.contains("Brook"), "{said}{errors}");

    let page = world.stage.folder().join("briefing.html");
    let html = [&briefing("stockport"), ["--html", page.to_str().unwrap()].as_slice()].concat();
    let (done, said, errors) = run(&world, "gmp.records", &html).await;
    assert_eq!((done, said.as_str()), (true, ""), "{errors}");
    assert!(std::fs::read_to_string(&page).unwrap().contains("Invented Brook"));
    assert_eq!(std::fs::metadata(&page).unwrap().permissions().mode() & 0o077, 0);

    // Who reads is said, or nothing is shown; and each look stands in the ledger.
    let (done, said, _) = run(&world, "gmp.records", &["briefing", "--desk", "stockport"]).await;
    assert_eq!((done, said.as_str()), (false, ""));
    let looks = world.records("consultation");
    assert_eq!(looks.iter().filter(|look| look["person"] == OFFICER).count(), 4, "{looks:?}");
}
