//! No onward: what was given to an agency without leave to pass it on is answered to its sender alone.

use agency_client::compose::{self, ActionReport, Earlier, PlacementChange, ReleaseId};
use agency_client::{Incoming, PublishError};
use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use tests::world::{World, id, now};
use time::Duration;

use super::follow::placement;
use super::town::{
    ALL, Agreed, CARE_GROUNDS, DIVISION, Desk, EAST, GROUNDS, HOUSING, SUPERVISION, WIRRAL, man,
    nothing_for, send, takes, town,
};

const PATHWAY: wire::Pathway = wire::Pathway::Accommodation;

/// An action of the division's for the housing desk, as that was given it.
async fn set(world: &World, under: &[wire::HandlingCondition]) -> Incoming {
    let by = now() + Duration::days(7);
    let action = compose::action(id(), GROUNDS, man(), PATHWAY, HOUSING, by);
    let mut message = action.build().unwrap();
    message.handling_conditions = under.iter().map(|condition| *condition as i32).collect();
    world.publisher(DIVISION.0, DIVISION.1).await.publish(message).await.unwrap();
    takes(world, HOUSING).await
}

fn report(came: &Incoming) -> compose::Draft {
    let release = ReleaseId::new(&came.delivery.release_id).unwrap();
    compose::action_report(id(), CARE_GROUNDS, man(), PATHWAY, release, ActionReport::NotDone)
}

/// It is refused, for whom it names.
async fn is_refused(world: &World, (agency, desk): Desk, draft: compose::Draft) {
    let answer = world.publisher(agency, desk).await.publish(draft.build().unwrap()).await;
    let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
    assert_eq!(refused.refusal, Some(Refusal::AnswerNotOnward));
    let named: Vec<&str> = refused.violations.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(named, ["addressees"]);
}

#[tokio::test]
async fn what_was_given_without_leave_to_pass_it_on_is_answered_to_its_sender_alone() {
    let by_agreement = Agreed { to: ALL, more: "handling = [\"no_onward\"]" }.script();
    for (script, said) in [
        (Agreed { to: ALL, more: "" }.script(), &[wire::HandlingCondition::NoOnward][..]),
        (by_agreement, &[]),
    ] {
        let world = World::with(script).await;
        let came = set(&world, said).await;
        is_refused(&world, HOUSING, report(&came).addressee(SUPERVISION.0, "")).await;
        is_refused(
            &world,
            HOUSING,
            report(&came).addressee(DIVISION.0, DIVISION.1).addressee(WIRRAL.0, ""),
        )
        .await;
        // To whoever set it, another desk of theirs, and one's own agency.
        let fine = report(&came).addressee(DIVISION.0, EAST.1).addressee(HOUSING.0, "");
        send(&world, HOUSING, fine).await;
        takes(&world, DIVISION).await;
        nothing_for(&world, &[SUPERVISION, WIRRAL]).await;
    }
}

/// Whether it is refused does not turn on who else was given it: that would tell who was.
#[tokio::test]
async fn an_answer_that_names_somebody_who_has_it_is_refused_like_any_other() {
    let world = World::with(Agreed { to: ALL, more: "handling = [\"no_onward\"]" }.script()).await;
    let by = now() + Duration::days(7);
    let action = compose::action(id(), GROUNDS, man(), PATHWAY, HOUSING, by);
    send(&world, DIVISION, action.addressee(SUPERVISION.0, "")).await;
    let came = takes(&world, HOUSING).await;
    takes(&world, SUPERVISION).await;
    for agency in [SUPERVISION.0, WIRRAL.0, "no-such-agency"] {
        is_refused(&world, HOUSING, report(&came).addressee(agency, "")).await;
    }
}

#[tokio::test]
async fn what_follows_up_such_an_answer_names_nobody_else_either() {
    let world = World::with(Agreed { to: ALL, more: "handling = [\"no_onward\"]" }.script()).await;
    send(&world, DIVISION, placement(PlacementChange::Planned).addressee(WIRRAL.0, "")).await;
    let came = takes(&world, WIRRAL).await;
    let release = ReleaseId::new(&came.delivery.release_id).unwrap();
    let begun = placement(PlacementChange::Started(Some(Earlier::Received(release))));
    let begun = send(&world, WIRRAL, begun).await;
    let changed = |earlier| placement(PlacementChange::Changed(Earlier::Own(earlier)));
    is_refused(&world, WIRRAL, changed(begun).addressee(SUPERVISION.0, "")).await;
    let then = send(&world, WIRRAL, changed(begun)).await;
    is_refused(&world, WIRRAL, changed(then).addressee(SUPERVISION.0, "")).await;
    send(&world, WIRRAL, changed(then).addressee(DIVISION.0, "")).await;
    // What it says of its own accord is its own to send.
    send(&world, WIRRAL, placement(PlacementChange::Planned).addressee(SUPERVISION.0, "")).await;
    takes(&world, SUPERVISION).await;
    nothing_for(&world, &[SUPERVISION]).await;
}

#[tokio::test]
async fn what_was_given_with_leave_to_pass_it_on_is_answered_to_whomever_the_answer_names() {
    let world = town().await;
    let came = set(&world, &[]).await;
    send(&world, HOUSING, report(&came).addressee(SUPERVISION.0, "")).await;
    takes(&world, SUPERVISION).await;
    takes(&world, DIVISION).await;
}
