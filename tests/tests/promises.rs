//! The promises of the design, one or more rules each, seen from outside: real certificates,
//! real sockets, a real store. P8 has a file of its own, `withdrawal.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use agency_client::compose::{self, Person};
use agency_client::errors::ConnectError;
use agency_client::pin::PinError;
use agency_client::verify::verify_proof;
use agency_client::{Connection, Incoming, PublishError, Subscription};
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::publish_result::Outcome;
use proto::ledger::checkpoint::{self, VerifierKey};
use proto::ledger::proof::Proof;
use proto::refusal::Refusal;
use tests::world::{
    PATIENCE, RELEASE_GROUNDS, World, adult, id, next, nothing, now, recall, shipped,
};
use uuid::Uuid;

const STOCKPORT: &str = "E08000007";
const NOMS: &str = "A9401AA";
const NAME: &str = "Invented Promise";

fn wanted(message: Uuid) -> wire::Message {
    recall(message, NOMS).addressee("gmp", "stockport").build().unwrap()
}

async fn publish(world: &World, message: wire::Message) -> wire::Accepted {
    world.publisher("hmpps-prisons", "records").await.publish(message).await.unwrap()
}

async fn stockport(world: &World) -> Subscription {
    world.mailbox("gmp", "records", "stockport").await
}

async fn stands(world: &World, message: Uuid) -> OutcomeState {
    world.track("hmpps-prisons", "records", message).await[0].1
}

fn release(message: Uuid, person: Person) -> compose::Draft {
    let certainty = wire::CustodyCertainty::Confirmed;
    compose::custody_release(message, RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area(STOCKPORT, wire::AreaRole::Release)
}

// --- P1: durable before acknowledged ---------------------------------------------------------

#[tokio::test]
async fn p1_what_was_accepted_survives_a_broker_that_ends_without_warning() {
    let mut world = World::shipped().await;
    let message = wanted(id());
    let first = publish(&world, message.clone()).await;
    assert!(!first.repeated_submission);
    world.crash().await;
    world.start().await;
    let again = publish(&world, message).await;
    assert!(again.repeated_submission, "the retry joins the first outcome");
    assert_eq!(again.accepted_at, first.accepted_at);
    let mut desk = stockport(&world).await;
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
    nothing(&mut desk).await;
}

#[tokio::test]
async fn p1_an_id_is_not_used_again_for_another_message() {
    let world = World::shipped().await;
    let message = wanted(id());
    publish(&world, message.clone()).await;
    let mut other = message.clone();
    other.subjects[0].name = "Invented Somebody Else".to_owned();
    let publisher = world.publisher("hmpps-prisons", "records").await;
    let Err(PublishError::Refused(refused)) = publisher.publish(other).await else {
        panic!("it must be refused")
    };
    assert_eq!(refused.code, 2003);
    // Tracing is not part of a message's identity; and another agency's ids are its own.
    let mut traced = message.clone();
    traced.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    assert!(publish(&world, traced).await.repeated_submission);
    let police = world.publisher("merseyside-police", "records").await;
    assert!(!police.publish(message).await.unwrap().repeated_submission);
}

#[tokio::test]
async fn p1_a_thousand_submissions_of_one_message_are_one_message_with_one_answer() {
    let world = World::shipped().await;
    let message = wanted(id());
    let frames = || async {
        let mut results = Vec::new();
        for _ in 0..5 {
            let copies = vec![message.clone(); 50];
            results.extend(world.frame("hmpps-prisons", "records", copies).await);
        }
        results
    };
    let (one, two, three, four) = tokio::join!(frames(), frames(), frames(), frames());
    let results = [one, two, three, four].concat();
    assert_eq!(results.len(), 1_000);
    let accepted: Vec<wire::Accepted> = results
        .into_iter()
        .map(|result| match result.outcome {
            Some(Outcome::Accepted(accepted)) => accepted,
            _ => panic!("every one is accepted"),
        })
        .collect();
    assert_eq!(accepted.iter().filter(|a| !a.repeated_submission).count(), 1);
    let times: BTreeSet<(i64, i32)> = accepted
        .iter()
        .map(|a| a.accepted_at.expect("a time"))
        .map(|at| (at.seconds, at.nanos))
        .collect();
    assert_eq!(times.len(), 1, "all are told the same time");
    let mut desk = stockport(&world).await;
    assert_eq!(desk.waiting(), 1);
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
    nothing(&mut desk).await;
}

// --- P2: recorded before released ------------------------------------------------------------

/// The proof of a release, once a checkpoint covers it.
async fn proof_of(connection: &Connection, delivery: &Incoming) -> String {
    let mut client = connection.audit().await.unwrap();
    let of = audit::get_proof_request::Of::ReleaseId(delivery.delivery.release_id.clone());
    for _ in 0..(PATIENCE.as_millis() / 100) {
        let request = audit::GetProofRequest { of: Some(of.clone()) };
        if let Ok(answer) = client.get_proof(request).await {
            return answer.into_inner().proof;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a checkpoint must cover it within its cadence");
}

fn check_store(world: &World) -> fsck::Report {
    let key = VerifierKey::parse(world.stage.verifier_key()).unwrap();
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    fsck::check(&raw, Some(&key)).unwrap()
}

#[tokio::test]
async fn p2_every_delivery_has_a_release_record_that_commits_to_its_exact_bytes() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    // One live, one from the backlog, one shown in full and one redacted.
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    publish(&world, release(id(), adult(NOMS, NAME)).build().unwrap()).await;
    let full = next(&mut owner).await;
    let mut housing = world.mailbox("stockport-council", "housing", "housing").await;
    let minimum = next(&mut housing).await;
    assert_eq!(full.message.subjects[0].identifiers[0].value, NOMS);
    assert_eq!(minimum.message.subjects[0].identifiers, []);
    let hidden = ["hmpps_identifiers", "custody_prison", "custody_reason"];
    let cases = [
        ("merseyside-police", "records", "wirral", &full, &[][..]),
        ("stockport-council", "housing", "housing", &minimum, &hidden[..]),
    ];
    for (agency, node, desk, delivery, withheld) in cases {
        let proof = proof_of(&world.node(agency, node).await, delivery).await;
        let verified = verify_proof(&proof, world.stage.verifier_key()).unwrap();
        let record: serde_json::Value = serde_json::from_str(verified.record().text()).unwrap();
        assert_eq!(record["type"], "release");
        assert_eq!(record["party"], agency);
        assert_eq!(record["node"], node);
        assert_eq!(record["desk"], desk);
        assert_eq!(record["bundle"], world.bundle);
        let released = &record["deliveries"][0];
        assert_eq!(released["release"], hex::encode(&delivery.delivery.release_id));
        assert_eq!(released["commitment"], hex::encode(delivery.commitment()));
        assert_eq!(released["sender"], "hmpps-prisons");
        assert_eq!(released["withheld"], serde_json::json!(withheld));
        let rules = released["rules"].as_array().expect("rules");
        assert!(!rules.is_empty(), "the rule that permits it is named");
        delivery.acknowledge().await.expect("the receipt must be durable");
    }
    // A proof is the recipient's own: another agency asks in vain.
    let gmp = world.node("gmp", "records").await;
    let of = audit::get_proof_request::Of::ReleaseId(full.delivery.release_id.clone());
    let request = audit::GetProofRequest { of: Some(of) };
    assert!(gmp.audit().await.unwrap().get_proof(request).await.is_err());
}

#[tokio::test]
async fn p2_each_row_has_its_entry_and_each_permit_its_row_or_its_end() {
    let mut world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let original = id();
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    publish(&world, release(original, adult(NOMS, NAME)).build().unwrap()).await;
    next(&mut owner).await.acknowledge().await.expect("the receipt must be durable");
    next_is_lost(&world).await;
    let taken_back =
        compose::withdrawal(id(), RELEASE_GROUNDS, adult(NOMS, NAME), original, "").build();
    publish(&world, taken_back.unwrap()).await;
    next(&mut owner).await.acknowledge().await.expect("the receipt must be durable");
    world.stop().await;
    let report = check_store(&world);
    assert!(report.sound(), "{:?}", report.faults);
    assert_eq!(report.messages, 3, "a flag, a release and its withdrawal");
    assert!(report.checkpoint_size.is_some(), "and a good signature stands over it");
    // Two of the release and two of its withdrawal: the owner's, and the one that was lost.
    assert_eq!(report.releases, 4);
}

/// The Stockport desk is given a delivery and its connection goes before it settles anything.
async fn next_is_lost(world: &World) {
    let mut desk = stockport(world).await;
    let lost = next(&mut desk).await;
    drop((lost, desk));
    let mut desk = stockport(world).await;
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
}

// --- P3: absent means no ---------------------------------------------------------------------

#[tokio::test]
async fn p3_with_no_bundle_in_force_nothing_is_shared_with_anybody() {
    let world = World::without_bundle().await;
    world.flag(adult(NOMS, NAME)).await;
    let message = id();
    let draft = release(message, adult(NOMS, NAME)).addressee("gmp", "stockport");
    publish(&world, draft.build().unwrap()).await;
    for mut desk in [
        stockport(&world).await,
        world.mailbox("merseyside-police", "records", "wirral").await,
        world.mailbox("probation-greater-manchester", "records", "stockport").await,
        world.mailbox("stockport-council", "housing", "housing").await,
    ] {
        assert_eq!(desk.waiting(), 0);
        nothing(&mut desk).await;
    }
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
    // A bundle that takes effect later does not reach back.
    world.stage.approve(&shipped()).await.unwrap();
    nothing(&mut stockport(&world).await).await;
}

#[tokio::test]
async fn p3_one_approver_alone_puts_no_bundle_in_force() {
    let world = World::without_bundle().await;
    let script = shipped();
    let one = demo::stage::APPROVER_POLICE;
    let mut client = world.stage.admin(one).await.unwrap();
    let files = script.bundle.into_iter();
    let files = files.map(|(path, text)| proto::admin::v1::BundleFile { path, text }).collect();
    let request = proto::admin::v1::ProposeBundleRequest { files };
    let bundle = client.propose_bundle(request).await.unwrap().into_inner().bundle;
    let approve = || proto::admin::v1::ApproveBundleRequest { bundle: bundle.clone() };
    let approved = client.approve_bundle(approve()).await.unwrap().into_inner();
    assert_eq!((approved.approvals, approved.in_force), (1, false));
    assert!(client.approve_bundle(approve()).await.is_err(), "the same person counts once");
    let message = id();
    publish(&world, wanted(message)).await;
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
}

#[tokio::test]
async fn p3_a_person_of_unknown_age_is_treated_as_a_child() {
    let world = World::shipped().await;
    let unknown = || {
        Person::new(wire::SubjectCategory::Managed)
            .identifier(wire::IdentifierType::Noms, NOMS)
            .name(NAME)
            .limited_access(wire::LimitedAccess::No)
    };
    world.flag(adult(NOMS, NAME)).await;
    publish(&world, release(id(), unknown()).build().unwrap()).await;
    // Police desks are cleared for children; the adults' unit and housing are not.
    let mut police = stockport(&world).await;
    next(&mut police).await;
    for mut desk in [
        world.mailbox("probation-greater-manchester", "records", "stockport").await,
        world.mailbox("stockport-council", "housing", "housing").await,
    ] {
        nothing(&mut desk).await;
    }
}

#[tokio::test]
async fn p3_a_power_or_a_purpose_the_agreement_does_not_name_shares_nothing() {
    let world = World::shipped().await;
    let (power, purpose, both_named) = (id(), id(), id());
    let mut by_other_power = wanted(power);
    by_other_power.set_gateway(wire::Gateway::Cja2003S325);
    let mut for_other_purpose = wanted(purpose);
    for_other_purpose.set_purpose(wire::Purpose::Justice);
    for message in [by_other_power, for_other_purpose, wanted(both_named)] {
        publish(&world, message).await;
    }
    assert_eq!(stands(&world, power).await, OutcomeState::NotShared);
    assert_eq!(stands(&world, purpose).await, OutcomeState::NotShared);
    assert_eq!(stands(&world, both_named).await, OutcomeState::Waiting);
    let mut desk = stockport(&world).await;
    assert_eq!(desk.waiting(), 1);
    assert_eq!(next(&mut desk).await.message.gateway(), wire::Gateway::Oma2007S14);
    nothing(&mut desk).await;
}

#[tokio::test]
async fn p3_where_limited_access_is_not_known_only_the_custody_minimum_leaves() {
    let world = World::shipped().await;
    let mut message = wanted(id());
    message.subjects[0].limited_access = 0;
    publish(&world, message).await;
    let mut limited = wanted(id());
    limited.subjects[0].set_limited_access(wire::LimitedAccess::Yes);
    publish(&world, limited).await;
    let mut police = stockport(&world).await;
    let minimum = next(&mut police).await;
    assert_eq!(minimum.message.subjects[0].name, "");
    assert_eq!(minimum.message.subjects[0].birth_date, "");
    assert_eq!(minimum.message.subjects[0].identifiers[0].value, NOMS);
    // A record that is known to be limited stays with the desks cleared for it.
    nothing(&mut police).await;
}

// --- P4: refused, unmatched, watched and unknown look alike ----------------------------------

#[tokio::test]
async fn p4_a_sender_cannot_tell_refused_unmatched_and_flagged_people_apart() {
    let world = World::shipped().await;
    let (flagged, unmatched, child, limited) = ("A9411AA", "A9412AA", "A9413AA", "A9414AA");
    for noms in [flagged, child, limited] {
        world.flag(adult(noms, NAME)).await;
    }
    let mut messages: Vec<wire::Message> = [flagged, unmatched, child, limited]
        .into_iter()
        .map(|noms| {
            let draft = release(id(), adult(noms, NAME)).immediate();
            draft.addressee("gmp", "stockport").build().unwrap()
        })
        .collect();
    messages[2].subjects[0].birth_date =
        (now().date() - time::Duration::days(11 * 365)).to_string();
    messages[3].subjects[0].set_limited_access(wire::LimitedAccess::Yes);
    // And one for an agency and a desk that do not exist.
    let nobody = release(id(), adult(unmatched, NAME)).immediate();
    messages.push(nobody.addressee("no-such-agency", "nor-this-desk").build().unwrap());
    let mut seen = BTreeSet::new();
    for message in messages {
        let sent = message.message_id.clone();
        let answers = world.frame("hmpps-prisons", "records", vec![message]).await;
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].message_id, sent);
        seen.insert(shape(answers[0].clone()));
    }
    assert_eq!(seen.len(), 1, "but for id and time every answer is the same, to the byte");
}

/// An answer's bytes, its id and time put out.
fn shape(mut answer: wire::PublishResult) -> Vec<u8> {
    answer.message_id.clear();
    if let Some(Outcome::Accepted(accepted)) = &mut answer.outcome {
        assert!(accepted.accepted_at.take().is_some(), "it has a time");
    }
    prost::Message::encode_to_vec(&answer)
}

#[tokio::test]
async fn p4_a_sender_learns_outcomes_of_agencies_it_named_and_of_no_other() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let message = id();
    let draft = release(message, adult(NOMS, NAME))
        .addressee("gmp", "stockport")
        .addressee("no-such-agency", "desk")
        .addressee("loto-stockport", "mentors");
    publish(&world, draft.build().unwrap()).await;
    // The flag's owner got it too, and probation and housing will: none of them is named here.
    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    next(&mut owner).await.acknowledge().await.expect("the receipt must be durable");
    let row = |agency: &str, state| (agency.to_owned(), state);
    assert_eq!(
        world.track("hmpps-prisons", "records", message).await,
        [
            row("gmp", OutcomeState::Waiting),
            row("loto-stockport", OutcomeState::NotShared),
            row("no-such-agency", OutcomeState::NotShared),
        ]
    );
    // Somebody else's message, and one that never was, look alike.
    assert_eq!(world.track("gmp", "records", message).await, []);
    assert_eq!(world.track("gmp", "records", id()).await, []);
}

/// Whoever has a part in the case hears that somebody is on a list no more: here the division of the
/// place to which the person was to be released, which is told of no release any more.
async fn came_off_the_list(desk: &mut Subscription) {
    let news = next(desk).await;
    let Some(wire::released_message::Kind::Flag(flag)) = &news.message.kind else {
        panic!("the end of the flag must come, and nothing else");
    };
    assert_eq!(flag.action(), wire::FlagAction::Deselect);
    news.acknowledge().await.expect("the receipt must be durable");
}

#[tokio::test]
async fn p4_an_outcome_refused_at_release_reads_like_one_refused_at_once() {
    let world = World::shipped().await;
    world.flag(adult(NOMS, NAME)).await;
    let (late, early) = (id(), id());
    let draft = |message| release(message, adult(NOMS, NAME)).addressee("gmp", "stockport");
    publish(&world, draft(late).build().unwrap()).await;
    world.deselect(adult(NOMS, NAME)).await;
    publish(&world, draft(early).build().unwrap()).await;
    let mut desk = stockport(&world).await;
    came_off_the_list(&mut desk).await;
    nothing(&mut desk).await;
    let mut client = world.node("hmpps-prisons", "records").await.exchange().await.unwrap();
    let mut rows = Vec::new();
    for message in [late, early] {
        let request = wire::TrackRequest { message_id: message.to_string() };
        rows.push(client.track(request).await.unwrap().into_inner().outcomes);
    }
    assert_eq!(rows[0][0].state(), OutcomeState::NotShared);
    assert_eq!(rows[0], rows[1], "not even by its time can one be told from the other");
}

// --- P5: nothing is dropped ------------------------------------------------------------------

#[tokio::test]
async fn p5_every_permitted_disclosure_ends_in_a_state_that_somebody_sees() {
    let (world, clock) = World::on_clock(shipped()).await;
    let [kept, dead, ran_out, withdrawn, refused, waits] = [(); 6].map(|()| id());
    let tell = |message: Uuid, noms: &str| recall(message, noms).addressee("gmp", "stockport");
    let mut desk = stockport(&world).await;
    publish(&world, tell(kept, "A9421AA").build().unwrap()).await;
    next(&mut desk).await.acknowledge().await.expect("the receipt must be durable");
    publish(&world, tell(dead, "A9422AA").build().unwrap()).await;
    for _ in 0..8 {
        next(&mut desk).await.refuse(Duration::ZERO).await.expect("the refusal must be durable");
        clock.advance(Duration::from_secs(301));
    }
    desk.close().await.unwrap();
    // Offline from here on.
    let soon = now() + Duration::from_secs(7_200);
    publish(&world, tell(ran_out, "A9423AA").expires_at(soon).build().unwrap()).await;
    publish(&world, tell(withdrawn, "A9424AA").build().unwrap()).await;
    world.flag(adult(NOMS, NAME)).await;
    let flagged = release(refused, adult(NOMS, NAME)).addressee("gmp", "stockport");
    publish(&world, flagged.build().unwrap()).await;
    publish(&world, tell(waits, "A9425AA").build().unwrap()).await;

    let person = adult("A9424AA", NAME);
    let taken_back = compose::withdrawal(id(), RELEASE_GROUNDS, person, withdrawn, "");
    publish(&world, taken_back.build().unwrap()).await;
    world.deselect(adult(NOMS, NAME)).await;
    clock.advance(Duration::from_secs(7_201));
    world
        .until("what ran out is ended though nobody is connected", async || {
            stands(&world, ran_out).await == OutcomeState::Undelivered
        })
        .await;
    let mut desk = stockport(&world).await;
    let last = next(&mut desk).await;
    assert_eq!(last.message.subjects[0].identifiers[0].value, "A9425AA");
    came_off_the_list(&mut desk).await;
    nothing(&mut desk).await;

    let table = [
        (kept, OutcomeState::Acknowledged),
        (dead, OutcomeState::Undelivered),
        (ran_out, OutcomeState::Undelivered),
        (withdrawn, OutcomeState::Withdrawn),
        (refused, OutcomeState::NotShared),
        (waits, OutcomeState::Released),
    ];
    for (row, (message, state)) in table.into_iter().enumerate() {
        assert_eq!(stands(&world, message).await, state, "row {row}");
    }
    assert_eq!(world.status().await.dead_letters, 1, "a dead letter is on the operators' page");
    assert_eq!(world.ended(ran_out), [u64::from(Refusal::Expired.code())]);
    last.acknowledge().await.expect("the receipt must be durable");
    assert_eq!(stands(&world, waits).await, OutcomeState::Acknowledged);
}

// --- P6: nothing about people outside sealed storage -----------------------------------------

#[tokio::test]
async fn p6_what_programs_print_of_a_message_says_nothing_of_anybody() {
    let world = World::shipped().await;
    let message = wanted(id());
    publish(&world, message.clone()).await;
    let mut desk = stockport(&world).await;
    let delivery = next(&mut desk).await;
    let subject = &message.subjects[0];
    let printed = [
        format!("{message:?}"),
        format!("{subject:?}"),
        format!("{:?}", subject.identifiers),
        format!("{delivery:?}"),
        format!("{:?}", delivery.delivery),
        format!("{:?}", delivery.message),
    ];
    for text in printed {
        for secret in [NOMS, "Invented", "Recalled", "1988", "FBI"] {
            assert!(!text.contains(secret), "what is printed names no one");
        }
    }
    let faulty = wire::Message { marking: 0, ..message };
    let mut faulty = faulty;
    faulty.subjects[0].birth_date = "1988-13-44".to_owned();
    let publisher = world.publisher("hmpps-prisons", "records").await;
    let error = publisher.publish(faulty).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("subjects[0].birth_date"), "the field is named");
    assert!(!text.contains("1988") && !text.contains("Invented"), "and its value is not");
}

// --- P7: anyone can check --------------------------------------------------------------------

#[tokio::test]
async fn p7_a_proof_and_its_checkpoint_are_checked_with_the_contract_alone() {
    let mut world = World::shipped().await;
    publish(&world, wanted(id())).await;
    let mut desk = stockport(&world).await;
    let delivery = next(&mut desk).await;
    let text = proof_of(&world.node("gmp", "records").await, &delivery).await;
    let key = VerifierKey::parse(world.stage.verifier_key()).unwrap();
    // No broker from here on.
    world.stop().await;
    let verified = Proof::from_json(&text).unwrap().verify(&key).unwrap();
    assert!(verified.index() < verified.checkpoint().size);
    assert!(verified.record().text().contains(&hex::encode(delivery.commitment())));
    let other = VerifierKey::new("pyramid.example/ledger", [7; 32]).unwrap();
    assert!(Proof::from_json(&text).unwrap().verify(&other).is_err(), "another key did not sign");
    let forged = text.replace(&hex::encode(delivery.commitment()), &"0".repeat(64));
    assert_ne!(forged, text);
    assert!(Proof::from_json(&forged).unwrap().verify(&key).is_err(), "other bytes are not in it");
}

#[tokio::test]
async fn p7_a_client_refuses_a_broker_put_back_to_an_older_copy_of_its_store() {
    let mut world = World::shipped().await;
    let store = world.stage.config().store.path.clone();
    world.stop().await;
    let older = tempfile::TempDir::new().unwrap();
    copy_store(&store, older.path());
    world.start().await;
    for _ in 0..40 {
        publish(&world, wanted(id())).await;
    }
    let key = VerifierKey::parse(world.stage.verifier_key()).unwrap();
    world
        .until("a checkpoint covers the messages", async || {
            let connection = world.node("gmp", "records").await;
            connection.head().await.is_some_and(|head| head.size > 40)
        })
        .await;
    let settings = world.stage.node("gmp", "records").unwrap();
    let pinned = std::fs::read_to_string(&settings.pin_file).unwrap();
    assert!(checkpoint::verify(&pinned, &key).is_ok(), "the pin is the signed checkpoint itself");
    world.stop().await;
    for ending in ["db", "db-wal", "db-shm"] {
        let _ = std::fs::remove_file(store.with_extension(ending));
    }
    copy_store(&older.path().join(store.file_name().unwrap()), store.parent().unwrap());
    world.start().await;
    let refused = Connection::connect(&settings).await;
    assert!(matches!(
        refused,
        Err(ConnectError::Pin(PinError::WentBackwards { .. } | PinError::Rewritten { .. }))
    ));
    assert_eq!(std::fs::read_to_string(&settings.pin_file).unwrap(), pinned, "the pin stays");
}

/// Copies a store that nobody writes, with what its log still holds, into a folder.
fn copy_store(store: &Path, folder: &Path) {
    for ending in ["db", "db-wal"] {
        let file = store.with_extension(ending);
        if file.exists() {
            std::fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
    }
}
