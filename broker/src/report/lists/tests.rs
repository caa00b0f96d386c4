//! Whose flags count, in which area and month, and as what.

use super::*;
use crate::directory::document;
use crate::register::FlagState;
use crate::register::flag::Care;
use time::macros::datetime;
use uuid::Uuid;

/// An area in an area, and beside it another; a desk for each, one for two of them, one for none.
pub(in crate::report) fn directory() -> Directory {
    let desk = |id: &str, areas: &str| {
        format!(
            "[[agency.desk]]\nid = \"{id}\"\nname = \"Invented\"\n\
             function = \"offender_management\"\nregime = \"part3\"\nareas = [{areas}]\n\
             kinds = [\"custody\"]\nduty_route = \"01632 960000\"\n"
        )
    };
    let agency = |id: &str, kind: &str, desks: &str| {
        format!(
            "[[agency]]\nid = \"{id}\"\nname = \"Invented\"\nkind = \"{kind}\"\n\
             dpo_contact = \"dpo@{id}.example\"\n{desks}"
        )
    };
    let text = [
        "trust_domain = \"pyramid.example\"\n".to_owned(),
        "[[area]]\ncode = \"force\"\nname = \"Invented force\"\n".to_owned(),
        "[[area]]\ncode = \"north\"\nname = \"Invented north\"\nwithin = \"force\"\n".to_owned(),
        "[[area]]\ncode = \"south\"\nname = \"Invented south\"\nwithin = \"force\"\n".to_owned(),
        "[[area]]\ncode = \"coast\"\nname = \"Invented coast\"\n".to_owned(),
        agency(
            "police",
            "police",
            &[
                desk("north", "\"north\""),
                desk("south", "\"south\""),
                desk("both", "\"south\", \"north\""),
                desk("far", "\"north\", \"coast\""),
                desk("whole", "\"force\", \"north\""),
                desk("none", ""),
            ]
            .concat(),
        ),
        agency("probation", "probation", &desk("north", "\"north\"")),
    ]
    .concat();
    document::read(&text).unwrap()
}

pub(in crate::report) fn desk(agency: &str, desk: &str) -> DeskName {
    DeskName { agency: agency.into(), desk: desk.into() }
}

const SEPTEMBER: OffsetDateTime = datetime!(2026-09-15 12:00 UTC);
const OCTOBER: OffsetDateTime = datetime!(2026-10-15 12:00 UTC);
const NOVEMBER: OffsetDateTime = datetime!(2026-11-15 12:00 UTC);

fn flag(person: u8, owner: DeskName, state: FlagState) -> Change {
    Change::Flag(Flag {
        id: Uuid::from_u128(u128::from(person)),
        kind: FlagKind::Ppo as i32,
        by: Arc::clone(&owner.agency),
        raised: (Arc::clone(&owner.agency), Uuid::from_u128(u128::from(person))),
        care: Care::default(),
        owner,
        tokens: vec![Token([person; 16])],
        name_token: None,
        review_day: 0,
        state,
    })
}

fn selected(person: u8, owner: DeskName) -> Change {
    flag(person, owner, FlagState::Selected)
}

fn removed(person: u8, by: &str) -> Change {
    Change::FlagRemoved {
        kind: FlagKind::Ppo as i32,
        tokens: vec![Token([person; 16])],
        by: by.into(),
    }
}

/// Opening, selected, de-selected and caseload of an agency's part of an area's list in October.
fn october(history: &[(OffsetDateTime, Change)], area: &str, agency: &str) -> [u64; 4] {
    let moved = movements(history, &directory(), Month::parse("2026-10").unwrap());
    let list = moved.owned.get(&(Arc::from(area), FlagKind::Ppo));
    let part = list.and_then(|parts| parts.get(agency)).copied().unwrap_or_default();
    [part.opening, part.selected, part.deselected, part.caseload()]
}

#[test]
fn a_desk_belongs_to_the_area_it_serves_or_to_the_smallest_around_all_it_serves() {
    let area = |id: &str| base_area(&directory(), &desk("police", id));
    let areas = ["north", "south", "both", "whole"].map(|id| area(id).unwrap());
    assert_eq!(areas.each_ref().map(|area| &**area), ["north", "south", "force", "force"]);
    assert_eq!([area("far"), area("none"), area("unknown")], [None, None, None]);
}

#[test]
fn what_came_before_the_month_is_its_opening_and_what_comes_after_is_not_counted() {
    let north = || desk("police", "north");
    let history = [
        (SEPTEMBER, selected(1, north())),
        (SEPTEMBER, selected(2, north())),
        (OCTOBER, selected(3, north())),
        (OCTOBER, removed(1, "police")),
        (NOVEMBER, selected(4, north())),
        (NOVEMBER, removed(2, "police")),
    ];
    assert_eq!(october(&history, "north", "police"), [2, 1, 1, 2]);
    // Nothing happened in the month: all that stood at its start stands.
    assert_eq!(october(&history[..2], "north", "police"), [2, 0, 0, 2]);
    assert_eq!(october(&history[4..], "north", "police"), [0, 0, 0, 0]);
}

#[test]
fn the_months_first_and_last_moments_are_its_own() {
    let north = || desk("police", "north");
    let history = [
        (datetime!(2026-10-01 0:00 UTC), selected(1, north())),
        (datetime!(2026-10-31 23:59:59 UTC), selected(2, north())),
        (datetime!(2026-11-01 0:00 UTC), selected(3, north())),
    ];
    assert_eq!(october(&history, "north", "police"), [0, 2, 0, 2]);
}

#[test]
fn a_proposal_is_on_no_list_and_what_is_suspended_or_amended_stays_on_it() {
    let north = || desk("police", "north");
    let history = [
        (SEPTEMBER, flag(1, north(), FlagState::Proposed)),
        (SEPTEMBER, flag(2, north(), FlagState::Nominated)),
        (SEPTEMBER, selected(3, north())),
        (OCTOBER, selected(1, north())),
        (OCTOBER, flag(3, north(), FlagState::Suspended)),
        (OCTOBER, flag(3, north(), FlagState::ExitPlanned)),
    ];
    assert_eq!(october(&history, "north", "police"), [1, 1, 0, 2]);
}

#[test]
fn a_flag_that_is_handed_over_leaves_one_area_and_comes_to_the_other() {
    let history = [
        (SEPTEMBER, selected(1, desk("police", "north"))),
        (OCTOBER, selected(1, desk("police", "south"))),
    ];
    assert_eq!(october(&history, "north", "police"), [1, 0, 1, 0]);
    assert_eq!(october(&history, "south", "police"), [0, 1, 0, 1]);
    // The wider area has a list of its own, and not the sum of these.
    assert_eq!(october(&history, "force", "police"), [0, 0, 0, 0]);
}

#[test]
fn each_agencys_flag_counts_by_itself_and_is_taken_off_by_it_alone() {
    let history = [
        (OCTOBER, selected(1, desk("police", "north"))),
        (OCTOBER, selected(1, desk("probation", "north"))),
        (OCTOBER, removed(1, "probation")),
        (OCTOBER, removed(1, "police")),
        (OCTOBER, removed(1, "police")),
    ];
    assert_eq!(october(&history, "north", "police"), [0, 1, 1, 0]);
    assert_eq!(october(&history, "north", "probation"), [0, 1, 1, 0]);
    assert_eq!(october(&history[..3], "north", "police"), [0, 1, 0, 1]);
}

#[test]
fn a_flag_that_an_agency_places_with_another_counts_for_its_owner_and_is_known_to_both() {
    let mut placed = selected(1, desk("probation", "north"));
    let Change::Flag(flag) = &mut placed else { panic!("a flag") };
    flag.by = "police".into();
    let history = [(SEPTEMBER, placed), (OCTOBER, selected(2, desk("probation", "north")))];
    assert_eq!(october(&history, "north", "probation"), [1, 1, 0, 2]);
    assert_eq!(october(&history, "north", "police"), [0, 0, 0, 0]);
    let moved = movements(&history, &directory(), Month::parse("2026-10").unwrap());
    let list = &moved.placed[&(Arc::from("north"), FlagKind::Ppo)];
    let part = Movement { opening: 1, selected: 0, deselected: 0 };
    assert_eq!(list.iter().collect::<Vec<_>>(), [(&Arc::from("police"), &part)]);
}
