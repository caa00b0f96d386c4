//! What comes late: a stake that is found after a message was accepted, a message that is fetched
//! after something followed it, a flag whose owner comes for the news when it is another's already.

use agency_client::Incoming;
use agency_client::compose::{self, Allegation, CustodyNews, EnforcementNews, Person, Remedy};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{CorrectionAction, FlagAction, IdentifierType, OutcomeState};
use proto::refusal::Refusal;
use tests::world::{World, adult, id, now, review_date};
use time::Duration;
use uuid::Uuid;

use super::town::{
    CHILDREN, DIVISION, Desk, EAST, GROUNDS, NAME, PRISONS, SUPERVISION, WIRRAL, action_of,
    ends_for, flag, hearing_of, is_bare, man, nothing_for, open, send, taken, takes, town,
};

/// Another name, so that nobody is asked whether the two are one.
const NAMESAKE: &str = "Invented Alias";
const LEADING: &str = "A9611AA";
const OTHER: &str = "A9612AA";
const THIRD: &str = "A9614AA";

/// Two prison numbers are one person's.
async fn merged(world: &World, one: &str, other: &str) -> Uuid {
    let person = Person::new(wire::SubjectCategory::Managed).name(NAME);
    let merge = compose::merge(id(), GROUNDS, person, IdentifierType::Noms, one, other);
    send(world, PRISONS, merge).await
}

/// A flag of a desk's on somebody.
async fn flags(world: &World, desk: Desk, person: Person) {
    let ppo = wire::FlagKind::Ppo;
    let raised = compose::flag_raise(id(), GROUNDS, person, ppo, &review_date(), id());
    send(world, desk, raised).await;
}

/// He was received into custody.
fn received(noms: &str) -> compose::Draft {
    let news = CustodyNews {
        event: wire::CustodyEvent::Reception,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: now() - Duration::hours(2),
        movement_reason: "CR".to_owned(),
        settles: None,
    };
    compose::custody(id(), GROUNDS, adult(noms, NAMESAKE), news)
}

fn breach(allegation: Allegation) -> compose::Draft {
    let news = EnforcementNews {
        matter: wire::EnforcementMatter::Licence,
        step: wire::EnforcementStep::Breach,
        allegation,
        occurred_at: now() - Duration::hours(2),
    };
    compose::enforcement(id(), GROUNDS, man(), &news)
}

fn change(came: &Incoming) -> FlagAction {
    let Some(Kind::Flag(flag)) = &came.message.kind else { panic!("a flag") };
    assert!(!came.message.notice_only);
    flag.action()
}

/// A merge leads the news to a desk whose agency is suspended at that moment: it is refused, and that
/// is on record. What leads there once more, after the suspension, gives it nothing.
#[tokio::test]
async fn who_is_refused_when_his_stake_is_found_is_not_given_it_at_the_next_occasion() {
    let world = town().await;
    flags(&world, WIRRAL, adult(LEADING, NAME)).await;
    let news = send(&world, PRISONS, received(OTHER)).await.to_string();
    world.suspend(WIRRAL.0, true).await;
    merged(&world, LEADING, OTHER).await;
    world.suspend(WIRRAL.0, false).await;
    merged(&world, LEADING, THIRD).await;
    nothing_for(&world, &[WIRRAL]).await;
    let decided = world.records("decided");
    let late: Vec<_> = decided.iter().filter(|one| one["message"] == news).skip(1).collect();
    let [late] = late.as_slice() else { panic!("decided late once") };
    let refused = Refusal::RecipientNotInStanding.code();
    assert_eq!(late["candidates"][0]["agency"], WIRRAL.0);
    assert_eq!(late["candidates"][0]["refusal"], refused);
}

/// News that is given at once because of a new flag may be older than a merge: its reader hears of
/// that too.
#[tokio::test]
async fn who_is_given_older_news_by_a_new_flag_is_told_of_the_merge_since() {
    let world = town().await;
    send(&world, PRISONS, received(OTHER)).await;
    merged(&world, LEADING, OTHER).await;
    nothing_for(&world, &[WIRRAL]).await;
    let mut wirral = open(&world, WIRRAL).await;
    flags(&world, WIRRAL, adult(OTHER, NAME)).await;
    let news = taken(&mut wirral).await;
    assert!(matches!(news.message.kind, Some(Kind::Custody(_))));
    let came = taken(&mut wirral).await;
    assert_eq!(action_of(&came), CorrectionAction::Merge);
    assert_eq!(came.message.concerns, [news.delivery.reference]);
}

#[tokio::test]
async fn a_merge_that_was_taken_back_is_told_to_nobody_who_fetches_later() {
    let world = town().await;
    let told = hearing_of(id(), adult(OTHER, NAME));
    send(&world, DIVISION, told.addressee(EAST.0, EAST.1)).await;
    let merge = merged(&world, LEADING, OTHER).await;
    let person = Person::new(wire::SubjectCategory::Managed).name(NAME);
    let back = compose::correction(id(), GROUNDS, person, merge, "another man", Remedy::Withdraw);
    send(&world, PRISONS, back).await;
    assert!(matches!(takes(&world, EAST).await.message.kind, Some(Kind::Court(_))));
    nothing_for(&world, &[EAST]).await;
}

/// The division owns the flag and is out. East takes it over; then the division, which owns nothing
/// any more, takes it off while East is out.
#[tokio::test]
async fn whose_flag_it_was_hears_what_became_of_it_also_when_he_comes_for_it_later() {
    let world = town().await;
    send(&world, DIVISION, flag(FlagAction::Raise)).await;
    send(&world, EAST, flag(FlagAction::Raise)).await;
    let came = takes(&world, DIVISION).await;
    assert_eq!(change(&came), FlagAction::Raise);
    assert!(came.delivery.settles_reference.is_empty(), "it was never sent what came before");
    send(&world, DIVISION, flag(FlagAction::Deselect)).await;
    assert_eq!(change(&takes(&world, EAST).await), FlagAction::Deselect);
    nothing_for(&world, &[DIVISION, WIRRAL, SUPERVISION]).await;
}

/// The flag waits for supervision. While its agency is suspended the flag is taken off.
#[tokio::test]
async fn for_whom_a_message_waits_waits_what_followed_it_also_while_its_agency_is_suspended() {
    let world = town().await;
    send(&world, DIVISION, flag(FlagAction::Raise).addressee(SUPERVISION.0, "")).await;
    world.suspend(SUPERVISION.0, true).await;
    send(&world, DIVISION, flag(FlagAction::Deselect)).await;
    world.suspend(SUPERVISION.0, false).await;
    let mut supervision = open(&world, SUPERVISION).await;
    let raised = taken(&mut supervision).await;
    assert_eq!(change(&raised), FlagAction::Raise);
    let off = taken(&mut supervision).await;
    assert_eq!(change(&off), FlagAction::Deselect);
    assert_eq!(off.delivery.settles_reference, raised.delivery.reference);
}

#[tokio::test]
async fn who_may_not_have_what_followed_a_message_that_waits_gets_a_notice_after_it() {
    let world = town().await;
    let alleged = breach(Allegation::Made).addressee(CHILDREN.0, "");
    let alleged = send(&world, DIVISION, alleged).await;
    let proved = breach(Allegation::Proved(Some(alleged)))
        .handling(wire::HandlingCondition::LawEnforcementOnly);
    send(&world, DIVISION, proved).await;
    let mut children = open(&world, CHILDREN).await;
    let given = taken(&mut children).await;
    is_bare(&taken(&mut children).await, &given);
}

/// It was refused what followed, for its agency was suspended; and it was never given the original.
/// That it was named in what followed is no reason to give it that after all.
#[tokio::test]
async fn who_waited_in_vain_for_a_message_has_nothing_of_what_followed_it() {
    let world = town().await;
    flags(&world, WIRRAL, man()).await;
    let alleged = send(&world, DIVISION, breach(Allegation::Made)).await;
    world.suspend(WIRRAL.0, true).await;
    let proved = breach(Allegation::Proved(Some(alleged))).addressee(WIRRAL.0, "");
    let proved = send(&world, DIVISION, proved).await;
    world.suspend(WIRRAL.0, false).await;
    // Nothing but their flag brought the allegation to Wirral.
    send(&world, WIRRAL, flag(FlagAction::Deselect)).await;
    let not_shared = [(WIRRAL.0.to_owned(), OutcomeState::NotShared)];
    assert_eq!(world.track(DIVISION.0, DIVISION.1, proved).await, not_shared, "as if refused");
    let mut wirral = open(&world, WIRRAL).await;
    tests::world::nothing(&mut wirral).await;
    wirral.close().await.unwrap();
    nothing_for(&world, &[WIRRAL]).await;
    assert_eq!(world.track(DIVISION.0, DIVISION.1, proved).await, not_shared);
}

/// To name somebody in what follows is no way to find out whether he has what it follows.
#[tokio::test]
async fn of_a_notice_to_whom_it_named_only_now_a_sender_learns_nothing() {
    let world = town().await;
    flags(&world, WIRRAL, man()).await;
    let alleged = send(&world, DIVISION, breach(Allegation::Made)).await;
    let given = takes(&world, WIRRAL).await;
    ends_for(&world, WIRRAL.0).await;
    let proved = breach(Allegation::Proved(Some(alleged))).addressee(WIRRAL.0, "");
    let proved = send(&world, DIVISION, proved).await;
    is_bare(&takes(&world, WIRRAL).await, &given);
    let not_shared = [(WIRRAL.0.to_owned(), OutcomeState::NotShared)];
    assert_eq!(world.track(DIVISION.0, DIVISION.1, proved).await, not_shared);
}
