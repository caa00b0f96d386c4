//! A desk reads again what it was given, and nothing else: for its morning briefing, and all of it
//! about one person for a tasking group.
//!
//! Promises, each through a real broker: two desks read two different things of one person; what was
//! taken back, put right or would be refused today is gone; what was withheld at the release stays
//! withheld; the look is in the ledger before the answer; and of whom a desk has nothing it is
//! answered as of nobody. Everybody here is invented.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

mod caseload;
mod command;
mod golden;
mod packs;
mod plan;
mod record;
mod taken_back;

use agency_client::cli::briefing::{ReadError, Worklist, read};
use agency_client::compose::{self, Grounds, Person};
use prost::Message as _;
use proto::exchange::v1 as wire;
use tests::world::{FLAG_GROUNDS, World, id, next};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// Tuesday, five in the afternoon on a clock in Stockport.
const AFTERNOON: OffsetDateTime = datetime!(2026-10-06 16:00 UTC);
/// An officer (invented), by an opaque id.
const OFFICER: &str = "0a9d0001-0000-4000-8000-000000000001";
const STOCKPORT: &str = "E08000007";

/// Agency, system and desk.
type Place = (&'static str, &'static str, &'static str);
const POLICE: Place = ("gmp", "records", "stockport");
const PROBATION: Place = ("probation-greater-manchester", "records", "stockport");
const HOUSING: Place = ("stockport-council", "housing", "housing");
const SAFETY: Place = ("stockport-council", "community-safety", "community-safety");

/// Invented.
fn brook() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(wire::IdentifierType::Noms, "A3401AA")
        .identifier(wire::IdentifierType::Pnc, "2015/0009101V")
        .name("Invented Brook")
        .birth_date("1990-07-21")
        .limited_access(wire::LimitedAccess::No)
}

/// Everything since the day before.
fn news(desk: &str) -> wire::ReadWorklistRequest {
    wire::ReadWorklistRequest {
        desk: desk.to_owned(),
        acting_person: OFFICER.to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
        since: Some(compose::timestamp(AFTERNOON - time::Duration::days(1))),
        ..wire::ReadWorklistRequest::default()
    }
}

/// Everything about somebody by a prison number.
fn by_noms(desk: &str, noms: &str) -> wire::ReadWorklistRequest {
    let number =
        wire::Identifier { r#type: wire::IdentifierType::Noms.into(), value: noms.to_owned() };
    wire::ReadWorklistRequest { since: None, identifiers: vec![number], ..news(desk) }
}

/// Everything about somebody by name.
fn by_name(desk: &str, name: &str) -> wire::ReadWorklistRequest {
    wire::ReadWorklistRequest { since: None, name: name.to_owned(), ..news(desk) }
}

async fn ask(
    world: &World,
    (agency, node, _): Place,
    request: wire::ReadWorklistRequest,
) -> Result<Worklist, ReadError> {
    read(&world.node(agency, node).await, request).await
}

/// What is shown of each item.
fn bodies(worklist: &Worklist) -> Vec<wire::ReleasedMessage> {
    let bodies = worklist.items.iter().map(|item| item.body.clone());
    bodies.map(|body| wire::ReleasedMessage::decode(body).unwrap()).collect()
}

/// The reasons for which each item stands there.
fn reasons(worklist: &Worklist) -> Vec<Vec<wire::WorklistReason>> {
    worklist.items.iter().map(|item| item.reasons().collect()).collect()
}

async fn publish(world: &World, (agency, node, _): Place, message: wire::Message) {
    world.publisher(agency, node).await.publish(message).await.unwrap();
}

/// A desk takes so many deliveries and acknowledges them.
async fn takes(world: &World, (agency, node, desk): Place, deliveries: usize) {
    let mut mailbox = world.mailbox(agency, node, desk).await;
    for _ in 0..deliveries {
        next(&mut mailbox).await.acknowledge().await.unwrap();
    }
}

/// Probation sets housing an action about Brook, to be done in a fortnight.
fn a_roof(message: Uuid) -> wire::Message {
    let act_by = datetime!(2026-10-20 11:00 UTC);
    let owner = ("stockport-council", "housing");
    let (pathway, fact) = (wire::Pathway::Accommodation, wire::Footing::Fact);
    compose::action(message, FLAG_GROUNDS, brook(), pathway, owner, act_by)
        .statement(wire::Field::HousingNeed, fact, &[0], "A room by himself. Invented.")
        .statement(wire::Field::OffenceClass, fact, &[0], "burglary (dwelling)")
        .build()
        .unwrap()
}

/// Police put Brook on their list.
async fn flag(world: &World) {
    let review = "2027-03-01";
    let kind = wire::FlagKind::Ppo;
    let flag = compose::flag_raise(id(), FLAG_GROUNDS, brook(), kind, review, id())
        .area(STOCKPORT, wire::AreaRole::Resident)
        .build()
        .unwrap();
    publish(world, POLICE, flag).await;
}

/// Police put Brook on their list, and probation sets housing an action: each desk of the group has
/// its own part.
async fn a_month(world: &World) {
    flag(world).await;
    takes(world, PROBATION, 1).await;
    takes(world, SAFETY, 1).await;
    publish(world, PROBATION, a_roof(id())).await;
    takes(world, HOUSING, 1).await;
    takes(world, POLICE, 1).await;
}

/// Grounds on which a prison shares a release.
const PRISON_GROUNDS: Grounds = tests::world::RELEASE_GROUNDS;
const PRISONS: Place = ("hmpps-prisons", "records", "movements");

/// News of Brook's release to Stockport.
fn release(message: Uuid, certainty: wire::CustodyCertainty, at: OffsetDateTime) -> compose::Draft {
    compose::custody_release(message, PRISON_GROUNDS, brook(), certainty, "FBI", at)
        .area(STOCKPORT, wire::AreaRole::Release)
        .addressee("gmp", "stockport")
}
