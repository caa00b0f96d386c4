//! How deliveries reach a desk: in order, no more than it can hold, again until it has them,
//! and never twice once it has said so.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

#[path = "delivery/line.rs"]
mod line;

use std::time::Duration;

use agency_client::compose::Draft;
use agency_client::errors::CallError;
use agency_client::subscription::SubscriptionError;
use broker::clock::{Clock as _, SetClock};
use demo::stage::Script;
use line::Line;
use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::publish_result::Outcome;
use proto::limits::PUBLISH_FRAME_MESSAGES_MAX;
use proto::refusal::Refusal;
use tests::world::{PATIENCE, World, id, next, nothing, recall, shipped};
use uuid::Uuid;

const PRISONS: (&str, &str) = ("hmpps-prisons", "records");
const POLICE: (&str, &str) = ("gmp", "records");
/// Three invented people, by prison number.
const ANNE: &str = "A9101AA";
const BERT: &str = "A9102AB";
const CORA: &str = "A9103AC";

/// Prisons tell the Stockport desk that a person is recalled.
async fn tell(world: &World, noms: &str) -> Uuid {
    tell_as(world, recall(id(), noms)).await
}

async fn tell_as(world: &World, draft: Draft) -> Uuid {
    let message = draft.addressee("gmp", "stockport").build().unwrap();
    let message_id = Uuid::try_parse(&message.message_id).unwrap();
    let publisher = world.publisher(PRISONS.0, PRISONS.1).await;
    publisher.publish(message).await.unwrap();
    message_id
}

/// Whose news a delivery is, by prison number.
fn about(delivery: &wire::Delivery) -> String {
    let message = wire::ReleasedMessage::decode(delivery.body.clone()).unwrap();
    message.subjects[0].identifiers[0].value.clone()
}

async fn stands(world: &World, message: Uuid) -> OutcomeState {
    world.track(PRISONS.0, PRISONS.1, message).await[0].1
}

#[tokio::test]
async fn a_desk_is_never_sent_more_than_it_said_it_can_hold() {
    let world = World::shipped().await;
    for noms in [ANNE, BERT, CORA] {
        tell(&world, noms).await;
    }
    let mut desk = Line::stockport(&world, 2).await;
    assert_eq!(desk.waiting, 3);
    assert_eq!(about(&desk.next().await), ANNE);
    assert_eq!(about(&desk.next().await), BERT);
    desk.nothing().await;
    // Acknowledging is not asking for more.
    desk.grant(1).await;
    assert_eq!(about(&desk.next().await), CORA);
    // Fresh news waits like any other.
    tell(&world, ANNE).await;
    desk.nothing().await;
    desk.grant(1).await;
    assert_eq!(about(&desk.next().await), ANNE);
}

#[tokio::test]
async fn what_a_desk_cannot_take_now_comes_again_after_the_time_it_asked_for() {
    let (world, clock) = World::on_clock(shipped()).await;
    let mut desk = Line::stockport(&world, 10).await;
    tell(&world, ANNE).await;
    let first = desk.next().await;
    assert_eq!(first.attempt, 1);
    desk.refuse(&first, 600).await;
    clock.advance(Duration::from_secs(599));
    desk.nothing().await;
    clock.advance(Duration::from_secs(2));
    let second = desk.next().await;
    assert_eq!(second.delivery_id, first.delivery_id, "it is the same delivery");
    assert_ne!(second.release_id, first.release_id, "each attempt is released by itself");
    assert_eq!(second.number, first.number);
    assert_eq!(second.reference, first.reference);
    assert_eq!(about(&second), about(&first));
    assert_ne!(second.salt, first.salt, "each release commits under a salt of its own");
    assert_eq!(second.attempt, 2);
}

#[tokio::test]
async fn what_is_not_settled_within_its_lease_comes_again() {
    let (world, clock) = World::on_clock(shipped()).await;
    let mut desk = Line::stockport(&world, 10).await;
    tell(&world, ANNE).await;
    let first = desk.next().await;
    clock.advance(Duration::from_secs(29));
    desk.nothing().await;
    clock.advance(Duration::from_secs(2));
    // The first repetition is put off by one second.
    desk.nothing().await;
    clock.advance(Duration::from_secs(2));
    let second = desk.next().await;
    assert_eq!(second.delivery_id, first.delivery_id);
    assert_ne!(second.release_id, first.release_id);
    assert_eq!(second.attempt, 2);
}

#[tokio::test]
async fn a_desk_that_asks_for_more_time_keeps_what_it_holds() {
    let (world, clock) = World::on_clock(shipped()).await;
    let mut desk = Line::stockport(&world, 10).await;
    let message = tell(&world, ANNE).await;
    let held = desk.next().await;
    for _ in 0..4 {
        clock.advance(Duration::from_secs(20));
        desk.extend(&held).await;
        desk.nothing().await;
    }
    desk.acknowledge(&held).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Acknowledged);
}

#[tokio::test]
async fn after_eight_attempts_a_delivery_is_a_dead_letter_that_people_see_and_can_send_again() {
    let (world, clock) = World::on_clock(shipped()).await;
    let mut desk = Line::stockport(&world, 100).await;
    let message = tell(&world, ANNE).await;
    let mut first = None;
    for attempt in 1..=8 {
        let delivery = desk.next().await;
        assert_eq!(delivery.attempt, attempt);
        first.get_or_insert(delivery.delivery_id.clone());
        desk.refuse(&delivery, 0).await;
        // The longest pause between attempts is five minutes.
        clock.advance(Duration::from_secs(301));
    }
    desk.nothing().await;
    assert_eq!(stands(&world, message).await, OutcomeState::Undelivered);
    assert_eq!(world.status().await.dead_letters, 1);

    let mut client = world.node(POLICE.0, POLICE.1).await.exchange().await.unwrap();
    let stockport = || "stockport".to_owned();
    let asked = wire::ListDeadLettersRequest { desk: stockport() };
    let letters = client.list_dead_letters(asked).await.unwrap().into_inner().letters;
    assert_eq!(letters.len(), 1);
    assert_eq!(Some(&letters[0].delivery_id), first.as_ref());
    assert_eq!(letters[0].attempts, 8);

    // It holds nobody else back, and comes again once somebody says so.
    tell(&world, ANNE).await;
    let other = desk.next().await;
    desk.acknowledge(&other).await;
    let delivery_id = letters[0].delivery_id.clone();
    let asked = wire::RedriveRequest { desk: stockport(), delivery_id: delivery_id.clone() };
    assert!(client.redrive(asked.clone()).await.unwrap().into_inner().redriven);
    let again = desk.next().await;
    assert_eq!(again.delivery_id, delivery_id);
    desk.acknowledge(&again).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Acknowledged);
    assert_eq!(world.status().await.dead_letters, 0);
    // What is no dead letter cannot be sent again.
    assert!(!client.redrive(asked).await.unwrap().into_inner().redriven);
}

#[tokio::test]
async fn a_dead_letter_put_back_is_decided_again_before_anything_of_it_is_sent() {
    let (world, clock) = World::on_clock(shipped()).await;
    let mut desk = Line::stockport(&world, 100).await;
    let tomorrow = clock.now() + Duration::from_secs(86_400);
    let message = tell_as(&world, recall(id(), ANNE).expires_at(tomorrow)).await;
    let mut delivery_id = None;
    for _ in 1..=8 {
        let delivery = desk.next().await;
        desk.refuse(&delivery, 0).await;
        clock.advance(Duration::from_secs(301));
        delivery_id = Some(delivery.delivery_id);
    }
    clock.advance(Duration::from_secs(86_400));
    let mut client = world.node(POLICE.0, POLICE.1).await.exchange().await.unwrap();
    let delivery_id = delivery_id.unwrap();
    let asked = wire::RedriveRequest { desk: "stockport".to_owned(), delivery_id };
    assert!(client.redrive(asked).await.unwrap().into_inner().redriven, "it was put back");
    desk.nothing().await;
    assert_eq!(world.ended(message), [u64::from(Refusal::Expired.code())], "and had run out");
    assert_eq!(stands(&world, message).await, OutcomeState::Undelivered);
}

#[tokio::test]
async fn a_refused_message_holds_back_later_ones_about_the_same_person_and_about_nobody_else() {
    let (world, clock) = World::on_clock(shipped()).await;
    for noms in [ANNE, ANNE, BERT] {
        tell(&world, noms).await;
    }
    let mut desk = Line::stockport(&world, 1).await;
    let first = desk.next().await;
    desk.refuse(&first, 60).await;
    desk.grant(10).await;
    assert_eq!(about(&desk.next().await), BERT);
    desk.nothing().await;
    clock.advance(Duration::from_secs(61));
    let again = desk.next().await;
    assert_eq!((again.delivery_id, again.attempt), (first.delivery_id, 2));
    let later = desk.next().await;
    assert_eq!((about(&later).as_str(), later.attempt), (ANNE, 1));
}

/// Prisons tell the Stockport desk of one person so many times.
async fn tell_often(world: &World, clock: &SetClock, times: usize, draft: impl Fn() -> Draft) {
    let messages: Vec<_> =
        (0..times).map(|_| draft().addressee("gmp", "stockport").build().unwrap()).collect();
    for frame in messages.chunks(PUBLISH_FRAME_MESSAGES_MAX) {
        let answers = world.frame(PRISONS.0, PRISONS.1, frame.to_vec()).await;
        let accepted = answers.iter().filter(|a| matches!(a.outcome, Some(Outcome::Accepted(_))));
        assert_eq!(accepted.count(), frame.len());
        clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn what_its_sender_holds_back_holds_back_nothing_else() {
    let (world, clock) = World::on_clock(shipped()).await;
    let tomorrow = clock.now() + Duration::from_secs(86_400);
    tell_as(&world, recall(id(), ANNE).not_before(tomorrow)).await;
    tell_often(&world, &clock, 600, || recall(id(), BERT).not_before(tomorrow)).await;
    let after = tell(&world, ANNE).await;
    let mut desk = Line::stockport(&world, 2).await;
    let first = desk.next().await;
    assert_eq!(about(&first), ANNE);
    desk.acknowledge(&first).await;
    assert_eq!(stands(&world, after).await, OutcomeState::Acknowledged);
    desk.nothing().await;
    // Once its time has come it is news like any other.
    clock.advance(Duration::from_secs(86_400));
    assert_eq!(about(&desk.next().await), ANNE);
}

#[tokio::test]
async fn however_much_of_one_person_waits_for_a_second_attempt_news_of_others_arrives() {
    let (world, clock) = World::on_clock(shipped()).await;
    tell_often(&world, &clock, 600, || recall(id(), ANNE)).await;
    let mut desk = Line::stockport(&world, 1).await;
    let first = desk.next().await;
    desk.refuse(&first, 60).await;
    tell(&world, BERT).await;
    desk.grant(10).await;
    assert_eq!(about(&desk.next().await), BERT);
    desk.nothing().await;
}

#[tokio::test]
async fn a_refusal_recalls_what_was_sent_later_about_the_same_person() {
    let (world, clock) = World::on_clock(shipped()).await;
    for noms in [ANNE, ANNE, BERT] {
        tell(&world, noms).await;
    }
    let mut desk = Line::stockport(&world, 10).await;
    let (first, second, other) = (desk.next().await, desk.next().await, desk.next().await);
    desk.refuse(&first, 60).await;
    desk.acknowledge(&other).await;
    desk.nothing().await;
    clock.advance(Duration::from_secs(61));
    let again = desk.next().await;
    assert_eq!((again.delivery_id, again.attempt), (first.delivery_id, 2));
    let after = desk.next().await;
    assert_eq!(after.delivery_id, second.delivery_id);
    assert_ne!(after.release_id, second.release_id);
    assert_eq!(after.attempt, 1, "only what the desk itself refused counts as an attempt");
    desk.nothing().await;
}

#[tokio::test]
async fn immediate_news_overtakes_a_routine_backlog_and_routine_news_still_arrives() {
    let world = World::shipped().await;
    for noms in [ANNE, BERT] {
        tell(&world, noms).await;
    }
    tell_as(&world, recall(id(), CORA).immediate()).await;
    let mut desk = Line::stockport(&world, 10).await;
    let order = [desk.next().await, desk.next().await, desk.next().await].map(|d| about(&d));
    assert_eq!(order, [CORA, ANNE, BERT]);
}

#[tokio::test]
async fn after_a_restart_only_what_was_not_acknowledged_is_offered_again() {
    let mut world = World::shipped().await;
    let mut desk = Line::stockport(&world, 10).await;
    let (kept, lost) = (tell(&world, ANNE).await, tell(&world, BERT).await);
    let (first, second) = (desk.next().await, desk.next().await);
    desk.acknowledge(&first).await;
    drop(desk);
    world.stop().await;
    world.start().await;
    let mut desk = Line::stockport(&world, 10).await;
    let again = desk.next().await;
    assert_eq!(again.delivery_id, second.delivery_id);
    assert_ne!(again.release_id, second.release_id);
    assert_eq!(again.attempt, 1, "a restart is not the recipient's failure");
    desk.nothing().await;
    desk.acknowledge(&again).await;
    for message in [kept, lost] {
        assert_eq!(stands(&world, message).await, OutcomeState::Acknowledged);
    }
}

/// The shipped directory with a second node of Greater Manchester Police at the same desk.
fn with_standby() -> Script {
    let mut script = shipped();
    let node = "[[agency.node]]\nname = \"standby\"\ndesks = [\"stockport\"]\n\n[[agency.node]]";
    script.directory = script.directory.replacen("[[agency.node]]", node, 1);
    script
}

#[tokio::test]
async fn one_node_serves_a_subscription_at_a_time_and_another_may_once_it_has_gone() {
    let world = World::with(with_standby()).await;
    let standby = ("gmp", "standby");
    let mailbox = ("stockport", "default");
    let serving = Line::stockport(&world, 10).await;
    let refused = Line::try_open(&world, standby, mailbox, 10).await.err().unwrap();
    let CallError::Refused(refused) = CallError::from(&refused) else { panic!("numbered") };
    assert_eq!(refused.refusal, Some(Refusal::SubscriptionBusy));
    // Another subscription of the desk is free.
    Line::try_open(&world, standby, ("stockport", "night"), 10).await.unwrap();
    drop(serving);
    world
        .until("the standby may serve", async || {
            Line::try_open(&world, standby, mailbox, 10).await.is_ok()
        })
        .await;
}

#[tokio::test]
async fn a_node_that_opens_again_takes_over_from_its_own_lost_connection() {
    let world = World::shipped().await;
    let mut lost = Line::stockport(&world, 10).await;
    tell(&world, ANNE).await;
    let held = lost.next().await;
    let mut desk = Line::stockport(&world, 10).await;
    let again = desk.next().await;
    assert_eq!(again.delivery_id, held.delivery_id);
    assert_ne!(again.release_id, held.release_id);
    tell(&world, BERT).await;
    assert_eq!(about(&desk.next().await), BERT);
    assert_eq!(lost.left().await, 0, "the old connection gets nothing more");
}

#[tokio::test]
async fn of_two_copies_of_one_system_the_older_is_told_and_stays_away_and_the_newer_goes_on() {
    let world = World::shipped().await;
    let mut older = world.mailbox("gmp", "records", "stockport").await;
    let mut newer = world.mailbox("gmp", "records", "stockport").await;
    let told = tokio::time::timeout(PATIENCE, older.next()).await.expect("the older must be told");
    let Some(Err(SubscriptionError::Call(CallError::Refused(refused)))) = told else {
        panic!("the older ends with a numbered refusal")
    };
    assert_eq!(refused.refusal, Some(Refusal::TakenOver));
    assert!(!refused.may_pass());
    assert!(older.next().await.is_none());
    // Had the older opened again, the newer would be the one that ended.
    nothing(&mut newer).await;
    tell(&world, ANNE).await;
    next(&mut newer).await.acknowledge().await.unwrap();
}

#[tokio::test]
async fn taking_over_keeps_the_order_of_one_persons_news() {
    let world = World::shipped().await;
    for _ in 0..3 {
        let mut lost = Line::stockport(&world, 1).await;
        let first = tell(&world, ANNE).await;
        tell(&world, ANNE).await;
        let held = lost.next().await;
        let mut desk = Line::stockport(&world, 10).await;
        let (one, two) = (desk.next().await, desk.next().await);
        assert_eq!(one.delivery_id, held.delivery_id, "the earlier news comes first again");
        desk.acknowledge(&one).await;
        desk.acknowledge(&two).await;
        assert_eq!(stands(&world, first).await, OutcomeState::Acknowledged);
    }
}

#[tokio::test]
async fn the_first_named_subscription_takes_over_what_waits_in_the_mailbox() {
    let world = World::shipped().await;
    tell(&world, ANNE).await;
    tell(&world, BERT).await;
    let mut night = Line::named(&world, "night", 10).await;
    assert_eq!(night.waiting, 2);
    assert_eq!([night.next().await, night.next().await].map(|d| about(&d)), [ANNE, BERT]);
    let mut mailbox = Line::stockport(&world, 10).await;
    assert_eq!(mailbox.waiting, 0);
    // A second one begins empty; from then on each gets everything.
    let mut day = Line::named(&world, "day", 10).await;
    assert_eq!(day.waiting, 0);
    tell(&world, CORA).await;
    assert_eq!(about(&night.next().await), CORA);
    assert_eq!(about(&day.next().await), CORA);
    mailbox.nothing().await;
    day.nothing().await;
}

#[tokio::test]
async fn numbers_go_up_by_one_on_each_subscription_over_reconnects_and_restarts() {
    let mut world = World::shipped().await;
    let mut desk = Line::stockport(&world, 10).await;
    for (number, noms) in [(1, ANNE), (2, BERT)] {
        tell(&world, noms).await;
        let delivery = desk.next().await;
        assert_eq!(delivery.number, number);
        desk.acknowledge(&delivery).await;
    }
    // News of the same sender for somebody else leaves no gap here.
    let other = recall(id(), ANNE).addressee("merseyside-police", "wirral").build().unwrap();
    world.publisher(PRISONS.0, PRISONS.1).await.publish(other).await.unwrap();
    drop(desk);
    world.stop().await;
    world.start().await;
    tell(&world, CORA).await;
    let mut desk = Line::stockport(&world, 10).await;
    assert_eq!(desk.next().await.number, 3);
    let wirral = ("merseyside-police", "records");
    let mut wirral = Line::try_open(&world, wirral, ("wirral", "default"), 10).await.unwrap();
    assert_eq!(wirral.next().await.number, 1);
}

#[tokio::test]
async fn a_receipt_for_a_release_of_an_earlier_connection_counts() {
    let world = World::shipped().await;
    let message = tell(&world, ANNE).await;
    let mut desk = Line::stockport(&world, 1).await;
    let first = desk.next().await;
    drop(desk);
    world
        .until("the delivery waits again", async || {
            stands(&world, message).await == OutcomeState::Waiting
        })
        .await;
    let mut desk = Line::stockport(&world, 1).await;
    desk.acknowledge(&first).await;
    assert_eq!(stands(&world, message).await, OutcomeState::Acknowledged);
    drop(desk);
    let mut desk = Line::stockport(&world, 1).await;
    assert_eq!(desk.waiting, 0);
    desk.nothing().await;
}

#[tokio::test]
async fn one_desk_that_takes_nothing_holds_up_nobody_else() {
    let world = World::shipped().await;
    let wirral = ("merseyside-police", "records");
    let mut other = Line::try_open(&world, wirral, ("wirral", "default"), 100).await.unwrap();
    let messages = (0..60).map(|person| {
        let draft = recall(id(), &format!("A95{person:02}AA")).addressee("gmp", "stockport");
        draft.addressee("merseyside-police", "wirral").build().unwrap()
    });
    let answers = world.frame(PRISONS.0, PRISONS.1, messages.collect()).await;
    let accepted = |answer: &wire::PublishResult| {
        matches!(answer.outcome, Some(wire::publish_result::Outcome::Accepted(_)))
    };
    assert!(answers.iter().all(accepted), "nor does the sender feel it");
    for _ in 0..60 {
        let delivery = other.next().await;
        other.acknowledge(&delivery).await;
    }
    assert_eq!(world.status().await.waiting, 60, "the other desk's wait, and are counted");
}
