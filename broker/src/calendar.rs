//! Days and hours as the people who are waited for keep them: working days of England and Wales,
//! and the time on a clock in London.
//!
//! Owns the rules of bank holidays, the table of days that were moved or added by proclamation,
//! and what a local time means in the two nights a year when the clocks change. Promises that
//! everything is worked out from arguments and the time zone rules built into the program, never
//! from the machine's, and that a later local time never gives an earlier moment.
//! Deliberately does not know: what time it is, and what falls due.

use std::collections::BTreeSet;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

/// The zone of England and Wales in the time zone database.
const ZONE: &str = "Europe/London";

/// Days off that no rule gives, since 2020: Royal proclamations under section 1 of the Banking
/// and Financial Dealings Act 1971.
const ADDED: [(i32, Month, u8); 5] = [
    // Early May holiday, moved to the 75th anniversary of VE Day.
    (2020, Month::May, 8),
    // Spring holiday, moved, and the Platinum Jubilee.
    (2022, Month::June, 2),
    (2022, Month::June, 3),
    // State funeral of Queen Elizabeth II.
    (2022, Month::September, 19),
    // Coronation of King Charles III.
    (2023, Month::May, 8),
];

/// Days that a rule gives and a proclamation took away, since 2020.
const MOVED: [(i32, Month, u8); 2] = [(2020, Month::May, 4), (2022, Month::May, 30)];

/// The rules of the time zone are not in this program: a fault of its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time zone rules of {ZONE} are not built in")]
pub struct NoTimeZone;

/// Working days and local time of England and Wales. Its rules hold from 1978 on, days moved or
/// added by proclamation from 2020 on.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    further: BTreeSet<Date>,
}

impl Calendar {
    /// A calendar that knows of `further` bank holidays besides those of rule and table: a
    /// proclamation may come any day, and a broker must not need a new version for it.
    ///
    /// # Errors
    /// The program was built without the rules of the time zone.
    pub fn england_and_wales(further: BTreeSet<Date>) -> Result<Self, NoTimeZone> {
        let zone = TimeZoneDatabase::bundled().get(ZONE).map_err(|_| NoTimeZone)?;
        Ok(Self { zone, further })
    }

    /// Whether a day is neither at a weekend nor a bank holiday, nor Good Friday or Christmas
    /// Day, which are days off at common law.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        !is_weekend(date) && !is_bank_holiday(date) && !self.further.contains(&date)
    }

    /// The day that is so many working days after a day: the day itself is not counted. With
    /// nought: the day itself if it is a working day, or else the next.
    ///
    /// `None`: beyond the year 9999.
    #[must_use]
    pub fn add_working_days(&self, date: Date, days: u16) -> Option<Date> {
        let mut day = date;
        for _ in 0..days {
            day = self.working_from(day.next_day()?)?;
        }
        self.working_from(day)
    }

    /// The day that is so many working days before a day, which is not counted and need not be
    /// one.
    ///
    /// `None`: before the year -9999.
    #[must_use]
    pub fn working_days_before(&self, date: Date, days: u16) -> Option<Date> {
        let mut day = date;
        for _ in 0..days {
            day = day.previous_day()?;
            while !self.is_working_day(day) {
                day = day.previous_day()?;
            }
        }
        Some(day)
    }

    /// The first working day that is no earlier.
    fn working_from(&self, date: Date) -> Option<Date> {
        let mut day = date;
        while !self.is_working_day(day) {
            day = day.next_day()?;
        }
        Some(day)
    }

    /// What a clock in London shows at a moment. `None`: before the year -9998 or beyond 9999.
    #[must_use]
    pub fn local(&self, moment: OffsetDateTime) -> Option<PrimitiveDateTime> {
        let stamp = jiff::Timestamp::from_nanosecond(moment.unix_timestamp_nanos()).ok()?;
        let shown = self.zone.to_datetime(stamp);
        let month = Month::try_from(u8::try_from(shown.month()).ok()?).ok()?;
        let date =
            Date::from_calendar_date(shown.year().into(), month, u8::try_from(shown.day()).ok()?);
        let time = Time::from_hms_nano(
            u8::try_from(shown.hour()).ok()?,
            u8::try_from(shown.minute()).ok()?,
            u8::try_from(shown.second()).ok()?,
            u32::try_from(shown.subsec_nanosecond()).ok()?,
        );
        Some(PrimitiveDateTime::new(date.ok()?, time.ok()?))
    }

    /// The moment at which a clock in London shows a date and time.
    ///
    /// In spring one hour is left out: a time inside it is the moment at which the clocks go
    /// forward, the first at which that time is past. In autumn one hour comes twice: a time
    /// inside it is its first coming, so that nobody is chased an hour too late.
    ///
    /// `None`: beyond the years that can be written.
    #[must_use]
    pub fn moment(&self, local: PrimitiveDateTime) -> Option<OffsetDateTime> {
        let (date, time) = (local.date(), local.time());
        let shown = jiff::civil::DateTime::new(
            i16::try_from(date.year()).ok()?,
            i8::try_from(u8::from(date.month())).ok()?,
            i8::try_from(date.day()).ok()?,
            i8::try_from(time.hour()).ok()?,
            i8::try_from(time.minute()).ok()?,
            i8::try_from(time.second()).ok()?,
            i32::try_from(time.nanosecond()).ok()?,
        )
        .ok()?;
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        let stamp = match ambiguous.offset() {
            jiff::tz::AmbiguousOffset::Gap { .. } => {
                let before = ambiguous.earlier().ok()?;
                self.zone.following(before).next()?.timestamp()
            }
            jiff::tz::AmbiguousOffset::Unambiguous { .. }
            | jiff::tz::AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok()?,
        };
        OffsetDateTime::from_unix_timestamp_nanos(stamp.as_nanosecond()).ok()
    }

    /// The next time after a moment that a clock in London shows `at` on a working day, such as
    /// 06:00, by when a release list is there.
    ///
    /// `None`: beyond the year 9999.
    #[must_use]
    pub fn next_working(&self, after: OffsetDateTime, at: Time) -> Option<OffsetDateTime> {
        let mut day = self.local(after)?.date();
        loop {
            day = self.working_from(day)?;
            let moment = self.moment(day.with_time(at))?;
            if moment > after {
                return Some(moment);
            }
            day = day.next_day()?;
        }
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Whether rule or table make a weekday a day off.
fn is_bank_holiday(date: Date) -> bool {
    let written = (date.year(), date.month(), date.day());
    if ADDED.contains(&written) {
        return true;
    }
    !MOVED.contains(&written) && is_by_rule(date)
}

/// Whether a rule makes a weekday a day off.
///
/// Sources: Schedule 1, paragraph 1 of the Banking and Financial Dealings Act 1971 for Easter
/// Monday, the last Mondays of May and August, 26 December and, in place of a Sunday, 27 December;
/// common law for Good Friday and Christmas Day; a yearly proclamation for New Year's Day (since
/// 1974), the first Monday of May (since 1978), and whatever else falls on a Saturday or Sunday,
/// which is kept on the next weekday that is not kept already.
fn is_by_rule(date: Date) -> bool {
    let (month, day, weekday) = (date.month(), date.day(), date.weekday());
    let monday = weekday == Weekday::Monday;
    match month {
        Month::January => day == 1 || (monday && day <= 3),
        Month::May => monday && (day <= 7 || day > 24),
        Month::August => monday && day > 24,
        Month::December => match day {
            25 | 26 => true,
            // In place of a Saturday or Sunday: of one on a Monday, of both on Monday and Tuesday.
            27 | 28 => monday || weekday == Weekday::Tuesday,
            _ => false,
        },
        Month::March | Month::April => easter_sunday(date.year()).is_some_and(|easter| {
            let days = (date - easter).whole_days();
            days == -2 || days == 1
        }),
        Month::February
        | Month::June
        | Month::July
        | Month::September
        | Month::October
        | Month::November => false,
    }
}

/// Easter Sunday of a year of the Gregorian calendar, by golden number, solar and lunar
/// corrections and Sunday letter (Calendar (New Style) Act 1750, the tables in its schedule).
fn easter_sunday(year: i32) -> Option<Date> {
    let golden = year.rem_euclid(19);
    let century = year.div_euclid(100);
    let skipped_leap_days = century - century.div_euclid(4);
    let lunar_correction = (8 * century + 13).div_euclid(25);
    let age = (19 * golden + skipped_leap_days - lunar_correction + 15).rem_euclid(30);
    // The full moon is never set after 18 April, and not twice in one cycle on the same day.
    let early = i32::from(age == 29 || (age == 28 && golden > 10));
    let full_moon = 21 + age - early;
    let sundays = (year + year.div_euclid(4) - skipped_leap_days + full_moon + 2).rem_euclid(7);
    let of_march = full_moon + 7 - sundays;
    let first = Date::from_calendar_date(year, Month::March, 1).ok()?;
    first.checked_add(time::Duration::days(i64::from(of_march) - 1))
}

#[cfg(test)]
mod tests;
