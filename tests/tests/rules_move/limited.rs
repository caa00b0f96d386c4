//! A record is marked as of limited access, or the mark is lifted, between acceptance and
//! release.
//!
//! Probation's word about its own case number counts in full, wherever a confirmed link leads;
//! about another's number it makes the standing unknown, and then police learn the least that
//! they must. A mark that is lifted gives back nothing that was withheld under it.

use std::sync::Arc;

use agency_client::PublishError;
use agency_client::compose::{self, FlagChange, Person};
use broker::clock::{Clock as _, SetClock};
use proto::exchange::v1 as wire;
use proto::exchange::v1::IdentifierType::{Crn, Noms};
use proto::exchange::v1::OutcomeState;
use proto::refusal::Refusal;
use tests::world::{FLAG_GROUNDS, World, adult, id, next, nothing, review_date, shipped};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    BIRTH_DATE, NAME, NOMS, comes_exactly, kept_back, numbers, publish, recall_body, recall_of,
    released, stands, stockport, whole,
};

const CRN: &str = "X930112";
const PROBATION: (&str, &str) = ("probation-greater-manchester", "records");
const OTHER_REGION: (&str, &str) = ("probation-north-west", "records");

/// The shipped world on a clock that stands still, and the time it shows.
async fn at_a_moment() -> (World, OffsetDateTime) {
    let (world, clock): (_, Arc<SetClock>) = World::on_clock(shipped()).await;
    (world, clock.now())
}

/// Prisons know the man by both numbers.
fn known_to_both() -> Person {
    adult(NOMS, NAME).identifier(Crn, CRN)
}

/// Probation's own number of the man and nothing else.
fn case() -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(Crn, CRN)
        .limited_access(wire::LimitedAccess::Yes)
}

/// States, or takes back, that a man's record is of limited access. Answers the message's id.
async fn mark(world: &World, by: (&str, &str), action: wire::FlagAction, person: Person) -> Uuid {
    let message_id = id();
    let marking = marking(message_id, action, person);
    world.publisher(by.0, by.1).await.publish(marking).await.unwrap();
    message_id
}

/// An agency that keeps no such records says so, and is told that it may not.
async fn mark_in_vain(world: &World, by: &str, action: wire::FlagAction) {
    let marking = marking(id(), action, known_to_both());
    let told = world.publisher(by, "records").await.publish(marking).await;
    let Err(PublishError::Refused(refused)) = told else { panic!("it must be refused") };
    assert_eq!(refused.refusal, Some(Refusal::InvalidMessage));
    let [violation] = refused.violations.as_slice() else { panic!("one field is at fault") };
    assert_eq!(violation.field, "flag.flag_kind");
    assert_eq!(violation.rule, "your kind of agency may not raise flags of this kind");
}

fn marking(message_id: Uuid, action: wire::FlagAction, person: Person) -> wire::Message {
    let change = FlagChange {
        kind: wire::FlagKind::LimitedAccess,
        action,
        owner: (action == wire::FlagAction::Transfer)
            .then(|| (OTHER_REGION.0.to_owned(), "wirral".to_owned())),
        review_date: review_date(),
        panel_decision: Some(id()),
    };
    compose::flag(message_id, FLAG_GROUNDS, person, change).build().unwrap()
}

/// That somebody was recalled, from where, and his number: no name and no birth date.
fn minimum(accepted: OffsetDateTime) -> wire::ReleasedMessage {
    let subject = wire::Subject {
        identifiers: numbers(&[(Noms, NOMS)]),
        category: wire::SubjectCategory::Managed.into(),
        ..wire::Subject::default()
    };
    use wire::Field::{SubjectBirthDate, SubjectName};
    wire::ReleasedMessage {
        withheld: [SubjectName, SubjectBirthDate].map(i32::from).to_vec(),
        ..recall_body(accepted, vec![subject])
    }
}

#[tokio::test]
async fn a_record_marked_meanwhile_is_kept_from_a_desk_not_cleared_for_it() {
    let world = World::shipped().await;
    let message = publish(&world, recall_of([known_to_both()])).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Waiting);
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    kept_back(&world, message, &[Refusal::Forbidden]).await;
}

#[tokio::test]
async fn a_record_marked_meanwhile_still_reaches_the_desk_that_is_cleared_for_it() {
    let world = World::shipped().await;
    let mappa = compose::flag_raise(
        id(),
        FLAG_GROUNDS,
        known_to_both(),
        wire::FlagKind::Mappa,
        &review_date(),
        id(),
    );
    world.publisher(PROBATION.0, PROBATION.1).await.publish(mappa.build().unwrap()).await.unwrap();
    let news = recall_of([known_to_both()]).addressee("gmp", "public-protection");
    let message = publish(&world, news).await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    let mut cleared = world.mailbox("gmp", "intelligence", "public-protection").await;
    let came = next(&mut cleared).await;
    assert_eq!(came.message.subjects, [whole(&[(Noms, NOMS), (Crn, CRN)], NAME)]);
    came.acknowledge().await.expect("the receipt must be durable");
    let mut desk = stockport(&world).await;
    nothing(&mut desk).await;
    assert_eq!(world.ended(message), [u64::from(Refusal::Forbidden.code())]);
}

#[tokio::test]
async fn a_mark_put_on_anothers_number_makes_it_unknown_and_the_least_leaves() {
    let (world, moment) = at_a_moment().await;
    publish(&world, recall_of([adult(NOMS, NAME)])).await;
    // Probation gives the prison number too, which is for prisons to confirm.
    let with_prison_number = case().identifier(Noms, NOMS);
    mark(&world, PROBATION, wire::FlagAction::Raise, with_prison_number).await;
    comes_exactly(&mut stockport(&world).await, &minimum(moment)).await;
}

#[tokio::test]
async fn a_mark_follows_a_confirmed_link_and_a_link_that_is_parted_leaves_it_unknown() {
    let (world, moment) = at_a_moment().await;
    let ends = ((Noms, NOMS), (Crn, CRN));
    for by in [("hmpps-prisons", "records"), PROBATION] {
        world.link(by, ends, BIRTH_DATE, false).await;
    }
    let message = publish(&world, recall_of([adult(NOMS, NAME)])).await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    kept_back(&world, message, &[Refusal::Forbidden]).await;

    // Probation lifts it, and marks the record again once the next has been accepted. Prisons
    // take their word back: nobody knows any more whether this is the man.
    mark(&world, PROBATION, wire::FlagAction::Deselect, case()).await;
    publish(&world, recall_of([adult(NOMS, NAME)])).await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    world.link(("hmpps-prisons", "records"), ends, BIRTH_DATE, true).await;
    comes_exactly(&mut stockport(&world).await, &minimum(moment)).await;
}

#[tokio::test]
async fn a_mark_that_is_lifted_gives_back_what_the_message_said_and_no_more() {
    let (world, moment) = at_a_moment().await;
    let person = || known_to_both();
    // The first is accepted before the mark, the second under it. Of the third prisons did not
    // know whether the record is limited.
    publish(&world, recall_of([person()])).await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    let under_it = publish(&world, recall_of([person()])).await;
    mark(&world, PROBATION, wire::FlagAction::Deselect, case()).await;
    let unsaid = adult(NOMS, NAME).limited_access(wire::LimitedAccess::Unspecified);
    publish(&world, recall_of([unsaid])).await;
    let mut desk = stockport(&world).await;
    let both = whole(&[(Noms, NOMS), (Crn, CRN)], NAME);
    comes_exactly(&mut desk, &recall_body(moment, vec![both])).await;
    comes_exactly(&mut desk, &minimum(moment)).await;
    nothing(&mut desk).await;
    // What was refused under the mark stays refused, and never waited.
    assert_eq!(stands(&world, under_it).await, OutcomeState::NotShared);
    assert!(world.ended(under_it).is_empty(), "it was refused at once");
}

#[tokio::test]
async fn what_was_withheld_under_a_mark_stays_withheld_after_it_is_lifted() {
    let (world, moment) = at_a_moment().await;
    let with_prison_number = || case().identifier(Noms, NOMS);
    mark(&world, PROBATION, wire::FlagAction::Raise, with_prison_number()).await;
    publish(&world, recall_of([adult(NOMS, NAME)])).await;
    mark(&world, PROBATION, wire::FlagAction::Deselect, with_prison_number()).await;
    // The agreement, which permits more by now, adds its terms all the same.
    comes_exactly(&mut stockport(&world).await, &minimum(moment)).await;
}

/// Two people recalled, and what was written of them. The second's record is limited.
async fn two_people(world: &World) {
    let companion = adult("A9302AA", "Invented Companion").identifier(Crn, CRN);
    let mut message = recall_of([adult(NOMS, NAME), companion])
        .statement(wire::Field::Narrative, wire::Footing::Fact, &[0], "Left with Companion.")
        .statement(wire::Field::Risk, wire::Footing::Opinion, &[0], "Will not stay long.")
        .statement(wire::Field::Risk, wire::Footing::Opinion, &[0, 1], "They fell out.")
        .build()
        .unwrap();
    message.set_sensitive_condition(wire::SensitiveCondition::Sch8Statutory);
    world.publisher("hmpps-prisons", "records").await.publish(message).await.unwrap();
}

/// The first of the two, without a word of or about the second.
fn without_the_second(accepted: OffsetDateTime) -> wire::ReleasedMessage {
    wire::ReleasedMessage {
        statements: vec![wire::Statement {
            field: wire::Field::Risk.into(),
            footing: wire::Footing::Opinion.into(),
            subjects: vec![0],
            text: "Will not stay long.".to_owned(),
        }],
        withheld: vec![wire::Field::Narrative.into()],
        ..recall_body(accepted, vec![whole(&[(Noms, NOMS)], NAME)])
    }
}

#[tokio::test]
async fn one_of_two_people_marked_meanwhile_leaves_with_every_statement_that_names_him() {
    let (world, moment) = at_a_moment().await;
    two_people(&world).await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    comes_exactly(&mut stockport(&world).await, &without_the_second(moment)).await;
}

#[tokio::test]
async fn one_of_two_people_removed_at_first_is_named_by_no_statement_once_his_mark_is_lifted() {
    let (world, moment) = at_a_moment().await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    two_people(&world).await;
    mark(&world, PROBATION, wire::FlagAction::Deselect, case()).await;
    comes_exactly(&mut stockport(&world).await, &without_the_second(moment)).await;
}

#[tokio::test]
async fn a_mark_by_an_agency_that_keeps_no_such_record_changes_nothing() {
    let (world, moment) = at_a_moment().await;
    publish(&world, recall_of([known_to_both()])).await;
    for by in ["gmp", "hmpps-prisons", "loto-stockport"] {
        mark_in_vain(&world, by, wire::FlagAction::Raise).await;
    }
    // A proposal marks nothing either.
    mark(&world, PROBATION, wire::FlagAction::Propose, case()).await;
    let both = whole(&[(Noms, NOMS), (Crn, CRN)], NAME);
    comes_exactly(&mut stockport(&world).await, &recall_body(moment, vec![both])).await;
}

#[tokio::test]
async fn a_mark_is_lifted_by_nobody_but_the_agency_that_made_it() {
    let world = World::shipped().await;
    let message = publish(&world, recall_of([known_to_both()])).await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    mark(&world, OTHER_REGION, wire::FlagAction::Deselect, case()).await;
    mark_in_vain(&world, "hmpps-prisons", wire::FlagAction::Deselect).await;
    mark(&world, PROBATION, wire::FlagAction::Transfer, case()).await;
    kept_back(&world, message, &[Refusal::Forbidden]).await;
}

#[tokio::test]
async fn a_mark_outlives_a_restart_and_ends_with_the_message_that_stated_it() {
    let (mut world, moment) = at_a_moment().await;
    let first = publish(&world, recall_of([known_to_both()])).await;
    let stated = mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    world.stop().await;
    world.start().await;
    kept_back(&world, first, &[Refusal::Forbidden]).await;
    mark(&world, PROBATION, wire::FlagAction::Deselect, case()).await;

    // Stated anew and withdrawn before the next is released: as if it had not been said.
    publish(&world, recall_of([known_to_both()])).await;
    let anew = mark(&world, PROBATION, wire::FlagAction::Raise, case()).await;
    let probation = world.publisher(PROBATION.0, PROBATION.1).await;
    for cited in [stated, anew] {
        let taken_back = compose::withdrawal(id(), FLAG_GROUNDS, case(), cited, "");
        probation.publish(taken_back.build().unwrap()).await.unwrap();
    }
    let both = whole(&[(Noms, NOMS), (Crn, CRN)], NAME);
    comes_exactly(&mut stockport(&world).await, &recall_body(moment, vec![both])).await;
}

#[tokio::test]
async fn a_mark_gives_nobody_a_stake_and_opens_nothing_that_was_closed() {
    let world = World::shipped().await;
    mark(&world, PROBATION, wire::FlagAction::Raise, case().identifier(Noms, NOMS)).await;
    // He is on no list. Were it unknown to prisons too whether his record is limited, police and
    // probation of the place would learn the least of his release; but prisons say it is not.
    let message = released(&world, adult(NOMS, NAME)).await;
    for (agency, desk) in [("probation-greater-manchester", "stockport"), ("gmp", "stockport")] {
        let mut desk = world.mailbox(agency, "records", desk).await;
        nothing(&mut desk).await;
    }
    assert_eq!(stands(&world, message).await, OutcomeState::NotShared);
    assert!(world.records("release").is_empty(), "nothing was released to anybody");
}
