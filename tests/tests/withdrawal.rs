//! Corrections chase copies (P8): a withdrawal reaches exactly the agencies that were given the
//! original, whatever has happened since, and nobody else learns that there was anything.
//!
//! DPA 2018 s.48 and UK GDPR art 19 make the sender responsible for both halves of that.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

use agency_client::compose::{self, CustodyNews};
use agency_client::{Incoming, PublishError, Subscription};
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use tests::world::{
    RELEASE_GROUNDS, World, adult, id, next, nothing, now, ppo_flag, recall, shipped,
};
use uuid::Uuid;

const STOCKPORT: &str = "E08000007";
const NOMS: &str = "A9201AA";
const NAME: &str = "Invented Withdrawn";
const REASON: &str = "wrong person: this concerns his brother";

/// Prisons' release of a flagged man to Stockport, naming both police forces and the unit that
/// supervises him. Four agencies have a stake: two forces, probation and housing.
fn release(message: Uuid) -> compose::Draft {
    let person = adult(NOMS, NAME);
    let certainty = wire::CustodyCertainty::Confirmed;
    compose::custody_release(message, RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area(STOCKPORT, wire::AreaRole::Release)
        .addressee("gmp", "stockport")
        .addressee("probation-greater-manchester", "stockport")
}

fn withdrawal(message: Uuid, original: Uuid) -> compose::Draft {
    compose::withdrawal(message, RELEASE_GROUNDS, adult(NOMS, NAME), original, REASON)
}

async fn flagged() -> World {
    let world = World::shipped().await;
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(adult(NOMS, NAME))).await.unwrap();
    world
}

async fn publish(world: &World, draft: compose::Draft) {
    let message = draft.build().unwrap();
    world.publisher("hmpps-prisons", "records").await.publish(message).await.unwrap();
}

/// Opens the desks that the release above reaches.
async fn owner(world: &World) -> Subscription {
    world.mailbox("merseyside-police", "records", "wirral").await
}

async fn stockport(world: &World) -> Subscription {
    world.mailbox("gmp", "records", "stockport").await
}

async fn probation(world: &World) -> Subscription {
    world.mailbox("probation-greater-manchester", "records", "stockport").await
}

async fn housing(world: &World) -> Subscription {
    world.mailbox("stockport-council", "housing", "housing").await
}

/// The withdrawal of what was given as `original`: it cites the reference this agency has, and
/// says nothing about the person again.
async fn withdrawn(desk: &mut Subscription, original: &Incoming) {
    let came = next(desk).await;
    assert_eq!(came.delivery.settles_reference, original.delivery.reference);
    assert_ne!(came.delivery.reference, original.delivery.reference);
    assert!(matches!(came.message.kind, Some(Kind::Correction(_))), "it is a withdrawal");
    assert_eq!(came.message.subjects[0].name, "", "he is not named again");
    assert_eq!(came.message.subjects[0].identifiers, []);
    came.acknowledge().await.expect("the receipt must be durable");
}

#[tokio::test]
async fn a_withdrawal_reaches_exactly_those_who_were_given_the_original() {
    let world = flagged().await;
    let (mut owner, mut stockport, mut housing) =
        (owner(&world).await, stockport(&world).await, housing(&world).await);
    let mut mentors = world.mailbox("loto-stockport", "records", "mentors").await;
    let (original, taken_back) = (id(), id());
    publish(&world, release(original)).await;
    let mut given = Vec::new();
    for desk in [&mut owner, &mut stockport, &mut housing] {
        let delivery = next(desk).await;
        delivery.acknowledge().await.expect("the receipt must be durable");
        given.push(delivery);
    }
    assert_ne!(given[0].delivery.reference, given[1].delivery.reference, "each has its own");

    publish(&world, withdrawal(taken_back, original)).await;
    for (desk, original) in [&mut owner, &mut stockport, &mut housing].into_iter().zip(&given) {
        withdrawn(desk, original).await;
    }
    nothing(&mut mentors).await;
    // Probation had not been given the original: it gets neither.
    let mut probation = probation(&world).await;
    assert_eq!(probation.waiting(), 0);
    nothing(&mut probation).await;
    let probation = "probation-greater-manchester".to_owned();
    assert_eq!(
        world.track("hmpps-prisons", "records", original).await,
        [("gmp".to_owned(), OutcomeState::Acknowledged), (probation, OutcomeState::Withdrawn)]
    );
}

#[tokio::test]
async fn withdrawn_custody_news_goes_to_those_told_and_to_nobody_by_place_or_flag() {
    let world = flagged().await;
    let (mut owner, mut stockport) = (owner(&world).await, stockport(&world).await);
    let original = id();
    publish(&world, release(original)).await;
    let (first, second) = (next(&mut owner).await, next(&mut stockport).await);
    let news = CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty: wire::CustodyCertainty::Withdrawn,
        prison: "FBI".to_owned(),
        occurred_at: now(),
        movement_reason: String::new(),
        settles: Some(original),
    };
    // It names the place, the unit and the desk of a second force: none of that counts.
    let taken_back = compose::custody(id(), RELEASE_GROUNDS, adult(NOMS, NAME), news)
        .area(STOCKPORT, wire::AreaRole::Release)
        .addressee("probation-greater-manchester", "stockport")
        .addressee("gmp", "manchester");
    publish(&world, taken_back).await;
    for (desk, original) in [(&mut owner, &first), (&mut stockport, &second)] {
        let came = next(desk).await;
        assert_eq!(came.delivery.settles_reference, original.delivery.reference);
        let Some(Kind::Custody(custody)) = &came.message.kind else { panic!("custody") };
        assert_eq!(custody.certainty(), wire::CustodyCertainty::Withdrawn);
        assert_eq!(custody.settles_message_id, "", "the sender's own ids stay with the sender");
    }
    for mut desk in [
        probation(&world).await,
        housing(&world).await,
        world.mailbox("gmp", "records", "manchester").await,
    ] {
        nothing(&mut desk).await;
    }
}

#[tokio::test]
async fn another_agency_that_cites_the_message_is_told_that_there_is_none() {
    let world = flagged().await;
    let mut stockport = stockport(&world).await;
    let original = id();
    publish(&world, release(original)).await;
    next(&mut stockport).await.acknowledge().await.expect("the receipt must be durable");
    let probation = world.publisher("probation-greater-manchester", "records").await;
    for cited in [original, id()] {
        let answer = probation.publish(withdrawal(id(), cited).build().unwrap()).await;
        let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
        assert_eq!(refused.refusal, Some(Refusal::NotFound), "there or not, it looks the same");
    }
    nothing(&mut stockport).await;
}

#[tokio::test]
async fn what_was_given_and_not_yet_acknowledged_is_not_given_again_after_its_withdrawal() {
    let world = flagged().await;
    let mut desk = stockport(&world).await;
    let original = id();
    publish(&world, release(original)).await;
    let first = next(&mut desk).await;
    publish(&world, withdrawal(id(), original)).await;
    let withdrawal = next(&mut desk).await;
    let (earlier, withdrawal_id) = (first.delivery.reference.clone(), withdrawal.delivery_id());
    // It reads on only after its system came back, with nothing settled.
    drop((first, withdrawal));
    desk.close().await.unwrap();
    let mut desk = stockport(&world).await;
    let again = next(&mut desk).await;
    assert_eq!(again.delivery_id(), withdrawal_id, "only the withdrawal comes again");
    assert_eq!(again.delivery.settles_reference, earlier);
    nothing(&mut desk).await;
}

#[tokio::test]
async fn an_agency_suspended_meanwhile_hears_of_the_withdrawal_once_it_is_back() {
    let world = flagged().await;
    let mut desk = stockport(&world).await;
    let original = id();
    publish(&world, release(original)).await;
    let given = next(&mut desk).await;
    given.acknowledge().await.expect("the receipt must be durable");
    desk.close().await.unwrap();
    world.suspend("gmp", true).await;
    publish(&world, withdrawal(id(), original)).await;
    world.suspend("gmp", false).await;
    let mut desk = stockport(&world).await;
    withdrawn(&mut desk, &given).await;
}

#[tokio::test]
async fn a_message_and_its_withdrawal_sent_together_leave_no_copy_behind() {
    let world = World::shipped().await;
    let mut messages = Vec::new();
    for person in 0..32 {
        let (original, noms) = (id(), format!("A92{person:02}BB"));
        messages.push(recall(original, &noms).addressee("gmp", "stockport").build().unwrap());
        messages.push(withdrawal(id(), original).build().unwrap());
    }
    let answers = world.frame("hmpps-prisons", "records", messages).await;
    for answer in answers {
        let accepted = matches!(answer.outcome, Some(wire::publish_result::Outcome::Accepted(_)));
        assert!(accepted, "both are accepted");
    }
    let mut desk = stockport(&world).await;
    assert_eq!(desk.waiting(), 0, "what was withdrawn before anyone had it is given to nobody");
    nothing(&mut desk).await;
}

#[tokio::test]
async fn withdrawing_twice_tells_the_same_agencies_twice_and_nobody_new() {
    let world = flagged().await;
    let mut desk = stockport(&world).await;
    let original = id();
    publish(&world, release(original)).await;
    let given = next(&mut desk).await;
    for _ in 0..2 {
        publish(&world, withdrawal(id(), original)).await;
        withdrawn(&mut desk, &given).await;
    }
    let mut probation = probation(&world).await;
    nothing(&mut probation).await;
}

#[tokio::test]
async fn a_withdrawal_needs_no_agreement_because_the_duty_to_correct_is_law() {
    let world = flagged().await;
    let mut desk = housing(&world).await;
    let original = id();
    publish(&world, release(original)).await;
    let given = next(&mut desk).await;
    // The next bundle holds no agreement at all.
    let mut script = shipped();
    script.bundle.retain(|(path, _)| path.starts_with("agencies/"));
    world.stage.approve(&script).await.unwrap();
    publish(&world, withdrawal(id(), original)).await;
    withdrawn(&mut desk, &given).await;
}

#[tokio::test]
async fn why_a_message_was_withdrawn_is_narrative_and_is_not_shown_without_a_permit() {
    let world = flagged().await;
    let mut desk = housing(&world).await;
    let original = id();
    publish(&world, release(original)).await;
    let given = next(&mut desk).await;
    given.acknowledge().await.expect("the receipt must be durable");
    publish(&world, withdrawal(id(), original)).await;
    let came = next(&mut desk).await;
    let Some(Kind::Correction(correction)) = &came.message.kind else { panic!("a withdrawal") };
    assert_eq!(correction.reason, "");
    assert!(came.message.withheld.contains(&(wire::Field::Narrative as i32)));
}
