//! What happened after a delivery arrived: the recipient says so, and owes what it has not done.
//!
//! A receipt says that a system has the message. Whether a person opened it, whether it was acted
//! on, put right or deleted, is said by the recipient and by nobody else; of what it does not say
//! nothing is known. The sender learns of it only from agencies it named.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop here")]

use std::time::Duration;

use agency_client::Incoming;
use agency_client::compose;
use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Attestation;
use tests::world::{RELEASE_GROUNDS, World, adult, id, next, now, ppo_flag, shipped};
use uuid::Uuid;

const NOMS: &str = "A9301AA";
const STOCKPORT: &str = "E08000007";
/// An officer of Greater Manchester Police (invented), by the id the directory gives.
const OFFICER: &str = "0a9d0001-0000-4000-8000-000000000001";

/// Prisons' news of a flagged man's release, naming Stockport's police and not his flag's owner.
fn release(message: Uuid) -> compose::Draft {
    let person = adult(NOMS, "Invented Attested");
    let certainty = wire::CustodyCertainty::Confirmed;
    compose::custody_release(message, RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area(STOCKPORT, wire::AreaRole::Release)
        .addressee("gmp", "stockport")
}

/// A man on Merseyside's list is released to Stockport: both forces are given the news.
async fn both_forces_told(world: &World) -> (Uuid, Incoming, Incoming) {
    world
        .publisher("merseyside-police", "records")
        .await
        .publish(ppo_flag(adult(NOMS, "Invented Attested")))
        .await
        .unwrap();
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let mut wirral = world.mailbox("merseyside-police", "records", "wirral").await;
    let message = id();
    let prisons = world.publisher("hmpps-prisons", "records").await;
    prisons.publish(release(message).build().unwrap()).await.unwrap();
    let (named, unnamed) = (next(&mut stockport).await, next(&mut wirral).await);
    named.acknowledge().await.expect("the receipt must be durable");
    unnamed.acknowledge().await.expect("the receipt must be durable");
    (message, named, unnamed)
}

async fn attest(
    world: &World,
    (agency, desk): (&str, &str),
    of: &[&Incoming],
    attestation: Attestation,
    person: &str,
) -> Result<u32, tonic::Status> {
    let mut client = world.node(agency, "records").await.exchange().await.unwrap();
    let request = wire::AttestRequest {
        desk: desk.to_owned(),
        release_ids: of.iter().map(|one| one.delivery.release_id.clone()).collect(),
        attestation: attestation.into(),
        acting_person: person.to_owned(),
    };
    client.attest(request).await.map(|answer| answer.into_inner().recorded)
}

async fn owed(world: &World, agency: &str, desk: &str) -> Vec<(Attestation, bool)> {
    let mut client = world.node(agency, "records").await.exchange().await.unwrap();
    let request = wire::ListObligationsRequest { desk: desk.to_owned() };
    let answer = client.list_obligations(request).await.unwrap().into_inner();
    answer.obligations.iter().map(|one| (one.owed(), one.overdue)).collect()
}

/// What prisons are told of an agency they named.
async fn told(world: &World, message: Uuid, agency: &str) -> Option<Vec<Attestation>> {
    let mut client = world.node("hmpps-prisons", "records").await.exchange().await.unwrap();
    let request = wire::TrackRequest { message_id: message.to_string() };
    let outcomes = client.track(request).await.unwrap().into_inner().outcomes;
    let of = outcomes.into_iter().find(|outcome| outcome.agency == agency)?;
    Some(of.attested.iter().map(wire::AttestedOutcome::attestation).collect())
}

fn sound(world: &World) {
    let raw = SqliteRaw::open(&world.stage.config().store.path).unwrap();
    let report = fsck::check(&raw, None).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[tokio::test]
async fn a_sender_learns_that_a_person_opened_it_from_agencies_it_named_and_no_others() {
    let mut world = World::shipped().await;
    let (message, named, unnamed) = both_forces_told(&world).await;
    assert_eq!(told(&world, message, "gmp").await, Some(vec![]), "a receipt is no reading");

    let opened = Attestation::Opened;
    let police = ("gmp", "stockport");
    assert_eq!(attest(&world, police, &[&named], opened, OFFICER).await.unwrap(), 1);
    let owner = ("merseyside-police", "wirral");
    assert_eq!(attest(&world, owner, &[&unnamed], opened, OFFICER).await.unwrap(), 1);
    assert_eq!(told(&world, message, "gmp").await, Some(vec![opened]));
    assert_eq!(told(&world, message, "merseyside-police").await, None, "never named");

    // The first word counts; nothing is recorded twice.
    assert_eq!(attest(&world, police, &[&named], opened, OFFICER).await.unwrap(), 0);
    let own: Vec<_> = world.records("attested");
    let to = |party: &str| own.iter().filter(|record| record["party"] == party).count();
    assert_eq!((to("gmp"), to("merseyside-police"), to("hmpps-prisons")), (1, 1, 2));
    assert_eq!(own.iter().filter(|record| record["person"] == OFFICER).count(), 2);
    world.stop().await;
    sound(&world);
}

#[tokio::test]
async fn only_a_person_opens_something() {
    let world = World::shipped().await;
    let (_, named, _) = both_forces_told(&world).await;
    let police = ("gmp", "stockport");
    let refused = attest(&world, police, &[&named], Attestation::Opened, "").await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let refused = attest(&world, police, &[&named], Attestation::Unspecified, "").await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::InvalidArgument);
    let refused = attest(&world, police, &[], Attestation::Acted, "").await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn what_another_desk_was_given_is_answered_as_what_nobody_was() {
    let world = World::shipped().await;
    let (message, named, mut unnamed) = both_forces_told(&world).await;
    let police = ("gmp", "stockport");
    let others = attest(&world, police, &[&unnamed], Attestation::Acted, "").await.unwrap();
    unnamed.delivery.release_id = id().as_bytes().to_vec().into();
    let unknown = attest(&world, police, &[&unnamed], Attestation::Acted, "").await.unwrap();
    assert_eq!((others, unknown), (0, 0));
    // Nor does another desk of the agency speak for this one.
    let selection = ("gmp", "stockport-selection");
    let refused = attest(&world, selection, &[&named], Attestation::Acted, "").await;
    assert!(refused.is_err() || refused.unwrap() == 0);
    assert_eq!(told(&world, message, "gmp").await, Some(vec![]));
}

#[tokio::test]
async fn what_is_owed_is_listed_until_it_is_attested_and_overdue_once_its_time_has_come() {
    let (world, clock) = World::on_clock(shipped()).await;
    let (_, named, _) = both_forces_told(&world).await;
    // The agreement on releases asks police to act within a day and to delete within a year.
    let all = [(Attestation::Acted, false), (Attestation::Deleted, false)];
    assert_eq!(owed(&world, "gmp", "stockport").await, all);
    clock.advance(Duration::from_secs(25 * 3_600));
    assert_eq!(owed(&world, "gmp", "stockport").await[0], (Attestation::Acted, true));
    let police = ("gmp", "stockport");
    attest(&world, police, &[&named], Attestation::Acted, "").await.unwrap();
    assert_eq!(owed(&world, "gmp", "stockport").await, [(Attestation::Deleted, false)]);
    attest(&world, police, &[&named], Attestation::Deleted, "").await.unwrap();
    assert_eq!(owed(&world, "gmp", "stockport").await, []);
}

#[tokio::test]
async fn what_was_withdrawn_is_not_acted_on_any_more_and_is_deleted_all_the_same() {
    let world = World::shipped().await;
    let (message, _, _) = both_forces_told(&world).await;
    let person = adult(NOMS, "Invented Attested");
    let withdrawal = compose::withdrawal(id(), RELEASE_GROUNDS, person, message, "");
    let prisons = world.publisher("hmpps-prisons", "records").await;
    prisons.publish(withdrawal.build().unwrap()).await.unwrap();
    assert_eq!(owed(&world, "gmp", "stockport").await, [(Attestation::Deleted, false)]);
}

#[tokio::test]
async fn a_correction_is_owed_until_the_recipient_has_done_the_same() {
    let (mut world, clock) = World::on_clock(shipped()).await;
    let (message, named, _) = both_forces_told(&world).await;
    let police = ("gmp", "stockport");
    for done in [Attestation::Acted, Attestation::Deleted] {
        attest(&world, police, &[&named], done, "").await.unwrap();
    }
    let person = adult(NOMS, "Invented Attested");
    let withdrawal = compose::withdrawal(id(), RELEASE_GROUNDS, person, message, "");
    let prisons = world.publisher("hmpps-prisons", "records").await;
    prisons.publish(withdrawal.build().unwrap()).await.unwrap();
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let correction = next(&mut stockport).await;
    correction.acknowledge().await.expect("the receipt must be durable");
    assert_eq!(owed(&world, "gmp", "stockport").await, [(Attestation::Corrected, false)]);
    clock.advance(Duration::from_secs(5 * 86_400 + 1));
    assert_eq!(owed(&world, "gmp", "stockport").await, [(Attestation::Corrected, true)]);
    attest(&world, police, &[&correction], Attestation::Corrected, "").await.unwrap();
    assert_eq!(owed(&world, "gmp", "stockport").await, []);
    drop(stockport);
    world.stop().await;
    sound(&world);
}
