//! The order on one subscription, and how receipts are gathered.

use crate::clock::{Clock as _, SystemClock};
use crate::ledger::appender::{ATTEMPTS_MAX, Released, Settlement};
use crate::ledger::journal::DeliveryState;
use crate::ledger::town::{NOON, POLICE, news, of_known_person};

use super::world::{Reply, World, all_accepted};

/// So many messages are waiting for the police.
fn with_waiting(messages: u128) -> World {
    let world = World::open();
    for number in 101..=100 + messages {
        world.publish(news(number, &[POLICE], None)).accepted();
    }
    world
}

#[test]
fn news_goes_out_fresh_in_order_while_the_commit_before_it_runs() {
    let world = World::open();
    world.streams.grant(world.police, 3);
    let mut first = world.in_flight(|| world.publish(of_known_person(news(1, &[POLICE], None))));
    let mut second = world.publish_drafted(of_known_person(news(2, &[POLICE], None)));
    let mut third = world.publish_drafted(news(3, &[POLICE], None));
    world.gate.open();
    all_accepted([&mut first, &mut second, &mut third]);
    assert_eq!(world.streams.sent_messages(), [1, 2, 3]);
    let numbers: Vec<_> = world.streams.sent().iter().map(|sent| sent.released.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    world.close();
}

#[test]
fn nothing_fresh_passes_what_the_commit_that_runs_leaves_waiting() {
    let world = World::open();
    let mut first = world.in_flight(|| world.publish(of_known_person(news(1, &[POLICE], None))));
    world.streams.grant(world.police, 5);
    let mut second = world.publish_drafted(of_known_person(news(2, &[POLICE], None)));
    world.gate.open();
    first.accepted();
    second.accepted();
    world.publish(of_known_person(news(3, &[POLICE], None))).accepted();
    assert_eq!(world.streams.sent_messages(), []);
    let due = world.due(world.police);
    let due: Vec<_> = due.iter().map(|waiting| waiting.message.key.id.as_u128()).collect();
    assert_eq!(due, [1, 2, 3]);
    world.close();
}

#[test]
fn nothing_fresh_passes_what_waits_in_the_same_draft() {
    let world = World::open();
    world.in_flight(|| ());
    let mut first = world.publish_drafted(of_known_person(news(1, &[POLICE], None)));
    // Drafted, and not only looked up: the next work is.
    world.publish_drafted(news(90, &[], None));
    world.streams.grant(world.police, 5);
    let mut second = world.publish_drafted(of_known_person(news(2, &[POLICE], None)));
    world.gate.open();
    first.accepted();
    second.accepted();
    assert_eq!(world.streams.sent_messages(), []);
    world.close();
}

#[test]
fn nothing_fresh_passes_what_the_commit_that_runs_takes_back() {
    let world = with_waiting(1);
    let released = world.release_all(1).remove(0);
    world.streams.drained(world.police, world.streams.additions(world.police));
    let mut recalled =
        world.in_flight(|| world.settle(world.police, &released, Settlement::Recalled));
    world.streams.grant(world.police, 5);
    let mut fresh = world.publish_drafted(news(1, &[POLICE], None));
    world.gate.open();
    assert!(recalled.told());
    fresh.accepted();
    assert_eq!(world.streams.sent_messages(), []);
    world.close();
}

#[test]
fn news_goes_out_fresh_again_once_nothing_waits() {
    let world = with_waiting(1);
    world.streams.grant(world.police, 1);
    world.publish(news(1, &[POLICE], None)).accepted();
    let additions = world.streams.additions(world.police);
    world.release_all(2);
    world.streams.drained(world.police, additions);
    world.publish(news(2, &[POLICE], None)).accepted();
    assert_eq!(world.streams.sent_messages(), [2]);
    world.close();
}

#[test]
fn a_receipt_is_durable_within_a_tenth_of_a_second_although_nobody_publishes() {
    let world = with_waiting(8);
    let released = world.release_all(8);
    let clock = SystemClock::new();
    let took = released.iter().map(|released| {
        let before = clock.monotonic();
        let mut receipt = world.settle(world.police, released, Settlement::Acknowledged);
        assert!(receipt.told());
        clock.monotonic() - before
    });
    // The quickest: the others tell how busy the machine is.
    let quickest = took.min().unwrap();
    assert!(quickest < std::time::Duration::from_millis(100), "{quickest:?}");
    world.close();
}

#[test]
fn receipts_that_come_close_together_are_one_commit() {
    const TRIES: u128 = 40;
    let world = with_waiting(2 * TRIES);
    let released = world.release_all(2 * TRIES as usize);
    let together = released.chunks(2).any(|pair| {
        let asked = world.gate.count();
        // The second comes when the first has been drafted: only lingering joins them.
        let mut first = world.settle_drafted(&pair[0], Settlement::Acknowledged);
        let mut second = world.settle(world.police, &pair[1], Settlement::Acknowledged);
        assert!(first.told() && second.told());
        world.gate.count() == asked + 1
    });
    assert!(together, "of {TRIES} pairs not one was written together");
    world.close();
}

#[test]
fn a_receipt_does_not_wait_when_somebody_is_waiting_for_the_commit() {
    let world = with_waiting(1);
    let released = world.release_all(1).remove(0);
    let asked = world.gate.count() + 1;
    let (mut receipt, mut tick) = world.behind_a_commit(|| {
        let receipt = world.settle(world.police, &released, Settlement::Acknowledged);
        (receipt, world.tick(1))
    });
    world.gate.open();
    assert!(receipt.told());
    tick.told().unwrap();
    assert_eq!(world.gate.count(), asked + 1);
    assert_eq!(world.gate.asked()[asked].marks, [released.delivery]);
    world.close();
}

#[test]
fn the_second_settlement_of_a_delivery_is_written_in_the_commit_after_the_first() {
    let world = with_waiting(2);
    let released = world.release_all(2);
    let (row, other) = (released[0].delivery, released[1].delivery);
    let asked = world.gate.count() + 1;
    let settle = |released, how| world.settle(world.police, released, how);
    let mut replies = world.behind_a_commit(|| {
        [
            settle(&released[0], Settlement::Recalled),
            settle(&released[0], Settlement::Acknowledged),
            settle(&released[1], Settlement::Acknowledged),
        ]
    });
    world.gate.open();
    replies.iter_mut().for_each(|reply| assert!(reply.told()));
    let marks: Vec<_> = world.gate.asked()[asked..].iter().map(|a| a.marks.clone()).collect();
    assert_eq!(marks, [vec![row, other], vec![row]]);
    assert_eq!(world.close().state(row), DeliveryState::Acknowledged);
}

/// One delivery of message 101, all of whose attempts were used up.
fn with_dead_letter() -> (World, Released) {
    let world = with_waiting(1);
    for _ in 1..ATTEMPTS_MAX {
        let released = world.release_all(1).remove(0);
        assert!(world.settle(world.police, &released, Settlement::Again(NOON)).told());
    }
    let last = world.release_all(1).remove(0);
    assert!(world.settle(world.police, &last, Settlement::Again(NOON)).told());
    (world, last)
}

#[test]
fn a_dead_letter_that_ends_is_not_put_back_in_the_same_commit() {
    let (world, dead) = with_dead_letter();
    let mut redriven = world.behind_a_commit(|| {
        world.end(&dead, 101);
        world.redrive(&dead)
    });
    world.gate.open();
    assert!(!redriven.told());
    assert_eq!(world.close().state(dead.delivery), DeliveryState::Expired);
}

#[test]
fn a_dead_letter_is_put_back_once() {
    let (world, dead) = with_dead_letter();
    let mut redriven = world.behind_a_commit(|| [world.redrive(&dead), world.redrive(&dead)]);
    world.gate.open();
    assert_eq!(redriven.each_mut().map(Reply::told), [true, false]);
    assert_eq!(world.close().state(dead.delivery), DeliveryState::Waiting);
}
