//! What follows when a commit fails, or ends nobody knows how.

use proto::refusal::Refusal;

use crate::ledger::appender::{PublishOutcome, Settlement};
use crate::ledger::journal::DeliveryState;
use crate::ledger::town::{POLICE, news};

use super::gate::Outcome;
use super::world::{Submitted, World, all_accepted};

const NO_ROOM: PublishOutcome = PublishOutcome::Refused(Refusal::DiskFloor);
const UNAVAILABLE: PublishOutcome = PublishOutcome::Refused(Refusal::StoreUnavailable);

/// Messages 1 to 6 are being written, 7 to 9 are drafted upon them, and each could be sent.
fn nine_messages(world: &World) -> Vec<Submitted> {
    world.streams.grant(world.police, 9);
    let publish = |number| world.publish(news(number, &[POLICE], None));
    let mut all: Vec<_> = world.in_flight(|| (1..=6).map(publish).collect());
    all.extend((7..=9).map(|number| world.publish_drafted(news(number, &[POLICE], None))));
    all
}

/// Every seat that was taken was used or given back, once.
#[track_caller]
fn seats_add_up(world: &World) {
    let (taken, given_back) = world.streams.seats();
    assert_eq!(taken, given_back + world.streams.sent().len());
}

#[test]
fn a_message_that_the_store_refuses_fails_alone() {
    // In the draft that is being written: first, in the midst, last; and in the one upon it.
    for bad in [1, 4, 6, 8] {
        let world = World::open();
        world.forbid(bad);
        let mut all = nine_messages(&world);
        world.gate.open();
        for (number, message) in (1..).zip(&mut all) {
            if number == bad {
                assert_eq!(message.told(), UNAVAILABLE);
            } else {
                message.accepted();
            }
        }
        seats_add_up(&world);
        let mut sent = world.streams.sent_messages();
        let mut written = world.close().messages();
        sent.sort_unstable();
        written.sort_unstable();
        let expected: Vec<u128> = (1..=9).filter(|number| *number != bad).collect();
        assert_eq!((sent, written), (expected.clone(), expected));
    }
}

#[test]
fn what_a_refused_message_would_have_settled_is_drafted_anew_with_all_else_in_its_order() {
    let world = World::open();
    world.publish(news(20, &[POLICE], None)).accepted();
    let released = world.release_all(1).remove(0);
    let row = released.delivery;
    world.forbid(3);
    let (mut all, mut recalled, mut receipt) = world.in_flight(|| {
        let all: Vec<_> =
            (1..=4).map(|number| world.publish(news(number, &[POLICE], None))).collect();
        let settle = |how| world.settle(world.police, &released, how);
        (all, settle(Settlement::Recalled), settle(Settlement::Acknowledged))
    });
    world.gate.open();
    assert!(recalled.told() && receipt.told());
    let outcomes: Vec<_> = all.iter_mut().map(Submitted::told).collect();
    assert_eq!(outcomes[2], UNAVAILABLE);
    let disk = world.close();
    assert_eq!(disk.messages(), [20, 1, 2, 4]);
    assert_eq!(disk.state(row), DeliveryState::Acknowledged);
}

#[test]
fn after_a_commit_that_was_written_unheard_publishers_are_told_by_what_is_on_disk() {
    let world = World::open();
    let mut all = nine_messages(&world);
    let mut again = world.publish_drafted(news(2, &[POLICE], None));
    world.gate.next(&[Outcome::Unheard]);
    world.gate.open();
    for message in all.iter_mut().take(6) {
        message.repeated();
    }
    all_accepted(all.iter_mut().skip(6));
    again.repeated();
    seats_add_up(&world);
    assert_eq!(world.streams.sent_messages(), [], "all wait behind what was not sent");
    assert_eq!(world.due(world.police).len(), 9);
    assert_eq!(world.close().messages(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn after_a_commit_that_never_reached_the_store_what_was_drafted_upon_it_is_written_without_it() {
    for outcome in [Outcome::Unreached, Outcome::Panics] {
        let world = World::open();
        let mut all = nine_messages(&world);
        world.gate.next(&[outcome]);
        world.gate.open();
        for message in all.iter_mut().take(6) {
            assert_eq!(message.told(), UNAVAILABLE);
        }
        all_accepted(all.iter_mut().skip(6));
        seats_add_up(&world);
        // Both threads are still there.
        let mut next = world.in_flight(|| world.publish(news(10, &[POLICE], None)));
        world.gate.open();
        next.accepted();
        assert_eq!(world.close().messages(), [7, 8, 9, 10]);
    }
}

#[test]
fn the_same_holds_for_a_commit_on_the_appenders_own_thread() {
    for (outcome, written) in
        [(Outcome::Unheard, true), (Outcome::Unreached, false), (Outcome::Panics, false)]
    {
        let world = World::open();
        world.gate.next(&[outcome]);
        let mut first = world.publish(news(1, &[POLICE], None));
        if written {
            first.repeated();
        } else {
            assert_eq!(first.told(), UNAVAILABLE);
        }
        world.publish(news(2, &[POLICE], None)).accepted();
        let expected: &[u128] = if written { &[1, 2] } else { &[2] };
        assert_eq!(world.close().messages(), expected);
    }
}

#[test]
fn nothing_is_drafted_upon_an_unknown_outcome_until_it_has_been_read_back() {
    let world = World::open();
    let mut all = nine_messages(&world);
    world.gate.next(&[Outcome::Unheard]);
    world.gate.unreadable(2);
    world.gate.open();
    for message in all.iter_mut().take(6) {
        message.repeated();
    }
    for message in all.iter_mut().skip(6) {
        assert_eq!(message.told(), UNAVAILABLE);
    }
    seats_add_up(&world);
    world.publish(news(7, &[POLICE], None)).accepted();
    assert_eq!(world.close().messages(), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_full_disk_refuses_as_long_as_it_is_full_and_no_longer() {
    let world = World::open();
    let mut all = nine_messages(&world);
    world.gate.next(&[Outcome::Full, Outcome::Full]);
    world.gate.open();
    all.iter_mut().for_each(|message| assert_eq!(message.told(), NO_ROOM));
    assert_eq!(world.streams.credit(world.police), 9);
    seats_add_up(&world);
    world.publish(news(7, &[POLICE], None)).accepted();
    assert_eq!(world.streams.sent_messages(), [7]);
    assert_eq!(world.close().messages(), [7]);
}

#[test]
fn what_was_drafted_upon_a_commit_without_room_is_written_when_there_is_room() {
    let world = World::open();
    let mut all = nine_messages(&world);
    world.gate.next(&[Outcome::Full]);
    world.gate.open();
    all.iter_mut().take(6).for_each(|message| assert_eq!(message.told(), NO_ROOM));
    all_accepted(all.iter_mut().skip(6));
    assert_eq!(world.streams.sent_messages(), [7, 8, 9]);
    assert_eq!(world.close().messages(), [7, 8, 9]);
}

#[test]
fn the_seats_of_a_draft_that_fails_and_of_the_one_upon_it_are_given_back_once() {
    for outcome in [Outcome::Refused, Outcome::Full, Outcome::Unreached, Outcome::Unheard] {
        let world = World::open();
        world.streams.grant(world.police, 5);
        let mut first = world.in_flight(|| world.publish(news(1, &[POLICE], None)));
        let mut second = world.publish_drafted(news(2, &[POLICE], None));
        // Drafted, and not only looked up: the next work is.
        world.publish_drafted(news(90, &[], None));
        assert_eq!(world.streams.seats(), (2, 0));
        world.gate.next(&[outcome]);
        world.gate.open();
        first.told();
        second.accepted();
        let (taken, given_back) = world.streams.seats();
        let sent = world.streams.sent_messages();
        match outcome {
            // Both are drafted anew.
            Outcome::Refused => assert_eq!(sent, [1, 2]),
            Outcome::Full => assert_eq!(sent, [2]),
            // Where an outcome was unknown, every stream looks into the store first.
            _ => assert_eq!(sent, []),
        }
        assert_eq!((taken, given_back), (2 + sent.len(), 2), "{outcome:?}");
        assert_eq!(world.streams.credit(world.police), 5 - sent.len() as u32);
        world.close();
    }
}

#[test]
fn a_work_that_cannot_be_drafted_falls_alone_and_gives_no_seat_away() {
    let world = World::open();
    world.streams.grant(world.police, 5);
    world.in_flight(|| ());
    let mut first = world.publish_drafted(news(1, &[POLICE], None));
    let second = world.prepare(news(2, &[POLICE], None));
    let looks = world.looks(1);
    World::lull();
    world.chance_fails();
    let mut second = world.submit(second);
    assert_eq!(second.told(), UNAVAILABLE);
    world.wait_for_look(1, looks + 1);
    assert_eq!(first.told_already(), None);
    world.gate.open();
    first.accepted();
    assert_eq!((world.streams.sent_messages(), world.streams.seats()), (vec![1], (2, 1)));
    assert_eq!(world.close().messages(), [1]);
}
