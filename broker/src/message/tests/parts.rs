//! Who takes a part in a case: what a kind states, and from when to when.

use wire::AreaRole::{
    Caretaking, Designated, Home, Host, Incident, Lead, Release, Resident, Supervising,
};

use super::*;
use crate::directory::MessageKind;
use crate::message::roles::{StatedRole, eighteenth_birthday, is_stated_by, stated};

const NOT_STATED: &str = "is given where a message of this kind states who takes this part";

/// 1970-01-01 is day 0; these are days of November 2026.
const NOVEMBER_20: i64 = 20_777;

fn placed(change: impl FnOnce(&mut wire::Message)) -> wire::Message {
    but(super::placements::started(), change)
}

fn said(message: wire::Message) -> Vec<StatedRole> {
    stated(&admit(message, sender(), &vault(), NOON).unwrap())
}

#[test]
fn a_kind_states_the_parts_it_is_about_and_no_other() {
    let all = [Home, Host, Designated, Resident, Supervising, Caretaking, Lead, Release, Incident];
    for (kind, states) in [
        (MessageKind::Placement, &all[..4]),
        (MessageKind::Court, &[Designated, Supervising][..]),
        (MessageKind::Enforcement, &[Supervising, Caretaking]),
        (MessageKind::Action, &[Supervising, Caretaking]),
        (MessageKind::Mappa, &[Lead]),
        (MessageKind::Custody, &[Release]),
        (MessageKind::Intelligence, &[]),
        (MessageKind::Flag, &[]),
        (MessageKind::DrugTest, &[]),
        (MessageKind::Referral, &[]),
        (MessageKind::Request, &[]),
        (MessageKind::Response, &[]),
    ] {
        for role in all {
            assert_eq!(is_stated_by(kind, role), states.contains(&role), "{kind:?} {role:?}");
        }
    }
}

#[test]
fn a_placement_states_its_authorities_from_its_first_day() {
    let parts = said(placed(|_| {}));
    let days: Vec<_> = parts.iter().map(|part| (part.role, part.from, part.to)).collect();
    assert_eq!(days, [(Home, NOVEMBER_20, None), (Host, NOVEMBER_20, None)]);
    // Where the child belongs does not end with the placement.
    let over = said(placed(|message| {
        let Some(Kind::Placement(placement)) = &mut message.kind else { unreachable!() };
        placement.set_step(wire::PlacementStep::Ended);
        placement.ends_on = "2026-11-22".into();
        placement.settles_message_id = EARLIER.into();
    }));
    let ends: Vec<_> = over.iter().map(|part| (part.role, part.to)).collect();
    assert_eq!(ends, [(Home, None), (Host, Some(NOVEMBER_20 + 2))]);
    // A concern is about the care.
    assert_eq!(
        said(placed(|message| {
            let Some(Kind::Placement(placement)) = &mut message.kind else { unreachable!() };
            placement.set_step(wire::PlacementStep::Concern);
        })),
        []
    );
}

#[test]
fn days_and_a_desk_are_given_of_a_part_and_in_order() {
    let told = |from: &str, to: &str, desk: Option<wire::Addressee>| {
        let message = placed(|message| {
            let host = message.areas.last_mut().unwrap();
            (host.from_day, host.to_day, host.desk) = (from.into(), to.into(), desk);
        });
        faults(message, NOON)
    };
    let desk = |desk: &str| Some(wire::Addressee { agency: "council".into(), desk: desk.into() });
    assert_eq!(told("2026-11-21", "2026-11-21", desk("childrens-services")), []);
    let ahead = "is at most 366 days ahead";
    assert_eq!(told("2027-11-24", "", None), []);
    assert_eq!(told("2027-11-25", "", None), fault("areas[1].from_day", ahead));
    let order = "must not be before from_day";
    assert_eq!(told("2026-11-21", "2026-11-20", None), fault("areas[1].to_day", order));
    let date = "must be a calendar date, YYYY-MM-DD";
    assert_eq!(told("21 November", "", None), fault("areas[1].from_day", date));
    assert_eq!(told("", "", desk("")), fault("areas[1].desk.desk", "is required: one desk"));
}

#[test]
fn what_is_no_part_in_a_message_of_its_kind_has_neither_days_nor_desk() {
    let message = but(message(), |message| {
        message.areas = vec![wire::Area {
            from_day: "2026-11-23".into(),
            to_day: "2026-11-24".into(),
            ..area("E08000007", Supervising)
        }];
    });
    let expected = all(&[("areas[0].from_day", NOT_STATED), ("areas[0].to_day", NOT_STATED)]);
    assert_eq!(faults(message, NOON), expected);
}

#[test]
fn an_eighteenth_birthday_is_the_first_of_march_for_who_was_born_on_a_leap_day() {
    // 20 November 2026 was day 20777.
    assert_eq!(eighteenth_birthday("2008-11-20"), Some(NOVEMBER_20));
    assert_eq!(eighteenth_birthday("2008-02-29"), eighteenth_birthday("2008-03-01"));
    // A date that stands for "unknown", and none.
    assert_eq!(eighteenth_birthday("1970-01-01"), None);
    assert_eq!(eighteenth_birthday(""), None);
}
