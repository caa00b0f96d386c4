//! Questions to whoever holds something: those with a stake, and those who sent or were given
//! something about the person, as far as it is agreed that they are asked.

use agency_client::compose::{self, Asked, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{adult, id, now, ppo_flag};
use time::Duration;

use super::town::{
    CHILDREN, DIVISION, EAST, GROUNDS, HOME, HOUSING, NOMS, NORTH, SUPERVISION, WIRRAL, ends_for,
    hearing, hearing_of, man, nothing_for, send, takes, town,
};

fn question() -> compose::Draft {
    let by = now() + Duration::days(7);
    let asked = Asked::WhoeverHolds;
    compose::request(id(), GROUNDS, man(), asked, &[wire::Field::Address], by)
}

#[tokio::test]
async fn whoever_holds_something_is_asked_and_nobody_learns_who_else_is() {
    let world = town().await;
    // Housing was given something, children's services sent something, supervision has him on
    // its list. East was to be given something, and home care holds news of somebody else.
    send(&world, WIRRAL, hearing(id()).addressee(HOUSING.0, "").addressee(EAST.0, EAST.1)).await;
    takes(&world, HOUSING).await;
    let said = wire::Message {
        lawful_basis: wire::LawfulBasis::Gdpr61E.into(),
        ..hearing(id()).build().unwrap()
    };
    world.publisher(CHILDREN.0, CHILDREN.1).await.publish(said).await.unwrap();
    world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(ppo_flag(man())).await.unwrap();
    send(
        &world,
        WIRRAL,
        hearing_of(id(), adult("A9621AA", "Invented Neighbour")).addressee(HOME.0, ""),
    )
    .await;
    takes(&world, HOME).await;

    let asked = send(&world, DIVISION, question()).await;
    for desk in [HOUSING, CHILDREN, SUPERVISION, WIRRAL] {
        let came = takes(&world, desk).await;
        let Some(Kind::Request(request)) = &came.message.kind else { panic!("a question") };
        assert!(!request.whoever_holds, "it reads as one that was put to this desk");
        assert!(!came.message.notice_only);
    }
    nothing_for(&world, &[HOME]).await;
    assert_eq!(takes(&world, EAST).await.message.statements.len(), 1, "the hearing, no question");
    nothing_for(&world, &[EAST]).await;
    assert_eq!(world.track(DIVISION.0, DIVISION.1, asked).await, [], "nor does who asks");
}

#[tokio::test]
async fn a_holder_that_may_not_be_asked_does_not_learn_that_anybody_asks() {
    let world = town().await;
    send(&world, WIRRAL, hearing(id()).addressee(HOUSING.0, "")).await;
    takes(&world, HOUSING).await;
    ends_for(&world, HOUSING.0).await;
    send(&world, DIVISION, question()).await;
    takes(&world, WIRRAL).await;
    nothing_for(&world, &[HOUSING]).await;
}

#[tokio::test]
async fn what_is_held_of_him_as_a_victim_brings_nobody_a_question() {
    let world = town().await;
    let victim = Person::new(wire::SubjectCategory::Victim)
        .identifier(wire::IdentifierType::Noms, NOMS)
        .limited_access(wire::LimitedAccess::No);
    let accused = adult("A9622AA", "Invented Accused");
    let heard = hearing_of(id(), accused).person(victim).addressee(HOUSING.0, "");
    send(&world, WIRRAL, heard).await;
    takes(&world, HOUSING).await;
    send(&world, DIVISION, question()).await;
    nothing_for(&world, &[WIRRAL, HOUSING]).await;
}

#[tokio::test]
async fn a_suspended_holder_is_not_asked() {
    let world = town().await;
    send(&world, WIRRAL, hearing(id()).addressee(HOUSING.0, "")).await;
    takes(&world, HOUSING).await;
    world.suspend(HOUSING.0, true).await;
    send(&world, DIVISION, question()).await;
    world.suspend(HOUSING.0, false).await;
    nothing_for(&world, &[HOUSING]).await;
}

#[tokio::test]
async fn a_question_to_some_is_put_to_those_and_to_no_holder() {
    let world = town().await;
    send(&world, WIRRAL, hearing(id()).addressee(HOUSING.0, "")).await;
    takes(&world, HOUSING).await;
    world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(ppo_flag(man())).await.unwrap();
    let asked = Asked::Agencies(vec![(HOME.0.to_owned(), String::new())]);
    let by = now() + Duration::days(7);
    let asked = compose::request(id(), GROUNDS, man(), asked, &[wire::Field::Address], by);
    send(&world, DIVISION, asked.area(NORTH, wire::AreaRole::Resident)).await;
    takes(&world, HOME).await;
    nothing_for(&world, &[HOUSING, SUPERVISION, CHILDREN, WIRRAL, EAST]).await;
}
