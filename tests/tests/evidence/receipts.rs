//! Receipts: a sender proves how its message fared with an agency it named, and with no other.

use std::process::Command;
use std::time::Duration;

use agency_client::compose;
use agency_client::receipt::{self, Receipt};
use agency_client::verify::{VerifyError, verify_proof};
use broker::ledger::entry::Entry;
use broker::ledger::fsck;
use broker::ledger::journal::Archive as _;
use broker::store::sqlite::{SqliteRaw, SqliteReaders};
use proto::audit::v1 as audit;
use proto::audit::v1::ReceiptStage;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Attestation;
use serde_json::Value;
use tests::agency::Agency;
use tests::world::{RELEASE_GROUNDS, World, adult, id, next, now, ppo_flag};
use uuid::Uuid;

const NOMS: &str = "A9301AA";
const STOCKPORT: &str = "E08000007";
/// An officer (invented).
const OFFICER: &str = "0a9d0001-0000-4000-8000-000000000001";
const SENDER: (&str, &str) = ("hmpps-prisons", "records");

/// Prisons' news of a flagged man's release to Stockport.
fn release(message: Uuid) -> compose::Draft {
    let person = adult(NOMS, "Invented Proved");
    let certainty = wire::CustodyCertainty::Confirmed;
    compose::custody_release(message, RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area(STOCKPORT, wire::AreaRole::Release)
}

async fn ask(
    world: &World,
    caller: (&str, &str),
    message: Uuid,
    agency: &str,
) -> Result<audit::GetReceiptsResponse, tonic::Status> {
    let mut client = world.node(caller.0, caller.1).await.audit().await.unwrap();
    let request =
        audit::GetReceiptsRequest { message_id: message.to_string(), agency: agency.to_owned() };
    client.get_receipts(request).await.map(tonic::Response::into_inner)
}

/// What the sender is given, once all of it is under a signed checkpoint.
async fn receipts(world: &World, message: Uuid, agency: &str) -> Vec<(ReceiptStage, String)> {
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let answer = ask(world, SENDER, message, agency).await.unwrap();
        if answer.not_signed_yet == 0 {
            return answer.receipts.into_iter().map(|one| (one.stage(), one.proof)).collect();
        }
        assert!(tokio::time::Instant::now() < patience, "no checkpoint was signed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What was shown, checked against the ledger's key alone.
fn checked(world: &World, given: &[(ReceiptStage, String)]) -> Vec<Receipt> {
    let key = world.stage.verifier_key();
    let read = |proof: &String| receipt::read(&verify_proof(proof, key).unwrap()).unwrap();
    given.iter().map(|(_, proof)| read(proof)).collect()
}

/// What of a proof does not turn on which checkpoint it leads to.
fn shown(given: &[(ReceiptStage, String)]) -> Vec<Value> {
    let own = |proof: &String| {
        let mut proof: Value = serde_json::from_str(proof).unwrap();
        let members = proof.as_object_mut().unwrap();
        members.remove("log_path");
        members.remove("checkpoint");
        proof
    };
    given.iter().map(|(_, proof)| own(proof)).collect()
}

async fn opened(world: &World, (agency, desk): (&str, &str), release: &[u8]) {
    let mut client = world.node(agency, "records").await.exchange().await.unwrap();
    let request = wire::AttestRequest {
        desk: desk.to_owned(),
        release_ids: vec![release.to_vec().into()],
        attestation: Attestation::Opened.into(),
        acting_person: OFFICER.to_owned(),
    };
    assert_eq!(client.attest(request).await.unwrap().into_inner().recorded, 1);
}

async fn flagged() -> World {
    let world = World::shipped().await;
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(adult(NOMS, "Invented Proved"))).await.unwrap();
    world
}

fn sound(world: &World) {
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let report = fsck::check(&raw, None).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_proves_how_its_message_fared_with_an_agency_it_named_and_with_no_other() {
    let mut world = flagged().await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let mut wirral = world.mailbox("merseyside-police", "records", "wirral").await;
    let message = id();
    let prisons = world.publisher(SENDER.0, SENDER.1).await;
    let news = release(message).addressee("gmp", "stockport").build().unwrap();
    prisons.publish(news).await.unwrap();
    let (named, unnamed) = (next(&mut stockport).await, next(&mut wirral).await);
    named.acknowledge().await.unwrap();
    unnamed.acknowledge().await.unwrap();
    opened(&world, ("gmp", "stockport"), &named.delivery.release_id).await;
    opened(&world, ("merseyside-police", "wirral"), &unnamed.delivery.release_id).await;

    let of_named = receipts(&world, message, "gmp").await;
    let receipt = |stage, agency: Option<&str>| Receipt {
        stage,
        sender: "hmpps-prisons".into(),
        message: message.to_string(),
        agency: agency.map(str::to_owned),
    };
    let all = [
        receipt(ReceiptStage::Accepted, None),
        receipt(ReceiptStage::Released, Some("gmp")),
        receipt(ReceiptStage::Received, Some("gmp")),
        receipt(ReceiptStage::Opened, Some("gmp")),
    ];
    assert_eq!(checked(&world, &of_named), all);
    assert!(of_named.iter().all(|(_, proof)| !proof.contains("merseyside")));
    assert!(of_named.iter().all(|(_, proof)| !proof.contains(OFFICER)), "not who opened it");

    // The flag's owner was given it all the same; the sender is told what it is told of nobody.
    let of_unnamed = receipts(&world, message, "merseyside-police").await;
    assert_eq!(checked(&world, &of_unnamed), all[..1]);
    let of_nobody = receipts(&world, message, "no-such-agency").await;
    assert_eq!(shown(&of_unnamed), shown(&of_nobody));
    // Nor is another agency told anything of this message, the one that was given it included.
    for other in [("gmp", "records"), ("merseyside-police", "records")] {
        let refused = ask(&world, other, message, "gmp").await.unwrap_err();
        let unknown = ask(&world, other, id(), "gmp").await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (tonic::Code::NotFound, unknown.message()));
    }
    drop((stockport, wirral));
    world.stop().await;
    sound(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_shows_no_other_message_that_the_agency_was_given_with_it() {
    let mut world = flagged().await;
    // Forty messages wait for one desk: of every other one the sender named it.
    let prisons = world.publisher(SENDER.0, SENDER.1).await;
    let mut sent = Vec::new();
    for number in 0..40 {
        let message = id();
        let news = release(message);
        let news =
            if number % 2 == 0 { news.addressee("merseyside-police", "wirral") } else { news };
        prisons.publish(news.build().unwrap()).await.unwrap();
        sent.push(message);
    }
    let mut wirral = world.mailbox("merseyside-police", "records", "wirral").await;
    let mut given = Vec::new();
    for _ in 0..40 {
        given.push(next(&mut wirral).await);
    }
    for one in given {
        one.acknowledge().await.unwrap();
    }
    for (number, message) in sent.iter().enumerate().take(4) {
        let given = receipts(&world, *message, "merseyside-police").await;
        let stages: Vec<ReceiptStage> = given.iter().map(|(stage, _)| *stage).collect();
        let named = [ReceiptStage::Accepted, ReceiptStage::Released, ReceiptStage::Received];
        assert_eq!(stages, if number % 2 == 0 { &named[..] } else { &named[..1] });
        checked(&world, &given);
        let others = sent.iter().filter(|other| *other != message).map(Uuid::to_string);
        for other in others {
            assert!(given.iter().all(|(_, proof)| !proof.contains(&other)));
        }
        // How many slots there are would tell how much the desk was given.
        assert!(shown(&given).iter().all(|proof| proof["slots"] == 16));
    }
    // The desk was indeed given several at once, and no entry has grown by it.
    let readers = SqliteReaders::new(&world.stage.config().store.path);
    let entries = (0..readers.size().unwrap())
        .map(|index| Entry::from_bytes(&readers.entry(index).unwrap().unwrap()).unwrap());
    let (mut most, mut slots) = (0, 0);
    for entry in entries {
        let told = |text: &str| text.contains("\"type\":\"disclosed\"");
        most = most.max(entry.records().iter().filter(|(_, text)| told(text)).count());
        slots = slots.max(entry.slots());
    }
    assert!(most > 2, "several records of one sender stand in one entry: {most}");
    assert_eq!(slots, 16);
    drop(wirral);
    world.stop().await;
    sound(&world);
}

/// The proof with the record, the inner path and the leaf of another.
fn with_leaf_of(proof: &str, other: &str) -> String {
    let mut proof: Value = serde_json::from_str(proof).unwrap();
    let other: Value = serde_json::from_str(other).unwrap();
    for member in ["record", "salt", "slot", "slots", "inner_path", "leaf"] {
        proof[member] = other[member].clone();
    }
    proof.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_bears_another_leaf_is_taken_by_no_verifier() {
    let world = flagged().await;
    let prisons = world.publisher(SENDER.0, SENDER.1).await;
    let (first, second) = (id(), id());
    for message in [first, second] {
        let news = release(message).addressee("gmp", "stockport").build().unwrap();
        prisons.publish(news).await.unwrap();
    }
    let (first, second) =
        (receipts(&world, first, "gmp").await, receipts(&world, second, "gmp").await);
    let forged = with_leaf_of(&first[0].1, &second[0].1);
    let key = world.stage.verifier_key();
    assert!(matches!(verify_proof(&forged, key), Err(VerifyError::Fails(_))));
    let file = world.stage.folder().join("receipt.json");
    let verify = concat!(env!("CARGO_MANIFEST_DIR"), "/verify/verify.py");
    for (text, holds) in [(&forged, false), (&first[0].1, true)] {
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
        let mut short = Command::new("python3");
        for program in [command.arg("verify"), short.arg(verify)] {
            let ended = program.arg(&file).args(["--key", key]).output().unwrap();
            assert_eq!(ended.status.success(), holds, "{program:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_saves_a_file_for_each_stage_and_says_what_it_checked() {
    let world = flagged().await;
    let prisons = world.publisher(SENDER.0, SENDER.1).await;
    let message = id();
    let news = release(message).addressee("gmp", "stockport").build().unwrap();
    prisons.publish(news).await.unwrap();
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    next(&mut stockport).await.acknowledge().await.unwrap();
    receipts(&world, message, "gmp").await;

    let folder = world.stage.folder();
    let (settings, out) = (folder.join("hmpps-prisons.records.toml"), folder.join("receipts"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
    command.arg("--settings").arg(settings).args(["--json", "receipts", "--agency", "gmp"]);
    command.arg("--out").arg(&out).arg(message.to_string());
    let mut agency = Agency::start(&mut command, folder);
    assert!(agency.ended().await.success(), "{}", agency.errors());
    let stages: Vec<Value> = agency.rows().iter().map(|row| row["stage"].clone()).collect();
    assert_eq!(stages, ["accepted", "released", "received"]);
    for stage in ["accepted", "released", "received"] {
        let proof = std::fs::read_to_string(out.join(format!("{stage}.json"))).unwrap();
        verify_proof(&proof, world.stage.verifier_key()).unwrap();
    }
}
