//! The command `agency` in a process of its own, against a real broker: what it says and the code
//! it ends with where something was not done, and what it does when it is told to end.
//!
//! Deliberately does not know: what the library under it can do; other tests call that.

#![expect(clippy::unwrap_used, reason = "a test may stop where what it looks at is not there")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use agency_client::compose;
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use certs_dev::{Faulty, write_credential};
use demo::stage::{APPROVER_POLICE, BROKER_AUDITOR};
use proto::exchange::v1 as wire;
use serde_json::Value;
use tests::agency::{Agency, until};
use tests::operator::make_room_for_the_faulty;
use tests::world::{RELEASE_GROUNDS, World, adult, id, now, ppo_flag};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/hmpps");
const NIGHT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/demo/night");
const RELEASE: &str = "release-conditional-wrapped.json";
const OTHER_RELEASE: &str = "release-curfew-bare.json";

/// Starts the command with the settings of a node, as `AGENCY.NODE`, or of a person, as
/// `person-ID`; they must have been made.
fn start(world: &World, settings: &str, arguments: &[&str]) -> Agency {
    let folder = world.stage.folder();
    let settings = folder.join(format!("{settings}.toml"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    Agency::start(command.arg("--settings").arg(settings).args(arguments), folder)
}

/// Runs the command to its end: whether it did all that was asked, and what it said.
async fn run(world: &World, settings: &str, arguments: &[&str]) -> (bool, String, String) {
    let mut agency = start(world, settings, arguments);
    let status = agency.ended().await;
    assert!(matches!(status.code(), Some(0 | 1)), "{status}: {}", agency.errors());
    (status.success(), agency.output(), agency.errors())
}

/// Messages that the broker holds.
fn messages(world: &World) -> u64 {
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    fsck::check(&raw, None).unwrap().messages
}

/// An import's profile, whose messages bear a marking, in a folder of its own beside its key.
fn profile(world: &World, marking: &str) -> String {
    let folder = world.stage.folder().join(marking);
    fs::create_dir(&folder).unwrap();
    let shipped = fs::read_to_string(Path::new(NIGHT).join("import.toml")).unwrap();
    let text = shipped.replace("\"official_sensitive\"", &format!("\"{marking}\""));
    fs::write(folder.join("import.toml"), text).unwrap();
    let key = folder.join("import-id.key");
    fs::write(&key, [42; 32]).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    folder.join("import.toml").to_str().unwrap().to_owned()
}

/// A path in the world's folder, as an argument.
fn path(world: &World, name: &str) -> String {
    world.stage.folder().join(name).to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_let_in_is_said_to_be_refused_and_not_tried_again() {
    let world = World::shipped().await;
    make_room_for_the_faulty(&world).await;
    let wrong = [
        (Faulty::AgencyOfAnotherIssuingKey, "an authority that may not name this agency"),
        (Faulty::Unregistered, "names no agency, node or person that is registered"),
        (Faulty::NonsenseGrammar, "ask the broker's operators"),
        (Faulty::NotYetValid, "has ended, or has not begun yet"),
        (Faulty::OtherAuthority, "no authority that the broker trusts"),
        (Faulty::Suspended, "Your agency's access is suspended"),
    ];
    for (faulty, _) in wrong {
        let credential = world.stage.authority().faulty(faulty, "gmp", "records").unwrap();
        write_credential(world.stage.folder(), faulty.name(), &credential).unwrap();
        world.stage.settings_of(faulty.name()).unwrap();
    }
    // One of the authorities is new, and has no revocation list at the broker yet.
    let mut generation = world.app.as_ref().unwrap().listening().generation();
    world.stage.publish_crls().unwrap();
    generation.changed().await.unwrap();
    for (faulty, why) in wrong {
        let (done, said, errors) = run(&world, faulty.name(), &["whoami"]).await;
        assert_eq!((done, said.as_str()), (false, ""), "{faulty:?}");
        assert!(errors.contains("refused") && errors.contains(why), "{faulty:?}: {errors}");
        assert!(!errors.contains("trying again"), "{faulty:?}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_look_at_a_ledger_continues_nothing_and_the_next_continues_the_first() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let (done, said, errors) = run(&world, "gmp.records", &["whoami"]).await;
    assert!(done && said.contains("nothing was seen of a ledger before"), "{said}{errors}");
    assert!(said.contains("is now pinned") && !said.contains("continuing"), "{said}");
    let (done, said, errors) = run(&world, "gmp.records", &["whoami"]).await;
    assert!(done && said.ends_with("entries, continuing what was seen before\n"), "{said}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_says_what_was_shared_and_of_a_dry_run_what_would_be() {
    let world = World::shipped().await;
    world.stage.node("hmpps-prisons", "records").unwrap();
    let profile = profile(&world, "official_sensitive");
    let file = Path::new(DATA).join(RELEASE).to_str().unwrap().to_owned();
    let import = ["import", "hmpps", "--profile", &profile, &file];
    let dry = [import.as_slice(), &["--dry-run"]].concat();
    let before = messages(&world);
    for (arguments, of_file, summary) in [
        (
            dry.as_slice(),
            " would be shared as ",
            "agency: 1 would be shared, 0 not for sharing, 0 held back; nothing was sent\n",
        ),
        (&import, ": for sharing as ", "agency: 1 shared, 0 not for sharing, 0 held back\n"),
    ] {
        let (done, said, errors) = run(&world, "hmpps-prisons.records", arguments).await;
        assert!(done && said.contains(of_file), "{said}{errors}");
        assert_eq!(errors, summary);
    }
    assert_eq!(messages(&world), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_wide_auditor_is_told_that_nobody_had_a_stake() {
    let world = World::shipped().await;
    let flag = ppo_flag(adult("A9004AA", "Invented Flagged"));
    let message = flag.message_id.clone();
    world.publisher("merseyside-police", "records").await.publish(flag).await.unwrap();
    let (agency, person) = BROKER_AUDITOR;
    world.stage.person(agency, person).unwrap();
    let arguments =
        ["explain", "--reason", "an invented look", "--agency", "merseyside-police", &message];
    let (done, said, errors) = run(&world, &format!("person-{person}"), &arguments).await;
    assert_eq!((done, said.as_str()), (true, ""), "{errors}");
    assert!(errors.contains("nobody had a stake in it"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_names_nobody_is_told_apart_from_one_that_is_not_this_agencys() {
    let world = World::shipped().await;
    let flag = ppo_flag(adult("A9001AA", "Invented Flagged"));
    let message = flag.message_id.clone();
    let unknown = |message: &str| {
        format!(
            "agency: {message} is not known to this agency: no system of it has published a \
             message by that id\n"
        )
    };
    world.publisher("merseyside-police", "records").await.publish(flag).await.unwrap();
    world.stage.node("gmp", "records").unwrap();

    let tracked = run(&world, "merseyside-police.records", &["track", &message]).await;
    let recorded = format!("{message} was recorded; it names no agency, so no outcome is told\n");
    assert_eq!(tracked, (true, recorded, String::new()));
    // Another agency's message answers as one that does not exist.
    for message in [message, id().to_string()] {
        let tracked = run(&world, "gmp.records", &["track", &message]).await;
        assert_eq!(tracked, (false, String::new(), unknown(&message)));
        let tracked = run(&world, "gmp.records", &["--json", "track", &message]).await;
        assert_eq!(tracked, (false, String::new(), unknown(&message)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_publish_is_told_that_nothing_was_recorded() {
    let world = World::shipped().await;
    let (agency, person) = APPROVER_POLICE;
    world.stage.person(agency, person).unwrap();
    let before = messages(&world);
    let file = Path::new(NIGHT).join("first-message.json");
    let text = fs::read_to_string(&file).unwrap();
    let message: Value = serde_json::from_str(&text).unwrap();
    let message = message["message_id"].as_str().unwrap();

    let arguments = ["publish", file.to_str().unwrap()];
    let (done, said, errors) = run(&world, &format!("person-{person}"), &arguments).await;
    assert!(!done);
    assert_eq!(
        said,
        format!(
            "{message} was not newly recorded: refused (1003): Your role does not allow this; ask your \
             agency's lead.\n"
        )
    );
    assert!(errors.ends_with("agency: 1 of 1 were not published; each is named above\n"));
    assert_eq!(messages(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_that_holds_no_time_is_a_mistake_and_not_an_empty_answer() {
    let world = World::shipped().await;
    let (agency, person) = BROKER_AUDITOR;
    world.stage.person(agency, person).unwrap();
    let settings = format!("person-{person}");
    let (early, late) = ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z");
    let asking = |from, until| {
        ["disclosures", "--reason", "an invented look", "--from", from, "--until", until]
    };
    for (from, until) in [(late, early), (early, early)] {
        let (done, said, errors) = run(&world, &settings, &asking(from, until)).await;
        assert_eq!((done, said.as_str()), (false, ""));
        assert_eq!(errors, "agency: --from must be before --until\n");
    }
    let (done, said, errors) = run(&world, &settings, &asking(early, late)).await;
    assert!(done, "{errors}");
    assert!(said.starts_with("complete to entry "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_tells_what_became_of_each_delivery() {
    let world = World::shipped().await;
    let owner = world.publisher("merseyside-police", "records").await;
    owner.publish(ppo_flag(adult("A9002AA", "Invented Released"))).await.unwrap();
    let release = release("A9002AA");
    let message = release.message_id.clone();
    world.publisher("hmpps-prisons", "records").await.publish(release).await.unwrap();
    let (agency, person) = BROKER_AUDITOR;
    world.stage.person(agency, person).unwrap();

    let arguments =
        ["explain", "--reason", "an invented look", "--agency", "hmpps-prisons", &message];
    let (done, said, errors) = run(&world, &format!("person-{person}"), &arguments).await;
    assert!(done, "{errors}");
    let told = said.lines().find(|line| line.starts_with("gmp/stockport, delivery: waiting since"));
    assert!(told.is_some(), "{said}");
    assert!(said.contains("\n  last released: -\n"), "{said}");
    assert!(said.lines().last().unwrap().starts_with("decided under bundle "), "{said}");

    let arguments = [&["--json"], arguments.as_slice()].concat();
    let mut agency = start(&world, &format!("person-{person}"), &arguments);
    assert!(agency.ended().await.success());
    let rows = agency.rows();
    let fate = rows.iter().find(|row| row["desk"] == "stockport" && row["state"] == "waiting");
    let fate = fate.unwrap();
    assert_eq!((&fate["refusal"], &fate["released_at"]), (&0.into(), &"".into()));
    assert_ne!(fate["at"], "");
}

/// A person's release from prison to Stockport.
fn release(noms: &str) -> wire::Message {
    let person = adult(noms, "Invented Released");
    let certainty = wire::CustodyCertainty::Confirmed;
    compose::custody_release(id(), RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area("E08000007", wire::AreaRole::Release)
        .build()
        .unwrap()
}

/// An officer of Greater Manchester Police (invented), by the id the directory gives.
const OFFICER: &str = "0a9d0001-0000-4000-8000-000000000001";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_desk_says_it_did_leaves_its_obligations_and_reaches_the_sender_it_was_named_by() {
    let world = World::shipped().await;
    for agency in ["gmp", "hmpps-prisons"] {
        world.stage.node(agency, "records").unwrap();
    }
    let owner = world.publisher("merseyside-police", "records").await;
    owner.publish(ppo_flag(adult("A9002AA", "Invented Released"))).await.unwrap();
    let mut news = release("A9002AA");
    news.addressees = vec![wire::Addressee { agency: "gmp".into(), desk: "stockport".into() }];
    let message = news.message_id.clone();
    world.publisher("hmpps-prisons", "records").await.publish(news).await.unwrap();
    let receiving = ["--json", "subscribe", "--desk", "stockport", "--once", "1"];
    let (done, said, errors) = run(&world, "gmp.records", &receiving).await;
    assert!(done, "{errors}");
    let delivery: Value = serde_json::from_str(&said).unwrap();
    let given = delivery["release_id"].as_str().unwrap();
    let attest = |with: &[&'static str]| {
        let own = [&["attest", "--desk", "stockport", "--as"], with].concat();
        own.into_iter().map(str::to_owned).chain([given.to_owned()]).collect::<Vec<_>>()
    };
    let owes = ["obligations", "--desk", "stockport"];

    // The agreement on releases asks police to act within a day and to delete within a year.
    let (done, said, errors) = run(&world, "gmp.records", &owes).await;
    assert_eq!((done, errors.as_str()), (true, ""));
    let owed: Vec<_> = said.lines().map(|line| line.split(" by ").next().unwrap()).collect();
    let of = |name: &str| delivery[name].as_str().unwrap().to_owned();
    let (reference, delivery_id) = (of("reference"), of("delivery_id"));
    let each = format!("{given} (reference {reference}, delivery {delivery_id})");
    assert_eq!(owed, [format!("{each}: to be acted"), format!("{each}: to be deleted")]);
    let prisons = ["--json", "track", &message];
    let (_, said, _) = run(&world, "hmpps-prisons.records", &prisons).await;
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&told["state"], told.get("attested")), (&"acknowledged".into(), None));

    let first = "agency: of the others it was said before, this desk was not given them, or it \
        cannot be said of them\n";
    for (with, recorded, errors) in [
        (["opened", "--person", OFFICER].as_slice(), "recorded of 1 of 1\n", ""),
        (&["opened", "--person", OFFICER], "recorded of 0 of 1\n", first),
        (&["acted"], "recorded of 1 of 1\n", ""),
        (&["deleted"], "recorded of 1 of 1\n", ""),
    ] {
        let arguments = attest(with);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = run(&world, "gmp.records", &arguments).await;
        assert_eq!(said, (true, recorded.to_owned(), errors.to_owned()), "{with:?}");
    }
    let (done, said, errors) = run(&world, "gmp.records", &owes).await;
    assert_eq!((done, said.as_str()), (true, ""));
    assert_eq!(errors, "agency: desk stockport owes nothing\n");
    let (_, said, _) = run(&world, "hmpps-prisons.records", &prisons).await;
    let told: Value = serde_json::from_str(&said).unwrap();
    let words = told["attested"].as_array().unwrap().iter().map(|said| &said["attestation"]);
    assert_eq!(words.collect::<Vec<_>>(), ["opened", "acted", "deleted"]);
    assert!(!said.contains(OFFICER), "{said}");
    let (_, said, _) = run(&world, "hmpps-prisons.records", &["track", &message]).await;
    assert!(said.starts_with("gmp: acknowledged since ") && said.contains(", opened 2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_have_done_is_not_attested() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let release = "00112233445566778899aabbccddeeff";
    for (with, why) in [
        (["--as", "opened", release], "only a person opens something"),
        (["--as", "acted", "0011"], "must be 32 hexadecimal digits"),
    ] {
        let arguments = [&["attest", "--desk", "stockport"], with.as_slice()].concat();
        let (done, said, errors) = run(&world, "gmp.records", &arguments).await;
        assert_eq!((done, said.as_str()), (false, ""), "{with:?}");
        assert!(errors.contains(why), "{with:?}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_of_a_folder_reads_events_alone_and_finishes_what_is_in_hand_when_told_to_end() {
    let mut world = World::shipped().await;
    world.stage.node("hmpps-prisons", "records").unwrap();
    let folder = world.stage.folder().join("in");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("README.md"), "{}").unwrap();
    fs::copy(Path::new(DATA).join(RELEASE), folder.join("1.json")).unwrap();
    let (profile, held) = (profile(&world, "official_sensitive"), path(&world, "held"));
    let (position, folder_path) = (path(&world, "position"), path(&world, "in"));
    let following = [
        "--json",
        "follow",
        "--profile",
        &profile,
        "--quarantine",
        &held,
        "--state",
        &position,
        "--every-seconds",
        "1",
        &folder_path,
    ];
    let before = messages(&world);
    let mut follower = start(&world, "hmpps-prisons.records", &following);
    until("the first event is said to be shared", || follower.rows().len() == 3).await;
    assert_eq!(messages(&world), before + 1);
    let rows = follower.rows();
    assert_eq!((&rows[0]["outcome"], &rows[0]["files"]), (&"not_read".into(), &1.into()));
    assert_eq!(rows[1]["outcome"], "shared", "so it was read");
    assert_eq!(
        (&rows[2]["outcome"], &rows[2]["message_id"]),
        (&"accepted".into(), &rows[1]["messages"][0]["id"])
    );
    assert!(fs::read_dir(&held).unwrap().next().is_none(), "nothing else was read");

    world.stop().await;
    // Beside it first: the follower must not find half a file.
    let beside = world.stage.folder().join("2.json");
    fs::copy(Path::new(DATA).join(OTHER_RELEASE), &beside).unwrap();
    fs::rename(beside, folder.join("2.json")).unwrap();
    until("the second event is in hand", || follower.rows().len() == 4).await;
    follower.terminate();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(follower.runs(), "what is in hand is finished first: {}", follower.errors());
    world.start().await;
    assert!(follower.ended().await.success(), "{}", follower.errors());
    assert_eq!(messages(&world), before + 2);
    assert_eq!(follower.rows()[4]["outcome"], "accepted");

    let again = [following.as_slice(), &["--once"]].concat();
    let mut follower = start(&world, "hmpps-prisons.records", &again);
    assert!(follower.ended().await.success());
    assert_eq!(follower.rows().len(), 1, "both are done, and only the other file is spoken of");

    // With nothing in hand it ends at once.
    let mut follower = start(&world, "hmpps-prisons.records", &following);
    until("it has looked", || follower.rows().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    follower.terminate();
    assert!(follower.ended().await.success(), "{}", follower.errors());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_sent_otherwise_before_is_sent_already_and_no_failure() {
    let world = World::shipped().await;
    world.stage.node("hmpps-prisons", "records").unwrap();
    let first = profile(&world, "official_sensitive");
    // The marking does not enter the id, as little as the age of the news does.
    let other = profile(&world, "official");
    let folder = world.stage.folder().join("in");
    fs::create_dir(&folder).unwrap();
    fs::copy(Path::new(DATA).join(RELEASE), folder.join("1.json")).unwrap();
    let (file, folder) = (path(&world, "in/1.json"), path(&world, "in"));
    let (held, position) = (path(&world, "held"), path(&world, "position"));
    let before = messages(&world);

    let import = ["--json", "import", "hmpps", "--profile", &first, &file];
    let (done, _, errors) = run(&world, "hmpps-prisons.records", &import).await;
    assert!(done, "{errors}");
    let import = ["--json", "import", "hmpps", "--profile", &other, &file];
    let follow = [
        "--json",
        "follow",
        "--once",
        "--profile",
        &other,
        "--quarantine",
        &held,
        "--state",
        &position,
        &folder,
    ];
    for again in [import.as_slice(), &follow] {
        let (done, said, errors) = run(&world, "hmpps-prisons.records", again).await;
        assert!(done, "{errors}");
        assert!(said.lines().last().unwrap().contains("\"outcome\":\"sent_already\""), "{said}");
        assert_eq!(messages(&world), before + 1);
    }
    let (done, said, _) = run(&world, "hmpps-prisons.records", &follow).await;
    assert_eq!((done, said.as_str()), (true, ""), "the file is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_goes_on_receiving_when_its_agency_is_restored() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let receiving = ["--json", "subscribe", "--desk", "stockport", "--once", "2"];
    let mut receiver = start(&world, "gmp.records", &receiving);
    let owner = world.publisher("merseyside-police", "records").await;
    owner.publish(ppo_flag(adult("A9002AA", "Invented Released"))).await.unwrap();
    let prisons = world.publisher("hmpps-prisons", "records").await;
    prisons.publish(release("A9002AA")).await.unwrap();
    until("a delivery is received", || receiver.rows().len() == 1).await;

    world.suspend("gmp", true).await;
    let sentence = "Your agency's access is suspended; ring the broker's operators.";
    until("it says why", || receiver.errors().contains(sentence)).await;
    // Longer than the longest wait, so that it is refused again.
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(receiver.runs(), "{}", receiver.errors());
    world.suspend("gmp", false).await;
    prisons.publish(release("A9002AA")).await.unwrap();
    assert!(receiver.ended().await.success(), "{}", receiver.errors());
    assert_eq!(receiver.rows().len(), 2);
    assert_eq!(receiver.errors().matches(sentence).count(), 1, "it is said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_to_a_file_is_not_coloured() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let settings = path(&world, "gmp.records.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    let asking = command.env("RUST_LOG", "debug").args(["--settings", &settings, "whoami"]);
    let mut agency = Agency::start(asking, world.stage.folder());
    assert!(agency.ended().await.success(), "{}", agency.errors());
    let log = agency.errors();
    assert!(log.contains("DEBUG"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[test]
fn the_short_verifier_takes_and_refuses_the_proofs_that_the_command_does() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(top.join("docs/ledger-format.md")).unwrap();
    let key = page.lines().find_map(|line| line.strip_prefix("verifier key  ")).unwrap();
    let (_, example) = page.split_once("```json\n").unwrap();
    let (proof, _) = example.split_once("```").unwrap();
    let signed_too = |lines: &str| {
        let mut proof: Value = serde_json::from_str(proof).unwrap();
        proof["checkpoint"] = format!("{}{lines}", proof["checkpoint"].as_str().unwrap()).into();
        proof.to_string()
    };
    let padded = |bytes: usize| format!("{proof}{}", " ".repeat(bytes - proof.len()));
    let other = "\u{2014} other AAAAAAA=\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proof.json");
    for (what, text, is_good) in [
        ("as it is", proof.to_owned(), true),
        ("of 1 MiB", padded(1024 * 1024), true),
        ("longer", padded(1024 * 1024 + 1), false),
        ("with 64 signatures", signed_too(&other.repeat(63)), true),
        ("with 65", signed_too(&other.repeat(64)), false),
        ("with a key's id and no signature", signed_too("\u{2014} other AAAAAA==\n"), false),
        ("with less", signed_too("\u{2014} other AAAA\n"), false),
    ] {
        fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
        let mut short = Command::new("python3");
        short.arg(top.join("tests/verify/verify.py"));
        for (program, verifier) in [
            ("agency", command.arg("verify")),
            ("verify.py, for python3 with cryptography", &mut short),
        ] {
            let ended = verifier.arg(&file).args(["--key", key]).output().unwrap();
            let said = String::from_utf8_lossy(&ended.stdout);
            assert_eq!(ended.status.success(), is_good, "{program}: {what}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_a_test_started_ends_with_the_test() {
    let world = World::shipped().await;
    world.stage.node("gmp", "records").unwrap();
    let mut receiver = start(&world, "gmp.records", &["subscribe", "--desk", "stockport"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(receiver.runs(), "by itself it receives for ever: {}", receiver.errors());
    receiver.abandon();
    receiver.ended().await;
}
