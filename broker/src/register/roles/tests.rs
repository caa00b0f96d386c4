//! Rules of parts in a case. Persons are numbers, days are numbers, and everybody is invented.

use super::super::tests::{says, token};
use super::super::{Change, Register};
use super::*;
use crate::directory::AgencyKind;

const SUPERVISING: i32 = AreaRole::Supervising as i32;
const CARETAKING: i32 = AreaRole::Caretaking as i32;
const NOMS: u8 = 1;
const PNC: u8 = 2;

fn part(role: i32, area: &str, from: i64, to: Option<i64>) -> RolePart {
    RolePart { role, area: Some(area.into()), desk: None, from, to }
}

fn nobody(role: i32, from: i64) -> RolePart {
    RolePart { role, area: None, desk: None, from, to: None }
}

fn states(agency: &str, message: u128, number: u8, parts: &[RolePart]) -> RoleStatement {
    RoleStatement {
        agency: agency.into(),
        message: Uuid::from_u128(message),
        tokens: vec![token(number)],
        parts: parts.to_vec(),
        instead_of: None,
    }
}

fn supervises(agency: &str, message: u128, area: &str, from: i64) -> Change {
    Change::Roles(states(agency, message, NOMS, &[part(SUPERVISING, area, from, None)]))
}

fn after(changes: &[Change]) -> Register {
    let mut register = Register::default();
    changes.iter().for_each(|change| register.apply(change));
    register
}

/// The areas that hold a part on a day, in the order of the alphabet.
fn held(changes: &[Change], number: u8, day: i64) -> Vec<String> {
    let register = after(changes);
    let roles = register.roles(&register.linked(&[token(number)]), day);
    let mut areas: Vec<String> =
        roles.iter().filter_map(|part| part.area.as_deref().map(str::to_owned)).collect();
    areas.sort();
    areas
}

#[test]
fn a_part_is_held_from_its_first_day_to_its_last_and_on_no_other() {
    let care =
        [Change::Roles(states("wirral-yot", 1, NOMS, &[part(CARETAKING, "s", 10, Some(12))]))];
    for (day, expected) in [(9, false), (10, true), (12, true), (13, false)] {
        assert_eq!(!held(&care, NOMS, day).is_empty(), expected, "day {day}");
    }
    assert!(held(&care, PNC, 11).is_empty(), "of somebody else nothing is said");
}

#[test]
fn what_begins_later_takes_over_on_its_day_whichever_was_said_first() {
    let now = supervises("probation", 1, "stockport", 1);
    let then = supervises("probation", 2, "wirral", 30);
    for order in [[now.clone(), then.clone()], [then, now]] {
        assert_eq!(held(&order, NOMS, 29), ["stockport"]);
        assert_eq!(held(&order, NOMS, 30), ["wirral"]);
    }
}

#[test]
fn what_was_taken_over_does_not_come_back_when_that_ends() {
    let now = supervises("probation", 1, "stockport", 1);
    let for_a_while = states("probation", 2, NOMS, &[part(SUPERVISING, "wirral", 10, Some(20))]);
    let changes = [now, Change::Roles(for_a_while)];
    assert_eq!(held(&changes, NOMS, 20), ["wirral"]);
    assert!(held(&changes, NOMS, 21).is_empty());
}

#[test]
fn of_two_that_begin_on_one_day_the_last_said_counts() {
    let changes =
        [supervises("probation", 1, "stockport", 5), supervises("probation", 2, "wirral", 5)];
    assert_eq!(held(&changes, NOMS, 5), ["wirral"]);
}

#[test]
fn an_agency_replaces_and_ends_its_own_word_and_no_others() {
    let changes = [
        supervises("probation", 1, "stockport", 1),
        supervises("north-west", 2, "wirral", 5),
        Change::Roles(states("north-west", 3, NOMS, &[nobody(SUPERVISING, 9)])),
    ];
    assert_eq!(held(&changes, NOMS, 8), ["stockport", "wirral"]);
    assert_eq!(held(&changes, NOMS, 9), ["stockport"]);
}

#[test]
fn what_is_taken_back_leaves_things_as_if_it_had_never_been_said() {
    let said =
        [supervises("probation", 1, "stockport", 1), supervises("probation", 2, "wirral", 30)];
    let back = |agency: &str, message: u128| Change::RolesTakenBack {
        agency: agency.into(),
        message: Uuid::from_u128(message),
    };
    let after = |changes: &[Change]| held(&[&said[..], changes].concat(), NOMS, 31);
    assert_eq!(after(&[back("probation", 2)]), ["stockport"]);
    // Another agency's message under the same id takes nothing back.
    assert_eq!(after(&[back("north-west", 2)]), ["wirral"]);
    assert!(after(&[back("probation", 2), back("probation", 1)]).is_empty());
}

#[test]
fn what_is_put_right_holds_as_it_is_put() {
    let said = supervises("probation", 1, "stockport", 1);
    let right = Change::RolesRestated {
        agency: "probation".into(),
        message: Uuid::from_u128(1),
        parts: vec![part(SUPERVISING, "salford", 3, None)],
    };
    let changes = [said, right];
    assert!(held(&changes, NOMS, 2).is_empty());
    assert_eq!(held(&changes, NOMS, 3), ["salford"]);
}

#[test]
fn news_that_settles_earlier_news_of_a_release_moves_its_day() {
    let release = |message, area: &str, from, instead_of| {
        let parts = [part(AreaRole::Release as i32, area, from, None)];
        let instead_of = Option::<u128>::map(instead_of, Uuid::from_u128);
        Change::Roles(RoleStatement { instead_of, ..states("prisons", message, NOMS, &parts) })
    };
    let changes = [release(1, "stockport", 10, None), release(2, "stockport", 14, Some(1))];
    assert!(held(&changes, NOMS, 12).is_empty());
    assert_eq!(held(&changes, NOMS, 14), ["stockport"]);
}

#[test]
fn confirmed_numbers_are_one_person_and_one_person_has_both_numbers_parts() {
    let police_number =
        Change::Roles(states("probation", 1, PNC, &[part(SUPERVISING, "stockport", 1, None)]));
    let prison = says("prisons", AgencyKind::Prison, NOMS, PNC, 9);
    let police = says("gmp", AgencyKind::Police, NOMS, PNC, 9);
    assert!(held(&[police_number.clone(), prison.clone()], NOMS, 1).is_empty());
    let joined = [police_number, prison, police];
    assert_eq!(held(&joined, NOMS, 1), ["stockport"]);
    // What the same agency says by the other number replaces it.
    let moved = [&joined[..], &[supervises("probation", 2, "wirral", 4)]].concat();
    assert_eq!(held(&moved, PNC, 4), ["wirral"]);
}

#[test]
fn what_is_on_record_already_is_known_by_all_of_its_numbers_and_days() {
    let said = supervises("probation", 1, "stockport", 1);
    let register = after(&[said]);
    let known: BTreeSet<_> = [token(NOMS)].into();
    let again = |agency: &str, number, area: &str, to| {
        let parts = [part(SUPERVISING, area, 3, to)];
        register.says_already(&known, &states(agency, 2, number, &parts), SUPERVISING)
    };
    assert!(again("probation", NOMS, "stockport", None));
    assert!(!again("probation", NOMS, "wirral", None));
    assert!(!again("probation", NOMS, "stockport", Some(9)));
    assert!(!again("probation", PNC, "stockport", None));
    assert!(!again("north-west", NOMS, "stockport", None));
}
