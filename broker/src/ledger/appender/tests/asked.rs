//! A question to whoever holds something, put after it was accepted.

use std::collections::{BTreeMap, BTreeSet};

use proto::exchange::v1 as wire;
use time::macros::datetime;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::ledger::appender::{ChaseWork, Work};
use crate::ledger::chase::ChaseReads as _;
use crate::ledger::entry::Entry;
use crate::ledger::journal::Archive as _;
use crate::ledger::town::{POLICE, news, of_known_person};
use crate::message;
use crate::register::DeskName;

use super::world::{World, soon};

/// The prisons ask whoever holds something about the known person.
fn question(number: u128) -> wire::Message {
    wire::Message {
        act_by: Some(message::stamp(datetime!(2026-06-05 9:00 UTC))),
        kind: Some(wire::message::Kind::Request(wire::Request {
            fields: vec![wire::Field::Address.into()],
            whoever_holds: true,
        })),
        ..of_known_person(news(number, &[], None))
    }
}

/// The police were found to hold something.
fn put(world: &World) -> bool {
    let open = world.readers.chases().unwrap();
    assert_eq!(open.len(), 1);
    let (reply, mut done) = oneshot::channel();
    let asked = BTreeSet::from([DeskName { agency: POLICE.0.into(), desk: POLICE.1.into() }]);
    world.put(Work::Chase(ChaseWork {
        message: open[0].message,
        wanted: open[0].wanted,
        holders: BTreeMap::new(),
        asked: Some(asked),
        reply,
    }));
    soon("an answer", || done.try_recv().ok())
}

/// How often somebody was decided about a message.
fn decisions(world: &World, message: u128) -> usize {
    let id = Uuid::from_u128(message).to_string();
    let entries = (0..).map_while(|index| world.readers.entry(index).unwrap());
    let decided = entries.filter(|bytes| {
        let entry = Entry::from_bytes(bytes).unwrap();
        let mut records = entry.records().iter();
        records.any(|(_, text)| {
            text.contains(&id) && text.contains("\"decided\"") && text.contains(POLICE.1)
        })
    });
    decided.count()
}

#[test]
fn a_question_is_decided_once_it_is_known_who_holds_something() {
    let world = World::open();
    world.publish(question(1)).accepted();
    assert_eq!(decisions(&world, 1), 0);
    assert!(put(&world));
    assert_eq!(decisions(&world, 1), 1);
    assert_eq!(world.readers.chases().unwrap().len(), 0, "and is not put again");
    world.close();
}

#[test]
fn a_question_that_was_taken_back_before_anybody_was_found_is_put_to_nobody() {
    let world = World::open();
    world.publish(question(1)).accepted();
    world.publish(of_known_person(news(2, &[], Some(1)))).accepted();
    assert!(put(&world));
    assert_eq!(decisions(&world, 1), 0);
    assert_eq!(world.readers.chases().unwrap().len(), 0);
    world.close();
}
