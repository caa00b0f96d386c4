//! What follows a message is never read before it, however urgent, and no earlier than it may be.

use super::town::*;
use agency_client::PublishError;
use agency_client::compose::{self, FlagChange, Remedy};
use proto::exchange::v1 as wire;
use proto::exchange::v1::FlagAction;
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use tests::world::{World, id, now, review_date};
use time::Duration;

#[tokio::test]
async fn an_immediate_supplement_does_not_overtake_what_it_adds_to() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let remedy = Remedy::Supplement(lives_at("2 Invented Row"));
    send(&world, DIVISION, correction(original, remedy).immediate()).await;
    let mut wirral = open(&world, WIRRAL).await;
    let first = taken(&mut wirral).await;
    assert!(matches!(first.message.kind, Some(Kind::Court(_))), "original first");
}

#[tokio::test]
async fn a_supplement_waits_until_what_it_adds_to_may_be_released() {
    let world = town().await;
    let draft = hearing(id()).addressee(WIRRAL.0, "").not_before(now() + Duration::hours(2));
    let original = send(&world, DIVISION, draft).await;
    let remedy = Remedy::Supplement(lives_at("2 Invented Row"));
    send(&world, DIVISION, correction(original, remedy)).await;
    let mut wirral = open(&world, WIRRAL).await;
    tests::world::nothing(&mut wirral).await;
}

#[tokio::test]
async fn what_is_withdrawn_before_its_embargo_ends_is_never_heard_of() {
    let world = town().await;
    let draft = hearing(id()).addressee(WIRRAL.0, "").not_before(now() + Duration::hours(2));
    let original = send(&world, DIVISION, draft).await;
    send(&world, DIVISION, correction(original, Remedy::Withdraw)).await;
    nothing_for(&world, &[WIRRAL]).await;
}

#[tokio::test]
async fn an_immediate_deselection_does_not_overtake_the_flag() {
    let world = town().await;
    send(&world, DIVISION, flag(FlagAction::Raise).addressee(WIRRAL.0, "")).await;
    send(&world, DIVISION, flag(FlagAction::Deselect).immediate()).await;
    let mut wirral = open(&world, WIRRAL).await;
    let first = taken(&mut wirral).await;
    let Some(Kind::Flag(flag)) = &first.message.kind else { panic!("flag") };
    assert_eq!(flag.action(), FlagAction::Raise);
}

#[tokio::test]
async fn what_adds_to_a_message_goes_to_nobody_from_whom_that_was_kept_at_last() {
    let world = town().await;
    let change = |action| {
        let (kind, owner, panel_decision) = (wire::FlagKind::Ppo, None, Some(id()));
        let raised = action == FlagAction::Raise;
        let review_date = if raised { review_date() } else { String::new() };
        let change = FlagChange { kind, action, owner, review_date, panel_decision };
        compose::flag(id(), GROUNDS, man(), change)
    };
    send(&world, WIRRAL, change(FlagAction::Raise)).await;
    // Nothing but their flag on him brings this to Wirral.
    let original = send(&world, DIVISION, hearing(id())).await;
    let remedy = Remedy::Supplement(lives_at("2 Invented Row"));
    send(&world, DIVISION, correction(original, remedy)).await;
    send(&world, WIRRAL, change(FlagAction::Deselect)).await;
    let mut wirral = open(&world, WIRRAL).await;
    tests::world::nothing(&mut wirral).await;
    wirral.close().await.unwrap();
    assert_eq!(open(&world, WIRRAL).await.waiting(), 0, "both are over");
}

#[tokio::test]
async fn what_adds_to_a_message_falls_with_it() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let remedy = Remedy::Supplement(lives_at("2 Invented Row"));
    send(&world, DIVISION, correction(original, remedy)).await;
    send(&world, DIVISION, correction(original, Remedy::Withdraw)).await;
    let mut wirral = open(&world, WIRRAL).await;
    tests::world::nothing(&mut wirral).await;
    wirral.close().await.unwrap();
    assert_eq!(open(&world, WIRRAL).await.waiting(), 0, "both are over");
}

#[tokio::test]
async fn a_message_that_is_refused_ends_nothing_of_what_it_cites() {
    let world = town().await;
    let grounds = GROUNDS;
    let owner = (WIRRAL.0, WIRRAL.1);
    let (by, pathway) = (now() + Duration::days(2), wire::Pathway::Accommodation);
    let set = compose::action(id(), grounds, man(), pathway, owner, by);
    let original = send(&world, DIVISION, set).await;
    // It names a document that nobody ever put.
    let cancelled = compose::action_cancelled(id(), grounds, man(), pathway, original);
    let cancelled = cancelled.document(section_of_nothing()).build().unwrap();
    let answer = world.publisher(DIVISION.0, DIVISION.1).await.publish(cancelled).await;
    let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
    assert_eq!(refused.refusal, Some(Refusal::AttachmentAbsent));
    assert!(world.records("ended").is_empty(), "nothing is recorded as ended");
    let mut wirral = open(&world, WIRRAL).await;
    let came = taken(&mut wirral).await;
    let Some(Kind::Action(action)) = &came.message.kind else { panic!("an action") };
    assert_eq!(action.step(), wire::ActionStep::Set);
    assert!(came.message.act_by.is_some(), "and it is still to be done");
    let owed = obligations(&world, WIRRAL).await;
    assert_eq!(owed, [wire::Attestation::Acted], "which the broker still watches");
}

async fn obligations(world: &World, (agency, desk): Desk) -> Vec<wire::Attestation> {
    let mut client = world.node(agency, desk).await.exchange().await.unwrap();
    let request = wire::ListObligationsRequest { desk: desk.to_owned() };
    let answer = client.list_obligations(request).await.unwrap().into_inner();
    answer.obligations.iter().map(wire::Obligation::owed).collect()
}

/// A document that nobody put.
fn section_of_nothing() -> wire::Section {
    wire::Section {
        attachment_id: id().to_string(),
        kind: wire::SectionKind::MappaMinutes.into(),
        media_type: wire::MediaType::Pdf.into(),
        size_bytes: 1,
        digest: vec![7; 32].into(),
        salt: (0..32).collect::<Vec<u8>>().into(),
        audience: Vec::new(),
        onward: Vec::new(),
    }
}
