//! What came of an action: its owner says so once, to whoever set it, and everybody who was given
//! the action hears it. Nobody else learns that there was one.

use agency_client::compose::{self, ActionReport, ReleaseId};
use agency_client::{Incoming, PublishError};
use proto::exchange::v1 as wire;
use proto::exchange::v1::ActionStep;
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use tests::world::{World, adult, id, nothing, now, ppo_flag};
use time::Duration;
use uuid::Uuid;

use super::town::{
    CHILDREN, DIVISION, Desk, EAST, GROUNDS, HOME, HOUSING, NORTH, SUPERVISION, WIRRAL, ends_for,
    is_bare, man, nothing_for, open, send, taken, takes, town,
};

const ROOF: wire::Pathway = wire::Pathway::Accommodation;

/// The east sets an action for the Wirral. Supervision, which owns his flag, hears of it too.
async fn set(world: &World) -> Uuid {
    world.publisher(SUPERVISION.0, SUPERVISION.1).await.publish(ppo_flag(man())).await.unwrap();
    let action = compose::action(id(), GROUNDS, man(), ROOF, WIRRAL, now() + Duration::days(7));
    send(world, EAST, action).await
}

fn report(came: &Incoming, report: ActionReport) -> compose::Draft {
    let release = ReleaseId::new(&came.delivery.release_id).unwrap();
    compose::action_report(id(), GROUNDS, man(), ROOF, release, report)
}

/// It says this of the action that was given as `first`.
fn tells(came: &Incoming, step: ActionStep, first: &Incoming) {
    let Some(Kind::Action(action)) = &came.message.kind else { panic!("an action") };
    assert_eq!(action.step(), step);
    assert_eq!(came.message.sending_agency, WIRRAL.0);
    assert_eq!(came.delivery.settles_reference, first.delivery.reference);
    assert_eq!(came.message.answers_message_id, "", "the action's own id stays with who set it");
}

async fn owes(world: &World, (agency, desk): Desk) -> bool {
    let connection = world.node(agency, desk).await;
    let request = wire::ListObligationsRequest { desk: desk.to_owned() };
    let answer = connection.exchange().await.unwrap().list_obligations(request).await.unwrap();
    !answer.into_inner().obligations.is_empty()
}

#[tokio::test]
async fn what_its_owner_says_of_it_reaches_everybody_who_was_given_it_and_nobody_else() {
    for (step, said) in
        [(ActionStep::Done, ActionReport::Done), (ActionStep::NotDone, ActionReport::NotDone)]
    {
        let world = town().await;
        let action = set(&world).await;
        let (held, came) = (takes(&world, SUPERVISION).await, takes(&world, WIRRAL).await);
        assert!(owes(&world, WIRRAL).await && owes(&world, SUPERVISION).await);
        // A place in the report brings it to nobody.
        let told = report(&came, said).area(NORTH, wire::AreaRole::Resident);
        let told = send(&world, WIRRAL, told).await;
        assert_eq!(takes(&world, EAST).await.message.answers_message_id, action.to_string());
        tells(&takes(&world, SUPERVISION).await, step, &held);
        nothing_for(&world, &[DIVISION, CHILDREN, HOUSING, HOME, WIRRAL]).await;
        // Whom the action named, and who else was given it, is not its owner's to know.
        assert_eq!(world.track(WIRRAL.0, WIRRAL.1, told).await, []);
        assert!(!owes(&world, WIRRAL).await, "nobody has to act on it any more");
        assert!(!owes(&world, SUPERVISION).await);
    }
}

#[tokio::test]
async fn that_it_was_taken_up_is_between_its_owner_and_whoever_set_it() {
    let world = town().await;
    set(&world).await;
    takes(&world, SUPERVISION).await;
    let came = takes(&world, WIRRAL).await;
    send(&world, WIRRAL, report(&came, ActionReport::Accepted)).await;
    takes(&world, EAST).await;
    nothing_for(&world, &[SUPERVISION, DIVISION, CHILDREN, HOUSING]).await;
    assert!(owes(&world, WIRRAL).await, "it is still to be done");
}

/// Whoever merely holds the action may say something of it to who set it; the outcome is not its
/// to tell, nor does it release anybody from doing it.
#[tokio::test]
async fn what_somebody_else_reports_is_for_whoever_set_it_alone() {
    let world = town().await;
    set(&world).await;
    let held = takes(&world, SUPERVISION).await;
    takes(&world, WIRRAL).await;
    send(&world, SUPERVISION, report(&held, ActionReport::Done)).await;
    takes(&world, EAST).await;
    nothing_for(&world, &[WIRRAL, DIVISION, CHILDREN, HOUSING]).await;
    assert!(owes(&world, WIRRAL).await);
}

#[tokio::test]
async fn whoever_may_have_no_more_hears_that_something_came_of_it_and_of_nobody() {
    let world = town().await;
    set(&world).await;
    let (held, came) = (takes(&world, SUPERVISION).await, takes(&world, WIRRAL).await);
    ends_for(&world, SUPERVISION.0).await;
    send(&world, WIRRAL, report(&came, ActionReport::Done)).await;
    takes(&world, EAST).await;
    is_bare(&takes(&world, SUPERVISION).await, &held);
    nothing_for(&world, &[DIVISION, CHILDREN, HOUSING]).await;
}

#[tokio::test]
async fn whoever_waits_for_the_action_is_given_it_first_and_never_its_outcome_alone() {
    let world = town().await;
    set(&world).await;
    let came = takes(&world, WIRRAL).await;
    send(&world, WIRRAL, report(&came, ActionReport::Done)).await;
    takes(&world, EAST).await;
    let mut supervision = open(&world, SUPERVISION).await;
    let first = taken(&mut supervision).await;
    assert!(
        matches!(&first.message.kind, Some(Kind::Action(action)) if action.step() == ActionStep::Set)
    );
    tells(&taken(&mut supervision).await, ActionStep::Done, &first);
    // The same again, and before it is fetched nothing more is agreed with them.
    let world = town().await;
    set(&world).await;
    let came = takes(&world, WIRRAL).await;
    send(&world, WIRRAL, report(&came, ActionReport::Done)).await;
    ends_for(&world, SUPERVISION.0).await;
    nothing(&mut open(&world, SUPERVISION).await).await;
}

/// It is refused for a document that was never put.
async fn is_refused_for_a_document(world: &World, (agency, desk): Desk, draft: compose::Draft) {
    let mut message = draft.build().unwrap();
    message.attachments.push(wire::Section {
        attachment_id: id().to_string(),
        kind: wire::SectionKind::Plan.into(),
        media_type: wire::MediaType::Text.into(),
        size_bytes: 1,
        digest: vec![7; 32].into(),
        salt: (0..32).collect::<Vec<u8>>().into(),
        ..wire::Section::default()
    });
    let answer = world.publisher(agency, desk).await.publish(message).await;
    let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
    assert_eq!(refused.refusal, Some(Refusal::AttachmentAbsent));
}

#[tokio::test]
async fn what_is_refused_for_its_documents_takes_nothing_back_and_ends_no_duty() {
    let world = town().await;
    let action = set(&world).await;
    let cancelled = compose::action_cancelled(id(), GROUNDS, man(), ROOF, action);
    is_refused_for_a_document(&world, EAST, cancelled).await;
    takes(&world, SUPERVISION).await;
    let came = takes(&world, WIRRAL).await;
    is_refused_for_a_document(&world, WIRRAL, report(&came, ActionReport::Done)).await;
    nothing_for(&world, &[EAST, SUPERVISION, WIRRAL]).await;
    assert!(owes(&world, WIRRAL).await && owes(&world, SUPERVISION).await);
}

/// A report that names somebody else by a number says nothing of them to holders of the action.
#[tokio::test]
async fn a_report_about_somebody_else_tells_holders_of_nobody() {
    let world = town().await;
    set(&world).await;
    let (held, came) = (takes(&world, SUPERVISION).await, takes(&world, WIRRAL).await);
    let release = ReleaseId::new(&came.delivery.release_id).unwrap();
    let other = adult("A9602AA", "Invented Stranger");
    let told = compose::action_report(id(), GROUNDS, other, ROOF, release, ActionReport::Done);
    send(&world, WIRRAL, told).await;
    takes(&world, EAST).await;
    is_bare(&takes(&world, SUPERVISION).await, &held);
}
