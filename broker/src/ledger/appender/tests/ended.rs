//! A delivery that ended unreceived names the entry that says why.

use proto::refusal::Refusal;
use uuid::Uuid;

use crate::delivery::outbox::Waiting;
use crate::ledger::appender::{EndItem, Work};
use crate::ledger::entry::Entry;
use crate::ledger::journal::{Archive as _, DeliveryState, Fate};
use crate::ledger::town::{POLICE, news};
use crate::message::MessageKey;

use super::world::World;

/// The only delivery of a message of the prisons.
fn fate(world: &World, message: u128) -> Fate {
    let key = MessageKey { agency: "prisons".into(), id: Uuid::from_u128(message) };
    let mut fates = world.readers.fates(&key).unwrap();
    assert_eq!(fates.len(), 1);
    fates.remove(0)
}

/// Whether the entry that a delivery names has a record that ends it.
fn says_why(world: &World, fate: &Fate, why: &str) -> bool {
    let bytes = world.readers.entry(fate.ended.unwrap()).unwrap().unwrap();
    let entry = Entry::from_bytes(&bytes).unwrap();
    let delivery = hex::encode(fate.delivery_id);
    entry.records().iter().any(|(_, text)| text.contains(&delivery) && text.contains(why))
}

#[test]
fn whatever_the_clock_said_a_refusal_at_release_names_the_entry_that_refused_it() {
    let world = World::open();
    for number in [1, 2] {
        world.publish(news(number, &[POLICE], None)).accepted();
    }
    world.clock.step(-time::Duration::DAY);
    let refused = |waiting: &Waiting| EndItem {
        delivery: waiting.delivery,
        delivery_id: waiting.delivery_id,
        subscription: world.police,
        sender: "prisons".into(),
        message: waiting.message.key.id,
        refusal: Refusal::NoPermit,
    };
    world.put(Work::End(world.due(world.police).iter().map(refused).collect()));
    world.tick(1).told().unwrap();
    for number in [1, 2] {
        let fate = fate(&world, number);
        assert_eq!(fate.state, DeliveryState::Refused);
        assert!(says_why(&world, &fate, &format!("\"refusal\":{}", Refusal::NoPermit.code())));
    }
    world.close();
}

#[test]
fn a_withdrawal_names_its_entry_and_what_still_waits_names_none() {
    let world = World::open();
    for number in [1, 2] {
        world.publish(news(number, &[POLICE], None)).accepted();
    }
    world.publish(news(3, &[], Some(1))).accepted();
    let withdrawn = fate(&world, 1);
    assert_eq!(withdrawn.state, DeliveryState::Withdrawn);
    assert!(says_why(&world, &withdrawn, "\"reason\":\"withdrawn\""));
    assert_eq!(fate(&world, 2).ended, None);
    world.close();
}
