//! P6: nothing about subjects, third parties or sources outside sealed storage.
//!
//! Owns: one story in which a canary stands in every field that somebody fills freely, and the
//! search for all of them wherever a broker leaves traces. Promises: each canary is proven to
//! have travelled before it is looked for (a recipient was shown it, or was told that its
//! field is withheld, or the call that carried it was taken), so that a search that finds
//! nothing means something.
//! Deliberately does not know: what clients keep, but for the file that pins the ledger's
//! head. The name of a subscription is not looked for: operators choose it, as they do a node's.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop, and the broker under test runs on the real clock"
)]

mod document;

mod faulty;

mod headers;

mod needles;

mod secrets;

mod watched;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agency_client::{Connection, Incoming};
use broker::ops::traces::FINISH_TIME;
use demo::stage::{BROKER_AUDITOR, OPERATOR};
use needles::{Canary, Needles};
use prost::Message as _;
use proto::admin::v1 as admin;
use proto::audit::v1 as audit;
use proto::audit::v1::get_proof_request::Of;
use proto::directory::v1 as directory;
use proto::exchange::v1 as wire;
use secrets::Laden;
use tests::collector::Collector;
use tests::operator::pages;
use tests::world::{World, next};
use time::OffsetDateTime;

const PRISONS: &str = "hmpps-prisons";
/// Auditor of the prison service and approver of Greater Manchester Police (invented).
const AUDITOR: (&str, &str) = (PRISONS, "00000006-0000-4000-8000-000000000001");
const APPROVER: (&str, &str) = ("gmp", "00000001-0000-4000-8000-000000000003");

/// What callers were told, by what it is.
type Told = Vec<(String, Vec<u8>)>;

#[tokio::test]
async fn no_canary_is_found_outside_sealed_storage() {
    let collector = Collector::at(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let exporting = watched::capture(collector.address());
    let mut world = World::shipped().await;
    let laden = [secrets::flag(), secrets::custody(), secrets::intelligence(), secrets::mappa()];
    let withdrawal = secrets::withdrawal(laden[1].id());
    let all: Vec<_> = laden.iter().chain([&withdrawal]).collect();
    let needles = Needles::of(&canaries(&all));
    let of_collectors = Needles::of(&canaries_of_collectors(&all));

    let planted = format!("a line with {} in it", secrets::REASON_LIST);
    assert_ne!(needles.found("planted", planted.as_bytes()), [""; 0], "the search finds");

    let mut told = story(&world, &laden).await;
    told.extend(reads(&world, &laden).await);
    told.extend(links_and_interests(&world).await);
    told.extend(faulty::messages(&world.node(PRISONS, "records").await).await);
    told.extend(faulty::calls(&world.node("gmp", "records").await).await);
    told.extend(faulty::calls_of_persons(&world, AUDITOR, APPROVER, OPERATOR).await);
    told.extend(faulty::strangers(&world).await);
    told.extend(headers::calls(&world.node("gmp", "records").await).await);
    let paths = ["/metrics", "/health/ready", "/health/live"];
    let figures = pages(&world, Some(exporting.counts()), &paths).await;
    told.push(("figures".into(), figures.into_bytes()));
    let log = search(&needles, "while it runs", &world, &told);
    let lines = String::from_utf8_lossy(&log);
    assert!(lines.contains("\"target\":\"broker::"), "the broker's own log was searched");
    assert!(lines.contains("\"level\":\"TRACE\""), "so was the finest talk of every library");

    world.stop().await;
    search(&needles, "after it stopped", &world, &told);
    world.start().await;
    take_back(&world, &laden[1], &withdrawal).await;
    search(&needles, "after it was started again", &world, &told);
    world.stop().await;
    search(&needles, "at the end", &world, &told);
    let counts = exporting.counts();
    exporting.finish(FINISH_TIME).await;
    assert_eq!(counts.dropped.load(Ordering::Relaxed), 0, "the collector was sent every span");
    let sent = collector.octets();
    let found = of_collectors.found("what a collector was sent", &sent);
    assert!(found.is_empty(), "sent to a collector:\n{}", found.join("\n"));
    the_collector_was_told_of_all_this(&collector);
    assert_eq!(watched::panics(), 0, "nothing panicked on the way");
}

/// The canaries of every call, those of these messages among them.
fn canaries(laden: &[&Laden]) -> Vec<Canary> {
    let mut all = secrets::of_other_calls();
    all.extend(faulty::canaries());
    all.extend(headers::canaries());
    all.extend(document::canaries());
    for laden in laden {
        all.extend(laden.canaries.iter().map(|(canary, _)| canary.clone()));
        all.extend(laden.untold.iter().cloned());
    }
    all
}

/// A collector is sent no id that a publisher chose and no person's either, though an operator
/// may see the one in the ledger and the other in the directory.
fn canaries_of_collectors(laden: &[&Laden]) -> Vec<Canary> {
    let mut all = canaries(laden);
    for laden in laden {
        all.push(Canary::text("message id", &laden.id().to_string()));
        all.push(Canary { name: "message id".into(), bytes: laden.id().as_bytes().to_vec() });
    }
    for (_, person) in [AUDITOR, APPROVER, OPERATOR, BROKER_AUDITOR] {
        all.push(Canary::text("person", person));
    }
    all
}

/// The search of a collector's octets looked at something: spans of the very calls that carried
/// the canaries, as text among these octets.
fn the_collector_was_told_of_all_this(collector: &Collector) {
    let names: BTreeSet<_> = collector.spans().into_iter().map(|span| span.name).collect();
    let octets = collector.octets();
    for name in [
        "commit",
        "unknown",
        "pyramid.exchange.v1.ExchangeService/Publish",
        "pyramid.exchange.v1.ExchangeService/Subscribe",
        "pyramid.exchange.v1.ExchangeService/WhoAmI",
        "pyramid.exchange.v1.ExchangeService/Track",
        "pyramid.directory.v1.DirectoryService/StateLink",
        "pyramid.directory.v1.DirectoryService/DeclareInterest",
        "pyramid.audit.v1.AuditService/ListDisclosures",
        "pyramid.audit.v1.AuditService/ExplainDecision",
        "pyramid.admin.v1.AdminService/ProposeBundle",
    ] {
        assert!(names.contains(name), "{name} among {names:?}");
        let needle = Needles::of(&[Canary::text("name", name)]);
        assert_ne!(needle.found("octets", &octets), [""; 0], "{name} is found in the octets");
    }
}

/// Publishes a message of each kind; each reaches somebody who is shown its canaries.
async fn story(world: &World, laden: &[Laden; 4]) -> Told {
    let mut division = world.mailbox("gmp", "records", "stockport").await;
    let mut bureau = world.mailbox("merseyside-police", "intelligence", "force-intelligence").await;
    let mut protection = world.mailbox("gmp", "intelligence", "public-protection").await;
    let [flag, custody, intelligence, mappa] = laden;
    publish(world, "merseyside-police", "records", flag).await;
    take(&next(&mut division).await, flag).await;
    publish(world, PRISONS, "records", custody).await;
    // Refused once: what comes again was opened and sealed once more on the way.
    next(&mut division).await.refuse(Duration::ZERO).await.unwrap();
    let again = next(&mut division).await;
    assert_eq!(again.delivery.attempt, 2);
    take(&again, custody).await;
    publish(world, "gmp", "intelligence", intelligence).await;
    take(&next(&mut bureau).await, intelligence).await;
    let mut with_document = mappa.message.clone();
    with_document.attachments.push(document::put(world).await);
    let meeting = world.publisher("probation-greater-manchester", "records").await;
    meeting.publish(with_document).await.unwrap();
    let minutes = next(&mut protection).await;
    take(&minutes, mappa).await;
    document::fetch(world, &minutes).await;
    // The owner's copy of the custody news waits for him over the restart.
    vec![("the release that is proved later".into(), again.delivery.release_id.to_vec())]
}

async fn publish(world: &World, agency: &str, node: &str, laden: &Laden) {
    world.publisher(agency, node).await.publish(laden.message.clone()).await.unwrap();
}

/// Takes a delivery that must show each canary, or say that its field is withheld.
async fn take(incoming: &Incoming, laden: &Laden) {
    for (canary, field) in &laden.canaries {
        let body = &incoming.delivery.body;
        let shown = body.windows(canary.bytes.len()).any(|part| part == canary.bytes);
        let withheld =
            field.is_some_and(|field| incoming.message.withheld.contains(&i32::from(field)));
        assert!(shown || withheld, "{} did not travel", canary.name);
    }
    incoming.acknowledge().await.unwrap();
}

/// After the restart: the owner gets what waited, and both holders the withdrawal.
async fn take_back(world: &World, custody: &Laden, withdrawal: &Laden) {
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let mut division = world.mailbox("gmp", "records", "stockport").await;
    take(&next(&mut owner).await, custody).await;
    publish(world, PRISONS, "records", withdrawal).await;
    for holder in [&mut owner, &mut division] {
        take(&next(holder).await, withdrawal).await;
    }
}

/// Look-ups by auditors, operators and nodes: everything that is not a delivery.
async fn reads(world: &World, laden: &[Laden; 4]) -> Told {
    let custody = &laden[1];
    let mut told = Vec::new();
    for auditor in [AUDITOR, BROKER_AUDITOR] {
        let mut audit = world.person(auditor).await.audit().await.unwrap();
        let list = audit::ListDisclosuresRequest {
            reason: secrets::REASON_LIST.into(),
            ..audit::ListDisclosuresRequest::default()
        };
        let explain = audit::ExplainDecisionRequest {
            reason: secrets::REASON_EXPLAIN.into(),
            sending_agency: PRISONS.into(),
            message_id: custody.id().to_string(),
        };
        let disclosures = audit.list_disclosures(list).await.unwrap().into_inner();
        assert!(!disclosures.disclosures.is_empty(), "something was disclosed");
        let explanation = audit.explain_decision(explain).await.unwrap().into_inner();
        told.push(("disclosures".into(), disclosures.encode_to_vec()));
        told.push(("explanation".into(), explanation.encode_to_vec()));
    }
    let operator = admin::GetStatusRequest {};
    let status = world.stage.admin(OPERATOR).await.unwrap().get_status(operator).await.unwrap();
    told.push(("status".into(), status.into_inner().encode_to_vec()));
    let sender = world.node(PRISONS, "records").await;
    let track = wire::TrackRequest { message_id: custody.id().to_string() };
    let outcome = sender.exchange().await.unwrap().track(track).await.unwrap().into_inner();
    told.push(("outcome".into(), outcome.encode_to_vec()));
    told.push(("proof".into(), proof(&sender, Of::MessageId(custody.id().to_string())).await));
    let mut audit = sender.audit().await.unwrap();
    let head = audit.get_checkpoint(audit::GetCheckpointRequest {}).await.unwrap().into_inner();
    told.push(("checkpoint".into(), head.encode_to_vec()));
    let who = sender.exchange().await.unwrap().who_am_i(wire::WhoAmIRequest {}).await.unwrap();
    told.push(("who it is".into(), who.into_inner().encode_to_vec()));
    let outsider = world.node("loto-stockport", "records").await;
    let mut service = outsider.directory().await.unwrap();
    let shown = service.get_directory(directory::GetDirectoryRequest {}).await.unwrap();
    told.push(("directory".into(), shown.into_inner().encode_to_vec()));
    told
}

/// A proof, once a signed head covers what it proves.
async fn proof(node: &Connection, of: Of) -> Vec<u8> {
    let mut audit = node.audit().await.unwrap();
    for _ in 0..100 {
        let request = audit::GetProofRequest { of: Some(of.clone()) };
        if let Ok(answer) = audit.get_proof(request).await {
            return answer.into_inner().proof.into_bytes();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a head is signed every second")
}

async fn links_and_interests(world: &World) -> Told {
    let identifier = |kind: wire::IdentifierType, value: &str| {
        Some(wire::Identifier { r#type: kind.into(), value: value.into() })
    };
    for (agency, node) in [(PRISONS, "records"), ("probation-greater-manchester", "records")] {
        let link = directory::StateLinkRequest {
            one: identifier(wire::IdentifierType::Noms, secrets::LINKED_NOMS),
            other: identifier(wire::IdentifierType::Crn, secrets::LINKED_CRN),
            birth_date: secrets::LINKED_BIRTH.into(),
            withdrawn: false,
        };
        let node = world.node(agency, node).await;
        node.directory().await.unwrap().state_link(link).await.unwrap();
    }
    let ends = OffsetDateTime::now_utc() + time::Duration::days(30);
    let interest = directory::DeclareInterestRequest {
        identifier: identifier(wire::IdentifierType::Nhs, secrets::INTEREST_NHS),
        desk: "stockport".into(),
        purpose: wire::Purpose::OffenderManagement.into(),
        expires_at: Some(broker::message::stamp(ends)),
    };
    let node = world.node("gmp", "records").await;
    let declared = node.directory().await.unwrap().declare_interest(interest).await.unwrap();
    let declared = declared.into_inner();
    let approve = directory::ApproveInterestRequest { interest_id: declared.interest_id.clone() };
    let approver = world.person(APPROVER).await;
    approver.directory().await.unwrap().approve_interest(approve).await.unwrap();
    vec![("interest".into(), declared.encode_to_vec())]
}

/// Looks for every canary in files, their names, the log since the last search and what
/// callers were told. Answers that part of the log.
fn search(needles: &Needles, when: &str, world: &World, told: &Told) -> Vec<u8> {
    let mut found = Vec::new();
    let (mut database, mut bytes_read) = (false, 0);
    for (path, bytes) in watched::files(world.stage.folder()) {
        let name = path.rsplit('/').next().unwrap_or_default();
        // The strangers' own certificates bear what they are called.
        if name.starts_with("stranger") {
            continue;
        }
        database |= name == "pyramid.db" && !bytes.is_empty();
        bytes_read += bytes.len();
        found.extend(needles.found(&format!("file {name}"), &bytes));
        found.extend(needles.found(&format!("name of file {name}"), path.as_bytes()));
    }
    assert!(database && bytes_read > 100_000, "the store is among the files");
    let log = watched::log();
    found.extend(needles.found("log", &log));
    for (what, bytes) in told {
        found.extend(needles.found(what, bytes));
    }
    assert!(found.is_empty(), "{when}, in the open:\n{}", found.join("\n"));
    log
}
