//! Days off and clock changes of real years, from printed calendars.

use time::macros::{date, datetime, time};

use super::*;

fn calendar() -> Calendar {
    Calendar::england_and_wales(BTreeSet::new()).unwrap()
}

/// The weekdays of a year that are no working days.
fn days_off(year: i32) -> Vec<Date> {
    let calendar = calendar();
    let first = Date::from_calendar_date(year, Month::January, 1).unwrap();
    std::iter::successors(Some(first), |day| day.next_day())
        .take_while(|day| day.year() == year)
        .filter(|day| !is_weekend(*day) && !calendar.is_working_day(*day))
        .collect()
}

/// The printed calendars: each year's bank holidays as month and day.
const PRINTED: [(i32, &str); 9] = [
    // Early May was moved to a Friday; Boxing Day fell on a Saturday.
    (2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28"),
    // Christmas Day fell on a Saturday.
    (2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28"),
    // New Year's Day on a Saturday, Christmas Day on a Sunday, a jubilee and a funeral.
    (2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27"),
    // New Year's Day on a Sunday, and a coronation.
    (2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"),
    // Easter Monday on the first of April.
    (2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26"),
    (2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
    // Boxing Day on a Saturday.
    (2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
    // Good Friday and Easter Monday both in March; Christmas Day on a Saturday.
    (2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"),
    // New Year's Day on a Saturday.
    (2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"),
];

#[test]
fn the_bank_holidays_of_each_year_are_those_of_the_printed_calendar() {
    for (year, expected) in PRINTED {
        let written = |day: &Date| format!("{:02}-{:02}", u8::from(day.month()), day.day());
        let days: Vec<String> = days_off(year).iter().map(written).collect();
        assert_eq!(days.join(" "), expected, "{year}");
    }
}

#[test]
fn easter_falls_where_the_tables_say() {
    let rows = [
        // The earliest and the latest there are.
        date!(1818 - 03 - 22),
        date!(2285 - 03 - 22),
        date!(1943 - 04 - 25),
        date!(2038 - 04 - 25),
        // The two corrections that keep the full moon from 19 April.
        date!(1954 - 04 - 18),
        date!(1981 - 04 - 19),
        date!(2049 - 04 - 18),
        date!(2076 - 04 - 19),
        date!(2000 - 04 - 23),
        date!(2008 - 03 - 23),
        date!(2011 - 04 - 24),
        date!(2016 - 03 - 27),
        date!(2019 - 04 - 21),
        date!(2020 - 04 - 12),
        date!(2021 - 04 - 04),
        date!(2022 - 04 - 17),
        date!(2023 - 04 - 09),
        date!(2024 - 03 - 31),
        date!(2025 - 04 - 20),
        date!(2026 - 04 - 05),
        date!(2027 - 03 - 28),
        date!(2028 - 04 - 16),
        date!(2029 - 04 - 01),
        date!(2030 - 04 - 21),
    ];
    for easter in rows {
        assert_eq!(easter_sunday(easter.year()), Some(easter));
    }
}

#[test]
fn working_days_are_counted_from_the_day_after() {
    let rows = [
        (date!(2026 - 03 - 02), 1, date!(2026 - 03 - 03)),
        (date!(2026 - 03 - 06), 1, date!(2026 - 03 - 09)),
        // From Maundy Thursday over Easter.
        (date!(2026 - 04 - 02), 1, date!(2026 - 04 - 07)),
        (date!(2026 - 04 - 02), 5, date!(2026 - 04 - 13)),
        // From a Saturday, Sunday and bank holiday alike.
        (date!(2026 - 05 - 23), 1, date!(2026 - 05 - 26)),
        (date!(2026 - 05 - 25), 1, date!(2026 - 05 - 26)),
        // Christmas Eve 2027 is a Friday: the next working day is Wednesday.
        (date!(2027 - 12 - 24), 1, date!(2027 - 12 - 29)),
        (date!(2027 - 12 - 31), 1, date!(2028 - 01 - 04)),
        (date!(2026 - 12 - 24), 2, date!(2026 - 12 - 30)),
        (date!(2026 - 03 - 02), 20, date!(2026 - 03 - 30)),
        // None: the day itself, or the next that is one.
        (date!(2026 - 03 - 02), 0, date!(2026 - 03 - 02)),
        (date!(2026 - 04 - 03), 0, date!(2026 - 04 - 07)),
    ];
    let calendar = calendar();
    for (from, days, expected) in rows {
        assert_eq!(calendar.add_working_days(from, days), Some(expected), "{from} and {days}");
    }
    assert_eq!(calendar.add_working_days(date!(9999 - 12 - 31), 1), None);
}

#[test]
fn working_days_before_a_day_leave_out_weekends_and_holidays() {
    let rows = [
        (date!(2026 - 12 - 29), 2, date!(2026 - 12 - 23)),
        (date!(2027 - 01 - 11), 2, date!(2027 - 01 - 07)),
        // A Sunday: the Friday before is the first.
        (date!(2027 - 01 - 10), 1, date!(2027 - 01 - 08)),
        (date!(2027 - 04 - 01), 2, date!(2027 - 03 - 30)),
        (date!(2027 - 12 - 29), 2, date!(2027 - 12 - 23)),
        (date!(2027 - 12 - 29), 0, date!(2027 - 12 - 29)),
    ];
    let calendar = calendar();
    for (from, days, expected) in rows {
        assert_eq!(calendar.working_days_before(from, days), Some(expected), "{from} and {days}");
    }
}

#[test]
fn a_further_holiday_is_kept_and_changes_no_other_day() {
    let coronation = date!(2031 - 06 - 11);
    let calendar = Calendar::england_and_wales(BTreeSet::from([coronation])).unwrap();
    assert!(!calendar.is_working_day(coronation));
    assert!(calendar.is_working_day(date!(2031 - 06 - 10)));
    assert_eq!(calendar.add_working_days(date!(2031 - 06 - 10), 1), Some(date!(2031 - 06 - 12)));
}

#[test]
fn a_local_time_is_one_moment_in_winter_summer_and_the_nights_between() {
    let rows = [
        (datetime!(2026-01-15 06:00), datetime!(2026-01-15 06:00 UTC)),
        (datetime!(2026-07-15 06:00), datetime!(2026-07-15 05:00 UTC)),
        // 29 March 2026: 01:00 to 02:00 is left out.
        (datetime!(2026-03-29 00:59:59), datetime!(2026-03-29 00:59:59 UTC)),
        (datetime!(2026-03-29 01:00), datetime!(2026-03-29 01:00 UTC)),
        (datetime!(2026-03-29 01:30), datetime!(2026-03-29 01:00 UTC)),
        (datetime!(2026-03-29 01:59:59), datetime!(2026-03-29 01:00 UTC)),
        (datetime!(2026-03-29 02:00), datetime!(2026-03-29 01:00 UTC)),
        (datetime!(2026-03-29 02:01), datetime!(2026-03-29 01:01 UTC)),
        // 25 October 2026: 01:00 to 02:00 comes twice.
        (datetime!(2026-10-25 00:59:59), datetime!(2026-10-24 23:59:59 UTC)),
        (datetime!(2026-10-25 01:00), datetime!(2026-10-25 00:00 UTC)),
        (datetime!(2026-10-25 01:59:59), datetime!(2026-10-25 00:59:59 UTC)),
        (datetime!(2026-10-25 02:00), datetime!(2026-10-25 02:00 UTC)),
        // The same nights of other years.
        (datetime!(2024-03-31 01:30), datetime!(2024-03-31 01:00 UTC)),
        (datetime!(2024-10-27 01:30), datetime!(2024-10-27 00:30 UTC)),
        (datetime!(2025-03-30 06:00), datetime!(2025-03-30 05:00 UTC)),
        (datetime!(2025-10-26 06:00), datetime!(2025-10-26 06:00 UTC)),
        (datetime!(2027-03-28 01:30), datetime!(2027-03-28 01:00 UTC)),
        (datetime!(2027-10-31 01:30), datetime!(2027-10-31 00:30 UTC)),
        (datetime!(2028-03-26 06:00), datetime!(2028-03-26 05:00 UTC)),
        (datetime!(2028-10-29 06:00), datetime!(2028-10-29 06:00 UTC)),
    ];
    let calendar = calendar();
    for (local, expected) in rows {
        assert_eq!(calendar.moment(local), Some(expected), "{local}");
    }
}

#[test]
fn a_clock_in_london_shows_the_hour_twice_in_autumn_and_skips_it_in_spring() {
    let rows = [
        (datetime!(2026-03-29 00:59:59 UTC), datetime!(2026-03-29 00:59:59)),
        (datetime!(2026-03-29 01:00 UTC), datetime!(2026-03-29 02:00)),
        (datetime!(2026-10-25 00:30 UTC), datetime!(2026-10-25 01:30)),
        (datetime!(2026-10-25 01:30 UTC), datetime!(2026-10-25 01:30)),
        (datetime!(2026-06-30 23:30 UTC), datetime!(2026-07-01 00:30)),
        (datetime!(2026-07-01 02:30 +03:00), datetime!(2026-07-01 00:30)),
    ];
    let calendar = calendar();
    for (moment, expected) in rows {
        assert_eq!(calendar.local(moment), Some(expected), "{moment}");
    }
}

#[test]
fn a_later_local_time_never_gives_an_earlier_moment() {
    let calendar = calendar();
    for midnight in [datetime!(2026-03-29 00:00), datetime!(2026-10-25 00:00)] {
        let minutes = (0..240).map(|minute| midnight + time::Duration::minutes(minute));
        let moments: Vec<_> = minutes.map(|local| calendar.moment(local).unwrap()).collect();
        assert!(moments.is_sorted());
    }
}

#[test]
fn six_in_the_morning_of_a_working_day_comes_next() {
    let rows = [
        // The same day, if it is still to come, and not at that very moment.
        (datetime!(2026-03-02 05:59 UTC), datetime!(2026-03-02 06:00 UTC)),
        (datetime!(2026-03-02 06:00 UTC), datetime!(2026-03-03 06:00 UTC)),
        // Over a weekend on which the clocks go forward, and back.
        (datetime!(2026-03-27 06:00 UTC), datetime!(2026-03-30 05:00 UTC)),
        (datetime!(2026-10-23 05:00 UTC), datetime!(2026-10-26 06:00 UTC)),
        // Over Easter and over Christmas.
        (datetime!(2026-04-02 05:00 UTC), datetime!(2026-04-07 05:00 UTC)),
        (datetime!(2027-12-24 06:00 UTC), datetime!(2027-12-29 06:00 UTC)),
        // It is Tuesday in London already.
        (datetime!(2026-06-29 23:30 UTC), datetime!(2026-06-30 05:00 UTC)),
    ];
    let calendar = calendar();
    for (after, expected) in rows {
        assert_eq!(calendar.next_working(after, time!(06:00)), Some(expected), "{after}");
    }
    assert_eq!(calendar.next_working(datetime!(9999-12-31 07:00 UTC), time!(06:00)), None);
}
