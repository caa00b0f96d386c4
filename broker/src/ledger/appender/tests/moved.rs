//! What was decided under rules that moved before it was recorded.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock as _;
use crate::ledger::appender::{Change, ChangeWork, Work};
use crate::ledger::town::{POLICE, PROBATION, flag, news, of_known_person};
use crate::register;
use crate::rules::Rules;

use super::world::World;

const AREA_UNKNOWN: i32 = proto::exchange::v1::TaskKind::AreaUnknown as i32;

/// Hands over the police's suspension.
fn suspend_police(world: &World) {
    let rules = world.shared.rules.load_full();
    let directory = Arc::new(rules.directory.with_standing(POLICE.0, true).unwrap());
    change(world, Change::Directory(directory));
}

/// Hands over an operator's change.
fn change(world: &World, change: Change) {
    let (reply, _) = oneshot::channel();
    world.put(Work::Change(ChangeWork {
        change,
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

#[test]
fn once_an_agreement_may_have_ended_no_rules_are_of_the_moment_until_something_is_recorded() {
    let world = World::open();
    let of_moment = || Rules::of_moment(&world.shared.rules, &world.clock.reading()).is_some();
    assert!(of_moment());
    world.clock.advance(Duration::from_secs(800 * 24 * 60 * 60));
    assert!(!of_moment(), "the agreement expired meanwhile");
    world.subscribe(PROBATION, "default");
    assert!(of_moment(), "an entry makes them anew");
}

#[test]
fn a_flag_that_can_be_raised_only_now_hears_of_news_that_is_recorded_with_it() {
    let world = World::open();
    let probation = world.subscribe(PROBATION, "default");
    let raised = world.prepare(flag(1));
    let tokens = raised.admitted.subjects[0].tokens.clone();
    world.submit(raised).accepted();
    // Both are prepared while the list is probation's, which nobody else may change.
    let (custody, again) = (news(2, &[], None), flag(3));
    let (custody, again) = (world.prepare(of_known_person(custody)), world.prepare(again));
    let (mut custody, mut again) = world.behind_a_commit(|| {
        let kind = proto::exchange::v1::FlagKind::Ppo.into();
        let removed = register::Change::FlagRemoved { kind, tokens, by: PROBATION.0.into() };
        change(&world, Change::Register(vec![removed]));
        (world.submit(custody), world.submit(again))
    });
    world.gate.open();
    custody.accepted();
    again.accepted();
    let due: Vec<_> =
        world.due(probation).iter().map(|w| (w.message.key.id.as_u128(), w.task)).collect();
    // The news, and that nobody knows the area.
    assert_eq!(due, [(2, 0), (2, AREA_UNKNOWN)]);
    world.close();
}
