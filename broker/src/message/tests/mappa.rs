//! Categories, levels, and what a move between levels cites.

use wire::MappaStep::{
    CategoryChange, Exit, LevelChange, Notification, Referral, Review, Transfer,
};

use super::*;

const UP: &str = "a move up cites a referral";
const DOWN: &str = "a move down cites the panel's decision";

/// A notification of category 2 at level 2.
pub(super) fn notified() -> wire::Message {
    of_kind(Kind::Mappa(wire::Mappa {
        step: Notification.into(),
        category: 2,
        level: 2,
        ..wire::Mappa::default()
    }))
}

/// A step from one level to another, with what it cites.
fn moved(
    step: wire::MappaStep,
    (before, after): (u32, u32),
    referral: &str,
    decision: &str,
) -> wire::Message {
    of_kind(Kind::Mappa(wire::Mappa {
        step: step.into(),
        category: 2,
        level: after,
        previous_level: before,
        referral_id: referral.into(),
        panel_decision_id: decision.into(),
    }))
}

#[test]
fn a_move_up_cites_a_referral_and_a_move_down_the_panel() {
    let (referral, decision) = ("mappa.referral_id", "mappa.panel_decision_id");
    assert_eq!(faults(moved(LevelChange, (1, 2), EARLIER, ""), NOON), []);
    assert_eq!(faults(moved(LevelChange, (1, 2), "", EARLIER), NOON), fault(referral, UP));
    assert_eq!(faults(moved(LevelChange, (3, 2), "", EARLIER), NOON), []);
    assert_eq!(faults(moved(LevelChange, (3, 2), EARLIER, ""), NOON), fault(decision, DOWN));
    let before = "a level change names the level before it";
    let told = faults(moved(LevelChange, (0, 2), EARLIER, EARLIER), NOON);
    assert_eq!(told, fault("mappa.previous_level", before));
    let told = faults(moved(LevelChange, (2, 2), "", ""), NOON);
    assert_eq!(told, fault("mappa.previous_level", "must differ from level"));
}

#[test]
fn no_step_is_a_way_round_the_citation() {
    for step in [Notification, CategoryChange, Review, Transfer] {
        let up = faults(moved(step, (1, 3), "", ""), NOON);
        assert_eq!(up, fault("mappa.referral_id", UP), "{step:?}");
        let down = faults(moved(step, (3, 1), "", ""), NOON);
        assert_eq!(down, fault("mappa.panel_decision_id", DOWN), "{step:?}");
        for (before, after, referral, decision) in
            [(2, 2, "", ""), (0, 2, "", ""), (1, 3, EARLIER, ""), (3, 1, "", EARLIER)]
        {
            let told = faults(moved(step, (before, after), referral, decision), NOON);
            assert_eq!(told, [], "{step:?} {before} {after}");
        }
    }
}

#[test]
fn a_referral_asks_for_level_2_or_3_and_cites_none() {
    let rule = "a referral asks for level 2 or 3";
    for (levels, expected) in [((1, 2), None), ((0, 3), None), ((0, 1), Some(rule))] {
        let told = faults(moved(Referral, levels, "", ""), NOON);
        assert_eq!(told, perhaps("mappa.level", expected), "{levels:?}");
    }
}

#[test]
fn an_exit_has_no_level_and_cites_the_panel() {
    assert_eq!(faults(moved(Exit, (2, 0), "", EARLIER), NOON), []);
    let rule = "an exit cites the panel's decision";
    let told = faults(moved(Exit, (2, 0), EARLIER, ""), NOON);
    assert_eq!(told, fault("mappa.panel_decision_id", rule));
    let told = faults(moved(Exit, (2, 1), "", EARLIER), NOON);
    assert_eq!(told, fault("mappa.level", "is 1 to 3, and 0 on exit"));
}

#[test]
fn category_3_is_never_at_level_1() {
    let rule = "category 3 is managed at level 2 or 3 only; leaving level 2 is an exit";
    for step in [Notification, Review, CategoryChange, Referral] {
        let mut message = moved(step, (0, 1), "", "");
        let Some(Kind::Mappa(mappa)) = &mut message.kind else { unreachable!() };
        mappa.category = 3;
        assert_eq!(faults(message, NOON), fault("mappa.level", rule), "{step:?}");
    }
}

#[test]
fn a_category_is_1_to_4_and_a_level_before_is_none_or_1_to_3() {
    for (category, expected) in [
        (0, Some("is 1 to 4, one at a time")),
        (1, None),
        (4, None),
        (5, Some("is 1 to 4, one at a time")),
    ] {
        let mut message = notified();
        let Some(Kind::Mappa(mappa)) = &mut message.kind else { unreachable!() };
        mappa.category = category;
        assert_eq!(faults(message, NOON), perhaps("mappa.category", expected), "{category}");
    }
    let told = faults(moved(Review, (4, 2), "", EARLIER), NOON);
    assert_eq!(told, fault("mappa.previous_level", "is 0 to 3"));
    let told = faults(moved(Review, (0, 4), "", ""), NOON);
    assert_eq!(told, fault("mappa.level", "is 1 to 3, and 0 on exit"));
}
