//! What follows an earlier message without correcting it: allegations that fail, actions that are
//! called off, referrals that come to nothing, placements, hearings and lists that change.

use agency_client::compose::{
    self, Allegation, EnforcementNews, Hearing, HearingStep, Place, PlacementChange, PlacementNews,
    ReferralProgress, Referred, ReleaseId, Remedy, Said,
};
use agency_client::compose::{Agreement, Earlier};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{EnforcementOutcome, FlagAction};
use tests::world::{id, now};
use time::Duration;
use uuid::Uuid;

use super::town::{
    ADDRESS, CARE_GROUNDS, CHILDREN, DIVISION, EAST, GROUNDS, HOME, HOUSING, NAME, NORTH,
    SUPERVISION, WIRRAL, correction, ends_for, flag, hearing, is_bare, is_not_found, man,
    nothing_for, open, send, taken, takes, town,
};

fn breach(allegation: Allegation) -> compose::Draft {
    let news = EnforcementNews {
        matter: wire::EnforcementMatter::Licence,
        step: wire::EnforcementStep::Breach,
        allegation,
        occurred_at: now() - Duration::hours(2),
    };
    compose::enforcement(id(), GROUNDS, man(), &news)
}

fn outcome(came: &agency_client::Incoming) -> &wire::Enforcement {
    let Some(Kind::Enforcement(enforcement)) = &came.message.kind else { panic!("enforcement") };
    enforcement
}

#[tokio::test]
async fn an_allegation_that_fails_is_told_to_whoever_heard_it_and_to_nobody_else() {
    let world = town().await;
    for (fails, expected) in [
        (Allegation::NotProved as fn(Uuid) -> Allegation, EnforcementOutcome::NotProved),
        (Allegation::Withdrawn, EnforcementOutcome::Withdrawn),
    ] {
        let alleged = breach(Allegation::Made).addressee(WIRRAL.0, "").addressee(EAST.0, EAST.1);
        let alleged = send(&world, DIVISION, alleged).await;
        let given = takes(&world, WIRRAL).await;
        let failed = breach(fails(alleged))
            .area(NORTH, wire::AreaRole::Resident)
            .addressee(SUPERVISION.0, "");
        send(&world, DIVISION, failed).await;
        let came = takes(&world, WIRRAL).await;
        assert_eq!(came.delivery.settles_reference, given.delivery.reference);
        assert_eq!(outcome(&came).outcome(), expected);
        assert!(!came.message.notice_only);
        // East had not read the allegation: it never will.
        nothing_for(&world, &[EAST, SUPERVISION, CHILDREN, HOUSING]).await;
        is_not_found(&world, SUPERVISION, breach(fails(alleged))).await;
    }
}

#[tokio::test]
async fn a_holder_that_may_have_no_more_hears_what_became_of_the_allegation_and_no_more() {
    let world = town().await;
    let alleged = breach(Allegation::Made).addressee(WIRRAL.0, "").addressee(CHILDREN.0, "");
    let alleged = send(&world, DIVISION, alleged).await;
    let (wirral, children) = (takes(&world, WIRRAL).await, takes(&world, CHILDREN).await);
    ends_for(&world, CHILDREN.0).await;
    send(&world, DIVISION, breach(Allegation::NotProved(alleged))).await;
    let came = takes(&world, WIRRAL).await;
    assert_eq!(came.delivery.settles_reference, wirral.delivery.reference);
    assert_eq!(outcome(&came).matter(), wire::EnforcementMatter::Licence);
    let came = takes(&world, CHILDREN).await;
    is_bare(&came, &children);
    let only_that = wire::Enforcement {
        outcome: EnforcementOutcome::NotProved.into(),
        ..wire::Enforcement::default()
    };
    assert_eq!(*outcome(&came), only_that);
}

#[tokio::test]
async fn an_allegation_that_is_proved_reaches_its_holders_and_whoever_has_a_stake_of_his_own() {
    let world = town().await;
    let alleged = send(&world, DIVISION, breach(Allegation::Made).addressee(WIRRAL.0, "")).await;
    let given = takes(&world, WIRRAL).await;
    let proved = breach(Allegation::Proved(Some(alleged))).area(NORTH, wire::AreaRole::Resident);
    send(&world, DIVISION, proved).await;
    let came = takes(&world, WIRRAL).await;
    assert_eq!(came.delivery.settles_reference, given.delivery.reference);
    assert_eq!(outcome(&takes(&world, SUPERVISION).await).outcome(), EnforcementOutcome::Proved);
    nothing_for(&world, &[EAST, WIRRAL]).await;
}

#[tokio::test]
async fn an_action_that_is_called_off_is_called_off_for_whoever_has_it() {
    let world = town().await;
    let pathway = wire::Pathway::Accommodation;
    let set = compose::action(id(), GROUNDS, man(), pathway, HOUSING, now() + Duration::days(7))
        .addressee(SUPERVISION.0, "");
    let set = send(&world, DIVISION, set).await;
    let given = takes(&world, HOUSING).await;
    let cancelled = compose::action_cancelled(id(), GROUNDS, man(), pathway, set)
        .area(NORTH, wire::AreaRole::Resident);
    send(&world, DIVISION, cancelled).await;
    let came = takes(&world, HOUSING).await;
    assert_eq!(came.delivery.settles_reference, given.delivery.reference);
    let Some(Kind::Action(action)) = &came.message.kind else { panic!("an action") };
    assert_eq!(action.step(), wire::ActionStep::Cancelled);
    // Supervision had not read it, and never hears of it.
    nothing_for(&world, &[SUPERVISION, CHILDREN, EAST, WIRRAL]).await;
}

/// The man is referred to befriending, to which he has agreed.
fn referred() -> compose::Draft {
    let referred = Referred {
        programme: "befriending".to_owned(),
        restorative_level: 0,
        agreement: Some(Agreement::Given(now().date().to_string())),
        parties: Vec::new(),
    };
    compose::referral(id(), GROUNDS, man(), referred)
        .area(NORTH, wire::AreaRole::Resident)
        .addressee(HOME.0, "")
}

#[tokio::test]
async fn a_referral_that_does_not_proceed_is_told_to_whoever_was_told_of_it() {
    let world = town().await;
    let made = send(&world, DIVISION, referred()).await;
    let given = takes(&world, HOME).await;
    let progress = ReferralProgress::NotProceeding(Earlier::Own(made));
    let over = compose::referral_progress(id(), GROUNDS, man(), "befriending", 0, progress)
        .area(NORTH, wire::AreaRole::Resident)
        .addressee(SUPERVISION.0, "");
    send(&world, DIVISION, over).await;
    let came = takes(&world, HOME).await;
    assert_eq!(came.delivery.settles_reference, given.delivery.reference);
    nothing_for(&world, &[SUPERVISION, CHILDREN, HOUSING, EAST]).await;
}

#[tokio::test]
async fn a_programme_shows_its_provider_no_more_at_a_later_step_than_at_the_first() {
    let world = town().await;
    let made = send(&world, DIVISION, referred()).await;
    let first = takes(&world, HOME).await;
    let more = vec![Said {
        field: wire::Field::Address,
        footing: wire::Footing::Fact,
        text: ADDRESS.to_owned(),
    }];
    send(&world, DIVISION, correction(made, Remedy::Supplement(more))).await;
    let added = takes(&world, HOME).await;
    let progress = ReferralProgress::NotProceeding(Earlier::Own(made));
    let over = compose::referral_progress(id(), GROUNDS, man(), "befriending", 0, progress);
    send(&world, DIVISION, over).await;
    let last = takes(&world, HOME).await;
    for came in [&first, &last] {
        let [person] = &came.message.subjects[..] else { panic!("one person") };
        assert_eq!((&*person.name, &*person.birth_date), (NAME, ""), "a name is all it may have");
        assert_eq!(person.identifiers, []);
    }
    // Which programme it was is not asked again, so nothing new is shown at all.
    assert_eq!(added.message.statements, []);
    assert!(added.message.subjects.iter().all(|person| person.name.is_empty()));
}

/// Transitional accommodation from today.
pub fn placement(change: PlacementChange) -> compose::Draft {
    let news = PlacementNews {
        place: Place::Transitional,
        change,
        emergency: false,
        starts_on: now().date().to_string(),
        ends_on: String::new(),
    };
    compose::placement(id(), GROUNDS, man(), news)
}

#[tokio::test]
async fn a_placement_that_changes_is_told_to_its_holders_each_as_it_may_know() {
    let world = town().await;
    let planned = placement(PlacementChange::Planned).addressee(HOME.0, "").addressee(WIRRAL.0, "");
    let planned = send(&world, DIVISION, planned).await;
    let (home, wirral) = (takes(&world, HOME).await, takes(&world, WIRRAL).await);
    ends_for(&world, HOME.0).await;
    let changed = placement(PlacementChange::Changed(Earlier::Own(planned)))
        .area(NORTH, wire::AreaRole::Resident);
    send(&world, DIVISION, changed).await;
    let came = takes(&world, WIRRAL).await;
    assert_eq!(came.delivery.settles_reference, wirral.delivery.reference);
    assert_eq!(came.message.subjects.len(), 1);
    let came = takes(&world, HOME).await;
    is_bare(&came, &home);
    assert!(came.message.kind == Some(Kind::Placement(wire::Placement::default())), "nor how");
    // Whom the place concerns hears of it for the first time, and not that there was more before.
    let first = takes(&world, SUPERVISION).await;
    assert_eq!(first.message.subjects.len(), 1);
    assert!(first.delivery.settles_reference.is_empty());
}

#[tokio::test]
async fn who_joins_a_case_later_learns_of_nothing_earlier_live_or_fetched() {
    let world = town().await;
    let mut wirral = open(&world, WIRRAL).await;
    let planned = send(
        &world,
        DIVISION,
        placement(PlacementChange::Planned).addressee(WIRRAL.0, "").addressee(EAST.0, EAST.1),
    )
    .await;
    let given = taken(&mut wirral).await;
    // Supervision reads along, housing comes for it afterwards; both hear of it for the first time.
    let mut supervision = open(&world, SUPERVISION).await;
    let changed = placement(PlacementChange::Changed(Earlier::Own(planned)))
        .addressee(SUPERVISION.0, "")
        .addressee(HOUSING.0, "");
    send(&world, DIVISION, changed).await;
    for joined in [taken(&mut supervision).await, takes(&world, HOUSING).await] {
        assert!(joined.delivery.settles_reference.is_empty());
        assert_eq!(joined.message.answers_message_id, "");
        assert!(joined.message.concerns.is_empty());
    }
    assert_eq!(taken(&mut wirral).await.delivery.settles_reference, given.delivery.reference);
    // East fetches both: by then it knows the first.
    let mut east = open(&world, EAST).await;
    let first = taken(&mut east).await;
    assert_eq!(taken(&mut east).await.delivery.settles_reference, first.delivery.reference);
}

#[tokio::test]
async fn whoever_gave_the_care_hears_nothing_of_a_concern_about_it_though_it_holds_the_plan() {
    let world = town().await;
    let planned = placement(PlacementChange::Planned).addressee(HOME.0, "");
    let planned = send(&world, DIVISION, planned).await;
    takes(&world, HOME).await;
    ends_for(&world, HOME.0).await;
    let concern = placement(PlacementChange::Concern(Some(Earlier::Own(planned))))
        .area(NORTH, wire::AreaRole::Host);
    send(&world, DIVISION, concern).await;
    takes(&world, CHILDREN).await;
    nothing_for(&world, &[HOME, WIRRAL]).await;
}

#[tokio::test]
async fn a_hearing_that_changes_is_told_to_its_holders_each_as_it_may_know() {
    let world = town().await;
    let listed = hearing(id()).addressee(WIRRAL.0, "").addressee(HOUSING.0, "");
    let listed = send(&world, DIVISION, listed).await;
    let (wirral, housing) = (takes(&world, WIRRAL).await, takes(&world, HOUSING).await);
    ends_for(&world, HOUSING.0).await;
    let adjourned = Hearing {
        step: HearingStep::Adjourned,
        court: "B06MK00".to_owned(),
        hearing_at: now() + Duration::days(10),
        earlier: Some(listed),
    };
    send(&world, DIVISION, compose::court(id(), GROUNDS, man(), adjourned)).await;
    let came = takes(&world, WIRRAL).await;
    assert_eq!(came.delivery.settles_reference, wirral.delivery.reference);
    let came = takes(&world, HOUSING).await;
    is_bare(&came, &housing);
    assert!(came.message.kind == Some(Kind::Court(wire::Court::default())), "not even when");
    nothing_for(&world, &[SUPERVISION, CHILDREN, EAST]).await;
}

fn action(came: &agency_client::Incoming) -> FlagAction {
    let Some(Kind::Flag(flag)) = &came.message.kind else { panic!("a flag") };
    flag.action()
}

#[tokio::test]
async fn whoever_was_told_of_a_flag_is_told_of_each_change_of_it_until_it_is_off() {
    let world = town().await;
    let raised = flag(FlagAction::Raise).addressee(WIRRAL.0, "").addressee(HOUSING.0, "");
    send(&world, DIVISION, raised).await;
    let (mut wirral, mut housing) = (takes(&world, WIRRAL).await, takes(&world, HOUSING).await);
    ends_for(&world, HOUSING.0).await;
    // One of them reads along, the other comes for it afterwards.
    let mut live = open(&world, WIRRAL).await;
    for change in [FlagAction::Amend, FlagAction::Suspend, FlagAction::Deselect] {
        send(&world, DIVISION, flag(change)).await;
        let came = taken(&mut live).await;
        assert_eq!((action(&came), came.message.notice_only), (change, false));
        assert_eq!(came.delivery.settles_reference, wirral.delivery.reference);
        wirral = came;
        let came = takes(&world, HOUSING).await;
        is_bare(&came, &housing);
        // That he is on it no more takes back what it was told; nothing else is news for it.
        let action = if change == FlagAction::Deselect { change.into() } else { 0 };
        let only_that = wire::Flag { action, ..wire::Flag::default() };
        assert!(came.message.kind == Some(Kind::Flag(only_that)), "not even which list");
        housing = came;
    }
    nothing_for(&world, &[SUPERVISION, CHILDREN, EAST]).await;
}

#[tokio::test]
async fn a_holder_suspended_during_one_change_hears_of_it_and_of_the_next() {
    let world = town().await;
    send(&world, DIVISION, flag(FlagAction::Raise).addressee(WIRRAL.0, "")).await;
    takes(&world, WIRRAL).await;
    world.suspend(WIRRAL.0, true).await;
    send(&world, DIVISION, flag(FlagAction::Amend)).await;
    world.suspend(WIRRAL.0, false).await;
    send(&world, DIVISION, flag(FlagAction::Deselect)).await;
    let mut wirral = open(&world, WIRRAL).await;
    assert_eq!(action(&taken(&mut wirral).await), FlagAction::Amend);
    assert_eq!(action(&taken(&mut wirral).await), FlagAction::Deselect);
}

/// A provider's answer goes to whoever made the referral, by the release under which it came.
#[tokio::test]
async fn a_provider_that_takes_somebody_on_tells_the_desk_that_referred_him() {
    let world = town().await;
    let made = send(&world, DIVISION, referred()).await;
    let given = takes(&world, HOME).await;
    let release = ReleaseId::new(&given.delivery.release_id).unwrap();
    let accepted = compose::referral_progress(
        id(),
        CARE_GROUNDS,
        man(),
        "befriending",
        0,
        ReferralProgress::Accepted(release),
    );
    send(&world, HOME, accepted.area(NORTH, wire::AreaRole::Resident)).await;
    let came = takes(&world, DIVISION).await;
    assert_eq!(came.message.answers_message_id, made.to_string());
    nothing_for(&world, &[EAST, SUPERVISION, CHILDREN, HOUSING, WIRRAL]).await;
}
