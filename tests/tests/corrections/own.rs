//! Withdraw, rectify, erase, restrict, supplement: by the sender of the original alone.

use std::time::Duration;

use agency_client::compose::{self, Remedy};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{CorrectionAction, OutcomeState};
use tests::world::{World, id, next, nothing, now, ppo_flag};

use super::town::{
    ADDRESS, ALL, Agreed, CHILDREN, DIVISION, EAST, GROUNDS, HOUSING, NORTH, PRISONS, SUPERVISION,
    WIRRAL, action_of, correction, ends_for, hearing, is_bare, is_not_found, lives_at, man,
    nothing_for, open, says, send, taken, takes, town,
};

const NEW_ADDRESS: &str = "2 Invented Row";

fn each() -> [(CorrectionAction, Remedy); 4] {
    [
        (CorrectionAction::Withdraw, Remedy::Withdraw),
        (CorrectionAction::Rectify, Remedy::Rectify(lives_at(NEW_ADDRESS))),
        (CorrectionAction::Erase, Remedy::Erase),
        (CorrectionAction::Restrict, Remedy::Restrict),
    ]
}

#[tokio::test]
async fn whoever_was_given_it_is_told_what_to_do_with_it_and_for_whom_it_waited_it_is_gone() {
    let world = town().await;
    for (action, remedy) in each() {
        let draft = hearing(id()).addressee(WIRRAL.0, "").addressee(SUPERVISION.0, "");
        let original = send(&world, DIVISION, draft).await;
        let given = takes(&world, WIRRAL).await;
        let draft = correction(original, remedy).area(NORTH, wire::AreaRole::Resident);
        let corrected = send(&world, DIVISION, draft).await;
        let came = takes(&world, WIRRAL).await;
        assert_eq!(came.delivery.settles_reference, given.delivery.reference);
        assert_eq!(action_of(&came), action);
        let said = came.message.statements.len();
        assert_eq!(said, usize::from(action == CorrectionAction::Rectify));
        // A place is said again only with what is put right.
        assert_eq!(came.message.areas.len(), said);
        nothing_for(&world, &[SUPERVISION, CHILDREN, HOUSING, EAST, WIRRAL]).await;
        let rows = world.track(DIVISION.0, DIVISION.1, original).await;
        assert!(rows.contains(&(SUPERVISION.0.to_owned(), OutcomeState::Withdrawn)));
        // Whom it named in the original it is told of.
        let rows = world.track(DIVISION.0, DIVISION.1, corrected).await;
        let expected = [
            (SUPERVISION.0.to_owned(), OutcomeState::NotShared),
            (WIRRAL.0.to_owned(), OutcomeState::Acknowledged),
        ];
        assert_eq!(rows, expected);
    }
}

/// To name somebody in a correction is no way to find out whether he holds the original.
#[tokio::test]
async fn of_a_holder_that_was_not_named_in_the_original_its_sender_learns_nothing() {
    let world = town().await;
    let draft = hearing(id()).addressee(WIRRAL.0, "").area(NORTH, wire::AreaRole::Resident);
    let original = send(&world, DIVISION, draft).await;
    takes(&world, WIRRAL).await;
    takes(&world, SUPERVISION).await;
    let draft = correction(original, Remedy::Withdraw).addressee(SUPERVISION.0, "");
    let corrected = send(&world, DIVISION, draft).await;
    takes(&world, WIRRAL).await;
    takes(&world, SUPERVISION).await;
    let rows = world.track(DIVISION.0, DIVISION.1, corrected).await;
    let expected = [
        (SUPERVISION.0.to_owned(), OutcomeState::NotShared),
        (WIRRAL.0.to_owned(), OutcomeState::Acknowledged),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn a_supplement_reaches_those_who_have_it_and_those_for_whom_it_still_waits() {
    let world = town().await;
    let draft = hearing(id()).addressee(WIRRAL.0, "").addressee(SUPERVISION.0, "");
    let original = send(&world, DIVISION, draft).await;
    let given = takes(&world, WIRRAL).await;
    let remedy = Remedy::Supplement(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy)).await;
    says(&takes(&world, WIRRAL).await, &given, NEW_ADDRESS);
    let mut supervision = open(&world, SUPERVISION).await;
    let first = taken(&mut supervision).await;
    assert_eq!(first.message.statements[0].text, ADDRESS, "what it adds to comes first");
    says(&taken(&mut supervision).await, &first, NEW_ADDRESS);
    nothing_for(&world, &[CHILDREN, HOUSING, EAST]).await;
}

#[tokio::test]
async fn what_is_put_right_is_read_by_whoever_may_have_it_and_others_hear_only_that_it_is() {
    let world = town().await;
    let draft = hearing(id()).addressee(WIRRAL.0, "").addressee(HOUSING.0, "");
    let original = send(&world, DIVISION, draft).await;
    let (wirral, housing) = (takes(&world, WIRRAL).await, takes(&world, HOUSING).await);
    ends_for(&world, HOUSING.0).await;
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy).area(NORTH, wire::AreaRole::Resident))
        .await;
    says(&takes(&world, WIRRAL).await, &wirral, NEW_ADDRESS);
    let came = takes(&world, HOUSING).await;
    is_bare(&came, &housing);
    assert_eq!(action_of(&came), CorrectionAction::Rectify);
    let Some(Kind::Correction(correction)) = &came.message.kind else { panic!("a correction") };
    assert_eq!(correction.reason, "");
}

#[tokio::test]
async fn what_may_be_had_is_decided_once_more_when_a_correction_is_fetched() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(HOUSING.0, "")).await;
    let given = takes(&world, HOUSING).await;
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy)).await;
    ends_for(&world, HOUSING.0).await;
    is_bare(&takes(&world, HOUSING).await, &given);
}

#[tokio::test]
async fn a_holder_that_was_told_only_that_there_is_one_is_not_told_more_by_a_later_agreement() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(HOUSING.0, "")).await;
    let given = takes(&world, HOUSING).await;
    ends_for(&world, HOUSING.0).await;
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy)).await;
    world.stage.approve(&Agreed { to: ALL, more: "" }.script()).await.unwrap();
    is_bare(&takes(&world, HOUSING).await, &given);
}

#[tokio::test]
async fn a_correction_of_a_correction_is_read_by_whoever_may_read_what_was_corrected() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    takes(&world, WIRRAL).await;
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    let first = send(&world, DIVISION, correction(original, remedy)).await;
    let corrected = takes(&world, WIRRAL).await;
    let remedy = Remedy::Rectify(lives_at("3 Invented Row"));
    send(&world, DIVISION, correction(first, remedy)).await;
    says(&takes(&world, WIRRAL).await, &corrected, "3 Invented Row");
}

#[tokio::test]
async fn an_agreement_about_people_on_a_list_holds_for_what_is_put_right_about_them() {
    let agreed = Agreed { to: ALL, more: "flags_any = [\"ppo\"]" };
    let world = World::with(agreed.script()).await;
    send(&world, DIVISION, flagged()).await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let given = takes(&world, WIRRAL).await;
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy)).await;
    says(&takes(&world, WIRRAL).await, &given, NEW_ADDRESS);
    // And one about people on no list is of no use to those who are on one.
    let agreed = Agreed { to: ALL, more: "unflagged_only = true" };
    world.stage.approve(&agreed.script()).await.unwrap();
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy)).await;
    is_bare(&takes(&world, WIRRAL).await, &given);
}

#[tokio::test]
async fn a_correction_finds_nobody_new_by_name_place_or_list() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    takes(&world, WIRRAL).await;
    send(&world, SUPERVISION, flagged()).await;
    for (_, remedy) in each()
        .into_iter()
        .chain([(CorrectionAction::Supplement, Remedy::Supplement(lives_at(NEW_ADDRESS)))])
    {
        let draft = correction(original, remedy)
            .area(NORTH, wire::AreaRole::Resident)
            .addressee(HOUSING.0, "");
        send(&world, DIVISION, draft).await;
        takes(&world, WIRRAL).await;
    }
    nothing_for(&world, &[SUPERVISION, HOUSING, CHILDREN, EAST]).await;
}

#[tokio::test]
async fn to_every_agency_but_its_sender_a_message_does_not_exist() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    takes(&world, WIRRAL).await;
    let supplement = (CorrectionAction::Supplement, Remedy::Supplement(lives_at(NEW_ADDRESS)));
    for (_, remedy) in each().into_iter().chain([supplement]) {
        let there = is_not_found(&world, WIRRAL, correction(original, remedy.clone())).await;
        let unknown = is_not_found(&world, WIRRAL, correction(id(), remedy.clone())).await;
        assert_eq!(there, unknown);
        assert_eq!(unknown, is_not_found(&world, DIVISION, correction(id(), remedy)).await);
    }
    nothing_for(&world, &[WIRRAL, SUPERVISION]).await;
    // Any desk of that agency may put it right.
    send(&world, EAST, correction(original, Remedy::Erase)).await;
    assert_eq!(action_of(&takes(&world, WIRRAL).await), CorrectionAction::Erase);
}

#[tokio::test]
async fn a_suspended_holder_is_told_as_soon_as_its_agency_is_back() {
    let world = town().await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let given = takes(&world, WIRRAL).await;
    world.suspend(WIRRAL.0, true).await;
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, DIVISION, correction(original, remedy)).await;
    world.suspend(WIRRAL.0, false).await;
    says(&takes(&world, WIRRAL).await, &given, NEW_ADDRESS);
}

#[tokio::test]
async fn an_attempt_that_was_put_off_counts_as_given() {
    let world = town().await;
    let mut wirral = open(&world, WIRRAL).await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let given = next(&mut wirral).await;
    given.refuse(Duration::from_secs(600)).await.unwrap();
    send(&world, DIVISION, correction(original, Remedy::Withdraw)).await;
    let came = taken(&mut wirral).await;
    assert_eq!(came.delivery.settles_reference, given.delivery.reference);
    nothing(&mut wirral).await;
}

#[tokio::test]
async fn a_correction_waits_longer_than_its_sender_would_have_it_wait() {
    let (world, clock) = World::on_clock(Agreed { to: ALL, more: "" }.script()).await;
    let original = send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let given = takes(&world, WIRRAL).await;
    let soon = tests::world::now() + time::Duration::hours(1);
    send(&world, DIVISION, correction(original, Remedy::Withdraw).expires_at(soon)).await;
    clock.advance(Duration::from_secs(20 * 86_400));
    let came = takes(&world, WIRRAL).await;
    assert_eq!(came.delivery.settles_reference, given.delivery.reference);
}

/// He is put on the list of priority offenders.
/// Wirral owns his flag and may have nothing of the release: it is only asked where he went.
#[tokio::test]
async fn who_was_only_asked_something_about_a_message_hears_that_more_came_of_it_and_no_more() {
    let world = town().await;
    world.publisher(WIRRAL.0, WIRRAL.1).await.publish(ppo_flag(man())).await.unwrap();
    ends_for(&world, WIRRAL.0).await;
    let released = compose::custody_release(
        id(),
        GROUNDS,
        man(),
        wire::CustodyCertainty::Confirmed,
        "FBI",
        now(),
    );
    let original = send(&world, PRISONS, released).await;
    let asked = takes(&world, WIRRAL).await;
    assert!(matches!(asked.message.kind, Some(Kind::Task(_))));
    let remedy = Remedy::Rectify(lives_at(NEW_ADDRESS));
    send(&world, PRISONS, correction(original, remedy)).await;
    is_bare(&takes(&world, WIRRAL).await, &asked);
    let remedy = Remedy::Supplement(lives_at(NEW_ADDRESS));
    send(&world, PRISONS, correction(original, remedy)).await;
    is_bare(&takes(&world, WIRRAL).await, &asked);
    nothing_for(&world, &[EAST, SUPERVISION]).await;
}

fn flagged() -> compose::Draft {
    let review = tests::world::review_date();
    compose::flag_raise(id(), GROUNDS, man(), wire::FlagKind::Ppo, &review, id())
}

/// A rule fails for whoever holds the original: an answer nobody can give is no reason to leave it with
/// what is known to be wrong.
#[tokio::test]
async fn a_holder_whose_rule_fails_is_told_that_something_came_of_it_and_no_more() {
    let rectify = || Remedy::Rectify(lives_at(NEW_ADDRESS));
    // A rule of Wirral's own, over what is put right.
    let mut own = Agreed { to: ALL, more: "" }.script();
    let fails = "@id(\"fails\")\nforbid (principal, action, resource)\n\
        when { context.mappa_category * 9223372036854775807 > 1 };\n";
    own.bundle.push(("agencies/wirral-police.cedar".to_owned(), fails.to_owned()));
    // What everybody agreed, over whatever there is: the duty to correct cannot be looked up either.
    let more = "when = 'context.mappa_category - 9223372036854775807 - 9 != 1'";
    let everybodys = || Agreed { to: ALL, more }.with_corrections();
    for (script, remedy, action, in_full) in [
        (own, rectify(), CorrectionAction::Rectify, true),
        (everybodys(), rectify(), CorrectionAction::Rectify, false),
        (everybodys(), Remedy::Withdraw, CorrectionAction::Withdraw, false),
    ] {
        let world = town().await;
        let draft = compose::mappa_notification(id(), GROUNDS, man(), 2, 1)
            .statement(wire::Field::Address, wire::Footing::Fact, &[0], ADDRESS)
            .addressee(WIRRAL.0, "")
            .addressee(EAST.0, EAST.1);
        let original = send(&world, DIVISION, draft).await;
        let (wirral, east) = (takes(&world, WIRRAL).await, takes(&world, EAST).await);
        world.stage.approve(&script).await.unwrap();
        send(&world, DIVISION, correction(original, remedy)).await;
        let came = takes(&world, WIRRAL).await;
        is_bare(&came, &wirral);
        assert_eq!(action_of(&came), action);
        let came = takes(&world, EAST).await;
        if in_full {
            says(&came, &east, NEW_ADDRESS);
        } else {
            is_bare(&came, &east);
        }
        nothing_for(&world, &[WIRRAL, EAST]).await;
    }
}
