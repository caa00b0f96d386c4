//! The main job, end to end: a prison release reaches everyone entitled to it, and nobody
//! else; and what its sender is told of what it publishes, once, again, and in vain.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

use std::sync::atomic::Ordering;
use std::time::Duration;

use agency_client::compose;
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::exchange::v1::released_message::Kind;
use tests::world::{
    RELEASE_GROUNDS, World, adult, id, next, nothing, now, ppo_flag, recall, shipped,
};

const STOCKPORT: &str = "E08000007";
const NOMS: &str = "A9002AA";
const NAME: &str = "Invented Repeated";

fn release(noms: &str, name: &str) -> compose::Draft {
    compose::custody_release(
        id(),
        RELEASE_GROUNDS,
        adult(noms, name),
        wire::CustodyCertainty::Confirmed,
        "FBI",
        now(),
    )
    .immediate()
}

#[tokio::test]
async fn a_wirral_ppo_released_to_stockport_reaches_both_forces_probation_and_housing() {
    let world = World::shipped().await;
    let wirral = world.publisher("merseyside-police", "records").await;
    wirral.publish(ppo_flag(adult("A9001AA", "Invented Wirral"))).await.unwrap();

    let mut owner = world.mailbox("merseyside-police", "records", "wirral").await;
    let mut stockport = world.mailbox("gmp", "records", "stockport").await;
    let mut probation = world.mailbox("probation-greater-manchester", "records", "stockport").await;
    let mut housing = world.mailbox("stockport-council", "housing", "housing").await;
    let mut mentors = world.mailbox("loto-stockport", "records", "mentors").await;

    let prisons = world.publisher("hmpps-prisons", "records").await;
    let message = release("A9001AA", "Invented Wirral")
        .area(STOCKPORT, wire::AreaRole::Release)
        .build()
        .unwrap();
    let accepted = prisons.publish(message).await.unwrap();
    assert_eq!(accepted.duty_route, "0161 496 0999 (invented)");

    for desk in [&mut owner, &mut stockport, &mut probation] {
        let delivery = next(desk).await;
        let Some(Kind::Custody(custody)) = &delivery.message.kind else { panic!("custody") };
        assert_eq!(custody.event(), wire::CustodyEvent::Release);
        assert_eq!(delivery.message.subjects[0].name, "Invented Wirral");
        delivery.acknowledge().await.expect("the receipt must be durable");
    }
    let minimum = next(&mut housing).await;
    let Some(Kind::Custody(custody)) = &minimum.message.kind else { panic!("custody") };
    assert_eq!(minimum.message.subjects[0].identifiers, [], "housing gets no identifier");
    assert_eq!(custody.prison, "", "housing is not told which prison");
    nothing(&mut mentors).await;
}

fn wanted() -> wire::Message {
    recall(id(), NOMS).addressee("gmp", "stockport").build().unwrap()
}

/// What a publish is answered, in one attempt: the refusal's number, or whether it had been
/// recorded before.
async fn answer(world: &World, message: &wire::Message) -> Result<bool, u32> {
    let results = world.frame("hmpps-prisons", "records", vec![message.clone()]).await;
    match results[0].outcome.clone().expect("an outcome") {
        Outcome::Accepted(accepted) => Ok(accepted.repeated_submission),
        Outcome::Refused(refused) => Err(refused.code),
    }
}

#[tokio::test]
async fn what_is_on_record_is_answered_so_while_nothing_new_is_taken() {
    let world = World::shipped().await;
    let (recorded, new) = (wanted(), wanted());
    assert_eq!(answer(&world, &recorded).await, Ok(false));
    let mut other = recorded.clone();
    other.subjects[0].name = "Invented Somebody Else".to_owned();
    let at_the_floor = &world.app.as_ref().unwrap().sources.disk_floor;
    at_the_floor.store(true, Ordering::Relaxed);
    assert_eq!(answer(&world, &recorded).await, Ok(true));
    assert_eq!(answer(&world, &new).await, Err(3001));
    assert_eq!(answer(&world, &other).await, Err(2003));
    at_the_floor.store(false, Ordering::Relaxed);
    assert_eq!(answer(&world, &new).await, Ok(false), "it had not been recorded");
}

#[tokio::test]
async fn what_is_on_record_is_answered_so_after_its_time_is_over() {
    let (world, clock) = World::on_clock(shipped()).await;
    let ending = |message| {
        let draft = recall(message, NOMS).addressee("gmp", "stockport");
        draft.expires_at(now() + Duration::from_hours(1)).build().unwrap()
    };
    let recorded = ending(id());
    assert_eq!(answer(&world, &recorded).await, Ok(false));
    clock.advance(Duration::from_hours(2));
    assert_eq!(answer(&world, &recorded).await, Ok(true));
    assert_eq!(answer(&world, &ending(id())).await, Err(2001));
}

#[tokio::test]
async fn an_end_that_only_a_disbelieved_clock_calls_past_is_refused_for_now() {
    let (world, clock) = World::on_clock(shipped()).await;
    let draft = recall(id(), NOMS).addressee("gmp", "stockport");
    let message = draft.expires_at(now() + Duration::from_hours(1)).build().unwrap();
    let two_hours = time::Duration::hours(2);
    clock.step(two_hours);
    let results = world.frame("hmpps-prisons", "records", vec![message.clone()]).await;
    let Some(Outcome::Refused(refused)) = &results[0].outcome else { panic!("not now") };
    assert_eq!(refused.code, 3004);
    assert_eq!(refused.violations[0].field, "expires_at");
    assert!(refused.retry_after.is_some(), "it is told when to try again");
    clock.step(-two_hours);
    assert_eq!(answer(&world, &message).await, Ok(false));
}

#[tokio::test]
async fn what_cites_a_message_that_is_not_there_is_told_in_which_field() {
    let world = World::shipped().await;
    let person = || adult(NOMS, NAME);
    let withdrawal = compose::withdrawal(id(), RELEASE_GROUNDS, person(), id(), "");
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty: wire::CustodyCertainty::Withdrawn,
        prison: "FBI".to_owned(),
        occurred_at: now(),
        movement_reason: String::new(),
        settles: Some(id()),
    };
    let withdrawn = compose::custody(id(), RELEASE_GROUNDS, person(), news);
    for (draft, field) in
        [(withdrawal, "correction.message_id"), (withdrawn, "custody.settles_message_id")]
    {
        let message = draft.build().unwrap();
        let results = world.frame("hmpps-prisons", "records", vec![message]).await;
        let Some(Outcome::Refused(refused)) = &results[0].outcome else { panic!("refused") };
        assert_eq!(refused.code, 4001);
        let named: Vec<&str> = refused.violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(named, [field]);
    }
}
