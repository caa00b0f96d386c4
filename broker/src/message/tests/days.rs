//! Days and ages as the law counts them.

use std::collections::BTreeSet;

use time::macros::date;

use super::super::kinds::days::{Age, british_day};
use super::*;
use crate::calendar::Calendar;

#[test]
fn in_summer_a_day_in_britain_begins_an_hour_before_that_of_utc() {
    for (moment, day) in [
        // Clocks go forward on 29 March and back on 25 October 2026.
        (datetime!(2026-03-28 23:30 UTC), date!(2026 - 03 - 28)),
        (datetime!(2026-03-29 22:59:59 UTC), date!(2026 - 03 - 29)),
        (datetime!(2026-03-29 23:00 UTC), date!(2026 - 03 - 30)),
        (datetime!(2026-06-03 23:30 UTC), date!(2026 - 06 - 04)),
        (datetime!(2026-06-04 00:30 +1), date!(2026 - 06 - 04)),
        (datetime!(2026-10-24 23:30 UTC), date!(2026 - 10 - 25)),
        (datetime!(2026-10-25 23:30 UTC), date!(2026 - 10 - 25)),
        (datetime!(2026-12-31 23:59:59 UTC), date!(2026 - 12 - 31)),
    ] {
        assert_eq!(british_day(moment), day, "{moment}");
    }
}

#[test]
fn the_day_is_that_of_the_time_zone_rules_at_every_hour_of_these_years() {
    let calendar = Calendar::england_and_wales(BTreeSet::new()).unwrap();
    let first = datetime!(2024-01-01 00:00 UTC);
    for moment in (0..4 * 366 * 24).map(|hours| first + Duration::hours(hours)) {
        assert_eq!(Some(british_day(moment)), calendar.local(moment).map(|local| local.date()));
    }
}

#[test]
fn of_birth_date_and_assertion_the_stricter_holds_and_the_unknown_is_no_adult() {
    use wire::AgeAssertion::{Adult, Child, Disputed, Unspecified};
    // On 23 November 2026: whether shown to be an adult, and whether said to be a child.
    for (birth_date, asserted, adult, child) in [
        ("2008-11-23", Unspecified, true, false),
        ("2008-11-23", Adult, true, false),
        ("2008-11-23", Child, false, true),
        ("2008-11-23", Disputed, false, true),
        ("2008-11-24", Unspecified, false, true),
        ("2008-11-24", Adult, false, true),
        ("", Unspecified, false, false),
        ("", Adult, true, false),
        ("", Child, false, true),
        ("", Disputed, false, true),
        // Stands for "unknown".
        ("1970-01-01", Unspecified, false, false),
        ("1970-01-01", Adult, true, false),
        // Not born yet.
        ("2027-01-01", Adult, false, true),
    ] {
        let message = aged(message(), birth_date, asserted);
        let age = Age::on(date!(2026 - 11 - 23), message.subjects.first().unwrap()).unwrap();
        assert_eq!((age.is_adult(), age.is_child()), (adult, child), "{birth_date} {asserted:?}");
    }
    let unreadable = aged(message(), "23/11/2008", Adult);
    assert!(Age::on(date!(2026 - 11 - 23), unreadable.subjects.first().unwrap()).is_none());
}
