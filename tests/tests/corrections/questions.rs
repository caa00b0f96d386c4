//! Questions to whoever holds something: those with a stake, and those who sent or were given
//! something about the person, as far as it is agreed that they are asked.

use agency_client::compose::{self, Asked, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{World, adult, id, now, ppo_flag};
use time::Duration;

use super::town::{
    CHILDREN, DIVISION, EAST, GROUNDS, HOME, HOUSING, NOMS, NORTH, SUPERVISION, WIRRAL, ends_for,
    hearing, hearing_of, man, nothing_for, send, takes, town,
};

fn question() -> compose::Draft {
    question_about(man())
}

fn question_about(person: Person) -> compose::Draft {
    let by = now() + Duration::days(7);
    let asked = Asked::WhoeverHolds;
    compose::request(id(), GROUNDS, person, asked, &[wire::Field::Address], by)
}

/// Whoever holds something was found, and decided about.
async fn put(world: &World, asked: &str) {
    let is_put = async || {
        let decided = world.records("decided");
        decided.iter().filter(|record| record["message"] == asked).count() == 2
    };
    world.until("the question is put", is_put).await;
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
    let asked = send(&world, DIVISION, question()).await.to_string();
    put(&world, &asked).await;
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

/// Its sender is answered before anybody looks who holds something: its entry is the same whatever
/// there is.
#[tokio::test]
async fn a_question_is_accepted_in_the_same_way_whatever_is_held_and_put_although_the_broker_stops()
{
    let mut world = town().await;
    for held in [false, true] {
        if held {
            send(&world, WIRRAL, hearing(id()).addressee(HOUSING.0, "")).await;
            takes(&world, HOUSING).await;
        }
        let person = if held { man() } else { adult("A9623AA", "Invented Stranger") };
        let asked = send(&world, DIVISION, question_about(person)).await.to_string();
        let of_question = |record: &&serde_json::Value| record["message"] == asked;
        let decided = world.records("decided");
        let first = decided.iter().find(of_question).unwrap();
        assert_eq!(first["candidates"], serde_json::json!([]), "held: {held}");
    }
    world.crash().await;
    world.start().await;
    let came = takes(&world, HOUSING).await;
    assert!(matches!(came.message.kind, Some(Kind::Request(_))));
    takes(&world, WIRRAL).await;
    nothing_for(&world, &[HOUSING, WIRRAL]).await;
}

#[tokio::test]
async fn a_holder_that_may_not_be_asked_is_refused_on_record() {
    let world = town().await;
    send(&world, WIRRAL, hearing(id()).addressee(HOUSING.0, "")).await;
    takes(&world, HOUSING).await;
    ends_for(&world, HOUSING.0).await;
    let asked = send(&world, DIVISION, question()).await.to_string();
    takes(&world, WIRRAL).await;
    let decided = world.records("decided");
    let told = decided.iter().filter(|record| record["message"] == asked);
    let all: Vec<&serde_json::Value> =
        told.flat_map(|record| record["candidates"].as_array().unwrap()).collect();
    let of = |desk: &str| all.iter().find(|one| one["desk"] == desk).unwrap()["refusal"].clone();
    assert_eq!(of(WIRRAL.1), 0);
    assert_ne!(of(HOUSING.1), 0);
}
