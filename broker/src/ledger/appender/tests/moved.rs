//! What was decided under rules that moved before it was recorded.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::ledger::appender::{Change, ChangeWork, Work};
use crate::ledger::town::{POLICE, news};

use super::world::World;

/// Hands over the police's suspension.
fn suspend_police(world: &World) {
    let rules = world.shared.rules.load_full();
    let directory = Arc::new(rules.directory.with_standing(POLICE.0, true).unwrap());
    let (reply, _) = oneshot::channel();
    world.put(Work::Change(ChangeWork {
        change: Change::Directory(directory),
        agency: "operations".into(),
        actor: "operator".into(),
        items: vec![],
        documents: vec![],
        reply,
    }));
}

#[test]
fn what_was_decided_before_the_rules_moved_is_decided_again_before_it_is_recorded() {
    let world = World::open();
    world.streams.grant(world.police, 2);
    world.publish(news(1, &[POLICE], None)).accepted();
    let permitted = world.prepare(news(2, &[POLICE], None));
    suspend_police(&world);
    world.submit(permitted).accepted();
    assert_eq!(world.streams.sent_messages(), [1]);
    assert_eq!(world.due(world.police).len(), 0, "nor does it wait");
    assert_eq!(world.close().messages(), [1, 2]);
}
