//! What follows a message is never read before it, however urgent, and no earlier than it may be.

use super::town::*;
use agency_client::compose::{self, FlagChange, Remedy};
use proto::exchange::v1 as wire;
use proto::exchange::v1::FlagAction;
use proto::exchange::v1::released_message::Kind;
use tests::world::{id, now, review_date};
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
