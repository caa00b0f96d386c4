//! Where somebody is placed, who must be known for it, and on which day.

use wire::PlacementSort::{ApprovedPremises, ChildRemand, Hospital, LookedAfter, Transitional};
use wire::PlacementStep::{Changed, Concern, Ended, Planned, Started};

use super::*;

const HOST: &str =
    "a child's placement names the host area, or the home area as where the child lives";
const HOME: &str = "a child's placement names the home or designated authority's area";
const DESIGNATED: &str =
    "a child's remand names the area of the designated authority (LASPO 2012 s.104)";
const ADULT: &str = "an adult is not placed as a child: they were 18 on the first day";

/// A child of Wirral, placed in Stockport three days ago.
pub(super) fn started() -> wire::Message {
    let kind = Kind::Placement(wire::Placement {
        sort: LookedAfter.into(),
        step: Started.into(),
        starts_on: "2026-11-20".into(),
        ..wire::Placement::default()
    });
    let message = aged(of_kind(kind), "2011-03-01", wire::AgeAssertion::Unspecified);
    but(message, |message| {
        message.areas =
            vec![area("E08000015", wire::AreaRole::Home), area("E08000007", wire::AreaRole::Host)];
    })
}

fn change(change: impl FnOnce(&mut wire::Placement)) -> wire::Message {
    let mut message = started();
    let Some(Kind::Placement(placement)) = &mut message.kind else { unreachable!() };
    change(placement);
    message
}

/// What happens to a placement from one day to another, citing an earlier message where it must.
fn step(step: wire::PlacementStep, starts_on: &str, ends_on: &str) -> wire::Message {
    change(|placement| {
        placement.set_step(step);
        (placement.starts_on, placement.ends_on) = (starts_on.into(), ends_on.into());
        if [Changed, Ended].contains(&step) {
            placement.settles_message_id = EARLIER.into();
        }
    })
}

fn of_sort(sort: wire::PlacementSort) -> wire::Message {
    change(|placement| placement.set_sort(sort))
}

#[test]
fn the_days_agree_with_what_happens() {
    let (starts, ends) = ("placement.starts_on", "placement.ends_on");
    let planned = "is today or ahead: what has begun is no plan";
    let begun = "must not be ahead: what has not begun is planned";
    let over = "must not be ahead: until then it has only changed";
    for (what, first, last, field, expected) in [
        (Planned, "2026-11-23", "", starts, None),
        (Planned, "2026-11-22", "", starts, Some(planned)),
        (Planned, "2027-11-24", "", starts, None),
        (Planned, "2027-11-25", "", starts, Some("is at most 366 days ahead")),
        (Started, "2026-11-23", "", starts, None),
        (Started, "2026-11-24", "", starts, Some(begun)),
        // A notice that comes late comes all the same.
        (Started, "2025-01-01", "", starts, None),
        (Changed, "2026-11-01", "2027-03-01", ends, None),
        (Concern, "2026-11-01", "", ends, None),
        (Ended, "2026-11-01", "2026-11-23", ends, None),
        (Ended, "2026-11-01", "2026-11-24", ends, Some(over)),
        (Ended, "2026-11-01", "", ends, Some("is required when a placement ends")),
        (Ended, "2026-11-20", "2026-11-20", ends, None),
        (Ended, "2026-11-20", "2026-11-19", ends, Some("must not be before starts_on")),
        (Started, "", "", starts, Some("is required")),
        (Started, "20/11/2026", "", starts, Some("must be a calendar date, YYYY-MM-DD")),
    ] {
        let told = faults(step(what, first, last), NOON);
        assert_eq!(told, perhaps(field, expected), "{what:?} {first} {last}");
    }
}

#[test]
fn an_emergency_is_told_afterwards_and_never_planned() {
    let emergency = |what, first| {
        let mut message = step(what, first, "");
        let Some(Kind::Placement(placement)) = &mut message.kind else { unreachable!() };
        placement.emergency = true;
        faults(message, NOON)
    };
    assert_eq!(emergency(Started, "2026-11-16"), []);
    let rule = "what is planned beforehand is no emergency: its notice follows";
    assert_eq!(emergency(Planned, "2026-11-30"), fault("placement.emergency", rule));
}

#[test]
fn a_looked_after_childs_placement_names_both_authorities() {
    use wire::AreaRole::{Designated, Home, Host, Resident, Supervising};
    let (wirral, stockport) = ("E08000015", "E08000007");
    for (areas, expected) in [
        (vec![area(wirral, Home), area(stockport, Host)], vec![]),
        (vec![area(wirral, Designated), area(stockport, Host)], vec![]),
        // Designated where the child is placed: one area is both.
        (vec![area(stockport, Designated), area(stockport, Host)], vec![]),
        // Placed by the home authority in its own area.
        (vec![area(wirral, Home), area(wirral, Resident)], vec![]),
        (vec![area(wirral, Home)], all(&[("areas", HOST)])),
        (vec![area(wirral, Home), area(stockport, Resident)], all(&[("areas", HOST)])),
        (vec![area(stockport, Host)], all(&[("areas", HOME)])),
        (vec![area(stockport, Resident)], all(&[("areas", HOME), ("areas", HOST)])),
        (vec![area(stockport, Supervising)], all(&[("areas", HOME), ("areas", HOST)])),
        (vec![], all(&[("areas", HOME), ("areas", HOST)])),
    ] {
        let written = areas.clone();
        let told = faults(but(started(), |message| message.areas = areas), NOON);
        assert_eq!(told, expected, "{written:?}");
    }
}

#[test]
fn a_remanded_childs_placement_names_the_designated_authority() {
    use wire::AreaRole::{Designated, Home, Host};
    for (role, expected) in [(Designated, None), (Home, Some(DESIGNATED)), (Host, Some(DESIGNATED))]
    {
        let remand =
            but(of_sort(ChildRemand), |message| message.areas = vec![area("E08000007", role)]);
        assert_eq!(faults(remand, NOON), perhaps("areas", expected), "{role:?}");
    }
}

#[test]
fn an_adult_is_not_placed_as_a_child_and_a_placement_may_end_at_18() {
    use wire::AgeAssertion::{Adult, Child, Disputed, Unspecified};
    for (what, first, last, birth_date, asserted, expected) in [
        // Born on the day after the first, or on it.
        (Started, "2026-11-20", "", "2008-11-21", Unspecified, None),
        (Started, "2026-11-20", "", "2008-11-20", Unspecified, Some(ADULT)),
        // Turned 18 since: the end, a change or a concern is told all the same.
        (Ended, "2024-05-01", "2026-11-23", "2008-11-23", Unspecified, None),
        (Concern, "2024-05-01", "", "2008-11-23", Unspecified, None),
        (Changed, "2024-05-01", "", "2008-11-23", Unspecified, None),
        (Ended, "2026-11-20", "2026-11-23", "2008-11-20", Unspecified, Some(ADULT)),
        // Will be 18 by the first day.
        (Planned, "2026-12-01", "", "2008-12-01", Unspecified, Some(ADULT)),
        (Planned, "2026-12-01", "", "2008-12-02", Unspecified, None),
        (Started, "2026-11-20", "", "", Unspecified, None),
        (Started, "2026-11-20", "", "", Disputed, None),
        (Started, "2026-11-20", "", "", Adult, Some(ADULT)),
        (Ended, "2024-05-01", "2026-11-23", "", Adult, None),
        (Started, "2026-11-20", "", "1988-04-12", Child, None),
    ] {
        let message = aged(step(what, first, last), birth_date, asserted);
        let expected = perhaps("placement.sort", expected);
        assert_eq!(faults(message, NOON), expected, "{what:?} {birth_date} {asserted:?}");
    }
}

#[test]
fn other_places_are_for_adults_and_children_who_are_suspected_convicted_or_managed() {
    let rule = "a suspect, a convicted or a managed person is placed so";
    for sort in [ApprovedPremises, Transitional, Hospital] {
        let adult = but(of_sort(sort), |message| message.areas.clear());
        assert_eq!(faults(adult.clone(), NOON), [], "{sort:?}");
        for category in OTHERS {
            let told = faults(standing(adult.clone(), category), NOON);
            assert_eq!(told, fault("subjects[0].category", rule), "{sort:?} {category:?}");
        }
    }
    // A child may be looked after without having done anything.
    assert_eq!(faults(standing(started(), wire::SubjectCategory::Other), NOON), []);
}

#[test]
fn what_changed_or_ended_names_the_earlier_message_and_a_plan_names_none() {
    let earlier = "what changed or ended names the earlier message about it";
    let plan = "a plan follows no earlier message about it";
    for (what, cited, answered) in [
        (Planned, Some(plan), Some(plan)),
        (Started, None, None),
        (Changed, None, None),
        (Concern, None, None),
        (Ended, None, None),
    ] {
        let first = if what == Planned { "2026-12-01" } else { "2026-11-01" };
        let written = |settles: &str, answers: &[u8]| {
            let mut message = step(what, first, "2026-12-01");
            let Some(Kind::Placement(placement)) = &mut message.kind else { unreachable!() };
            placement.settles_message_id = settles.into();
            if what == Ended {
                placement.ends_on = "2026-11-23".into();
            }
            faults(but(message, |message| message.in_reply_to = answers.to_vec().into()), NOON)
        };
        let field = "placement.settles_message_id";
        assert_eq!(written(EARLIER, &[]), perhaps(field, cited), "{what:?}");
        assert_eq!(written("", &RELEASE), perhaps(field, answered), "{what:?}");
        let neither = [Changed, Ended].contains(&what).then_some(earlier);
        assert_eq!(written("", &[]), perhaps(field, neither), "{what:?}");
    }
    let both = but(step(Changed, "2026-11-01", ""), |message| {
        message.in_reply_to = RELEASE.to_vec().into();
    });
    let rule = "a message reports on one of your own or answers another's, and not both";
    assert_eq!(faults(both, NOON), fault("in_reply_to", rule));
}

#[test]
fn a_change_reaches_those_who_were_given_the_placement_too() {
    let ended = step(Ended, "2026-11-01", "2026-11-23");
    let admitted = admit(ended, sender(), &vault(), NOON).unwrap();
    let (field, reach) = ("placement.settles_message_id", Reach::HoldersToo);
    assert_eq!(admitted.cites(), Some(Citation { field, id: EARLIER, reach }));
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let empty = of_kind(Kind::Placement(wire::Placement::default()));
    let expected = all(&[
        ("placement.sort", "is required"),
        ("placement.step", "is required"),
        ("placement.starts_on", "is required"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
    let unknown = change(|placement| (placement.sort, placement.step) = (99, 99));
    let expected = all(&[
        ("placement.sort", "is not a known value"),
        ("placement.step", "is not a known value"),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
}

/// Somebody leaves a place, and who tells of it never knew when they came: the earlier message does.
#[test]
fn an_end_need_not_say_when_it_began_and_nothing_else_may_leave_that_out() {
    for (what, last, expected) in [
        (Ended, "2026-11-23", None),
        (Planned, "", Some("is required")),
        (Started, "", Some("is required")),
        (Changed, "2026-12-01", Some("is required")),
        (Concern, "", Some("is required")),
    ] {
        let told = faults(step(what, "", last), NOON);
        assert_eq!(told, perhaps("placement.starts_on", expected), "{what:?}");
    }
}
