//! Nobody is told anything before it is durable, and nothing that was taken is left behind.

use proto::exchange::v1::CustodyCertainty;
use proto::exchange::v1::message::Kind;
use proto::refusal::Refusal;

use crate::ledger::appender::{PublishOutcome, Settlement};
use crate::ledger::journal::DeliveryState;
use crate::ledger::town::{POLICE, PROBATION, news};

use super::gate::Outcome;
use super::world::{Reply, World, all_accepted};

const REUSED: PublishOutcome = PublishOutcome::Refused(Refusal::MessageIdReused);

#[test]
fn nobody_is_told_and_nothing_is_sent_before_the_appenders_own_commit_returns() {
    let world = World::open();
    world.streams.grant(world.police, 1);
    world.gate.hold();
    let asked = world.gate.count();
    let mut alone = world.publish(news(1, &[POLICE], None));
    world.gate.wait_for(asked + 1);
    World::lull();
    assert_eq!((alone.told_already(), world.streams.sent_messages()), (None, vec![]));
    world.gate.open();
    alone.accepted();
    assert_eq!(world.streams.sent_messages(), [1]);
    assert_eq!(world.close().messages(), [1]);
}

#[test]
fn nobody_is_told_and_nothing_is_sent_before_the_writing_threads_commit_returns() {
    let world = World::open();
    world.streams.grant(world.police, 1);
    let (mut message, mut tick) =
        world.in_flight(|| (world.publish(news(1, &[POLICE], None)), world.tick(1)));
    World::lull();
    assert!(message.told_already().is_none() && tick.told_already().is_none());
    assert_eq!(world.streams.sent_messages(), []);
    world.gate.let_one_through();
    message.accepted();
    tick.told().unwrap();
    assert_eq!(world.streams.sent_messages(), [1]);
    assert_eq!(world.close().messages(), [1]);
}

#[test]
fn what_comes_while_a_commit_runs_is_drafted_and_written_in_the_one_commit_after_it() {
    let world = World::open();
    let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
    let asked = world.gate.count();
    let mut meanwhile: Vec<_> =
        (2..=4).map(|number| world.publish_drafted(news(number, &[POLICE], None))).collect();
    let mut tick = world.tick(1);
    World::lull();
    assert_eq!(world.gate.count(), asked, "the second commit follows the first");
    world.gate.let_one_through();
    first.accepted();
    world.gate.wait_for(asked + 1);
    World::lull();
    for later in &mut meanwhile {
        assert_eq!(later.told_already(), None);
    }
    world.gate.open();
    all_accepted(&mut meanwhile);
    tick.told().unwrap();
    assert_eq!(world.gate.count(), asked + 1);
    assert_eq!(world.gate.asked()[asked].messages, [2, 3, 4]);
    assert_eq!(world.close().messages(), [1, 2, 3, 4]);
}

#[test]
fn a_message_that_comes_again_while_it_is_written_is_a_repetition_once_the_first_is_durable() {
    let world = World::open();
    let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
    let asked = world.gate.count();
    world.clock.advance(std::time::Duration::from_secs(5));
    let mut again = world.publish_drafted(news(1, &[POLICE], None));
    let mut other = world.publish_drafted(news(1, &[PROBATION], None));
    World::lull();
    assert_eq!((again.told_already(), other.told_already()), (None, None));
    world.gate.open();
    let at = first.accepted();
    assert_eq!(again.repeated(), at);
    assert_eq!(other.told(), REUSED);
    assert_eq!(world.gate.count(), asked, "nothing is left to write");
    assert_eq!(world.close().messages(), [1]);
}

#[test]
fn news_that_settles_what_is_still_being_written_follows_it() {
    let world = World::open();
    let mut provisional = news(1, &[POLICE], None);
    let mut confirmed = news(2, &[POLICE], None);
    if let Some(Kind::Custody(custody)) = &mut provisional.kind {
        custody.certainty = CustodyCertainty::Provisional.into();
    }
    if let Some(Kind::Custody(custody)) = &mut confirmed.kind {
        custody.settles_message_id = provisional.message_id.clone();
    }
    let mut first = world.in_flight(|| world.publish(provisional));
    // Whoever was told of the first is to be known, so that it waits for that.
    let mut second = world.publish(confirmed);
    World::lull();
    assert_eq!((first.told_already(), second.told_already()), (None, None));
    world.gate.open();
    first.accepted();
    second.accepted();
    let settled = "SELECT count(*) FROM message s JOIN message m ON m.id = s.settles";
    assert_eq!(world.close().count(settled), 1);
}

#[test]
fn a_message_that_comes_twice_in_one_draft_is_a_repetition_too() {
    let world = World::open();
    let (mut first, mut again, mut other) = world.in_flight(|| {
        let other = news(1, &[PROBATION], None);
        let publish = |message| world.publish(message);
        (publish(news(1, &[POLICE], None)), publish(news(1, &[POLICE], None)), publish(other))
    });
    world.gate.open();
    assert_eq!((first.accepted(), other.told()), (again.repeated(), REUSED));
    assert_eq!(world.close().messages(), [1]);
}

#[test]
fn the_second_becomes_the_first_where_the_first_could_not_be_written() {
    for content in [POLICE, PROBATION] {
        let world = World::open();
        let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
        let mut second = world.publish_drafted(news(1, &[content], None));
        let mut third = world.publish_drafted(news(1, &[content], None));
        world.gate.next(&[Outcome::Full]);
        world.gate.open();
        assert_eq!(first.told(), PublishOutcome::Refused(Refusal::DiskFloor));
        assert_eq!(second.accepted(), third.repeated());
        assert_eq!(world.close().digests(), [(1, second.digest)]);
    }
}

#[test]
fn a_repetition_is_not_confirmed_by_what_is_still_being_written() {
    let world = World::open();
    let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
    world.look_fails();
    let mut again = world.publish(news(1, &[POLICE], None));
    assert_eq!(again.told(), PublishOutcome::Refused(Refusal::StoreUnavailable));
    world.gate.next(&[Outcome::Full]);
    world.gate.open();
    assert_eq!(first.told(), PublishOutcome::Refused(Refusal::DiskFloor));
    assert_eq!(world.close().messages(), []);
}

#[test]
fn what_the_commit_that_runs_settles_is_settled_for_the_draft_upon_it() {
    let world = World::open();
    world.publish(news(1, &[POLICE], None)).accepted();
    let released = world.release_all(1).remove(0);
    let (row, now) = (released.delivery, Settlement::Again(crate::ledger::town::NOON));
    let mut receipt =
        world.in_flight(|| world.settle(world.police, &released, Settlement::Acknowledged));
    let mut late = world.settle_drafted(&released, now);
    world.gate.open();
    assert_eq!((receipt.told(), late.told()), (true, true));
    assert_eq!(world.close().state(row), DeliveryState::Acknowledged);
}

#[test]
fn what_the_commit_that_runs_releases_is_not_released_again_by_the_draft_upon_it() {
    let world = World::open();
    world.publish(news(1, &[POLICE], None)).accepted();
    let waiting = world.due(world.police);
    let mut first = world.in_flight(|| world.release(world.police, &waiting));
    let mut second = world.release(world.police, &waiting);
    let mut third = world.publish_drafted(news(2, &[POLICE], None));
    world.gate.open();
    assert_eq!(first.told().unwrap().len(), 1);
    assert_eq!(second.told().unwrap().len(), 0);
    third.accepted();
    assert_eq!(world.close().count("SELECT count(*) FROM release"), 1);
}

#[test]
fn a_stop_is_answered_when_the_commit_that_runs_and_the_draft_upon_it_are_both_written() {
    let world = World::open();
    let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
    let mut second = world.publish_drafted(news(2, &[POLICE], None));
    let mut stopped = world.stop();
    World::lull();
    let told = (first.told_already(), second.told_already(), stopped.told_already());
    assert_eq!(told, (None, None, None));
    world.gate.open();
    stopped.told();
    let told = (first.told_already(), second.told_already());
    let accepted = |outcome| matches!(outcome, Some(PublishOutcome::Accepted { .. }));
    assert!(accepted(told.0) && accepted(told.1), "all were told before the stop was");
    assert_eq!(world.abandon().messages(), [1, 2]);
}

#[test]
fn an_appender_that_nobody_can_reach_writes_what_it_has_and_lets_the_store_go() {
    let world = World::open();
    world.publish(news(9, &[POLICE], None)).accepted();
    let released = world.release_all(1).remove(0);
    let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
    let mut second = world.publish_drafted(news(2, &[POLICE], None));
    let mut receipt = world.settle_drafted(&released, Settlement::Acknowledged);
    let gate = std::sync::Arc::clone(&world.gate);
    let opens = std::thread::spawn(move || {
        World::lull();
        gate.open();
    });
    assert_eq!(world.abandon().messages(), [9, 1, 2]);
    opens.join().unwrap();
    first.accepted();
    second.accepted();
    assert!(receipt.told());
}

#[test]
fn what_was_put_aside_for_the_next_commit_is_written_at_the_end_although_one_before_fails() {
    let world = World::open();
    world.publish(news(1, &[POLICE], None)).accepted();
    let released = world.release_all(1).remove(0);
    let row = released.delivery;
    let settle = |how| world.settle(world.police, &released, how);
    world.in_flight(|| ());
    let settled = [Settlement::Recalled, Settlement::Acknowledged, Settlement::Acknowledged];
    let mut settled = settled.map(settle);
    let mut stopped = world.stop();
    world.gate.next(&[Outcome::Written, Outcome::Written, Outcome::Full]);
    world.gate.open();
    assert_eq!(settled.each_mut().map(Reply::told), [true, false, true]);
    stopped.told();
    assert_eq!(world.abandon().state(row), DeliveryState::Acknowledged);
}
