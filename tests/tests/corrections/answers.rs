//! Answers: to the desk that asked and to nobody else, by a release that the answering agency was
//! itself given.

use agency_client::Incoming;
use agency_client::compose::{
    self, ActionReport, Answer, Asked, Earlier, Place, PlacementChange, PlacementNews, ReleaseId,
};
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use tests::world::{World, id, next, now, ppo_flag};
use time::Duration;
use uuid::Uuid;

use super::town::{
    CARE_GROUNDS, CHILDREN, DIVISION, Desk, EAST, GROUNDS, HOUSING, NORTH, PRISONS, SUPERVISION,
    WIRRAL, correction, hearing, is_not_found, lives_at, man, nothing_for, open, send, takes, town,
};

fn question(asked: &[Desk]) -> compose::Draft {
    let asked = asked.iter().map(|(agency, desk)| ((*agency).to_owned(), (*desk).to_owned()));
    let asked = Asked::Agencies(asked.collect());
    let by = now() + Duration::days(7);
    compose::request(id(), GROUNDS, man(), asked, &[wire::Field::Address], by)
}

fn release(came: &Incoming) -> ReleaseId {
    ReleaseId::new(&came.delivery.release_id).unwrap()
}

fn answer(to: ReleaseId) -> compose::Draft {
    let held = Answer::Answered(lives_at("1 Invented Row"));
    compose::response(id(), GROUNDS, man(), to, held)
}

/// A question is put to two desks, and one of them has it in its hands.
async fn asked(world: &World) -> (Uuid, Incoming) {
    let question = send(world, DIVISION, question(&[WIRRAL, SUPERVISION])).await;
    (question, takes(world, WIRRAL).await)
}

#[tokio::test]
async fn an_answer_goes_to_the_desk_that_asked_and_says_which_of_its_questions_it_answers() {
    let world = town().await;
    let (question, came) = asked(&world).await;
    send(&world, WIRRAL, answer(release(&came))).await;
    let answered = takes(&world, DIVISION).await;
    assert_eq!(answered.message.answers_message_id, question.to_string());
    assert_eq!(answered.message.sending_agency, WIRRAL.0);
    assert!(matches!(answered.message.kind, Some(Kind::Response(_))));
    takes(&world, SUPERVISION).await;
    nothing_for(&world, &[EAST, SUPERVISION, CHILDREN, HOUSING, WIRRAL]).await;
}

#[tokio::test]
async fn the_report_of_an_action_goes_to_whoever_set_it_and_to_no_place_or_list() {
    let world = town().await;
    world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(ppo_flag(man())).await.unwrap();
    let pathway = wire::Pathway::Accommodation;
    let set = compose::action(id(), GROUNDS, man(), pathway, WIRRAL, now() + Duration::days(7));
    let set = send(&world, EAST, set).await;
    // The flag's owner hears that it is set, as of all that concerns its own.
    takes(&world, SUPERVISION).await;
    let came = takes(&world, WIRRAL).await;
    let report = ActionReport::Accepted;
    let done = compose::action_report(id(), GROUNDS, man(), pathway, release(&came), report)
        .area(NORTH, wire::AreaRole::Resident);
    send(&world, WIRRAL, done).await;
    let reported = takes(&world, EAST).await;
    assert_eq!(reported.message.answers_message_id, set.to_string());
    nothing_for(&world, &[DIVISION, SUPERVISION, CHILDREN, HOUSING]).await;
}

#[tokio::test]
async fn whoever_an_answer_names_besides_hears_of_it_and_not_what_it_answers() {
    let world = town().await;
    let pathway = wire::Pathway::Accommodation;
    let by = now() + Duration::days(7);
    let set = compose::action(id(), GROUNDS, man(), pathway, HOUSING, by);
    let set = send(&world, DIVISION, set).await;
    let came = takes(&world, HOUSING).await;
    let report = ActionReport::NotDone;
    let done = compose::action_report(id(), CARE_GROUNDS, man(), pathway, release(&came), report)
        .addressee(SUPERVISION.0, "");
    send(&world, HOUSING, done).await;
    assert_eq!(takes(&world, DIVISION).await.message.answers_message_id, set.to_string());
    assert_eq!(takes(&world, SUPERVISION).await.message.answers_message_id, "");
    nothing_for(&world, &[EAST, CHILDREN, WIRRAL]).await;
}

#[tokio::test]
async fn what_an_agency_was_not_given_it_cannot_answer() {
    let world = town().await;
    let (_, came) = asked(&world).await;
    // Another agency's release, though that agency was asked as well; and one that nobody has.
    let others = is_not_found(&world, SUPERVISION, answer(release(&came))).await;
    let nobodys = ReleaseId::new(&[7; 16]).unwrap();
    assert_eq!(others, is_not_found(&world, SUPERVISION, answer(nobodys)).await);
    let no_release = ReleaseId::new(&came.delivery.delivery_id).unwrap();
    assert_eq!(others, is_not_found(&world, WIRRAL, answer(no_release)).await);
    nothing_for(&world, &[DIVISION]).await;
}

#[tokio::test]
async fn only_a_question_is_answered_and_only_an_action_is_reported_done() {
    let world = town().await;
    send(&world, DIVISION, hearing(id()).addressee(WIRRAL.0, "")).await;
    let news = takes(&world, WIRRAL).await;
    is_not_found(&world, WIRRAL, answer(release(&news))).await;
    let (_, question) = asked(&world).await;
    let pathway = wire::Pathway::Accommodation;
    let done = |to| compose::action_report(id(), GROUNDS, man(), pathway, to, ActionReport::Done);
    is_not_found(&world, WIRRAL, done(release(&question))).await;
    is_not_found(&world, WIRRAL, done(release(&news))).await;
    let placement = PlacementNews {
        place: Place::Transitional,
        change: PlacementChange::Changed(Earlier::Received(release(&question))),
        emergency: false,
        starts_on: now().date().to_string(),
        ends_on: String::new(),
    };
    is_not_found(&world, WIRRAL, compose::placement(id(), GROUNDS, man(), placement)).await;
    nothing_for(&world, &[DIVISION]).await;
}

#[tokio::test]
async fn a_task_of_the_broker_is_nobodys_question() {
    let world = town().await;
    world.publisher(WIRRAL.0, WIRRAL.1).await.publish(ppo_flag(man())).await.unwrap();
    // A release that names no place: the flag's owner is asked to find it.
    let certainty = wire::CustodyCertainty::Confirmed;
    let released = compose::custody_release(id(), GROUNDS, man(), certainty, "FBI", now());
    send(&world, PRISONS, released).await;
    let mut wirral = open(&world, WIRRAL).await;
    let mut tasks = 0;
    for _ in 0..2 {
        let came = next(&mut wirral).await;
        came.acknowledge().await.unwrap();
        if matches!(came.message.kind, Some(Kind::Task(_))) {
            tasks += 1;
            is_not_found(&world, WIRRAL, answer(release(&came))).await;
            let pathway = wire::Pathway::Accommodation;
            let done = ActionReport::Done;
            let done = compose::action_report(id(), GROUNDS, man(), pathway, release(&came), done);
            is_not_found(&world, WIRRAL, done).await;
        }
    }
    assert_eq!(tasks, 1);
}

#[tokio::test]
async fn a_later_attempt_is_answered_like_the_first() {
    let world = town().await;
    let question = send(&world, DIVISION, question(&[WIRRAL])).await;
    let mut wirral = open(&world, WIRRAL).await;
    let first = next(&mut wirral).await;
    let release_of_first = release(&first);
    first.refuse(std::time::Duration::ZERO).await.unwrap();
    let second = next(&mut wirral).await;
    second.acknowledge().await.unwrap();
    assert_ne!(first.delivery.release_id, second.delivery.release_id);
    for release in [release_of_first, release(&second)] {
        send(&world, WIRRAL, answer(release)).await;
        let came = takes(&world, DIVISION).await;
        assert_eq!(came.message.answers_message_id, question.to_string());
    }
}

#[tokio::test]
async fn an_answer_that_was_wrong_is_taken_back_from_whoever_asked() {
    let world = town().await;
    let (_, came) = asked(&world).await;
    let answered = send(&world, WIRRAL, answer(release(&came))).await;
    let given = takes(&world, DIVISION).await;
    send(&world, WIRRAL, correction(answered, compose::Remedy::Erase)).await;
    let erased = takes(&world, DIVISION).await;
    assert_eq!(erased.delivery.settles_reference, given.delivery.reference);
    assert_eq!(erased.message.answers_message_id, "");
    nothing_for(&world, &[EAST]).await;
}
